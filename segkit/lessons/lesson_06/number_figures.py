"""Figures of what DeepLab v3+ costs and what it gains; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots
from segkit.languages import digits, say, sentence
from segkit.masks import labels, metrics
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, SKY, VERMILION

# Colour, line and marker: whoever cannot tell the colours apart has the other two.
STYLES = ((INK, ":", "s"), (GREEN, "-.", "^"), (BLUE, "--", "o"), (VERMILION, "-", "D"))


def costs(bars, channels, ratios):
    """What a dense and a separable convolution cost, and how their ratio grows with the channels.

    Args:
        bars: dictionary from title to a dictionary from part to multiply-adds.
        channels: list of numbers of output channels.
        ratios: dictionary from label to a list of dense / separable, one for each of ``channels``.
    """
    new, axes = plots.figure(2, 2.6, width_ratios=(1.1, 1))
    place, curves = axes[0]
    colours = iter((BLUE, ORANGE, SKY))
    for height, parts in enumerate(bars.values()):
        left = 0
        for part, number in parts.items():
            place.barh(height, number / 1e6, left=left / 1e6, height=0.5, color=next(colours),
                       edgecolor=INK, linewidth=0.8, label=part)
            left += number
        place.text(left / 1e6, height, f" {left / 1e6:.0f}", va="center", fontsize=8, color=INK)
    totals = [sum(parts.values()) for parts in bars.values()]
    place.set_yticks(range(len(bars)), [say(name) for name in bars])
    place.set(xlim=(0, 1.15 * max(totals) / 1e6), ylim=(len(bars) - 0.4, -0.5))
    place.set_xlabel(say("million multiply-adds of the layer"), fontsize=8)
    place.legend(fontsize=8, frameon=False, loc="lower right")
    for (label, values), (colour, line, _) in zip(ratios.items(), STYLES[2:]):
        curves.plot(channels, values, line, color=colour, label=say(label))
    curves.set_xscale("log", base=2)
    ticks = [c for c in channels if np.log2(c) % 2 == 0]
    curves.set_xticks(ticks, [str(c) for c in ticks])
    curves.set_ylim(0)
    curves.set_xlabel(say("output channels"), fontsize=8)
    curves.set_ylabel(say("dense / separable"), fontsize=8)
    curves.legend(fontsize=8, frameon=False, loc="upper left")
    for part in axes[0]:
        plots.plain(part)
    told = sentence(f"{say(title)} {digits(total / 1e6, '.0f')}" for title, total in zip(bars, totals))
    ends = sentence(f"{say(label)} {digits(values[-1], '.1f')}" for label, values in ratios.items())
    return plots.show(new, say("Million multiply-adds of one layer: {told}, a ratio of {ratio:.1f}. The ratio "
                               "grows with the output channels; at {channels} of them it is, for {ends}.",
                               told=told, ratio=totals[0] / totals[-1], channels=channels[-1], ends=ends))


def bands(photo, truth, distances):
    """The pixels that a trimap counts, for several distances; all others are dark.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth: (H, W) true class indices, 255 = ignore.
        distances: how far from a boundary the band reaches, in pixels: a list.
    """
    known = truth != labels.IGNORE
    tall = plots.WIDTH / len(distances) * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(len(distances), tall + 0.3)
    shares = []
    for place, distance in zip(axes[0], distances):
        band = metrics.dilate(metrics.boundary(truth), distance) & known
        shares.append(band.sum() / known.sum())
        plots.panel(place, np.where(band[..., None], photo, photo // 6),
                    say("within {distance} pixels", distance=distance))
    told = sentence(say("{share} within {distance} pixels", share=percent(share), distance=distance)
                    for distance, share in zip(distances, shares))
    return plots.show(new, say("Of all labelled pixels, this share lies near a true boundary: {told}.",
                               told=told))


def trimap(curves):
    """Mean IoU near the true boundaries, against the distance up to which pixels count.

    Args:
        curves: dictionary from name to a dictionary from distance in pixels to mean IoU (0 to 1).
    """
    new, axes = plots.figure(1, 2.9)
    place = axes[0, 0]
    for (name, curve), (colour, line, marker) in zip(curves.items(), STYLES[-len(curves):]):
        place.plot(list(curve), [100 * value for value in curve.values()], line, color=colour,
                   marker=marker, markersize=5, label=say(name))
    place.set_xlabel(say("distance from the true boundary, pixels"), fontsize=8)
    place.set_ylabel(say("mean IoU up to this distance, %"), fontsize=8)
    place.set(xlim=(0, None), ylim=(0, None))
    place.legend(fontsize=8, frameon=False, loc="lower right", ncols=len(curves))
    plots.plain(place)
    first, *_, last = next(iter(curves.values()))
    told = "; ".join(say("{name} {near} and {far}", name=say(name), near=percent(curve[first]),
                         far=percent(curve[last]))
                     for name, curve in curves.items())
    return plots.show(new, say("Mean IoU within {first} and within {last} pixels of the true boundaries: "
                               "{told}.", first=first, last=last, told=told))


def trade(panels):
    """Quality against work: one panel for each source of numbers, one legend for all.

    Args:
        panels: dictionary from title to a dictionary from label to (billion multiply-adds,
            quality from 0 to 1); a label has one marker in all panels.
    """
    new, axes = plots.figure(len(panels), 3.2)
    labels = list(dict.fromkeys(label for points in panels.values() for label in points))
    styles = dict(zip(labels, (STYLES[i] for i in (2, 1, 3, 0))))  # v3 and v3+ as elsewhere
    handles = {}
    for place, (title, points) in zip(axes[0], panels.items()):
        for label, (work, value) in points.items():
            colour, _, marker = styles[label]
            handles[label], = place.plot(work, 100 * value, marker, color=colour, label=say(label),
                                         markeredgecolor=INK, markersize=9, linestyle="none")
        place.set_title(title, fontsize=9, color=INK)
        place.set_xlabel(say("billion multiply-adds"), fontsize=8)
        place.set_xlim(0, 1.12 * max(work for work, _ in points.values()))
        place.margins(y=0.3)
        plots.plain(place)
    axes[0, 0].set_ylabel(say("mean IoU, %"), fontsize=8)
    new.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles),
               fontsize=8, frameon=False)
    told = "; ".join(f"{say(title)}: " + sentence(say(
        "{label} {value:.1f} % for {work:.3g} billion", label=say(label), value=100 * value, work=work)
                                             for label, (work, value) in points.items())
                     for title, points in panels.items())
    return plots.show(new, say("Mean IoU and multiply-adds. {told}.", told=told))


def heads(table):
    """Heads side by side: a row of bars for each head, a column for each measure.

    Args:
        table: dictionary from the head's name to a dictionary from measure to number; the
            measures of all heads are the same.
    """
    measures = list(next(iter(table.values())))
    new, axes = plots.figure(len(measures), 0.34 * len(table) + 0.6, sharey=True)
    for place, measure in zip(axes[0], measures):
        numbers = [row[measure] for row in table.values()]
        place.barh(range(len(table)), numbers, height=0.6, edgecolor=INK, linewidth=0.8,
                   color=["#DDDDDD"] * (len(table) - 1) + [ORANGE])
        for height, number in enumerate(numbers):
            place.text(number, height, f" {_short(number)}", va="center", fontsize=8, color=INK)
        place.set(xlim=(0, 1.4 * max(numbers)), xticks=(), ylim=(len(table) - 0.5, -0.5))
        place.set_yticks(range(len(table)), [say(name) for name in table])
        place.set_title(say(measure).replace(" ", "\n", 1), fontsize=9, color=INK)
        plots.plain(place)
        place.spines["bottom"].set_visible(False)
    told = "; ".join(f"{say(name)}: " + sentence(f"{say(measure)} {_short(row[measure])}"
                                            for measure in measures)
                     for name, row in table.items())
    return plots.show(new, say("{count} heads side by side. {told}.", count=len(table), told=told))


def _short(number):
    """Shares with two digits, all else as whole numbers."""
    return digits(number, ".2f" if number < 1 else ",.0f")
