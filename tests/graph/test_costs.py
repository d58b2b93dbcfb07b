"""What a graph costs, what the bytes of its file are, and its operators as files of their own."""

import numpy as np
import pytest
import tiny_models

from segkit import models, open_session
from segkit.graph import Graph, costs
from segkit.graph.tensors import symmetric
from segkit.lessons.lesson_07 import experiments

FOLDER = models.DATA / "models"


@pytest.mark.parametrize("name", ["deeplab", "deeplab-f32", "deeplab-w8", "head-v1"])
def test_the_bytes_of_a_file_add_up(name):
    graph = Graph(FOLDER / f"{name}.tflite")
    found = costs.bytes_of_file(graph)
    assert sum(found.values()) == graph.path.stat().st_size and min(found.values()) >= 0
    assert found["weights"] == sum(tensor.bytes for tensor in graph.tensors)
    assert (found["scales and zero points"] > 0) == (name != "deeplab-f32")
    assert (found["packed files"] > 0) == bool(graph.label_files)


def test_kinds_cover_every_operator():
    graph = Graph("deeplab-f32")
    counts = costs.by_kind(graph.operators, lambda operator: 1)
    assert list(counts) == list(costs.KINDS) and sum(counts.values()) == len(graph.operators)
    assert counts["depthwise convolutions"] == sum(o.name == "DEPTHWISE_CONV_2D" for o in graph.operators)
    assert counts["other convolutions"] == 1
    assert counts["resizes"] == sum(o.name == "RESIZE_BILINEAR" for o in graph.operators) >= 2


@pytest.mark.parametrize("name", ["head-v3plus", "deeplab"])
def test_each_operator_alone_does_what_it_does_in_the_graph(name, tmp_path):
    """What an operator makes of the tensors that the whole graph gave it; 8-bit ones may round by a step or two.

    Where an 8-bit channel has next to no weights, its bias can be too large for the runtime's 32-bit sums, which then
    wrap around, and real numbers do not.
    """
    graph, rng = Graph(FOLDER / f"{name}.tflite"), np.random.default_rng(0)
    arrays = [rng.integers(-128, 128, t.shape).astype(t.dtype) if t.dtype == "int8"
              else rng.normal(0, 2, t.shape).astype(t.dtype) for t in graph.inputs]
    known = {tensor.index: array for tensor, array in zip(graph.inputs, arrays)}
    known.update({o.outputs[0].index: o.outputs[0].from_real(made) for o, made in graph.trace(*arrays)})
    seen = 0
    for operator, content in experiments.apart(graph):
        (tmp_path / "alone.tflite").write_bytes(content)
        alone = Graph(tmp_path / "alone.tflite")
        assert alone.operators[-1].name == operator.name and len(alone.operators) <= 2
        given = {t.name: t.index for t in operator.inputs if t is not None}
        found = tiny_models.run(content, *(known[given[tensor.name]] for tensor in alone.inputs))
        expected = known[operator.outputs[0].index]
        if expected.dtype == np.int8:
            assert (np.abs(found.astype(int) - expected) > 2).mean() < 0.05, operator
        else:
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3, err_msg=str(operator))
        seen += 1
    assert seen == sum(o.name != "DEQUANTIZE" for o in graph.operators)


def test_every_operator_gets_a_time():
    graph = Graph(FOLDER / "head-v1.tflite")
    times = experiments.milliseconds(graph, runs=1)
    assert list(times) == [o.index for o in graph.operators if o.name != "DEQUANTIZE"]
    assert all(0 < time < 10_000 for time in times.values())


def test_symmetric_scales_are_those_in_the_8_bit_file():
    exact, small = Graph("deeplab-f32").operators, Graph("deeplab").operators
    for one, other in ((exact[0], small[0]), (exact[2], small[2]), (exact[54], small[54])):
        weights, q = one.inputs[1].values(), other.inputs[1].quantisation
        live = q.scale > 1e-9  # the converter gives channels without weights a tiny scale
        np.testing.assert_allclose(symmetric(weights, q.axis).scale[live], q.scale[live], rtol=1e-5)
    assert symmetric(np.array([[1.0, -2.0], [4.0, 0.5]])).scale.tolist() == pytest.approx([4 / 127])
    assert symmetric(np.array([[1.0, -2.0], [4.0, 0.5]]), axis=1).scale.tolist() == pytest.approx([4 / 127, 2 / 127])


def test_a_session_opens_an_operator_of_its_own(tmp_path):
    graph = Graph(FOLDER / "head-v1.tflite")
    _, content = next(iter(experiments.apart(graph)))
    (tmp_path / "alone.tflite").write_bytes(content)
    session = open_session(tmp_path / "alone.tflite", threads=1)
    assert session.applied.operators == 2  # a DEQUANTIZE of the weights, and the convolution
