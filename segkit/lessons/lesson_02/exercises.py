"""The exercises of lesson 02: how masks are read, and what a measure counts and does not see."""

import io

import numpy as np
from PIL import Image

from segkit import photos
from segkit.languages import say
from segkit.lessons.exercise import choice, function
from segkit.lessons.lesson_02 import experiments
from segkit.masks import labels, metrics

PERSON = labels.VOC.index("person")
RIM = 2  # pixels


def _masks():
    """(true mask with ignored pixels, the same with larger objects that are moved) of "voc"."""
    truth = metrics.ignore_around(photos.voc_truth())
    return truth, experiments.shifted(experiments.grown(metrics.fill_ignored(truth), 8), 8)


def quarters(mask):
    """The four quarters of a mask, left to right and top to bottom: a list of (H // 2, W // 2)."""
    height, width = mask.shape[0] // 2, mask.shape[1] // 2
    return [mask[top:top + height, left:left + width] for top in (0, height) for left in (0, width)]


def _opened(data, mode=None):
    """The array of an image file, converted to a mode or as it is."""
    image = Image.open(io.BytesIO(data))
    return np.array(image.convert(mode) if mode else image)


def _read_mask():
    image = Image.fromarray(_masks()[0]).convert("P")
    image.putpalette(labels.voc_palette().tobytes())
    file = io.BytesIO()
    image.save(file, "PNG")
    return function(
        given=[file.getvalue()],
        right=_opened,
        why=say("the array holds the indices of the file: classes from 0 to 20, and 255 for ignored pixels."),
        mistakes=[
            (lambda data: _opened(data, "L"),
             say("these are the brightnesses of the colours, 0 to 255; the file holds indices, and the "
                 "palette is only for the eye")),
            (lambda data: _opened(data, "RGB"),
             say("these are colours, three numbers a pixel; read the image without converting it")),
            (lambda data: _opened(data) % labels.IGNORE,
             say("the classes are right, but 255 has become 0: pixels that nobody counts are background now")),
            (lambda data: (_opened(data) > 0).astype(np.uint8),
             say("this says only whether a pixel is something; the file says what it is")),
        ])


def _known_accuracy():
    return function(
        given=[*_masks()],
        right=lambda truth, guess: (truth == guess)[truth != labels.IGNORE].mean(),
        why=say("only the pixels whose truth is known are counted, as in segkit.masks.metrics."),
        mistakes=[
            (lambda truth, guess: (truth == guess).mean(),
             say("ignored pixels are counted as mistakes: no prediction is ever 255; leave them out of the "
                 "count above and below the line")),
            (lambda truth, guess: ((truth == guess) | (truth == labels.IGNORE)).mean(),
             say("ignored pixels are counted as hits; they count neither way")),
            (lambda truth, guess: (truth == guess)[(truth > 0) & (truth != labels.IGNORE)].mean(),
             say("the background is missing: it is a class, too")),
            (lambda truth, guess: (truth == guess).sum(),
             say("this is a count; divide it by the number of pixels that are counted")),
        ])


def _groups(divide):
    """An answer from three numbers of known pixels: in both masks, missed, claimed wrongly."""
    def measure(truth, guess, index):
        true, claimed = truth == index, (guess == index) & (truth != labels.IGNORE)
        return divide((true & claimed).sum(), (true & ~claimed).sum(), (claimed & ~true).sum())

    return measure


def _one_iou():
    return function(
        given=[*_masks(), PERSON],
        right=_groups(lambda both, missed, wrong: both / (both + missed + wrong)),
        why=say("common pixels, divided by pixels that are in the truth or in the prediction."),
        mistakes=[
            (_groups(lambda both, missed, wrong: both / (both + missed)),
             say("this divides by the true pixels (recall): a model that says person everywhere would get 1; "
                 "divide by the union")),
            (_groups(lambda both, missed, wrong: both / (both + wrong)),
             say("this divides by the predicted pixels (precision): who claims one sure pixel would get 1; "
                 "divide by the union")),
            (lambda truth, guess, i: ((truth == i) & (guess == i)).sum() / (guess == i).sum(),
             say("this divides by the predicted pixels, even by the ignored ones; divide by the union of the "
                 "known pixels")),
            (_groups(lambda both, missed, wrong: 2 * both / (2 * both + missed + wrong)),
             say("this is the Dice coefficient, which is never lower than the IoU; the union holds the common "
                 "pixels once")),
            (_groups(lambda both, missed, wrong: both / (2 * both + missed + wrong)),
             say("the common pixels are in this sum twice; the union holds them once")),
            (lambda truth, guess, i: (((truth == i) & (guess == i)).sum()
                                      / ((truth == i) | (guess == i)).sum()),
             say("close: predicted pixels where the truth is 255 do not count")),
        ])


def _data_set_iou():
    matrices = np.stack([metrics.confusion_matrix(*pair) for pair in zip(*map(quarters, _masks()))])
    return function(
        given=[matrices],
        right=lambda matrices: metrics.mean_iou(matrices.sum(axis=0)),
        why=say("matrices add up, and each class is measured once, over all photos."),
        mistakes=[
            (lambda matrices: np.mean([metrics.mean_iou(matrix) for matrix in matrices]),
             say("this is the mean over the photos: a class with a few pixels in one photo counts as much as "
                 "one that fills another; add the matrices first")),
            (lambda matrices: metrics.pixel_accuracy(matrices.sum(axis=0)),
             say("this is the pixel accuracy of all photos together")),
            (lambda matrices: metrics.frequency_weighted_iou(matrices.sum(axis=0)),
             say("this weights each class by its pixels; in the mean IoU all classes weigh the same")),
            (lambda matrices: np.nan_to_num(metrics.iou_per_class(matrices.sum(axis=0))).mean(),
             say("classes that never occur count as 0 here; leave them out")),
            (lambda matrices: metrics.iou_per_class(matrices.sum(axis=0)),
             say("this is one number for each class; take the mean over the classes that occur")),
        ])


def _rim():
    truth = metrics.ignore_around(photos.voc_truth())
    whole = metrics.fill_ignored(truth)
    guess = experiments.grown(whole, RIM)

    def accuracy(truth):
        return f"{metrics.pixel_accuracy(metrics.confusion_matrix(truth, guess)):.2f}"

    def outlines(pixels):
        return f"{metrics.boundary_f(truth, guess, pixels=pixels):.2f}"

    found = {"A": accuracy(truth), "B": accuracy(whole), "C": outlines(RIM),
             "D": outlines(RIM - 1)}
    return choice("D", say("it says {D}: it looks at outlines only, and the allowed distance is smaller than "
                           "the rim. A says {A}, B {B}, C {C}.", D=found["D"], A=found["A"], B=found["B"],
                           C=found["C"]), {
        "A": say("it says {A}: the rim lies inside the ignored band, so no pixel of it is counted",
                 A=found["A"]),
        "B": say("it says {B}: the rim is counted now, but most pixels lie far from any outline", B=found["B"]),
        "C": say('it says {C}: an outline {rim} pixels too far out still counts as right where "near" means '
                 "{rim} pixels", C=found["C"], rim=RIM),
    })


EXERCISES = {"read-mask": _read_mask, "known-accuracy": _known_accuracy, "one-iou": _one_iou,
             "data-set-iou": _data_set_iou, "rim": _rim}
