"""Files that the writer makes: the runtime runs them, what nobody needs is gone, a save is whole or not at all."""

import numpy as np
import pytest
from conftest import complaint
from tiny_models import TinyModel, conv_options, run

from segkit import models
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.graph.writing import Writer, write

RNG = np.random.default_rng(0)


def two_convolutions():
    """(bytes, kernels) of a model x -> 1x1 convolution -> 1x1 convolution, 3 to 4 to 2 channels."""
    model = TinyModel()
    x = model.input((1, 5, 5, 3))
    kernels = [RNG.normal(size=(4, 1, 1, 3)).astype(np.float32), RNG.normal(size=(2, 1, 1, 4)).astype(np.float32)]
    for kernel in kernels:
        bias = model.constant(np.zeros(len(kernel), np.float32))
        x = model.operator("CONV_2D", [x, model.constant(kernel), bias], (1, 5, 5, len(kernel)), conv_options())
    return model.build(x), [kernel[:, 0, 0] for kernel in kernels]


def test_an_added_head_computes_what_numpy_computes():
    content, (first, second) = two_convolutions()
    writer = Writer(content)
    end = writer._graph.outputs[0]
    weights, bias = RNG.normal(size=(1, 2)), [0.5]
    more = writer.convolution(int(end), (1, 5, 5, 1), weights, bias, "more")
    both = writer.operator("CONCATENATION", [int(end), more], (1, 5, 5, 3), "both", axis=3)
    writer.outputs([writer.resize(both, (1, 9, 9, 3), "large")])
    photo = RNG.normal(size=(1, 5, 5, 3)).astype(np.float32)
    made = run(writer.packed(), photo)
    old = photo @ first.T @ second.T
    expected = np.concatenate([old, old @ weights.T + bias], axis=3)
    np.testing.assert_allclose(made[:, ::2, ::2], expected, atol=1e-5)


def test_an_earlier_output_drops_what_comes_after_it(tmp_path):
    content, (first, _) = two_convolutions()
    writer = Writer(content)
    middle = next(o for o in writer._graph.operators).outputs[0]
    writer.outputs([int(middle)])
    file = tmp_path / "short.tflite"
    file.write_bytes(writer.packed({"labelmap.txt": ["a", "b"]}))
    graph = Graph(file)
    assert [o.name for o in graph.operators] == ["CONV_2D"] and len(graph.tensors) == 4
    assert graph.label_files == {"labelmap.txt": ["a", "b"]}
    assert file.stat().st_size < len(content) + 200
    photo = RNG.normal(size=(1, 5, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(run(writer.packed(), photo), photo @ first.T, atol=1e-5)


def test_a_model_that_is_only_repacked_answers_the_same():
    graph = Graph("head-v1")
    writer = Writer(models.path("head-v1").read_bytes())
    writer.outputs([tensor.index for tensor in graph.outputs])
    features = RNG.normal(size=graph.inputs[0].shape).astype(np.float32)
    np.testing.assert_array_equal(run(writer.packed(), features), run(graph.path.read_bytes(), features))


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "mine.tflite"
    target.write_bytes(b"old")

    def interrupted(self, content):
        with open(self, "wb") as stream:
            stream.write(content[:2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write(target, b"new content")
    assert target.read_bytes() == b"old" and list(tmp_path.iterdir()) == [target]
    assert write(target, b"new").read_bytes() == b"new"


def test_errors_are_one_line(tmp_path):
    with pytest.raises(SegkitError) as raised:
        write(tmp_path / "no" / "mine.tflite", b"")
    assert "cannot be written" in complaint(raised)
    with pytest.raises(SegkitError) as raised:
        Writer(b"\x10\x00\x00\x00TFL3" + b"\xff" * 40)
    assert "cannot be taken apart" in complaint(raised)
