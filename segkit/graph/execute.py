"""How each operator is executed: with the layers of :mod:`segkit.reference`, or a line of NumPy.

A function here takes the operator and its inputs, arrays of real numbers with a batch axis, and
returns its output; activation and rounding are the caller's. What an operator makes has to have the
shape that the file declares. Where a damaged file could ask for gigabytes, that is checked before.
Source of what the operators do: https://ai.google.dev/edge/litert/models/ops_compatibility and the
reference kernels of TensorFlow Lite.
"""

from math import prod

import numpy as np

from segkit import reference
from segkit.errors import SegkitError
from segkit.languages import say

WIDEST = 1000  # positions that a window may span on a small map: the padding around the map grows with it


def layer(operator):
    """A function from an operator's inputs to its output, arrays of real numbers.

    The inputs come in their order, None for one that is left out.

    Raises:
        SegkitError: the operator or its activation is not known here. The function raises it
            where shapes do not fit together.
    """
    activation = operator.parameters.get("activation", "none")
    for kind, name, known in (("operator", operator.name, _FUNCTIONS),
                              ("activation", activation, _ACTIVATIONS)):
        if name not in known:
            raise SegkitError(say("the {kind} {name} is not known; known are {listed}", kind=kind, name=name,
                                  listed=", ".join(known)))
    if len(operator.outputs) != 1:
        raise SegkitError(say("it makes {outputs} tensors, and one was expected",
                              outputs=len(operator.outputs)))

    def run(*arrays):
        made = _FUNCTIONS[operator.name](operator, *arrays)
        _expect(operator, made.shape)
        return _ACTIVATIONS[activation](made)

    return run


def convolution(operator):
    """A convolution of a model file as the blocks of :mod:`segkit.reference` take it.

    Args:
        operator: a CONV_2D or DEPTHWISE_CONV_2D, see :class:`segkit.graph.Operator`.

    Returns:
        :class:`segkit.reference.Convolution` with dequantised kernel and bias, float32.

    Raises:
        SegkitError: another operator, or one that such a tuple cannot hold: with a stride, with
            groups, without padding.
    """
    said, depthwise = operator.parameters, operator.name == "DEPTHWISE_CONV_2D"
    if operator.name not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        raise SegkitError(say("operator {index}, {name}, is no convolution", index=operator.index,
                              name=operator.name))
    padded = said["padding"] == "same" or said["kernel"] == (1, 1)  # these need no padding
    groups = operator.outputs[0].shape[3] if depthwise else 1
    if said["stride"] != (1, 1) or said["groups"] != groups or not padded:
        raise SegkitError(say("{name} has stride {stride}, {groups} groups and padding {padding}; stride 1, "
                              "{groups2} and same are needed", name=operator.name, stride=said["stride"],
                              groups=said["groups"], padding=said["padding"], groups2=groups))
    kernel, *bias = (tensor.values() for tensor in operator.weights)
    return reference.Convolution(
        kernel[0] if depthwise else kernel.transpose(1, 2, 3, 0), bias[0] if bias else None,
        operator.rate[0],
        None if said["activation"] == "none" else _ACTIVATIONS[said["activation"]])


def _expect(operator, shape):
    """Refuse an output of another shape than the file declares."""
    if operator.outputs[0].shape != tuple(shape):
        raise SegkitError(say("the file declares an output of shape {shape}; the operator makes {made}",
                              shape=operator.outputs[0].shape, made=tuple(shape)))


_ACTIVATIONS = {"none": lambda x: x, "relu": reference.relu, "relu6": reference.relu6,
                "relu_n1_to_1": lambda x: np.clip(x, -1, 1)}


def _each(layer, x, *arguments, **options):
    """A layer on every map of a batch: the layers themselves know no batch axis."""
    return np.stack([layer(one, *arguments, **options) for one in x])


def _expect_window(operator, x, channels):
    """Refuse an output of another shape than a sliding window's settings make."""
    said = operator.parameters
    for side, size, rate in zip(x.shape[1:3], said["kernel"], said.get("dilation", (1, 1))):
        if reference.effective_kernel(size, rate) > WIDEST + 16 * side:
            raise SegkitError(say("its window of {size} with rate {rate} reaches far beyond a map of {side} "
                                  "positions", size=size, rate=rate, side=side))
    sizes = [reference.output_size(*axis) for axis in
             zip(x.shape[1:3], said["kernel"], said["stride"], [said["padding"]] * 2,
                 said.get("dilation", (1, 1)))]
    _expect(operator, (len(x), *sizes, channels))


def _convolution(operator, x, kernel, bias=None):
    said = operator.parameters
    _expect_window(operator, x, kernel.shape[0])
    return _each(reference.conv2d, x, kernel.transpose(1, 2, 3, 0), bias, said["stride"],
                 said["padding"], said["dilation"], said["groups"])


def _depthwise(operator, x, kernel, bias=None):
    said = operator.parameters
    _expect_window(operator, x, kernel.shape[3])
    kernel = kernel.reshape(*kernel.shape[1:3], x.shape[3], -1)
    return _each(reference.depthwise_conv2d, x, kernel, bias, said["stride"], said["padding"],
                 said["dilation"])


def _fully_connected(operator, x, weights, bias=None):
    rows = x.reshape(-1, weights.shape[1])
    if prod(operator.outputs[0].shape) != len(rows) * len(weights):
        _expect(operator, (len(rows), len(weights)))
    made = rows @ weights.T + (0 if bias is None else bias)
    return made.reshape(operator.outputs[0].shape)  # it may keep the axes of its input


def _pool(layer):
    def run(operator, x):
        said = operator.parameters
        _expect_window(operator, x, x.shape[3])
        return _each(layer, x, said["kernel"], said["stride"], said["padding"])

    return run


def _resize_bilinear(operator, x, size):
    height, width = size.tolist()
    _expect(operator, (len(x), height, width, x.shape[3]))
    return _each(reference.resize_bilinear, x, height, width, operator.parameters["align_corners"],
                 operator.parameters["half_pixel_centers"])


def _mean(operator, x, axes):
    return x.mean(axis=tuple(axes.ravel().tolist()), keepdims=operator.parameters["keep_dims"])


def _concatenation(operator, *parts):
    return np.concatenate(parts, axis=operator.parameters["axis"])


def _softmax(operator, x):
    return reference.softmax(x * np.float32(operator.parameters["beta"]))


def _pad(operator, x, margins, *constant):
    _expect(operator, (x.shape + margins.sum(axis=1)).tolist())
    return np.pad(x, margins.tolist(), constant_values=constant[0].item() if constant else 0)


def _arithmetic(function):
    def run(operator, a, b):
        _expect(operator, np.broadcast_shapes(a.shape, b.shape))
        return function(a, b)

    return run


def _space_to_batch(operator, x, block, margins):
    """Map k of the batch gets every pixel whose place in its block is k."""
    rows, columns = block.tolist()
    height, width = (x.shape[1:3] + margins.sum(axis=1)).tolist()
    _expect(operator, (len(x) * rows * columns, height // rows, width // columns, x.shape[3]))
    x = np.pad(x, ((0, 0), *margins.tolist(), (0, 0)))
    x = x.reshape(len(x), height // rows, rows, width // columns, columns, -1)
    return x.transpose(2, 4, 0, 1, 3, 5).reshape(operator.outputs[0].shape)


def _batch_to_space(operator, x, block, margins):
    """Put the pixels back, the inverse of :func:`_space_to_batch`."""
    rows, columns = block.tolist()
    count, height, width, channels = x.shape
    x = x.reshape(rows, columns, count // (rows * columns), height, width, channels)
    x = x.transpose(2, 3, 0, 4, 1, 5).reshape(-1, height * rows, width * columns, channels)
    (top, bottom), (left, right) = margins.tolist()
    return x[:, top:x.shape[1] - bottom, left:x.shape[2] - right]


_FUNCTIONS = {
    "ADD": _arithmetic(np.add),
    "ARG_MAX": lambda operator, x, axis: x.argmax(axis=axis.item()),
    "AVERAGE_POOL_2D": _pool(reference.average_pool),
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "CAST": lambda operator, x: x.astype(operator.outputs[0].numpy_dtype()),
    "CONCATENATION": _concatenation,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": lambda operator, x: x,
    "FULLY_CONNECTED": _fully_connected,
    "LOGISTIC": lambda operator, x: 1 / (1 + np.exp(-x)),
    "MAX_POOL_2D": _pool(reference.max_pool),
    "MEAN": _mean,
    "MUL": _arithmetic(np.multiply),
    "PAD": _pad,
    "PADV2": _pad,
    "QUANTIZE": lambda operator, x: x,
    "RELU": lambda operator, x: reference.relu(x),
    "RELU6": lambda operator, x: reference.relu6(x),
    "RESHAPE": lambda operator, x, *_: x.reshape(operator.outputs[0].shape),
    "RESIZE_BILINEAR": _resize_bilinear,
    "SOFTMAX": _softmax,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "SUB": _arithmetic(np.subtract),
}
