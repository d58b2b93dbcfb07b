"""The explorers of lesson 02: a rectangle over a region, and a true mask that is damaged."""

from functools import lru_cache

import numpy as np

from segkit import photos
from segkit.languages import message, say
from segkit.lessons.lesson_02 import experiments
from segkit.masks import labels, metrics
from segkit.masks.words import percent
from segkit.widgets.base import Interactive, pick, slide

AMOUNTS = (0, 1, 2, 4, 8, 16, 32)
HIGH, WIDE = 60, 80  # the playground, in pixels
STEP = 5


def regions():
    """The true regions of the playground: {name: (60, 80) bool}."""
    y, x = np.mgrid[:HIGH, :WIDE] + 0.5
    return {message("a rectangle"): (x > 20) & (x < 50) & (y > 15) & (y < 45),
            message("a disc"): np.hypot(x - 35, y - 30) < 15,
            message("a thin bar"): (x > 20) & (x < 50) & (y > 28) & (y < 32),
            message("two parts"): (y > 15) & (y < 45) & (((x > 20) & (x < 30)) | ((x > 40) & (x < 50)))}


def playground():
    """Move a rectangle over a true region, and watch what the overlap says.

    Returns:
        an :class:`~segkit.widgets.base.Interactive` with the controls region, left, top, width
        and height, in pixels.
    """
    def draw(region, left, top, width, height):
        from segkit.lessons.lesson_02 import overlap_figures

        claimed = np.zeros((HIGH, WIDE), bool)
        claimed[top:top + height, left:left + width] = True
        return overlap_figures.playground(true[region], claimed)

    true = regions()
    return Interactive(draw, {
        "region": pick(say("Truth"), list(true), say("The true region")),
        "left": slide(say("Left"), range(0, WIDE, STEP), say("Where your rectangle begins"), 30),
        "top": slide(say("Top"), range(0, HIGH, STEP), say("Where your rectangle begins"), 15),
        "width": slide(say("Width"), range(STEP, WIDE + 1, STEP), say("Of your rectangle, in pixels"), 30),
        "height": slide(say("Height"), range(STEP, HIGH + 1, STEP), say("Of your rectangle, in pixels"), 30),
    })


def damage_explorer():
    """Choose how the true mask of the sample photo "voc" is damaged, and how much.

    Returns:
        a :class:`segkit.widgets.base.Interactive` with the controls ``kind``, ``amount`` and
        ``band`` (how many pixels around each object are not counted).
    """
    return Interactive(_draw, {
        "kind": pick(say("Damage"), list(experiments.KINDS), say("What happens to the true mask")),
        "amount": slide(say("Amount"), AMOUNTS, say("Pixels or per cent, see the words below"), value=4),
        "band": pick(say("Ignored"), [(say("5 pixels around each object"), 5), (say("no pixel"), 0)],
                     say("Pixels near the outline of an object that are not counted")),
    })


@lru_cache
def _masks(band):
    """(what counts as true, the same without ignored pixels) of the sample photo."""
    truth = metrics.ignore_around(photos.voc_truth(), 5)
    whole = metrics.fill_ignored(truth)
    return (truth if band else whole), whole


@lru_cache(maxsize=256)
def _measured(kind, amount, band):
    """(damaged mask, its measures)."""
    truth, whole = _masks(band)
    mask = experiments.KINDS[kind][0](whole, amount)
    return mask, metrics.summary(truth, mask)


def _draw(kind, amount, band):
    from segkit.lessons.lesson_02 import measure_figures

    mask, values = _measured(kind, amount, band)
    words = experiments.KINDS[kind][1](amount)
    missing = percent((_masks(band)[0] == labels.IGNORE).mean())
    return measure_figures.measured(photos.sample("voc"), mask, values,
                                    say("The true mask {kind} {words}, {missing} of the pixels not counted",
                                        kind=say(kind), words=words, missing=missing))
