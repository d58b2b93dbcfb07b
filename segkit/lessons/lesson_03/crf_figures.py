"""Figures of the dense CRF; see :mod:`segkit.plots`."""

import numpy as np

from segkit import plots
from segkit.languages import say, sentence
from segkit.lessons.lesson_03 import crf
from segkit.lessons.lesson_03.figures import MAP
from segkit.masks.words import percent
from segkit.plots import BLUE, INK, ORANGE, VERMILION

LINES = ((BLUE, "-"), (ORANGE, "--"), (VERMILION, ":"))


def _painted(scene, mask):
    """A mask over the small photo; the one class of a drawn scene has a strong colour."""
    photo = scene.photo.astype(np.uint8)
    if len(scene.names) == 2:
        return plots.paint(photo, mask.astype(np.uint8) * np.uint8(15), 0.85)
    return plots.paint(photo, mask.astype(np.uint8), 0.6)


def _half(influence):
    """The smallest share of the pixels from which half of all influence comes, in words."""
    rising = np.sort(influence, axis=None)[::-1].cumsum()
    return percent((np.searchsorted(rising, rising[-1] / 2) + 1) / influence.size)


def sharpen(scene, pixel, influence, before, after):
    """What a dense CRF does: which pixels influence one pixel, the mask before, the mask after.

    Args:
        scene: a :class:`segkit.lessons.lesson_03.crf.Scene`.
        pixel: (row, column).
        influence: (H, W) weight of every other pixel for it.
        before, after: (H, W) class indices.
    """
    shown = {say("mask of the scores"): before, say("mask after the CRF"): after}
    if scene.truth is not None:
        shown["true mask"] = scene.truth
    new, axes = plots.figure(2 + len(shown), 2.05)
    photo, size = scene.photo.astype(np.uint8), plots.size_in_words(scene.photo)
    plots.panel(axes[0, 0], photo, say("photo, {size}", size=size))
    plots.panel(axes[0, 1], np.sqrt(influence), say("influence"), cmap=MAP)
    for place in axes[0, :2]:
        place.scatter([pixel[1]], [pixel[0]], s=45, facecolor="none", edgecolor=ORANGE, linewidth=2)
    told = ""
    for place, (title, mask) in zip(axes[0, 2:], shown.items()):
        plots.panel(place, _painted(scene, mask), title)
        if scene.truth is not None and mask is not scene.truth:
            iou, f = crf.quality(scene, mask)
            place.set_xlabel(say("mean IoU {iou:.2f}", iou=iou), fontsize=8, color=INK)
            told += say(" The {title}: mean IoU {iou:.2f}, boundary F {f:.2f}.", title=say(title), iou=iou, f=f)
    return plots.show(new, say("A photo of {size} pixels. For the pixel at row {row}, column {column}, half "
                               "of all influence comes from {half} of the pixels. The CRF changes the class "
                               "of {share} of the pixels.{told}", size=size, row=pixel[0], column=pixel[1],
                               half=_half(influence), share=percent((before != after).mean()), told=told))


def explored(scene, beliefs, step, pixel, influence):
    """One pixel of a CRF, step by step.

    Args:
        scene: a :class:`segkit.lessons.lesson_03.crf.Scene`.
        beliefs: (steps + 1, H, W, C), see :func:`segkit.lessons.lesson_03.crf.beliefs`.
        step: how many steps are shown.
        pixel: (row, column).
        influence: (H, W) weight of every other pixel for it.
    """
    photo, (row, column) = scene.photo.astype(np.uint8), pixel
    new, axes = plots.figure(3, 4.1, 2)
    first, now = beliefs[0].argmax(axis=-1), beliefs[step].argmax(axis=-1)
    told = ""
    panels = [(photo, say("photo")), (_painted(scene, first), say("step 0: the scores")),
              (_painted(scene, now), say("step {step}", step=step))]
    for place, (image, title) in zip(axes[0], panels):
        plots.panel(place, image, title)
    if scene.truth is not None:
        for place, mask, number in ((axes[0, 1], first, 0), (axes[0, 2], now, step)):
            iou, _ = crf.quality(scene, mask)
            place.set_xlabel(say("mean IoU {iou:.2f}", iou=iou), fontsize=8, color=INK)
            told += say(" Mean IoU at step {number}: {iou:.2f}.", number=number, iou=iou)
        plots.panel(axes[1, 1], _painted(scene, scene.truth), say("true mask"))
    else:
        axes[1, 1].set_axis_off()
    plots.panel(axes[1, 0], np.sqrt(influence), say("influence on the pixel"), cmap=MAP)
    for place in (axes[0, 0], axes[0, 2], axes[1, 0]):
        place.scatter([column], [row], s=50, facecolor="none", edgecolor=ORANGE, linewidth=2)
    words = _curves(axes[1, 2], beliefs[:, row, column], step, scene.names)
    return plots.show(new, say("The pixel at row {row}, column {column} believes at step 0 and at step "
                               "{step}: {words}. Since step 0, {share} of the pixels have changed their "
                               "class.{told}", row=row, column=column, step=step, words=words,
                               share=percent((first != now).mean()), told=told))


def _curves(place, belief, step, names):
    """The probabilities of a pixel's strongest classes by step; the same in words."""
    best = np.argsort(-belief.max(axis=0))[:len(LINES)]
    for index, (colour, line) in zip(best, LINES):
        place.plot(belief[:, index], color=colour, linestyle=line, linewidth=2, label=say(names[index]))
    place.axvline(step, color="#BBBBBB", linewidth=1, zorder=0)
    place.set(ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
    place.set_xlabel(say("step"), fontsize=8)
    place.set_ylabel(say("probability"), fontsize=8)
    place.set_title(say("what the pixel believes"), fontsize=9, color=INK)
    place.legend(fontsize=7, frameon=False)
    plots.plain(place)
    return sentence(say("{name} {first:.2f} and {last:.2f}", name=say(names[i]), first=belief[0, i],
                        last=belief[step, i]) for i in best[:2])
