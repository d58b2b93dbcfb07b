"""A .tflite file -> Session, on LiteRT or tflite-runtime, with threads and a delegate.

What was asked for and what was applied are two facts, and both are kept: a
delegate may take none of the operators, a runtime may ignore the thread count.
Sources: https://ai.google.dev/edge/litert/inference (the interpreter),
https://ai.google.dev/edge/litert/performance/delegates (delegates).
"""

import os
from dataclasses import asdict, dataclass
from importlib import import_module, metadata, util
from pathlib import Path

import numpy as np
import psutil

from segkit import models
from segkit.errors import SegkitError, one_line
from segkit.native import captured_stderr

# name -> (module with the Interpreter class, distribution that brings it)
RUNTIMES = {"litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
            "tflite": ("tflite_runtime.interpreter", "tflite-runtime")}
DELEGATES = ("xnnpack", "none", "reference")
# AUTO applies XNNPACK by default; BUILTIN_REF has the slow kernels written for clarity.
_RESOLVERS = {"xnnpack": "AUTO", "none": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
              "reference": "BUILTIN_REF"}
MOST_THREADS = 4


@dataclass(frozen=True)
class Asked:
    """The settings of a session as they were asked for."""

    model: str
    runtime: str
    threads: int | None
    delegate: str


@dataclass
class Applied:
    """The settings of a session as they came out.

    ``threads`` counts the threads that really work; None: not known before the
    first run. ``delegate`` is "none" where the delegate took no operator.
    """

    runtime: str
    version: str
    threads: int | None
    delegate: str
    operators_taken: int
    operators: int


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    ``scale`` and ``zero_point`` are None for a tensor that is not quantised;
    otherwise real value = scale * (stored value - zero_point).
    ``upsampled_from`` is the (height, width) of the grid that the graph's last
    operator, RESIZE_BILINEAR, spread to this output; None for other outputs.
    """

    name: str
    shape: tuple
    dtype: np.dtype
    scale: float | None
    zero_point: int | None
    index: int
    upsampled_from: tuple | None = None


def runtimes():
    """The runtimes installed here: a dictionary from name to version."""
    return {name: metadata.version(package) for name, (module, package) in RUNTIMES.items()
            if util.find_spec(module.split(".")[0])}


def free_cores():
    """How many cores this process may use and nobody else keeps busy (at least 1).

    Looks at the whole machine for a tenth of a second.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    busy = round(sum(psutil.cpu_percent(interval=0.1, percpu=True)) / 100)
    return max(1, allowed - busy)


class Session:
    """A model that is loaded and ready to run. Made by :func:`open_session`.

    Attributes:
        path: the model's file.
        model: its entry in the catalogue, or None.
        inputs, outputs: tuples of :class:`Tensor`.
        asked, applied: :class:`Asked` and :class:`Applied`.
        log: what the native library wrote while it loaded the model.
        interpreter: the runtime's own interpreter, for the curious.
    """

    def __init__(self, path, model, asked, interpreter, applied, log, threads_before):
        self.path, self.model, self.asked = path, model, asked
        self.interpreter, self.applied, self.log = interpreter, applied, log
        self._threads_before = threads_before
        nodes = interpreter._get_ops_details()
        self.inputs = tuple(_tensor(d) for d in interpreter.get_input_details())
        self.outputs = tuple(_tensor(d, _resized_from(interpreter, nodes, d["index"]))
                             for d in interpreter.get_output_details())

    def run(self, *arrays, copy=True):
        """Run the model once.

        Args:
            arrays: one array for each input, with exactly its shape and dtype.
            copy: with False the answer is a view into the runtime's memory: fast,
                but it must be dropped before the next run.

        Returns:
            the output array, or a tuple of arrays where the model has several.

        Raises:
            SegkitError: wrong number, shape or dtype of arrays, or the runtime failed.
        """
        if len(arrays) != len(self.inputs):
            raise SegkitError(f"{self.path.name} has {len(self.inputs)} inputs, not {len(arrays)}")
        for tensor, array in zip(self.inputs, arrays):
            array = np.asarray(array)
            if array.shape != tensor.shape or array.dtype != tensor.dtype:
                raise SegkitError(
                    f"the input {tensor.name!r} of {self.path.name} takes {tensor.dtype} of shape "
                    f"{tensor.shape}, not {array.dtype} of shape {array.shape}")
            self.interpreter.set_tensor(tensor.index, array)
        try:
            self.interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise SegkitError(f"{self.path.name} failed while running on "
                              f"{self.applied.runtime}: {one_line(error)}") from error
        if self.applied.threads is None:
            self.applied.threads = _threads_that_work(self.asked.threads, self._threads_before)
        results = tuple(self._read(tensor, copy) for tensor in self.outputs)
        return results[0] if len(results) == 1 else results

    def _read(self, tensor, copy):
        if copy:
            return self.interpreter.get_tensor(tensor.index)
        return self.interpreter.tensor(tensor.index)()

    def report(self):
        """``asked`` and ``applied`` as plain dictionaries, for JSON."""
        return {"asked": asdict(self.asked), "applied": asdict(self.applied)}

    def __repr__(self):
        a = self.applied
        return (f"Session({self.path.name} on {a.runtime} {a.version}, {a.threads or 'unknown'} "
                f"threads, delegate {a.delegate}: {a.operators_taken} of {a.operators} operators)")


def open_session(path_or_name, runtime="auto", threads=None, delegate="xnnpack"):
    """Load a model and make it ready to run.

    Args:
        path_or_name: a .tflite file, or a name in the catalogue.
        runtime: "litert", "tflite", or "auto" (LiteRT where it is installed).
        threads: how many CPU threads; None: as many as there are free cores, at most 4.
        delegate: "xnnpack" (fast CPU kernels), "none" (the runtime's built-in
            kernels), "reference" (kernels written for clarity), or the path of
            an external delegate library.

    Returns:
        a :class:`Session`.

    Raises:
        SegkitError: a wrong value, a file that is no model, a library that is no
            delegate, a runtime that is not installed; one line with the cause.

    A file that the catalogue does not know, and a delegate library, are first
    tried in a process of their own: native code that crashes takes only that
    process with it.
    """
    runtime = _checked_runtime(runtime)
    threads = _checked_threads(threads)
    delegate = _checked_delegate(delegate)
    file, model = models.resolve(path_or_name)
    asked = Asked(str(path_or_name), runtime, threads, delegate)
    if model is None or delegate not in DELEGATES:
        from segkit.probe import try_in_a_process  # here: the probe itself imports this module

        try_in_a_process(file, asked)
    return load(file, model, asked)


def load(file, model, asked):
    """Load ``file`` in this process, without a trial in another. See :func:`open_session`."""
    content = _content(file)
    module = _module(asked.runtime)
    resolver = getattr(module.OpResolverType, _RESOLVERS.get(asked.delegate, _RESOLVERS["none"]))
    threads_before = psutil.Process().num_threads()
    with captured_stderr() as log:
        try:
            libraries = ([module.load_delegate(asked.delegate)]
                         if asked.delegate not in DELEGATES else None)
        except (ValueError, OSError, AttributeError) as error:
            raise SegkitError(f"{asked.delegate} cannot be used as a delegate: "
                              f"{one_line(error)}") from error
        try:
            interpreter = module.Interpreter(
                model_content=content, num_threads=asked.threads,
                experimental_op_resolver_type=resolver, experimental_delegates=libraries)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError, MemoryError) as error:
            raise SegkitError(f"{file} is no model that {asked.runtime} can load: "
                              f"{one_line(error)}") from error
    applied = _applied(interpreter, asked, threads_before)
    return Session(file, model, asked, interpreter, applied, log[0], threads_before)


def _content(file):
    """The bytes of a model file; refuses at once what cannot be a model."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SegkitError(f"{file} cannot be read: {error.strerror}") from error
    if content[4:8] != b"TFL3":  # the file identifier in TensorFlow Lite's schema
        raise SegkitError(f"{file} is no .tflite model: it is {len(content)} bytes long and "
                          "does not carry the mark TFL3")
    return content


def _module(runtime):
    """The Python module of a runtime."""
    try:
        return import_module(RUNTIMES[runtime][0])
    except Exception as error:  # noqa: BLE001 - a wheel built for another NumPy fails in many ways
        raise SegkitError(f"the runtime {runtime!r} is installed but does not import: "
                          f"{one_line(error)}") from error


def _checked_runtime(runtime):
    installed = runtimes()
    if runtime == "auto" and installed:
        return next(name for name in RUNTIMES if name in installed)
    if runtime not in ("auto", *RUNTIMES):
        raise SegkitError(f"unknown runtime {runtime!r}; choose auto, {' or '.join(RUNTIMES)}")
    if runtime not in installed:
        package = RUNTIMES.get(runtime, RUNTIMES["litert"])[1]
        where = (" (it exists for Linux and Python up to 3.11)" if runtime == "tflite" else "")
        raise SegkitError(f"the runtime {runtime!r} is not installed: pip install {package}{where}")
    return runtime


def _checked_threads(threads):
    if threads is None:
        return min(MOST_THREADS, free_cores())
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise SegkitError(f"threads must be a whole number of at least 1, not {threads!r}")
    if threads > 1024:
        raise SegkitError(f"threads must be at most 1024, not {threads}")
    return int(threads)


def _checked_delegate(delegate):
    if str(delegate) in DELEGATES:
        return str(delegate)
    library = Path(str(delegate)).expanduser()
    if not library.suffix and len(library.parts) == 1:
        raise SegkitError(f"unknown delegate {str(delegate)!r}; choose {', '.join(DELEGATES)} "
                          "or give the path of a delegate library")
    if not library.is_file():
        raise SegkitError(f"there is no delegate library {library}")
    return str(library.resolve())


def _tensor(details, upsampled_from=None):
    scale, zero_point = details["quantization"]
    quantised = scale != 0
    return Tensor(details["name"], tuple(int(n) for n in details["shape"]),
                  np.dtype(details["dtype"]), float(scale) if quantised else None,
                  int(zero_point) if quantised else None, details["index"], upsampled_from)


def _resized_from(interpreter, nodes, index):
    """(height, width) before the RESIZE_BILINEAR that made tensor ``index``, or None."""
    for node in nodes:
        if index in node["outputs"] and node["op_name"] == "RESIZE_BILINEAR":
            source = int(node["inputs"][0])
            shapes = {d["index"]: d["shape"] for d in interpreter.get_tensor_details()}
            return tuple(int(n) for n in shapes[source][1:3]) if source in shapes else None
    return None


def _split(nodes):
    """The graph's own operators, and the delegate's nodes that replace some of them.

    A delegate's node stands behind the operators and makes tensors that an
    operator makes too: this is how it is told from them.
    """
    own, delegated, made = [], [], set()
    for node in nodes:
        outputs = {int(i) for i in node["outputs"]}
        if outputs and outputs <= made:
            delegated.append(node)
        else:
            own.append(node)
            made |= outputs
    return own, delegated


def _operators_taken(own, delegated):
    """How many operators lie between the inputs and the outputs of delegates' nodes."""
    maker = {int(out): number for number, node in enumerate(own) for out in node["outputs"]}
    taken = set()
    for node in delegated:
        given = {int(i) for i in node["inputs"]}
        waiting = [int(i) for i in node["outputs"]]
        while waiting:
            tensor = waiting.pop()
            number = maker.get(tensor)
            if tensor not in given and number is not None and number not in taken:
                taken.add(number)
                waiting += [int(i) for i in own[number]["inputs"]]
    return len(taken)


def _applied(interpreter, asked, threads_before):
    own, delegated = _split(interpreter._get_ops_details())
    taken = _operators_taken(own, delegated)
    delegate = asked.delegate if taken or asked.delegate == "reference" else "none"
    # XNNPACK starts its threads now, the built-in kernels at the first run.
    threads = _threads_that_work(asked.threads, threads_before) if taken else None
    return Applied(asked.runtime, runtimes()[asked.runtime],
                   1 if asked.threads == 1 else threads, delegate, taken, len(own))


def _threads_that_work(asked, before):
    """The calling thread and those that the runtime has started, at most ``asked``."""
    return min(asked, 1 + max(0, psutil.Process().num_threads() - before))
