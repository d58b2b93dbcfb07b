"""The exercise of lesson 00: which share of a part of a mask a class has."""

from segkit import photos
from segkit.lessons.exercise import number

PHOTO, CLASS = "hopper", "person"


def _upper_half():
    from segkit.networks.segmenter import Segmenter

    result = Segmenter().segment(photos.sample(PHOTO))
    here = result.mask == result.names.index(CLASS)
    rows, columns = here.shape
    upper = here[:rows // 2]
    return number(
        upper.mean(),
        f"{upper.mean():.1%} of the pixels in the upper half, {here.mean():.1%} in the whole photo: "
        "a mask is an array, so a part of it is cut out by its rows and columns.",
        [
            (here.mean(), f"this is the share of {CLASS} in the whole photo; take the rows of the "
                          "upper half only"),
            (here[rows // 2:].mean(), "this is the lower half; row 0 is at the top"),
            (here[:, :columns // 2].mean(), "this is the left half; the first index of the mask is "
                                            "the row"),
            (here[:, columns // 2:].mean(), "this is the right half; the first index of the mask "
                                            "is the row"),
            (upper.sum() / here.size, "these are the right pixels, divided by all pixels of the "
                                      "photo; divide by the pixels of the upper half"),
            (upper.sum() / here.sum(), f"this says how many of the {CLASS} pixels lie in the upper "
                                       "half; divide by all pixels of the upper half"),
            (100 * upper.mean(), "this is in per cent; write it as a number between 0 and 1"),
            (upper.sum(), "this is a number of pixels; divide it by the pixels of the upper half"),
        ], tolerance=2e-4)


EXERCISES = {"upper-half": _upper_half}
