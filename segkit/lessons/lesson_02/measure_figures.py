"""Figures of how good a mask is: matrix, overlap, outlines, bands; see :mod:`segkit.plots`."""

from itertools import cycle

import numpy as np
from matplotlib.patches import Patch

from segkit import plots
from segkit.errors import SegkitError
from segkit.languages import digits, say, say_many, sentence
from segkit.lessons.lesson_02.figures import crop, in_colours, name
from segkit.masks import labels, metrics
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, SKY, VERMILION, rgb

LINES = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, "-.", "^"), (VERMILION, ":", "D"))


def many(pixels):
    """A number of pixels in words."""
    return say_many("{count} pixel", "{count} pixels", pixels)


def confusion(matrix):
    """A confusion matrix as a map: counts of pixels, coloured by their share of the true class.

    Args:
        matrix: (21, 21) confusion matrix. Only classes with pixels are shown.
    """
    rows = np.flatnonzero(matrix.sum(axis=1))
    columns = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1))
    shares = matrix[np.ix_(rows, columns)] / matrix[rows].sum(axis=1, keepdims=True)
    new, axes = plots.figure(1, 0.42 * len(rows) + 1.1)
    place = axes[0, 0]
    shown = place.imshow(100 * shares, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        place.text(column, row, digits(matrix[rows[row], columns[column]], ","), ha="center", va="center",
                   fontsize=8, color="white" if share < 0.5 else "black")
    place.set_xticks(range(len(columns)), [name(i) for i in columns])
    place.set_yticks(range(len(rows)), [name(i) for i in rows])
    place.tick_params(labelsize=8, colors=INK)
    place.set_xlabel(say("predicted class"), fontsize=8)
    place.set_ylabel(say("true class"), fontsize=8)
    bar = new.colorbar(shown, ax=place, pad=0.01)
    bar.set_label(say("share of the true class, %"), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = sentence(say("{guess} for {name} ({share} of its pixels)", guess=name(columns[row.argmax()]),
                        name=name(i), share=percent(row.max())) for i, row in zip(rows, shares))
    return plots.show(new, say("Confusion matrix with {rows} true classes in the rows and {columns} predicted "
                               "classes in the columns. The class that is predicted most often is {told}.",
                               rows=len(rows), columns=len(columns), told=told))


def overlap(photo, truth, prediction, index):
    """Where a true and a predicted class lie over each other, and where they do not.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth, prediction: (H, W) class indices; 255 in the truth = ignore.
        index: of the class.
    """
    known = truth != labels.IGNORE
    true, guess = truth == index, (prediction == index) & known
    parts = {say("in both"): (true & guess, BLUE), say("missed"): (true & ~guess, ORANGE),
             say("claimed wrongly"): (guess & ~true, INK)}
    pale = (0.35 * photo.mean(axis=2, keepdims=True) + 165).repeat(3, axis=2).astype(np.uint8)
    for place, colour in parts.values():
        pale[place] = rgb(colour)
    union = (true | guess).sum()
    if not union:
        raise SegkitError(say("{name} is neither in the truth nor in the prediction; choose a class that is "
                              "in one of them", name=name(index)))
    new, axes = plots.figure(2, 2.9, width_ratios=(1, 0.9))
    plots.panel(axes[0, 0], pale, say("{name}: truth and prediction", name=name(index)))
    bars, left = axes[0, 1], 0.0
    for number, (place, colour) in enumerate(parts.values()):
        share = 100 * place.sum() / union
        bars.barh(number, share, left=left, color=colour, edgecolor=INK, linewidth=0.8)
        left += share
    bars.set_yticks(range(len(parts)), parts)
    bars.set(xlim=(0, 100), ylim=(2.6, -0.6))
    bars.set_xlabel(say("share of the union, %"), fontsize=8)
    plots.plain(bars)
    told = sentence(f"{percent(place.sum() / union)} {title}"
                    for title, (place, _) in parts.items())
    return plots.show(new, say("The union of true and predicted {name} pixels: {told}. So the IoU is "
                               "{union:.2f}.", name=name(index), told=told, union=(true & guess).sum() / union))


def compare(results):
    """Measures of several masks side by side.

    Args:
        results: dictionary from title to dictionary from measure to its value (0 to 1).
    """
    measures = list(next(iter(results.values())))
    new, axes = plots.figure(1, 0.42 * len(measures) + 0.9)
    place, thick = axes[0, 0], 0.8 / len(results)
    for number, ((title, values), (colour, _, _)) in enumerate(zip(results.items(), cycle(LINES))):
        heights = np.arange(len(measures)) + (number - (len(results) - 1) / 2) * thick
        place.barh(heights, [values[m] for m in measures], height=thick, color=colour,
                   edgecolor=INK, linewidth=0.8, label=say(title))
        for height, measure in zip(heights, measures):
            place.text(values[measure] + 0.01, height, digits(values[measure], ".2f"), va="center",
                       fontsize=8, color=INK)
    place.set_yticks(range(len(measures)), map(say, measures))
    place.set(xlim=(0, 1.08), xticks=np.linspace(0, 1, 6), ylim=(len(measures) - 0.5, -0.5))
    plots.plain(place)
    new.legend(loc="outside upper right", fontsize=8, frameon=False, ncols=len(results))
    told = "; ".join(f"{say(title)}: " + sentence(f"{say(m)} {digits(values[m], '.2f')}" for m in measures)
                     for title, values in results.items())
    return plots.show(new, f"{told}.")


def weighted(matrix):
    """IoU of each class as a bar that is as wide as the class is frequent.

    Args:
        matrix: (21, 21) confusion matrix.
    """
    rows = np.flatnonzero(matrix.sum(axis=1))
    rows = rows[np.argsort(-matrix.sum(axis=1)[rows])]
    widths = 100 * matrix.sum(axis=1)[rows] / matrix.sum()
    heights = metrics.iou_per_class(matrix)[rows]
    edges = np.concatenate([[0], widths.cumsum()])
    new, axes = plots.figure(1, 2.9)
    place = axes[0, 0]
    for left, wide, height, index in zip(edges, widths, heights, rows):
        colour = "#BBBBBB" if index == labels.BACKGROUND else in_colours(np.array([index]))[0] / 255
        place.bar(left, height, wide, align="edge", edgecolor=INK, linewidth=0.8, color=colour,
                  label=say("{name}: {height:.2f} on {wide}", name=name(index), height=height,
                            wide=percent(wide / 100)))
    mean, weighted_mean = metrics.mean_iou(matrix), metrics.frequency_weighted_iou(matrix)
    for height, style, words in ((mean, "--", say("mean IoU")),
                                 (weighted_mean, ":", say("frequency-weighted IoU"))):
        place.axhline(height, color=VERMILION, linestyle=style, linewidth=2,
                      label=f"{words}: {digits(height, '.2f')}")
    place.set(xlim=(0, 100), ylim=(0, 1), yticks=(0, 0.5, 1))
    place.set_xlabel(say("share of the counted pixels, %"), fontsize=8)
    place.set_ylabel(say("IoU"), fontsize=8)
    plots.plain(place)
    new.legend(loc="outside right upper", fontsize=8, frameon=False)
    told = sentence(say("{name} {height:.2f} on {wide}", name=name(i), height=height, wide=percent(wide / 100))
                    for i, height, wide in zip(rows, heights, widths))
    return plots.show(new, say("IoU of {rows} classes and their share of the pixels: {told}. Mean IoU "
                               "{mean:.2f}, frequency-weighted IoU {weighted_mean:.2f}.", rows=len(rows),
                               told=told, mean=mean, weighted_mean=weighted_mean))


def outlines(photo, truth, prediction, index, pixels, part):
    """Precision and recall of an outline: which part of it lies near the other one.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth, prediction: (H, W) class indices; 255 in the truth = ignore.
        index: of the class.
        pixels: how far apart outlines may lie.
        part: (top, left, height, width) of the part that is shown close by.
    """
    true = metrics.boundary(metrics.fill_ignored(truth) == index)
    guess = metrics.boundary(prediction == index)
    if not (true.any() and guess.any()):
        raise SegkitError(say("{name} has no outline in both masks; choose another class", name=name(index)))
    new, axes = plots.figure(2, 3.0)
    shares = []
    for place, line, other, title in ((axes[0, 0], guess, true, say("precision: the predicted outline")),
                                      (axes[0, 1], true, guess, say("recall: the true outline"))):
        near = line & metrics.dilate(other, pixels)
        shares.append(near.sum() / line.sum())
        pale = (0.35 * photo + 165).astype(np.uint8)
        for where, colour in ((other, "#999999"), (line & ~near, VERMILION), (near, BLUE)):
            pale[where] = rgb(colour)
        plots.panel(place, crop(pale, *part), say("{title}, {last} near", title=say(title),
                                                  last=percent(shares[-1])))
    words = (say("within {pixels} pixels of the other outline",
                 pixels=pixels), say("farther away"), say("the other outline"))
    new.legend(handles=[Patch(facecolor=colour, label=text) for text, colour
                        in zip(words, (BLUE, VERMILION, "#999999"))],
               loc="outside lower center", fontsize=8, frameon=False, ncols=3)
    return plots.show(new, say("Outlines of {name}: {first} of the predicted outline lies within {pixels} "
                               "pixels of the true one, and {shares} of the true outline within {pixels} "
                               "pixels of the predicted one.", name=name(index), first=percent(shares[0]),
                               pixels=pixels, shares=percent(shares[1])))


def trimap(photo, truth, masks, widths):
    """Bands around the true boundaries, and the mean IoU inside them for several masks.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth: (H, W) class indices, 255 = ignore.
        masks: dictionary from title to (H, W) class indices.
        widths: of the bands, in pixels, increasing.
    """
    pale = (0.35 * photo + 165).astype(np.uint8)
    edge, shown = metrics.boundary(truth), (widths[0], widths[len(widths) // 2], widths[-1])
    colours = ("#B7B7B7", SKY, BLUE)
    for width, colour in zip(reversed(shown), colours):
        pale[metrics.dilate(edge, width) & (truth != labels.IGNORE)] = rgb(colour)
    new, axes = plots.figure(2, 3.3)
    plots.panel(axes[0, 0], pale, say("bands around the true boundaries"))
    axes[0, 0].legend(handles=[Patch(facecolor=colour, label=say("up to {many_value}", many_value=many(width)))
                               for width, colour in zip(shown, reversed(colours))], ncols=3,
                      loc="upper center", bbox_to_anchor=(0.5, -0.01), fontsize=8, frameon=False)
    place, told = axes[0, 1], []
    for (title, mask), (colour, line, marker) in zip(masks.items(), cycle(LINES)):
        inside = [metrics.trimap_iou(truth, mask, width) for width in widths]
        whole = metrics.mean_iou(metrics.confusion_matrix(truth, mask))
        place.plot(widths, inside, color=colour, linestyle=line, marker=marker, markersize=4,
                   label=say(title))
        told.append(say("{title} from {first:.2f} to {last:.2f}, on the whole photo {whole:.2f}",
                        title=say(title), first=inside[0], last=inside[-1], whole=whole))
    place.set(ylim=(0, 1.02), xlim=(0, None))
    place.set_xlabel(say("width of the band, pixels"), fontsize=8)
    place.set_ylabel(say("mean IoU in the band"), fontsize=8)
    place.legend(fontsize=8, frameon=False, loc="lower right")
    plots.plain(place)
    return plots.show(new, say("Mean IoU in bands of {first} to {last} pixels around the true boundaries: "
                               "{listed}.", first=widths[0], last=widths[-1], listed="; ".join(told)))


def measured(photo, mask, values, words):
    """A mask over its photo, and all its measures as bars.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices.
        values: dictionary from measure to its value (0 to 1).
        words: what the mask is, as the start of a sentence.
    """
    new, axes = plots.figure(2, 2.7, width_ratios=(1, 0.75))
    plots.panel(axes[0, 0], plots.paint(photo, mask, 0.65), say("mask over the photo"))
    place = axes[0, 1]
    place.barh(range(len(values)), list(values.values()), height=0.62, color=BLUE)
    for height, value in enumerate(values.values()):
        place.text(value + 0.02, height, digits(value, ".2f"), va="center", fontsize=9, color=INK)
    place.set_yticks(range(len(values)), [say(name) for name in values])
    place.set(xlim=(0, 1.18), xticks=(0, 0.5, 1), ylim=(len(values) - 0.5, -0.5))
    plots.plain(place)
    told = sentence(f"{say(measure)} {digits(value, '.2f')}" for measure, value in values.items())
    return plots.show(new, f"{words}: {told}.")
