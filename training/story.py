"""How the models came about: facts that the stages leave in <work>/story.json, and the card's sentences on them."""

from __future__ import annotations

import csv
import json
import textwrap
from pathlib import Path

from segkit import labels

#: Steps between the rows of a run's log.
LOG_EVERY = 50
COLLECTIONS = {"imagenet": "ImageNet (one photo a class)", "catdog": "cats and dogs", "bsds": "BSDS500", "coco": "COCO",
               "voc": "PASCAL VOC 2012 (without masks)", "jetson": "the Jetson inference samples",
               "caltech": "Caltech-101", "animal": "animal pose (mostly VOC scenes)"}


def add(work: Path, part: str, **facts) -> None:
    """Put facts on a part into <work>/story.json; what is there and has another name stays."""
    file = work / "story.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    known[part] = known.get(part, {}) | facts
    file.write_text(json.dumps(known, indent=1) + "\n")


def collections(story: dict) -> str:
    """The collections that the photos come from."""
    return ", ".join(COLLECTIONS.get(name, name) for name in story["collections"])


def log(work: Path) -> list[dict[str, str]]:
    """The rows of the training's log.csv; none where there is no log."""
    file = work / "v3plus" / "log.csv"
    if not file.exists():
        return []
    with open(file, newline="") as opened:
        return list(csv.DictReader(opened))


def hours(rows: list[dict[str, str]], views: int) -> float:
    """Hours that a log's rows account for, repeated stretches included; `views` go into one step."""
    total, before = 0.0, 0
    for row in rows:
        ahead, before = int(row["step"]) - before, int(row["step"])
        steps = ahead if 0 < ahead <= LOG_EVERY else LOG_EVERY
        total += steps * views / float(row["photos_per_second"]) / 3600
    return total


def training(work: Path, story: dict) -> str:
    """How trunk and head were trained: steps, sizes, and the hours of all runs together."""
    views = story["batch"] * story["processes"]
    text = (f"3. Training: {story['steps']:,} steps of {views} views at {story['side']} pixels, one seed; with the parts that "
            f"were run twice, and those that brought nothing, {hours(log(work), views):.1f} hours on {story['processes']} "
            "processor cores shared with other work. The trunk starts from ImageNet weights, its first blocks and its "
            "depthwise filters stay as they were. `training/` has every step, its reasons and its sources.")
    return textwrap.fill(text, 120, subsequent_indent="   ")


def course(work: Path) -> list[list[str]]:
    """Step, learning rate, loss, mean IoU and person IoU, where the weights were tried on labelled photos."""
    return [[f"{int(row['step']):,}", f"{float(row['level']):.2f}", f"{float(row['loss']):.3f}", f"{float(row['miou']):.3f}",
             f"{float(row['person']):.3f}"] for row in log(work) if row["miou"]]


def heads(story: dict) -> str:
    """How long the lessons' heads were trained."""
    together: dict[int, list[str]] = {}
    for name, row in story.items():
        if name.startswith("frozen-"):
            together.setdefault(row["steps"], []).append(name.removeprefix("frozen-").replace("-os8", "-at8"))
    steps = ", ".join(f"{count:,} steps ({', '.join(sorted(names))})" for count, names in sorted(together.items()))
    text = (f"4. The heads of the lessons were trained on the final trunk, frozen: {steps}, each of {story['batch']} views. The "
            "segmentation heads saw the same views in the same order. This is less than `deeplab` had: its trunk and head "
            "learned together.")
    if any("v3-at8" in names for names in together.values()):
        text += (" v3-os8 is v3 with its rates doubled, no more; v3-at8, which is not shipped, went on from there with "
                 "features at output stride 8.")
    return textwrap.fill(text, 120, subsequent_indent="   ")


def scarce(story: dict, most: int = 100) -> str:
    """The classes that few of the photos show."""
    found = sorted((count, labels.VOC[index]) for index, count in enumerate(story["by_class"]) if index and count < most)
    return "few of them show " + ", ".join(f"{name} ({count})" for count, name in found) if found else "there are few"
