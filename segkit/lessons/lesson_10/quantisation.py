"""A network in fewer bits: quantisation by hand, on the graph of a real model file.

All of it is simulated in real numbers: values are rounded to those that the given number of bits
can store, and :class:`segkit.graph.Graph` calculates with them. So accuracy can be studied here;
bytes and milliseconds are those of the files that a converter makes.
Source: B. Jacob and others, Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, https://arxiv.org/abs/1712.05877, section 2.1;
R. Krishnamoorthi, Quantizing deep convolutional networks for efficient inference: A whitepaper,
https://arxiv.org/abs/1806.08342, sections 2 and 3 (one scale for each channel, calibration).
"""

from copy import copy
from dataclasses import replace

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.graph import Quantisation, execute, tensors
from segkit.languages import say
from segkit.masks import metrics

# The axis of the output channels in the weights of an operator, as its file stores them.
CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
PRECISIONS = {"float32": "deeplab-f32", "float16": "deeplab-f16", "int8 weights": "deeplab-w8",
              "int8": "deeplab"}  # the one network that ships in four files


def _checked_bits(bits):
    if not isinstance(bits, (int, np.integer)) or not 2 <= bits <= 8:
        raise SegkitError(say("a stored number has 2 to 8 bits here, not {bits!r}", bits=bits))
    return int(bits)


def affine(low, high, bits=8):
    """The :class:`segkit.graph.Quantisation` whose stored numbers cover ``low`` to ``high``.

    Args:
        low, high: the ends of the range; it is widened where it leaves out 0, so that 0 has a
            stored number of its own (a padded border is made of zeros).
        bits: 2 to 8; the stored numbers are signed, -128 to 127 for 8 bits.

    Raises:
        SegkitError: another number of bits, or ends that are no range.
    """
    bits = _checked_bits(bits)
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if not np.isfinite([low, high]).all() or low == high:
        raise SegkitError(say("{low} to {high} is no range that numbers can be spread over", low=low,
                              high=high))
    scale = (high - low) / (2 ** bits - 1)
    zero_point = round(-2 ** (bits - 1) - low / scale)
    return Quantisation(np.float32([scale]), np.array([zero_point]), None)


def symmetric(values, bits=8, axis=None):
    """The quantisation of weights, whose zero point is 0: the largest weight gets the last number.

    Args:
        values: array of real numbers, not all of them 0.
        bits: 2 to 8; the stored numbers run from -127 to 127 for 8 bits, -7 to 7 for 4.
        axis: one scale for each place along this axis; None: one for all.
    """
    found = tensors.symmetric(values, axis)
    last = 2 ** (_checked_bits(bits) - 1) - 1
    return replace(found, scale=found.scale * np.float32(127 / last))


def quantise(values, quantisation, bits=8):
    """Real numbers -> stored ones: divide by the scale, round, add the zero point, cut the ends.

    Args:
        values: array of real numbers.
        quantisation: :class:`segkit.graph.Quantisation`.

    Returns:
        int8 array of the same shape.
    """
    last = 2 ** (_checked_bits(bits) - 1) - 1
    return quantisation.nearest(values, -last - 1, last).astype(np.int8)


def rounded(values, quantisation, bits=8):
    """What is left of real numbers after :func:`quantise` and the way back."""
    return quantisation.real(quantise(values, quantisation, bits))


def with_weights(graph, bits=8, per_channel=True):
    """A graph whose weights are rounded to a few bits; biases and activations stay as they are.

    Args:
        graph: a float32 :class:`segkit.graph.Graph`; it stays as it is.
        bits: 2 to 8.
        per_channel: one scale for each output channel of a layer; False: one for a whole layer.

    Returns:
        a new :class:`segkit.graph.Graph`.

    Raises:
        SegkitError: the weights of the graph are not float32.
    """
    def change(operator):
        if operator.name not in CHANNELS:
            return operator
        x, kernel, *others = operator.inputs
        if kernel.data is None or kernel.dtype != "float32":
            raise SegkitError(say("the weights of {name} are not float32, so that there is nothing to round; "
                                  "take the float32 file of this network", name=graph.path.name))
        axis = CHANNELS[operator.name] if per_channel else None
        values = kernel.values()
        few = rounded(values, symmetric(values, bits, axis), bits)
        return replace(operator, inputs=(x, replace(kernel, data=few.reshape(-1).view(np.uint8)),
                                         *others))

    return _changed(graph, change)


def calibrate(graph, inputs):
    """The range of each activation over some inputs: what a converter does before it quantises.

    Args:
        graph: a float32 :class:`segkit.graph.Graph`.
        inputs: list of arrays, each as the graph takes it.

    Returns:
        dictionary from a tensor's index to (lowest, highest).
    """
    ranges = {}
    for values in inputs:
        for operator, made in graph.trace(values):
            index = operator.outputs[0].index
            low, high = ranges.get(index, (np.inf, -np.inf))
            ranges[index] = (min(low, float(made.min())), max(high, float(made.max())))
    if not ranges:
        raise SegkitError(say("calibration needs at least one input"))
    return ranges


def with_activations(graph, ranges):
    """A graph in which all that an operator makes is rounded to 8 bits.

    Args:
        graph: a float32 :class:`segkit.graph.Graph`, such as one of :func:`with_weights`.
        ranges: what :func:`calibrate` returned. Numbers outside are cut to the ends.

    Returns:
        a new :class:`segkit.graph.Graph`. Its input and output stay float32.
    """
    def change(operator):
        made = operator.outputs[0]
        low, high = ranges[made.index]
        if low >= 0 >= high:  # nothing but zeros was seen here
            high = 1.0
        return replace(operator, outputs=(replace(made, dtype="int8",
                                                  quantisation=affine(low, high)),))

    return _changed(graph, change)


def run_dynamic(graph, values):
    """Execute a graph with dynamic-range quantisation: 8 bits whose range is found at run time.

    Before each layer with weights, the activation that comes in is rounded to 8 bits, over the
    range that it has in this very run. What the layer makes stays float32.
    Source: https://ai.google.dev/edge/litert/models/post_training_quantization, "Dynamic range
    quantization".

    Args:
        graph: a float32 :class:`segkit.graph.Graph` with one input and one output, such as one of
            :func:`with_weights`.
        values: its input.

    Returns:
        float32 array: its output.
    """
    made = {graph.inputs[0].index: values}
    for operator in graph.operators:
        arrays = [None if tensor is None else made[tensor.index] if tensor.index in made
                  else tensor.values() for tensor in operator.inputs]
        if operator.name in CHANNELS:
            low, high = float(arrays[0].min()), float(arrays[0].max())
            if low < 0 or high > 0:  # a tensor of zeros is exact as it is
                arrays[0] = rounded(arrays[0], affine(low, high))
        made[operator.outputs[0].index] = execute.layer(operator)(*arrays)
    return made[graph.outputs[0].index]


def _changed(graph, change):
    new = copy(graph)
    new.operators = tuple(change(operator) for operator in graph.operators)
    return new


def margin(scores):
    """How far the best score lies above the second: (H, W) float32 for (H, W, C) scores."""
    second, first = np.partition(scores, -2, axis=-1)[..., -2:].transpose(2, 0, 1)
    return (first - second).astype(np.float32)


def outline_distance(mask):
    """How far each pixel lies from the nearest outline of a class: (H, W) float32, in pixels.

    The pixels on both sides of an outline have 0. In a mask of one class every pixel has the
    length of the mask's diagonal.
    """
    edge = metrics.boundary(mask)
    if not edge.any():
        return np.full(mask.shape, np.hypot(*mask.shape), np.float32)
    return cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def logits(segmenter, photo):
    """The scores of a :class:`segkit.Segmenter` as real numbers, (H, W, C) float32."""
    scores = segmenter.session.run(segmenter.prepare(photo)[0])[0]
    return segmenter.session.outputs[0].real(scores)
