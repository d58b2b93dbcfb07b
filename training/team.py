"""Several processes of one thread each that train one model: on a few cores faster than one process with threads.

Every process takes steps on its own views; every few steps their weights are averaged (Stich, "Local SGD converges fast
and communicates little", https://arxiv.org/abs/1805.09767). Processes are forked before PyTorch has started threads.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn


class Team(NamedTuple):
    """This process's place in the team, 0 to size - 1; place 0 keeps the files."""

    rank: int = 0
    size: int = 1

    def average(self, model: nn.Module) -> None:
        """Replace the model's weights and norms by their mean over the team; waits for everyone."""
        if self.size == 1:
            return
        tensors = [value for value in model.state_dict().values() if value.is_floating_point()]
        flat = torch.cat([value.reshape(-1) for value in tensors])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        with torch.no_grad():
            for value, mean in zip(tensors, flat.split([value.numel() for value in tensors])):
                value.copy_(mean.reshape(value.shape))


def _join(rank: int, size: int, meeting: str, work: Callable[[Team], None]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    work(Team(rank, size))
    torch.distributed.destroy_process_group()


def run(size: int, work: Callable[[Team], None]) -> None:
    """work(team) in `size` processes, this one among them; an error in any ends all."""
    if size == 1:
        work(Team())
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = os.path.join(folder, "meeting")
        context = multiprocessing.get_context("fork")
        others = [context.Process(target=_join, args=(rank, size, meeting, work), daemon=True)
                  for rank in range(1, size)]
        for process in others:
            process.start()
        _join(0, size, meeting, work)
        for process in others:
            process.join()
