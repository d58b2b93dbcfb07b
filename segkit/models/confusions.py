"""Confusion matrices of each photo and model, and what one model gains over another.

The photos are not part of the project, so a lesson cannot run a model on them. But it can add up
their matrices in data/models/confusions.npz, class by class, and compare two models photo by photo.
The photos were split before the training: one half was used for choosing, the other was looked at
once, at the end. data/models/README.md says how all this was measured.

The file has these arrays: ``models`` (M,) names, as "deeplab@289" for a size of the input in
pixels, and "head-v1+near@257" where only pixels within 5 pixels of a true boundary are counted;
``photos``, ``sets`` and ``halves`` (P,): each photo's name, its set and its half;
``model``, ``photo``, ``cell`` and ``count`` (E,): in a model's matrix of a photo, how many pixels
have the true class ``cell // 21`` and the predicted class ``cell % 21``. What is not listed is 0.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from segkit.errors import SegkitError, one_line
from segkit.languages import message, say
from segkit.masks import bootstrap
from segkit.models import entries

FILE = "confusions.npz"
HALVES = {"report": "looked at once", "choose": "used for choosing"}  # in words
# Background, cat, cow, dog, horse, person, sheep: the classes that are frequent on VOC's val list.
FREQUENT = (0, 8, 10, 12, 13, 15, 17)
CLASSES = 21
# set: (its photos in words, the class indices that count; None: all that occur in truth)
SETS = {"vocval": (message("{count} VOC photos, 7 classes"), FREQUENT),
        "voc40": (message("{count} VOC photos, all classes"), None),
        "person200": (message("{count} photos, person"), (15,))}


@dataclass(frozen=True, eq=False)
class PhotoSet:
    """One half of one set of photos.

    Attributes:
        name: a key of :data:`SETS`.
        words: "114 VOC photos, 7 classes", in the reader's language.
        classes: the class indices that count, or None: all that occur in truth.
        matrices: dictionary from model to its (N, 21, 21) int64 confusion matrices, true classes in
            the rows; the photos are in the same order for all. A head goes by its name, as
            "head-v3"; other models by name and size, as "deeplab@289" and "starter@257". In
            "head-v3+near" only the pixels within 5 pixels of a true boundary are counted.
    """

    name: str
    words: str
    classes: tuple | None
    matrices: dict

    def estimate(self, model):
        """Mean IoU of a model with its interval: :class:`segkit.masks.bootstrap.Estimate`."""
        return bootstrap.estimate(self._of(model), self.classes)

    def gain(self, model, over):
        """What a model gains over another one, paired by photo: an ``Estimate``.

        Raises:
            SegkitError: one of them was not measured.
        """
        return bootstrap.gain(self._of(over), self._of(model), self.classes)

    def _of(self, model):
        if model not in self.matrices:
            raise SegkitError(say("{model!r} was not measured on photos; there are {listed}", model=model,
                                  listed=", ".join(self.matrices)))
        return self.matrices[model]


def photo_set(name, half="report"):
    """The :class:`PhotoSet` of a name in :data:`SETS` and a half in :data:`HALVES`.

    Raises:
        SegkitError: no such set or half, or the file cannot be read.
    """
    for what, value, known in (("set of photos", name, SETS), ("half", half, HALVES)):
        if value not in known:
            raise SegkitError(say("no {what} is called {value!r}; there are {listed}", what=what, value=value,
                                  listed=", ".join(known)))
    stacks, sets, halves = _read(entries.DATA / "models" / FILE)
    kept = (sets == name) & (halves == half)
    words, classes = SETS[name]
    matrices = {_short(model): stack[kept] for model, stack in stacks.items()
                if stack[kept].any()}
    return PhotoSet(name, say(words, count=kept.sum()), classes, matrices)


def photo_sets(half="report"):
    """All sets of photos, as a list of :class:`PhotoSet`. Raises as :func:`photo_set` does."""
    return [photo_set(name, half) for name in SETS]


def ways(file):
    """The sets of photos of a file that holds ways in the place of models, such as mistakes of preparation.

    Args:
        file: its path under data/. Its arrays: ``ways`` (W,) names, and for each set that was measured
            an array of its name, (W, N, 21, 21): the matrices of the half that was looked at once.

    Returns:
        list of :class:`PhotoSet`, whose ``matrices`` go by the names of the ways.

    Raises:
        SegkitError: the file cannot be read.
    """
    file = entries.DATA / file
    try:
        with np.load(file) as stored:
            names = stored["ways"].tolist()
            return [PhotoSet(name, say(words, count=stored[name].shape[1]), classes,
                             dict(zip(names, stored[name].astype(np.int64))))
                    for name, (words, classes) in SETS.items() if name in stored]
    except (OSError, ValueError, KeyError, IndexError, EOFError) as error:
        raise SegkitError(say("{file} cannot be read ({why}); get a fresh copy of the project",
                              file=one_line(file), why=one_line(error))) from error


def _short(model):
    """A head runs on the features of a trunk, which has one size."""
    return model.partition("@")[0] if model.startswith("head-") else model


@lru_cache(maxsize=2)
def _read(file):
    """({model: (P, 21, 21) int64}, sets (P,), halves (P,))."""
    try:
        with np.load(file) as stored:
            names, sets, halves = (stored[name] for name in ("models", "sets", "halves"))
            dense = np.zeros((len(names), len(sets), CLASSES * CLASSES), np.int64)
            dense[stored["model"], stored["photo"], stored["cell"]] = stored["count"]
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError) as error:
        raise SegkitError(say("{file} cannot be read ({why}); get a fresh copy of the project",
                              file=one_line(file), why=one_line(error))) from error
    dense = dense.reshape(len(names), len(sets), CLASSES, CLASSES)
    return dict(zip(names.tolist(), dense)), sets, halves
