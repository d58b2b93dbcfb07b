"""Figures of the dense CRF; see :mod:`segkit.plots`."""

import numpy as np
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import say, sentence
from segkit.lessons.lesson_03 import crf
from segkit.lessons.lesson_03.figures import MAP
from segkit.masks import labels
from segkit.masks.words import percent
from segkit.plots import BLUE, INK, ORANGE, VERMILION

LINES = ((BLUE, "-"), (ORANGE, "--"), (VERMILION, ":"))
STRONG = 15  # the class of VOC whose colour the one thing of a drawn scene has
AROUND = 8, 11  # so many rows and columns on each side of a pixel are shown enlarged


def _coloured(scene, mask):
    """A mask as the class indices of VOC that it is painted as."""
    mask = mask.astype(np.uint8)
    return mask * np.uint8(STRONG) if len(scene.names) == 2 else mask


def _painted(scene, mask):
    """A mask over the small photo."""
    return plots.paint_flat(scene.photo.astype(np.uint8), _coloured(scene, mask))


def _legend(figure, scene, *masks):
    """The colours and names of the classes in the masks, below a figure."""
    names = {STRONG: scene.names[1]} if len(scene.names) == 2 else scene.names
    plots.legend(figure, [_coloured(scene, mask) for mask in masks], names)


def _grey(place, scene):
    """Say below the true mask what its light grey is, where it has some."""
    if (scene.truth == labels.IGNORE).any():
        place.set_xlabel(say("light grey: not counted"), fontsize=8, color=INK)


def _ring(place, pixel, colour=ORANGE):
    """A ring around a pixel (row, column)."""
    place.scatter([pixel[1]], [pixel[0]], s=50, facecolor="none", edgecolor=colour, linewidth=2)


def _enlarge(whole, part, pixel, size):
    """Leave of the axes ``part`` what lies around a pixel, framed in ``whole``; both show a map of ``size``."""
    sides = [min(2 * away + 1, side) for away, side in zip(AROUND, size)]
    top, left = (int(np.clip(place - away, 0, side - shown))
                 for place, away, side, shown in zip(pixel, AROUND, size, sides))
    part.set(xlim=(left - 0.5, left + sides[1] - 0.5), ylim=(top + sides[0] - 0.5, top - 0.5))
    whole.add_patch(Rectangle((left - 0.5, top - 0.5), sides[1], sides[0], fill=False, edgecolor="white"))


def sharpen(scene, pixel, influence, before, after):
    """What a dense CRF does: which pixels influence one pixel, and below, the mask before and after.

    Args:
        scene: a :class:`segkit.lessons.lesson_03.crf.Scene`.
        pixel: (row, column).
        influence: (H, W) weight of every other pixel for it.
        before, after: (H, W) class indices.
    """
    shown = {say("mask of the scores"): before, say("mask after the CRF"): after}
    if scene.truth is not None:
        shown["true mask"] = scene.truth
    new, axes = plots.figure(3, 4.6, 2)
    photo, size = scene.photo.astype(np.uint8), plots.size_in_words(scene.photo)
    plots.panel(axes[0, 0], photo, say("photo, {size}", size=size))
    for place, title in zip(axes[0, 1:], (say("influence"), say("influence, enlarged"))):
        plots.panel(place, np.sqrt(influence), title, cmap=MAP)
    _enlarge(*axes[0, 1:], pixel, influence.shape)
    for place in axes[0, :2]:
        _ring(place, pixel)
    for place in axes[1, len(shown):]:
        place.set_axis_off()
    _legend(new, scene, *shown.values())
    told = ""
    for place, (title, mask) in zip(axes[1], shown.items()):
        plots.panel(place, _painted(scene, mask), title)
        if scene.truth is not None and mask is not scene.truth:
            iou, f = crf.quality(scene, mask)
            place.set_xlabel(say("mean IoU {iou:.2f}", iou=iou), fontsize=8, color=INK)
            told += say(" The {title}: mean IoU {iou:.2f}, boundary F {f:.2f}.", title=say(title), iou=iou, f=f)
        elif scene.truth is not None:
            _grey(place, scene)
    return plots.show(new, say("A photo of {size} pixels. For the pixel at row {row}, column {column}, half "
                               "of all influence comes from {half} of the pixels. The CRF changes the class "
                               "of {share} of the pixels.{told}", size=size, row=pixel[0], column=pixel[1],
                               half=percent(crf.half(influence)), share=percent((before != after).mean()),
                               told=told))


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
    new, axes = plots.figure(3, 4.4, 2)
    first, now = beliefs[0].argmax(axis=-1), beliefs[step].argmax(axis=-1)
    _legend(new, scene, first, now, *([] if scene.truth is None else [scene.truth]))
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
        _grey(axes[1, 1], scene)
    else:
        axes[1, 1].set_axis_off()
    plots.panel(axes[1, 0], np.sqrt(influence), say("influence on the pixel"), cmap=MAP)
    for place, colour in ((axes[0, 0], ORANGE), (axes[0, 2], INK), (axes[1, 0], ORANGE)):  # people are orange
        _ring(place, pixel, colour)
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
