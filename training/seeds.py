"""Stage `seeds`: how much a result moves when nothing but the seed changes.

Measured in PyTorch, on the runs that are there: each head's (`heads --seed`), and short runs of the whole network
(`train --name short-0 --seed 0` and so on). The result is <work>/seeds.json:

- ``choose``: {what: {photo set: [figure of each seed]}} on the half that is used for choosing;
- ``report``: the same of the heads on the half that is looked at once;
- ``pairs``: {"newer/older head": {photo set: [lead, low, high]}} there, each photo's pixels counted for all seeds together.
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
from training.timing import PAIRS

SIDE, SHORT_SIDE, BATCH = 257, 289, 8


def pictures(labelled: list[str], side: int, half: str):
    """(set, pixels (N, 3, side, side) in [-1, 1], masks) of a half, some photos at a time."""
    for folder in map(Path, labelled):
        pairs = half_of(folder, half)
        for start in range(0, len(pairs), BATCH):
            some = pairs[start:start + BATCH]
            pixels = np.stack([resize.resize_bilinear(np.asarray(open_photo(photo)), side, side) for photo, _ in some])
            yield folder.name, train.to_input(pixels), [read_mask(mask) for _, mask in some]


def confused(models: dict, labelled: list[str], side: int, half: str, trunk=None) -> tuple[dict, np.ndarray]:
    """{name: (P, 21, 21) of a half's photos} of models that take pictures, or a trunk's features; the photos' sets (P,)."""
    found: dict = {name: [] for name in models}
    sets: list[str] = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for kind, pixels, truths in pictures(labelled, side, half):
            given = trunk(pixels) if trunk else (pixels,)
            for name, model in models.items():
                guesses = spread(model(*given).float(), (side, side)).argmax(1).numpy().astype(np.uint8)
                found[name] += [metrics.confusion_matrix(truth, resize.resize_nearest(guess, *truth.shape))
                                for guess, truth in zip(guesses, truths)]
            sets += [kind] * len(truths)
    return {name: np.stack(matrices) for name, matrices in found.items() if matrices}, np.array(sets)


def of_set(matrices: np.ndarray, sets: np.ndarray, kind: str) -> np.ndarray:
    """The matrices of one set's photos; "voc" is voc40 and vocval together."""
    return matrices[confusions.members(sets, np.full(len(sets), "all"), kind, "all")]


def by_seed(found: dict, sets: np.ndarray) -> dict[str, dict[str, list[float]]]:
    """{kind of run: {set: [figure of each seed]}}; names end in "-<seed>"."""
    result: dict = {}
    for name, matrices in found.items():
        for kind in dict.fromkeys([*confusions.FIGURES, *sets.tolist()]):
            rows = of_set(matrices, sets, kind)
            if len(rows):
                value = round(confusions.figure(rows.sum(0), kind), 4)
                result.setdefault(name.rsplit("-", 1)[0], {}).setdefault(kind, []).append(value)
    return result


def leads(runs: dict, sets: np.ndarray) -> dict[str, dict[str, list[float]]]:
    """How far a head leads an older one, all its seeds taken together; photos are drawn again in pairs."""
    pooled: dict = {}
    for name, matrices in runs.items():
        pooled[name.rsplit("-", 1)[0]] = pooled.get(name.rsplit("-", 1)[0], 0) + matrices
    found = {f"{new}/{old}": confusions.lead(pooled[new], pooled[old], sets, np.full(len(sets), "all"), "all")
             for old, new in PAIRS if {old, new} <= set(pooled)}
    return {pair: by_kind for pair, by_kind in found.items() if by_kind}


def run(work: str, labelled: list[str], threads: int = 2) -> None:
    """Measure all runs of <work>."""
    torch.set_num_threads(threads)
    folders = sorted(path.parent for path in (Path(work) / "heads").glob("v*-*/model.pt"))
    ours = {path.name: frozen.trained_head(work, *path.name.rsplit("-", 1)[:1], seed=int(path.name.rsplit("-", 1)[1]))
            for path in folders}
    short = {path.parent.name: train.read(path, "train").to(memory_format=torch.channels_last)
             for path in sorted(Path(work).glob("short-*/model.pt"))}
    result: dict = {"choose": {}, "report": {}, "pairs": {}}
    if ours:
        trunk = trained_trunk(work)
        chosen = by_seed(*confused(ours, labelled, SIDE, "choose", trunk))
        looked = confused(ours, labelled, SIDE, "report", trunk)
        told = by_seed(*looked)
        for half, found in (("choose", chosen), ("report", told)):
            result[half] = {f"head {name}": found[name] for name in heads.SEGMENTERS if name in found}
        result["pairs"] = leads(*looked)
    if short:
        found = by_seed(*confused(short, labelled, SHORT_SIDE, "choose"))
        result["choose"] |= {f"deeplab, a {name} run": values for name, values in found.items()}
    (Path(work) / "seeds.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
