"""Figures of atrous spatial pyramid pooling; see :mod:`segkit.plots` for the rules."""

import numpy as np
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.lessons.lesson_04 import experiments
from segkit.masks import labels, resize
from segkit.masks.words import percent, sentence
from segkit.plots import BLUE, GREEN, INK, ORANGE, PURPLE, SKY

SCORES = "cividis"
# Okabe and Ito's colours, with a marker each: a page printed in grey shows them, too.
LINES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"), (SKY, "v"))


def _tenths(number):
    """A number with one decimal place, and no minus before 0.0."""
    return f"{round(float(number), 1) + 0.0:.1f}"


def sizes(photo, masks, index):
    """One object at several sizes, with what a head finds of it.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from scale to (H, W) class indices: the mask of the photo at that scale.
            The first one says what the whole object is.
        index: the class index of the object.
    """
    whole = next(iter(masks.values())) == index
    tall = plots.WIDTH / len(masks) * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(len(masks), tall + 0.5)
    told = []
    for place, (scale, mask) in zip(axes[0], masks.items()):
        there = experiments.object_at(scale, whole, *whole.shape)
        found = (mask == index)[there].mean()
        across = np.flatnonzero(there.any(axis=0))
        cells = (np.ptp(across) + 1) * 16 / whole.shape[1]  # the map has 16 steps from edge to edge
        only = np.where(mask == index, mask, labels.BACKGROUND)
        plots.panel(place, plots.paint(experiments.shrunk(photo, scale), only),
                    f"scale {scale:g}, {cells:.0f} cells wide\n{percent(found)} found")
        told.append(f"{percent(found)} found at scale {scale:g} ({cells:.0f} cells wide)")
    return plots.show(new, f"The same {labels.VOC[index]} at {len(masks)} sizes: {sentence(told)}.")


def fields(photo, rates, row, column, size=17):
    """Where the nine weights of each rate look, on the photo; what lies outside of it is zero.

    Args:
        photo: (H, W, 3) uint8 RGB, stretched to a square as the model sees it.
        rates: the atrous rates, a panel each.
        row, column: the cell in the middle of the kernels.
        size: side of the feature map, in cells.
    """
    new, axes = plots.figure(len(rates), 2.3)
    for place, rate, (colour, _) in zip(axes[0], rates, LINES):
        draw_taps(place, photo, row, column, rate, size, colour, max(rates))
        place.set_title(f"rate {rate}", fontsize=9, color=INK)
    told = []
    for rate in rates:
        inside = experiments.taps(row, column, rate, (size, size))[1].sum()
        told.append(f"rate {rate} spans {2 * rate + 1} cells, {inside} of 9 weights on the map")
    return plots.show(new, f"The nine weights around row {row}, column {column} of a map of {size} "
                           f"x {size} cells, over the photo: {sentence(told)}.")


def draw_taps(axes, photo, row, column, rate, size, colour, widest):
    """The weights of one kernel over a photo: filled where they meet the map, hollow outside.

    The margin around the photo has room for a kernel of rate ``widest``.
    """
    side = 16 * (size - 1)  # pixels: the first and the last cell look at the edges
    reach = max(0, widest - min(row, column, size - 1 - row, size - 1 - column)) * 16 + 12
    square = resize.resize_bilinear(photo, 257, 257).astype(np.uint8)
    axes.add_patch(Rectangle((-reach, -reach), side + 2 * reach, side + 2 * reach, color="#E4E4E4",
                             zorder=-1))
    axes.imshow(square, extent=(0, side, side, 0), interpolation="nearest")
    cells, inside = experiments.taps(row, column, rate, (size, size))
    for (down, across), here in zip(cells * 16, inside):
        axes.plot(across, down, "o", ms=6.5, mew=1.6, mec="white" if here else colour,
                  mfc=colour if here else "none")
    axes.set(xlim=(-reach, side + reach), ylim=(side + reach, -reach), xticks=[], yticks=[],
             aspect="equal")
    axes.spines[:].set_visible(False)


def maps(photo, branches, index):
    """For each branch, and for their sum: how much it speaks for a class, less for background.

    Args:
        photo: (H, W, 3) uint8 RGB.
        branches: dictionary from name to (h, w) margins, see :func:`segkit.networks.aspp.over_background`.
        index: the class index.
    """
    named = {**branches, "sum": sum(branches.values())}
    rows = -(-(len(named) + 1) // 3)
    new, axes = plots.figure(3, 2.3 * rows, rows)
    plots.panel(axes.flat[0], resize.resize_bilinear(photo, 257, 257).astype(np.uint8), "photo")
    # Set by one branch's votes for the class: the sum, and votes against it, go far beyond.
    limit = max(values.max() for values in branches.values())
    for place, (title, values) in zip(axes.flat[1:], named.items()):
        plots.panel(place, values, title, cmap=SCORES, vmin=-limit, vmax=limit)
    for place in axes.flat[len(named) + 1:]:
        place.set_axis_off()
    bar = new.colorbar(axes.flat[1].images[0], ax=list(axes.flat), shrink=0.7, aspect=30,
                       extend="both")
    bar.set_label(f"{labels.VOC[index]} less background", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = sentence(f"{title} up to {_tenths(values.max())}" for title, values in named.items())
    return plots.show(new, f"Scores of {labels.VOC[index]} less those of background, on maps of "
                           f"{values.shape[0]} x {values.shape[1]} cells: {told}.")


def votes(rows, index):
    """How each branch speaks for one object, against the size of that object.

    Args:
        rows: dictionary from scale to {branch name: mean margin inside the object}.
        index: the class index of the object.
    """
    new, axes = plots.figure(1, 3.1)
    axes, order = axes[0, 0], sorted(rows)
    names = list(rows[order[0]])
    for name, (colour, marker) in zip(names, LINES):
        axes.plot(order, [rows[scale][name] for scale in order], color=colour, marker=marker, ms=6,
                  lw=1.6, label=name)
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(order, [f"{scale:g}" for scale in order])
    axes.minorticks_off()
    axes.set_xlabel("scale of the object", fontsize=8)
    axes.set_ylabel(f"{labels.VOC[index]} less background", fontsize=8)
    axes.legend(fontsize=8, frameon=False, ncols=len(names), loc="lower center",
                bbox_to_anchor=(0.5, 1))
    plots.plain(axes)
    told = [f"{name} with {_tenths(rows[order[-1]][name])} at scale {order[-1]:g} and "
            f"{_tenths(rows[order[0]][name])} at scale {order[0]:g}" for name in names]
    return plots.show(new, f"The mean score of {labels.VOC[index]} less that of background, inside "
                           f"the object: {sentence(told)}.")


def valid(size):
    """How many of the nine weights meet the map, against the atrous rate: 1 to the map's size.

    Args:
        size: side of the square feature map, in cells.
    """
    rates = range(1, size + 1)
    counts = [experiments.valid_weights(size, rate) for rate in rates]
    new, axes = plots.figure(1, 2.9)
    axes = axes[0, 0]
    for wanted, (colour, marker) in zip((9, 4, 1), LINES):
        axes.plot(rates, [100 * (count == wanted).mean() for count in counts], color=colour, lw=1.6,
                  marker=marker, markevery=max(1, len(rates) // 12), ms=5,
                  label=f"{wanted} valid weight{'s' if wanted > 1 else ''}")
    axes.set(xlim=(min(rates), max(rates)), ylim=(-3, 103))
    axes.set_xlabel("atrous rate", fontsize=8)
    axes.set_ylabel("share of the places, %", fontsize=8)
    axes.legend(fontsize=8, frameon=False, loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1))
    plots.plain(axes)
    gone = next(rate for rate, count in zip(rates, counts) if not (count == 9).any())
    alone = next(rate for rate, count in zip(rates, counts) if (count == 1).all())
    return plots.show(new, f"Valid weights of a 3 x 3 kernel on a map of {size} x {size} cells: at "
                           f"rate 1, all 9 are valid at {percent((counts[0] == 9).mean())} of the "
                           f"places; from rate {gone} on, at no place; from rate {alone} on, only "
                           "the middle one is valid.")


def reach(photo, values, index, name, rate, cell):
    """One branch on one photo: where its weights lie around a cell, and its response.

    Args:
        photo: (H, W, 3) uint8 RGB.
        values: (h, w) margins, see :func:`segkit.networks.aspp.over_background`.
        index: the class index.
        name: of the branch, for the title.
        rate: its rate; None: the sum of all branches, which has no weights of its own.
        cell: (row, column) of the map.
    """
    new, axes = plots.figure(2, 3.3)
    if rate is None:
        plots.panel(axes[0, 0], resize.resize_bilinear(photo, 257, 257).astype(np.uint8), "photo")
    else:
        draw_taps(axes[0, 0], photo, *cell, rate, len(values), BLUE, rate)
        axes[0, 0].set_title("its nine weights", fontsize=9, color=INK)
    limit = abs(values).max()
    plots.panel(axes[0, 1], values, name, cmap=SCORES, vmin=-limit, vmax=limit)
    axes[0, 1].plot(cell[1], cell[0], "o", ms=8, mfc="none", mec="white", mew=1.8)
    bar = new.colorbar(axes[0, 1].images[0], ax=axes[0, 1], shrink=0.8)
    bar.set_label(f"{labels.VOC[index]} less background", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = (f"{name}: {labels.VOC[index]} less background is highest at row {cell[0]}, "
            f"column {cell[1]}, with {_tenths(values[cell])}")
    if rate is not None:
        inside = experiments.taps(*cell, rate, values.shape)[1].sum()
        told += f"; {inside} of 9 weights meet the map there"
    return plots.show(new, told[0].upper() + told[1:] + ".")
