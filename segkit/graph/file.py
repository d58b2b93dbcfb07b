"""What stands in a .tflite file: its tensors, its operators, its metadata.

A damaged file may claim anything. So every count is checked before something counts up to it, and
weights are views into the file's bytes, which are copied only where they are used.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from segkit import models
from segkit.errors import SegkitError, one_line
from segkit.graph.schema import name_of, schema, settings
from segkit.graph.tensors import Quantisation, Tensor
from segkit.languages import say

MOST_ENTRIES = 20_000  # tensors or operators in a graph; large language models have some 5,000
MOST_LINKS = 1_000  # inputs or outputs of one operator, entries of the metadata
MOST_NUMBERS = 1 << 28  # in one tensor: a gigabyte of float32
LONGEST_TEXT = 10_000  # characters: converters join the names of layers that they fused


@dataclass(frozen=True, eq=False)
class Operator:
    """One step of the graph.

    Attributes:
        index: its place in the file's order, which is the order of execution.
        name: as in the schema: CONV_2D, ADD and so on; a custom operator by its own name.
        inputs: tuple of :class:`Tensor`; None where an optional one is left out.
        outputs: tuple of :class:`Tensor`.
        parameters: dictionary of what the operator has of "kernel", "stride" and "dilation", as
            (vertical, horizontal), "padding" ("same", "valid"), "groups", "activation" ("none",
            "relu6" ...), "align_corners", "half_pixel_centers", "axis", "keep_dims", "beta".
        rate: the atrous rate of a convolution, (vertical, horizontal), wherever the file keeps it:
            as its dilation, or in a SPACE_TO_BATCH_ND before it; (1, 1) for all others.
        multiply_adds: products of a weight and an activation in one run; 0 without weights.
        weights: tuple of the tensors that it reads from the file, in the type they are stored in,
            even where a DEQUANTIZE stands between; of a convolution the kernel and the bias.
    """

    index: int
    name: str
    inputs: tuple
    outputs: tuple
    parameters: dict
    rate: tuple
    multiply_adds: int
    weights: tuple

    @property
    def is_atrous(self):
        """Whether it is a convolution with a rate over 1."""
        return max(self.rate) > 1

    @property
    def weight_bytes(self):
        """Bytes of the file that hold its weights; what two operators share counts for each."""
        return sum(tensor.bytes for tensor in self.weights)

    def __str__(self):
        maps = [tensor for tensor in self.inputs if tensor is not None and tensor.data is None]
        given, made = (", ".join("x".join(map(str, tensor.shape)) for tensor in tensors)
                       for tensors in (maps, self.outputs))
        said = ", ".join(f"{key} {value}" for key, value in self.parameters.items())
        return f"{self.index} {self.name}: {given} -> {made}" + (f"; {said}" if said else "")


@dataclass(frozen=True, eq=False)
class Content:
    """All that :func:`read` finds: the main graph's lists, and the file's own facts.

    ``tensors``, ``operators``, ``inputs`` and ``outputs`` are tuples, ``metadata`` a dictionary
    from name to bytes.
    """

    tensors: tuple
    operators: tuple
    inputs: tuple
    outputs: tuple
    metadata: dict
    description: str


def read(file):
    """The :class:`Content` of a .tflite file (a pathlib.Path).

    Raises:
        SegkitError: the file cannot be read, is no .tflite file, or is damaged.
    """
    content = models.content(file)
    model_class = schema().Model
    try:
        return _content(model_class.GetRootAs(content, 0), content)
    except Exception as error:
        raise SegkitError(say("{file} is damaged: {why}; get a fresh copy", file=one_line(file),
                              why=one_line(error))) from error


def _content(model, content):
    _checked(model.SubgraphsLength(), 1, MOST_ENTRIES, "graphs")
    graph = model.Subgraphs(0)  # the main one; operators such as WHILE call the others
    data = _stored_bytes(model, content)
    count = _checked(graph.TensorsLength(), 1, MOST_ENTRIES, "tensors")
    tensors = tuple(_tensor(index, graph.Tensors(index), data) for index in range(count))
    operators, makers = [], {}
    for index in range(_checked(graph.OperatorsLength(), 0, MOST_ENTRIES, "operators")):
        operators.append(_operator(index, graph.Operators(index), model, tensors, makers))
        makers.update((tensor.index, operators[-1]) for tensor in operators[-1].outputs)
    entries = [model.Metadata(index) for index in
               range(_checked(model.MetadataLength(), 0, MOST_LINKS, "metadata"))]
    metadata = {_text(entry.Name()): data(entry.Buffer()) for entry in entries}
    inputs, outputs = _links(graph, "Inputs", tensors), _links(graph, "Outputs", tensors)
    if None in inputs or None in outputs or not outputs:
        raise SegkitError(say("its graph has no outputs, or an input or output that is no tensor"))
    return Content(tensors, tuple(operators), inputs, outputs,
                   {name: b"" if raw is None else raw.tobytes() for name, raw in metadata.items()},
                   _text(model.Description()))


def _checked(number, least, most, what):
    """``number``, if it is believable."""
    if not least <= number <= most:
        raise SegkitError(say("it has {number} {what}, and {least} to {most} were expected", number=number,
                              what=what, least=least, most=most))
    return number


def _text(raw):
    """A string of the file; bytes that are no text become question marks."""
    _checked(len(raw or b""), 0, LONGEST_TEXT, "characters in a text")
    return (raw or b"").decode("utf-8", "replace")


def _stored_bytes(model, content):
    """A function from a buffer's number to its bytes, (n,) uint8, or None for an empty one."""
    count = model.BuffersLength()

    def data(number):
        buffer = model.Buffers(_checked(number, 0, count - 1, "as the number of a buffer"))
        if buffer.DataLength():
            return buffer.DataAsNumpy()
        if buffer.Offset() > 1:  # newer converters put large weights behind the FlatBuffer
            return np.frombuffer(content, np.uint8, buffer.Size(), buffer.Offset())
        return None

    return data


def _tensor(index, table, data):
    rank = _checked(table.ShapeLength(), 0, 8, "axes in a tensor")
    shape = tuple(table.ShapeAsNumpy().tolist()) if rank else ()
    if min(shape, default=0) < 0:
        raise SegkitError(say("its tensor {index} has the shape {shape}", index=index, shape=shape))
    _checked(prod(shape), 0, MOST_NUMBERS, "numbers in a tensor")
    return Tensor(index, _text(table.Name()), shape, name_of("TensorType", table.Type()).lower(),
                  _quantisation(table.Quantization(), shape), data(table.Buffer()))


def _quantisation(table, shape):
    """The :class:`Quantisation` in a table; None for a tensor without one."""
    count = table.ScaleLength() if table else 0
    if not count:
        return None
    axis = table.QuantizedDimension() if count > 1 else None
    zeros = table.ZeroPointLength()
    if zeros not in (0, 1, count) or \
            (count > 1 and not (0 <= axis < len(shape) and shape[axis] == count)):
        raise SegkitError(say("its tensor of shape {shape} has {count} scales along axis {axis} and {zeros} "
                              "zero points", shape=shape, count=count, axis=axis, zeros=zeros))
    return Quantisation(table.ScaleAsNumpy(),
                        table.ZeroPointAsNumpy() if zeros else np.zeros(1, np.int64), axis)


def _links(table, which, tensors):
    """The tensors that an operator or the graph names as its ``which``, Inputs or Outputs."""
    count = _checked(getattr(table, which + "Length")(), 0, MOST_LINKS, which.lower())
    numbers = getattr(table, which + "AsNumpy")().tolist() if count else []
    for number in numbers:
        _checked(number, -1, len(tensors) - 1, "as the number of a tensor")
    return tuple(tensors[number] if number >= 0 else None for number in numbers)


def _operator(index, table, model, tensors, makers):
    code = model.OperatorCodes(_checked(table.OpcodeIndex(), 0, model.OperatorCodesLength() - 1,
                                        "as the number of an operator's kind"))
    # The first 127 kinds stand in the deprecated field, in old files only there.
    name = name_of("BuiltinOperator", max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
    if name == "CUSTOM":
        name = _text(code.CustomCode()) or name
    inputs, outputs = _links(table, "Inputs", tensors), _links(table, "Outputs", tensors)
    if None in outputs:
        raise SegkitError(say("its operator {index}, {name}, makes no tensor", index=index, name=name))
    parameters, rate = settings(table), (1, 1)
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        parameters |= _kernel(name, inputs)
        rate = _rate(parameters.get("dilation", (1, 1)), makers.get(inputs[0].index))
    read = () if name == "DEQUANTIZE" else (_behind(t, makers) for t in inputs if t is not None)
    return Operator(index, name, inputs, outputs, parameters, rate,
                    _multiply_adds(name, inputs, outputs),
                    tuple(tensor for tensor in read if tensor.data is not None))


def _kernel(name, inputs):
    """What the shapes of a convolution's map and weights say: the kernel's size and the groups."""
    channels, kernel = inputs[0].shape[3], inputs[1].shape
    return {"kernel": kernel[1:3],
            "groups": channels if name == "DEPTHWISE_CONV_2D" else channels // kernel[3]}


def _rate(dilation, maker):
    """The atrous rate of a convolution whose map ``maker`` made (an Operator, or None).

    Old converters write an atrous convolution as three operators: SPACE_TO_BATCH_ND
    gives each pixel of a block to a small map of its own, a plain convolution works on each of
    them, and BATCH_TO_SPACE_ND puts the pixels back. There the size of the block is the rate.
    """
    if maker is None or maker.name != "SPACE_TO_BATCH_ND":
        return dilation
    return tuple(a * b for a, b in zip(dilation, maker.inputs[1].stored().tolist()))


def _behind(tensor, makers):
    """The tensor that a DEQUANTIZE reads, or the tensor itself."""
    maker = makers.get(tensor.index)
    return maker.inputs[0] if maker is not None and maker.name == "DEQUANTIZE" else tensor


def _multiply_adds(name, inputs, outputs):
    """Each number that a layer with weights gives is a sum of so many products."""
    if name not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    kernel = inputs[1].shape
    each = kernel[1:3] if name == "DEPTHWISE_CONV_2D" else kernel[1:]
    return prod(outputs[0].shape) * prod(each)
