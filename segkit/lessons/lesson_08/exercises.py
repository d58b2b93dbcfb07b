"""The answers of lesson 08: each exercise asks for a corrected function."""

import numpy as np

from segkit import models, photos
from segkit.lessons.exercise import judge
from segkit.lessons.lesson_08 import experiments
from segkit.masks import resize


def _pixels():
    return resize.resize_bilinear(photos.sample("cat"), 257, 257)


def _normalise(answer):
    pixels, model = _pixels(), models.get("deeplab-f32")
    right = (pixels - model.mean) / model.std
    return judge(answer, [photos.sample("cat")], right, [
        (pixels / 255, "the values still run from 0 to 1; the model was trained on -1 to 1, so half "
                       "of its range stays empty"),
        (pixels / 127.5, "now the values run from 0 to 2; what must be taken away first?"),
        (pixels - 127.5, "the middle is 0 now, but the values run from -127.5 to 127.5; divide, too"),
        ((pixels - 127.5) / 255, "the middle is 0 now, but the values run from -0.5 to 0.5 only"),
        (pixels, "these are still the pixels, 0 to 255; they have to be normalised"),
        ((pixels - 128) / 128, "close: this is the rule for 8-bit models; the catalogue "
                               f"says mean {model.mean} and std {model.std}"),
    ], f"(pixel - {model.mean}) / {model.std} maps 0 to -1 and 255 to 1, as in training.")


def _colour_order(answer):
    bgr = photos.sample("cat")[..., ::-1]

    def values(image):
        return resize.resize_bilinear(np.ascontiguousarray(image), 257, 257) / 127.5 - 1

    right = values(bgr[..., ::-1])
    return judge(answer, [bgr], right, [
        (values(bgr), "blue still comes first; the last axis holds the colours, turn it round"),
        (values(bgr[:, ::-1]), "this mirrors the photo: the second axis holds the columns; the "
                               "colours are on the last axis"),
        ((right + 1) * 127.5, "the colours are right, but these are still pixels; the last line of "
                              "the function normalises them"),
        (values(bgr[::-1]), "this turns the photo upside down: the first axis holds the rows; the "
                            "colours are on the last axis"),
        (values(bgr[::-1, ::-1, ::-1]), "all three axes are turned round; only the last one, with "
                                        "the colours, needs it"),
        (right[..., [1, 2, 0]], "the colours moved on by one place; red and blue have to change "
                                "places, green stays"),
    ], "bgr[..., ::-1] turns round the last axis, and red comes first, as in training.")


def _mask_size(answer):
    small = np.zeros((5, 7), np.uint8)
    small[1:4, 2:6], small[2, 3] = 15, 8
    right = resize.resize_nearest(small, 300, 451)
    if callable(answer):
        try:
            got = np.asarray(answer(small.copy(), 300, 451))
        except Exception:  # noqa: BLE001 - judge runs it again and reports it
            got = right
        if got.shape == (451, 300):
            return False, "height and width changed places: PIL wants (width, height)"
        new = sorted({*np.unique(np.rint(got)).astype(int).tolist()} - {0, 8, 15})
        if got.shape == right.shape and new:
            return False, (f"the small mask holds the classes 0, 8 and 15; yours holds {len(new)} others, "
                           f"{new[0]} is one of them; class indices are names and cannot be mixed")
    # What cv2.INTER_NEAREST does, and a division of the indices: no half pixels.
    moved = small[(np.arange(300) * 5 // 300)[:, None], np.arange(451) * 7 // 451]
    return judge(answer, [small, 300, 451], right, [
        (moved, "no class is mixed, but the mask is moved by half a cell of the small one; PIL does "
                "not do that, and cv2 has INTER_NEAREST_EXACT"),
        (np.where(right > 0, 255, 0), "the classes are gone: only 0 and 255 are left"),
    ], "each pixel takes one class of the small mask, and no new class appears.")


def _centre_crop(answer):
    photo = photos.sample("cat")
    height, width = photo.shape[:2]
    side = min(height, width)

    def square(top, left, size=side):
        return resize.resize_bilinear(photo[top:top + size, left:left + size], 257, 257)

    top, left = (height - side) // 2, (width - side) // 2
    wrong = [
        (experiments.stretched_not_cropped(photo), "this stretches the photo: all of it is there, and "
                                                "a circle becomes an ellipse; cut out a square first"),
        (square(0, 0), "this square starts at the top left corner; half of what is left over belongs "
                       "to each side"),
        (square(height - side, width - side), "this square ends at the bottom right corner; half of "
                                              "what is left over belongs to each side"),
        (square((height - 257) // 2, (width - 257) // 2, 257), "the square of 257 pixels leaves out "
         "more than it must; cut the largest square that fits, then resize it"),
    ]
    why = f"the middle {side} x {side} pixels of {width} x {height} are kept, and shapes stay as they are."
    # An odd number of columns is left over: the middle may be rounded down or up.
    rounded_up = judge(answer, [photo], square(top, left + (width - side) % 2), wrong, why)
    return rounded_up if rounded_up[0] else judge(answer, [photo], square(top, left), wrong, why)


JUDGES = {"normalise": _normalise, "colour-order": _colour_order, "mask-size": _mask_size,
          "centre-crop": _centre_crop}
