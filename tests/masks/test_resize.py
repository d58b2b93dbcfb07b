"""Resizing: against code that is slow and obvious, against SciPy, and at its edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.masks import resize

SIDES = st.integers(1, 24)
# OpenCV calculates with whole numbers: its answer may lie one level away from the exact one.
ROUNDING = 1


def noise(height, width, seed=0, channels=3):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def obvious_bilinear(photo, height, width):
    """One output pixel after the other, as a textbook says it."""
    rows, columns, _ = photo.shape
    result = np.zeros((height, width, photo.shape[2]))
    for i in range(height):
        for j in range(width):
            y = min(max((i + 0.5) * rows / height - 0.5, 0), rows - 1)
            x = min(max((j + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = math.floor(y), math.floor(x)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            down, along = y - top, x - left
            result[i, j] = ((photo[top, left] * (1 - along) + photo[top, right] * along) * (1 - down)
                            + (photo[bottom, left] * (1 - along) + photo[bottom, right] * along) * down)
    return result


def obvious_nearest(mask, height, width, region=None):
    top, left, rows, columns = region or (0, 0, *mask.shape)
    return np.array([[mask[min(max(math.floor(top + (i + 0.5) * rows / height), 0), mask.shape[0] - 1),
                           min(max(math.floor(left + (j + 0.5) * columns / width), 0), mask.shape[1] - 1)]
                      for j in range(width)] for i in range(height)])


# --- bilinear -----------------------------------------------------------------


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 1000))
def test_bilinear_agrees_with_the_obvious_code(rows, columns, height, width, seed):
    photo = noise(rows, columns, seed)
    result = resize.resize_bilinear(photo, height, width)
    assert result.shape == (height, width, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result, obvious_bilinear(photo, height, width), atol=ROUNDING)


@pytest.mark.parametrize("size", [(257, 257), (513, 513), (100, 300), (700, 90)])
@pytest.mark.parametrize("photo", [(300, 451), (64, 48), (257, 500), (1200, 600)])
def test_bilinear_agrees_with_scipy(photo, size):
    from scipy import ndimage

    photo = noise(*photo)
    grid = np.meshgrid(*((np.arange(n) + 0.5) * old / n - 0.5 for n, old in zip(size, photo.shape)), indexing="ij")
    expected = np.stack([ndimage.map_coordinates(photo[..., c].astype(np.float64), grid, order=1, mode="nearest")
                         for c in range(3)], axis=-1)
    assert np.abs(resize.resize_bilinear(photo, *size) - expected).max() < ROUNDING


def test_the_same_size_is_the_same_photo_and_not_its_memory():
    photo = noise(31, 17)
    before = photo.copy()
    result = resize.resize_bilinear(photo, 31, 17)
    np.testing.assert_array_equal(result, photo)
    result[:] = -1
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("photo", [(1, 1), (1, 5000), (5000, 1), (2, 3000), (1, 2)], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (33, 33), (130, 130), (1, 40), (40, 1)], ids=str)
def test_extreme_photos_keep_their_range_and_agree_with_the_obvious_code(photo, size):
    photo = noise(*photo)
    result = resize.resize_bilinear(photo, *size)
    assert result.shape == (*size, 3)
    assert photo.min() <= result.min() and result.max() <= photo.max()
    rows, columns = (slice(None, None, max(1, n // 20)) for n in size)
    np.testing.assert_allclose(result[rows, columns], obvious_bilinear(photo, *size)[rows, columns], atol=ROUNDING)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
def test_a_flat_photo_stays_flat(rows, columns, height, width, value):
    photo = np.full((rows, columns, 3), value, np.uint8)
    assert (resize.resize_bilinear(photo, height, width) == value).all()


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_mirrored_photo_is_mirrored_after_resizing(rows, columns, height, width):
    photo = noise(rows, columns)
    turned = resize.resize_bilinear(np.ascontiguousarray(photo[::-1, ::-1]), height, width)
    np.testing.assert_allclose(turned, resize.resize_bilinear(photo, height, width)[::-1, ::-1], atol=1)


@given(st.integers(1, 5), SIDES, SIDES)
def test_any_number_of_channels_is_resized_alike(channels, height, width):
    photo = noise(9, 7, channels=channels)
    result = resize.resize_bilinear(photo, height, width)
    for c in range(channels):
        np.testing.assert_array_equal(result[..., c:c + 1], resize.resize_bilinear(photo[..., c:c + 1], height, width))


@pytest.mark.parametrize("view", [np.s_[::2, ::2], np.s_[::-1, ::-1], np.s_[:, :, ::-1], np.s_[3:, 5:]], ids=str)
def test_photos_that_do_not_lie_in_one_piece_are_resized_alike(view):
    photo = noise(60, 50)[view]
    np.testing.assert_array_equal(resize.resize_bilinear(photo, 20, 30),
                                  resize.resize_bilinear(np.ascontiguousarray(photo), 20, 30))


# --- nearest ------------------------------------------------------------------


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 1000))
def test_nearest_never_invents_a_class_and_agrees_with_the_obvious_code(rows, columns, height, width, seed):
    mask = np.random.default_rng(seed).choice(np.array([0, 7, 15, 255], np.uint8), (rows, columns))
    result = resize.resize_nearest(mask, height, width)
    assert result.shape == (height, width) and result.dtype == np.uint8
    assert set(np.unique(result)) <= set(np.unique(mask))
    np.testing.assert_array_equal(result, obvious_nearest(mask, height, width))


@given(SIDES, SIDES, st.integers(1, 5), st.integers(1, 5))
def test_enlarging_a_mask_by_whole_numbers_repeats_its_pixels(rows, columns, down, along):
    mask = noise(rows, columns)[..., 0]
    np.testing.assert_array_equal(resize.resize_nearest(mask, rows * down, columns * along),
                                  mask.repeat(down, axis=0).repeat(along, axis=1))


@given(SIDES, SIDES)
def test_the_same_size_is_the_same_mask(rows, columns):
    mask = noise(rows, columns)[..., 0]
    np.testing.assert_array_equal(resize.resize_nearest(mask, rows, columns), mask)


@given(st.data(), st.integers(2, 20), st.integers(2, 20), SIDES, SIDES)
def test_a_part_of_a_mask_is_resized_as_if_it_were_cut_out(data, rows, columns, height, width):
    mask = noise(rows, columns)[..., 0]
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    part = (top, left, data.draw(st.integers(1, rows - top)), data.draw(st.integers(1, columns - left)))
    cut = mask[top:top + part[2], left:left + part[3]]
    np.testing.assert_array_equal(resize.resize_nearest(mask, height, width, part), resize.resize_nearest(cut, height, width))


def test_a_part_may_begin_between_two_pixels():
    mask = np.arange(10, dtype=np.uint8)[None]
    np.testing.assert_array_equal(resize.resize_nearest(mask, 1, 3, (0, 2.6, 1, 3)), [[3, 4, 5]])
    np.testing.assert_array_equal(resize.resize_nearest(mask, 1, 2, (0, 9.5, 1, 0.5)), [[9, 9]])


# --- where the photo lies in the input ------------------------------------------------


@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(1, 600), st.integers(1, 600))
def test_stretching_fills_the_input(photo_height, photo_width, height, width):
    region = resize.fit_region((photo_height, photo_width), (height, width), "stretch")
    assert region == resize.Region(0, 0, height, width)


@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(1, 600), st.integers(1, 600))
def test_a_letterbox_keeps_the_aspect_ratio_and_is_centred(photo_height, photo_width, height, width):
    region = resize.fit_region((photo_height, photo_width), (height, width), "letterbox")
    assert region.height == height or region.width == width  # one side is full
    assert 1 <= region.height <= height and 1 <= region.width <= width
    above, below = region.top, height - region.top - region.height
    before, behind = region.left, width - region.left - region.width
    assert 0 <= below - above <= 1 and 0 <= behind - before <= 1
    scale = min(height / photo_height, width / photo_width)
    assert abs(region.height - max(1, photo_height * scale)) <= 0.5 + 1e-6
    assert abs(region.width - max(1, photo_width * scale)) <= 0.5 + 1e-6


@pytest.mark.parametrize("photo, region", [
    ((100, 200), (64, 0, 128, 257)), ((200, 100), (0, 64, 257, 128)), ((50, 50), (0, 0, 257, 257)),
    ((300, 400), (32, 0, 193, 257)), ((1, 5000), (128, 0, 1, 257)), ((5000, 1), (0, 128, 257, 1)),
], ids=str)
def test_known_letterboxes(photo, region):
    assert resize.fit_region(photo, (257, 257), "letterbox") == resize.Region(*region)


@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from(resize.FITS))
def test_a_mask_that_went_into_the_input_comes_back_as_it_was(rows, columns, fit):
    """A photo that is enlarged loses nothing: nearest there and nearest back is the identity."""
    mask = noise(rows, columns)[..., 0]
    size = (401, 449)
    region = resize.fit_region((rows, columns), size, fit)
    if region.height < 2 * rows or region.width < 2 * columns:
        return
    inside = resize.resize_nearest(mask, region.height, region.width)
    canvas = np.full(size, 255, np.uint8)
    canvas[region.top:region.top + region.height, region.left:region.left + region.width] = inside
    back = resize.resize_nearest(canvas, rows, columns, (region.top, region.left, region.height, region.width))
    np.testing.assert_array_equal(back, mask)
