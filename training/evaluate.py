"""Stage 5, `evaluate`: the finished .tflite files against labelled photos, PyTorch, both runtimes and the clock.

Everything goes through the package's own `Segmenter` and `Session`, so that the figures are those that a user gets.
The result is ``<work>/evaluation.json``, which stage `card` turns into prose.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image
from tqdm import tqdm

from segkit import Segmenter, metrics, open_session, resize
from segkit import boxes as boxes_of
from segkit.errors import SegkitError
from segkit.scores import class_map, grid_step
from segkit.segmentation import normalise
from segkit.settings import runtimes
from training.label import open_photo, pairs
from training.teacher import PERSON

ROUNDS, WARM = 30, 3
BAND = 5
#: What takes a photo's values to [-1, 1].
MEAN = STD = 127.5


class Chain:
    """A trunk and a head, two files, used as one segmentation model: `mask(photo)`."""

    def __init__(self, trunk: Path, head: Path):
        self.trunk, self.head = (open_session(str(file), runtime="litert", threads=1) for file in (trunk, head))
        self.side = self.trunk.inputs[0].shape[1]
        self.step = None

    def features(self, photo: np.ndarray) -> list[np.ndarray]:
        """The trunk's answers for a photo (H, W, 3) uint8, in the order of the head's inputs."""
        values = normalise(resize.resize_bilinear(photo, self.side, self.side), MEAN, STD)
        answers = self.trunk.run(values[None])
        return [next(answer for answer in answers if answer.shape == tensor.shape) for tensor in self.head.inputs]

    def mask(self, photo: np.ndarray) -> np.ndarray:
        """(H, W) uint8 class indices; the photo is stretched."""
        scores = self.head.run(*self.features(photo))[0]
        if self.step is None:
            self.step = grid_step(scores, self.head.outputs[0].upsampled_from)
        return resize.resize_nearest(class_map(scores, self.step), *photo.shape[:2])


def whole(file: Path, fit: str):
    """mask(photo) of a whole model."""
    segmenter = Segmenter(str(file), fit=fit, runtime="litert", threads=1)
    return lambda photo: segmenter.segment(photo).mask


def quality(mask_of, folder: Path, boundaries: bool = True) -> dict:
    """How good the masks of a labelled folder are: figures over all its photos, an interval for mean IoU."""
    matrices, bands, outlines = [], [], []
    for photo_file, mask_file in tqdm(pairs(folder), unit="photo", leave=False, disable=None):
        truth = np.asarray(Image.open(mask_file))
        guess = mask_of(np.asarray(open_photo(photo_file)))
        matrices.append(metrics.confusion_matrix(truth, guess))
        if boundaries:
            bands.append(metrics.trimap_matrix(truth, guess, BAND))
            outlines.append(metrics.boundary_f(truth, guess))
    total = np.sum(matrices, 0)
    each = metrics.iou_per_class(total)
    result = {"photos": len(matrices), "miou": metrics.mean_iou(total), "interval": bootstrap(np.stack(matrices)),
              "person": float(each[PERSON]), "accuracy": metrics.pixel_accuracy(total),
              "iou": [None if np.isnan(value) or not row.sum() else float(value) for value, row in zip(each, total)]}
    if boundaries:
        result |= {"trimap": metrics.mean_iou(np.sum(bands, 0)), "boundary_f": float(np.nanmean(outlines))}
    return result


def objects_found(chain: Chain, folder: Path, least: float = 0.01) -> dict:
    """How often classes are named, or boxed, in photos with masks; a class is there from `least` of the pixels on.

    For the head that classifies: `precision` and `recall` of the named classes. For the one that detects the same for
    the classes of its boxes, and `boxed`: the share of the classes there for which the box around all their boxes and
    the one around all their pixels overlap by half (IoU).
    """
    right = named = there = boxed = 0
    for photo_file, mask_file in pairs(folder):
        truth, photo = np.asarray(Image.open(mask_file)), np.asarray(open_photo(photo_file))
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


def bootstrap(matrices: np.ndarray, rounds: int = 1000, seed: int = 0) -> list[float]:
    """The middle 95 % of mean IoU when the photos are drawn again with replacement; `matrices` is (photos, C, C).

    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979.
    """
    random, flat = np.random.default_rng(seed), matrices.reshape(len(matrices), -1)
    counts = random.multinomial(len(matrices), [1 / len(matrices)] * len(matrices), rounds)
    scores = [metrics.mean_iou(row.reshape(matrices.shape[1:])) for row in counts @ flat]
    return [float(value) for value in np.nanpercentile(scores, [2.5, 97.5])]


def multiply_adds(session) -> int:
    """Multiplications of the convolutions in one run of a session's graph."""
    shapes = {row["index"]: row["shape"] for row in session.interpreter.get_tensor_details()}
    total = 0
    for node in session.interpreter._get_ops_details():
        if node["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            height, width = shapes[int(node["outputs"][0])][1:3]
            total += int(np.prod(shapes[int(node["inputs"][1])])) * int(height * width)
    return total


def largest_error(file: Path, check: Path, runtime: str) -> float:
    """Largest difference between a float file's answers and PyTorch's on the inputs that `export` kept."""
    with np.load(check) as kept:
        inputs = [kept[name] for name in sorted(kept.files) if name.startswith("input")]
        truth = [kept[name] for name in sorted(kept.files) if name.startswith("output")]
    session = open_session(str(file), runtime=runtime, threads=1)
    ordered = [next(x for x in inputs if x.shape == tensor.shape) for tensor in session.inputs]
    answers = session.run(*ordered)
    answers = answers if isinstance(answers, tuple) else (answers,)
    return max(float(np.abs(next(a for a in answers if a.shape == t.shape) - t).max()) for t in truth)


def times(files: list[Path], runtime: str) -> list[float]:
    """Median milliseconds of `invoke` on one thread; the files take turns, so that a busy moment hits all."""
    sessions = [open_session(str(file), runtime=runtime, threads=1) for file in files]
    for session in sessions:
        for tensor in session.inputs:
            session.interpreter.set_tensor(tensor.index, np.zeros(tensor.shape, tensor.dtype))
    logs: list[list[float]] = [[] for _ in sessions]
    for _ in range(ROUNDS + WARM):
        for session, log in zip(sessions, logs):
            start = perf_counter()
            session.interpreter.invoke()
            log.append((perf_counter() - start) * 1e3)
    return [statistics.median(log[WARM:]) for log in logs]


def run(work: str, out: str, labelled: list[str], starter: str | None = None, fits: tuple = ("stretch", "letterbox")) -> None:
    """Measure all files in `out`; `labelled` are folders, `starter` the published model to compare with."""
    folder, report = Path(out), {"models": {}, "ablation": {}, "runtimes": {}}
    files = sorted(folder.glob("*.tflite"))
    if not files:
        raise SegkitError(f"{out} holds no .tflite file; run `python -m training export` first")
    named = {file.name: file for file in files} | ({"starter": Path(starter)} if starter else {})
    report["runtimes"] = usable(files[0])
    for name, file in tqdm(named.items(), unit="model", desc="evaluate"):
        content = file.read_bytes()
        row = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
               "multiply_adds": multiply_adds(open_session(str(file), runtime="litert", threads=1, delegate="none"))}
        if name == "starter" or name.startswith("deeplab"):
            row["quality"] = {Path(place).name: {fit: quality(whole(file, fit), Path(place)) for fit in fits}
                              for place in labelled}
        check = Path(work) / "checks" / f"{file.stem}.npz"
        for precision in ("-f32", "-f16", "-w8"):
            if not check.exists() and file.stem.endswith(precision):
                check = Path(work) / "checks" / f"{file.stem.removesuffix(precision)}.npz"
        if check.exists() and file.name != "deeplab.tflite" and name != "starter":
            row["error"] = {runtime: largest_error(file, check, runtime) for runtime in report["runtimes"]}
        report["models"][name] = row
    for runtime in report["runtimes"]:
        for name, value in zip(named, times(list(named.values()), runtime)):
            report["models"][name].setdefault("milliseconds", {})[runtime] = value
    for head in sorted([*folder.glob("head-v*.tflite"), *(Path(work) / "f32" / "measured").glob("head-v*.tflite")]):
        trunk = folder / ("trunk-os8.tflite" if head.stem.endswith("8") else "trunk.tflite")
        chain = Chain(trunk, head)
        report["ablation"][head.stem.removeprefix("head-")] = {
            Path(place).name: quality(chain.mask, Path(place)) for place in labelled}
    report["objects"] = {head.stem.removeprefix("head-"): {
        Path(place).name: objects_found(Chain(folder / "trunk.tflite", head), Path(place)) for place in labelled}
        for head in (folder / "head-classify.tflite", folder / "head-detect.tflite") if head.exists()}
    (Path(work) / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")


def usable(file: Path) -> dict[str, str]:
    """The runtimes, with versions, that can really open a file here."""
    found = {}
    for name, version in runtimes().items():
        try:
            open_session(str(file), runtime=name, threads=1)
            found[name] = version
        except SegkitError:
            continue
    return found
