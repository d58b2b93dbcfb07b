"""The exercises of lesson 01: which answer a task needs, labels and boxes of masks, counting."""

import numpy as np

from segkit import photos
from segkit.languages import message, say
from segkit.lessons.exercise import Exercise, function, number
from segkit.lessons.lesson_01 import experiments, scenes
from segkit.masks import labels

ANSWERS = ("label", "boxes", "mask", "instances")
TASKS = {  # task: (the cheapest answer that is enough, why)
    message("find all photos with a cat"): ("label", message("the question is what is there, not where")),
    message("count the cars in a photo of a car park"): (
        "boxes", message("one box for each car is enough to count")),
    message("blur everything behind the people"): (
        "mask", message("the edge of the people must be known pixel by pixel, but not who is who")),
    message("measure the area of each of ten leaves that touch"): (
        "instances", message("the area needs pixels, and leaves that touch need numbers")),
}
TOO_LITTLE = {
    "label": message("a label says neither where nor how many"),
    "boxes": message("a box has no shape"),
    "mask": message("a mask joins things of one class that touch"),
}


def _hint(task, word):
    """What is wrong with a word for a task, or None."""
    right, why = TASKS[task]
    if not isinstance(word, str) or word not in ANSWERS:
        return say("{word!r} is none of the words {listed}", word=word, listed=", ".join(ANSWERS))
    if ANSWERS.index(word) > ANSWERS.index(right):
        return say("to {task}, {word!r} is more than is needed: {why}", task=say(task), word=word,
                   why=say(why))
    if ANSWERS.index(word) < ANSWERS.index(right):
        return say("to {task}, {word!r} is not enough: {why}", task=say(task), word=word,
                   why=say(TOO_LITTLE[word]))
    return None


def _cheapest():
    form = say("the answer is a list of {tasks} words, one for each task in its order", tasks=len(TASKS))
    right = [word for word, _ in TASKS.values()]

    def judge(answer):
        if not isinstance(answer, (list, tuple)) or len(answer) != len(TASKS):
            return form
        return next(filter(None, map(_hint, TASKS, answer)), None)

    mistakes = [([*right[:place], word, *right[place + 1:]], _hint(task, word))
                for place, task in enumerate(TASKS) for word in (*ANSWERS, "panoptic", 4)
                if word != right[place]]
    why = "; ".join(f"{word}: {say(why)}" for word, why in TASKS.values()) + "."
    return Exercise(judge, right, why, (*mistakes, ("label", form), (right[:3], form)))


def _classes_in():
    mask = photos.voc_truth()
    mask[:5] = labels.IGNORE  # some rows of the sky, as if nobody had labelled them
    found = np.setdiff1d(mask, [labels.BACKGROUND, labels.IGNORE])
    return function(
        given=[mask],
        right=lambda mask: np.unique(mask[(mask != labels.BACKGROUND) & (mask != labels.IGNORE)]),
        why=say("{listed}: the mask is enough, no classifier had to run.",
                listed=", ".join(labels.shown(labels.VOC[i]) for i in found)),
        mistakes=[
            (np.unique, say("0 and 255 are in your list: 0 is the background and 255 marks pixels that nobody "
                            "labelled; neither is an object")),
            (lambda mask: np.unique(mask[mask != labels.IGNORE]),
             say("0 is still in your list; it stands for the background")),
            (lambda mask: np.unique(mask[mask != labels.BACKGROUND]),
             say("255 is still in your list; it marks pixels that nobody labelled")),
            (lambda mask: np.unique(mask, return_counts=True)[1],
             say("these are numbers of pixels; the classes themselves are wanted")),
            (lambda mask: np.arange(1, found.max() + 1),
             say("these are all indices up to the highest; only those that occur in the mask are wanted")),
        ])


def _edges(inside, last=(1, 1)):
    """Left, top, right and bottom of a region; `last` is what is added to right and bottom."""
    rows, columns = np.nonzero(inside)
    return np.array([columns.min(), rows.min(), columns.max() + last[0], rows.max() + last[1]])


def _box_of():
    scene = scenes.voc()
    inside = scene.instances == 1
    box = scene.boxes[0]
    left, top, right, bottom = box[3:]
    turned = (say("rows and columns changed places: left and right are columns, the second axis"))
    return function(
        given=[inside],
        right=_edges,
        why=say("the {name} lies between the columns {left:.0f} and {right:.0f} and the rows {top:.0f} and "
                "{bottom:.0f}; four numbers stand for {sum} pixels.", name=box.name, left=left, right=right,
                top=top, bottom=bottom, sum=inside.sum()),
        mistakes=[
            (lambda inside: _edges(inside, (0, 0)),
             say("right and bottom are the last pixel of the object; the edge of the box lies behind it, so "
                 "add 1, and right - left is the width")),
            (lambda inside: _edges(inside, (1, 0)),
             say("right is correct; bottom is still the last row of the object, and the box ends behind it")),
            (lambda inside: _edges(inside, (0, 1)),
             say("bottom is correct; right is still the last column of the object, and the box ends behind "
                 "it")),
            (lambda inside: _edges(inside.T), turned),
            (lambda inside: _edges(inside.T, (0, 0)), turned),
            (lambda inside: _edges(inside) - [0, 0, *_edges(inside)[:2]],
             say("this is left, top, width and height; the edges right and bottom are due")),
            (lambda inside: _edges(inside)[[0, 2, 1, 3]],
             say("the order is left, top, right, bottom")),
        ])


def _how_many_squares():
    scene = scenes.scatter(7, seed=14)
    square = scene.classes == scene.names.index("square")
    count = np.unique(scene.instances[square]).size
    merged = np.unique(experiments.pieces(scene.classes, scene.stuff)[square]).size
    return number(count, say("{count} numbers occur on the pixels of the class square; the class mask alone "
                             "shows {merged} pieces.", count=count, merged=merged), [
        (merged, say("this is the number of pieces in the class mask; squares that touch are one piece there, "
                     "so look at the instance mask")),
        (int(scene.instances.max()), say("these are all things; count only those of the class square")),
        (int(square.sum()), say("these are pixels; count the numbers that occur on them")),
        (count + 1, say("0 is no thing: it stands where no thing is")),
    ])


def _masks_in_a_box():
    return number(
        experiments.masks_in_box(2, 2),
        say("1 full one, 4 of three pixels, and the 2 diagonals. One box of 2 x 2 pixels leaves 7 masks open, "
            "a larger one many more."),
        [
            (2 ** 4, say("these are all masks of 2 x 2 pixels; some of them do not touch all four edges of "
                         "the box, so their box is smaller")),
            (2 ** 4 - 1, say("only the empty mask is taken away; the box of one pixel is smaller, too")),
            (1, say("the full box is one of them; are there others, with a pixel missing?")),
            (5, say("the full one and the four with one pixel missing; two pixels can be enough as well")),
            (4, say("do not forget the full one, and those of two pixels")),
        ])


EXERCISES = {"cheapest-answer": _cheapest, "classes-in-a-mask": _classes_in, "box-of-a-mask": _box_of,
             "how-many-squares": _how_many_squares, "masks-in-a-box": _masks_in_a_box}
