"""Photo -> Segmentation: what is found, and that every shortcut gives the answer of the long way."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import complaint
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segkit import Segmentation, Segmenter, models, photos
from segkit.errors import SegkitError
from segkit.masks import labels, resize
from segkit.masks.scores import Argmax, class_map, grid_step
from segkit.networks import segmenter as segmenter_module
from segkit.runtime.session import TensorInfo

SEGMENTING = [name for name, model in models.catalogue().items() if model.task == "segment"]
FOUND = {"astronaut": "person", "cat": "cat", "motorcycle": "motorbike"}


@pytest.fixture(scope="session")
def segmenter(model_path):
    """A function from a model's name and a fit to its Segmenter, made once."""
    made = {}

    def make(name="deeplab", fit="stretch", runtime="auto"):
        model_path(name)
        if (name, fit, runtime) not in made:
            made[name, fit, runtime] = Segmenter(name, fit=fit, runtime=runtime, threads=2)
        return made[name, fit, runtime]

    return make


# --- real photos and real models ----------------------------------------------


@pytest.mark.parametrize("fit", resize.FITS)
@pytest.mark.parametrize("name", ["deeplab", "deeplab-w8", "deeplabv3", "deeplabv3-gpu",
                                  "deeplabv3-dm05-quant", "deeplabv3-quant"])
@pytest.mark.parametrize("sample", FOUND)
def test_persons_cats_and_motorbikes_are_found(name, sample, fit, segmenter):
    photo = photos.sample(sample)
    result = segmenter(name, fit).segment(photo)
    assert result.mask.shape == photo.shape[:2] and result.mask.dtype == np.uint8
    assert result.mask.max() < 21
    shares = {c.name: c.share for c in result.classes}
    things = {thing: share for thing, share in shares.items() if thing != "background"}
    assert max(things, key=things.get) == FOUND[sample]
    assert shares[FOUND[sample]] > 0.15


def test_the_thing_is_found_where_it_is(segmenter):
    mask = segmenter("deeplabv3").segment(photos.sample("astronaut")).mask
    person = labels.VOC.index("person")
    assert mask[150, 225] == person  # the face
    assert mask[500, 250] == person  # the suit
    assert mask[20, 20] != person    # the flag behind her


def test_a_photo_without_things_is_nearly_all_background(segmenter):
    result = segmenter().segment(photos.sample("rocket"))
    assert result.classes[0].name == "background" and result.classes[0].share > 0.9


def test_both_runtimes_and_all_delegates_find_nearly_the_same(model_path):
    from segkit.runtime.settings import runtimes

    model_path("deeplabv3")
    photo = photos.sample("cat")
    masks = [Segmenter("deeplabv3", runtime=runtime, delegate=delegate, threads=2).segment(photo).mask
             for runtime in runtimes() for delegate in ("xnnpack", "none")]
    for mask in masks[1:]:
        assert (mask == masks[0]).mean() > 0.999


def test_whatever_a_photo_comes_as_the_mask_is_the_same(segmenter, tmp_path):
    photo = photos.sample("cat")
    Image.fromarray(photo).save(tmp_path / "cat.png")
    expected = segmenter().segment(photo)
    for source in (tmp_path / "cat.png", str(tmp_path / "cat.png"), (tmp_path / "cat.png").read_bytes(),
                   Image.open(tmp_path / "cat.png"), np.asfortranarray(photo)):
        result = segmenter().segment(source)
        np.testing.assert_array_equal(result.mask, expected.mask)
        np.testing.assert_array_equal(result.photo, photo)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 3), (257, 257), (513, 513), (1500, 11)], ids=str)
@pytest.mark.parametrize("fit", resize.FITS)
@pytest.mark.parametrize("name", ["deeplabv3", "deeplabv3-dm05-quant"])
def test_the_mask_has_the_size_of_the_photo_however_odd(name, fit, size, segmenter):
    photo = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    result = segmenter(name, fit).segment(photo)
    assert result.mask.shape == size and result.mask.dtype == np.uint8
    assert sum(c.share for c in result.classes) == pytest.approx(1)


@pytest.mark.parametrize("name", ["deeplabv3", "deeplabv3-dm05-quant"])
def test_both_fits_agree_on_square_photos(name, segmenter):
    for size in (100, 257, 512, 700):
        photo = resize.resize_bilinear(photos.sample("astronaut"), size, size).astype(np.uint8)
        stretched, boxed = (segmenter(name, fit).segment(photo).mask for fit in ("stretch", "letterbox"))
        np.testing.assert_array_equal(stretched, boxed)


def test_a_letterboxed_photo_keeps_its_place_in_the_mask(segmenter):
    """A wide photo with the cat on its right: the cat must be found on the right."""
    cat = photos.sample("cat")
    wide = np.concatenate([np.full((300, 500, 3), 128, np.uint8), cat], axis=1)
    mask = segmenter("deeplabv3", fit="letterbox").segment(wide).mask == labels.VOC.index("cat")
    assert mask[:, 500:].mean() > 10 * mask[:, :450].mean() and mask[:, 500:].mean() > 0.3


@pytest.mark.parametrize("runtime", ["litert", "tflite"])
@pytest.mark.parametrize("name, step", [("deeplab", 4), ("deeplab-w8", 4), ("deeplabv3", 8), ("deeplabv3-gpu", 8)])
def test_the_class_map_is_the_argmax_of_every_pixel(name, step, runtime, segmenter):
    from segkit.runtime.settings import runtimes

    if runtime not in runtimes():
        pytest.skip(f"the runtime {runtime} is not installed")
    tool = segmenter(name, runtime=runtime)
    argmax = Argmax(tool.session.outputs[0].upsampled_from)
    for sample in photos.names() if runtime == "litert" else FOUND:
        scores = tool.session.run(tool.prepare(photos.sample(sample))[0])[0]
        np.testing.assert_array_equal(argmax(scores), scores.argmax(axis=-1))
        assert argmax.step == step  # 65 x 65 or 33 x 33 spread to 257 x 257: the shortcut is taken


def test_each_stage_took_some_time(segmenter):
    stages = segmenter().segment(photos.sample("cat")).milliseconds
    assert list(stages) == ["prepare", "invoke", "finish"] and min(stages.values()) > 0


def test_a_file_that_the_catalogue_does_not_know_segments_like_the_original(model_path, segmenter, tmp_path):
    for name in ("deeplabv3", "deeplabv3-dm05-quant"):
        own = tmp_path / f"own {name}.tflite"
        own.write_bytes(model_path(name).read_bytes() + b"\0")
        tool = Segmenter(own, threads=2)
        assert tool.session.model is None
        result = tool.segment(photos.sample("cat"))
        np.testing.assert_array_equal(result.mask, segmenter(name).segment(photos.sample("cat")).mask)


def test_names_of_an_unknown_model_are_those_inside_the_file(model_path, tmp_path):
    (tmp_path / "own.tflite").write_bytes(model_path("deeplabv3-gpu").read_bytes() + b"\0")
    tool = Segmenter(tmp_path / "own.tflite", threads=2)
    assert tool.names == ()
    result = tool.segment(photos.sample("cat"))
    assert "class 8" in [c.name for c in result.classes]


def test_the_default_model_is_the_catalogues(model_path):
    model_path(models.default())
    assert Segmenter(threads=1).session.model == models.get(models.default())


def test_wrong_normalisation_changes_the_answer_and_the_right_one_does_not(segmenter):
    photo = photos.sample("cat")
    right = segmenter().segment(photo).mask
    options = {"threads": 2}
    np.testing.assert_array_equal(Segmenter("deeplab", mean=127.5, std=127.5, **options).segment(photo).mask, right)
    assert (Segmenter("deeplab", mean=0, std=255, **options).segment(photo).mask != right).mean() > 0.01


@pytest.mark.parametrize("name", [name for name, model in models.catalogue().items() if model.task != "segment"])
def test_a_model_for_another_task_is_refused(name, model_path, tmp_path):
    own = tmp_path / "own.tflite"
    own.write_bytes(model_path(name).read_bytes() + b"\0")
    for source in (name, own):
        with pytest.raises(SegkitError) as raised:
            Segmenter(source, threads=1)
        assert "is no model that segments photos" in complaint(raised)


@pytest.mark.parametrize("fit", ["crop", "", None, "Stretch"])
def test_an_unknown_fit_is_one_line(fit):
    with pytest.raises(SegkitError) as raised:
        Segmenter(fit=fit)
    assert "choose stretch or letterbox" in complaint(raised)


# --- a session that is no model: every number is known ---------------------------------


def tensor(shape, dtype, scale=None, zero_point=None, grid=None):
    return TensorInfo("a tensor", shape, np.dtype(dtype), scale, zero_point, 0, grid)


@pytest.fixture
def fake(monkeypatch):
    """fake(input tensor, output tensor, answer function) makes a Segmenter."""
    def make(given, result, answer=None, **options):
        session = SimpleNamespace(path=Path("fake.tflite"), model=None, inputs=(given,), outputs=(result,))
        session.run = lambda array, copy=True: answer(array)
        monkeypatch.setattr(segmenter_module, "open_session", lambda *_, **__: session)
        return Segmenter("fake", **options)

    return make


PIXELS = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)


@pytest.mark.parametrize("dtype, scale, zero_point", [
    ("uint8", 1 / 128, 128), ("uint8", 1 / 255, 0), ("int8", 1 / 128, 0), ("int8", 1 / 127.5, -1), ("int8", 0.0078, 3),
    ("uint8", 0.02, 114), ("int16", 1 / 32768, 0), ("uint8", 1.0, 0),
])
@pytest.mark.parametrize("mean, std", [(128, 128), (127.5, 127.5), (0, 255), (0, 1), (123.7, 58.4)])
def test_8_bit_inputs_are_quantised_by_the_formula(dtype, scale, zero_point, mean, std, fake):
    tool = fake(tensor((1, 16, 16, 3), dtype, scale, zero_point), tensor((1, 16, 16), np.int64), mean=mean, std=std)
    array, _ = tool.prepare(PIXELS)
    assert array.shape == (1, 16, 16, 3) and array.dtype == dtype
    real = (PIXELS.astype(np.float64) - mean) / std
    limits = np.iinfo(dtype)
    exact = np.clip(real / scale + zero_point, limits.min, limits.max)
    assert np.abs(array[0] - exact).max() <= 0.5 + 1e-2  # the nearest whole number; 32-bit floats may tip a tie


def test_raw_bytes_are_what_an_8_bit_model_gets_by_default(fake):
    for dtype, zero_point, shift in (("uint8", 128, 0), ("int8", 0, 128)):
        tool = fake(tensor((1, 16, 16, 3), dtype, 1 / 128, zero_point), tensor((1, 16, 16), np.int64))
        np.testing.assert_array_equal(tool.prepare(PIXELS)[0][0], PIXELS.astype(int) - shift)


def test_float_inputs_lie_between_minus_1_and_1_by_default(fake):
    tool = fake(tensor((1, 16, 16, 3), "float32"), tensor((1, 16, 16), np.int64))
    array, region = tool.prepare(PIXELS)
    np.testing.assert_allclose(array[0], PIXELS / 127.5 - 1, atol=1e-6)
    assert array.dtype == np.float32 and (array.min(), array.max()) == (-1, 1)
    assert region == resize.Region(0, 0, 16, 16)


@pytest.mark.parametrize("dtype, scale, zero_point, grey", [("float32", None, None, 0), ("uint8", 1 / 128, 128, 128),
                                                           ("int8", 1 / 128, 0, 0)])
def test_the_bars_of_a_letterbox_are_grey(dtype, scale, zero_point, grey, fake):
    tool = fake(tensor((1, 16, 16, 3), dtype, scale, zero_point), tensor((1, 16, 16), np.int64), fit="letterbox")
    array, region = tool.prepare(np.full((8, 32, 3), 255, np.uint8))
    assert region == resize.Region(6, 0, 4, 16)
    bars = np.concatenate([array[0, :6], array[0, 10:]])
    assert np.abs(bars.astype(float) - grey).max() <= 1
    assert (array[0, 6:10] == array.max()).all() and array.max() > grey


def test_the_prepared_photo_is_the_resized_one(fake):
    photo = photos.sample("cat")
    tool = fake(tensor((1, 33, 65, 3), "float32"), tensor((1, 33, 65), np.int64), mean=10, std=20)
    array, _ = tool.prepare(photo)
    np.testing.assert_allclose(array[0], (resize.resize_bilinear(photo, 33, 65) - 10) / 20, atol=1e-5)


def test_preparing_leaves_the_photo_as_it_was(fake):
    photo = PIXELS.copy()
    fake(tensor((1, 16, 16, 3), "float32"), tensor((1, 16, 16), np.int64)).prepare(photo)
    np.testing.assert_array_equal(photo, PIXELS)


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 16, 16, 1), (1, 4, 8), (1, 8, 4, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_ready_class_maps_are_brought_to_the_photos_size(shape, dtype, fake):
    small = np.arange(np.prod(shape)).reshape(shape) % 21
    tool = fake(tensor((1, 16, 16, 3), "uint8", 1 / 128, 128), tensor(shape, dtype), lambda _: small.astype(dtype))
    mask = tool.segment(np.zeros((32, 48, 3), np.uint8)).mask
    np.testing.assert_array_equal(mask, resize.resize_nearest(small.reshape(shape[1:3]).astype(np.uint8), 32, 48))


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_scores_of_any_type_become_the_class_with_the_highest_one(dtype, fake):
    scores = np.random.default_rng(5).integers(-100 if dtype != "uint8" else 0, 100, (1, 9, 9, 150)).astype(dtype)
    tool = fake(tensor((1, 16, 16, 3), "float32"), tensor((1, 9, 9, 150), dtype), lambda _: scores)
    mask = tool.segment(np.zeros((9, 9, 3), np.uint8)).mask
    np.testing.assert_array_equal(mask, scores[0].argmax(axis=-1))


def test_a_letterboxed_class_map_gives_back_the_photos_part(fake):
    """The fake answers with the input's own rows and columns as classes, so the place is seen."""
    answer = np.arange(16)[None, :, None].repeat(16, axis=2)
    tool = fake(tensor((1, 16, 16, 3), "float32"), tensor((1, 16, 16), "int64"), lambda _: answer, fit="letterbox")
    mask = tool.segment(np.zeros((80, 320, 3), np.uint8)).mask
    np.testing.assert_array_equal(mask[:, 0], np.arange(6, 10).repeat(20))
    assert (mask == mask[:, :1]).all()


@pytest.mark.parametrize("given, result", [
    ((1, 16, 16, 1), (1, 16, 16, 21)), ((2, 16, 16, 3), (2, 16, 16, 21)), ((1, 3, 16, 16), (1, 16, 16, 21)),
    ((1, 0, 0, 3), (1, 16, 16, 21)), ((16, 16, 3), (16, 16, 21)), ((1, 16, 16, 3), (1, 1001)), ((1, 16, 16, 3), (2, 16, 16)),
    ((1, 16, 16, 3), (1, 16, 16, 300)), ((1, 16, 16, 3), ()),
], ids=str)
def test_tensors_that_cannot_be_a_photo_and_its_classes_are_refused(given, result, fake):
    with pytest.raises(SegkitError) as raised:
        fake(tensor(given, "float32"), tensor(result, "float32"), lambda _: np.zeros(result, np.float32))
    assert "fake.tflite" in complaint(raised)


# --- the shortcut from scores to classes -------------------------------------------------


def spread(grid, step, dtype=np.float32):
    """What RESIZE_BILINEAR makes of a grid when corners are aligned, as its kernel computes it."""
    height, width = (step * (n - 1) + 1 for n in grid.shape[:2])
    y, x = np.arange(height) / step, np.arange(width) / step
    top, left = np.minimum(y.astype(int), grid.shape[0] - 2), np.minimum(x.astype(int), grid.shape[1] - 2)
    down, along = (y - top)[:, None, None], (x - left)[None, :, None]
    corner = [grid[top + i][:, left + j] for i in (0, 1) for j in (0, 1)]
    return (corner[0] * (1 - down) * (1 - along) + corner[1] * (1 - down) * along
            + corner[2] * down * (1 - along) + corner[3] * down * along).astype(dtype)


def half_pixel(grid, height, width):
    """What RESIZE_BILINEAR makes of a grid with half-pixel centres: another convention."""
    y, x = ((np.arange(n) + 0.5) * old / n - 0.5 for n, old in ((height, grid.shape[0]), (width, grid.shape[1])))
    y, x = np.clip(y, 0, grid.shape[0] - 1), np.clip(x, 0, grid.shape[1] - 1)
    top, left = np.minimum(y.astype(int), grid.shape[0] - 2), np.minimum(x.astype(int), grid.shape[1] - 2)
    down, along = (y - top)[:, None, None], (x - left)[None, :, None]
    return ((grid[top][:, left] * (1 - along) + grid[top][:, left + 1] * along) * (1 - down)
            + (grid[top + 1][:, left] * (1 - along) + grid[top + 1][:, left + 1] * along) * down).astype(np.float32)


GRIDS = st.tuples(st.integers(2, 9), st.integers(2, 9), st.integers(1, 21))


@given(GRIDS, st.integers(2, 9), st.sampled_from([1e-2, 1, 100]), st.integers(0, 2**32 - 1))
def test_the_shortcut_gives_the_argmax_of_every_pixel(shape, step, scale, seed):
    grid = np.random.default_rng(seed).normal(size=shape) * scale
    scores = spread(grid, step)
    np.testing.assert_array_equal(class_map(scores, step), scores.argmax(axis=-1))
    np.testing.assert_array_equal(class_map(scores), scores.argmax(axis=-1))


@given(GRIDS, st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_the_shortcut_is_right_where_few_scores_occur_and_many_tie(shape, step, seed):
    """Whole numbers and steps of a power of two: no rounding, so ties are exact and the first class wins."""
    step = 1 << min(step, 3)
    grid = np.random.default_rng(seed).integers(-2, 3, shape).astype(float)
    scores = spread(grid, step)
    np.testing.assert_array_equal(class_map(scores, step), scores.argmax(axis=-1))


@given(GRIDS, st.integers(2, 9), st.integers(1, 127), st.integers(0, 2**32 - 1))
def test_the_shortcut_is_exact_for_8_bit_scores(shape, step, most, seed):
    """Scores are rounded after they were spread, so that many tie; the first class still wins in both ways."""
    grid = np.random.default_rng(seed).integers(-most, most + 1, shape).astype(float)
    scores = np.rint(spread(grid, step, float)).astype(np.int8)
    assert grid_step(scores, shape[:2]) in (1, step, None)
    np.testing.assert_array_equal(class_map(scores, step), scores.argmax(axis=-1))


@pytest.mark.parametrize("value", [0, -1, 1e30])
def test_flat_scores_are_the_first_class(value):
    scores = np.full((17, 17, 5), value, np.float32)
    assert (class_map(scores, 8) == 0).all() and (class_map(scores) == 0).all()


@pytest.mark.parametrize("grid, step", [((33, 33), 8), ((5, 9), 4), ((2, 2), 2), ((17, 17), 3), ((9, 5), 32)], ids=str)
def test_the_step_of_scores_with_aligned_corners_is_seen(grid, step):
    scores = spread(np.random.default_rng(0).normal(size=(*grid, 21)), step)
    assert grid_step(scores, grid) == step


@pytest.mark.parametrize("grid, size", [((33, 33), (257, 257)), ((17, 17), (33, 33)), ((5, 5), (9, 9)), ((9, 9), (65, 65)),
                                        ((32, 32), (256, 256))], ids=str)
def test_scores_of_another_convention_get_no_shortcut(grid, size):
    scores = half_pixel(np.random.default_rng(0).normal(size=(*grid, 21)), *size)
    assert grid_step(scores, grid) == 1


@pytest.mark.parametrize("scores, grid", [
    (np.random.default_rng(0).normal(size=(257, 257, 21)).astype(np.float32), (33, 33)),
    (spread(np.random.default_rng(0).normal(size=(5, 5, 3)), 4), None),
    (spread(np.random.default_rng(0).normal(size=(5, 5, 3)), 4), (1, 1)),
    (spread(np.random.default_rng(0).normal(size=(5, 5, 3)), 4), (5, 4)),
    (spread(np.random.default_rng(0).normal(size=(5, 9, 3)), 4), (9, 5)),
    (spread(np.random.default_rng(0).normal(size=(5, 5, 3)), 4), (17, 17)),
    (spread(np.random.default_rng(0).normal(size=(5, 5, 3)) * 50, 4, np.int8), (5, 5)),
], ids=["noise", "no grid", "a point", "another width", "turned", "the same size", "8 bits, cut off"])
def test_scores_that_are_no_even_grid_get_no_shortcut(scores, grid):
    assert grid_step(scores, grid) == 1


def test_the_step_of_rounded_scores_is_seen():
    grid = np.random.default_rng(0).integers(-128, 128, (5, 5, 3)).astype(float)
    assert grid_step(np.rint(spread(grid, 4, float)).astype(np.int8), (5, 5)) == 4


def test_a_shortcut_is_refused_where_one_row_is_not_straight():
    scores = spread(np.random.default_rng(0).normal(size=(5, 5, 3)), 4)
    assert grid_step(scores, (5, 5)) == 4
    scores[6, 4, 1] += 0.1
    assert grid_step(scores, (5, 5)) == 1


@pytest.mark.parametrize("dtype, scale", [(np.float32, 0), (np.int8, 0), (np.int8, 5)])
def test_flat_scores_say_nothing_about_the_shortcut_and_the_next_ones_decide(dtype, scale):
    random = np.random.default_rng(0)
    argmax = Argmax((9, 9))
    flat = np.rint(half_pixel(random.normal(size=(9, 9, 3)) * scale, 33, 33)).astype(dtype)
    np.testing.assert_array_equal(argmax(flat), flat.argmax(axis=-1))
    assert argmax.step is None
    other = np.rint(half_pixel(random.normal(size=(9, 9, 3)) * 40, 33, 33)).astype(dtype)
    np.testing.assert_array_equal(argmax(other), other.argmax(axis=-1))
    assert argmax.step == 1


# --- what a Segmentation shows ----------------------------------------------------------


@pytest.fixture
def result():
    photo = np.random.default_rng(2).integers(0, 256, (70, 50, 3), np.uint8)
    mask = np.zeros((70, 50), np.uint8)
    mask[10:60, 10:30] = 15
    mask[:5, :5] = 8
    mask[69, 49] = 255
    return Segmentation(photo, mask, labels.VOC, {"prepare": 1.0, "invoke": 2.0, "finish": 3.0})


def test_classes_are_sorted_by_share_and_sum_to_1(result):
    assert [(c.index, c.name) for c in result.classes] == [(0, "background"), (15, "person"), (8, "cat"), (255, "class 255")]
    assert [c.share for c in result.classes] == pytest.approx([2474 / 3500, 1000 / 3500, 25 / 3500, 1 / 3500])
    assert sum(c.share for c in result.classes) == pytest.approx(1)
    assert "person 28.6%" in repr(result) and "50 x 70" in repr(result)


def test_an_overlay_paints_what_the_legend_says(result):
    painted = np.asarray(result.overlay(1))
    colours = dict(result.legend)
    assert list(colours) == [c.name for c in result.classes]
    for c in result.classes[1:]:
        assert (painted[result.mask == c.index] == colours[c.name]).all()


@pytest.mark.parametrize("opacity", [0, 0.25, 0.5, 1])
def test_an_overlay_mixes_photo_and_colour_and_leaves_the_background(opacity, result):
    before = result.photo.copy()
    image = result.overlay(opacity)
    assert image.mode == "RGB" and image.size == (50, 70)
    painted = np.asarray(image).astype(float)
    background = result.mask == 0
    np.testing.assert_array_equal(painted[background], result.photo[background])
    mixed = result.photo * (1 - opacity) + labels.screen_palette()[result.mask] * float(opacity)
    assert np.abs(painted - mixed)[~background].max() <= 1
    np.testing.assert_array_equal(result.photo, before)


def test_an_overlay_without_opacity_is_the_photo(result):
    np.testing.assert_array_equal(np.asarray(result.overlay(0)), result.photo)


@pytest.mark.parametrize("opacity", [-0.1, 1.1, 100, float("nan")])
def test_an_opacity_outside_0_to_1_is_one_line(opacity, result):
    with pytest.raises(SegkitError) as raised:
        result.overlay(opacity)
    assert "opacity must lie between 0 and 1" in complaint(raised)


def test_the_mask_image_holds_class_indices_and_vocs_colours(result, tmp_path):
    result.mask_image().save(tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "P" and image.size == (50, 70)
        np.testing.assert_array_equal(np.asarray(image), result.mask)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), labels.voc_palette()[result.mask])


def test_a_std_of_0_is_one_line(model_path):
    model_path("deeplabv3")
    with pytest.raises(SegkitError) as raised:
        Segmenter("deeplabv3", threads=1, std=0)
    assert "std must not be 0" in complaint(raised)


@pytest.mark.parametrize("values", [[0, 256], [-1, 3], [0.25, 1.0]])
def test_one_number_a_pixel_that_is_no_class_index_is_one_line(values, model_path):
    segmenter = Segmenter(model_path("deeplabv3"), threads=1)
    output = np.resize(np.array(values), (1, 257, 257))
    with pytest.raises(SegkitError) as raised:
        segmenter.finish(output, resize.Region(0, 0, 257, 257), (257, 257))
    assert "class indices are whole numbers" in complaint(raised)


@pytest.mark.parametrize("name, index", [("person", 15), (15, 15), (np.int64(8), 8), ("background", 0), ("dog", 12), (255, 255)])
def test_a_cutout_shows_one_class_and_nothing_else(name, index, result):
    image = result.cutout(name)
    assert image.mode == "RGBA" and image.size == (50, 70)
    pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels[..., 3], np.where(result.mask == index, 255, 0))
    np.testing.assert_array_equal(pixels[..., :3], result.photo)


@pytest.mark.parametrize("name", ["unicorn", "", None, -1, 256, 1.5])
def test_a_cutout_of_an_unknown_class_is_one_line_with_the_names(name, result):
    with pytest.raises(SegkitError) as raised:
        result.cutout(name)
    assert "person" in complaint(raised)
