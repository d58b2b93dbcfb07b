"""Stage `heads`: one head on the stored features, the trunk left alone.

All segmentation heads see the same views in the same order with the same settings, so that what differs between their
results is the head; a seed gives all of them another order and another chance to begin with. Nothing in the trunk
favours one of them: it learned with `deeplab`'s own head, which has no atrous branch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from segkit.errors import SegkitError
from segkit.masks.boxes import mask_boxes
from training import heads, label, loop, objects, story
from training.features import folder_of
from training.train import segmentation_loss
from training.views import LEAST_CELLS, Labelled

HEADS = {**heads.SEGMENTERS, "classify": objects.HeadClassify, "detect": objects.HeadDetect}


def build(head: str, output_stride: int = 16) -> nn.Module:
    """A head by name, its atrous rates set for the trunk's output stride; SegkitError for an unknown name."""
    if head not in HEADS:
        raise SegkitError(f"no head called {head!r}; there are {', '.join(HEADS)}")
    model = HEADS[head]()
    model.set_output_stride(output_stride)
    return model


def result_folder(work: str | Path, head: str, seed: int = 0) -> Path:
    """Where a head's run lies: <work>/heads/<head>-<seed>."""
    return Path(work) / "heads" / f"{head}-{seed}"


def trained_head(work: str | Path, head: str, output_stride: int = 16, seed: int = 0) -> nn.Module:
    """A head as its run left it, its rates set for an output stride; SegkitError where there was no run.

    Trained at 16 and run at 8 is DeepLab v3's own way: https://arxiv.org/abs/1706.05587, section 4.1.
    """
    file = result_folder(work, head, seed) / "model.pt"
    if not file.exists():
        raise SegkitError(f"{file} is missing; run `python -m training heads` first")
    model = build(head, output_stride)
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True)["model"])
    return model.eval()


def stored(folder: Path, *names: str) -> list[np.ndarray]:
    """Memory-mapped arrays of a feature folder, cut to the rows that are there; SegkitError where none are."""
    if not (folder / "done.txt").exists():
        raise SegkitError(f"{folder} holds no features; run `python -m training features` first")
    done = int((folder / "done.txt").read_text())
    return [np.load(folder / f"{name}.npy", mmap_mode="r")[:done] for name in names]


def rows_of(step: int, batch: int, count: int, seed: int) -> np.ndarray:
    """The rows of a step: every epoch goes through all of them once, in an order of its own; sorted for the disk."""
    epoch, place = divmod(step * batch, count - count % batch or count)
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return np.sort(order[place:place + batch])


def to_features(values: np.ndarray) -> Tensor:
    """(N, h, w, C) float16 to (N, C, h, w) float32, channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(values)).permute(0, 3, 1, 2).float()


def run(photos: list[str], work: str, head: str, masks: str | None = None, **options) -> None:
    """Train one head on the features of <work>; results as in `loop.fit`, in `result_folder`."""
    settings = loop.Settings(**({"head_rate": 2e-3, "batch": 16, "average": 0.99} | options))
    torch.manual_seed(settings.seed)
    labels = label.load(work)
    data = Labelled(photos, labels["names"], labels["codes"], masks)
    model = build(head).to(memory_format=torch.channels_last)
    parts = (segmentation if head in heads.SEGMENTERS else
             classification if head == "classify" else detection)(work, data, labels, settings, head)
    optimiser = loop.Optimiser(list(model.parameters()), [], settings)
    loop.fit(model, optimiser, *parts, result_folder(work, head, settings.seed), settings)
    story.add(Path(work), "heads", **{head: {"steps": settings.steps, "batch": settings.batch}})


def segmentation(work, data: Labelled, labels: dict, settings: loop.Settings, head: str):
    """(batch, loss) for a segmentation head."""
    low, high, codes = stored(folder_of(work) / "views", "low", "high", "codes")

    def batch(step: int) -> tuple[Tensor, Tensor, Tensor]:
        rows = rows_of(step, settings.batch, len(high), settings.seed)
        opinion = np.exp(codes[rows].astype(np.float32) / -label.CODE_STEP)
        near = to_features(low[rows]) if head == "v3plus" else torch.empty(0)
        return near, to_features(high[rows]), torch.from_numpy(opinion / opinion.sum(-1, keepdims=True))

    def loss_of(model: nn.Module, near: Tensor, far: Tensor, opinion: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(near, far)
        return segmentation_loss(logits, opinion)

    return batch, loss_of


def classification(work, data: Labelled, labels: dict, settings: loop.Settings, *_):
    """(batch, loss) for the head that names the photo's classes."""
    (high,) = stored(folder_of(work) / "plain", "high")
    truth, counted = (torch.from_numpy(x) for x in objects.photo_classes(data.cells, labels["boxes"], LEAST_CELLS))
    # A class in one photo of a hundred would otherwise be answered with "never".
    share = truth.mean(0).clamp(min=1e-3)
    more = ((1 - share) / share).sqrt().clamp(max=10)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rows = rows_of(step, settings.batch, len(high), settings.seed)
        return to_features(high[rows]), torch.from_numpy(rows)

    def loss_of(model: nn.Module, far: Tensor, photo: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(far).float()
        each = nn.functional.binary_cross_entropy_with_logits(logits, truth[photo], pos_weight=more, reduction="none")
        return (each * counted[photo]).sum() / counted[photo].sum()

    return batch, loss_of


def detection(work, data: Labelled, labels: dict, settings: loop.Settings, *_):
    """(batch, loss) for the detector: the SSD's boxes, and the mask's where the SSD saw nothing of a class."""
    (high,) = stored(folder_of(work) / "plain", "high")
    boxes, best = labels["boxes"], data.codes.argmin(-1)
    by_photo = np.split(boxes[:, 1:], np.searchsorted(boxes[:, 0], np.arange(1, len(data))))
    truth, _ = objects.photo_classes(data.cells, boxes, LEAST_CELLS)

    def boxes_of(photo: int) -> np.ndarray:
        present = np.flatnonzero(truth[photo]) + 1
        seen = by_photo[photo]
        # The photo's own classes decide: hints have corrected them, the SSD's names have not been.
        seen = seen[(seen[:, 1] >= objects.SURE) & np.isin(seen[:, 0], present)]
        missing = [kind for kind in present if kind not in seen[:, 0] and (best[photo] == kind).any()]
        all_boxes = np.concatenate([seen, mask_boxes(best[photo], missing)])
        if photo % 2 == 1:                                    # stage `features` mirrored these
            all_boxes[:, [2, 4]] = 1 - all_boxes[:, [4, 2]]
        return all_boxes

    def batch(step: int) -> tuple[Tensor, ...]:
        rows = rows_of(step, settings.batch, len(high), settings.seed)
        targets = [objects.detection_target(boxes_of(int(row)), high.shape[1]) for row in rows]
        return to_features(high[rows]), *(torch.from_numpy(np.stack(part)) for part in zip(*targets))

    def loss_of(model: nn.Module, far: Tensor, *targets: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            output = model(far)
        return objects.detection_loss(output, *targets)

    return batch, loss_of
