"""The answers of lesson 02: how masks are read, and what a measure counts."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image

from segkit import photos
from segkit.lessons.exercise import judge, judge_choice
from segkit.lessons.lesson_02 import experiments
from segkit.masks import labels, metrics

PERSON = labels.VOC.index("person")


@lru_cache
def _masks(moved=8):
    """(true mask with ignored pixels, the same with larger objects that are moved) of "voc"."""
    truth = metrics.ignore_around(photos.voc_truth())
    return truth, experiments.shifted(experiments.grown(metrics.fill_ignored(truth), 8), moved)


def quarters(mask):
    """The four quarters of a mask, left to right and top to bottom: a list of (H // 2, W // 2)."""
    height, width = mask.shape[0] // 2, mask.shape[1] // 2
    return [mask[top:top + height, left:left + width] for top in (0, height) for left in (0, width)]


def _judge_number(answer, given, right, wrong, why):
    """Judge a function that returns one number; the wrong answers may be plain floats."""
    wrong = [(np.asarray(number), hint) for number, hint in wrong]
    return judge(answer, given, np.float64(right), wrong, why)


def _read_mask(answer):
    truth = _masks()[0]
    image = Image.fromarray(truth).convert("P")
    image.putpalette(labels.voc_palette().tobytes())
    file = io.BytesIO()
    image.save(file, "PNG")
    return judge(answer, [file.getvalue()], truth, [
        (np.array(image.convert("L")), "these are the brightnesses of the colours, 0 to 255; the "
                                       "file holds indices, and the palette is only for the eye"),
        (np.array(image.convert("RGB")), "these are colours, three numbers a pixel; read the image "
                                         "without converting it"),
        (np.where(truth == labels.IGNORE, 0, truth), "the classes are right, but 255 has become 0: "
         "pixels that nobody counts are background now"),
        ((truth > 0).astype(np.uint8), "this says only whether a pixel is something; the file says "
                                       "what it is"),
    ], "the array holds the indices of the file: classes from 0 to 20, and 255 for ignored pixels.")


def _known_accuracy(answer):
    truth, guess = _masks()
    known, hit = truth != labels.IGNORE, truth == guess
    return _judge_number(answer, [truth, guess], hit[known].mean(), [
        (hit.mean(), "ignored pixels are counted as mistakes: no prediction is ever 255; leave "
                     "them out of the count above and below the line"),
        ((hit | ~known).mean(), "ignored pixels are counted as hits; they count neither way"),
        (hit[known & (truth > 0)].mean(), "the background is missing: it is a class, too"),
        (hit.sum(), "this is a count; divide it by the number of pixels that are counted"),
    ], "only the pixels whose truth is known are counted, as in segkit.masks.metrics.")


def _one_iou(answer):
    truth, guess = _masks()
    known = truth != labels.IGNORE
    true, claimed = truth == PERSON, guess == PERSON
    both = (true & claimed).sum()
    right = both / (true | claimed & known).sum()
    return _judge_number(answer, [truth, guess, PERSON], right, [
        (both / true.sum(), "this divides by the true pixels (recall): a model that says person "
                            "everywhere would get 1; divide by the union"),
        (both / (claimed & known).sum(), "this divides by the predicted pixels (precision): who "
         "claims one sure pixel would get 1; divide by the union"),
        (both / claimed.sum(), "this divides by the predicted pixels, even by the ignored ones; "
                               "divide by the union of the known pixels"),
        (2 * both / (true.sum() + (claimed & known).sum()), "this is the Dice coefficient, which "
         "is never lower than the IoU; the union holds the common pixels once"),
        (both / (true.sum() + (claimed & known).sum()), "the common pixels are in this sum "
         "twice; the union holds them once"),
        (both / (true | claimed).sum(), "close: predicted pixels where the truth is 255 do not "
                                        "count"),
    ], "common pixels, divided by pixels that are in the truth or in the prediction.")


def _data_set_iou(answer):
    truth, guess = _masks()
    matrices = np.stack([metrics.confusion_matrix(*pair)
                         for pair in zip(quarters(truth), quarters(guess))])
    total = matrices.sum(axis=0)
    each = metrics.iou_per_class(total)
    return _judge_number(answer, [matrices], metrics.mean_iou(total), [
        (np.mean([metrics.mean_iou(matrix) for matrix in matrices]),
         "this is the mean over the photos: a class with a few pixels in one photo counts as much "
         "as one that fills another; add the matrices first"),
        (metrics.pixel_accuracy(total), "this is the pixel accuracy of all photos together"),
        (metrics.frequency_weighted_iou(total), "this weights each class by its pixels; in the "
                                                "mean IoU all classes weigh the same"),
        (np.nan_to_num(each).mean(), "classes that never occur count as 0 here; leave them out"),
        (each, "this is one number for each class; take the mean over the classes that occur"),
    ], "matrices add up, and each class is measured once, over all photos.")


def _rim(answer):
    truth, guess = _masks(moved=0)
    found = metrics.summary(truth, guess)
    return judge_choice(answer, "boundary F", {
        "pixel accuracy": f"it says {found['pixel accuracy']:.2f} for a rim of 8 pixels: most "
                          "pixels lie far from any outline",
        "frequency-weighted IoU": "large classes rule it, and a rim is thin: it says "
                                  f"{found['frequency-weighted IoU']:.2f} for a rim of 8 pixels",
        "mean IoU": f"it says {found['mean IoU']:.2f} for a rim of 8 pixels: better, but it looks "
                    "at whole areas; which measure looks at outlines only?",
    }, f"it says {found['boundary F']:.2f} for a rim of 8 pixels, and it looks at outlines only.")


JUDGES = {"read-mask": _read_mask, "known-accuracy": _known_accuracy, "one-iou": _one_iou,
          "data-set-iou": _data_set_iou, "rim": _rim}
