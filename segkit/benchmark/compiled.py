"""A model on LiteRT's CompiledModel, on the CPU or on an accelerator.

Seen with ai-edge-litert 2.3: ``run_by_index`` only hands the work to a GPU and comes back at
once, so what is timed there is the run and the reading of its answer. ``is_fully_accelerated``
says True even where the CPU did the work, so it is reported but not believed.
Sources: https://ai.google.dev/edge/litert/next/overview, https://ai.google.dev/edge/litert/next/gpu
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from segkit import models
from segkit.benchmark.accelerators import OPENVINO, openvino_lacks
from segkit.benchmark.settings import GPU_DELEGATES
from segkit.benchmark.timing import timed
from segkit.errors import SegkitError, one_line
from segkit.runtime.isolated import Unavailable
from segkit.runtime.settings import loaded_version, threads_here, working_threads

KERNELS = {"xnnpack": "DELEGATE", "none": "BUILTIN", "reference": "REFERENCE"}


class CompiledEngine:
    """A model on a CompiledModel, on the CPU or on an accelerator.

    It has the face of :class:`segkit.benchmark.worker.InterpreterEngine`.
    """

    def __init__(self, file, setting):
        self._file, self._setting = file, setting
        self._gpu = setting["delegate"] in GPU_DELEGATES
        self._accelerated = self._gpu or setting["delegate"] == OPENVINO
        if self._gpu:
            _check_accelerator()
        elif self._accelerated and openvino_lacks():
            raise Unavailable(openvino_lacks())
        content = models.content(file)
        self._threads_before = threads_here()
        self._model = self._opened(setting["delegate"])
        self.inputs, self.outputs = self._tensors("input"), self._tensors("output")
        if setting["size"]:
            self._resize(setting["size"])
        self._in, self._out = (self._buffers(kind) for kind in ("input", "output"))
        scales, operators = _from_file(content)
        for tensor in (*self.inputs, *self.outputs):
            tensor["scale"], tensor["zero_point"] = scales.get(tensor.pop("index"), (None, None))
        self.run = self._run_and_read if self._gpu else self._run
        # With the GPU alone LiteRT refuses a model of which it cannot place every operator.
        taken = {"gpu": operators, "none": 0, "reference": 0}.get(setting["delegate"])
        self.applied = {"runtime": "litert", "version": loaded_version("litert"),
                        "delegate": setting["delegate"], "threads": None,
                        "operators_taken": taken, "operators": operators,
                        "says_accelerated": self._says_accelerated(),
                        "timed": "run and read" if self._gpu else "run"}

    def _opened(self, delegate):
        from ai_edge_litert import compiled_model as library

        accelerators = library.HardwareAccelerator
        wanted = {"gpu": accelerators.GPU, "gpu+cpu": accelerators.GPU | accelerators.CPU,
                  OPENVINO: accelerators.NPU | accelerators.CPU}
        mode = getattr(library, "CpuKernelMode", None)
        intel = getattr(library, "IntelOpenVinoOptions", None)
        if mode is None or intel is None:
            raise Unavailable("this LiteRT's compiled model offers no choice of threads "
                                      "and kernels: pip install --upgrade ai-edge-litert")
        try:
            return library.CompiledModel.from_file(str(self._file), options=library.Options(
                hardware_accelerators=wanted.get(delegate, accelerators.CPU),
                cpu_options=library.CpuOptions(
                    num_threads=self._setting["threads"],
                    kernel_mode=mode[KERNELS[delegate]] if delegate in KERNELS else None),
                intel_openvino_options=intel(graph_backend=intel.GRAPH_BACKEND.CPU)
                if delegate == OPENVINO else None))
        except (RuntimeError, ValueError) as error:
            raise SegkitError(f"LiteRT's compiled model refuses {self._file.name} with "
                                  f"{delegate}: {plain(error)}") from error

    def _tensors(self, kind):
        """Descriptions of the inputs or outputs, in the order of the buffers."""
        signatures = self._model.get_signature_list()
        if not signatures:
            raise SegkitError(f"{self._file.name} has no signature to run")
        key = next(iter(signatures))
        details = getattr(self._model, f"get_{kind}_tensor_details")(key)
        return [{"name": details[name]["name"], "shape": list(details[name]["shape"]),
                 "dtype": details[name]["dtype"], "index": details[name]["index"]}
                for name in signatures[key][f"{kind}s"]]

    def _resize(self, size):
        if len(self.inputs) != 1 or len(self.inputs[0]["shape"]) != 4:
            raise SegkitError(f"{self._file.name} takes no picture, so its input has no height "
                                  "and width")
        shape = self.inputs[0]["shape"]
        try:
            self._model.resize_input_tensor(0, [shape[0], *size, shape[3]], strict=False)
        except (RuntimeError, ValueError) as error:
            raise SegkitError(f"{self._file.name} takes no input of {size[0]} x {size[1]} "
                                  f"pixels: {plain(error)}") from error
        self.inputs, self.outputs = self._tensors("input"), self._tensors("output")

    def _buffers(self, kind):
        try:
            return getattr(self._model, f"create_{kind}_buffers")(0)
        except (RuntimeError, ValueError) as error:
            raise SegkitError(f"LiteRT's compiled model has no memory for the {kind}s of "
                                  f"{self._file.name}: {plain(error)}") from error

    def _says_accelerated(self):
        asked = getattr(self._model, "is_fully_accelerated", None)
        return bool(asked()) if asked else None

    def write(self, arrays):
        """Hand over the inputs' arrays."""
        self._arrays = arrays
        for buffer, array in zip(self._in, arrays):
            _write(buffer, array)

    def _run(self):
        self._model.run_by_index(0, self._in, self._out)

    def _run_and_read(self):
        self._model.run_by_index(0, self._in, self._out)
        self._read()

    def _read(self):
        return [_read(buffer, tensor) for buffer, tensor in zip(self._out, self.outputs)]

    def read(self):
        """The outputs' arrays."""
        return [flat.reshape(t["shape"]) for flat, t in zip(self._read(), self.outputs)]

    def after_first_run(self):
        """What is known only now: how many threads work."""
        if not self._accelerated:  # they choose for themselves
            self.applied["threads"] = working_threads(self._setting["threads"],
                                                              self._threads_before)

    def doubt(self):
        """Whether the GPU did the work, where LiteRT was free to give it to the CPU.

        Two questions: does the GPU alone take the model, and is the answer other, or the time,
        than the CPU's? Kernels of a GPU add in another order, so that not a single number
        differing from the CPU's means that the CPU calculated.
        """
        if self._setting["delegate"] != "gpu+cpu":
            return {}
        try:
            alone = self._opened("gpu")
            del alone
            return {"fell_back": False, "operators_taken": self.applied["operators"]}
        except SegkitError:
            pass
        if any(np.dtype(t["dtype"]).kind != "f" for t in self.outputs):
            return {}  # whole numbers are equal on both
        ours, here = self.read(), min(timed(self.run, 3))
        on_cpu = CompiledEngine(self._file, {**self._setting, "delegate": "xnnpack"})
        on_cpu.write(self._arrays)
        there = min(timed(on_cpu.run, 3))
        same = all(np.array_equal(a, b) for a, b in zip(ours, on_cpu.read()))
        return {"fell_back": bool(same and 0.67 < here / there < 1.5)}


def _write(buffer, array):
    try:
        buffer.write(array)
    except ValueError:  # a dtype that TensorBuffer does not know, such as int64: its bytes
        buffer.write(np.frombuffer(array.tobytes(), np.uint8))


def _read(buffer, tensor):
    count, dtype = int(np.prod(tensor["shape"])), np.dtype(tensor["dtype"])
    try:
        return buffer.read(count, dtype)
    except ValueError:
        return buffer.read(count * dtype.itemsize, np.uint8).view(dtype)


def _check_accelerator():
    """Unavailable: this LiteRT brings no library that works with graphics cards."""
    folder = Path(importlib.util.find_spec("ai_edge_litert").origin).parent
    ending = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    if not any(folder.glob(f"*Accelerator{ending}")):
        raise Unavailable("this LiteRT brings no accelerator for graphics cards on this "
                                  "system: install a newer ai-edge-litert (2.1 or later)")


def _from_file(content):
    """({tensor's index: (scale, zero point)} of quantised tensors, number of operators)."""
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    scales = {}
    for index in range(graph.TensorsLength()):
        quantisation = graph.Tensors(index).Quantization()
        if quantisation and quantisation.ScaleLength() == 1:
            scales[index] = (quantisation.Scale(0), quantisation.ZeroPoint(0)
                             if quantisation.ZeroPointLength() else 0)
    return scales, graph.OperatorsLength()


def plain(error):
    """An error of LiteRT in one line, without the lines that name its own source files."""
    lines = [line.strip("└ ").strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and "ERROR: [" not in line]
    return one_line(" ".join(told) or error)


def described(name, shape, dtype, scale=None, zero_point=None):
    """An input or output as plain values."""
    return {"name": name, "shape": list(shape), "dtype": dtype, "scale": scale,
            "zero_point": zero_point}
