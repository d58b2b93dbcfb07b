"""Operators one by one: the pieces calculate what the whole calculates."""

import numpy as np
import pytest
from conftest import complaint
from robustness.damage import damaged
from tiny_models import TinyModel, conv_options, run

from segkit import models
from segkit.benchmark import Setting, operators
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.graph.cutting import cut


def test_every_operator_has_its_time_and_cost(tiny):
    seen = []
    found = operators(Setting(tiny), runs=3, progress=lambda *step: seen.append(step))
    assert [o.name for o in found.operators] == ["CONV_2D", "CONV_2D", "ADD"]
    assert [o.multiply_adds for o in found.operators] == [32 * 32 * 5 * 27] * 2 + [0]
    assert all(0 < o.p05_ms <= o.ms <= o.p95_ms and o.delegated for o in found.operators)
    assert found.sum_ms == pytest.approx(sum(o.ms for o in found.operators)) and found.whole_ms > 0
    kinds = found.by_kind()
    assert kinds["other convolutions"][1] == 2 * 32 * 32 * 5 * 27
    assert sum(ms for ms, _ in kinds.values()) == pytest.approx(found.sum_ms)
    assert seen == [(1, 3), (2, 3), (3, 3)] and "by itself" in found.method


def test_pieces_in_a_row_calculate_what_the_whole_does():
    """A chain: the first operator's answer goes into the second piece, and so on."""
    file, _ = models.find("head-v1")
    content, graph = file.read_bytes(), Graph("head-v1")
    values = {graph.inputs[0].index: np.random.default_rng(0).normal(
        size=graph.inputs[0].shape).astype(np.float32)}
    for operator, piece in zip(graph.operators, cut(content)):
        moving = [t.index for t in operator.inputs if t is not None and t.index in values]
        if piece is not None:  # otherwise it widens float16 weights, inside the next piece
            values[operator.outputs[0].index] = run(piece, *(values[index] for index in moving))
    np.testing.assert_allclose(values[graph.outputs[0].index],
                               run(content, values[graph.inputs[0].index]), atol=1e-4)


@pytest.mark.parametrize("name", ["deeplab", "deeplab-f16", "deeplab-w8", "deeplab-f32"])
def test_pieces_keep_their_constants(name):
    """Also constants that lie behind the file's tables, and float16 weights that are widened."""
    graph, pieces = Graph(name), cut(models.find(name)[0].read_bytes())
    assert len(pieces) == len(graph.operators)
    for operator, piece in zip(graph.operators, pieces):
        if operator.name == "DEQUANTIZE" and operator.inputs[0].data is not None:
            assert piece is None
        elif operator.weight_bytes:
            assert operator.weight_bytes <= len(piece) <= operator.weight_bytes * 2 + 16384


def test_an_operator_of_constants_runs_when_the_model_is_loaded(tmp_path):
    rng, model = np.random.default_rng(0), TinyModel()
    photo = model.input((1, 8, 8, 3))
    stored = model.constant(rng.normal(size=(5, 3, 3, 3)).astype(np.float16))
    kernel = model.operator("DEQUANTIZE", [stored], (5, 3, 3, 3))
    bias = model.constant(np.zeros(5, np.float32))
    content = model.build(model.operator("CONV_2D", [photo, kernel, bias], (1, 8, 8, 5), conv_options()))
    (tmp_path / "m.tflite").write_bytes(content)
    found = operators(Setting(str(tmp_path / "m.tflite")), runs=2).operators
    assert [o.ms == 0 for o in found] == [True, False]
    assert "when the model is loaded" in found[0].note and found[1].delegated


def test_an_operator_that_crashes_loses_its_row_only(tiny, library):
    found = operators(Setting(tiny, delegate=str(library("subtracts"))), runs=2).operators
    assert [o.delegated for o in found] == [False, False, True]
    with pytest.raises(SegkitError) as raised:
        operators(Setting(tiny, delegate=str(library("invoke_crashes"))), runs=2)
    assert "SIGSEGV" in complaint(raised)


@pytest.mark.parametrize("setting, word", [
    (Setting("no.tflite"), "no file"), (Setting("head-v1", size=(3, 3)), "own size"),
    (Setting("head-v1", "tflite", "compiled"), "only LiteRT")])
def test_what_cannot_be_timed_is_one_line(setting, word):
    with pytest.raises(SegkitError) as raised:
        operators(setting)
    assert word in complaint(raised)


def test_damaged_files_are_cut_or_are_one_line():
    content, kinds = models.find("head-v1")[0].read_bytes(), set()
    for _, copy in damaged(content, 60, 5, [(0, 64), (len(content) - 6000, len(content))]):
        try:
            cut(copy)
            kinds.add("cut")
        except SegkitError as error:
            assert len(str(error).splitlines()) == 1
            kinds.add("error")
    assert kinds == {"cut", "error"}
