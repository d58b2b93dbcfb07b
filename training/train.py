"""Stage `train`: the whole network `deeplab` on views of labelled photos, from what stage `begin` made.

A step's views all have one side, drawn from `SIDES`, so that the network serves all of them. Two processes with one
thread each are faster than one with two (`training.team`). Stem and first blocks see the whole picture and cost half a
step's time to train, so they move on every `EARLY_EVERY`-th step only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from segkit.errors import SegkitError
from training import label, loop, story, team
from training.deeplab import DeepLab, resize
from training.validate import quick
from training.views import Labelled, Viewer

#: How much of the target is the teacher's soft opinion; the rest is its choice.
SOFT = 0.5
#: Input sides and how often each is drawn; the first is the files' own.
SIDES = {289: 0.5, 257: 0.3, 321: 0.2}
EARLY_EVERY = 4


def segmentation_loss(logits: Tensor, opinion: Tensor) -> Tensor:
    """Cross-entropy of logits (N, 21, h, w) to the labels' opinion (N, h, w, 21), a scalar.

    Half to its probabilities, half to its choice; each cell counts by confidence squared.
    """
    if logits.shape[2:] != opinion.shape[1:3]:
        logits = resize(logits, tuple(opinion.shape[1:3]))
    log = functional.log_softmax(logits.float().permute(0, 2, 3, 1), -1)
    best, choice = opinion.max(-1)
    soft = -(opinion * log).sum(-1)
    hard = -log.gather(-1, choice[..., None])[..., 0]
    even = 1 / opinion.shape[-1]
    weight = ((best - even).clamp(min=0) / (1 - even)) ** 2
    return ((SOFT * soft + (1 - SOFT) * hard) * weight).sum() / weight.sum().clamp(min=1)


def to_input(pixels: np.ndarray) -> Tensor:
    """(N, S, S, 3) uint8 to the network's (N, 3, S, S) float32 in [-1, 1], channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def begun(work: str | Path) -> DeepLab:
    """The network that stage `begin` made; SegkitError if it did not."""
    return read(Path(work) / "begin.pt", "begin")


def trained(work: str | Path) -> DeepLab:
    """The float32 network that stage `train` left in a work folder; SegkitError if it did not."""
    return read(Path(work) / "deeplab" / "model.pt", "train")


def shipped(work: str | Path) -> DeepLab:
    """The network that is exported: stage `mean`'s, where that was done, else stage `train`'s."""
    return read(Path(work) / "final" / "model.pt", "mean") if (Path(work) / "final").exists() else trained(work)


def read(file: Path, stage: str) -> DeepLab:
    """A `DeepLab` from a file of its weights; SegkitError where it is missing."""
    if not file.exists():
        raise SegkitError(f"{file} is missing; run `python -m training {stage}` first")
    state = torch.load(file, map_location="cpu", weights_only=True)["model"]
    widths = tuple(weight.shape[0] for name, weight in state.items() if name.startswith("trunk.")
                   and name.endswith("depthwise.weight"))
    net = DeepLab(widths)
    net.load_state_dict(state)
    return net.eval()


def mean(work: str, runs: list[str], name: str = "final") -> None:
    """Stage `mean`: several runs' weights averaged, <work>/<name>/model.pt; runs with one beginning agree enough for that.

    A run named often weighs more; "begin" is what stage `begin` made. Wortsman et al., "Model soups", https://arxiv.org/abs/2203.05482.
    """
    states = [(begun(work) if run == "begin" else read(Path(work) / run / "model.pt", "train")).state_dict() for run in runs]
    folder = Path(work) / name
    folder.mkdir(parents=True, exist_ok=True)
    loop.save(folder / "model.pt", model={key: sum(state[key] for state in states) / len(states) for key in states[0]})
    story.add(Path(work), name, mean_of=runs)


def groups(net: DeepLab) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(the decoder's weights, which are new, and the others, which begin as published)."""
    new = [weight for layer in (net.head.squeeze, net.head.narrow, net.head.depthwise, net.head.pointwise,
                                net.head.logits) for weight in layer.parameters()]
    known = {id(weight) for weight in new}
    return new, [weight for weight in net.parameters() if id(weight) not in known]


def side_of(step: int, seed: int, sides: dict[int, float]) -> int:
    """The side of a step's views."""
    return int(np.random.default_rng([seed, step, 1]).choice(list(sides), p=list(sides.values())))


def run(photos: list[str], work: str, masks: str | None = None, side: int | None = None, validate: str | None = None,
        processes: int = 1, name: str = "deeplab", start: str | None = None, **options) -> None:
    """Train on the work folder's labels; results in <work>/<name>, resumed if they are there.

    With `side` all views have that side. `start` names another run of <work> whose result is the beginning.
    """
    settings = loop.Settings(**options)
    sides = {side: 1.0} if side else SIDES
    team.run(processes, lambda us: train(us, settings, photos, Path(work), masks, sides, validate, name, start))


def train(us: team.Team, settings: loop.Settings, photos: list[str], work: Path, masks: str | None,
          sides: dict[int, float], validate: str | None, name: str, start: str | None) -> None:
    """One process's part of `run`."""
    torch.manual_seed(settings.seed)
    stored = label.load(work)
    data = Labelled(photos, stored["names"], stored["codes"], masks)
    if us.rank == 0:
        collections = sorted({str(name).split("_")[0] for name in data.names})
        story.add(work, name, photos=len(data), drawn=len(data.drawn), collections=collections, hints=data.hinted,
                  steps=settings.steps, batch=settings.batch, processes=us.size, sides=sides, seed=settings.seed,
                  by_class=[len(found) for found in data.by_class],
                  drawn_by_class=[len(found) for found in data.drawn_by_class])
        print(f"{len(data)} photos, {len(data.drawn)} with a mask, {data.hinted} with a hint; by class:",
              " ".join(f"{index}:{len(found)}" for index, found in enumerate(data.by_class) if index), flush=True)
    net = (read(work / start / "model.pt", "train") if start else begun(work)).to(memory_format=torch.channels_last)
    optimiser = loop.Optimiser(*groups(net), settings)
    viewer = Viewer(data, next(iter(sides)), settings.seed)

    def batch(step: int) -> tuple[bool, Tensor, Tensor]:
        viewer.set_side(side_of(step, settings.seed, sides))
        first = (step * us.size + us.rank) * settings.batch
        views = [viewer.view(first + number) for number in range(settings.batch)]
        return (step % EARLY_EVERY == 0, to_input(np.stack([pixels for pixels, _ in views])),
                torch.from_numpy(np.stack([opinion for _, opinion in views])))

    def loss_of(model: DeepLab, early: bool, pixels: Tensor, opinion: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            with torch.set_grad_enabled(early):
                low = model.trunk.early(pixels)
            logits = model.head(low, model.trunk.late(low))
        return segmentation_loss(logits, opinion)

    check = (lambda model: quick(model, validate, next(iter(sides)))) if validate else None
    loop.fit(net, optimiser, batch, loss_of, work / name, settings, check, us)
