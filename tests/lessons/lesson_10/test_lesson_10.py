"""Lesson 10: quantisation by hand, the dials, figures that say what they show, explorers."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from segkit import Segmenter, photos
from segkit.errors import SegkitError
from segkit.graph import Graph, Quantisation
from segkit.lessons.lesson_10 import experiments, figures, quantisation
from segkit.lessons.lesson_10 import explorer as explore
from segkit.models import confusions
from segkit.models.confusions import PhotoSet
from segkit.plots import results


def words(view):
    return view.words.value.replace("&nbsp;", " ")


# --- quantisation by hand -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exact():
    return Graph("deeplab-f32")


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter("deeplab-f32")


@pytest.fixture(scope="module")
def cat(segmenter):
    return segmenter.prepare(photos.sample("cat"))[0]


@pytest.mark.parametrize("low, high", [(-1, 1), (0, 6), (-49.2, 56.1), (2, 5), (-7, -3)])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_affine_covers_its_range_and_has_a_number_for_zero(low, high, bits):
    q = quantisation.affine(low, high, bits)
    values = np.linspace(min(low, 0), max(high, 0), 999).astype(np.float32)
    error = np.abs(quantisation.rounded(values, q, bits) - values)
    # The zero point is rounded, too, so that an end of the range may lie half a step outside.
    assert error.max() <= q.scale[0] * 1.001 and np.median(error) <= q.scale[0] / 2
    assert quantisation.rounded(np.zeros(1, np.float32), q, bits)[0] == 0
    stored = quantisation.quantise(np.float32([-1e6, 1e6]), q, bits)
    assert stored.dtype == np.int8 and stored.tolist() == [-2 ** (bits - 1), 2 ** (bits - 1) - 1]


@pytest.mark.parametrize("low, high, bits", [(0, 0, 8), (0, np.inf, 8), (np.nan, 1, 8),
                                             (0, 1, 9), (0, 1, 1), (0, 1, "8")])
def test_affine_refuses_what_is_no_range(low, high, bits):
    with pytest.raises(SegkitError):
        quantisation.affine(low, high, bits)


def test_dequantise_is_the_formula():
    q = Quantisation(np.float32([0.5, 2]), np.array([3]), 1)
    assert q.real(np.int8([[3, 3], [-1, 5]])).tolist() == [[0, 0], [-2, 4]]
    assert quantisation.quantise(np.float32([[0, 0], [-2, 4]]), q).tolist() == [[3, 3], [-1, 5]]


def test_weights_by_hand_are_those_of_the_8_bit_file(exact):
    whole = [o for o in Graph("deeplab").operators if o.name in quantisation.CHANNELS]
    for operator, stored in zip((o for o in exact.operators if o.name in quantisation.CHANNELS), whole):
        values, file = operator.inputs[1].values(), stored.inputs[1]
        live = file.quantisation.scale > 1e-6  # a channel without weights has any scale
        ours = quantisation.symmetric(values, 8, quantisation.CHANNELS[operator.name])
        assert np.allclose(ours.scale[live], file.quantisation.scale[live], rtol=1e-3)
        axis = quantisation.CHANNELS[operator.name]
        off = np.moveaxis(np.abs(quantisation.quantise(values, ours).astype(int) - file.stored()), axis, 0)[live]
        assert off.max() <= 1


def test_rounded_networks_agree_with_the_files(exact, cat, tmp_path):
    before = exact.run(cat)[0].argmax(axis=-1)
    few = quantisation.with_weights(exact)
    scores = few.run(cat)
    file = Graph(experiments.at_side("deeplab-w8", cat.shape[1], tmp_path)).run(cat)
    assert np.abs(scores - file).max() < 0.05 * np.ptp(file) and len(exact.operators) == len(few.operators)
    both = quantisation.with_activations(few, quantisation.calibrate(exact, [cat])).run(cat)
    assert both.dtype == np.float32 and (both[0].argmax(axis=-1) == before).mean() > 0.9
    assert not np.array_equal(both, scores)
    assert np.array_equal(exact.run(cat)[0].argmax(axis=-1), before)  # the graph that was given stays


def test_one_scale_a_layer_is_coarser(exact):
    for operator in exact.operators:
        if operator.name in quantisation.CHANNELS:
            values = operator.inputs[1].values()
            own, common = (quantisation.symmetric(values, 8, axis).scale
                           for axis in (quantisation.CHANNELS[operator.name], None))
            assert (own <= common * (1 + 1e-6)).all() and own.max() > 0.99 * common.max()


def test_weights_that_are_no_float32_are_refused():
    with pytest.raises(SegkitError, match="not float32"):
        quantisation.with_weights(Graph("deeplab"))


def test_calibration_widens_with_each_input():
    head = Graph("head-v1")
    small = np.ones((1, 17, 17, 192), np.float32)
    one, two = quantisation.calibrate(head, [small]), quantisation.calibrate(head, [small, -5 * small])
    assert one.keys() == two.keys() and all(two[i][0] <= one[i][0] and two[i][1] >= one[i][1] for i in one)
    assert any(two[i] != one[i] for i in one)
    with pytest.raises(SegkitError, match="at least one"):
        quantisation.calibrate(head, [])


def test_a_dynamic_range_follows_the_activations():
    head = Graph("head-v1")
    ordinary = np.random.default_rng(0).normal(0, 2, head.inputs[0].shape).astype(np.float32)
    fixed = quantisation.with_activations(head, quantisation.calibrate(head, [ordinary]))
    far = []  # how far the fixed ranges lead from the truth
    for factor in (1, 10):
        values = factor * ordinary
        exact = head.run(values)
        dynamic, calibrated = (np.abs(scores - exact).mean() / np.ptp(exact) for scores in
                               (quantisation.run_dynamic(head, values), fixed.run(values)))
        assert dynamic < 0.02 and calibrated > 1.5 * dynamic
        far.append(calibrated)
    assert far[1] > 2 * far[0]  # outside its range, a fixed one cuts
    assert quantisation.run_dynamic(head, np.zeros_like(ordinary)).shape == head.outputs[0].shape


def test_margin_distance_and_logits(segmenter):
    assert quantisation.margin(np.float32([[[1, 5, 3], [2, 2, 0]]])).tolist() == [[2, 0]]
    mask = np.zeros((5, 8), np.uint8)
    mask[:, 4:] = 15
    assert quantisation.outline_distance(mask)[2].tolist() == [3, 2, 1, 0, 0, 1, 2, 3]
    assert (quantisation.outline_distance(np.zeros((3, 4), np.uint8)) == 5).all()
    real, whole = (quantisation.logits(Segmenter(name), photos.sample("cat")) for name in ("deeplab-f32", "deeplab"))
    side = segmenter.session.inputs[0].shape[1]
    assert real.dtype == whole.dtype == np.float32 and real.shape == whole.shape == (side, side, 21)
    assert np.median(np.abs(real - whole)) < 0.2 * np.median(quantisation.margin(real))


# --- dials ----------------------------------------------------------------------------------------


def test_sides_halve_down_to_the_output_stride():
    assert experiments.sides(257) == [257, 129, 65, 33, 17] and experiments.sides(np.int64(129)) == [129, 65, 33, 17, 9]
    for side in (256, 17, 1, 0, -15, 2.5, True, "257"):
        with pytest.raises(SegkitError, match="multiple of 16"):
            experiments.sides(side)


def test_a_file_of_another_size_is_the_same_network(tmp_path, segmenter, cat):
    side = segmenter.session.inputs[0].shape[1]
    half = (side + 1) // 2
    assert experiments.at_side("deeplab-f32", side, tmp_path) == segmenter.session.path
    same = Segmenter(experiments.with_input_size("deeplab-f32", side, tmp_path / "same.tflite"))
    assert np.allclose(same.session.run(cat), segmenter.session.run(cat), atol=1e-4)
    assert same.names == segmenter.names
    small = experiments.at_side("deeplab-f32", half, tmp_path)
    session, values = Segmenter(small).session, cat[:, ::2, ::2]
    assert session.inputs[0].shape == (1, half, half, 3) and session.outputs[0].shape == (1, half, half, 21)
    assert np.allclose(session.run(values), Graph(small).run(values), atol=1e-3)
    assert 0.2 < Graph(small).multiply_adds / Graph("deeplab-f32").multiply_adds < 0.3


def test_the_8_bit_file_takes_another_size_too(tmp_path):
    file = experiments.with_input_size("deeplab", 321, tmp_path / "large.tflite")
    one, other = Segmenter(file, mean=127.5, std=127.5), Segmenter("deeplab")
    photo = photos.sample("cat")
    assert one.session.inputs[0].shape == (1, 321, 321, 3) and one.session.inputs[0].dtype == np.int8
    assert (one.segment(photo).mask == other.segment(photo).mask).mean() > 0.8


def test_sizes_that_cannot_be_written_say_why(tmp_path):
    for name, side, words in (("deeplab-f32", 256, "multiple of 16"), ("head-v1", 129, "multiple of 16")):
        with pytest.raises(SegkitError, match=words):
            experiments.with_input_size(name, side, tmp_path / "no.tflite")
    with pytest.raises(SegkitError, match="cannot be written"):
        experiments.with_input_size("deeplab", 129, tmp_path / "no folder" / "no.tflite")
    assert not list(tmp_path.iterdir())


def test_pareto_keeps_what_nobody_beats():
    points = {"cheap": (1, 0.2), "dear": (3, 0.5), "beaten": (2, 0.1), "same": (3, 0.5), "dearer": (4, 0.5)}
    assert results.front(points) == ["cheap", "dear", "same"]
    rng = np.random.default_rng(0)
    points = {n: tuple(pair) for n, pair in enumerate(rng.integers(0, 9, (40, 2)))}
    front = [points[n] for n in results.front(points)]
    for cost, quality in points.values():  # for each point there is one on the front that is as good
        assert any(c <= cost and q >= quality for c, q in front)
    assert sorted(set(front)) == sorted(set(front), key=lambda point: point[1]) and results.front({}) == []


def test_a_choice_adds_up_its_files():
    parts = Graph("trunk"), Graph("head-v1")
    one = experiments.choice("v1", "heads", ["trunk", "head-v1"], {"quality": 0.5})
    assert one.bytes == sum(g.path.stat().st_size for g in parts) and one.milliseconds is None
    assert one.multiply_adds == sum(g.multiply_adds for g in parts)


def test_gains_and_quality_come_from_the_stored_photos(monkeypatch):
    def matrices(hits):
        found = np.zeros((len(hits), 21, 21), np.int64)
        found[:, 15, 15], found[:, 15, 0], found[:, 0, 0] = hits, 10 - np.array(hits), 10
        return found

    sets = [PhotoSet("person200", "3 photos, person", (15,), {"a@257": matrices([5, 5, 5]), "b": matrices([6, 7, 8])}),
            PhotoSet("voc40", "2 photos, all", None, {"a@257": matrices([10, 10])})]
    monkeypatch.setattr(confusions, "photo_sets", lambda: sets[:1])
    gain = experiments.gains({"b over a": ("a@257", "b")})["3 photos, person"]["b over a"]
    assert gain.value == pytest.approx(0.2) and gain.shown
    monkeypatch.setattr(confusions, "photo_sets", lambda: sets)
    assert experiments.quality("b") == {"mean IoU, 3 photos, person": pytest.approx(0.7)}
    assert experiments.quality("a@257")["mean IoU, 2 photos, all"] == 1 and experiments.quality("c") == {}


# --- figures --------------------------------------------------------------------------------------


def test_files_tell_bytes_and_types():
    alt = figures.files({"big": (8_000_000, "float32", "float32"), "small": (2_000_000, "int8", "int8")}).alt
    assert "big 8.00 MB (100 % of the largest; weights float32" in alt and "small 2.00 MB (25 %" in alt


def test_steps_tell_scale_and_error():
    values = np.linspace(-1, 1, 501, dtype=np.float32)
    alt = figures.steps(values, {bits: quantisation.symmetric(values, bits) for bits in (8, 2)}).alt
    assert "501 weights from -1.00 to 1.00" in alt and "with 2 bits the step is 1 and the largest error 0.5" in alt


@pytest.mark.drawn
def test_bits_tell_every_share():
    picture = figures.bits({"one": {4: 0.5, 8: 0.999}, "two": {4: 0.25, 8: 1.0}}, background=0.4)
    assert picture.alt.endswith("one: 50 % at 4 bits and over 99 % at 8 bits; two: 25 % at 4 bits and 100 % at 8 bits. "
                                "A mask of background only would have 40 %.")
    assert Image.open(io.BytesIO(picture.png)).width == 760


def test_changed_pixels_are_told_one_by_one():
    assert figures.changed({"grey": 0.0966, "photos": 0.0356}).alt == (
        "Pixels that change their class, compared with float32, to the nearest 5 %: grey 10 % and photos 5 %.")


def test_ranges_compare_with_the_first():
    head = Graph("head-v1")
    found = quantisation.calibrate(head, [np.ones((1, 17, 17, 192), np.float32)])
    alt = figures.ranges(head, {"a": found, "b": {i: (3 * low, 3 * high) for i, (low, high) in found.items()}}).alt
    assert alt.endswith("Compared with a, b: on average 300 % as wide.")


def test_changes_say_where_and_how_sure():
    before = np.zeros((40, 40), np.uint8)
    before[:, 20:] = 15
    after, margins = before.copy(), np.full((40, 40), 2.0)
    assert "No pixel changes" in figures.changes(np.zeros((40, 40, 3), np.uint8), before, after, margins).alt
    after[:, 20] = 0
    margins[:, 20] = 0.1
    alt = figures.changes(np.zeros((40, 40, 3), np.uint8), before, after, margins).alt
    assert "2 % of the pixels change; 100 % of these lie at most 2 pixels from an outline, where only 15 %" in alt
    assert "0.1 apart (median), of all pixels 2.0" in alt


def test_times_stay_out_of_the_words():
    alt = figures.times({"float32": [1.5, 2.5, 9.0], "int8": [1.0, 1.0, 1.0]}).alt
    assert alt.startswith("Times of 2 files") and "float32 and int8: 3 runs of each" in alt
    assert not re.search(r"\d\.\d|\dms", alt)


CHOICES = [experiments.Choice("a", "one", 1_000_000, 300_000_000, {"photo": 0.312, "set": 0.5}, 12.5),
           experiments.Choice("b", "one", 2_000_000, 200_000_000, {"photo": 0.308}, 30.5),
           experiments.Choice("c", "two", 3_000_000, 100_000_000, {"photo": 0.5, "set": 0.6}, 7.5)]


def test_the_front_names_what_nobody_beats():
    assert figures.front(CHOICES, "bytes", "photo").alt == (
        "3 choices by million bytes of the files and photo. No other choice beats 2 of them: a (1.00 MB, 31 %) and "
        "c (3.00 MB, 50 %).")
    assert "beats 1 of them: c (100 million, 50 %)" in figures.front(CHOICES, "multiply_adds", "photo").alt
    assert not re.search(r"\d\.\d", figures.front(CHOICES, "milliseconds", "photo").alt)
    assert figures.front(CHOICES, "bytes", "set").alt.startswith("2 choices")
    with pytest.raises(SegkitError, match="not measured"):
        figures.front(CHOICES[1:2], "bytes", "set")


# --- explorers ------------------------------------------------------------------------------------


@pytest.mark.drawn
def test_the_front_can_be_explored():
    view = explore.front(CHOICES, quality="photo")
    assert view.alt.startswith("3 choices by million bytes") and view.still.width == 760
    view.controls["cost"].value = "multiply_adds"
    assert "beats 1 of them: c" in view.words.value
    view.controls["family"].value = "one"
    assert "2 choices" in words(view) and "b (200 million, 31 %)" in words(view)
    view.controls["family"].value = "two"
    view.controls["quality"].value = "set"
    assert "c (100 million, 60 %)" in words(view)
    with pytest.raises(SegkitError, match="no choices"):
        explore.front([])


def test_bits_can_be_explored():
    view = explore.bits("cat", weights=32)
    assert "weights float32, activations float32, 0 % changed" in view.alt
    view.controls["scales"].value = False
    view.controls["weights"].value = 3
    assert "weights 3 bits, activations float32" in view.words.value
    assert int(re.findall(r"(\d+) % changed", words(view))[-1]) >= 5
    view.controls["weights"].value = 32
    view.controls["activations"].value = 8
    assert "weights float32, activations 8 bits" in view.words.value and view.message.value == ""
