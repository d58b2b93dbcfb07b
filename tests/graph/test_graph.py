"""The graph of a model file: what is listed is what the runtime says, and what is executed is what it computes."""

from zipfile import ZipFile

import numpy as np
import pytest
from conftest import complaint

from segkit import models, open_session, photos, reference
from segkit.errors import SegkitError
from segkit.graph import Graph, convolution
from segkit.masks import resize

FOLDER = models.DATA / "models"
SHIPPED = sorted(file.stem for file in FOLDER.glob("*.tflite"))
FLOAT = [name for name in SHIPPED if name != "deeplab"]
PUBLISHED = ["deeplabv3", "deeplabv3-gpu"]
PUBLISHED_8_BIT = ["deeplabv3-dm05-quant", "deeplabv3-quant", "mobilenet-v1-025", "mobilenet-v2"]
RATES = (3, 6, 9)  # of DeepLab v3 and v3+ at output stride 16: training/heads.py, which needs torch
CLOSE = 1e-3  # how far a logit may lie from the runtime's


@pytest.fixture(params=[*SHIPPED, *(pytest.param(name, marks=pytest.mark.model)
                                    for name in (*PUBLISHED, *PUBLISHED_8_BIT, "ssd-mobilenet-v1"))])
def file(request, model_path):
    return FOLDER / f"{request.param}.tflite" if request.param in SHIPPED else model_path(request.param)


def multiply_adds(session):
    """Multiplications of the convolutions in one run of a session's graph, as the runtime lists them."""
    shapes = {row["index"]: row["shape"] for row in session.interpreter.get_tensor_details()}
    total = 0
    for node in session.interpreter._get_ops_details():
        if node["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            height, width = shapes[int(node["outputs"][0])][1:3]
            total += int(np.prod(shapes[int(node["inputs"][1])])) * int(height * width)
    return total


def session_of(file, delegate="xnnpack"):
    return open_session(file, runtime="litert", threads=1, delegate=delegate)


def given(session, sample="astronaut"):
    """A photo for an input that takes one, noise in the range of ReLU6 features for others."""
    rng, arrays = np.random.default_rng(0), []
    for tensor in session.inputs:
        if tensor.shape[-1] == 3:
            pixels = resize.resize_bilinear(photos.sample(sample), *tensor.shape[1:3])[None]
            shift, step = {"float32": (127.5, 127.5), "int8": (128, 1), "uint8": (0, 1)}[str(tensor.dtype)]
            arrays.append(((pixels - shift) / step).astype(tensor.dtype))
        else:
            arrays.append(rng.normal(0, 2, tensor.shape).clip(-6, 6).astype(tensor.dtype))
    return arrays


def in_a_tuple(results):
    return results if isinstance(results, tuple) else (results,)


# --- what is listed -------------------------------------------------------------------------


def test_operators_and_tensors_are_those_that_the_runtime_lists(file):
    graph, interpreter = Graph(file), session_of(file, "none").interpreter
    nodes, details = interpreter._get_ops_details(), {d["index"]: d for d in interpreter.get_tensor_details()}
    custom = {"TFLite_Detection_PostProcess"}
    assert [o.name for o in graph.operators] == [node["op_name"] for node in nodes]
    for operator, node in zip(graph.operators, nodes):
        assert operator.index == node["index"]
        assert [t.index for t in operator.inputs] == node["inputs"].tolist()
        assert [t.index for t in operator.outputs] == node["outputs"].tolist()
        if operator.name not in custom:
            assert all(t.shape == tuple(details[t.index]["shape"]) for t in operator.outputs), operator
    for tensor in graph.tensors:
        said = details[tensor.index]
        assert (tensor.name, tensor.dtype) == (said["name"], np.dtype(said["dtype"]).name)
        scales = said["quantization_parameters"]["scales"]
        assert (tensor.quantisation is None) == (len(scales) == 0)
        if len(scales):
            np.testing.assert_array_equal(tensor.quantisation.scale, scales)
            np.testing.assert_array_equal(tensor.quantisation.zero_point, said["quantization_parameters"]["zero_points"])
            if len(scales) > 1:
                assert tensor.quantisation.axis == said["quantization_parameters"]["quantized_dimension"]
    assert [t.index for t in graph.inputs] == [d["index"] for d in interpreter.get_input_details()]
    assert [t.index for t in graph.outputs] == [d["index"] for d in interpreter.get_output_details()]


def test_stored_weights_are_those_that_the_runtime_reads(file):
    graph, interpreter = Graph(file), session_of(file, "none").interpreter
    stored = [tensor for tensor in graph.tensors if tensor.data is not None]
    assert len(stored) > 5
    for tensor in stored:
        np.testing.assert_array_equal(tensor.stored(), interpreter.get_tensor(tensor.index))


def test_multiply_adds_and_bytes(file):
    graph = Graph(file)
    assert graph.multiply_adds == sum(o.multiply_adds for o in graph.operators)
    assert graph.multiply_adds == multiply_adds(session_of(file, "none"))
    weights = sum(operator.weight_bytes for operator in graph.operators)
    # A constant that two operators share, such as the size of a resize, is counted for each.
    assert 0 <= weights - sum(tensor.bytes for tensor in graph.tensors) <= 16
    assert 0.6 * file.stat().st_size < weights < file.stat().st_size


def rates(name):
    return [operator.rate for operator in Graph(FOLDER / f"{name}.tflite").operators if operator.is_atrous]


def test_the_atrous_rates_of_the_heads_are_those_they_were_trained_with():
    assert rates("head-v1") == [(6, 6)]
    assert rates("head-v2") == [(2, 2), (4, 4), (6, 6), (9, 9)]
    assert rates("head-v3") == rates("head-v3plus") == [(rate, rate) for rate in RATES]
    assert rates("head-v3-os8") == [(2 * rate, 2 * rate) for rate in RATES]
    for name in ("deeplab", "deeplab-w8", "deeplab-f16", "deeplab-f32"):
        assert rates(name) == rates("trunk") == [(2, 2)] * 3  # its own head has no atrous branch
    assert len(rates("trunk-os8")) > len(rates("trunk"))


@pytest.mark.model
def test_the_starter_has_its_rates_as_dilations(model_path):
    graph = Graph(model_path("deeplabv3"))
    found = [operator.parameters["dilation"] for operator in graph.operators if operator.is_atrous]
    assert found == [(2, 2)] * 7 + [(4, 4)] * 3
    assert list(graph.label_files) == ["labelmap.txt"] and len(graph.label_files["labelmap.txt"]) == 21
    assert len(graph.metadata["TFLITE_METADATA"]) == 968


def test_names_in_the_catalogue_are_taken():
    graph = Graph("deeplab")
    assert graph.model is models.get("deeplab") and graph.path == models.path("deeplab")
    assert "min_runtime_version" in graph.metadata
    assert graph.label_files == models.label_files(graph.path)
    assert repr(graph) == "Graph(deeplab.tflite: 76 operators, 789 million multiply-adds)"
    assert str(graph.operators[0]) == (
        "0 CONV_2D: 1x289x289x3 -> 1x145x145x24; stride (2, 2), dilation (1, 1), padding same, activation relu6, "
        "kernel (3, 3), groups 1")


def test_files_packed_into_the_model_are_listed_and_do_no_harm(tmp_path):
    packed = tmp_path / "packed.tflite"
    packed.write_bytes((FOLDER / "head-v1.tflite").read_bytes())
    with ZipFile(packed, "a") as archive:
        archive.writestr("labels.txt", "background\ncat\n")
    graph = Graph(packed)
    assert graph.label_files == {"labels.txt": ["background", "cat"]}
    assert [str(o) for o in graph.operators] == [str(o) for o in Graph(FOLDER / "head-v1.tflite").operators]


# --- what is executed -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FLOAT, *(pytest.param(name, marks=pytest.mark.model) for name in PUBLISHED)])
def test_float_models_answer_as_on_the_runtime(name, model_path):
    file = FOLDER / f"{name}.tflite" if name in FLOAT else model_path(name)
    session = session_of(file)
    arrays = given(session)
    for expected, found in zip(in_a_tuple(session.run(*arrays)), in_a_tuple(Graph(file).run(*arrays))):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE)
        second, first = np.sort(expected, axis=-1)[..., -2:].transpose(-1, *range(expected.ndim - 1))
        clear = first - second > CLOSE
        assert clear.mean() > 0.9
        np.testing.assert_array_equal(found.argmax(-1)[clear], expected.argmax(-1)[clear])


def test_every_tensor_in_between_is_the_runtimes(model_path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    file = FOLDER / "head-v3plus.tflite"
    interpreter = Interpreter(model_path=str(file), experimental_preserve_all_tensors=True,
                              experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    graph, arrays = Graph(file), given(session_of(file))
    for tensor, array in zip(graph.inputs, arrays):
        interpreter.set_tensor(tensor.index, array)
    interpreter.invoke()
    seen = []
    for operator, made in graph.trace(*arrays):
        np.testing.assert_allclose(made, interpreter.get_tensor(operator.outputs[0].index), rtol=0, atol=CLOSE,
                                   err_msg=str(operator))
        seen.append(operator)
    assert tuple(seen) == graph.operators


@pytest.mark.parametrize("name, least", [("deeplab", 0.97), *(
    pytest.param(name, 0.98, marks=pytest.mark.model) for name in PUBLISHED_8_BIT[:2])])
def test_8_bit_segmentation_agrees_on_nearly_all_pixels(name, least, model_path):
    """Measured on five photos: 99.0 to 99.9 % of the pixels (coffee on deeplabv3-quant: 97.2 %). LiteRT's own two
    kinds of kernels agree with each other no better."""
    session, graph = session_of(model_path(name)), Graph(name)
    for sample in ("astronaut", "cat"):
        expected, found = session.run(*given(session, sample)), graph.run(*given(session, sample))
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        if expected.ndim == 4:
            steps = np.abs(expected.astype(int) - found)
            assert steps.max() <= 10 and steps.mean() < 1
            expected, found = expected.argmax(-1), found.argmax(-1)
        assert (expected == found).mean() >= least


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED_8_BIT[2:])
def test_8_bit_classification_names_the_same_class(name, model_path):
    session, graph = session_of(model_path(name)), Graph(name)
    expected, found = session.run(*given(session, "cat")), graph.run(*given(session, "cat"))
    assert expected.argmax() == found.argmax() and np.abs(expected.astype(int) - found).max() <= 8


def test_a_run_twice_is_the_same_and_leaves_its_input_alone():
    graph = Graph(FOLDER / "head-v1.tflite")
    (array,) = given(session_of(graph.path))
    kept = array.copy()
    np.testing.assert_array_equal(graph.run(array), graph.run(array))
    np.testing.assert_array_equal(array, kept)


# --- what cannot be ------------------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.parametrize("name", ["deeplab-f32", "head-v3plus"])
def test_a_convolution_of_the_file_is_one_of_a_block(name):
    """With weights of 32 bits, and with weights that a DEQUANTIZE unpacks; 1x1, 3x3 and depthwise."""
    graph, rng = Graph(name), np.random.default_rng(0)
    given = [rng.uniform(-1, 1, tensor.shape).astype(np.float32) for tensor in graph.inputs]
    maps = {tensor.index: array for tensor, array in zip(graph.inputs, given)}
    seen = set()
    for operator, made in graph.trace(*given):
        maps[operator.outputs[0].index] = made
        if "CONV" in operator.name and operator.parameters["stride"] == (1, 1):
            alone = reference.chain(maps[operator.inputs[0].index][0], convolution(operator))
            assert np.allclose(alone, made[0], atol=1e-4)
            seen.add((operator.name, operator.parameters["activation"], operator.is_atrous))
    assert {name for name, *_ in seen} == {"CONV_2D", "DEPTHWISE_CONV_2D"}
    assert {activation for _, activation, _ in seen} >= {"none", "relu6"} and {a for *_, a in seen} == {True, False}


def test_an_operator_that_is_no_convolution_of_a_block_is_a_sentence():
    first, *others = Graph("deeplab-f32").operators
    with pytest.raises(SegkitError, match=r"CONV_2D has stride \(2, 2\)"):
        convolution(first)
    with pytest.raises(SegkitError, match="ADD, is no convolution"):
        convolution(next(operator for operator in others if operator.name == "ADD"))


def test_an_operator_that_is_not_known_is_named(model_path):
    graph = Graph(model_path("ssd-mobilenet-v1"))
    with pytest.raises(SegkitError) as raised:
        graph.run(*given(session_of(graph.path)))
    assert "operator 63, TFLite_Detection_PostProcess, of " in complaint(raised)
    assert "not known; known are " in complaint(raised)


@pytest.mark.parametrize("arrays, said", [
    ((), "has 1 inputs, not 0"), ((None, None), "has 1 inputs, not 2"), ((None,), "takes float32 of shape"),
    ((np.zeros((1, 17, 17, 192)),), "not float64"), ((np.zeros((17, 17, 192), np.float32),), "not float32 of shape (17"),
    (([[1.0], [1.0, 2.0]],), "takes an array"),
], ids=["none", "two", "None", "float64", "no batch axis", "ragged"])
def test_arrays_that_do_not_fit_are_one_line(arrays, said):
    with pytest.raises(SegkitError) as raised:
        Graph(FOLDER / "head-v1.tflite").run(*arrays)
    assert said in complaint(raised) and "head-v1.tflite" in complaint(raised)


@pytest.mark.parametrize("content, said", [
    (b"", "0 bytes long"), (b"no model at all", "does not carry the mark TFL3"),
    (b"\0\0\0\0TFL3", "is damaged"), (b"\0\0\0\0TFL3" + bytes(1000), "is damaged"),
    (b"\xff\xff\xff\xffTFL3" + b"\xff" * 1000, "is damaged")], ids=["nothing", "text", "mark", "zeros", "ones"])
def test_a_file_that_is_no_model_is_one_line(content, said, tmp_path):
    odd = tmp_path / "odd\nname.tflite"
    odd.write_bytes(content)
    with pytest.raises(SegkitError) as raised:
        Graph(odd)
    assert said in complaint(raised) and "odd name.tflite" in complaint(raised)


def test_a_name_that_is_not_known_is_one_line():
    with pytest.raises(SegkitError) as raised:
        Graph("deeplap")
    assert "did you mean deeplab" in complaint(raised)


def test_without_the_schema_the_error_says_what_to_install(monkeypatch):
    import sys

    from segkit.graph.schema import schema

    schema.cache_clear()
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    with pytest.raises(SegkitError) as raised:
        Graph(FOLDER / "head-v1.tflite")
    assert "pip install ai-edge-litert" in complaint(raised)
