"""How the models came about: facts that the stages leave in <work>/story.json, and the card's sentences on them."""

from __future__ import annotations

import csv
import json
import textwrap
from pathlib import Path

from segkit.masks import labels

#: Steps between the rows of a run's log.
LOG_EVERY = 50


def add(work: Path, part: str, **facts) -> None:
    """Put facts on a part into <work>/story.json; what is there and has another name stays."""
    file = work / "story.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    known[part] = known.get(part, {}) | facts
    file.write_text(json.dumps(known, indent=1) + "\n")


def log(work: Path, name: str = "deeplab") -> list[dict[str, str]]:
    """The rows of a run's log.csv; none where there is no log."""
    file = work / name / "log.csv"
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


def filled(text: str) -> str:
    """A numbered paragraph at the card's width."""
    return textwrap.fill(text, 120, subsequent_indent="   ")


def labels_told(story: dict) -> str:
    """Where the labels come from."""
    told = story["deeplab"]
    return filled(
        f"2. **Labels.** {told['drawn']:,} of the {told['photos']:,} photos have masks that people drew (PASCAL VOC 2012 and "
        "SBD, training part only). The others were labelled by `deeplabv3_mnv2_pascal_quant` at 513 pixels, from two scales, "
        f"one mirrored; file names of the collections (\"cow\", \"beagle\") corrected {told['hints']:,} of them. So the "
        "network learns at a small input what the published one sees at a large one. Boxes come from a published SSD and "
        "from the masks.")


def training(work: Path, story: dict) -> str:
    """How trunk and head were trained: steps, sizes and hours."""
    told = story["deeplab"]
    views = told["batch"] * told["processes"]
    sides = ", ".join(f"{share:.0%} at {side}" for side, share in told["sides"].items())
    return filled(
        f"3. **Training.** {told['steps']:,} steps of {views} views ({told['steps'] * views:,} views; {sides} pixels), one seed, "
        f"{hours(log(work), views):.1f} hours on {told['processes']} processor cores shared with other work. Nearly half of "
        "the views come from photos with drawn masks; photos are drawn by class. All weights moved; the stem and the first "
        "three blocks on every fourth step. AdamW at 2.5e-5 for weights that begin as published, 1e-4 for the decoder; the "
        "result is the running mean of the weights over the steps." + went_on(work, story))


def went_on(work: Path, story: dict) -> str:
    """What was trained on beyond the trunk's run, and what was averaged afterwards: that is shipped as `deeplab`."""
    runs, text = story.get("final", {}).get("mean_of", []), ""
    for name in dict.fromkeys(run for run in runs if run not in ("deeplab", "begin")):
        told = story[name]
        views = told["batch"] * told["processes"]
        text += (f" For `deeplab` it went on from before the fall of the rate to {told['steps']:,} steps "
                 f"({told['steps'] * views:,} views, {hours(log(work, name), views):.1f} hours).")
    if runs:
        share = runs.count("begin") / len(runs)
        text += (f" Of `deeplab` the mean of the result ({1 - share:.0%}) and of the beginning ({share:.0%}) is shipped, chosen "
                 "on the choosing half (Wortsman et al., https://arxiv.org/abs/2109.01903).")
    return text + " The trunk of the lessons' parts is the result of the first run itself."


def heads(story: dict) -> str:
    """How the lessons' heads were trained."""
    told = story.get("heads", {})
    together: dict[tuple[int, int], list[str]] = {}
    for name, row in told.items():
        together.setdefault((row["steps"], row["batch"]), []).append(name)
    steps = ", ".join(f"{count:,} steps of {batch} views ({', '.join(sorted(names))})"
                      for (count, batch), names in sorted(together.items()))
    return filled(
        f"4. **The lessons' heads** were trained on the trunk of step 3, frozen, at 257 pixels: {steps}. The segmentation heads "
        "have the same width, norm, views, order and rates of learning. The trunk had learned with `deeplab`'s own head, which "
        "has no atrous branch, so it favours none of v1, v2 and v3; image pooling and a decoder were part of that head. v3-os8 is "
        "v3 with its rates doubled, on the trunk at output stride 8, and learned nothing there.")


def scarce(story: dict, most: int = 300) -> str:
    """The classes that few of the photos show."""
    found = sorted((count, labels.VOC[index]) for index, count in enumerate(story["deeplab"]["by_class"])
                   if index and count < most)
    return "Few photos show " + ", ".join(f"{name} ({count})" for count, name in found) if found else "No class is scarce"
