"""Figures of drawn scenes: things that touch, and what each kind of mask says of them."""

import numpy as np

from segkit import plots
from segkit.languages import say
from segkit.lessons.lesson_01 import experiments, figures
from segkit.masks.labels import shown
from segkit.plots import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW

# Wall and floor in grey; discs, squares and triangles in colours of Okabe and Ito's palette.
CLASS_COLOURS = np.uint8([(232, 232, 232), (168, 168, 168),
                          *map(plots.rgb, (BLUE, ORANGE, GREEN))])
# Those that no class has come first.
THING_COLOURS = np.uint8([plots.rgb(colour) for colour in (
    SKY, YELLOW, VERMILION, PURPLE, GREEN, ORANGE, BLUE)])


def kinds_of_masks(scene):
    """One drawn scene as semantic, instance and panoptic segmentation see it.

    Args:
        scene: a :class:`segkit.lessons.lesson_01.scenes.Scene` of the drawn classes.
    """
    merged = experiments.pieces(scene.classes, scene.stuff)
    new, axes = plots.figure(2, 5.8, 2)
    plots.panel(axes[0, 0], scene.photo, say("photo"))
    plots.panel(axes[0, 1], CLASS_COLOURS[scene.classes], say("semantic: a class for each pixel"))
    plots.panel(axes[1, 0], numbered(scene.instances, np.full_like(scene.photo, 255)),
                say("instance: a class and a number for each thing"))
    plots.panel(axes[1, 1], numbered(scene.instances, CLASS_COLOURS[scene.classes]),
                say("panoptic: a class for each pixel, a number for each thing"))
    for place, words in ((axes[0, 1], _class_words(scene)), (axes[1, 0], _thing_words(scene)),
                         (axes[1, 1], _thing_words(scene) + _stuff_words(scene))):
        for x, y, word in words:
            figures.write(place, x, y, word)
    things = len(scene.boxes)
    return plots.show(new, say("A drawn scene of {things} things: {counted}. Its semantic mask shows {pieces} "
                               "of things, its instance mask {numbered}, its panoptic mask {segments} "
                               "segments with wall and floor.", things=things,
                               counted=figures.counted(scene.boxes), pieces=figures.many(merged.max(), "piece"),
                               numbered=figures.many(things, "thing"), segments=len(np.unique(scene.panoptic))))


def numbered(numbers, ground):
    """(H, W, 3) uint8: each numbered region in its own colour, over ``ground``."""
    colours = THING_COLOURS[(numbers.astype(int) - 1) % len(THING_COLOURS)]
    return np.where(numbers[..., None] > 0, colours, ground)


def _thing_words(scene):
    return [(*figures.middle(scene.instances == n), f"{shown(box.name)} {n}")
            for n, box in enumerate(scene.boxes, start=1)]


def _class_words(scene):
    """One word in each piece of things, and the stuff."""
    merged = experiments.pieces(scene.classes, scene.stuff)
    found, sizes = np.unique(merged[merged > 0], return_counts=True)
    words = [(*figures.middle(merged == n), shown(scene.names[scene.classes[merged == n][0]]))
             for n in found[sizes >= 100]]
    return words + _stuff_words(scene)


def _stuff_words(scene):
    return [(*figures.middle(scene.classes == index), shown(scene.names[index])) for index in scene.stuff]


def pieces_and_things(scene):
    """The boxes that follow from a semantic mask, beside the boxes of the things.

    Args:
        scene: a :class:`segkit.lessons.lesson_01.scenes.Scene` of the drawn classes.
    """
    found = experiments.pieces(scene.classes, scene.stuff)
    merged = experiments.boxes_of(found, scene.classes, scene.names)
    new, axes = plots.figure(3, 2.15)
    plots.panel(axes[0, 0], scene.photo, say("photo"))
    plots.panel(axes[0, 1], CLASS_COLOURS[scene.classes],
                say("semantic mask: {boxes}", boxes=figures.many(len(merged), "box")))
    figures.draw_boxes(axes[0, 1], merged, names=False, width=1)
    plots.panel(axes[0, 2], numbered(scene.instances, np.full_like(scene.photo, 255)),
                say("instance mask: {boxes}", boxes=figures.many(len(scene.boxes), "box")))
    figures.draw_boxes(axes[0, 2], scene.boxes, names=False, width=1)
    return plots.show(new, say("A scene of {things} ({counted}). The semantic mask has {pieces} and gives "
                               "{boxes}; the instance mask gives {right}.",
                               things=figures.many(len(scene.boxes), "thing"),
                               counted=figures.counted(scene.boxes), pieces=figures.many(len(merged), "piece"),
                               boxes=figures.many(len(merged), "box"),
                               right=figures.many(len(scene.boxes), "box")))
