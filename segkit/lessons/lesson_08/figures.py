"""Figures of the single steps of inference; see :mod:`segkit.plots` for the rules."""

import io

import numpy as np
from PIL import Image, ImageDraw

from segkit import plots
from segkit.languages import say, sentence
from segkit.masks import labels
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, VERMILION, size_in_words

SCORES = "cividis"  # a colour map that colour-blind readers see as others do
COLOURS = 96  # in an animated GIF: enough for a photo, and the file stays small


def pipeline(segmenter, photo):
    """The way of a photo through a model: photo, input, best score, class map, mask.

    Args:
        segmenter: a :class:`segkit.Segmenter` whose model answers with scores.
        photo: (H, W, 3) uint8 RGB.
    """
    values, region = segmenter.prepare(photo)
    scores = segmenter.session.run(values)
    small = scores[0].argmax(axis=-1).astype(np.uint8)
    mask = segmenter.finish(scores, region, photo.shape[:2])
    visible = (values[0] - values.min()) / (values.max() - values.min())
    new, axes = plots.figure(5, 2.1)
    panels = ((photo, say("photo\n{shape}",
                          shape=photo.shape)), (visible, say("input\n{shape}", shape=values.shape)),
              (scores[0].max(axis=-1), say("highest score\nof {shape}", shape=scores.shape)),
              (plots.paint(np.full((*small.shape, 3), 255, np.uint8), small, 1),
               say("class map\n{shape}", shape=small.shape)),
              (plots.paint(photo, mask), say("mask over photo\n{shape}", shape=mask.shape)))
    for place, (image, title) in zip(axes[0], panels):
        plots.panel(place, image, title, cmap=SCORES)
    return plots.show(new, say("Five steps. A photo of shape {shape} becomes an input of shape {shape2}; the "
                               "model answers with scores of shape {shape3}; the highest score gives a class "
                               "map of shape {shape4}; the mask over the photo has shape {shape5}.",
                               shape=photo.shape, shape2=values.shape, shape3=scores.shape, shape4=small.shape,
                               shape5=mask.shape))


def values(photo, prepared):
    """Histograms of a photo's pixels and of the numbers that a model gets.

    Args:
        photo: (H, W, 3) uint8 RGB.
        prepared: the model's input, any shape that ends in 3.
    """
    new, axes = plots.figure(2, 2.4)
    for place, numbers, title, ends in ((axes[0, 0], photo, say("pixels of the photo"), (0, 255)),
                                        (axes[0, 1], prepared, say("numbers for the model"), (-1, 1))):
        for channel, name, colour, line in zip(range(3), (say("red"), say("green"), say("blue")),
                                               (VERMILION, GREEN, BLUE), ("-", "--", ":")):
            counts, edges = np.histogram(numbers[..., channel], bins=40, range=ends)
            place.stairs(100 * counts / counts.sum(), edges, color=colour, label=name,
                         linestyle=line, linewidth=1.6)
        place.set_title(title, fontsize=9, color=INK)
        place.set_xlabel(say("value"), fontsize=8)
        place.set_ylabel(say("share of the pixels, %"), fontsize=8)
        plots.plain(place)
    axes[0, 1].legend(fontsize=8, frameon=False)
    return plots.show(new, say("Two histograms. The pixels of the photo run from {lowest} to {highest} with "
                               "mean {mean:.0f}; the numbers for the model run from {low:.1f} to "
                               "{high:.1f} with mean {middle:.1f}.", lowest=photo.min(), highest=photo.max(),
                               mean=photo.mean(), low=prepared.min(), high=prepared.max(),
                               middle=prepared.mean()))


def scores(output, names, count=3):
    """Score maps of the classes whose scores rise highest.

    Args:
        output: (1, H, W, C) scores.
        names: the C class names.
        count: how many maps.
    """
    output = output[0]
    wins = np.bincount(output.argmax(axis=-1).ravel(), minlength=output.shape[-1])
    best = np.argsort(-output.max(axis=(0, 1)), kind="stable")[:count]
    low, high = output[..., best].min(), output[..., best].max()
    new, axes = plots.figure(count, 2.6)
    for place, index in zip(axes[0], best):
        plots.panel(place, output[..., index], say("scores for {name}",
                                                   name=labels.shown(names[index])), cmap=SCORES,
                    vmin=low, vmax=high)
    bar = new.colorbar(axes[0, -1].images[0], ax=list(axes[0]), shrink=0.8)
    bar.set_label(say("score"), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = sentence(say("{name} has the highest score on {share}", name=labels.shown(names[i]),
                        share=percent(wins[i] / wins.sum()))
                    for i in best if wins[i] >= plots.SMALLEST * wins.sum())
    return plots.show(new, say("Maps of the scores for {count} of {shape} classes: {told} of the pixels.",
                               count=count, shape=output.shape[-1], told=told))


def pixel(output, row, column, names):
    """The scores of every class at one pixel, the winner marked.

    Args:
        output: (1, H, W, C) scores.
        row, column: the pixel.
        names: the C class names.
    """
    here = output[0, row, column]
    first, second = np.argsort(-here, kind="stable")[:2]
    new, axes = plots.figure(1, 2.6)
    place = axes[0, 0]
    place.bar(np.arange(len(here)), here, edgecolor=INK, linewidth=0.6,
              color=[ORANGE if i == first else "#DDDDDD" for i in range(len(here))])
    place.axhline(0, color=INK, linewidth=0.8)
    place.set_xticks(np.arange(len(here)), map(labels.shown, names), rotation=55, ha="right")
    place.set_ylabel(say("score"), fontsize=8)
    place.set_title(say("row {row}, column {column}: the highest score is that of {name}", row=row,
                        column=column, name=labels.shown(names[first])),
                    fontsize=9, color=INK)
    plots.plain(place)
    return plots.show(new, say("Scores of {count} classes at row {row}, column {column}: the highest is "
                               "{name} with {best:.1f}, the next is {second} with {next:.1f}.", count=len(here),
                               row=row, column=column, name=labels.shown(names[first]), best=here[first],
                               second=labels.shown(names[second]), next=here[second]))


def mistakes(rows):
    """What mistakes cost: one line for each, one dot for each photo.

    Args:
        rows: what :func:`segkit.lessons.lesson_08.experiments.measure` returns.
    """
    new, axes = plots.figure(1, 0.42 * len(rows) + 1.0)
    place = axes[0, 0]
    for height, row in enumerate(rows):
        shares = 100 * np.array(list(row.changed.values()))
        place.plot((0, shares.max()), (height, height), color="#CCCCCC", linewidth=1, zorder=1)
        place.scatter(shares, [height] * len(shares), s=26, facecolor="white", edgecolor=BLUE,
                      zorder=2, label=say("one photo") if height == 0 else None)
        place.scatter([np.median(shares)], [height], s=60, marker="D", color=ORANGE, edgecolor=INK,
                      zorder=3, label=say("middle of the photos (median)") if height == 0 else None)
    place.set_yticks(range(len(rows)), [say(row.mistake) for row in rows])
    place.set_xlabel(say("pixels whose class changed, %"), fontsize=8)
    place.set(ylim=(len(rows) - 0.5, -0.5))
    place.margins(x=0.02)
    plots.plain(place)
    new.legend(loc="outside upper right", fontsize=8, frameon=False, ncols=2)
    told = sentence(say("{mistake} {median} (most on {photo})", mistake=say(row.mistake),
                        median=percent(np.median(list(row.changed.values()))),
                        photo=max(row.changed, key=row.changed.get)) for row in rows)
    return plots.show(new, say("Pixels whose class changed on {changed} photos, in the median: {told}.",
                               changed=len(rows[0].changed), told=told))


def whole_numbers(segmenter, photo, inputs):
    """What an 8-bit model sees and finds for several inputs of the same photo.

    Args:
        segmenter: a :class:`segkit.Segmenter` whose input and output are 8-bit numbers.
        photo: (H, W, 3) uint8 RGB.
        inputs: dictionary from title to the model's input, (1, h, w, 3) of its type.
    """
    tensor, told, masks = segmenter.session.inputs[0], [], []
    region = segmenter.prepare(photo)[1]
    new, axes = plots.figure(2 * len(inputs), 2.6)
    for place, (title, stored) in enumerate(inputs.items()):
        real = tensor.real(stored[0])
        mask = segmenter.finish(segmenter.session.run(stored), region, photo.shape[:2])
        masks.append(mask)
        plots.panel(axes[0, 2 * place], np.clip(real / 2 + 0.5, 0, 1), say("input, {title}", title=say(title)))
        plots.panel(axes[0, 2 * place + 1], plots.paint(photo, mask), say("mask, {title}", title=say(title)))
        shares = np.bincount(mask.ravel(), minlength=256) / mask.size
        largest = [int(n) for n in np.argsort(-shares, kind="stable")[:4]
                   if shares[n] >= plots.SMALLEST]
        found = sentence(f"{labels.shown(segmenter.names[n])} {percent(shares[n])}" for n in largest)
        told.append(say("{title}: stored numbers from {lowest} to {highest}, which stand for {low:.2f} to "
                        "{high:.2f}; found: {found}", title=say(title), lowest=stored.min(),
                        highest=stored.max(), low=real.min(), high=real.max(), found=found))
    plots.legend(new, masks, segmenter.names)
    return plots.show(new, say("{inputs} inputs of type {dtype} from one photo. {listed}.", inputs=len(inputs),
                               dtype=stored.dtype, listed=". ".join(told)))


def moving_crop(photo, steps, width=380, milliseconds=350):
    """An animation: a crop moves over a photo, and the mask grows behind it.

    Args:
        photo: (H, W, 3) uint8 RGB.
        steps: list of ((left, top, right, bottom), (H, W) mask of what was seen so far).
        width: of the frames, in pixels.
        milliseconds: for each frame.

    Returns:
        a :class:`segkit.plots.Picture` with a GIF; its PNG is the last frame.
    """
    frames = [_frame(photo, box, mask, width) for box, mask in steps]
    gif, png = io.BytesIO(), io.BytesIO()
    # One palette for all frames: it is stored once, and colours do not flicker.
    palette = frames[-1].quantize(COLOURS)
    small = [frame.quantize(COLOURS, palette=palette, dither=Image.Dither.NONE) for frame in frames]
    small[0].save(gif, "GIF", save_all=True, append_images=small[1:], loop=0, optimize=True,
                  duration=[milliseconds] * (len(small) - 1) + [4 * milliseconds])
    small[-1].save(png, "PNG", optimize=True)
    (left, top, right, bottom), first = steps[0]
    start, end = ((mask != labels.BACKGROUND).mean() for mask in (first, steps[-1][1]))
    return plots.Picture(png.getvalue(),
                         say("Animation of {steps} frames: a crop of {width} x {height} pixels moves over a "
                             "photo of {size}, and the labelled part of the photo grows from {start} to {end}.",
                             steps=len(steps), width=right - left, height=bottom - top,
                             size=size_in_words(photo), start=percent(start), end=percent(end)), gif.getvalue())


def _frame(photo, box, mask, width):
    """One frame: the mask so far over the photo, dark outside the crop, the crop framed."""
    picture = plots.paint(photo, mask, 0.55)
    dark = (picture * 0.55).astype(np.uint8)
    left, top, right, bottom = box
    dark[top:bottom, left:right] = picture[top:bottom, left:right]
    scale = width / photo.shape[1]
    frame = Image.fromarray(dark).resize((width, round(photo.shape[0] * scale)))
    ends = [round(edge * scale) - (place > 1) for place, edge in enumerate(box)]
    ImageDraw.Draw(frame).rectangle(ends, outline="white", width=2)
    return frame
