"""Sizes, receptive fields and costs: against networks that are really run, and against the papers' numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit import reference
from segkit.errors import SegkitError
from segkit.reference import Layer

NUMBERS = st.integers(1, 4)


def influence(layers, size):
    """Which input pixels (True) move the middle output of a stack of convolutions of ones, along one axis."""
    x = np.eye(size, dtype=np.float32)[:, None]  # channel c is 1 at pixel c: all pixels are tried at once
    for kernel, stride, rate in layers:
        span = (kernel - 1) * rate
        padding = ((span, span), (0, 0))
        x = reference.depthwise_conv2d(x, np.ones((kernel, 1, size)), None, (stride, 1), padding, (rate, 1))
    return x[len(x) // 2, 0] > 0


@given(st.lists(st.builds(Layer, NUMBERS, st.integers(1, 2), NUMBERS), max_size=4))
def test_receptive_field_is_the_span_of_what_the_output_depends_on(layers):
    field = reference.receptive_field(layers)
    seen = np.flatnonzero(influence(layers, 300))
    assert field.size == seen[-1] - seen[0] + 1
    assert field.stride == math.prod(layer.stride for layer in layers)


def test_receptive_field_by_hand():
    assert reference.receptive_field([]) == (1, 1)
    assert reference.receptive_field([(3,), (3,), (3,)]) == (7, 1)
    assert reference.receptive_field([(3, 2), (3, 2), Layer(3, rate=6)]).size == 3 + 4 + 12 * 4


def test_receptive_fields_of_vgg_as_deeplab_v1_gives_them():
    """Chen et al., arXiv 1412.7062, section 3.2: 404 pixels with a 7x7 layer after the poolings, 308 with a 4x4 one."""
    vgg = [Layer(3), Layer(3), Layer(2, 2)] * 2 + [Layer(3), Layer(3), Layer(3), Layer(2, 2)] * 3
    assert reference.receptive_field([*vgg, Layer(7)]) == (404, 32)
    assert reference.receptive_field([*vgg, Layer(4)]) == (308, 32)


@given(size=st.integers(1, 20), kernel=st.integers(1, 5), stride=NUMBERS, rate=NUMBERS,
       padding=st.one_of(st.sampled_from(["same", "valid"]), st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_output_size_is_that_of_a_convolution(size, kernel, stride, rate, padding):
    x, ones = np.zeros((size, 1, 1)), np.ones((kernel, 1, 1, 1))
    both = padding if isinstance(padding, str) else (padding, (0, 0))

    def convolution():
        return reference.conv2d(x, ones, None, (stride, 1), both, (rate, 1)).shape[0]

    try:
        expected = reference.output_size(size, kernel, stride, padding, rate)
    except SegkitError:
        with pytest.raises(SegkitError, match="does not fit"):
            convolution()
        assert size + (0 if isinstance(padding, str) else sum(padding)) < (kernel - 1) * rate + 1
    else:
        assert convolution() == expected >= 1
        if padding == "same":
            assert expected == math.ceil(size / stride)


def test_sizes_by_hand():
    assert reference.effective_kernel(3, 12) == 25
    assert reference.effective_kernel(7) == 7
    assert reference.same_padding(257, 3, 2) == (1, 1)
    assert reference.same_padding(256, 3, 2) == (0, 1)
    assert reference.same_padding(33, 3, rate=6) == (6, 6)
    assert reference.same_padding(8, 1, 2) == (0, 0)
    assert [reference.output_size(n, 3, 2) for n in (513, 257, 129)] == [257, 129, 65]
    assert reference.output_size(10, 3, padding="valid") == 8


@given(st.lists(st.integers(1, 5), max_size=3), st.integers(1, 3))
def test_gridding_counts_the_paths_of_a_real_stack(rates, kernel):
    counts = reference.gridding(rates, kernel)
    size = reference.receptive_field([Layer(kernel, 1, rate) for rate in rates]).size
    assert counts.shape == (size, size) and counts.dtype == np.int64
    assert counts.sum() == kernel ** (2 * len(rates))
    # One output that sees the whole field, tried with each pixel of the field alone.
    x = np.eye(size * size, dtype=np.float32).reshape(size, size, -1)
    for rate in rates:
        x = reference.depthwise_conv2d(x, np.ones((kernel, kernel, size * size)), None, 1, "valid", rate)
    np.testing.assert_array_equal(x.reshape(size, size), counts)


def test_equal_rates_leave_holes_and_a_saw_tooth_does_not():
    """Wang et al., arXiv 1702.08502, figure 2: rates 2, 2, 2 against 1, 2, 3, with one receptive field."""
    holes, none = reference.gridding([2, 2, 2]), reference.gridding([1, 2, 3])
    assert holes.shape == none.shape == (13, 13)
    assert (holes > 0).sum() == 7 * 7 and (none > 0).all()
    assert (holes[1::2] == 0).all() and (holes[:, 1::2] == 0).all()


@given(height=NUMBERS, width=NUMBERS, kernel=NUMBERS, groups=NUMBERS, inputs=NUMBERS, outputs=NUMBERS)
def test_multiply_adds_counts_what_a_convolution_sums(height, width, kernel, groups, inputs, outputs):
    """With all ones, a convolution without padding adds up exactly one for each multiply-add."""
    x = np.ones((height + kernel - 1, width + kernel - 1, groups * inputs))
    ones = np.ones((kernel, kernel, inputs, groups * outputs))
    total = reference.conv2d(x, ones, None, 1, "valid", 1, groups).sum()
    assert reference.multiply_adds(height, width, ones.shape) == total
    deep = np.ones((kernel, kernel, groups * inputs, outputs))
    total = reference.depthwise_conv2d(x, deep, padding="valid").sum()
    assert reference.multiply_adds(height, width, deep.shape) == total


def test_a_separable_convolution_saves_what_mobilenet_says():
    """Howard et al., arXiv 1704.04861, section 3.1: a share of 1 / outputs + 1 / kernel^2 of the cost is left."""
    whole = reference.multiply_adds(33, 33, (3, 3, 256, 256))
    parts = reference.multiply_adds(33, 33, (3, 3, 256)) + reference.multiply_adds(33, 33, (1, 1, 256, 256))
    assert parts / whole == pytest.approx(1 / 256 + 1 / 9)


@pytest.mark.parametrize("call, words", [
    (lambda: reference.effective_kernel(0), "kernel size is 0"),
    (lambda: reference.effective_kernel(3, -1), "rate is -1"),
    (lambda: reference.output_size(5, 3, padding="full"), "unknown padding 'full'"),
    (lambda: reference.output_size(5, 3, padding=(1, 2, 3)), r"\(1, 2, 3\)"),
    (lambda: reference.output_size(5, 3, padding="valid", rate=4), "spans 9 pixels"),
    (lambda: reference.output_size(0, 3), "size is 0"),
    (lambda: reference.receptive_field([(3, 1, 1, 1)]), r"\(3, 1, 1, 1\) is no layer"),
    (lambda: reference.receptive_field([3]), "3 is no layer"),
    (lambda: reference.receptive_field([(3, 0)]), "stride is 0"),
    (lambda: reference.gridding([1] * 30), "fewer layers"),
    (lambda: reference.gridding([0]), "rate is 0"),
    (lambda: reference.gridding(2), "one rate for each layer"),
    (lambda: reference.multiply_adds(1, 1, np.ones((3, 3, 1, 1))), "give kernel.shape"),
    (lambda: reference.multiply_adds(1, 1, (3, 3, 0, 1)), "kernel's shape is 0"),
    (lambda: reference.multiply_adds(1.0, 1, (3, 3, 1, 1)), "height is 1.0"),
])
def test_what_cannot_be_is_named(call, words):
    with pytest.raises(SegkitError, match=words):
        call()
