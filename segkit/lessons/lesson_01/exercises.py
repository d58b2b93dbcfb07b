"""The answers of lesson 01: which answer a task needs, labels and boxes of masks, counting."""

import numpy as np

from segkit import photos
from segkit.lessons.exercise import judge, judge_number
from segkit.lessons.lesson_01 import experiments, scenes
from segkit.masks import labels

ANSWERS = ("label", "boxes", "mask", "instances")
TASKS = {  # task: (the cheapest answer that is enough, why)
    "find all photos with a cat": ("label", "the question is what is there, not where"),
    "count the cars in a photo of a car park": ("boxes", "one box for each car is enough to count"),
    "blur everything behind the people": ("mask", "the edge of the people must be known pixel by "
                                                  "pixel, but not who is who"),
    "measure the area of each of ten leaves that touch": (
        "instances", "the area needs pixels, and leaves that touch need numbers"),
}
TOO_LITTLE = {
    "label": "a label says neither where nor how many",
    "boxes": "a box has no shape",
    "mask": "a mask joins things of one class that touch",
}


def _cheapest(answer):
    if not isinstance(answer, (list, tuple)) or len(answer) != len(TASKS):
        return False, f"the answer is a list of {len(TASKS)} words, one for each task in its order"
    for (task, (right, why)), word in zip(TASKS.items(), answer):
        if not isinstance(word, str) or word not in ANSWERS:
            return False, f"{word!r} is none of the words {', '.join(ANSWERS)}"
        if ANSWERS.index(word) > ANSWERS.index(right):
            return False, f"to {task}, {word!r} is more than is needed: {why}"
        if ANSWERS.index(word) < ANSWERS.index(right):
            return False, f"to {task}, {word!r} is not enough: {TOO_LITTLE[word]}"
    return True, "; ".join(f"{right}: {why}" for right, why in TASKS.values()) + "."


def _classes_in(answer):
    mask = photos.voc_truth()
    mask[:5] = labels.IGNORE  # some rows of the sky, as if nobody had labelled them
    found, sizes = np.unique(mask, return_counts=True)
    right = np.array([i for i in found if i not in (labels.BACKGROUND, labels.IGNORE)])
    return judge(answer, [mask], right, [
        (found, "0 and 255 are in your list: 0 is the background and 255 marks pixels that nobody "
                "labelled; neither is an object"),
        (found[found != labels.IGNORE], "0 is still in your list; it stands for the background"),
        (found[found != labels.BACKGROUND], "255 is still in your list; it marks pixels that "
                                            "nobody labelled"),
        (sizes, "these are numbers of pixels; the classes themselves are wanted"),
        (np.arange(1, right.max() + 1), "these are all indices up to the highest; only those that "
                                        "occur in the mask are wanted"),
    ], f"{', '.join(labels.VOC[i] for i in right)}: the mask is enough, no classifier had to run.")


def _box_of(answer):
    scene = scenes.voc()
    inside = scene.instances == 1
    box = scene.boxes[0]
    left, top, right, bottom = box[3:]
    return judge(answer, [inside], np.array(box[3:]), [
        (np.array([left, top, right - 1, bottom - 1]), "right and bottom are the last pixel of the "
         "object; the edge of the box lies behind it, so add 1, and right - left is the width"),
        (np.array([left, top, right, bottom - 1]), "right is correct; bottom is still the last "
         "row of the object, and the box ends behind it"),
        (np.array([left, top, right - 1, bottom]), "bottom is correct; right is still the last "
         "column of the object, and the box ends behind it"),
        (np.array([top, left, bottom, right]), "rows and columns changed places: left and right "
                                               "are columns, the second axis"),
        (np.array([top, left, bottom - 1, right - 1]), "rows and columns changed places: left and "
                                                       "right are columns, the second axis"),
        (np.array([left, top, right - left, bottom - top]), "this is left, top, width and height; "
                                                            "the edges right and bottom are due"),
        (np.array([left, right, top, bottom]), "the order is left, top, right, bottom"),
    ], f"the {box.name} lies between the columns {left:.0f} and {right:.0f} and the rows {top:.0f} "
       f"and {bottom:.0f}; four numbers stand for {inside.sum()} pixels.")


def _how_many_squares(answer):
    scene = scenes.scatter(7, seed=14)
    square = scene.names.index("square")
    numbers = np.unique(scene.instances[scene.classes == square])
    found = experiments.pieces(scene.classes, scene.stuff)
    merged = np.unique(found[scene.classes == square]).size
    return judge_number(answer, numbers.size, [
        (merged, "this is the number of pieces in the class mask; squares that touch are one piece "
                 "there, so look at the instance mask"),
        (int(scene.instances.max()), "these are all things; count only those of the class square"),
        (int((scene.classes == square).sum()), "these are pixels; count the numbers that occur on "
                                               "them"),
        (numbers.size + 1, "0 is no thing: it stands where no thing is"),
    ], f"{numbers.size} numbers occur on the pixels of the class square; the class mask alone "
       f"shows {merged} pieces.")


def _masks_in_a_box(answer):
    return judge_number(answer, experiments.masks_in_box(2, 2), [
        (2 ** 4, "these are all masks of 2 x 2 pixels; some of them do not touch all four edges of "
                 "the box, so their box is smaller"),
        (2 ** 4 - 1, "only the empty mask is taken away; the box of one pixel is smaller, too"),
        (1, "the full box is one of them; are there others, with a pixel missing?"),
        (5, "the full one and the four with one pixel missing; two pixels can be enough as well"),
        (4, "do not forget the full one, and those of two pixels"),
    ], "1 full one, 4 of three pixels, and the 2 diagonals. One box of 2 x 2 pixels leaves 7 masks "
       "open, a larger one many more.")


JUDGES = {"cheapest-answer": _cheapest, "classes-in-a-mask": _classes_in, "box-of-a-mask": _box_of,
          "how-many-squares": _how_many_squares, "masks-in-a-box": _masks_in_a_box}
