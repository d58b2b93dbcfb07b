"""What is measured: a model on a runtime, with a delegate and a number of threads."""

import os
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np

from segkit import models
from segkit.errors import SegkitError, one_line
from segkit.runtime.settings import DELEGATES as CPU_DELEGATES
from segkit.runtime.settings import RUNTIMES, checked_threads

APIS = ("interpreter", "compiled")
GPU_DELEGATES = ("gpu", "gpu+cpu")  # the second lets LiteRT give to the CPU what the GPU refuses
ACCELERATORS = (*GPU_DELEGATES, "openvino")
DELEGATES = (*CPU_DELEGATES, *ACCELERATORS)


@dataclass(frozen=True)
class Setting:
    """One setting to measure.

    Attributes:
        model: a name in the catalogue, or a .tflite file.
        runtime: "litert" or "tflite".
        api: "interpreter", or "compiled" for LiteRT's CompiledModel.
        delegate: "xnnpack", "none" (built-in kernels), "reference" (kernels written for
            clarity), "gpu", "gpu+cpu", "openvino" (processors of Intel, an optional package), or
            the path of an external delegate library.
        threads: CPU threads, at least 1.
        size: (height, width) of the input, or None: as the model has it.

    Raises:
        SegkitError: a value that no machine could run. Whether this machine can run it is
            found out by measuring: see :func:`segkit.benchmark.sweep`.
    """

    model: str
    runtime: str = "litert"
    api: str = "interpreter"
    delegate: str = "xnnpack"
    threads: int = 1
    size: tuple | None = None

    def __post_init__(self):
        _one_of("runtime", self.runtime, RUNTIMES)
        _one_of("api", self.api, APIS)
        put = object.__setattr__  # the dataclass is frozen
        put(self, "model", str(self.model))
        put(self, "delegate", _checked_delegate(self.delegate))
        if self.threads is None:
            raise SegkitError("threads must be a whole number of at least 1: a benchmark names it")
        put(self, "threads", checked_threads(self.threads))
        put(self, "size", _checked_size(self.size))

    @property
    def label(self):
        """The setting in a few words, for tables and plots."""
        name = Path(self.model).stem if self.model.endswith(".tflite") else self.model
        delegate = self.delegate if self.delegate in DELEGATES else Path(self.delegate).name
        words = [name, self.runtime, delegate, f"{self.threads} thread{'s'[:self.threads > 1]}"]
        if self.api == "compiled":
            words.insert(2, "compiled")
        if self.size:
            words.append("{} x {}".format(*self.size))
        return ", ".join(words)

    def problem(self):
        """Why no machine could run this combination: one sentence, or None."""
        if self.api == "compiled" and self.runtime != "litert":
            return "only LiteRT has the compiled-model API: use the runtime litert"
        if self.delegate in ACCELERATORS and self.api != "compiled":
            return (f"{self.delegate} works through LiteRT's compiled-model API only: use the api "
                    "compiled")
        if self.api == "compiled" and self.delegate not in DELEGATES:
            return "the compiled-model API takes no delegate library: use the api interpreter"
        return None

    def as_dict(self):
        """The setting as plain values, for JSON."""
        return {**asdict(self), "size": list(self.size) if self.size else None}

    @classmethod
    def from_dict(cls, values):
        """The setting of :meth:`as_dict`. SegkitError: unknown or wrong values."""
        try:
            return cls(**values)
        except TypeError as error:
            raise SegkitError(f"{one_line(values)} is no setting: {one_line(error)}") from error


def combinations(models_, runtimes=("litert",), delegates=("xnnpack",), threads=(1,), apis=None,
                 sizes=(None,)):
    """Every combination of the values, also those that cannot run: a list of :class:`Setting`.

    Args:
        models_, runtimes, delegates, threads, apis, sizes: sequences of a Setting's values.
            Without ``apis`` accelerators get "compiled", which they need, the rest "interpreter".
    """
    return [Setting(model, runtime, api, delegate, count, size)
            for model, size, runtime, delegate, count in product(models_, sizes, runtimes,
                                                                 delegates, threads)
            for api in apis or _natural_api(delegate)]


def _natural_api(delegate):
    return ("compiled",) if delegate in ACCELERATORS else ("interpreter",)


def _one_of(what, value, known):
    if value not in known:
        raise SegkitError(f"unknown {what} {one_line(repr(value))}; choose {' or '.join(known)}")


def _checked_delegate(delegate):
    name = str(delegate)
    if name in DELEGATES:
        return name
    library = Path(os.path.expanduser(name))  # unlike Path.expanduser, it takes any ~name
    if "\0" in name or (not library.suffix and len(library.parts) <= 1):
        raise SegkitError(f"unknown delegate {one_line(repr(name))}; choose {', '.join(DELEGATES)} "
                          "or give the path of a delegate library")
    return str(library.absolute())


def _checked_size(size):
    if size is None:
        return None
    try:
        height, width = size
    except (TypeError, ValueError) as error:
        raise SegkitError(f"a size is (height, width), not {one_line(size)}") from error
    for side in (height, width):
        if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or not 0 < side < 8193:
            raise SegkitError(f"height and width are whole numbers from 1 to 8192, not {size}")
    return int(height), int(width)


def model_file(name):
    """(file, entry of the catalogue or None) of a Setting's model.

    Raises:
        SegkitError: no such file or name, or the model's file is not on this machine; a
            benchmark downloads nothing.
    """
    if name in models.catalogue():
        return models.path(name, download=False), models.get(name)
    return models.resolve(name)
