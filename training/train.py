"""Stage 3, `train`: the whole network on views of labelled photos, end to end but for the first blocks.

First, while the trunk's rate is still zero, the head learns on the ImageNet features; then both move. The depthwise
filters of the trunk stay as they are: a hundredth of its weights, a third of a step's time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training import heads, label, loop, network, story, team
from training.validate import quick
from training.views import Labelled, Viewer

#: How much of the target is the teacher's soft opinion; the rest is its choice.
SOFT = 0.5


def class_weights(data: Labelled) -> Tensor:
    """(21,) float32 around 1: rarer classes count more, by the fourth root of their share of the cells.

    The background has a fixed weight; with 0.7 the outlines of persons grew.
    """
    share = data.cells[:, 1:].sum(0) / max(data.cells[:, 1:].sum(), 1)
    weights = np.clip((share + 1e-3) ** -0.25, None, 4)
    return torch.tensor(np.concatenate([[1.1], weights / weights.mean()]), dtype=torch.float32)


def segmentation_loss(logits: Tensor, opinion: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy of logits (N, 21, h, w) to the teacher's opinion (N, h, w, 21), a scalar.

    Half to its probabilities, half to its choice; each cell counts by confidence squared and by its class's weight.
    """
    if logits.shape[2:] != opinion.shape[1:3]:
        logits = heads.resize(logits, tuple(opinion.shape[1:3]))
    log = functional.log_softmax(logits.float().permute(0, 2, 3, 1), -1)
    best, choice = opinion.max(-1)
    soft = -(opinion * log).sum(-1)
    hard = -log.gather(-1, choice[..., None])[..., 0]
    even = 1 / opinion.shape[-1]
    weight = ((best - even).clamp(min=0) / (1 - even)) ** 2 * weights[choice]
    return ((SOFT * soft + (1 - SOFT) * hard) * weight).sum() / weight.sum().clamp(min=1)


def to_input(pixels: np.ndarray) -> Tensor:
    """(N, S, S, 3) uint8 to the network's (N, 3, S, S) float32 in [-1, 1], channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def freeze(net: heads.Network) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Fix stem, first blocks and depthwise filters; returns (the head's weights, the trunk's that may move)."""
    moving = []
    for name, weight in net.trunk.named_parameters():
        number = int(name.split(".")[1]) if name.startswith("blocks.") else -1
        weight.requires_grad_(number >= network.FROZEN and not name.endswith("depthwise.weight"))
        if weight.requires_grad:
            moving.append(weight)
    return list(net.head.parameters()), moving


def tell_story(work: Path, data: Labelled, settings: loop.Settings, us: team.Team, side: int) -> None:
    """<work>/story.json: what the card will say about how the models were made."""
    collections = sorted({str(name).split("_")[0] for name in data.names})
    story.add(work, photos=len(data), collections=collections, hints=data.hinted, steps=settings.steps,
              batch=settings.batch, processes=us.size, side=side, seed=settings.seed,
              by_class=[len(found) for found in data.by_class])


def run(photos: list[str], work: str, head: str = "v3plus", side: int = 257, validate: str | None = None,
        processes: int = 1, **options) -> None:
    """Train trunk and `head` on the work folder's labels; results in <work>/<head>, resumed if they are there."""
    settings = loop.Settings(**options)
    team.run(processes, lambda us: train(us, settings, photos, work, head, side, validate))


def train(us: team.Team, settings: loop.Settings, photos: list[str], work: str, head: str, side: int,
          validate: str | None) -> None:
    """One process's part of `run`."""
    torch.manual_seed(settings.seed)
    stored = label.load(work)
    data = Labelled(photos, stored["names"], stored["codes"])
    if us.rank == 0:
        tell_story(Path(work), data, settings, us, side)
        print(f"{len(data)} photos, {data.hinted} with a hint; photos by class:",
              " ".join(f"{index}:{len(found)}" for index, found in enumerate(data.by_class) if index))
    net = heads.build(head)
    net.trunk.load_state_dict(network.imagenet_state())
    net = net.to(memory_format=torch.channels_last)
    optimiser = loop.Optimiser(*freeze(net), settings)
    viewer, weights = Viewer(data, side, settings.seed), class_weights(data)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        first = (step * us.size + us.rank) * settings.batch
        views = [viewer.view(first + number) for number in range(settings.batch)]
        return to_input(np.stack([pixels for pixels, _ in views])), torch.from_numpy(np.stack([o for _, o in views]))

    def loss_of(model: nn.Module, pixels: Tensor, opinion: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(pixels)
        return segmentation_loss(logits, opinion, weights)

    check = (lambda model: quick(model, validate, side)) if validate else None
    loop.fit(net, optimiser, batch, loss_of, Path(work) / head, settings, check, us)
