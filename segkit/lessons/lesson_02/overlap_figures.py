"""Figures of the overlap's playground, and of mistakes that one measure cannot tell apart."""

import numpy as np

from segkit import plots
from segkit.languages import digits, message, say, sentence
from segkit.lessons.lesson_02.figures import rgb
from segkit.masks import metrics
from segkit.plots import BLUE, INK, ORANGE

COLOURS = {message("in both (true positive)"): BLUE, message("missed (false negative)"): ORANGE,
           message("claimed wrongly (false positive)"): "#555555"}


def counted(true, claimed):
    """(true positives, false negatives, false positives) of two (H, W) bool masks: three ints."""
    return tuple(int(part.sum()) for part in (true & claimed, true & ~claimed, claimed & ~true))


def scores(both, missed, wrong):
    """Measures of one class from its three numbers of pixels: dictionary from name to value.

    A measure whose divisor is 0 is 0.
    """
    parts = {message("IoU (Jaccard)"): (both, both + missed + wrong),
             message("Dice (F1)"): (2 * both, 2 * both + missed + wrong),
             message("precision"): (both, both + wrong), message("recall"): (both, both + missed)}
    return {name: above / below if below else 0.0 for name, (above, below) in parts.items()}


def playground(true, claimed):
    """A true region and a claimed one over each other, and the measures of their overlap.

    Args:
        true, claimed: (H, W) bool.
    """
    parts = counted(true, claimed)
    found = scores(*parts)
    new, axes = plots.figure(2, 3.0, width_ratios=(1, 1))
    image = np.full((*true.shape, 3), 245, np.uint8)
    for place, colour in zip((true & claimed, true & ~claimed, claimed & ~true), COLOURS.values()):
        image[place] = rgb(colour)
    plots.panel(axes[0, 0], image, say("true region and your rectangle"))
    place = axes[0, 1]
    place.barh(range(len(found)), found.values(), height=0.6, color="#DDDDDD", edgecolor=INK,
               linewidth=0.8)
    for height, value in enumerate(found.values()):
        place.text(value + 0.02, height, digits(value, ".2f"), va="center", fontsize=9, color=INK)
    place.set_yticks(range(len(found)), map(say, found))
    place.set(xlim=(0, 1.2), xticks=(0, 0.5, 1), ylim=(len(found) - 0.5, -0.5))
    plots.plain(place)
    marks = [place.scatter([], [], marker="s", s=60, color=colour, label=f"{say(words)}: {digits(count, ',')}")
             for (words, colour), count in zip(COLOURS.items(), parts)]
    new.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    told = sentence(f"{say(words)} {digits(count, ',')}" for words, count in zip(COLOURS, parts))
    values = sentence(f"{say(name)} {digits(value, '.2f')}" for name, value in found.items())
    iou = found["IoU (Jaccard)"]
    return plots.show(new, say("Pixels {told}: {values}. Dice = 2 x IoU / (1 + IoU) = {above:.2f} / "
                               "{below:.2f} = {dice:.2f}.", told=told, values=values, above=2 * iou,
                               below=1 + iou, dice=2 * iou / (1 + iou)))


def alike(photo, truth, pairs):
    """Pairs of damaged masks that one measure takes for equally good.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth: (H, W) class indices, 255 = ignore.
        pairs: list of (measure that is nearly the same, measure that is not, {title: mask}), with
            measures as :func:`segkit.masks.metrics.summary` names them.
    """
    new, axes = plots.figure(2, 2.75 * len(pairs), len(pairs))
    told = []
    for line, (same, other, masks) in zip(axes, pairs):
        for place, (title, mask) in zip(line, masks.items()):
            found = metrics.summary(truth, mask)
            plots.panel(place, plots.paint(photo, mask, 0.75), title)
            words = ", ".join(f"{say(one)} {digits(found[one], '.2f')}" for one in (same, other))
            place.set_xlabel(words, fontsize=9, color=INK)
            told.append(f"{say(title)}: {words}")
    return plots.show(new, say("Mistakes that one measure cannot tell apart. {listed}.",
                               listed="; ".join(told)))
