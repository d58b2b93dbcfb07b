"""Figures of atrous spatial pyramid pooling; see :mod:`segkit.plots` for the rules."""

import numpy as np
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import digits, message, say, say_many, sentence
from segkit.lessons.lesson_04 import experiments
from segkit.masks import labels, resize
from segkit.masks.words import percent
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
            The first one says what the whole object is; it is the reference of the others.
        index: the class index of the object.
    """
    whole = next(iter(masks.values())) == index
    tall = plots.WIDTH / len(masks) * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(len(masks), tall + 0.5)
    told = []
    for place, (scale, mask) in zip(axes[0], masks.items()):
        there = experiments.object_at(scale, whole, *whole.shape)
        across = np.flatnonzero(there.any(axis=0))
        cells = (np.ptp(across) + 1) * 16 / whole.shape[1]  # the map has 16 steps from edge to edge
        found = say("{share} found",
                    share=percent((mask == index)[there].mean())) if told else say("the reference")
        only = np.where(mask == index, mask, labels.BACKGROUND)
        plots.panel(place, plots.paint(experiments.shrunk(photo, scale), only),
                    say("scale {scale:g}, {cells:.0f} cells wide\n{found}", scale=scale, cells=cells,
                        found=found))
        told.append(say("scale {scale:g} ({cells:.0f} cells wide), {found}", scale=scale, cells=cells,
                        found=found))
    lines = max(place.get_title().count("\n") + 1 for place in axes[0])
    new.set_figheight(tall + 0.5 + 0.17 * (lines - 2))  # other languages may need a third line
    return plots.show(new, say("The same {name} at {masks} sizes: {listed}.",
                               name=labels.shown(labels.VOC[index]), masks=len(masks), listed=sentence(told)))


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
        place.set_title(say("rate {rate}", rate=rate), fontsize=9, color=INK)
    told = []
    for rate in rates:
        inside = experiments.taps(row, column, rate, (size, size))[1].sum()
        told.append(say("rate {rate} spans {rate2} cells, {inside} of 9 weights on the map", rate=rate,
                        rate2=2 * rate + 1, inside=inside))
    return plots.show(new, say("The nine weights around row {row}, column {column} of a map of {size} x "
                               "{size} cells, over the photo: {listed}.", row=row, column=column, size=size,
                               listed=sentence(told)))


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
    """For each branch, and for their sum: how much it speaks for a class minus background.

    Each map has a scale of colours of its own, with 0 in its middle: a weak branch shows, too.

    Args:
        photo: (H, W, 3) uint8 RGB.
        branches: dictionary from name to (h, w) numbers, see
            :func:`segkit.networks.aspp.over_background`.
        index: the class index.
    """
    named = {**branches, message("sum"): sum(branches.values())}
    rows = -(-(len(named) + 1) // 3)
    new, axes = plots.figure(3, (plots.WIDTH / 3 * photo.shape[0] / photo.shape[1] + 0.35) * rows,
                             rows)
    plots.panel(axes.flat[0], photo, say("photo"))
    for place, (title, values) in zip(axes.flat[1:], named.items()):
        limit = np.abs(values).max()
        plots.panel(place, values, say("{title}: {low} to {high}", title=say(title),
                                       low=_tenths(values.min()), high=_tenths(values.max())),
                    cmap=SCORES, vmin=-limit, vmax=limit, extent=_extent(photo))
    for place in axes.flat[len(named) + 1:]:
        place.set_axis_off()
    told = sentence(say("{title} {low} to {high}", title=say(title), low=_tenths(values.min()),
                        high=_tenths(values.max()))
                    for title, values in named.items())
    return plots.show(new, say("Scores of {name} minus those of background, on maps of {rows} x {columns} "
                               "cells, stretched to the photo: {told}.", name=labels.shown(labels.VOC[index]),
                               rows=values.shape[0], columns=values.shape[1], told=told))


def _extent(photo):
    """What lets imshow stretch a square map over a photo."""
    return (0, photo.shape[1], photo.shape[0], 0)


def what_matters(photo, changes, cell, size=17):
    """Where on the photo the answers of several branches, at one cell, come from.

    Args:
        photo: (H, W, 3) uint8 RGB.
        changes: dictionary from name to the map of
            :func:`segkit.lessons.lesson_04.experiments.what_matters`.
        cell: (row, column) of the feature map: a cross marks it.
        size: side of the feature map, in cells.
    """
    columns = 3
    rows = -(-len(changes) // columns)
    new, axes = plots.figure(columns, (plots.WIDTH / columns * photo.shape[0] / photo.shape[1]
                                       + 0.35) * rows, rows)
    down, across = (place * side / (size - 1) for place, side in zip(cell, photo.shape))
    told = []
    for place, (name, change) in zip(axes.flat, changes.items()):
        half = percent(experiments.half_of(change))
        plots.panel(place, photo.mean(axis=2), say("{name}: half from {half}", name=name,
                                                   half=half), cmap="gray")
        place.imshow(change / change.max(), cmap="inferno", alpha=0.65, vmin=0, vmax=1,
                     extent=_extent(photo), interpolation="nearest")
        place.plot(across, down, "x", color="white", ms=8, mew=2)
        told.append(f"{say(name)} {half}")
    for place in axes.flat[len(changes):]:
        place.set_axis_off()
    return plots.show(new, say("The share of the photo that is behind half of all change at row {row}, column "
                               "{column}: {listed}.", row=cell[0], column=cell[1], listed=sentence(told)))


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
                  lw=1.6, label=say(name))
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(order, [digits(scale, "g") for scale in order])
    axes.minorticks_off()
    axes.set_xlabel(say("scale of the object"), fontsize=8)
    axes.set_ylabel(say("{name} minus background", name=labels.shown(labels.VOC[index])), fontsize=8)
    axes.legend(fontsize=8, frameon=False, ncols=len(names), loc="lower center",
                bbox_to_anchor=(0.5, 1))
    plots.plain(axes)
    told = [say("{name} with {large} at scale {last:g} and {small} at scale {first:g}", name=name,
                large=_tenths(rows[order[-1]][name]), last=order[-1], small=_tenths(rows[order[0]][name]),
                first=order[0]) for name in names]
    return plots.show(new, say("The mean score of {name} minus that of background, inside the object: "
                               "{listed}.", name=labels.shown(labels.VOC[index]), listed=sentence(told)))


def valid(marks):
    """How many of the nine weights meet the map, against the atrous rate: 1 to the map's size.

    Args:
        marks: dictionary from the side of a square feature map, in cells, to the rates in use
            there, which are marked; a panel each.
    """
    new, axes = plots.figure(len(marks), 2.9, sharey=True)
    told = []
    for place, (size, used) in zip(axes[0], marks.items()):
        rates = range(1, size + 1)
        counts = [experiments.valid_weights(size, rate) for rate in rates]
        for wanted, (colour, marker) in zip((9, 4, 1), LINES):
            place.plot(rates, [100 * (count == wanted).mean() for count in counts], color=colour,
                       lw=1.6, marker=marker, markevery=max(1, len(rates) // 12), ms=5,
                       label=say_many("{count} valid weight", "{count} valid weights", wanted))
        for rate in used:
            place.axvline(rate, color=INK, lw=1, ls=":")
        place.set(xlim=(0, size), ylim=(-3, 103))
        place.set_xlabel(say("atrous rate; dotted: {listed}", listed=", ".join(map(str, used))), fontsize=8)
        place.set_title(say("map of {size} x {size} cells", size=size), fontsize=9, color=INK)
        plots.plain(place)
        gone = next(rate for rate, count in zip(rates, counts) if not (count == 9).any())
        told.append(say("on {size} x {size} cells, all 9 are valid at {share} of the places at rate 1, at no "
                        "place from rate {gone} on, and only the middle one is from rate {size} on", size=size,
                        share=percent((counts[0] == 9).mean()), gone=gone))
    axes[0, 0].set_ylabel(say("share of the places, %"), fontsize=8)
    new.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
               fontsize=8, frameon=False)
    return plots.show(new, say("Valid weights of a 3 x 3 kernel: {listed}.", listed="; ".join(told)))


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
        plots.panel(axes[0, 0], resize.resize_bilinear(photo, 257, 257).astype(np.uint8), say("photo"))
    else:
        draw_taps(axes[0, 0], photo, *cell, rate, len(values), BLUE, rate)
        axes[0, 0].set_title(say("its nine weights"), fontsize=9, color=INK)
    limit = abs(values).max()
    plots.panel(axes[0, 1], values, name, cmap=SCORES, vmin=-limit, vmax=limit)
    axes[0, 1].plot(cell[1], cell[0], "o", ms=8, mfc="none", mec="white", mew=1.8)
    bar = new.colorbar(axes[0, 1].images[0], ax=axes[0, 1], shrink=0.8)
    bar.set_label(say("{name} minus background", name=labels.shown(labels.VOC[index])), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = (say("{branch}: {name} minus background is highest at row {row}, column {column}, with {tenths}",
                branch=say(name), name=labels.shown(labels.VOC[index]), row=cell[0], column=cell[1],
                tenths=_tenths(values[cell])))
    if rate is not None:
        inside = experiments.taps(*cell, rate, values.shape)[1].sum()
        told += say("; {inside} of 9 weights meet the map there", inside=inside)
    return plots.show(new, told[0].upper() + told[1:] + ".")
