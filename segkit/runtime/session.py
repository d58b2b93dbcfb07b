"""A .tflite file -> Session, on LiteRT or tflite-runtime, with threads and a delegate.

What was asked for and what was applied are two facts, and both are kept: a
delegate may take none of the operators, a runtime may ignore the thread count.
Sources: https://ai.google.dev/edge/litert/inference (the interpreter),
https://ai.google.dev/edge/litert/performance/delegates (delegates).
"""

import io
from contextlib import nullcontext, redirect_stderr
from dataclasses import asdict, dataclass
from importlib import import_module

import numpy as np

from segkit import models
from segkit.errors import SegkitError, captured_stderr, one_line
from segkit.languages import say
from segkit.runtime.quantised import dequantise
from segkit.runtime.settings import (
    DELEGATES,
    RUNTIMES,
    loaded_version,
    threads_here,
    working_threads,
)

# AUTO applies XNNPACK by default; BUILTIN_REF has the slow kernels written for clarity.
_RESOLVERS = {"xnnpack": "AUTO", "none": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
              "reference": "BUILTIN_REF"}


@dataclass(frozen=True)
class Asked:
    """The settings of a session as they were asked for: ``threads`` None = choose for me."""

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
class TensorInfo:
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

    def real(self, stored):
        """Real numbers, float32, for an array of what the tensor stores."""
        if self.scale is None:
            return stored.astype(np.float32)
        return dequantise(stored, self.scale, self.zero_point)


class Session:
    """A model that is loaded and ready to run. Made by :func:`segkit.open_session`.

    Attributes:
        path: the model's file.
        model: its entry in the catalogue, or None.
        inputs, outputs: tuples of :class:`TensorInfo`.
        asked, applied: :class:`Asked` and :class:`Applied`.
        log: what the native library wrote while it loaded the model.
        interpreter: the runtime's own interpreter, for the curious.
    """

    def __init__(self, path, model, asked, settings, interpreter, log, threads_before):
        self.path, self.model, self.asked, self.log = path, model, asked, log
        self.interpreter = interpreter
        self._settings = settings
        nodes = interpreter._get_ops_details()
        self.applied = _applied(nodes, settings, threads_before)
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
            raise SegkitError(say("{name} has {inputs} inputs, not {arrays}", name=self.path.name,
                                  inputs=len(self.inputs), arrays=len(arrays)))
        for tensor, array in zip(self.inputs, arrays):
            try:
                array = np.asarray(array)
            except ValueError as error:
                raise SegkitError(say("the input {name!r} of {name2} takes an array: {why}",
                                      name=tensor.name, name2=self.path.name,
                                      why=one_line(error))) from error
            if array.shape != tensor.shape or array.dtype != tensor.dtype:
                raise SegkitError(
                    say("the input {name!r} of {name2} takes {dtype} of shape {shape}, not {dtype2} of shape "
                        "{shape2}", name=tensor.name, name2=self.path.name, dtype=tensor.dtype,
                        shape=tensor.shape, dtype2=array.dtype, shape2=array.shape))
            self.interpreter.set_tensor(tensor.index, array)
        first = self.applied.threads is None
        threads_before = threads_here() if first else None
        try:
            self.interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise SegkitError(say("{name} failed while running on {runtime}: {why}", name=self.path.name,
                                  runtime=self.applied.runtime, why=one_line(error))) from error
        if first:
            self.applied.threads = working_threads(self._settings.threads, threads_before)
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


def load(file, model, asked, settings, quiet=True):
    """Load ``file`` in this process, without a trial in another. See :func:`segkit.open_session`.

    ``quiet``: catch what the native library writes in the session's log. False: it goes where
    this process's standard error goes.
    """
    content = models.content(file)
    module = import_runtime(settings.runtime)
    resolver = getattr(module.OpResolverType, _RESOLVERS.get(settings.delegate, _RESOLVERS["none"]))
    threads_before = threads_here() if settings.threads > 1 else 1
    with captured_stderr() if quiet else nullcontext([""]) as log:
        try:
            libraries = ([module.load_delegate(settings.delegate)]
                         if settings.delegate not in DELEGATES else None)
        except (ValueError, OSError, AttributeError) as error:
            raise SegkitError(say("{delegate} cannot be used as a delegate: {why}",
                                  delegate=settings.delegate, why=one_line(error))) from error
        try:
            interpreter = module.Interpreter(
                model_content=content, num_threads=settings.threads,
                experimental_op_resolver_type=resolver, experimental_delegates=libraries)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError, MemoryError) as error:
            with_it = f" with the delegate {settings.delegate}" if libraries else ""
            raise SegkitError(say("{file} is no model that {runtime} can load{with_it}: {why}",
                                  file=one_line(file), runtime=settings.runtime, with_it=with_it,
                                  why=one_line(error))) from error
    try:
        return Session(file, model, asked, settings, interpreter, log[0], threads_before)
    except Exception as error:  # names that are no text, shapes that do not fit
        raise SegkitError(say("{file} is damaged: {why}", file=one_line(file),
                              why=one_line(error))) from error


def import_runtime(runtime):
    """The Python module of a runtime ("litert" or "tflite"). SegkitError: it does not import."""
    try:  # NumPy prints a traceback for a wheel that was built for another NumPy
        with captured_stderr(), redirect_stderr(io.StringIO()):
            return import_module(RUNTIMES[runtime][0])
    except Exception as error:  # a wheel built for another NumPy fails in many ways
        raise SegkitError(say("the runtime {runtime!r} is installed but does not import: {why}; free "
                              "some memory, or install anew: make clean setup", runtime=runtime,
                              why=one_line(error))) from error


def _tensor(details, upsampled_from=None):
    scale, zero_point = details["quantization"]
    quantised = scale != 0
    return TensorInfo(details["name"], tuple(int(n) for n in details["shape"]),
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


def _applied(nodes, settings, threads_before):
    own, delegated = _split(nodes)
    taken = _operators_taken(own, delegated)
    delegate = settings.delegate if taken or settings.delegate == "reference" else "none"
    # XNNPACK starts its threads now, the built-in kernels at the first run.
    threads = working_threads(settings.threads, threads_before) if taken else None
    return Applied(settings.runtime, loaded_version(settings.runtime),
                   1 if settings.threads == 1 else threads, delegate, taken, len(own))
