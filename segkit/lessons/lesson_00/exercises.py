"""The exercise of lesson 00: which share of a part of a mask a class has."""

from segkit import photos
from segkit.languages import say
from segkit.lessons.exercise import number
from segkit.masks.labels import shown

PHOTO, CLASS = "hopper", "person"


def _upper_half():
    from segkit.networks.segmenter import Segmenter

    result = Segmenter().segment(photos.sample(PHOTO))
    here = result.mask == result.names.index(CLASS)
    rows, columns = here.shape
    upper = here[:rows // 2]
    return number(
        upper.mean(),
        say("{upper:.1%} of the pixels in the upper half, {whole:.1%} in the whole photo: a mask is an array, "
            "so a part of it is cut out by its rows and columns.", upper=upper.mean(), whole=here.mean()),
        [
            (here.mean(), say("this is the share of {name} in the whole photo; take the rows of the upper "
                              "half only", name=shown(CLASS))),
            (here[rows // 2:].mean(), say("this is the lower half; row 0 is at the top")),
            (here[:, :columns // 2].mean(), say("this is the left half; the first index of the mask is the "
                                                "row")),
            (here[:, columns // 2:].mean(), say("this is the right half; the first index of the mask is the "
                                                "row")),
            (upper.sum() / here.size, say("these are the right pixels, divided by all pixels of the photo; "
                                          "divide by the pixels of the upper half")),
            (upper.sum() / here.sum(), say("this says how many of the {name} pixels lie in the upper half; "
                                           "divide by all pixels of the upper half", name=shown(CLASS))),
            (100 * upper.mean(), say("this is in per cent; write it as a number between 0 and 1")),
            (upper.sum(), say("this is a number of pixels; divide it by the pixels of the upper half")),
        ], tolerance=2e-4)


EXERCISES = {"upper-half": _upper_half}
