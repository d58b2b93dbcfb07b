"""Pictures of DeepLab v3+: grids, feature maps and outlines; see :mod:`segkit.plots` for the rules.

Figures of its numbers are in :mod:`segkit.lessons.lesson_06.number_figures`.
"""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from segkit import plots
from segkit.masks import labels, metrics
from segkit.masks.words import percent, sentence
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
    plots.panel(whole, photo, f"photo, {size_in_words(photo)}, with the places of the scores")
    _frame(whole, here)
    plots.panel(large, photo[here], "outline of the mask")
    outline(large, mask[here], BLUE)
    plots.panel(true, photo[here], "true outline")
    outline(true, metrics.fill_ignored(truth)[here], TRUE)
    top, left = here[0].start, here[1].start
    inside = ((rows > top) & (rows < here[0].stop - 1)
              & (columns > left) & (columns < here[1].stop - 1))
    for place, x, y, size in ((whole, columns, rows, 7),
                              (large, columns[inside] - left, rows[inside] - top, 26)):
        place.autoscale(False)  # dots at the edge must not widen the picture
        place.scatter(x, y, s=size, facecolor="white", edgecolor=INK, linewidth=0.7, zorder=3)
    return plots.show(new, f"Scores at {places} x {places} places, marked by dots: one for each "
                           f"{across[1] - across[0]:.0f} x {down[1] - down[0]:.0f} pixels of the "
                           f"photo. {inside.sum()} of them lie in the part that is shown large. "
                           "The outline of the mask is smooth between them; the true outline has "
                           "corners there.")


def outlines(photo, masks, parts, truth):
    """Outlines of masks, shown large: a row for each part, a column for each mask and the truth.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices.
        parts: list of pairs of slices, rows and columns, all of one shape.
        truth: (H, W) true class indices, 255 = ignore.
    """
    shown = {**masks, "true outline": metrics.fill_ignored(truth)}
    height, width = photo[parts[0]].shape[:2]
    tall = plots.WIDTH / len(shown) * height / width
    new, axes = plots.figure(len(shown), len(parts) * (tall + 0.06) + 0.35, len(parts))
    for number, (row, here) in enumerate(zip(axes, parts)):
        for place, (title, mask) in zip(row, shown.items()):
            plots.panel(place, photo[here], "" if number else title)
            outline(place, mask[here], BLUE if title in masks else TRUE)
    scores = sentence(f"{title} {metrics.boundary_f(truth, mask):.2f}"
                      for title, mask in masks.items())
    return plots.show(new, f"{len(parts)} parts of a photo, {width} x {height} pixels each, with "
                           f"the outlines of {sentence(masks)} and the true outline. "
                           f"Boundary F of the whole photo: {scores}.")


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
    shown = "" if (height, width) == photo.shape[:2] else f", a part of {width} x {height} pixels,"
    parts = {title: Segmentation(photo[here], mask[here], labels.VOC, {})
             for title, mask in masks.items()}
    told = "; ".join(f"{title}: {plots.shares_in_words(part)}"
                     + (f", {scores[title]}" if scores else "") for title, part in parts.items())
    return plots.show(new, f"The photo {name}{shown} with the masks of {sentence(masks)}, which "
                           f"differ on {percent((first != last).mean())} of the pixels shown. "
                           f"{told}.")


def _map(axes, values, title, **options):
    """Show a map; its few most extreme values do not take the contrast from all others."""
    low, high = np.percentile(values, (2, 98))
    plots.panel(axes, values, title, cmap=MAPS, vmin=low, vmax=high, **options)


def maps(photo, shown):
    """Feature maps beside the photo that they come from.

    Args:
        photo: (H, W, 3) uint8 RGB.
        shown: dictionary from title to an (h, w) map.
    """
    tall = plots.WIDTH / (1 + len(shown)) * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(1 + len(shown), tall + 0.5)
    plots.panel(axes[0, 0], photo, f"photo\n{size_in_words(photo)} pixels")
    for place, (title, values) in zip(axes[0, 1:], shown.items()):
        _map(place, values, f"{title}\n{size_in_words(values)} places",
             extent=(0, photo.shape[1], photo.shape[0], 0))
    told = sentence(f"{title}, {size_in_words(values)} places" for title, values in shown.items())
    return plots.show(new, f"A photo of {size_in_words(photo)} pixels and {len(shown)} maps that a "
                           f"network makes of it: {told}.")


def steps(shown):
    """What stands between the steps of a network: a row of maps, each with its shape.

    Args:
        shown: dictionary from title to ((h, w) map, shape of the array that it stands for).
    """
    new, axes = plots.figure(len(shown), 2.0)
    new.get_layout_engine().set(h_pad=0.1)  # room above the titles
    for place, (title, (values, shape)) in zip(axes[0], shown.items()):
        _map(place, values, f"{title}\n{' x '.join(map(str, shape))}")
    told = sentence(f"{title} {' x '.join(map(str, shape))}"
                    for title, (_, shape) in shown.items())
    return plots.show(new, f"{len(shown)} maps in the order of the decoder's steps, with rows x "
                           f"columns x channels: {told}.")
