"""Lesson 03: each wrong answer gets its own hint, the explorer shows what really made an output, figures say what
they show."""

import base64
import io
import re
from itertools import combinations_with_replacement

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import photos
from segkit.lessons.lesson_03 import exercises, figures
from segkit.lessons.lesson_03 import explorer as explorers
from segkit.lessons.lesson_03 import stride_figures as stride
from segkit.masks import metrics
from segkit.plots import DPI, WIDTH
from segkit.reference import Pairwise, conv2d, gridding, max_pool, receptive_field


@pytest.mark.parametrize("name, answer", [
    ("field-by-hand", np.int64(15)), ("no-holes", (9, 1, 3)), ("no-holes", np.array([3, 9, 1])),
])
def test_other_ways_to_the_right_answer_count(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


def test_no_three_rates_see_further_without_a_hole():
    """The exercise calls one set of rates right: all others are smaller or have a hole."""
    largest = sum(exercises.WIDEST)
    for rates in combinations_with_replacement(range(1, 2 * largest), 3):
        if sum(rates) >= largest:
            assert (gridding(rates) == 0).any() == (list(rates) != exercises.WIDEST)


# --- the explorer: one output and what made it ---------------------------------------


@pytest.mark.parametrize("kernel", explorers.KERNELS)
@pytest.mark.parametrize("rate, stride", [(1, 1), (2, 1), (3, 1), (1, 2), (3, 2), (2, 3)])
def test_what_made_an_output_adds_up_to_it(kernel, rate, stride):
    weights = np.array(explorers.KERNELS[kernel])
    for values in explorers.inputs().values():
        whole = conv2d(values[:, :, None], weights[:, :, None, None], stride=stride, rate=rate)[..., 0]
        assert np.array_equal(explorers.convolved(values, weights, rate, stride), whole)
        for place, output in np.ndenumerate(whole):
            taps = explorers.contributions(values, weights, *place, rate, stride)
            assert sum(tap.value * tap.weight for tap in taps) == output
            assert [tap.weight for tap in taps] == list(weights.flat)
            for tap in taps:
                assert tap.inside == (0 <= tap.row < 9 and 0 <= tap.column < 9)
                assert tap.value == (values[tap.row, tap.column] if tap.inside else 0)


def test_inputs_are_whole_numbers_of_one_digit():
    found = explorers.inputs()
    for values in found.values():
        assert values.shape == (9, 9) and values.min() == 0 and values.max() == 9
    assert len(np.unique(found["the cat's eye, a photo"])) > 5


def picture(explorer):
    """The picture that the explorer shows now, as an array."""
    data = re.search(r'base64,([^"]*)"', explorer.picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.fixture
def explorer():
    return explorers.explorer()


@pytest.mark.drawn
def test_explorer_first_state(explorer):
    assert explorer.alt.startswith("Input 9 x 9, kernel 3 x 3 at rate 2, so 5 pixels wide, stride 1: output 9 x 9. "
                                   "The output at row 4, column 4 is ")
    terms, total = re.search(r"column 4 is (.*) = (\S+)\.", explorer.alt).groups()
    terms = [[int(n.replace("\u2212", "-")) for n in term.split(" x ")] for term in terms.split(" + ")]
    assert len(terms) == 6 and sum(a * b for a, b in terms) == int(total.replace("\u2212", "-"))
    data, about = explorer._repr_mimebundle_()
    assert data["text/plain"] == about["image/png"]["alt"] == explorer.alt
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert still.width == WIDTH * DPI and len(data["image/png"]) < 200_000


@pytest.mark.drawn
def test_touching_an_output_shows_what_made_it(explorer):
    before = picture(explorer)
    explorer.controls["place"].value = (0, 0)
    words = explorer.words.value
    assert "row 0, column 0 is " in words and "5 of its inputs are padding" in words
    assert (picture(explorer) != before).any()


def test_rate_stride_and_kernel_change_the_shapes(explorer):
    place = explorer.controls["place"]
    explorer.controls["stride"].value = 2
    assert "stride 2: output 5 x 5" in explorer.words.value and len(place.options) == 25
    explorer.controls["rate"].value = 3
    assert "at rate 3, so 7 pixels wide" in explorer.words.value
    explorer.controls["kernel"].value = "sum, 5 x 5"
    assert "so 13 pixels wide" in explorer.words.value and "the sum of 25 products" in explorer.words.value
    explorer.controls["kernel"].value = "double, 1 x 1"
    assert "so 1 pixel wide" in explorer.words.value


def test_the_touched_place_stays_or_moves_to_the_edge(explorer):
    place = explorer.controls["place"]
    place.value = (2, 8)
    explorer.controls["rate"].value = 1
    assert place.value == (2, 8)
    explorer.controls["stride"].value = 3
    assert place.value == (2, 2) and "row 2, column 2" in explorer.words.value


def test_buttons_show_the_output_and_no_two_have_the_same_words(explorer):
    explorer.controls["input"].value = "one bright pixel"
    explorer.controls["kernel"].value = "sum, 3 x 3"
    options = explorer.controls["place"].options
    assert len({words for words, _ in options}) == len(options) == 81
    shown = {place: words.strip("\u200b") for words, place in options}
    assert [place for place, words in shown.items() if words == "9"] == [
        (row, column) for row in (2, 4, 6) for column in (2, 4, 6)]
    assert len(explorer.controls["place"].tooltips) == 81


def test_one_change_draws_once(explorer, monkeypatch):
    drawn, real = [], figures.multiplied
    monkeypatch.setattr(figures, "multiplied", lambda *a: drawn.append(a) or real(*a))
    explorer.controls["stride"].value = 3
    explorer.controls["place"].value = (0, 1)
    assert len(drawn) == 2


# --- the other two dials -----------------------------------------------------------------


def test_rate_slider_runs_the_function_it_was_given_once_a_rate():
    ran = []

    def convolve(x, kernel, rate):
        ran.append(rate)
        return conv2d(x, kernel, rate=rate)

    grey = photos.sample("cat")[::4, ::4].mean(axis=-1, keepdims=True)
    slider = explorers.rates(grey, np.ones((3, 3, 1, 1)), convolve)
    for rate in (16, 2, 16):
        slider.controls["rate"].value = rate
    assert ran == [2, 16]
    assert "rate 16 spans 33 pixels" in slider.words.value


def test_stride_dial_shows_cells_quality_and_cost():
    truth = photos.voc_truth()
    dial = explorers.stride_dial(photos.sample("voc"), truth, lambda stride: 32e9 / stride)
    assert "at output stride 16: 17 x 17 cells" in dial.alt and "; 4: mean IoU" in dial.alt
    dial.controls["stride"].value = 8
    assert "33 x 33 cells" in dial.words.value
    quality = [float(q) for q in re.findall(r"mean IoU ([\d.]+)", dial.alt)]
    assert quality == sorted(quality) and len(quality) == 4
    assert re.findall(r"(\d+) billion", dial.alt) == ["1", "2", "4", "8"]


def test_finest_mask_has_one_class_for_each_cell_and_no_ignored_pixel():
    truth = photos.voc_truth()
    truth[:, 100:300] = 255
    cells, mask = explorers.finest(truth, 32, 257)
    assert cells.shape == (9, 9) and mask.shape == truth.shape and not (mask == 255).any()
    truth = photos.voc_truth()
    assert metrics.boundary(mask).sum() < metrics.boundary(explorers.finest(truth, 4, 257)[1]).sum()


# --- figures ---------------------------------------------------------------------------------


def dots(row, column, poolings=3):
    maps = [np.zeros((16, 16, 1), np.float32)]
    maps[0][row, column] = 1
    for _ in range(poolings):
        maps.append(max_pool(maps[-1], 2))
    return maps


def test_pooling_says_when_the_maps_are_the_same():
    assert "After 2 poolings, both maps are the same." in figures.pooling(dots(4, 4), dots(6, 7)).alt
    assert "row 15, column 15" in figures.pooling(dots(0, 0), dots(15, 15)).alt
    assert "After 3 poolings, the maps still differ." in figures.pooling(dots(0, 0), dots(15, 15)).alt


def test_trees_say_how_much_is_seen():
    alt = figures.trees({"step": [(3, 2, 1), (3, 1, 1)], "atrous": [(3, 1, 1), (3, 1, 2)]}).alt
    assert "Step: it sees 7 inputs, and there is an output for every group of 2 inputs." in alt
    assert "Atrous: it sees 7 inputs, and there is an output for every single input." in alt


@pytest.mark.parametrize("layers", [[(3, 2, 1), (3, 1, 1), (3, 1, 2)], [(3, 1, 2), (5, 1, 1)]])
def test_trees_reach_as_far_as_the_receptive_field(layers):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    figures._tree(axes, layers, 41)
    lowest = [x for line in axes.lines for x, y in zip(*line.get_data()) if y == 0]
    assert max(lowest) - min(lowest) + 1 == receptive_field(layers).size


def test_figures_say_what_they_compare():
    alt = figures.fields({"dense": [(3, 9), (7, 49)], "atrous": [(3, 9), (7, 9)]}, 7).alt
    assert alt.endswith("To see 7 pixels takes so many weights. dense: 49; atrous: 9.")
    alt = figures.holes([[2, 2, 2], [1, 2, 3]]).alt
    assert "Rates 2, 2, 2: 49 of 169 pixels. Rates 1, 2, 3: 169 of 169 pixels." in alt
    alt = stride.field(np.zeros((257, 257, 3), np.uint8), [(6, 16), (12, 8)]).alt
    assert "rate 6 at output stride 16 spans 208 pixels and rate 12 at output stride 8 spans 200 pixels" in alt


def test_two_ways_agree_on_the_coarse_grid_only():
    dense = np.arange(48.0).reshape(6, 8) + 1
    enlarged = dense.copy()
    enlarged[1::2] += 5
    alt = stride.two_ways(dense, enlarged, dense, 2, (0, 0, 6, 8)).alt
    assert "rows and columns 0, 2, 4 and so on, they differ by 0.00" in alt and "75 % of all" in alt and "off by 10 %" in alt


def test_the_best_mask_of_fine_cells_is_nearly_the_true_one():
    truth = metrics.ignore_around(photos.voc_truth())
    quality = {step: metrics.mean_iou(metrics.confusion_matrix(truth, explorers.finest(truth, step, 257)[1]))
               for step in (32, 8, 4)}
    assert quality[32] < 0.7 and quality[8] > 0.85 and quality[4] > 0.95


# --- what the lesson says of our models ----------------------------------------------------


@pytest.fixture(scope="module")
def features(model_path):
    from segkit.networks.heads import Trunk

    for name in ("trunk", "trunk-os8", "head-v1"):
        model_path(name)
    photo = photos.sample("hopper")
    return Trunk(16).features(photo), Trunk(8).features(photo)


def test_features_at_both_output_strides_agree_at_every_second_place(features):
    coarse, dense = features
    assert np.allclose(dense.high[::2, ::2], coarse.high, atol=1e-3)
    photo = coarse.photo
    alt = stride.agreement(photo, coarse.high, dense.high).alt
    assert "17 x 17 places at output stride 16, 33 x 33 at 8" in alt
    assert "differ by 0.00 at most; 800 places are new" in alt
    assert "differ by 0.00 at most" not in stride.agreement(photo, coarse.high, dense.high + 1).alt


def test_masks_says_how_much_changes(features):
    scores = np.zeros((17, 17, 21), np.float32)
    scores[..., 15] = 1
    photo = features[0].photo
    assert "0 % of the pixels change" in stride.masks(photo, {"a": scores, "b": scores}).alt
    assert "100 % of the pixels change" in stride.masks(photo, {"a": scores, "b": -scores}).alt
    truth = np.full(photo.shape[:2], 15, np.uint8)
    assert "mean IoU 1.00" in stride.masks(photo, {"a": scores, "b": scores}, truth).alt


def test_the_lesson_draws_the_weights_of_the_crf_that_it_runs():
    assert Pairwise() == (5, 10, 10, 3, 1, True)  # what the lesson writes out
