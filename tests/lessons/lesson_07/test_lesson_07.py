"""Lesson 07: exercises with a hint for each typical mistake, figures that say what they show, the explorer."""

import io
import re

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import lessons, photos, reference
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.lessons.lesson_07 import byte_figures, figures, layout
from segkit.lessons.lesson_07 import explorer as explorers
from segkit.lessons.lesson_07.experiments import milliseconds
from segkit.masks.words import percent


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
def values(graph):
    return np.random.default_rng(0).uniform(-1, 1, graph.inputs[0].shape).astype(np.float32)


def size(picture):
    return Image.open(io.BytesIO(picture.png)).size


@pytest.mark.drawn
def test_profile_counts_the_operators(graph):
    picture = figures.profile(graph)
    assert size(picture)[0] == 760
    assert f"The {len(graph.operators)} operators of deeplab-f32.tflite" in picture.alt
    deep = sum(operator.name == "DEPTHWISE_CONV_2D" for operator in graph.operators)
    assert "1 other convolution," in picture.alt and f"{deep} depthwise convolutions" in picture.alt
    side = graph.inputs[0].shape[1]
    assert f"falls from {side} to {(side - 1) // 16 + 1} pixels and ends at {side}" in picture.alt


def test_the_stages_of_a_network_follow_each_other(graph):
    begins = figures.stages(graph)
    assert list(begins) == ["trunk", "ASPP", "decoder"]
    high, last = graph.operators[begins["ASPP"] - 1], graph.operators[-1]
    assert high.outputs[0].shape[1] == (graph.inputs[0].shape[1] - 1) // 16 + 1
    first = graph.operators[begins["decoder"]]
    assert first.name == "RESIZE_BILINEAR" and begins["ASPP"] < first.index < last.index
    assert first.outputs[0].shape[1] > high.outputs[0].shape[1]
    assert figures.stages(Graph("head-v1")) == {"network": 0}


# --- the first bytes ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["deeplab-f32", "deeplab", "trunk"])
def test_the_first_bytes_say_what_the_schemas_reader_says(name):
    from segkit.graph.schema import schema

    content = Graph(name).path.read_bytes()
    parts = layout.parts(content)
    assert (parts[0].name, parts[0].start) == ("root offset", 0) and parts[1].value == "TFL3"
    assert all(one.stop <= other.start for one, other in zip(parts, parts[1:]))
    model = schema().Model.GetRootAs(content, 0)
    root = next(part for part in parts if part.name == "way back")
    assert root.start == model._tab.Pos
    said = [part.value for part in parts]
    assert f"version: {model.Version()}" in said and any(value.startswith("graphs: at") for value in said)
    place = next(int(value.split()[-1].replace(",", "")) for value in said if value.startswith("buffers"))
    assert int.from_bytes(content[place:place + 4], "little") == model.BuffersLength()


def test_the_first_bytes_are_told(graph):
    alt = byte_figures.first_bytes("a.tflite", graph.path.read_bytes()).alt
    assert alt.startswith("The first 80 bytes of a.tflite") and "identifier (TFL3)" in alt


# --- bytes, scales and costs ----------------------------------------------------------------------


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
    assert "3 channels of one layer, 1 of them with weights that are 0 or nearly so" in alt
    assert "The largest weight is 1 in the widest channel and 0.01 in the narrowest" in alt
    # One scale: 0.63 steps become 1, which is 0.37 of the largest, 1.27 steps. Its own: 1.5 of 127 become 2.
    assert "off by up to 29 % of its largest weight; with a scale of its own, by 0.4 %" in alt


def test_kernels_count_the_taps_on_the_map(graph):
    atrous = [operator for operator in graph.operators if operator.is_atrous]
    alt = figures.kernels(atrous).alt
    side = atrous[0].inputs[0].shape[1]
    assert alt.startswith(f"{len(atrous)} atrous kernels over the middle of a map of {side} x {side} cells: ")
    for operator in atrous:
        rate, taps = operator.rate[0], operator.parameters["kernel"][0]
        ones = reference.conv2d(np.ones((side, side, 1)), np.ones((taps, taps, 1, 1)), rate=rate)[..., 0]
        everywhere = percent((ones.round() == taps ** 2).mean())
        middle = ones[side // 2, side // 2].round()
        assert (f"operator {operator.index} ({taps}x{taps}, rate {rate}) spans {(taps - 1) * rate + 1} cells and has "
                f"{middle:.0f} of its {taps ** 2} taps on the map there, and all of them at {everywhere}") in alt


@pytest.mark.drawn
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
    shape = "x".join(map(str, made.shape[1:]))
    assert alt.startswith(f"Operator 0, CONV_2D (3x3, stride 2, rate 1), makes {shape}: "
                          f"{operator.multiply_adds / 1e6:.1f} million multiply-adds, "
                          f"{operator.weight_bytes:,} bytes of weights. Its numbers run from 0.0 to 6.0;")
    assert alt.endswith(f"{100 * (made == 0).mean():.0f} % of them are 0.")


# --- the explorer ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def explorer(graph, values):
    return explorers.operators(graph, values, photos.sample("cat"), start=7)


def test_the_explorer_goes_through_all_operators(explorer, graph):
    assert explorer.alt.startswith(f"Operator 7, {graph.operators[7].name}") and explorer.still.width == 760
    control = explorer.controls["operator"]
    assert [index for _, index in control.options] == [operator.index for operator in graph.operators]
    atrous = next(operator for operator in graph.operators if operator.is_atrous)
    control.value = atrous.index
    assert f"Operator {atrous.index}, {atrous.name} (" in explorer.words.value
    assert f"rate {atrous.rate[0]})" in explorer.words.value and explorer.message.value == ""


def test_the_explorer_narrows_to_a_kind_and_stays_near(explorer, graph):
    atrous = [operator.index for operator in graph.operators if operator.is_atrous]
    explorer.controls["operator"].value = atrous[0] + 1
    explorer.controls["kind"].value = "atrous convolutions"
    assert [index for _, index in explorer.controls["operator"].options] == atrous
    assert explorer.controls["operator"].value == atrous[0] and f"Operator {atrous[0]}," in explorer.words.value
    explorer.controls["kind"].value = "residual sums (ADD)"
    assert "ADD, makes" in explorer.words.value
    explorer.controls["kind"].value = "all operators"
    assert len(explorer.controls["operator"].options) == len(graph.operators)


def test_the_explorer_of_a_head_leaves_out_kinds_that_it_lacks():
    head = Graph("head-v1")
    shape = head.inputs[0].shape
    view = explorers.operators(head, np.ones(shape, np.float32), photos.sample("cat"), start=1)
    assert list(view.controls["kind"].options) == ["all operators", "atrous convolutions"]
    with pytest.raises(SegkitError):
        explorers.operators(head, np.ones((1, 9, 9, shape[3]), np.float32), photos.sample("cat"))
