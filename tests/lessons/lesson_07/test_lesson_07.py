"""Lesson 07: exercises with a hint for each typical mistake, figures that say what they show, the explorer."""

import io
import re

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import lessons, photos
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.lessons.lesson_07 import explorer as explorers
from segkit.lessons.lesson_07 import figures
from segkit.lessons.lesson_07.experiments import milliseconds


@pytest.mark.parametrize("name, answer", [
    ("multiply-adds", np.int64(lessons.exercise("multiply-adds").right)),
    ("kernel-span", float(lessons.exercise("kernel-span").right)),
    ("dequantise", lambda stored, scale, zero: stored * np.float32(scale) - zero * scale),
])
def test_other_ways_to_the_right_answer_count(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


# --- figures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph():
    return Graph("deeplab-f32")


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).uniform(-1, 1, (1, 257, 257, 3)).astype(np.float32)


def size(picture):
    return Image.open(io.BytesIO(picture.png)).size


def test_profile_counts_the_operators(graph):
    picture = figures.profile(graph)
    assert size(picture)[0] == 760
    assert f"The {len(graph.operators)} operators of deeplab-f32.tflite" in picture.alt
    assert "1 other convolution," in picture.alt and "18 depthwise convolutions" in picture.alt
    assert "falls from 257 to 17 pixels and ends at 257" in picture.alt and "end at 21." in picture.alt


def test_bytes_of_files_name_what_is_there(graph):
    picture = figures.bytes_of_files([graph, Graph("deeplab")])
    first, second = picture.alt.split("; ")
    weights = [sum(tensor.bytes for tensor in one.tensors) / 1e6 for one in (graph, Graph("deeplab"))]
    assert f"{weights[0]:.2f} MB of weights" in first and "scales" not in first
    assert f"{weights[1]:.2f} MB of weights" in second and "of scales and zero points" in second
    assert weights[0] > 3 * weights[1] and "bytes of packed files" in second


def test_scales_measure_both_ways_of_rounding():
    weights = np.zeros((1, 1, 4, 3), np.float32)
    weights[..., 0], weights[..., 1] = np.float32([127, 64, 3, 1]) / 127, np.float32([127, 63, 2, 1.5]) / 12700
    alt = figures.scales(weights, axis=3).alt
    assert "3 channels of one layer, 1 of them without weights" in alt
    assert "The largest weight is 1 in the widest channel and 0.01 in the narrowest" in alt
    # One scale: 0.63 steps become 1, which is 0.37 of the largest, 1.27 steps. Its own: 1.5 of 127 become 2.
    assert "off by up to 29 % of its largest weight; with a scale of its own, by 0.4 %" in alt


def test_kernels_count_the_taps_on_the_map(graph):
    alt = figures.kernels([operator for operator in graph.operators if operator.is_atrous]).alt
    assert alt.startswith("5 atrous kernels over the middle of a map of 17 x 17 cells: ")
    assert "(3x3, rate 6) spans 13 cells and has 9 of its 9 taps" in alt
    assert "(3x3, rate 9) spans 19 cells and has 1 of its 9 taps" in alt


def test_costs_tell_shares_and_no_times():
    head = Graph("head-v3plus")
    times = milliseconds(head, runs=1)
    picture = figures.costs(head, times)
    assert size(picture)[0] == 760
    numbers = re.findall(r"(\d+) % and (\d+) % for", picture.alt)
    assert sum(int(adds) for adds, _ in numbers) == pytest.approx(100, abs=1)
    assert "for 1x1 convolutions" in picture.alt and not re.search(r"\d\s*(ms|milli)", picture.alt)


def test_between_tells_the_operator_and_its_numbers(graph, values):
    operator, made = next(graph.trace(values))
    alt = figures.between(photos.sample("cat"), operator, made).alt
    assert alt.startswith("Operator 0, CONV_2D (3x3, stride 2, rate 1), makes 129x129x32: 14.4 million multiply-adds, "
                          "3,584 bytes of weights. Its numbers run from 0.0 to 6.0;")
    assert alt.endswith(f"{100 * (made == 0).mean():.0f} % of them are 0.")


# --- the explorer ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def explorer(graph, values):
    return explorers.operators(graph, values, photos.sample("cat"), start=7)


def test_the_explorer_goes_through_all_operators(explorer, graph):
    assert explorer.alt.startswith("Operator 7, DEPTHWISE_CONV_2D") and explorer.still.width == 760
    control = explorer.controls["operator"]
    assert [index for _, index in control.options] == [operator.index for operator in graph.operators]
    control.value = 43
    assert "Operator 43, DEPTHWISE_CONV_2D (5x5, stride 1, rate 2)" in explorer.words.value
    assert explorer.message.value == ""


def test_the_explorer_narrows_to_a_kind_and_stays_near(explorer, graph):
    explorer.controls["operator"].value = 44
    explorer.controls["kind"].value = "atrous convolutions"
    atrous = [operator.index for operator in graph.operators if operator.is_atrous]
    assert [index for _, index in explorer.controls["operator"].options] == atrous
    assert explorer.controls["operator"].value == 43 and "Operator 43," in explorer.words.value
    explorer.controls["kind"].value = "residual sums (ADD)"
    assert "ADD, makes" in explorer.words.value
    explorer.controls["kind"].value = "all operators"
    assert len(explorer.controls["operator"].options) == len(graph.operators)


def test_the_explorer_of_a_head_leaves_out_kinds_that_it_lacks():
    head = Graph("head-v1")
    view = explorers.operators(head, np.ones((1, 17, 17, 192), np.float32), photos.sample("cat"), start=1)
    assert list(view.controls["kind"].options) == ["all operators", "atrous convolutions"]
    with pytest.raises(SegkitError):
        explorers.operators(head, np.ones((1, 9, 9, 192), np.float32), photos.sample("cat"))
