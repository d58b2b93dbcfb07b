"""Stage `split`: the labelled photos in two halves, one to choose on and one that is looked at once, at the end.

``training/split.json`` was written before the training began. Photos are grouped by folder and by the class that
covers most of them, ordered within a group by the SHA-256 of the file, and dealt out in turn; so nobody picked, both
halves have about the same classes, and whoever has the files gets the same split.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from segkit.errors import SegkitError
from training.label import pairs, read_mask

FILE = Path(__file__).with_name("split.json")
HALVES = ("choose", "report")


def main_class(mask: np.ndarray) -> int:
    """The class but background that covers most of a mask; 0 where there is none."""
    counts = np.bincount(mask[mask != 255].ravel(), minlength=21)[:21]
    return int(counts[1:].argmax() + 1) if counts[1:].any() else 0


def deal(folder: str | Path) -> dict[str, list[str]]:
    """{half: sorted stems of its photos} of one labelled folder."""
    cards = sorted((main_class(read_mask(mask)), hashlib.sha256(photo.read_bytes()).hexdigest(), photo.stem)
                   for photo, mask in pairs(folder))
    return {half: sorted(stem for _, _, stem in cards[place::2]) for place, half in enumerate(HALVES)}


def run(labelled: list[str], out: str = str(FILE)) -> None:
    """Write the split of all folders, which go by their names."""
    split = {Path(folder).name: deal(folder) for folder in labelled}
    Path(out).write_text(json.dumps(split, indent=1) + "\n", encoding="utf-8")


def half_of(folder: str | Path, half: str, split: str | Path = FILE) -> list[tuple[Path, Path]]:
    """(photo, mask) files of a folder's half; every photo where the split does not know the folder.

    SegkitError for an unknown half.
    """
    if half not in HALVES:
        raise SegkitError(f"no half is called {half!r}; there are {', '.join(HALVES)}")
    known = json.loads(Path(split).read_text(encoding="utf-8")).get(Path(folder).name)
    return [pair for pair in pairs(folder) if known is None or pair[0].stem in known[half]]
