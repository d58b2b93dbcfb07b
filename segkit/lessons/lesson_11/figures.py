"""Figures of a class that is taught; see :mod:`segkit.plots` for the rules."""

import cv2
import numpy as np
from matplotlib import colormaps

from segkit import plots
from segkit.languages import digits, message, say, sentence
from segkit.lessons.lesson_11.experiments import WAYS, iou
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, VERMILION

MAPS = "cividis"
COLOURS = dict(zip(WAYS, (ORANGE, BLUE, GREEN)))
NAMES = {"prototype": message("prototypes"), "points": message("head, points alone"),
         "spread": message("head, points spread")}
PAINT = np.array(plots.rgb(VERMILION))


def hundredths(number):
    """A number with two decimal places."""
    return digits(number, ".2f")


def tenths(number):
    """An IoU with one decimal place, which is the same on every processor; no minus before 0.0."""
    return digits(round(float(number), 1) + 0.0, ".1f")


def alike(photos, maps, place):
    """How much each point of some photos is like one point of the first.

    Args:
        photos: dictionary from name to (H, W, 3) uint8; the first has the point.
        maps: dictionary from the same names to (H, W) cosines.
        place: (x, y) of the point in pixels.
    """
    first = next(iter(photos))
    new, axes = plots.figure(len(photos), 3.0, rows=2)
    told = []
    for column, (name, photo) in enumerate(photos.items()):
        plots.panel(axes[0, column], _pale(photo), name)
        plots.panel(axes[1, column], maps[name], say(
            "over 0.5: {share}", share=percent((maps[name] > 0.5).mean())),
                    cmap=colormaps[MAPS].resampled(12), vmin=-0.2, vmax=1)
        told.append(f"{say(name)} {percent((maps[name] > 0.5).mean())}")
    for row in axes[:, 0]:
        row.plot(*place, marker="o", markersize=9, markerfacecolor="none", markeredgecolor=VERMILION,
                 markeredgewidth=1.6)
    return plots.show(new, say("One point of {name}, at {x}, {y}, and the cosine of its features "
                               "with those of every point of {photos} photos. Pixels with a cosine over 0.5: "
                               "{listed}.", name=first, x=place[0], y=place[1], photos=len(photos),
                               listed=sentence(told)))


def masks(photo, found, truth=None, marks=None):
    """Masks of one class over a photo, each with its IoU; the outline of the truth is dark.

    Args:
        photo: (H, W, 3) uint8.
        found: dictionary from title to (H, W) bool.
        truth: (H, W) bool, or None.
        marks: (H, W) uint8 scribbles, shown in the first panel; None: no such panel.
    """
    shown = [] if marks is None else [None]
    count = len(shown) + len(found)
    columns = 3 if count < 4 else -(-count // 2)
    rows = -(-count // columns)
    tall = plots.WIDTH / columns * photo.shape[0] / photo.shape[1]
    new, axes = plots.figure(columns, rows * (tall + 0.4), rows)
    places = list(axes.flat)
    if shown:
        _marks(places.pop(0), photo, marks)
    told = []
    for place, (title, mask) in zip(places, found.items()):
        value = say("IoU {value}",
                    value=tenths(iou(mask, truth))) if truth is not None else percent(mask.mean())
        plots.panel(place, _painted(photo, mask), f"{say(title)}: {value}")
        if truth is not None:
            place.contour(truth, [0.5], colors=INK, linewidths=0.8)
        told.append(f"{say(title)} {value}")
    for place in places[len(found):]:
        place.set_axis_off()
    scribbled = "" if marks is None else (say("{marked} points of the class and {others} of the rest. ",
                                              marked=(marks == 2).sum(), others=(marks == 1).sum()))
    return plots.show(new, say("{scribbled}Masks over a photo of {size} pixels: {listed}.", scribbled=scribbled,
                               size=plots.size_in_words(photo), listed=sentence(told)))


def elsewhere(found):
    """Masks of a class on several photos, each with its IoU; the outline of the truth is dark.

    Args:
        found: dictionary from title to (photo (H, W, 3) uint8, mask (H, W) bool, truth (H, W) bool).
    """
    new, axes = plots.figure(max(3, len(found)), 2.5)
    told = []
    for place, (title, (photo, mask, truth)) in zip(axes[0], found.items()):
        value = say("IoU {value}", value=tenths(iou(mask, truth)))
        plots.panel(place, _painted(photo, mask), f"{say(title)}: {value}")
        place.contour(truth, [0.5], colors=INK, linewidths=0.8)
        told.append(f"{say(title)} {value}")
    for place in axes[0, len(found):]:
        place.set_axis_off()
    return plots.show(new, say("A class on {count} photos that it was not taught on: {listed}.",
                               count=len(found), listed=sentence(told)))


def _pale(photo):
    """The photo in a few light greys: masks and marks stand out, and the stored picture is small."""
    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), max(photo.shape) / 280)
    return np.dstack([146 + grey // 32 * 14] * 3)


def _painted(photo, mask):
    painted = _pale(photo)
    painted[mask] = (0.35 * painted[mask] + 0.65 * PAINT).astype(np.uint8)
    return painted


def _marks(place, photo, marks):
    plots.panel(place, _pale(photo), say("the marks"))
    for kind, colour, symbol in ((1, BLUE, "x"), (2, ORANGE, "o")):
        rows, columns = np.nonzero(marks == kind)
        place.plot(columns, rows, symbol, markersize=3, markeredgecolor=colour, markerfacecolor=colour,
                   linestyle="none")


def slope(by_hand, by_steps):
    """Two gradients of the same loss against each other: by the formula, and by small steps.

    Args:
        by_hand, by_steps: (d,) arrays.
    """
    new, axes = plots.figure(1, 2.9)
    place = axes[0, 0]
    place.plot(by_steps, by_hand, "o", color=BLUE, markersize=3)
    ends = [min(by_steps), max(by_steps)]
    place.plot(ends, ends, color=INK, linewidth=0.8)
    place.set(xlabel=say("by small steps"), ylabel=say("by the formula"))
    plots.plain(place)
    close = np.allclose(by_hand, by_steps, atol=1e-3 * np.abs(by_steps).max())
    found = say("equal to one part in 1,000") if close else say("not equal")
    return plots.show(new, say("{count} parts of a gradient, by the formula and by small steps: {found}.",
                               count=len(by_hand), found=found))


def spreading(photo, marks, chance):
    """Marks, and how probable the random walker finds it that each point is of the class.

    Args:
        chance: (H, W) from 0 to 1.
    """
    new, axes = plots.figure(3, 2.3)
    _marks(axes[0, 0], photo, marks)
    plots.panel(axes[0, 1], chance, say("probability"), cmap=MAPS, vmin=0, vmax=1)
    sure = np.where(chance >= 0.8, 1, np.where(chance <= 0.2, 0, np.nan))
    plots.panel(axes[0, 2], sure, say("sure of it; white: not sure"), cmap=MAPS, vmin=0, vmax=1)
    return plots.show(new, say("{count} marks, and what a random walker makes of them: it is sure of "
                               "{sure} of the pixels, and calls {share} the class.",
                               count=np.count_nonzero(marks), sure=percent(np.isfinite(sure).mean()),
                               share=percent((sure == 1).mean())))


def curves(rows):
    """IoU against the number of marks, for each class and each way.

    Args:
        rows: list of dictionaries with "class", "photo", "count" and, for each of WAYS, the IoU of
            several draws.
    """
    things = list(dict.fromkeys((row["class"], row["photo"]) for row in rows))
    new, axes = plots.figure(4, 3.6, rows=2, sharey=True, sharex=True)
    for place, thing in zip(axes.flat, things):
        mine = [row for row in rows if (row["class"], row["photo"]) == thing]
        counts = [row["count"] for row in mine]
        for way in WAYS:
            drawn = np.array([row[way] for row in mine])
            place.fill_between(counts, drawn.min(axis=1), drawn.max(axis=1), color=COLOURS[way], alpha=0.25,
                               linewidth=0)
            place.plot(counts, np.median(drawn, axis=1), "o-", color=COLOURS[way], markersize=3,
                       label=say(NAMES[way]))
        place.set(xscale="log", ylim=(0, 1), xticks=counts)
        place.set_xticks(counts, counts)
        place.minorticks_off()
        place.set_title(f"{say(thing[0])} ({thing[1]})", fontsize=9, color=INK)
        plots.plain(place)
    for place in axes.flat[len(things):]:
        place.set_axis_off()
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center", fontsize=8, frameon=False)
    for place in axes[:, 0]:
        place.set_ylabel(say("IoU"), fontsize=8)
    new.supxlabel(say("marks of each side"), fontsize=8)
    counts = sorted({row["count"] for row in rows})
    told = [f"{say(NAMES[way])} " + ", ".join(hundredths(median(rows, way, count)) for count in counts)
            for way in WAYS]
    return plots.show(new, say("IoU of {things} things with {listed} marks of each side. The median over "
                               "things and draws: {medians}.", things=len(things),
                               listed=sentence(map(str, counts)), medians="; ".join(told)))


def median(rows, way, count):
    """The median IoU over all things and draws with so many marks."""
    return float(np.median([value for row in rows if row["count"] == count for value in row[way]]))


def bars(values, title, unit=""):
    """Horizontal bars: dictionary from words to a number."""
    new, axes = plots.figure(1, 0.34 * len(values) + 0.7)
    place, names = axes[0, 0], list(values)
    place.barh(range(len(names)), list(values.values()), height=0.6, color=BLUE)
    for row, value in enumerate(values.values()):
        place.text(value, row, f" {digits(value, ',.4g')}{unit}", va="center", fontsize=8, color=INK)
    place.set_yticks(range(len(names)), map(say, names))
    place.set(xlim=(0, 1.2 * max(values.values())), ylim=(len(names) - 0.5, -0.5))
    place.set_title(say(title), fontsize=9, color=INK)
    plots.plain(place)
    told = ", ".join(f"{say(name)} {digits(value, ',.4g')}{unit}" for name, value in values.items())
    return plots.show(new, f"{say(title)}: {told}.")
