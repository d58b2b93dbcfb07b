"""Per-photo confusion matrices of the shipped models: data/models/confusions.npz.

The photos are not part of the project, so a lesson cannot run a model on them. It can add up these
matrices, class by class, and compare two models photo by photo: :mod:`segkit.masks.bootstrap`.

The file has three arrays with an entry for each photo, ``photos`` (names), ``set`` and ``half``,
and for each model an (N, 21, 21) int32 array under its name, true classes in the rows. The photos
were split before the training: one half was used for choosing, the other was looked at once.
data/models/README.md says how all this was measured.
"""

from functools import lru_cache

import numpy as np

from segkit import models
from segkit.errors import SegkitError, one_line

FILE = "confusions.npz"
SETS = {"vocval": "photos of VOC's val list", "voc40": "photos of PASCAL VOC",
        "person200": "photos of people"}  # in words
HALVES = {"report": "looked at once", "choose": "used for choosing"}
COLUMNS = ("photos", "set", "half")  # all other arrays are models


def load(photo_set, half="report"):
    """The matrices of all models on one set of photos.

    Args:
        photo_set: a key of :data:`SETS`.
        half: a key of :data:`HALVES`, or "both".

    Returns:
        dictionary from model, as in the catalogue ("head-v3") or "starter", to an (N, 21, 21)
        int64 array; the photos are in the same order for all.

    Raises:
        SegkitError: no such set or half, or the file cannot be read.
    """
    arrays = _arrays(models.DATA / "models" / FILE)
    known = {"set": sorted(set(arrays["set"].tolist())), "half": [*HALVES, "both"]}
    for name, value in (("set", photo_set), ("half", half)):
        if value not in known[name]:
            raise SegkitError(f"no {name} of photos is called {value!r}; there are "
                              f"{', '.join(known[name])}")
    kept = arrays["set"] == photo_set
    if half != "both":
        kept &= arrays["half"] == half
    return {name: stack[kept].astype(np.int64) for name, stack in arrays.items()
            if name not in COLUMNS}


def words(photo_set, half="report"):
    """A set of photos in words, with their number: "114 photos of VOC's val list"."""
    count = len(next(iter(load(photo_set, half).values())))
    return f"{count} {SETS.get(photo_set, photo_set)}"


@lru_cache(maxsize=2)
def _arrays(file):
    try:
        with np.load(file) as kept:
            arrays = {name: kept[name] for name in kept.files}
        photos = len(arrays["photos"])
        fits = all(len(arrays[name]) == photos for name in arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise SegkitError(f"{one_line(file)} cannot be read ({one_line(error)}); get a fresh copy "
                          "of the project") from error
    if not fits:
        raise SegkitError(f"{one_line(file)} has arrays of several lengths; get a fresh copy of the "
                          "project")
    return arrays
