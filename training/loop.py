"""The training loop that every stage shares: steps, averaged weights, checkpoints, a log, and how to go on.

The learning rate warms up, stays, and falls only in the last `cooldown` steps (Hu et al., "MiniCPM",
https://arxiv.org/abs/2404.06395, section 4). So a longer run can go on from the checkpoint before the fall, and no
step that was paid for is lost: give the same command a larger `--steps`.
"""

from __future__ import annotations

import csv
import queue
import threading
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from segkit.errors import SegkitError
from training.story import LOG_EVERY
from training.team import Team

#: Seconds between checkpoints, steps between the averaging of a team's weights.
SAVE_EVERY_SECONDS, MEET_EVERY = 120, 8


@dataclass(frozen=True)
class Settings:
    """What a run is made of. Rates are the largest ones; `trunk_rate` is for a tensor whose values are about 0.05."""

    steps: int
    cooldown: int = 600
    warm: int = 200
    batch: int = 12
    head_rate: float = 1e-4
    trunk_rate: float = 3e-5
    decay: float = 0.01
    average: float = 0.998
    threads: int = 2
    seed: int = 0
    validate_every: int = 250


def level(step: int, settings: Settings) -> float:
    """Share of the full rate at a step, 0 to 1."""
    rise = min(1.0, (step + 1) / max(settings.warm, 1))
    left = settings.steps - step
    return rise * (max(0.02, left / settings.cooldown) if left < settings.cooldown else 1.0)


def size_of(tensor: Tensor) -> float:
    """How large a step a pre-trained tensor bears: its values' root mean square over 0.05, at least 0.7, at most 2."""
    return min(max(float(tensor.detach().pow(2).mean().sqrt()) / 0.05, 0.7), 2.0)


class Optimiser:
    """AdamW with one rate for new weights and, for pre-trained ones, a rate for each tensor by its own size.

    Folding batch norm spreads the tensors' sizes over two orders. AdamW at 2e-4 for all of them destroyed what was
    there; at 3e-5 it did not, and the larger tensors bear more.
    """

    def __init__(self, new: list[nn.Parameter], pretrained: list[nn.Parameter], settings: Settings):
        self.settings = settings
        groups = [{"params": new, "full": settings.head_rate, "weight_decay": settings.decay}]
        groups += [{"params": [weight], "full": settings.trunk_rate * size_of(weight), "weight_decay": 0.0}
                   for weight in pretrained]
        self.adam = torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0)

    def step(self, number: int) -> None:
        """One step with the rates of step `number`; gradients are cleared."""
        for group in self.adam.param_groups:
            group["lr"] = group["full"] * level(number, self.settings)
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)

    def load(self, state: dict) -> None:
        """Take over another run's moments, but keep this run's rates."""
        mine = [{key: group[key] for key in ("full", "weight_decay")} for group in self.adam.param_groups]
        self.adam.load_state_dict(state)
        for group, rates in zip(self.adam.param_groups, mine):
            group.update(rates)


class Average:
    """A copy of the model whose weights and norms are running means over the steps: less noise, better masks."""

    def __init__(self, model: nn.Module, keep: float):
        self.model, self.keep = deepcopy(model).eval(), keep

    def update(self, model: nn.Module, step: int) -> None:
        """Take in the model after a step; early on the mean is short, so that the random start is soon forgotten."""
        keep = min(self.keep, (step + 1) / (step + 10))
        with torch.no_grad():
            for mine, new in zip(self.model.state_dict().values(), model.state_dict().values()):
                mine.lerp_(new, 1 - keep) if mine.is_floating_point() else mine.copy_(new)


def ahead(make: Callable[[int], object], start: int, stop: int, depth: int = 3) -> Iterator[object]:
    """make(start), make(start + 1), ... prepared by a thread, `depth` ahead; an error there is raised here."""
    waiting: queue.Queue = queue.Queue(depth)

    def work() -> None:
        for number in range(start, stop):
            try:
                waiting.put(make(number))
            except BaseException as error:                          # noqa: BLE001 - handed over, raised below
                waiting.put(error)
                return

    threading.Thread(target=work, daemon=True).start()
    for _ in range(start, stop):
        item = waiting.get()
        if isinstance(item, BaseException):
            raise item
        yield item


def save(path: Path, **state) -> None:
    """torch.save to a neighbour first, then renamed: a run that is stopped leaves the old file or the new one."""
    unfinished = path.with_suffix(".tmp")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume_from(folder: Path, settings: Settings) -> dict | None:
    """The checkpoint to go on from: the last one, or the one before the fall if the run was made longer."""
    for name in ("last.pt", "stable.pt"):
        if not (folder / name).exists():
            continue
        state = torch.load(folder / name, map_location="cpu", weights_only=True)
        old = state["settings"]
        # After its fall a run has settled; going on from there would undo that, so its start is taken instead.
        unfallen = state["step"] <= min(old["steps"] - old["cooldown"], settings.steps - settings.cooldown)
        if old["steps"] == settings.steps or unfallen:
            return state
    if (folder / "last.pt").exists():
        raise SegkitError(f"{folder} holds a run that is past step {settings.steps - settings.cooldown} and no earlier "
                          f"checkpoint; give it more --steps or another folder")
    return None


def fit(model: nn.Module, optimiser: Optimiser, batch: Callable[[int], tuple], loss_of: Callable[..., Tensor],
        folder: Path, settings: Settings, validate: Callable[[nn.Module], dict] | None = None,
        team: Team = Team()) -> nn.Module:
    """Train and return the averaged model, also saved as `model.pt`; `log.csv` gets a row now and then.

    `batch(step)` gives what `loss_of(model, *batch)` takes. Goes on from the folder's checkpoint where there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings.threads)
    average, start = Average(model, settings.average), 0
    if state := resume_from(folder, settings):
        model.load_state_dict(state["model"])
        average.model.load_state_dict(state["average"])
        optimiser.load(state["adam"])
        start = state["step"]

    def keep(name: str, step: int) -> None:
        save(folder / name, step=step, settings=asdict(settings), model=model.state_dict(),
             average=average.model.state_dict(), adam=optimiser.adam.state_dict())

    model.train()
    log_every = min(LOG_EVERY, max(1, settings.steps // 5))
    losses, saved, began = [], time.monotonic(), time.monotonic()
    bar = tqdm(range(start, settings.steps), initial=start, total=settings.steps, unit="step", desc=folder.name,
               disable=team.rank > 0)
    for step, arrays in zip(bar, ahead(batch, start, settings.steps)):
        if step == settings.steps - settings.cooldown and team.rank == 0:
            keep("stable.pt", step)
        loss = loss_of(model, *arrays)
        loss.backward()
        optimiser.step(step)
        done = step + 1
        if done % MEET_EVERY == 0:
            team.average(model)
        if team.rank > 0:
            continue
        average.update(model, step)
        losses.append(float(loss.detach()))
        if done % log_every == 0 or done == settings.steps:
            row = {"step": done, "loss": sum(losses) / len(losses), "level": level(step, settings),
                   "photos_per_second": len(losses) * settings.batch * team.size / (time.monotonic() - began)}
            if validate and (done % settings.validate_every == 0 or done == settings.steps):
                row.update(validate(average.model))
            write_row(folder / "log.csv", row)
            bar.set_postfix({key: f"{value:.3f}" for key, value in row.items() if key != "step"})
            losses, began = [], time.monotonic()
        if time.monotonic() - saved > SAVE_EVERY_SECONDS or done == settings.steps:
            keep("last.pt", done)
            saved = time.monotonic()
    if team.rank == 0:
        save(folder / "model.pt", model=average.model.state_dict(), settings=asdict(settings))
    return average.model


def write_row(path: Path, row: dict) -> None:
    """Append to the log; `miou` and `person` stay empty between validations."""
    columns = ("step", "loss", "level", "photos_per_second", "miou", "person")
    fresh = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        if fresh:
            writer.writeheader()
        writer.writerow({key: f"{value:.5g}" for key, value in row.items()})
