"""One setting on its way through a measurement: started, timed in rounds, finished."""

import tempfile
from collections import namedtuple

import numpy as np

from segkit.benchmark import agreement, gpu, machine, openvino
from segkit.benchmark.client import Cancelled, Client, Gone
from segkit.benchmark.settings import DELEGATES, GPU_DELEGATES, model_file
from segkit.errors import SegkitError, one_line
from segkit.runtime.settings import checked_delegate

Progress = namedtuple("Progress", "done total setting stage result pid")
Progress.__doc__ = """How far a sweep has come, for a progress bar.

done, total: steps; setting, stage: what comes next ("load", "round 1 of 3", "done"); result: the
finished :class:`Result` where the stage is "done"; pid: the worker's process."""

UNLIMITED = 1e6  # seconds
WARMUP = 1  # seconds: slow kernels have no more to warm up
SHORTEST = 0.1  # seconds: systems count work in hundredths, so less says nothing about a load


class Row:
    """A setting on its way through a sweep."""

    def __init__(self, result):
        self.result, self.setting = result, result.asked
        self.client = self.file = self.entry = self.output = None
        self.seconds = sum(result.runs_ms) / 1e3
        self.wall = self.others = self.joules = self.counted = 0.0
        self.steps = 0

    @property
    def running(self):
        return self.client is not None


class Steps:
    """The options of a sweep, and the steps of one row."""

    def __init__(self, runs, seconds=None, rounds=1, warmup=3, timeout=120, environment=None,
                 progress=None, cancelled=lambda: False):
        self.runs, self.seconds, self.rounds, self.warmup = runs, seconds, rounds, warmup
        self.timeout, self.environment = timeout, environment
        self.progress, self.cancelled = progress, cancelled
        self.references = agreement.References(timeout, cancelled)
        self.done = self.total = 0

    def tell(self, row, stage, result=None):
        if self.progress:
            self.progress(Progress(self.done, self.total, row.setting, stage, result,
                                   row.client.pid if row.client else None))

    def guarded(self, row, step, *arguments):
        """Run a step; what goes wrong becomes the row's status and reason."""
        if self.cancelled():
            raise Cancelled
        try:
            step(row, *arguments)
        except Gone as gone:
            self.give_up(row, gone.status, gone.reason)
        except SegkitError as error:
            self.give_up(row, "refused", str(error))
        except (ValueError, OSError, MemoryError) as error:
            self.give_up(row, "failed", f"{type(error).__name__}: {one_line(error)}")
        row.steps += 1
        self.done += 1

    def give_up(self, row, status, reason):
        words = row.client.words if row.client else ""
        self.close(row)
        if row.setting.delegate in GPU_DELEGATES:
            status, reason = gpu.missing(words) or (status, reason)
        row.result.status, row.result.reason, row.result.complete = status, reason, True
        row.result.runs_ms, row.result.rounds = [], []
        self.done += self.rounds + 1 - row.steps  # the steps that it will not take
        self.tell(row, "done", row.result)

    @staticmethod
    def close(row):
        if row.client:
            row.client.close()
            row.client = None

    def start(self, row):
        """Load the model, run it for the first time, warm up and keep the answer."""
        setting, result = row.setting, row.result
        problem = setting.problem()
        if problem:
            raise Gone("refused", problem)
        try:
            row.file, row.entry = model_file(setting.model)
            if setting.delegate not in DELEGATES:
                checked_delegate(setting.delegate)
        except SegkitError as error:
            raise Gone("unavailable", str(error)) from error
        result.bytes = row.file.stat().st_size
        row.client = Client({**openvino.environment(setting), **(self.environment or {})},
                            self.cancelled)
        self.tell(row, "load")
        ask = row.client.ask
        loaded = ask("load", self.timeout, file=str(row.file), setting=setting.as_dict())
        result.load_ms, result.applied = loaded["load_ns"] / 1e6, loaded["applied"]
        result.base_mib = loaded["base_bytes"] / 2**20
        arrays = agreement.make_inputs(loaded["inputs"], row.entry)
        with tempfile.TemporaryDirectory(prefix="segkit-") as folder:
            first = ask("first", self.timeout, arrays=agreement.save(arrays, folder))
            result.first_ms, result.applied = first["first_ns"] / 1e6, first["applied"]
            if self.warmup > 1:
                self.timed(row, self.warmup - 1, 0, WARMUP)
            answer = ask("output", self.timeout, folder=folder)
            row.output = [np.load(file) for file in answer["files"]], answer["outputs"]

    def timed(self, row, runs, warmup, seconds):
        longest = self.timeout + 3 * (runs + warmup) * row.result.first_ms / 1e3
        return row.client.ask("time", longest, runs=runs, warmup=warmup, seconds=seconds)

    def round(self, row, number):
        """One round: a run that is not counted, then the timed ones."""
        result, rounds_left = row.result, self.rounds - number
        runs = -(-(self.runs - len(result.runs_ms)) // rounds_left)
        budget = (self.seconds - row.seconds) / rounds_left if self.seconds else UNLIMITED
        if len(result.rounds) > number or (budget <= 0 and result.runs_ms):
            return  # a round of the report that is resumed, or the time is used up
        self.tell(row, f"round {number + 1} of {self.rounds}")
        before = machine.Meters(row.client.pid)
        answer = self.timed(row, runs, 1, budget)
        wall, others, joules = before.since(row.client.pid)
        taken = [ns / 1e6 for ns in answer["ns"]]
        result.runs_ms += taken
        result.rounds.append(len(taken))
        row.seconds += sum(taken) / 1e3
        row.wall, row.others = row.wall + wall, row.others + others
        if row.wall > SHORTEST:
            result.other_load = round(min(machine.allowed_cores(), row.others / row.wall), 2)
        row.counted += len(taken) + 1  # the run that is not timed takes energy, too
        row.joules = None if joules is None or row.joules is None else row.joules + joules
        result.energy_joules = None if row.joules is None else row.joules / row.counted
        if answer["peak_bytes"]:
            result.peak_mib = answer["peak_bytes"] / 2**20

    def finish(self, row):
        """Everything that is known once all rounds are over."""
        result = row.result
        result.applied.update(row.client.ask("doubt", self.timeout))
        client = row.client
        self.close(row)
        if row.setting.delegate in GPU_DELEGATES:
            result.notes += gpu.judge(result.applied, client.words)
        elif row.setting.delegate == openvino.DELEGATE:
            result.notes += openvino.judge(result.applied, client.words)
        runs = len(result.runs_ms)
        if runs < self.runs:
            result.notes.append(f"{runs} of {self.runs} runs in the {self.seconds:g} s allowed")
        self.agree(row)
        result.complete = True
        result.finish(machine.allowed_cores())
        self.tell(row, "done", result)

    def agree(self, row):
        known = self.references.get(row.file, row.entry, row.setting.size)
        if isinstance(known, str):
            row.result.notes.append(known)
        else:
            row.result.agreement = agreement.compare(*row.output, *known)
            if row.setting.api == "compiled" and row.setting.delegate == "reference" \
                    and row.result.agreement["max_abs"]:
                row.result.applied["delegate"] = "none"
                row.result.notes.append("the compiled model took other kernels than the reference "
                                        "kernels: its answer differs from theirs")
