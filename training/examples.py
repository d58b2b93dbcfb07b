"""The bundled sample photos as the card's examples: what the default model sees in them, and what of it is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segkit import Segmenter, photos
from segkit.errors import SegkitError
from segkit.masks import labels

#: What is on the sample photos, of the 20 classes; `voc` by its true mask.
CONTENT = {"astronaut": {"person"}, "cat": {"cat"}, "motorcycle": {"motorbike"}, "coffee": {"diningtable"},
           "rocket": set(), "hopper": {"person"}, "voc": {"person", "diningtable", "chair", "bottle"}}
#: Below this share of the photo a class does not count as seen; the strip's height in pixels.
SEEN, HEIGHT = 0.01, 200
#: Things that are there, but so small that the card does not say when they are missed.
SMALL = {"chair", "bottle"}


def look(file: Path, fit: str) -> list[tuple[str, list[tuple[str, float]], set[str], set[str], Image.Image]]:
    """(sample, [(class, share)], classes seen that are not there, classes missed, overlay) of each sample photo.

    Samples whose package is not installed are left out.
    """
    segmenter, rows = Segmenter(str(file), fit=fit, runtime="litert", threads=1), []
    for name, there in CONTENT.items():
        try:
            result = segmenter.segment(photos.sample(name))
        except SegkitError:
            continue
        # By index: a file that is not yet in the catalogue has no names.
        seen = [(labels.VOC[c.index], c.share) for c in result.classes if c.index and c.share >= SEEN]
        found = {kind for kind, _ in seen}
        rows.append((name, seen, found - there, there - found - SMALL, result.overlay()))
    return rows


def strip(pictures: list[Image.Image]) -> Image.Image:
    """The pictures side by side at one height."""
    small = [picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT)) for picture in pictures]
    return Image.fromarray(np.concatenate([np.asarray(picture) for picture in small], 1))


def write(file: Path, fit: str, out: Path) -> str:
    """Write <out>/examples.jpg and return the card's paragraph on it; empty where no sample photo is here."""
    rows = look(file, fit)
    if not rows:
        return ""
    strip([row[-1] for row in rows]).save(out / "examples.jpg", quality=85)
    lines = []
    for name, seen, wrong, missed, _ in rows:
        shares = ", ".join(f"{kind} {share:.0%}" for kind, share in seen) or "nothing"
        faults = [f"not there: {', '.join(sorted(wrong))}"] * bool(wrong) + [
            f"missed: {', '.join(sorted(missed))}"] * bool(missed)
        lines.append(f"{name}: {shares}" + (f" (**{'; '.join(faults)}**)" if faults else ""))
    told = "; ".join(lines)
    return (f"\nThe bundled sample photos as `deeplab.tflite` sees them, from left to right: {told}.\n\n"
            f"![Sample photos with the classes painted over them: {told.replace('**', '')}](examples.jpg)\n")
