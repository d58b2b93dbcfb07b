"""The exercises of lesson 08: four functions, each with one of the four mistakes to correct."""

import cv2
import numpy as np
from PIL import Image

from segkit import models, photos
from segkit.languages import message, say
from segkit.lessons.exercise import function
from segkit.lessons.lesson_08 import experiments
from segkit.masks import resize

SIDE = 257  # pixels: what the functions of the exercises make


def _resized(photo):
    return resize.resize_bilinear(np.ascontiguousarray(photo), SIDE, SIDE)


def _normalise():
    model = models.get("deeplab-f32")
    return function(
        given=[photos.sample("cat")],
        right=lambda photo: (_resized(photo) - model.mean) / model.std,
        why=say("(pixel - {mean}) / {std} maps 0 to -1 and 255 to 1, as in training.", mean=model.mean,
                std=model.std),
        mistakes=[
            (lambda photo: _resized(photo) / 255,
             say("the values still run from 0 to 1; the model was trained on -1 to 1, so half of its range "
                 "stays empty")),
            (lambda photo: _resized(photo) / 127.5,
             say("now the values run from 0 to 2; what must be taken away first?")),
            (lambda photo: _resized(photo) - 127.5,
             say("the middle is 0 now, but the values run from -127.5 to 127.5; divide, too")),
            (lambda photo: (_resized(photo) - 127.5) / 255,
             say("the middle is 0 now, but the values run from -0.5 to 0.5 only")),
            (_resized, say("these are still the pixels, 0 to 255; they have to be normalised")),
            (lambda photo: (_resized(photo) - 128) / 128,
             say("close: this is the rule for 8-bit models; the catalogue says mean {mean} and std {std}",
                 mean=model.mean, std=model.std)),
        ])


def _values(photo):
    return _resized(photo) / 127.5 - 1


def _colour_order():
    return function(
        given=[np.ascontiguousarray(photos.sample("cat")[..., ::-1])],
        right=lambda bgr: _values(bgr[..., ::-1]),
        why=say("bgr[..., ::-1] turns round the last axis, and red comes first, as in training."),
        mistakes=[
            (_values, say("blue still comes first; the last axis holds the colours, turn it round")),
            (lambda bgr: _values(bgr[:, ::-1]),
             say("this mirrors the photo: the second axis holds the columns; the colours are on the last "
                 "axis")),
            (lambda bgr: _resized(bgr[..., ::-1]),
             say("the colours are right, but these are still pixels; the last line of the function normalises "
                 "them")),
            (lambda bgr: _values(bgr[::-1]),
             say("this turns the photo upside down: the first axis holds the rows; the colours are on the "
                 "last axis")),
            (lambda bgr: _values(bgr[::-1, ::-1, ::-1]),
             say("all three axes are turned round; only the last one, with the colours, needs it")),
            (lambda bgr: _values(bgr[..., [1, 0, 2]]),
             say("the colours moved on by one place; red and blue have to change places, green stays")),
        ])


def _small_mask():
    """Two objects that touch, 8 inside 15, on 5 x 7 cells."""
    small = np.zeros((5, 7), np.uint8)
    small[1:4, 2:6], small[2, 3] = 15, 8
    return small


def _enlarged(method):
    """PIL's way to resize a mask."""
    return lambda mask, height, width: np.array(
        Image.fromarray(mask).resize((width, height), method))


_MIXED = message("the small mask holds the classes 0, 8 and 15, and yours holds others; class indices are "
                 "names and cannot be mixed")


def _mixed(got, mask, *size):
    """The hint for classes that nobody put into a mask; None where there is none."""
    known = got.shape != size or np.isin(np.rint(got), [*np.unique(mask), 255]).all()
    return None if known else say(_MIXED)


def _mask_size():
    return function(
        given=[_small_mask(), 300, 451],
        right=resize.resize_nearest,
        why=say("each pixel takes one class of the small mask, and no new class appears."),
        notice=_mixed,
        mistakes=[
            (experiments.blended_mask, say(_MIXED)),
            (_enlarged(Image.Resampling.BILINEAR), say(_MIXED)),
            (_enlarged(Image.Resampling.BICUBIC), say(_MIXED)),
            (lambda mask, height, width: resize.resize_nearest(mask, width, height),
             say("height and width changed places: PIL wants (width, height)")),
            # No half pixels: cv2's way, and a division of the indices.
            (lambda mask, height, width: cv2.resize(mask, (width, height),
                                                    interpolation=cv2.INTER_NEAREST),
             say("no class is mixed, but the mask is moved by half a cell of the small one; PIL does not do "
                 "that, and cv2 has INTER_NEAREST_EXACT")),
            (lambda mask, *size: resize.resize_nearest((mask > 0) * np.uint8(255), *size),
             say("the classes are gone: only 0 and 255 are left")),
        ])


def _square(place, side=None):
    """A way to cut a square out of a photo, at its start (``place`` 0), middle (0.5) or end (1)."""
    def cut(photo):
        length = side or min(photo.shape[:2])
        top, left = (int((n - length) * place) for n in photo.shape[:2])
        return _resized(photo[top:top + length, left:left + length])

    return cut


def _rounded_up(photo):
    """The square in the middle, where an odd number of rows or columns is left over."""
    side = min(photo.shape[:2])
    top, left = ((n - side + 1) // 2 for n in photo.shape[:2])
    return _resized(photo[top:top + side, left:left + side])


def _centre_crop():
    photo = photos.sample("cat")
    height, width = photo.shape[:2]
    side = min(height, width)
    return function(
        given=[photo],
        right=_square(0.5),
        also=[_rounded_up],
        why=say("the middle {side} x {side} pixels of {width} x {height} are kept, and shapes stay as they "
                "are.", side=side, width=width, height=height),
        mistakes=[
            (experiments.stretched_not_cropped,
             say("this stretches the photo: all of it is there, and a circle becomes an ellipse; cut out a "
                 "square first")),
            (_square(0), say("this square starts at the top left corner; half of what is left over belongs to "
                             "each side")),
            (_square(1), say("this square ends at the bottom right corner; half of what is left over belongs "
                             "to each side")),
            (_square(0.5, SIDE), say("the square of 257 pixels leaves out more than it must; cut the largest "
                                     "square that fits, then resize it")),
        ])


EXERCISES = {"normalise": _normalise, "colour-order": _colour_order, "mask-size": _mask_size,
             "centre-crop": _centre_crop}
