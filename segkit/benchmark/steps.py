"""One setting on its way through a measurement: batches of runs, each in a process of its own.

A new process for each batch, because processes differ among each other: where memory lies, and
which pages are near the caches. Measured in one process alone, this luck would look like a
property of the setting, and the interval would not know of it.
"""

from collections import namedtuple
from statistics import median

from segkit.benchmark import accelerators, agreement, machine
from segkit.benchmark.settings import DELEGATES, GPU_DELEGATES, model_file
from segkit.benchmark.worker import Client
from segkit.errors import SegkitError, one_line
from segkit.runtime.isolated import Cancelled, Gone
from segkit.runtime.settings import allowed_cores, checked_delegate

Progress = namedtuple("Progress", "done total setting stage result pid")
Progress.__doc__ = """How far a sweep has come, for a progress bar.

done, total: steps; setting, stage: what comes next ("load", "round 1 of 3", "done"); result: the
finished :class:`Result` where the stage is "done"; pid: the worker's process."""

UNLIMITED = 1e6  # seconds
WARMUP = 1  # seconds: slow kernels have no more to warm up
SHORTEST = 0.1  # seconds: systems count work in hundredths, so less says nothing about a load


class Row:
    """A setting on its way through a measurement."""

    def __init__(self, result):
        self.result, self.setting = result, result.asked
        self.client = self.file = self.entry = self.output = None
        self.wall = self.others = self.joules = self.counted = 0.0
        self.steps = 0

    def close(self):
        """End its process, if there is one."""
        if self.client:
            self.client.close()
            self.client = None


class Steps:
    """The options of a measurement, and the steps of one row."""

    def __init__(self, runs, seconds=None, rounds=1, warmup=3, timeout=120, environment=None,
                 progress=None, cancel=None):
        self.runs, self.seconds, self.rounds, self.warmup = runs, seconds, rounds, warmup
        self.timeout, self.environment, self.progress = timeout, environment, progress
        self.cancelled = getattr(cancel, "is_set", cancel) or (lambda: False)
        self.references = agreement.References(timeout, self.cancelled)
        self.done = self.total = 0

    def tell(self, row, stage, result=None):
        """Call ``progress``."""
        if self.progress:
            self.progress(Progress(self.done, self.total, row.setting, stage, result,
                                   row.client.pid if row.client else None))

    def one_batch(self, row, number, what):
        """:meth:`batch`, where a row that fails ends everything. SegkitError: it did."""
        try:
            self.guarded(row, self.batch, number)
        except Cancelled as stopped:
            raise SegkitError(f"{what} was stopped before its end") from stopped
        finally:
            row.close()
        if row.result.status != "ok":
            raise SegkitError(f"{row.setting.label} was {row.result.status}: {row.result.reason}")

    def guarded(self, row, step, *arguments):
        """Run a step of a row that goes on; what goes wrong becomes its status and reason."""
        if row.result.complete:
            return
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
        """End a row that cannot be measured (any further)."""
        words = row.client.words if row.client else ""
        row.close()
        if row.setting.delegate in GPU_DELEGATES:
            status, reason = accelerators.gpu_lacks(words) or (status, reason)
        row.result.status, row.result.reason, row.result.complete = status, reason, True
        row.result.runs_ms, row.result.rounds = [], []
        self.done += self.rounds - row.steps  # the steps that it will not take
        self.tell(row, "done", row.result)

    def start(self, row):
        """A new process: load the model, run it for the first time, warm up; what that took."""
        setting, result = row.setting, row.result
        if setting.problem():
            raise Gone("refused", setting.problem())
        try:
            row.file, row.entry = model_file(setting.model)
            if setting.delegate not in DELEGATES:
                checked_delegate(setting.delegate)
        except SegkitError as error:
            raise Gone("unavailable", str(error)) from error
        result.bytes = row.file.stat().st_size
        row.client = Client({**accelerators.environment(setting), **(self.environment or {})},
                            self.cancelled)
        self.tell(row, "load")
        ask = row.client.ask
        loaded = ask("load", self.timeout, file=str(row.file), setting=setting.as_dict())
        arrays = agreement.make_inputs(loaded["inputs"], row.entry)
        first = ask("first", self.timeout, arrays=arrays)
        if row.output is None:  # later processes do the same, and are not judged again
            result.applied, result.base_mib = first["applied"], loaded["base_bytes"] / 2**20
        took = {"load_ms": loaded["load_ns"] / 1e6, "first_ms": first["first_ns"] / 1e6,
                "copy_ms": first["copy_ns"] / 1e6}
        if self.warmup > 1:
            self.timed(row, took["first_ms"], self.warmup - 1, 0, WARMUP)
        return took

    def timed(self, row, first_ms, runs, warmup, seconds):
        """The worker's answer to "time"."""
        longest = self.timeout + 3 * (runs + warmup) * first_ms / 1e3
        return row.client.ask("time", longest, runs=runs, warmup=warmup, seconds=seconds)

    def batch(self, row, number):
        """One round of a row: a new process, a run that is not counted, then the timed ones."""
        result, rounds_left = row.result, self.rounds - number
        runs = -(-(self.runs - len(result.runs_ms)) // rounds_left)
        spent = sum(result.runs_ms) / 1e3
        budget = max(0, self.seconds - spent) / rounds_left if self.seconds else UNLIMITED
        if len(result.rounds) > number:
            return  # a round of the report that is resumed
        took = self.start(row)
        self.tell(row, f"round {number + 1} of {self.rounds}")
        meters = machine.Meters(row.client.pid)
        answer = self.timed(row, took["first_ms"], runs, int(budget > 0), budget)
        self.note(row, answer, took, meters.since(row.client.pid))
        if row.output is None:
            self.hand_over(row)
        row.close()

    def note(self, row, answer, took, meanwhile):
        """Keep what a batch has measured, and what the machine did meanwhile."""
        result = row.result
        taken = [ns / 1e6 for ns in answer["ns"]]
        result.runs_ms += taken
        result.rounds.append(len(taken))
        result.batches.append({**took, "megahertz": meanwhile.megahertz,
                               "throttled": meanwhile.throttled})
        for name in took:
            setattr(result, name, median(batch[name] for batch in result.batches))
        row.wall, row.others = row.wall + meanwhile.seconds, row.others + meanwhile.others
        if row.wall > SHORTEST:
            result.other_load = round(min(allowed_cores(), row.others / row.wall), 2)
        row.counted += len(taken) + 1  # the run that is not timed takes energy, too
        row.joules = (None if meanwhile.joules is None or row.joules is None
                      else row.joules + meanwhile.joules)
        result.energy_joules = None if row.joules is None else row.joules / row.counted
        if answer["peak_bytes"]:
            result.peak_mib = max(result.peak_mib or 0, answer["peak_bytes"] / 2**20)

    def hand_over(self, row):
        """Take the row's answer, and find out whether an accelerator did the work."""
        result, client = row.result, row.client
        row.output = client.ask("output", self.timeout)
        result.applied.update(client.ask("doubt", self.timeout))
        row.close()
        if row.setting.delegate in GPU_DELEGATES:
            result.notes += accelerators.judge_gpu(result.applied, client.words)
        elif row.setting.delegate == accelerators.OPENVINO:
            result.notes += accelerators.judge_openvino(result.applied, client.words)

    def finish(self, row):
        """Everything that is known once all rounds are over."""
        result = row.result
        if row.output is None:  # all rounds come from the report that is resumed
            self.start(row)
            self.hand_over(row)
        if len(result.runs_ms) < self.runs:
            result.notes.append(f"{len(result.runs_ms)} of {self.runs} runs in the "
                                f"{self.seconds:g} s allowed")
        known = self.references.get(row.file, row.entry, row.setting.size)
        if isinstance(known, str):
            result.notes.append(known)
        else:
            result.agreement = agreement.compare(*row.output, *known)
            if row.setting.api == "compiled" and row.setting.delegate == "reference" \
                    and result.agreement["max_abs"]:
                result.applied["delegate"] = "none"
                result.notes.append("the compiled model took other kernels than the reference "
                                    "kernels: its answer differs from theirs")
        result.complete = True
        result.finish(allowed_cores())
        self.tell(row, "done", result)
