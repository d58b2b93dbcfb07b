"""The exercises of lesson 07: two numbers to work out, two functions to correct."""

import numpy as np

from segkit.graph import Graph
from segkit.languages import say
from segkit.lessons.exercise import function, number

EPSILON = 1e-3  # of the batch norms that the exercise folds


def _multiply_adds():
    first = Graph("deeplab-f32").operators[0]
    (_, rows, columns, made), seen = first.outputs[0].shape, first.inputs[0].shape
    pixels, taps, colours = rows * columns, int(np.prod(first.parameters["kernel"])), seen[3]
    return number(first.multiply_adds, say("{rows} x {columns} pixels, {taps} taps, {colours} colours in, "
                                           "{made} channels out.", rows=rows, columns=columns, taps=taps,
                                           colours=colours, made=made), [
        (seen[1] * seen[2] * taps * colours * made,
         say("with stride 2 the kernel stops at every second pixel: count the pixels of the output")),
        (pixels * taps * made, say("each tap looks at {colours} colours and has a weight for each of them",
                                   colours=colours)),
        (pixels * taps * colours, say("there is one kernel for each of the {made} channels that come out",
                                      made=made)),
        (pixels * colours * made, say("the kernel has {taps} taps, and each of them has weights", taps=taps)),
        (2 * first.multiply_adds, say("a product and the sum that it goes into are one multiply-add, not two "
                                      "operations")),
        (taps * colours * made, say("these are the weights; each of them works once for each pixel of the "
                                    "output")),
    ])


def _kernel_span():
    graph = Graph("deeplab-f32")
    widest = max(graph.operators, key=lambda operator: operator.rate)
    (taps, _), (rate, _) = widest.parameters["kernel"], widest.rate
    side = graph.inputs[0].shape[1]
    step = (side - 1) // (widest.inputs[0].shape[1] - 1)
    cells = (taps - 1) * rate + 1
    return number(cells * step, say("{cells} cells of {step} pixels each; the input has {side}.", cells=cells,
                                    step=step, side=side), [
        (cells, say("these are cells of the map; each stands for {step} pixels of the input", step=step)),
        (taps * step, say("this is a plain kernel; here the taps lie {rate} cells apart", rate=rate)),
        (taps * rate * step, say("{taps} taps have only {taps2} gaps between them", taps=taps, taps2=taps - 1)),
        ((taps - 1) * rate * step,
         say("this is the way from the middle of the first cell to the middle of the last one; count both "
             "cells whole")),
        (rate * step, say("this is one gap; {taps} taps have {taps2} of them, and a cell more", taps=taps,
                          taps2=taps - 1)),
    ])


def _dequantise():
    stored = np.random.default_rng(7).integers(-128, 128, (5, 4, 6)).astype(np.int8)
    return function(
        given=[stored, 0.0235, -100],  # an activation: one scale and one zero point for all of it
        right=lambda stored, scale, zero: scale * (stored.astype(int) - zero),
        why=say("real = scale * (stored - zero_point), with room for the difference."),
        mistakes=[
            (lambda stored, scale, zero: scale * stored,
             say("the zero point is missing: which stored number stands for 0?")),
            (lambda stored, scale, zero: scale * (stored - np.int8(zero)),
             say("the difference of two 8-bit numbers does not fit into 8 bits, and NumPy does not say so; "
                 "take more room first: stored.astype(int)")),
            (lambda stored, scale, zero: scale * (stored + np.int8(zero)),
             say("the zero point is taken away, not added; and the result needs more than 8 bits")),
            (lambda stored, scale, zero: scale * (stored.astype(int) + zero),
             say("the zero point is taken away, not added: it is the stored number that stands for 0")),
            (lambda stored, scale, zero: scale * stored - zero,
             say("the zero point is a stored number: take it away first, then multiply")),
            (lambda stored, scale, zero: (stored.astype(int) - zero) / scale,
             say("the scale is the width of a step in real numbers: multiply by it")),
            (lambda stored, scale, zero: scale * (zero - stored.astype(int)),
             say("the other way round: the zero point is taken away from what is stored")),
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
        why=say("beta - gamma * mean / sqrt(variance + epsilon): what the norm makes of a zero."),
        mistakes=[
            (lambda mean, variance, gamma, beta: beta,
             say("this is what is left where the mean is 0; what does the norm do to the mean?")),
            (lambda mean, variance, gamma, beta: beta - mean,
             say("the mean is taken away before the norm multiplies: it is scaled, too")),
            (lambda mean, variance, gamma, beta: beta - gamma * mean,
             say("the norm also divides by the square root of the variance")),
            (lambda mean, variance, gamma, beta: beta - gamma * mean / (variance + EPSILON),
             say("the norm divides by the square root of the variance, not by the variance")),
            (lambda mean, variance, gamma, beta: folded(mean, variance, gamma, 0),
             say("beta is missing: the norm adds it at the end")),
            (lambda mean, variance, gamma, beta: folded(mean, variance, 1, beta),
             say("gamma is missing: the norm multiplies by it")),
            (lambda mean, variance, gamma, beta: folded(-mean, variance, gamma, beta),
             say("the mean is taken away: its sign is the other one")),
            (lambda mean, variance, gamma, beta: beta - gamma * mean / np.sqrt(variance),
             say("the variance is small here: do not forget the epsilon of {epsilon} under the root",
                 epsilon=EPSILON)),
        ])


EXERCISES = {"multiply-adds": _multiply_adds, "kernel-span": _kernel_span,
             "dequantise": _dequantise, "folded-bias": _folded_bias}
