"""Inside a worker: a model that is loaded and can be run, on either of LiteRT's two interfaces.

Both engines have the same face: ``applied`` (a dictionary), ``inputs`` (a list of dictionaries),
``write(arrays)``, ``run`` (what is timed: a function without arguments) and ``read()``.
Sources: https://ai.google.dev/edge/litert/inference (the interpreter),
https://ai.google.dev/edge/litert/next/overview (the compiled model).
"""

import contextlib
from pathlib import Path

import psutil

from segkit import runtime
from segkit.errors import SegkitError, one_line
from segkit.runtime.settings import Settings


class Refused(Exception):
    """The library said no to this combination; the message is one line."""


class Unavailable(Exception):
    """Something is missing on this machine; the message says what and how to get it."""


def open_engine(file, setting):
    """The engine for a setting (a dictionary as :meth:`Setting.as_dict` gives it)."""
    try:
        if setting["api"] == "compiled":
            from segkit.benchmark.compiled import CompiledEngine  # here: not every LiteRT has it

            return CompiledEngine(Path(file), setting)
        return InterpreterEngine(Path(file), setting)
    except SegkitError as error:
        raise Refused(str(error)) from error
    except (RuntimeError, ValueError) as error:  # what a library answers to a damaged file
        raise Refused(f"{setting['runtime']} refuses {Path(file).name}: {plain(error)}") from error


class InterpreterEngine:
    """A model on the interpreter of LiteRT or tflite-runtime."""

    def __init__(self, file, setting):
        # File descriptor 2 belongs to the caller, who reads the library's own words there.
        runtime.captured_stderr = _left_alone
        settings = Settings(setting["runtime"], setting["threads"], setting["delegate"])
        self._asked, self._threads_before = settings.threads, psutil.Process().num_threads()
        session = runtime.load(file, None, None, settings)
        if setting["size"]:
            session = _resized(session, setting["size"], settings, self._threads_before)
        self.session, self._interpreter = session, session.interpreter
        self.run = session.interpreter.invoke
        applied = session.applied
        self.applied = {"runtime": applied.runtime, "version": applied.version,
                        "delegate": applied.delegate, "threads": applied.threads,
                        "operators_taken": applied.operators_taken,
                        "operators": applied.operators, "timed": "invoke"}
        self.inputs = [_described(tensor) for tensor in session.inputs]
        self.outputs = [_described(tensor) for tensor in session.outputs]

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
        raise Refused(f"{session.path.name} takes no picture, so its input has no height and width")
    tensor = session.inputs[0]
    shape = (tensor.shape[0], *size, tensor.shape[3])
    try:
        session.interpreter.resize_tensor_input(tensor.index, shape)
        session.interpreter.allocate_tensors()
    except (ValueError, RuntimeError, MemoryError) as error:
        raise Refused(f"{session.path.name} takes no input of {size[0]} x {size[1]} pixels: "
                      f"{one_line(error)}") from error
    return runtime.Session(session.path, None, None, settings, session.interpreter, "",
                           threads_before)


def plain(error):
    """An error of LiteRT in one line, without the lines that name its own source files."""
    lines = [line.strip("└ ").strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and "ERROR: [" not in line]
    return one_line(" ".join(told) or error)


def working_threads(asked, before):
    """The calling thread and those that started since, at most ``asked``."""
    return min(asked, 1 + max(0, psutil.Process().num_threads() - before))


@contextlib.contextmanager
def _left_alone():
    yield [""]


def _described(tensor):
    return {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype.name,
            "scale": tensor.scale, "zero_point": tensor.zero_point}
