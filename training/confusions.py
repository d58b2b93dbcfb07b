"""Per-photo confusion matrices: kept small in data/models/confusions.npz, and the figures that come from them.

The file's arrays (NumPy, no pickles):

- ``models`` (M,) str: "deeplab@289" is deeplab.tflite at 289 pixels; "head-v1@257" is that head on trunk.tflite;
  "starter@257" the published starter model; a name that ends in "+letterbox" was given letterboxed photos; of
  "head-v1+near@257" only the pixels within 5 pixels of a true boundary are counted (heads only).
- ``photos`` (P,) str, ``sets`` (P,) str and ``halves`` (P,) str: each photo's name, its set ("voc40", "vocval" or
  "person200") and its half ("choose" or "report").
- ``model``, ``photo`` (E,) uint16, ``cell`` (E,) uint16, ``count`` (E,) uint32: of a model (a place in ``models``) and a
  photo (a place in ``photos``), how many pixels have the true class ``cell // 21`` and the guessed class ``cell % 21``.
  What is not listed is 0. Pixels that a mask ignores are not counted.

A model that is not measured on a half's photos has no entries there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segkit.masks import metrics

CLASSES, PERSON = 21, 15
#: Background, cat, cow, dog, horse, person, sheep: the classes that are frequent in `vocval`.
FREQUENT = (0, 8, 10, 12, 13, 15, 17)
#: Photo sets, and in words what their figure is.
FIGURES = {"voc40": "mean IoU over the classes that occur", "vocval": "mean IoU over background and six frequent classes",
           "voc": "mean IoU over the classes that occur, voc40 and vocval together", "person200": "IoU of person"}


def near(key: str) -> str:
    """The key of a model's matrices of the pixels near boundaries: "head-v1@257" gives "head-v1+near@257"."""
    return key.replace("@", "+near@")


def write(file: Path, photos: list[tuple[str, str, str]], matrices: dict[str, dict[int, np.ndarray]]) -> None:
    """Write the file from photos (set, half, name) and {model: {place of the photo: (21, 21) matrix}}."""
    columns: list[list[np.ndarray]] = [[], [], [], []]
    for number, by_photo in enumerate(matrices.values()):
        for place, matrix in sorted(by_photo.items()):
            cells = np.flatnonzero(matrix)
            for column, values in zip(columns, (np.full(len(cells), number), np.full(len(cells), place), cells,
                                                matrix.ravel()[cells])):
                column.append(values)
    kinds = (np.uint16, np.uint16, np.uint16, np.uint32)
    entries = [np.concatenate(column).astype(kind) for column, kind in zip(columns, kinds)]
    sets, halves, names = (np.array(column) for column in zip(*photos))
    np.savez_compressed(file, models=np.array(list(matrices)), photos=names, sets=sets, halves=halves,
                        **dict(zip(("model", "photo", "cell", "count"), entries)))


def read(file: str | Path) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """({model: (P, 21, 21) int64}, sets (P,), halves (P,)) of such a file."""
    with np.load(file) as stored:
        shape = (len(stored["models"]), len(stored["photos"]), CLASSES * CLASSES)
        dense = np.zeros(shape, np.int64)
        dense[stored["model"], stored["photo"], stored["cell"]] = stored["count"]
        return (dict(zip(stored["models"].tolist(), dense.reshape(*shape[:2], CLASSES, CLASSES))), stored["sets"],
                stored["halves"])


def figure(matrix: np.ndarray, kind: str) -> float:
    """The figure of a set (see `FIGURES`) from the sum of its photos' matrices."""
    if kind == "person200":
        return float(metrics.iou_per_class(matrix)[PERSON])
    if kind == "vocval":
        return float(np.nanmean(metrics.iou_per_class(matrix)[list(FREQUENT)]))
    return metrics.mean_iou(matrix)


def members(sets: np.ndarray, halves: np.ndarray, kind: str, half: str) -> np.ndarray:
    """(P,) bool: the photos of a set's half; "voc" is voc40 and vocval together."""
    return (halves == half) & (np.isin(sets, ("voc40", "vocval")) if kind == "voc" else sets == kind)


def lead(one: np.ndarray, other: np.ndarray, sets: np.ndarray, halves: np.ndarray, half: str) -> dict[str, list[float]]:
    """{set: [lead, low, high]} of a model over another on a half's photos; both (P, 21, 21)."""
    found = {}
    for kind in FIGURES:
        rows = members(sets, halves, kind, half)
        if rows.any():
            found[kind] = [figure(one[rows].sum(0), kind) - figure(other[rows].sum(0), kind),
                           *interval(one[rows], kind, other[rows])]
    return found


def draws(photos: int, rounds: int, seed: int = 0) -> np.ndarray:
    """(rounds, photos) int: how often each photo was drawn, with replacement, as many as there are."""
    return np.random.default_rng(seed).multinomial(photos, [1 / photos] * photos, rounds)


def interval(matrices: np.ndarray, kind: str, other: np.ndarray | None = None, rounds: int = 1000) -> list[float]:
    """The middle 95 % of a figure when the photos (N, 21, 21) are drawn again; or of its lead over `other`'s.

    Both models see the same photos in each round, so what makes a photo hard does not count as a difference.
    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979.
    """
    counts, scores = draws(len(matrices), rounds), []
    for rows in (matrices, other):
        if rows is not None:
            sums = (counts @ rows.reshape(len(rows), -1)).reshape(rounds, *rows.shape[1:])
            scores.append(np.array([figure(matrix, kind) for matrix in sums]))
    drawn = scores[0] if other is None else scores[0] - scores[1]
    return [float(value) for value in np.nanpercentile(drawn, [2.5, 97.5])]
