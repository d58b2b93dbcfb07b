"""Measure what the mistakes of lesson 08 cost on labelled photos, for maintainers.

    python tools/mistakes.py --labelled FOLDER [FOLDER ...] [--split training/split.json]

Each folder (voc40, vocval, person200) holds NAME.jpg with its class mask NAME.png (0 to 20, 255 =
not counted). Writes
data/models/mistakes.npz: the confusion matrices of each photo, which the lesson compares photo by
photo. Run it again whenever deeplab-f32 changes; the photos are not part of the project.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from segkit import Segmenter, models, photos
from segkit.lessons.lesson_08 import experiments

MODEL = "deeplab-f32"


def labelled(folder, split):
    """(photo, true mask) of the photos of a folder that took no part in choosing the model."""
    known = split.get(folder.name, {}).get("report")
    for file in sorted(folder.glob("*.jpg")):
        if known is None or file.stem in known:
            yield photos.load(file), np.array(Image.open(file.with_suffix(".png")))


def options(words):
    """The command line of a tool that measures on labelled photos; `words`: its description."""
    parser = argparse.ArgumentParser(description=words.splitlines()[0])
    parser.add_argument("--labelled", nargs="+", type=Path, required=True)
    parser.add_argument("--split", type=Path, help="names the photos that nobody chose a model on")
    return parser.parse_args()


def store(file, chosen, measure):
    """Write the confusion matrices of all folders into a file under data/.

    `measure` takes pairs of photo and true mask, and returns {name of a way: (photos, 21, 21) matrices}.
    """
    split, stored = json.loads(chosen.split.read_text()) if chosen.split else {}, {}
    for folder in chosen.labelled:
        found = measure(labelled(folder, split))
        stored[folder.name] = np.stack(list(found.values())).astype(np.uint32)
    target = models.DATA / file
    np.savez_compressed(target, ways=np.array(list(found)), **stored)
    print(f"{target.name}: {target.stat().st_size} bytes;",
          ", ".join(f"{rows.shape[1]} photos of {name}" for name, rows in stored.items()))


if __name__ == "__main__":
    store(experiments.STORED, options(__doc__), lambda pairs: experiments.confusions(Segmenter(MODEL, threads=1), pairs))
