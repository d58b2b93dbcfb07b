"""The explorer of lesson 02: damage a true mask, and watch what each measure says."""

from functools import lru_cache

from segkit import photos
from segkit.lessons.lesson_02 import experiments
from segkit.masks import labels, metrics
from segkit.masks.words import percent
from segkit.widgets.base import Interactive, pick, slide

AMOUNTS = (0, 1, 2, 4, 8, 16, 32)


def damage_explorer():
    """Choose how the true mask of the sample photo "voc" is damaged, and how much.

    Returns:
        a :class:`segkit.widgets.base.Interactive` with the controls ``kind``, ``amount`` and
        ``band`` (how many pixels around each object are not counted).
    """
    return Interactive(_draw, {
        "kind": pick("Damage", list(experiments.KINDS), "What happens to the true mask"),
        "amount": slide("Amount", AMOUNTS, "Pixels or per cent, see the words below", value=4),
        "band": pick("Ignored", [("5 pixels around each object", 5), ("no pixel", 0)],
                     "Pixels near the outline of an object that are not counted"),
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
    words = experiments.KINDS[kind][1].format(amount).replace(" 1 pixels", " 1 pixel")
    missing = percent((_masks(band)[0] == labels.IGNORE).mean())
    return measure_figures.measured(photos.sample("voc"), mask, values,
                             f"The true mask {kind} {words}, {missing} of the pixels not counted")
