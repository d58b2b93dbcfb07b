"""The answers of lesson 07: two numbers to work out, two functions to correct."""

import numpy as np

from segkit.graph import Graph
from segkit.lessons.exercise import judge, judge_number

EPSILON = 1e-3  # of the batch norms that the exercise folds


def _multiply_adds(answer):
    first = Graph("deeplab-f32").operators[0]
    (_, rows, columns, made), seen = first.outputs[0].shape, first.inputs[0].shape
    pixels, taps, colours = rows * columns, int(np.prod(first.parameters["kernel"])), seen[3]
    return judge_number(answer, first.multiply_adds, [
        (seen[1] * seen[2] * taps * colours * made,
         "with stride 2 the kernel stops at every second pixel: count the pixels of the output"),
        (pixels * taps * made, f"each tap looks at {colours} colours and has a weight for each of "
                               "them"),
        (pixels * taps * colours, f"there is one kernel for each of the {made} channels that come "
                                  "out"),
        (pixels * colours * made, f"the kernel has {taps} taps, and each of them has weights"),
        (2 * first.multiply_adds, "a product and the sum that it goes into are one multiply-add, not "
                                  "two operations"),
        (taps * colours * made, "these are the weights; each of them works once for each pixel of "
                                "the output"),
    ], f"{rows} x {columns} pixels, {taps} taps, {colours} colours in, {made} channels out.")


def _kernel_span(answer):
    graph = Graph("deeplab-f32")
    widest = max(graph.operators, key=lambda operator: operator.rate)
    (taps, _), (rate, _) = widest.parameters["kernel"], widest.rate
    step = (graph.inputs[0].shape[1] - 1) // (widest.inputs[0].shape[1] - 1)
    cells = (taps - 1) * rate + 1
    return judge_number(answer, cells * step, [
        (cells, f"these are cells of the map; each stands for {step} pixels of the input"),
        (taps * step, f"this is a plain kernel; here the taps lie {rate} cells apart"),
        (taps * rate * step, f"{taps} taps have only {taps - 1} gaps between them"),
        ((taps - 1) * rate * step,
         "this is the way from the middle of the first cell to the middle of the last one; count "
         "both cells whole"),
        (rate * step, f"this is one gap; {taps} taps have {taps - 1} of them, and a cell more"),
    ], f"{cells} cells of {step} pixels each: the kernel is wider than the input itself.")


def _dequantise(answer):
    rng = np.random.default_rng(7)
    stored = rng.integers(-128, 128, (3, 3, 4, 6)).astype(np.int8)
    scale = np.linspace(0.01, 0.06, 6).astype(np.float32)
    zero_point = np.array([-5, 3, 0, 12, -128, 7])
    whole = stored.astype(np.int64)
    return judge(answer, [stored, scale, zero_point], scale * (whole - zero_point), [
        (scale * whole, "the zero point is missing: which stored number stands for 0?"),
        (scale * (whole + zero_point), "the zero point is taken away, not added: it is the stored "
                                       "number that stands for 0"),
        (scale * whole - zero_point, "the zero point is a stored number: take it away first, then "
                                     "multiply"),
        ((whole - zero_point) / scale, "the scale is the width of a step in real numbers: multiply "
                                       "by it"),
        (scale * (zero_point - whole), "the other way round: the zero point is taken away from what "
                                       "is stored"),
        (scale[0] * (whole - zero_point), "each channel has a scale of its own, not that of the "
                                          "first"),
    ], "real = scale * (stored - zero_point), one scale for each channel on the last axis.")


def _folded_bias(answer):
    rng = np.random.default_rng(7)
    mean, gamma, beta = (rng.normal(0, 2, 8).astype(np.float32) for _ in range(3))
    variance = rng.uniform(0.01, 0.4, 8).astype(np.float32)
    root = np.sqrt(variance + EPSILON)
    return judge(answer, [mean, variance, gamma, beta], beta - gamma * mean / root, [
        (beta, "this is what is left where the mean is 0; what does the norm do to the mean?"),
        (beta - mean, "the mean is taken away before the norm multiplies: it is scaled, too"),
        (beta - gamma * mean, "the norm also divides by the square root of the variance"),
        (beta - gamma * mean / (variance + EPSILON), "the norm divides by the square root of the "
                                                     "variance, not by the variance"),
        (-gamma * mean / root, "beta is missing: the norm adds it at the end"),
        (beta - mean / root, "gamma is missing: the norm multiplies by it"),
        (beta + gamma * mean / root, "the mean is taken away: its sign is the other one"),
        (beta - gamma * mean / np.sqrt(variance), f"the variance is small here: do not forget the "
                                                  f"epsilon of {EPSILON} under the root"),
    ], "beta - gamma * mean / sqrt(variance + epsilon): what the norm makes of a zero.")


JUDGES = {"multiply-adds": _multiply_adds, "kernel-span": _kernel_span,
          "dequantise": _dequantise, "folded-bias": _folded_bias}
