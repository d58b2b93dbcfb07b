"""Convolutions, pooling and resizing against the runtime itself, over shapes, strides, rates and padding."""

import numpy as np
import pytest
import tiny_models
from hypothesis import assume, given
from hypothesis import strategies as st

from segkit import reference
from segkit.errors import SegkitError

SIDES = st.integers(1, 14)
PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDINGS = st.sampled_from(["same", "valid"])
# Sums of some hundred float32 products, in another order: their last digits differ.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def fits(x_shape, kernel, stride, padding, rate):
    """The output's (height, width), or None where a "valid" kernel is larger than the map."""
    spans = [(k - 1) * r + 1 for k, r in zip(kernel, rate)]
    if padding == "same":
        return tuple(-(-n // s) for n, s in zip(x_shape, stride))
    if any(n < span for n, span in zip(x_shape, spans)):
        return None
    return tuple((n - span) // s + 1 for n, span, s in zip(x_shape, spans, stride))


@given(height=SIDES, width=SIDES, kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)), stride=PAIRS, rate=PAIRS,
       padding=PADDINGS, groups=st.integers(1, 3), channels=st.integers(1, 3), outputs=st.integers(1, 3),
       slow=st.booleans())
def test_conv2d_agrees_with_the_runtime(height, width, kernel, stride, rate, padding, groups, channels, outputs, slow):
    size = fits((height, width), kernel, stride, padding, rate)
    assume(size is not None)
    x, bias = noise(height, width, channels * groups), noise(outputs * groups, seed=1)
    weights = noise(*kernel, channels, outputs * groups, seed=2)
    result = reference.conv2d(x, weights, bias, stride, padding, rate, groups)
    assert result.shape == (*size, outputs * groups) and result.dtype == np.float32
    model = tiny_models.conv2d_model(x.shape, weights, bias, result.shape, stride=stride, padding=padding, rate=rate)
    np.testing.assert_allclose(result, tiny_models.run(model, x[None], reference=slow)[0], **CLOSE)


@given(height=SIDES, width=SIDES, kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)), stride=st.integers(1, 3),
       rate=PAIRS, padding=PADDINGS, channels=st.integers(1, 4), multiplier=st.integers(1, 3), slow=st.booleans())
def test_depthwise_conv2d_agrees_with_the_runtime(height, width, kernel, stride, rate, padding, channels, multiplier,
                                                  slow):
    size = fits((height, width), kernel, (stride, stride), padding, rate)
    assume(size is not None)
    x, bias = noise(height, width, channels), noise(channels * multiplier, seed=1)
    weights = noise(*kernel, channels, multiplier, seed=2)
    result = reference.depthwise_conv2d(x, weights, bias, stride, padding, rate)
    assert result.shape == (*size, channels * multiplier) and result.dtype == np.float32
    model = tiny_models.depthwise_model(x.shape, weights, bias, result.shape, stride=stride, padding=padding, rate=rate)
    np.testing.assert_allclose(result, tiny_models.run(model, x[None], reference=slow)[0], **CLOSE)
    if multiplier == 1:
        flat = reference.depthwise_conv2d(x, weights[..., 0], bias, stride, padding, rate)
        np.testing.assert_array_equal(result, flat)


@given(height=st.integers(1, 12), width=st.integers(1, 12), kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
       rate=PAIRS)
def test_conv2d_agrees_with_scipy(height, width, kernel, rate):
    """Every place where a "valid" kernel fits, from SciPy's correlation with the holes written out as zeros."""
    from scipy import signal

    x, weights = noise(height, width, 2), noise(*kernel, 2, 3, seed=1)
    holes = np.zeros(((kernel[0] - 1) * rate[0] + 1, (kernel[1] - 1) * rate[1] + 1, 2, 3), np.float32)
    holes[::rate[0], ::rate[1]] = weights
    assume(fits((height, width), kernel, (1, 1), "valid", rate))
    expected = np.stack([sum(signal.correlate2d(x[..., c], holes[..., c, o], "valid") for c in range(2))
                         for o in range(3)], axis=-1)
    np.testing.assert_allclose(reference.conv2d(x, weights, padding="valid", rate=rate), expected, **CLOSE)


def test_conv2d_by_hand():
    x = np.arange(16).reshape(4, 4, 1)
    kernel = np.array([[1, 0], [0, -1]]).reshape(2, 2, 1, 1)
    assert reference.conv2d(x, kernel, [10], padding="valid")[..., 0].tolist() == [[5] * 3] * 3
    # An even kernel's "same" adds its one row and column of zeros at the bottom and right.
    same = reference.conv2d(x, kernel)[..., 0]
    assert same[:3, :3].tolist() == [[-5] * 3] * 3
    assert same[3].tolist() == [12, 13, 14, 15] and same[:, 3].tolist() == [3, 7, 11, 15]


@given(margins=st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2), stride=PAIRS, rate=PAIRS)
def test_explicit_padding_is_a_frame_of_zeros(margins, stride, rate):
    x, kernel = noise(9, 10, 2), noise(3, 3, 2, 4, seed=1)
    framed = np.pad(x, (*margins, (0, 0)))
    np.testing.assert_array_equal(reference.conv2d(x, kernel, None, stride, margins, rate),
                                  reference.conv2d(framed, kernel, None, stride, "valid", rate))
    np.testing.assert_array_equal(reference.depthwise_conv2d(x, kernel[..., 0], None, stride, margins, rate),
                                  reference.depthwise_conv2d(framed, kernel[..., 0], None, stride, "valid", rate))


@pytest.mark.parametrize("kind, ours", [("AVERAGE_POOL_2D", reference.average_pool),
                                        ("MAX_POOL_2D", reference.max_pool)])
@given(height=SIDES, width=SIDES, size=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=PAIRS, padding=PADDINGS)
def test_pooling_agrees_with_the_runtime(kind, ours, height, width, size, stride, padding):
    shape = fits((height, width), size, stride, padding, (1, 1))
    assume(shape is not None)
    # All below zero: a maximum that counted zeros of padding would show.
    x = noise(height, width, 3) - 5
    result = ours(x, size, stride, padding)
    assert result.shape == (*shape, 3) and result.dtype == np.float32
    model = tiny_models.pool_model(kind, x.shape, result.shape, size, stride, padding)
    np.testing.assert_allclose(result, tiny_models.run(model, x[None])[0], **CLOSE)


def test_pooling_windows_lie_side_by_side_without_a_stride():
    x = np.arange(16).reshape(4, 4, 1)
    assert reference.average_pool(x, 2)[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert reference.max_pool(x, (4, 2))[..., 0].tolist() == [[13, 15]]
    # One corner pixel and three of padding: the mean of one.
    assert reference.average_pool(x, 2, 2, ((1, 1), (1, 1)))[0, 0, 0] == 0
    assert reference.average_pool(x, 2, 2, ((1, 1), (1, 1)))[2, 2, 0] == 15


def test_one_window_does_not_hand_out_the_input_itself():
    x = noise(5, 5, 2)
    for result in (reference.max_pool(x, 1), reference.average_pool(x, 1), reference.resize_bilinear(x, 5, 5),
                   reference.relu(abs(x)), reference.conv2d(x, np.eye(2).reshape(1, 1, 2, 2))):
        assert not np.shares_memory(result, x)


@pytest.mark.parametrize("flags", [{}, {"align_corners": True}, {"half_pixel_centers": True}],
                         ids=lambda flags: next(iter(flags), "neither"))
@given(height=SIDES, width=SIDES, to=st.tuples(st.integers(1, 40), st.integers(1, 40)), slow=st.booleans())
def test_resize_bilinear_agrees_with_the_runtime(flags, height, width, to, slow):
    x = noise(height, width, 2)
    result = reference.resize_bilinear(x, *to, **flags)
    assert result.shape == (*to, 2) and result.dtype == np.float32
    model = tiny_models.resize_model(x.shape, *to, **flags)
    np.testing.assert_allclose(result, tiny_models.run(model, x[None], reference=slow)[0], atol=2e-5)


def test_the_three_conventions_by_hand():
    x = np.array([0, 4, 8]).reshape(1, 3, 1)
    assert reference.resize_bilinear(x, 1, 5, align_corners=True).ravel().tolist() == [0, 2, 4, 6, 8]
    assert reference.resize_bilinear(x, 1, 6).ravel().tolist() == [0, 2, 4, 6, 8, 8]
    assert reference.resize_bilinear(x, 1, 6, half_pixel_centers=True).ravel().tolist() == [0, 1, 3, 5, 7, 8]


@pytest.mark.parametrize("align, mode", [(True, "align"), (False, "half")])
def test_resize_bilinear_agrees_with_scipy(align, mode):
    from scipy import ndimage

    x = noise(17, 13, 2)
    if align:
        places = (np.linspace(0, 16, 65), np.linspace(0, 12, 49))
    else:
        places = ((np.arange(65) + 0.5) * 17 / 65 - 0.5, (np.arange(49) + 0.5) * 13 / 49 - 0.5)
    grid = np.meshgrid(*places, indexing="ij")
    expected = np.stack([ndimage.map_coordinates(x[..., c], grid, order=1, mode="nearest") for c in range(2)], axis=-1)
    result = reference.resize_bilinear(x, 65, 49, align_corners=align, half_pixel_centers=not align)
    np.testing.assert_allclose(result, expected, atol=2e-5)


@given(outputs=st.integers(1, 4), multiplier=st.integers(1, 3), with_bias=st.booleans(), depthwise=st.booleans())
def test_a_folded_batch_norm_does_the_same(outputs, multiplier, with_bias, depthwise):
    channels = outputs * multiplier if depthwise else outputs
    x = noise(6, 7, outputs if depthwise else 3)
    kernel = noise(3, 3, outputs, multiplier, seed=1) if depthwise else noise(3, 3, 3, outputs, seed=1)
    bias = noise(channels, seed=2) if with_bias else None
    norm = (noise(channels, seed=3), abs(noise(channels, seed=4)), noise(channels, seed=5), noise(channels, seed=6))
    convolve = reference.depthwise_conv2d if depthwise else reference.conv2d
    folded = reference.fold_batch_norm(kernel, bias, *norm, depthwise=depthwise)
    assert folded[0].shape == kernel.shape and folded[1].shape == (channels,)
    np.testing.assert_allclose(convolve(x, *folded), reference.batch_norm(convolve(x, kernel, bias), *norm),
                               rtol=1e-3, atol=1e-3)


def test_batch_norm_by_hand():
    x = np.array([[[1, 10]], [[3, 30]]])
    result = reference.batch_norm(x, [2, 20], [1, 100], [1, 2], [0, 5], epsilon=0)
    assert result.tolist() == [[[-1, 3]], [[1, 7]]]
    norm = ([2, 20], [1, 100], [1, 2], [0, 5], 0)
    kernel, bias = reference.fold_batch_norm(np.ones((1, 1, 2)), None, *norm, depthwise=True)
    assert kernel.ravel().tolist() == [1, pytest.approx(0.2)] and bias.tolist() == [-2, pytest.approx(1)]


def test_activations():
    assert reference.relu([-1, 0, 7]).tolist() == [0, 0, 7]
    assert reference.relu6([-1, 0, 5, 7]).tolist() == [0, 0, 5, 6]
    x = noise(3, 4, 5) * 100
    np.testing.assert_allclose(reference.softmax(x).sum(axis=-1), 1, rtol=1e-6)
    assert reference.softmax([0, np.log(3)]).tolist() == pytest.approx([0.25, 0.75])
    assert reference.softmax([1e4, 0]).tolist() == [1, 0]


MAP, KERNEL, ONE = np.zeros((5, 6, 4)), np.zeros((3, 3, 4, 8)), np.ones(4)


@pytest.mark.parametrize("call, words", [
    (lambda: reference.conv2d(MAP[None], KERNEL), r"\(1, 5, 6, 4\); expected \(H, W, C\)"),
    (lambda: reference.conv2d(np.zeros((0, 6, 4)), KERNEL), r"\(0, 6, 4\)"),
    (lambda: reference.conv2d("photo", KERNEL), "no array of numbers"),
    (lambda: reference.conv2d(MAP, KERNEL[..., 0]), r"kernel has shape \(3, 3, 4\)"),
    (lambda: reference.conv2d(MAP[..., :3], KERNEL), r"\(3, 3, 4, 8\).*\(5, 6, 3\)"),
    (lambda: reference.conv2d(MAP, KERNEL, groups=2), r"groups=2.*takes 8 channels"),
    (lambda: reference.conv2d(MAP, KERNEL[:, :, :2, :7], groups=2), "multiple of the groups"),
    (lambda: reference.conv2d(MAP, KERNEL, np.zeros(4)), r"bias has shape \(4,\); expected \(8,\)"),
    (lambda: reference.conv2d(MAP, KERNEL, padding="full"), "unknown padding 'full'"),
    (lambda: reference.conv2d(MAP, KERNEL, padding=1), "the padding is 1"),
    (lambda: reference.conv2d(MAP, KERNEL, padding=((0, -1), (0, 0))), r"\(0, -1\)"),
    (lambda: reference.conv2d(MAP, KERNEL, padding=((0, 1), (0,))), r"padding of an axis is \(0,\)"),
    (lambda: reference.conv2d(MAP, KERNEL, padding=(1, 1)), "padding of an axis is 1"),
    (lambda: reference.conv2d(MAP, KERNEL, padding=((1, 1),)), "give 'same', 'valid' or"),
    (lambda: reference.conv2d(MAP, KERNEL, padding="valid", rate=3), "spans 7 pixels.*axis of 5"),
    (lambda: reference.conv2d(MAP, KERNEL, stride=0), "stride is 0"),
    (lambda: reference.conv2d(MAP, KERNEL, rate=1.5), "rate is 1.5"),
    (lambda: reference.conv2d(MAP, KERNEL, stride=(1, 2, 1)), "vertical, horizontal"),
    (lambda: reference.depthwise_conv2d(MAP, KERNEL[:, :, :3]), "takes 3 channels.*5, 6, 4"),
    (lambda: reference.depthwise_conv2d(MAP, np.zeros((3, 3))), r"\(kh, kw, C, M\)"),
    (lambda: reference.average_pool(MAP, 0), "size of the window is 0"),
    (lambda: reference.average_pool(MAP, 2, padding=((0, 0), (2, 0))), "in the padding"),
    (lambda: reference.max_pool(MAP, 2, padding=((0, 0), (2, 0))), "in the padding"),
    (lambda: reference.resize_bilinear(MAP, 0, 3), "height is 0"),
    (lambda: reference.resize_bilinear(MAP, 9, 9, True, True), "choose one"),
    (lambda: reference.batch_norm(MAP, ONE, ONE, ONE, ONE[:3]), r"beta has shape \(3,\)"),
    (lambda: reference.batch_norm(MAP, ONE, ONE, None, ONE), "gamma is missing"),
    (lambda: reference.batch_norm(MAP, ONE, -ONE, ONE, ONE), "variance"),
    (lambda: reference.fold_batch_norm(KERNEL[..., 0], None, ONE, ONE, ONE, ONE), r"C_out"),
])
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(SegkitError, match=words):
        call()
