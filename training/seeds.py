"""Stage `seeds`: how much a result moves when nothing but the seed changes, on the half that is used for choosing.

Measured in PyTorch, on the runs that are there: each head's (`heads --seed`), and short runs of the whole network
(`train --name short-0 --seed 0` and so on). The result is <work>/seeds.json, {what: {photo set: [figure of each seed]}}.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from segkit.masks import metrics, resize
from training import confusions, frozen, heads, train
from training.deeplab import resize as spread
from training.features import trained_trunk
from training.halves import half_of
from training.label import open_photo, read_mask

SIDE, SHORT_SIDE, BATCH = 257, 289, 8


def pictures(labelled: list[str], side: int):
    """(set, pixels (N, 3, side, side) in [-1, 1], masks) of the choosing half, some photos at a time."""
    for folder in map(Path, labelled):
        pairs = half_of(folder, "choose")
        for start in range(0, len(pairs), BATCH):
            some = pairs[start:start + BATCH]
            pixels = np.stack([resize.resize_bilinear(np.asarray(open_photo(photo)), side, side) for photo, _ in some])
            yield folder.name, train.to_input(pixels), [read_mask(mask) for _, mask in some]


def matrix(logits: torch.Tensor, truths: list[np.ndarray], side: int) -> np.ndarray:
    """The confusion matrix of some photos' logits (N, 21, h, w)."""
    guesses = spread(logits.float(), (side, side)).argmax(1).numpy().astype(np.uint8)
    return sum(metrics.confusion_matrix(truth, resize.resize_nearest(guess, *truth.shape))
               for guess, truth in zip(guesses, truths))


def figures(models: dict, labelled: list[str], side: int, trunk=None) -> dict[str, dict[str, float]]:
    """{name: {set: figure}} of models that take pictures, or a trunk's two features where there is a trunk."""
    totals: dict = {name: {} for name in models}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for kind, pixels, truths in pictures(labelled, side):
            given = trunk(pixels) if trunk else (pixels,)
            for name, model in models.items():
                totals[name][kind] = totals[name].get(kind, 0) + matrix(model(*given), truths, side)
    for found in totals.values():
        if {"voc40", "vocval"} <= set(found):
            found["voc"] = found["voc40"] + found["vocval"]
    return {name: {kind: confusions.figure(total, kind) for kind, total in found.items()} for name, found in totals.items()}


def run(work: str, labelled: list[str], threads: int = 2) -> None:
    """Measure all runs of <work>."""
    torch.set_num_threads(threads)
    runs = sorted(path.parent for path in (Path(work) / "heads").glob("v*-*/model.pt"))
    ours = {path.name: frozen.trained_head(work, *path.name.rsplit("-", 1)[:1], seed=int(path.name.rsplit("-", 1)[1]))
            for path in runs}
    found = figures(ours, labelled, SIDE, trained_trunk(work)) if ours else {}
    short = {path.parent.name: train.read(path, "train").to(memory_format=torch.channels_last)
             for path in sorted(Path(work).glob("short-*/model.pt"))}
    found |= figures(short, labelled, SHORT_SIDE) if short else {}
    result: dict = {}
    for name in found:
        what = name.rsplit("-", 1)[0]
        label = f"{what}, a short run" if what == "short" else f"head {what}"
        for kind, value in found[name].items():
            result.setdefault(label.replace("short, a", "deeplab, a"), {}).setdefault(kind, []).append(round(value, 4))
    order = [f"head {name}" for name in heads.SEGMENTERS]
    ranked = sorted(result, key=lambda key: order.index(key) if key in order else len(order))
    (Path(work) / "seeds.json").write_text(json.dumps({key: result[key] for key in ranked}, indent=1) + "\n")
    print(json.dumps(result, indent=1))
