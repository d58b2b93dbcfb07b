"""Where the time of a model goes, operator by operator.

LiteRT's Python package offers no profile of its operators (its interpreter has none, its
compiled model none, and ``litert-benchmark`` no such option). So each operator is run by itself,
as a model of one operator, in the same process and with the same settings as the whole. What is
lost this way: operators that a delegate fuses, and numbers that are still in the processor's
cache from the operator before. The sum beside the time of the whole shows how much that is.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segkit import models
from segkit.benchmark import accelerators, agreement
from segkit.benchmark.settings import Setting, model_file
from segkit.benchmark.worker import Client
from segkit.errors import SegkitError
from segkit.runtime.isolated import Cancelled, Gone

METHOD = ("each operator was run by itself, as a model of one operator; the whole model was run "
          "before and after them")
MOST_SECONDS = 1  # for the timed runs of one operator


@dataclass(frozen=True)
class OperatorTime:
    """One operator.

    Attributes:
        index: its place in the file's order; ``name`` as in the format: CONV_2D, ADD and so on.
        ms: median of its runs; 0 for one that runs only when the model is loaded; None where it
            could not be run by itself: ``note`` says why.
        p05_ms, p95_ms: 90 % of its runs lie between.
        multiply_adds: products of a weight and an activation in one run.
        weight_bytes: bytes of the file that hold its weights.
        shape: of its first output.
        delegated: whether the delegate took it; None where the library does not tell.
    """

    index: int
    name: str
    ms: float | None
    p05_ms: float | None
    p95_ms: float | None
    multiply_adds: int
    weight_bytes: int
    shape: tuple
    delegated: bool | None
    note: str = ""


@dataclass(frozen=True)
class OperatorTimes:
    """The operators of a model on one setting.

    Attributes:
        setting: the :class:`Setting`.
        operators: a tuple of :class:`OperatorTime`, in the file's order.
        whole_ms: median time of the whole model, measured around them.
        method: how it was measured, one sentence.
    """

    setting: Setting
    operators: tuple
    whole_ms: float
    method: str = METHOD

    @property
    def sum_ms(self):
        """The sum of all operators' medians."""
        return sum(operator.ms or 0 for operator in self.operators)

    def by_kind(self):
        """Sums for each kind of operator (:data:`segkit.graph.costs.KINDS`).

        Returns:
            dictionary from kind to (milliseconds, multiply-adds).
        """
        from segkit.graph import Graph
        from segkit.graph.costs import by_kind

        operators = Graph(model_file(self.setting.model)[0]).operators
        times = {operator.index: operator.ms or 0 for operator in self.operators}
        ms = by_kind(operators, lambda operator: times[operator.index])
        adds = by_kind(operators, lambda operator: operator.multiply_adds)
        return {kind: (ms[kind], adds[kind]) for kind in ms}


def operators(setting, runs=20, timeout=120, progress=None, cancel=None, environment=None):
    """Time each operator of a model by itself.

    Args:
        setting: a :class:`Setting` without a size of its own.
        runs: timed runs of each operator, at most a second's worth.
        progress: a function that takes (operators done, operators in all).
        timeout, cancel, environment: as for :func:`segkit.benchmark.sweep`.

    Returns:
        an :class:`OperatorTimes`.

    Raises:
        SegkitError: the whole model cannot be measured, the file is damaged or the caller
            cancelled. An operator that cannot run by itself says so in its note.
    """
    from segkit.graph import Graph
    from segkit.graph.cutting import cut

    if setting.size or setting.problem():
        raise SegkitError(setting.problem() or "operators are timed at the model's own size only")
    file, entry = model_file(setting.model)
    graph, pieces = Graph(file), cut(models.content(file))
    cancelled = getattr(cancel, "is_set", cancel) or (lambda: False)
    found, whole = [], []
    with tempfile.TemporaryDirectory(prefix="segkit-") as folder:
        bench = _Bench(setting, runs, timeout, environment, cancelled, folder)
        try:
            whole += bench.times(file, entry)[0]
            for operator, piece in zip(graph.operators, pieces):
                found.append(_one(bench, operator, piece))
                if progress:
                    progress(len(found), len(pieces))
            whole += bench.times(file, entry)[0]
        except Gone as gone:
            raise SegkitError(f"{setting.label} cannot be timed: {gone}") from gone
        except Cancelled as stopped:
            raise SegkitError("the timing of operators was stopped before its end") from stopped
        finally:
            bench.close()
    return OperatorTimes(setting, tuple(found), float(np.median(whole)))


def _one(bench, operator, piece):
    shape = tuple(operator.outputs[0].shape) if operator.outputs else ()
    facts = operator.index, operator.name
    costs = operator.multiply_adds, operator.weight_bytes, shape
    if piece is None:
        constant = all(t is None or t.data is not None for t in operator.inputs)
        note = ("runs once, when the model is loaded" if constant else
                "runs other graphs of the file, so it is not timed by itself")
        return OperatorTime(*facts, 0.0 if constant else None, None, None, *costs, None, note)
    file = Path(bench.folder) / f"operator-{operator.index}.tflite"
    file.write_bytes(piece)
    try:
        times, applied = bench.times(file, None)
    except (Gone, SegkitError) as error:
        return OperatorTime(*facts, None, None, None, *costs, None, str(error))
    finally:
        file.unlink()
    low, middle, high = (float(value) for value in np.percentile(times, [5, 50, 95]))
    taken = applied["operators_taken"]
    return OperatorTime(*facts, middle, low, high, *costs, None if taken is None else taken > 0)


class _Bench:
    """A worker that loads one model after another; a new one where the last one died."""

    def __init__(self, setting, runs, timeout, environment, cancelled, folder):
        self._setting, self._runs, self._timeout = setting.as_dict(), runs, timeout
        self._environment, self._cancelled, self.folder = environment, cancelled, folder
        self._client = None

    def times(self, file, entry):
        """(milliseconds of the runs, what was applied) for a model's file. Gone: see Client."""
        if self._client is None:
            setting = Setting.from_dict(self._setting)
            variables = {**accelerators.environment(setting), **(self._environment or {})}
            self._client = Client(variables, self._cancelled)
        try:
            ask = self._client.ask
            loaded = ask("load", self._timeout, file=str(file), setting=self._setting)
            arrays = agreement.make_inputs(loaded["inputs"], entry)
            ask("first", self._timeout, arrays=arrays)
            answer = ask("time", self._timeout + MOST_SECONDS, runs=self._runs, warmup=3,
                         seconds=MOST_SECONDS)
        except Gone:
            self.close()
            raise
        return [ns / 1e6 for ns in answer["ns"]], loaded["applied"]

    def close(self):
        if self._client:
            self._client.close()
            self._client = None
