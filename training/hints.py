"""What a photo's file name says about it, used to mend the teacher's label.

Collections such as Caltech-101 and ImageNet name the object in the file name. The teacher finds the outline of a cow
well and calls it a dog; where the name is known, the probabilities of a group of confusable classes are merged into
the class that the name gives. Where the name says that the object is none of the 20 classes (a bear, a tractor) but of
a group's kind, its pixels are left out: neither "dog" nor "background" would be the truth about them.

The rules are in hints.csv: a pattern that the whole file name must match, the classes (`*`: the pattern's first group
names them, joined by "-"; empty: leave out), and the group.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from segkit.masks import labels
from training.label import CODE_STEP, encode

INDEX = {name: index for index, name in enumerate(labels.VOC)}
GROUPS = {
    "animals": ("bird", "cat", "cow", "dog", "horse", "sheep"),
    "vehicles": ("aeroplane", "bicycle", "boat", "bus", "car", "motorbike", "train"),
    "furniture": ("chair", "sofa"),
}
#: A cell whose probability for a left-out group is above this carries no label.
LEFT_OUT = 0.2


def rules() -> list[tuple[re.Pattern, str, str]]:
    """The rows of hints.csv: (compiled pattern, classes, group)."""
    with open(Path(__file__).with_name("hints.csv"), newline="") as file:
        return [(re.compile(row["pattern"]), row["classes"], row["group"]) for row in csv.DictReader(file)]


def hint(name: str, table: list[tuple[re.Pattern, str, str]]) -> tuple[list[int], list[int]] | None:
    """(class indices that the file name gives, indices of the group they are confused within), or None."""
    for pattern, classes, group in table:
        if match := pattern.fullmatch(name):
            given = match.group(1) if classes == "*" else classes
            return [INDEX[kind] for kind in given.split("-") if kind], [INDEX[kind] for kind in GROUPS[group]]
    return None


def mend(codes: np.ndarray, classes: list[int], group: list[int]) -> np.ndarray:
    """Codes (h, w, 21) of one photo with a hint applied; same shape, uint8. All codes 0 means: no label here."""
    probabilities = np.exp(codes.astype(np.float32) / -CODE_STEP)
    probabilities /= probabilities.sum(-1, keepdims=True)
    together = probabilities[..., group].sum(-1)
    if not classes:
        mended = encode(probabilities)
        mended[together > LEFT_OUT] = 0
        return mended
    among = probabilities[..., classes] + 1e-4
    among /= among.sum(-1, keepdims=True)
    probabilities[..., group] = 0
    probabilities[..., classes] = together[..., None] * among
    return encode(probabilities)


def apply(names: np.ndarray, codes: np.ndarray) -> int:
    """Mend the codes (N, 33, 33, 21) in place by the photos' names; returns how many photos had a hint."""
    table, count = rules(), 0
    for place, name in enumerate(names):
        if found := hint(str(name), table):
            codes[place] = mend(codes[place], *found)
            count += 1
    return count
