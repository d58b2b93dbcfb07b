"""One setting in a process of its own: the worker that runs there, and the caller's side of it."""

import gc
import re
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import numpy as np
import psutil

from segkit import runtime
from segkit.benchmark.compiled import CompiledEngine, described, plain
from segkit.benchmark.settings import GPU_DELEGATES
from segkit.benchmark.timing import timed
from segkit.errors import SegkitError, one_line
from segkit.runtime.isolated import Gone, Isolated, Unavailable, limit_memory
from segkit.runtime.session import import_runtime
from segkit.runtime.settings import Resolved, checked_runtime, threads_here, working_threads

COPIES = 5  # how often the copying of inputs and outputs is timed


class InterpreterEngine:
    """A model on the interpreter of LiteRT or tflite-runtime.

    It has the face of :class:`segkit.benchmark.compiled.CompiledEngine`: ``applied`` (a
    dictionary), ``inputs`` and ``outputs`` (lists of dictionaries), ``write(arrays)``, ``run``
    (what is timed: a function without arguments), ``after_first_run()`` and ``read()``.
    Source: https://ai.google.dev/edge/litert/inference
    """

    def __init__(self, file, setting):
        settings = Resolved(setting["runtime"], setting["threads"], setting["delegate"])
        self._asked, self._threads_before = settings.threads, threads_here()
        # Not quiet: the caller reads the library's own words in this process's standard error.
        session = runtime.load(file, None, None, settings, quiet=False)
        if setting["size"]:
            session = _resized(session, setting["size"], settings, self._threads_before)
        self.session, self._interpreter = session, session.interpreter
        self.run = session.interpreter.invoke
        applied = session.applied
        self.applied = {"runtime": applied.runtime, "version": applied.version,
                        "delegate": applied.delegate, "threads": applied.threads,
                        "operators_taken": applied.operators_taken,
                        "operators": applied.operators, "timed": "invoke"}
        self.inputs, self.outputs = (
            [described(t.name, t.shape, t.dtype.name, t.scale, t.zero_point) for t in tensors]
            for tensors in (session.inputs, session.outputs))

    def write(self, arrays):
        """Hand over the inputs' arrays."""
        for tensor, array in zip(self.session.inputs, arrays):
            self._interpreter.set_tensor(tensor.index, array)

    def after_first_run(self):
        """What is known only now: how many threads work."""
        if self.applied["threads"] is None:
            self.applied["threads"] = working_threads(self._asked, self._threads_before)

    def read(self):
        """The outputs' arrays."""
        return [self._interpreter.get_tensor(t.index) for t in self.session.outputs]


def _resized(session, size, settings, threads_before):
    """A session whose input has another height and width."""
    if len(session.inputs) != 1 or len(session.inputs[0].shape) != 4:
        raise SegkitError(f"{session.path.name} takes no picture, so its input has no height and "
                          "width")
    tensor = session.inputs[0]
    shape = (tensor.shape[0], *size, tensor.shape[3])
    try:
        session.interpreter.resize_tensor_input(tensor.index, shape)
        session.interpreter.allocate_tensors()
    except (ValueError, RuntimeError, MemoryError) as error:
        raise SegkitError(f"{session.path.name} takes no input of {size[0]} x {size[1]} pixels: "
                          f"{one_line(error)}") from error
    return runtime.Session(session.path, None, None, settings, session.interpreter, "",
                           threads_before)


class Worker:
    """What is done in the other process: each method takes and gives plain values and arrays."""

    def load(self, file, setting):
        """Load the model; ``setting`` as :meth:`Setting.as_dict` gives it. Times: nanoseconds.

        What is timed is the library's own loading: its import, and the check of a digest, are not.
        """
        if setting["delegate"] not in GPU_DELEGATES:  # drivers map more than there is
            limit_memory()
        try:  # now, so that the import is not counted as loading the model
            import_runtime(checked_runtime(setting["runtime"]))
            if setting["api"] == "compiled":
                import_module("ai_edge_litert.compiled_model")
        except (SegkitError, ImportError) as error:
            raise Unavailable(one_line(error)) from error
        before = psutil.Process().memory_info().rss
        engine = CompiledEngine if setting["api"] == "compiled" else InterpreterEngine
        start = perf_counter_ns()
        try:
            self.engine = engine(Path(file), setting)
        except (RuntimeError, ValueError) as error:  # what a library answers to a damaged file
            raise SegkitError(f"{setting['runtime']} refuses {Path(file).name}: "
                              f"{plain(error)}") from error
        return {"load_ns": perf_counter_ns() - start, "base_bytes": before,
                "applied": self.engine.applied, "inputs": self.engine.inputs,
                "outputs": self.engine.outputs}

    def first(self, arrays):
        """The first run; and how long the inputs and outputs take to be copied."""
        self.engine.write(arrays)
        (first,) = timed(self.engine.run, 1)
        self.engine.after_first_run()
        copies = [sum(pair) for pair in zip(timed(lambda: self.engine.write(arrays), COPIES),
                                            timed(self.engine.read, COPIES))]
        return {"first_ns": first, "copy_ns": median(copies), "applied": self.engine.applied}

    def time(self, runs, warmup, seconds):
        """``warmup`` runs, then up to ``runs`` timed ones, at least one, within ``seconds``."""
        timed(self.engine.run, warmup)
        end = perf_counter_ns() + int(seconds * 1e9)
        gc.collect()
        gc.disable()  # no pause in the middle of a run
        try:
            taken = timed(self.engine.run, runs, end)
        finally:
            gc.enable()
        return {"ns": taken, "peak_bytes": peak_memory()}

    def output(self):
        """The outputs of the last run, and their descriptions."""
        return [np.array(array) for array in self.engine.read()], self.engine.outputs

    def doubt(self):
        """Whether an accelerator really works, where that is not certain."""
        return self.engine.doubt() if hasattr(self.engine, "doubt") else {}


def peak_memory():
    """The most bytes that this process has occupied, or None where the system does not say.

    On Linux not ``ru_maxrss``: that one starts from the parent's size.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    except ImportError:
        return getattr(psutil.Process().memory_info(), "peak_wset", None)


class Client(Isolated):
    """The caller's side: asks the worker, and tells with its library's words how it died."""

    def __init__(self, environment=None, cancelled=lambda: False):
        super().__init__("segkit.benchmark.worker:Worker", environment, cancelled)

    def ask(self, do, timeout, **values):
        """See :meth:`segkit.runtime.isolated.Isolated.ask`."""
        try:
            return super().ask(do, timeout, **values)
        except Gone as gone:
            reason = gone.reason
            if gone.end == "late":
                reason = f"{reason} ({STEPS[do]}), so it was stopped"
            elif gone.end:
                how = gone.end if gone.end.startswith("exit") else f"was killed by {gone.end}"
                reason = f"the process ended {STEPS[do]} ({how})"
            words = native_words(self.words)
            reason = one_line(f"{reason}; the library says: {words}" if words else reason, 600)
            raise Gone(gone.status, reason, gone.end) from None


STEPS = {"load": "while it loaded the model", "first": "in the first run",
         "time": "in the timed runs", "output": "while it handed over its answer",
         "doubt": "while it was checked for a fall-back"}
# Lines of a log that inform, and marks at the start of the others that say nothing to a reader.
_NOISE = re.compile(r"^(INFO|VERBOSE|I\d{4}|WARNING: Logging before|=== Source|\s*at |\s*$)|"
                    r"npu_registry|[Pp]lugin")
_MARK = re.compile(r"^[EW]\d{4} [\d:.]+ +\d+ ")


def native_words(text, limit=300):
    """The last lines of a native library's log that are more than mere information."""
    lines = [_MARK.sub("", line.strip()) for line in text.splitlines() if not _NOISE.search(line)]
    return one_line(" ".join(list(dict.fromkeys(lines))[-4:]), limit)
