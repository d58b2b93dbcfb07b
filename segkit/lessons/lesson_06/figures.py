"""Pictures of DeepLab v3+: grids, feature maps and outlines; see :mod:`segkit.plots` for the rules.

Figures of its numbers are in :mod:`segkit.lessons.lesson_06.number_figures`.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from segkit import plots
from segkit.languages import digits, say, sentence
from segkit.masks import labels, metrics, resize
from segkit.masks.words import percent
from segkit.networks.segmenter import Segmentation
from segkit.plots import BLUE, INK, VERMILION, size_in_words

MAPS = "cividis"  # a colour map that colour-blind readers see as others do
TRUE = VERMILION


def outline(axes, mask, colour):
    """Draw a line where an (H, W) mask changes its class; a white rim shows it on any photo."""
    for index in np.unique(mask):
        part = mask == index
        if index != labels.BACKGROUND and not part.all():
            drawn = axes.contour(part, levels=[0.5], colors=[colour], linewidths=1.8)
            drawn.set_path_effects([Stroke(linewidth=3.8, foreground="white"), Normal()])


def _frame(axes, here):
    """Mark a part of a photo, given as two slices."""
    rows, columns = here
    for colour, width in (("white", 3), (INK, 1.2)):
        axes.add_patch(Rectangle((columns.start, rows.start), columns.stop - columns.start,
                                 rows.stop - rows.start, fill=False, edgecolor=colour,
                                 linewidth=width))


def grid(photo, mask, truth, here, places=17, side=257):
    """Where a head calculates its scores, and what its outline looks like between these places.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) class indices, from a head with ``places`` x ``places`` scores.
        truth: (H, W) true class indices, 255 = ignore.
        here: two slices, rows and columns: the part that is shown large.
        places: how many scores the head calculates along each axis.
        side: of the model's input, in pixels; the first and the last score lie on its corners.
    """
    height, width = photo.shape[:2]
    at = np.linspace(0, side - 1, places)
    down, across = ((at + 0.5) * size / side - 0.5 for size in (height, width))
    columns, rows = (part.ravel() for part in np.meshgrid(across, down))
    new, axes = plots.figure(3, 2.9, width_ratios=(1.8, 1, 1))
    new.get_layout_engine().set(h_pad=0.1)  # room above the titles
    whole, large, true = axes[0]
    plots.panel(whole, photo, say("photo, {size}, with the places of the scores", size=size_in_words(photo)))
    _frame(whole, here)
    plots.panel(large, photo[here], say("outline of the mask"))
    outline(large, mask[here], BLUE)
    plots.panel(true, photo[here], say("true outline"))
    outline(true, metrics.fill_ignored(truth)[here], TRUE)
    top, left = here[0].start, here[1].start
    inside = ((rows > top) & (rows < here[0].stop - 1)
              & (columns > left) & (columns < here[1].stop - 1))
    for place, x, y, size in ((whole, columns, rows, 7),
                              (large, columns[inside] - left, rows[inside] - top, 26)):
        place.autoscale(False)  # dots at the edge must not widen the picture
        place.scatter(x, y, s=size, facecolor="white", edgecolor=INK, linewidth=0.7, zorder=3)
    return plots.show(new, say("Scores at {places} x {places} places, marked by dots: one for each "
                               "{wide:.0f} x {high:.0f} pixels of the photo. {count} of them lie in the part "
                               "that is shown large. The outline of the mask is smooth between them; the true "
                               "outline has corners there.", places=places, wide=across[1] - across[0],
                               high=down[1] - down[0], count=inside.sum()))


def outlines(photo, masks, parts, truth):
    """Outlines of masks and of the truth, shown large: a row for each mask, a column for each part.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices.
        parts: list of pairs of slices, rows and columns, all of one shape.
        truth: (H, W) true class indices, 255 = ignore.
    """
    true = metrics.fill_ignored(truth)
    height, width = photo[parts[0]].shape[:2]
    tall = plots.WIDTH / len(parts) * height / width
    new, axes = plots.figure(len(parts), len(masks) * (tall + 0.25) + 0.4, len(masks))
    for row, (title, mask) in zip(axes, masks.items()):
        for number, (place, here) in enumerate(zip(row, parts)):
            plots.panel(place, photo[here], "" if number else title)
            outline(place, true[here], TRUE)
            outline(place, mask[here], BLUE)
    lines = [Line2D([], [], color=colour, linewidth=2) for colour in (BLUE, TRUE)]
    new.legend(lines, [say("outline of the mask"), say("true outline")], loc="outside lower center", ncols=2,
               fontsize=8, frameon=False)
    scores = sentence(f"{say(title)} {digits(metrics.boundary_f(truth, mask), '.2f')}"
                      for title, mask in masks.items())
    return plots.show(new, say("{parts} parts of a photo, {width} x {height} pixels each, with the outlines "
                               "of {listed}, and the true outline in each. Boundary F of the whole photo: "
                               "{scores}.", parts=len(parts), width=width, height=height,
                               listed=sentence(masks), scores=scores))


def side_by_side(name, photo, masks, here=None, opacity=0.5, scores=None):
    """Masks over one photo side by side, or over a part of it, with their outlines.

    Args:
        name: of the photo, for the words.
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices.
        here: two slices, rows and columns; None: the whole photo.
        opacity: of the masks' colours, 0 to 1.
        scores: dictionary from title to words on the whole mask, or None.
    """
    here = np.s_[0:photo.shape[0], 0:photo.shape[1]] if here is None else here
    height, width = photo[here].shape[:2]
    new, axes = plots.figure(len(masks), plots.WIDTH / len(masks) * height / width + 0.35)
    for place, (title, mask) in zip(axes[0], masks.items()):
        painted = plots.paint(photo[here], np.ascontiguousarray(mask[here]), opacity)
        plots.panel(place, painted, title)
        outline(place, mask[here], INK)
    first, *_, last = (mask[here] for mask in masks.values())
    shown = "" if (height, width) == photo.shape[:2] else say(
        ", a part of {width} x {height} pixels,", width=width, height=height)
    parts = {title: Segmentation(photo[here], mask[here], labels.VOC, {})
             for title, mask in masks.items()}
    told = "; ".join(f"{say(title)}: {plots.shares_in_words(part)}"
                     + (f", {scores[title]}" if scores else "") for title, part in parts.items())
    return plots.show(new, say("The photo {name}{shown} with the masks of {listed}, which differ on {mean} of "
                               "the pixels shown. {told}.", name=name, shown=shown, listed=sentence(masks),
                               mean=percent((first != last).mean()), told=told))


def _map(axes, values, title, **options):
    """Show a map; its few most extreme values do not take the contrast from all others."""
    low, high = np.percentile(values, (2, 98))
    plots.panel(axes, values, title, cmap=MAPS, vmin=low, vmax=high, **options)


def _ends(figure, axes):
    """A scale of colours without numbers: which end of the maps is which."""
    bar = figure.colorbar(axes[0, -1].images[0], ax=list(axes.flat), shrink=0.8, aspect=12)
    bar.set_ticks([bar.vmin, bar.vmax], labels=[say("unlike"), say("like objects")])
    bar.ax.tick_params(labelsize=8, length=0)


def component(x, objects, number=0):
    """A principal component of a feature map, turned so that objects are at its high end.

    The sign of a principal component means nothing: both directions explain as much.

    Args:
        x: (h, w, C) features.
        objects: (H, W) bool: where objects are, on a map of any size.
        number: 0 for the mixture of channels that varies most from place to place, and so on.

    Returns:
        (h, w) float.
    """
    rows = x.reshape(-1, x.shape[2]).astype(float)
    rows = rows - rows.mean(axis=0)
    mixtures = np.linalg.eigh(rows.T @ rows)[1]  # in columns, the one that varies most is last
    values = (rows @ mixtures[:, -1 - number]).reshape(x.shape[:2])
    there = resize.resize_nearest(objects.astype(np.uint8), *values.shape) > 0
    turned = there.any() and not there.all() and values[there].mean() < values[~there].mean()
    return -values if turned else values


def maps(photo, shown):
    """Feature maps beside the photo that they come from; see :func:`component`.

    Args:
        photo: (H, W, 3) uint8 RGB.
        shown: dictionary from title to an (h, w) map.
    """
    tall = plots.WIDTH / (1 + len(shown)) * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(1 + len(shown), tall + 0.5)
    plots.panel(axes[0, 0], photo, say("photo\n{size} pixels", size=size_in_words(photo)))
    for place, (title, values) in zip(axes[0, 1:], shown.items()):
        _map(place, values, say("{title}\n{size} places", title=say(title), size=size_in_words(values)),
             extent=(0, photo.shape[1], photo.shape[0], 0))
    _ends(new, axes)
    told = sentence(say("{title}, {size} places", title=say(title),
                        size=size_in_words(values)) for title, values in shown.items())
    return plots.show(new, say("A photo of {size} pixels and {shown} maps that a network makes of it: {told}.",
                               size=size_in_words(photo), shown=len(shown), told=told))


def steps(shown):
    """What stands between the steps of a network: a row of maps, each with its shape.

    Args:
        shown: dictionary from title to ((h, w) map, shape of the array that it stands for).
    """
    new, axes = plots.figure(len(shown), 2.0)
    new.get_layout_engine().set(h_pad=0.1)  # room above the titles
    for place, (title, (values, shape)) in zip(axes[0], shown.items()):
        _map(place, values, f"{say(title)}\n{' x '.join(map(str, shape))}")
    _ends(new, axes)
    told = sentence(f"{say(title)} {' x '.join(map(str, shape))}"
                    for title, (_, shape) in shown.items())
    return plots.show(new, say("{shown} maps in the order of the decoder's steps, with rows x columns x "
                               "channels: {told}.", shown=len(shown), told=told))
