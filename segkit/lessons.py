"""What a lesson needs around its text: a start, the map of the course, and checked exercises.

Answers are computed here wherever they can be, so that an exercise stays right
when a model or a photo changes.
"""

from collections import namedtuple
from functools import lru_cache

import numpy as np

from segkit import mistakes, models, photos, resize
from segkit.errors import SegkitError, one_line

MARK = "# needs the model"  # the first line of a cell that cannot run without one

COURSE = {
    "00-start-here": "Start here",
    "01-classify-detect-segment": "Three tasks",
    "02-masks-and-metrics": "Masks and metrics",
    "03-deeplab-v1": "DeepLab v1",
    "04-deeplab-v2": "DeepLab v2",
    "05-deeplab-v3": "DeepLab v3",
    "06-deeplab-v3-plus": "DeepLab v3+",
    "07-inside-the-model-file": "Inside the model file",
    "08-on-device-inference": "On-device inference",
    "09-benchmark": "The benchmark",
    "10-smaller-and-faster": "Smaller and faster",
}
Lesson = namedtuple("Lesson", "number file title here")
Lesson.__doc__ = "One lesson: its number, its file, its title, and whether the file is here."

_lacking = None  # the name of the model that the current lesson lacks, or None


def course():
    """The lessons in their order, as :class:`Lesson`; "here" is looked up on the disk."""
    folder = models.DATA.parent / "notebooks"
    return [Lesson(name[:2], f"{name}.ipynb", title, (folder / f"{name}.ipynb").is_file())
            for name, title in COURSE.items()]


def start(model=None):
    """Find the model of a lesson; where it cannot be had, say what to do.

    Cells that begin with the line "# needs the model" are skipped until the
    model is there: each prints one line in place of its result. All other cells
    run as usual. To try again, run the cell with this call again.

    Args:
        model: a name in the catalogue; None: the default model.
    """
    global _lacking
    name = models.default() if model is None else model
    try:
        models.path(name)
    except SegkitError as error:
        _lacking = name
        print(f"{error}.\nUntil then, each cell that begins with {MARK!r} is skipped.")
    else:
        _lacking = None
        print(f"The model {name} is here: {models.get(name).about}")
    _watch_cells()


def _watch_cells():
    """Let :func:`_skip` see every cell before IPython runs it."""
    try:
        from IPython import get_ipython
    except ImportError:  # a plain Python has no cells
        return
    shell = get_ipython()
    if shell is not None and _skip not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_skip)


def _skip(lines):
    """The lines of a cell, or one that says why the cell is skipped."""
    if _lacking and "".join(lines).lstrip().startswith(MARK):
        return [f"print('skipped: this cell needs the model {_lacking}, see the first cell')\n"]
    return lines


def check(name, answer):
    """Compare an answer with the right one, and print "right" with a reason, or a hint.

    Args:
        name: of the exercise.
        answer: the reader's answer; None means that there is none yet.

    Raises:
        SegkitError: no exercise has this name.
    """
    if name not in _JUDGES:
        raise SegkitError(f"no exercise is called {name!r}; there are {', '.join(_JUDGES)}")
    if answer is None:
        print("not answered yet: write your answer in place of None and run the cell again")
        return
    try:
        right, text = _JUDGES[name](answer)
    except SegkitError as error:  # the judge itself needs a model that is not here
        right, text = False, str(error)
    print(f"{'right' if right else 'hint'}: {text}")


def exercises():
    """The names of the exercises."""
    return list(_JUDGES)


# Lesson 00

@lru_cache
def _person_shares():
    """The share of "person" in each sample photo, by the default model: {photo: share}."""
    from segkit.segmentation import Segmenter

    segmenter = Segmenter()
    return {name: {c.name: c.share for c in segmenter.segment(photos.sample(name)).classes}
            .get("person", 0.0) for name in photos.names()}


def _largest_person(answer):
    if answer not in photos.names():
        return False, f"the answer is the name of a sample photo: one of {', '.join(photos.names())}"
    shares = _person_shares()
    order = sorted(shares, key=shares.get, reverse=True)
    if answer == order[0]:
        return True, (f"{answer} has {shares[answer]:.0%} person pixels, more than the next one, "
                      f"{order[1]}, with {shares[order[1]]:.0%}. The share counts pixels, not people.")
    if answer == "voc":
        return False, ("this photo shows the most people, but each is small; the question is about "
                       "pixels, so read the shares")
    if shares[answer] < 0.01:
        return False, f"{answer} has almost no person pixels; print the classes of more photos"
    return False, (f"{answer} has {shares[answer]:.0%} person pixels, and another photo has more; "
                   "segment every photo in a loop")


# Lesson 08: each exercise asks for a corrected function

def _judge(answer, given, right, wrong, why):
    """Judge a function by what it returns.

    Args:
        answer: the reader's function.
        given: its arguments.
        right: the array that it should return.
        wrong: list of (array of a typical wrong answer, hint).
        why: the reason that is printed with "right".
    """
    if not callable(answer):
        return False, ("the answer is the function itself: write its name without brackets and "
                       f"arguments; this is {type(answer).__name__}")
    try:
        got = np.asarray(answer(*(g.copy() if isinstance(g, np.ndarray) else g for g in given)))
    except Exception as error:  # noqa: BLE001 - whatever the reader's code raises becomes a hint
        return False, f"your function stopped with {type(error).__name__}: {one_line(error)}"
    if got.shape == (1, *right.shape):
        got = got[0]
    for array, hint in wrong:
        if _same(got, array):
            return False, hint
    if _same(got, right):
        return True, why
    if got.shape != right.shape:
        return False, f"your function returns the shape {got.shape}; {right.shape} is needed"
    return False, (f"the shape is right, the values are not: they run from {got.min():.2f} to "
                   f"{got.max():.2f} and should run from {right.min():.2f} to {right.max():.2f}")


def _same(one, other):
    """Equal shapes and equal values, up to rounding in float32."""
    return (one.shape == other.shape and one.dtype.kind in "fiu"
            and np.allclose(one, other, atol=1e-3))


def _pixels():
    return resize.resize_bilinear(photos.sample("cat"), 257, 257)


def _normalise(answer):
    pixels, model = _pixels(), models.get("deeplabv3")
    right = (pixels - model.mean) / model.std
    return _judge(answer, [photos.sample("cat")], right, [
        (pixels / 255, "the values still run from 0 to 1; the model was trained on -1 to 1, so half "
                       "of its range stays empty"),
        (pixels / 127.5, "now the values run from 0 to 2; what must be taken away first?"),
        ((pixels - 127.5) / 255, "the middle is 0 now, but the values run from -0.5 to 0.5 only"),
        (pixels, "these are still the pixels, 0 to 255; they have to be normalised"),
        ((pixels - 128) / 128, "close: this is the rule for 8-bit models; the metadata in this file "
                               f"say mean {model.mean} and std {model.std}"),
    ], f"(pixel - {model.mean}) / {model.std} maps 0 to -1 and 255 to 1, as in training.")


def _colour_order(answer):
    bgr = photos.sample("cat")[..., ::-1]

    def values(image):
        return resize.resize_bilinear(np.ascontiguousarray(image), 257, 257) / 127.5 - 1

    right = values(bgr[..., ::-1])
    return _judge(answer, [bgr], right, [
        (values(bgr), "blue still comes first; the last axis holds the colours, turn it round"),
        (values(bgr[:, ::-1]), "this mirrors the photo: the second axis holds the columns; the "
                               "colours are on the last axis"),
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
        except Exception:  # noqa: BLE001 - _judge runs it again and reports it
            got = right
        if got.shape == (451, 300):
            return False, "height and width changed places: PIL wants (width, height)"
        new = sorted({*np.unique(np.rint(got)).astype(int).tolist()} - {0, 8, 15})
        if got.shape == right.shape and new:
            return False, (f"the small mask holds the classes 0, 8 and 15; yours holds {len(new)} others, "
                           f"{new[0]} is one of them; class indices are names and cannot be mixed")
    return _judge(answer, [small, 300, 451], right, [
        (np.where(right > 0, 255, 0), "the classes are gone: only 0 and 255 are left"),
    ], "each pixel takes one class of the small mask, and no new class appears.")


def _centre_crop(answer):
    photo = photos.sample("cat")
    height, width = photo.shape[:2]
    side = min(height, width)

    def square(top, left, size=side):
        return resize.resize_bilinear(photo[top:top + size, left:left + size], 257, 257)

    top, left = (height - side) // 2, (width - side) // 2
    return _judge(answer, [photo], square(top, left), [
        (mistakes.stretched_not_cropped(photo), "this stretches the photo: all of it is there, and "
                                                "a circle becomes an ellipse; cut out a square first"),
        (square(0, 0), "this square starts at the top left corner; half of what is left over belongs "
                       "to each side"),
        (square((height - 257) // 2, (width - 257) // 2, 257), "the square of 257 pixels leaves out "
         "more than it must; cut the largest square that fits, then resize it"),
    ], f"the middle {side} x {side} pixels of {width} x {height} are kept, and shapes stay as they are.")


_JUDGES = {"largest-person": _largest_person, "normalise": _normalise,
           "colour-order": _colour_order, "mask-size": _mask_size, "centre-crop": _centre_crop}
