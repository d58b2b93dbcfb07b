"""Stage `evaluate`: the finished .tflite files against labelled photos, PyTorch, both runtimes and the clock.

Everything goes through the package's own `Segmenter` and `Session`, so that the figures are those that a user gets.
Each measured model is one file in ``<work>/measured``; what is there and belongs to the same file is not done again.
The results are ``<work>/evaluation.json``, which stage `card` turns into prose, and ``<out>/confusions.npz``.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from segkit import Segmenter, open_session
from segkit.errors import SegkitError
from segkit.graph.sizing import with_input_size
from segkit.masks import boxes as boxes_of
from segkit.masks import metrics, resize
from segkit.masks.scores import Argmax
from segkit.networks.segmenter import normalise
from training import confusions, halves, timing
from training.label import open_photo, pairs, read_mask

BAND = 5
#: The sides that `deeplab` is measured at beside its own.
SIDES = (257, 289, 321, 385)
#: What takes a photo's values to [-1, 1].
MEAN = STD = 127.5


class Chain:
    """A trunk and a head, two files, used as one segmentation model: `mask(photo)`."""

    def __init__(self, trunk: Path, head: Path):
        self.trunk, self.head = (open_session(str(file), runtime="litert", threads=1) for file in (trunk, head))
        self.side = self.trunk.inputs[0].shape[1]
        self.argmax = Argmax(self.head.outputs[0].upsampled_from)

    def features(self, photo: np.ndarray) -> list[np.ndarray]:
        """The trunk's answers for a photo (H, W, 3) uint8, in the order of the head's inputs."""
        values = normalise(resize.resize_bilinear(photo, self.side, self.side), MEAN, STD)
        answers = self.trunk.run(values[None])
        return [next(answer for answer in answers if answer.shape == tensor.shape) for tensor in self.head.inputs]

    def mask(self, photo: np.ndarray) -> np.ndarray:
        """(H, W) uint8 class indices; the photo is stretched."""
        scores = self.head.run(*self.features(photo))[0]
        return resize.resize_nearest(self.argmax(scores), *photo.shape[:2])


def mask_function(file: Path, side: int | None, fit: str, scratch: str):
    """mask(photo) of a whole model, at a side other than its own if one is named, or of a head on its trunk."""
    if file.stem.startswith("head-"):
        return Chain(file.with_name("trunk-os8.tflite" if file.stem.endswith("os8") else "trunk.tflite"), file).mask
    if side:
        file = Path(with_input_size(str(file), side, Path(scratch) / f"{file.stem}-{side}.tflite"))
    segmenter = Segmenter(str(file), fit=fit, runtime="litert", threads=1)
    return lambda photo: segmenter.segment(photo).mask


def plan(folder: Path, starter: str | None, sides: tuple[int, ...] = SIDES) -> dict[str, tuple[Path, int | None, str]]:
    """{key: (file, side or None for its own, fit)}: what is measured on photos; see `confusions` for the keys."""
    rows = {}
    for file in sorted([*folder.glob("deeplab*.tflite"), *folder.glob("head-v*.tflite")]):
        own = open_session(str(folder / "trunk.tflite" if file.stem.startswith("head-") else file), runtime="litert",
                           threads=1).inputs[0].shape[1]
        rows[f"{file.stem}@{own}"] = (file, None, "stretch")
        others = sides if file.stem == "deeplab" else sides[:1] if file.stem == "deeplab-f32" else ()
        rows |= {f"{file.stem}@{side}": (file, side, "stretch") for side in others if side != own}
        if file.stem == "deeplab":
            rows[f"deeplab@{own}+letterbox"] = (file, None, "letterbox")
    if starter:
        rows["starter@257"] = (Path(starter), None, "stretch")
        rows["starter@257+letterbox"] = (Path(starter), None, "letterbox")
    return rows


def photos_of(labelled: list[str]) -> list[tuple[str, str, Path, Path]]:
    """(set, half, photo, mask) of all labelled photos; a folder that the split does not know is all "report"."""
    rows = []
    for folder in map(Path, labelled):
        first = {photo for photo, _ in halves.half_of(folder, "choose")}
        known = len(first) < len(pairs(folder))
        rows += [(folder.name, "choose" if known and photo in first else "report", photo, mask)
                 for photo, mask in pairs(folder)]
    return rows


def measure(job: tuple) -> str:
    """Measure one model on all photos, unless it was done; returns the key."""
    key, (file, side, fit), rows, target = job
    # The photos' order counts: one matrix stands for each.
    names = "\n".join(f"{place}/{photo.name}" for place, _, photo, _ in rows)
    digest = hashlib.sha256(file.read_bytes() + names.encode()).hexdigest()
    if target.exists():
        with np.load(target) as stored:
            if str(stored["digest"]) == digest:
                return key
    matrices, bands, outlines = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        mask_of = mask_function(file, side, fit, scratch)
        for _, _, photo, mask in rows:
            truth, guess = read_mask(mask), mask_of(np.asarray(open_photo(photo)))
            matrices.append(metrics.confusion_matrix(truth, guess))
            bands.append(metrics.trimap_matrix(truth, guess, BAND))
            outlines.append(metrics.boundary_f(truth, guess))
    unfinished = target.with_suffix(".tmp.npz")
    np.savez_compressed(unfinished, digest=digest, matrices=np.stack(matrices).astype(np.int32),
                        bands=np.stack(bands).astype(np.int32), outlines=np.array(outlines, np.float32))
    unfinished.replace(target)
    return key


def objects_found(chain: Chain, rows: list[tuple[str, str, Path, Path]], least: float = 0.01) -> dict:
    """How often classes are named, or boxed, in photos with masks; a class is there from `least` of the pixels on.

    For the head that classifies: `precision` and `recall` of the named classes. For the one that detects the same for
    the classes of its boxes, and `boxed`: the share of the classes there for which the box around all their boxes and
    the one around all their pixels overlap by half (IoU).
    """
    right = named = there = boxed = 0
    boxes = None
    for _, _, photo_file, mask_file in rows:
        truth, photo = read_mask(mask_file), np.asarray(open_photo(photo_file))
        present = {int(index) for index in range(1, 21) if (truth == index).mean() >= least}
        output = chain.head.run(*chain.features(photo))[0]
        boxes = boxes_of.decode(output) if output.ndim == 3 else None
        found = (set(boxes[:, 0].astype(int).tolist()) if boxes is not None
                 else {int(index) + 1 for index in np.flatnonzero(output > 0)})
        right, named, there = right + len(found & present), named + len(found), there + len(present)
        for index in found & present if boxes is not None else ():
            mine, real = boxes[boxes[:, 0] == index, 2:], boxes_of.mask_boxes(truth, [index])[0, 2:]
            around = np.concatenate([mine[:, :2].min(0), mine[:, 2:].max(0)])
            boxed += boxes_of.box_iou(around, real) >= 0.5
    result = {"precision": right / max(named, 1), "recall": right / max(there, 1)}
    return result | ({"boxed": boxed / max(there, 1)} if boxes is not None else {})


def quality(key: str, folder: Path, sets: np.ndarray, half: np.ndarray, reference: np.ndarray | None) -> dict:
    """{half: {set: figures}} of a measured model; with a reference's matrices also its lead over them."""
    with np.load(folder / f"{key}.npz") as stored:
        matrices, bands, outlines = (stored[name].astype(float) for name in ("matrices", "bands", "outlines"))
    found: dict = {}
    for which in halves.HALVES:
        for kind in dict.fromkeys([*confusions.FIGURES, *sets.tolist()]):
            rows = confusions.members(sets, half, kind, which)
            if not rows.any():
                continue
            total = matrices[rows].sum(0)
            each = metrics.iou_per_class(total)
            row = {"photos": int(rows.sum()), "figure": confusions.figure(total, kind),
                   "interval": confusions.interval(matrices[rows], kind), "person": float(each[confusions.PERSON]),
                   "miou": metrics.mean_iou(total), "trimap": metrics.mean_iou(bands[rows].sum(0)),
                   "boundary_f": float(np.nanmean(outlines[rows])),
                   "iou": [None if np.isnan(value) or not row.sum() else float(value) for value, row in zip(each, total)]}
            if reference is not None:
                row["lead"] = row["figure"] - confusions.figure(reference[rows].sum(0), kind)
                row["lead_interval"] = confusions.interval(matrices[rows], kind, reference[rows])
            found.setdefault(which, {})[kind] = row
    return found


def run(work: str, out: str, labelled: list[str], starter: str | None = None, processes: int = 2,
        sides: tuple[int, ...] = SIDES) -> None:
    """Measure all files in `out`; `labelled` are folders, `starter` the published model to compare with."""
    folder, measured = Path(out), Path(work) / "measured"
    files = sorted(folder.glob("*.tflite"))
    if not files:
        raise SegkitError(f"{out} holds no .tflite file; run `python -m training export` first")
    measured.mkdir(parents=True, exist_ok=True)
    rows, wanted = photos_of(labelled), plan(folder, starter, sides)
    jobs = [(key, row, rows, measured / f"{key}.npz") for key, row in wanted.items()]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for _ in tqdm(pool.imap_unordered(measure, jobs), total=len(jobs), unit="model", desc="evaluate"):
            pass
    matrices = {}
    for key in wanted:
        with np.load(measured / f"{key}.npz") as stored:
            matrices[key] = dict(enumerate(stored["matrices"]))
            if key.startswith("head-v"):  # lesson 06 compares the heads near boundaries, too
                matrices[confusions.near(key)] = dict(enumerate(stored["bands"]))
    confusions.write(folder / "confusions.npz", [(place, half, photo.stem) for place, half, photo, _ in rows], matrices)
    sets, half = (np.array([row[column] for row in rows]) for column in (0, 1))
    reference = np.stack(list(matrices["starter@257"].values())) if starter else None
    report = {"files": timing.files(files + ([Path(starter)] if starter else []), Path(work) / "checks", starter),
              "runtimes": timing.usable(files[0]), "machine": timing.machine(),
              "quality": {key: quality(key, measured, sets, half, reference) for key in wanted}}
    report["pairs"] = {f"{new}/{old}": lead(matrices, new, old, sets, half) for old, new in timing.PAIRS
                       if {f"head-{old}@257", f"head-{new}@257"} <= set(matrices)}
    report["objects"] = {head.stem.removeprefix("head-"): {
        kind: objects_found(Chain(folder / "trunk.tflite", head), [row for row in rows if row[:2] == (kind, "report")])
        for kind in dict.fromkeys(row[0] for row in rows)}
        for head in (folder / "head-classify.tflite", folder / "head-detect.tflite") if head.exists()}
    (Path(work) / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")


def lead(matrices: dict, new: str, old: str, sets: np.ndarray, half: np.ndarray) -> dict:
    """{set: (lead, low, high)} of one head over another on the photos of the reporting half."""
    one, other = (np.stack(list(matrices[f"head-{name}@257"].values())) for name in (new, old))
    return confusions.lead(one, other, sets, half, "report")
