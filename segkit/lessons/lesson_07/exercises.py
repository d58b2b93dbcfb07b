"""The exercises of lesson 07: two numbers to work out, two functions to correct."""

import numpy as np

from segkit.graph import Graph
from segkit.lessons.exercise import function, number

EPSILON = 1e-3  # of the batch norms that the exercise folds


def _multiply_adds():
    first = Graph("deeplab-f32").operators[0]
    (_, rows, columns, made), seen = first.outputs[0].shape, first.inputs[0].shape
    pixels, taps, colours = rows * columns, int(np.prod(first.parameters["kernel"])), seen[3]
    return number(first.multiply_adds, f"{rows} x {columns} pixels, {taps} taps, {colours} colours "
                                       f"in, {made} channels out.", [
        (seen[1] * seen[2] * taps * colours * made,
         "with stride 2 the kernel stops at every second pixel: count the pixels of the output"),
        (pixels * taps * made, f"each tap looks at {colours} colours and has a weight for each of "
                               "them"),
        (pixels * taps * colours, f"there is one kernel for each of the {made} channels that come "
                                  "out"),
        (pixels * colours * made, f"the kernel has {taps} taps, and each of them has weights"),
        (2 * first.multiply_adds, "a product and the sum that it goes into are one multiply-add, "
                                  "not two operations"),
        (taps * colours * made, "these are the weights; each of them works once for each pixel of "
                                "the output"),
    ])


def _kernel_span():
    graph = Graph("deeplab-f32")
    widest = max(graph.operators, key=lambda operator: operator.rate)
    (taps, _), (rate, _) = widest.parameters["kernel"], widest.rate
    side = graph.inputs[0].shape[1]
    step = (side - 1) // (widest.inputs[0].shape[1] - 1)
    cells = (taps - 1) * rate + 1
    return number(cells * step, f"{cells} cells of {step} pixels each; the input has {side}.", [
        (cells, f"these are cells of the map; each stands for {step} pixels of the input"),
        (taps * step, f"this is a plain kernel; here the taps lie {rate} cells apart"),
        (taps * rate * step, f"{taps} taps have only {taps - 1} gaps between them"),
        ((taps - 1) * rate * step,
         "this is the way from the middle of the first cell to the middle of the last one; count "
         "both cells whole"),
        (rate * step, f"this is one gap; {taps} taps have {taps - 1} of them, and a cell more"),
    ])


def _dequantise():
    stored = np.random.default_rng(7).integers(-128, 128, (5, 4, 6)).astype(np.int8)
    return function(
        given=[stored, 0.0235, -100],  # an activation: one scale and one zero point for all of it
        right=lambda stored, scale, zero: scale * (stored.astype(int) - zero),
        why="real = scale * (stored - zero_point), with room for the difference.",
        mistakes=[
            (lambda stored, scale, zero: scale * stored,
             "the zero point is missing: which stored number stands for 0?"),
            (lambda stored, scale, zero: scale * (stored - np.int8(zero)),
             "the difference of two 8-bit numbers does not fit into 8 bits, and NumPy does not say "
             "so; take more room first: stored.astype(int)"),
            (lambda stored, scale, zero: scale * (stored + np.int8(zero)),
             "the zero point is taken away, not added; and the result needs more than 8 bits"),
            (lambda stored, scale, zero: scale * (stored.astype(int) + zero),
             "the zero point is taken away, not added: it is the stored number that stands for 0"),
            (lambda stored, scale, zero: scale * stored - zero,
             "the zero point is a stored number: take it away first, then multiply"),
            (lambda stored, scale, zero: (stored.astype(int) - zero) / scale,
             "the scale is the width of a step in real numbers: multiply by it"),
            (lambda stored, scale, zero: scale * (zero - stored.astype(int)),
             "the other way round: the zero point is taken away from what is stored"),
        ])


def _folded_bias():
    rng = np.random.default_rng(7)
    mean, gamma, beta = (rng.normal(0, 2, 8).astype(np.float32) for _ in range(3))
    variance = rng.uniform(0.01, 0.4, 8).astype(np.float32)

    def folded(mean, variance, gamma, beta):
        return beta - gamma * mean / np.sqrt(variance + EPSILON)

    return function(
        given=[mean, variance, gamma, beta],
        right=folded,
        why="beta - gamma * mean / sqrt(variance + epsilon): what the norm makes of a zero.",
        mistakes=[
            (lambda mean, variance, gamma, beta: beta,
             "this is what is left where the mean is 0; what does the norm do to the mean?"),
            (lambda mean, variance, gamma, beta: beta - mean,
             "the mean is taken away before the norm multiplies: it is scaled, too"),
            (lambda mean, variance, gamma, beta: beta - gamma * mean,
             "the norm also divides by the square root of the variance"),
            (lambda mean, variance, gamma, beta: beta - gamma * mean / (variance + EPSILON),
             "the norm divides by the square root of the variance, not by the variance"),
            (lambda mean, variance, gamma, beta: folded(mean, variance, gamma, 0),
             "beta is missing: the norm adds it at the end"),
            (lambda mean, variance, gamma, beta: folded(mean, variance, 1, beta),
             "gamma is missing: the norm multiplies by it"),
            (lambda mean, variance, gamma, beta: folded(-mean, variance, gamma, beta),
             "the mean is taken away: its sign is the other one"),
            (lambda mean, variance, gamma, beta: beta - gamma * mean / np.sqrt(variance),
             f"the variance is small here: do not forget the epsilon of {EPSILON} under the root"),
        ])


EXERCISES = {"multiply-adds": _multiply_adds, "kernel-span": _kernel_span,
             "dequantise": _dequantise, "folded-bias": _folded_bias}
