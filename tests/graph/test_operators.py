"""Each operator that segkit.graph executes, against the runtime, on files of one to three operators."""

import numpy as np
import pytest
import tiny_models
from ai_edge_litert import schema_py_generated as schema
from conftest import complaint
from tiny_models import TinyModel, conv_options, depthwise_options, pool_options, resize_options

from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.graph.execute import _ACTIVATIONS, _FUNCTIONS

RNG = np.random.default_rng(3)
ACTIVATIONS = schema.ActivationFunctionType


def real(*shape):
    return RNG.normal(0, 2, shape).astype(np.float32)


def integers(*values):
    return np.array(values, np.int32)


def graph_of(content, folder):
    (folder / "tiny.tflite").write_bytes(content)
    return Graph(folder / "tiny.tflite")


def compare(model, output, arrays, folder, atol=1e-5):
    """The runtime's answer and ours, for one output; returns the graph and our answer."""
    content = model.build(output)
    graph = graph_of(content, folder)
    expected, found = tiny_models.run(content, *arrays), graph.run(*arrays)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=atol)
    return graph, found


def one(name, x, constants, shape, options=None, dtype=np.float32, **more):
    """(model, output, [x]) of one operator with an input and constants."""
    model = TinyModel()
    given = model.input(x.shape, x.dtype)
    rest = [None if values is None else model.constant(values) for values in constants]
    return model, model.operator(name, [given, *rest], shape, options, dtype, **more), [x]


CASES = {
    "CONV_2D": lambda: one("CONV_2D", real(2, 9, 8, 4), [real(6, 3, 3, 4), real(6)], (2, 5, 4, 6),
                           conv_options(stride=2, activation="RELU6")),
    "CONV_2D atrous": lambda: one("CONV_2D", real(1, 9, 8, 4), [real(6, 3, 3, 4), real(6)], (1, 5, 6, 6),
                                  conv_options(padding="valid", rate=(2, 1))),
    "CONV_2D groups": lambda: one("CONV_2D", real(1, 5, 5, 4), [real(6, 3, 3, 2), real(6)], (1, 5, 5, 6),
                                  conv_options(activation="RELU")),
    "DEPTHWISE_CONV_2D": lambda: one("DEPTHWISE_CONV_2D", real(2, 9, 8, 4), [real(1, 3, 3, 8), real(8)], (2, 9, 8, 8),
                                     depthwise_options(rate=3, multiplier=2, activation="RELU_N1_TO_1")),
    "AVERAGE_POOL_2D": lambda: one("AVERAGE_POOL_2D", real(2, 7, 8, 3), [], (2, 4, 4, 3), pool_options(3, 2, "same")),
    "MAX_POOL_2D": lambda: one("MAX_POOL_2D", real(1, 7, 8, 3), [], (1, 5, 6, 3),
                               pool_options(3, 1, activation="RELU")),
    "RESIZE_BILINEAR": lambda: one("RESIZE_BILINEAR", real(2, 3, 4, 2), [integers(9, 7)], (2, 9, 7, 2),
                                   resize_options(align_corners=True)),
    "RESIZE_BILINEAR half pixels": lambda: one("RESIZE_BILINEAR", real(1, 3, 4, 2), [integers(9, 7)], (1, 9, 7, 2),
                                               resize_options(half_pixel_centers=True)),
    "FULLY_CONNECTED": lambda: one("FULLY_CONNECTED", real(2, 3, 4), [real(5, 4), real(5)], (6, 5),
                                   schema.FullyConnectedOptionsT(ACTIVATIONS.RELU)),
    "FULLY_CONNECTED keeping axes": lambda: one("FULLY_CONNECTED", real(2, 3, 4), [real(5, 4), None], (2, 3, 5),
                                                schema.FullyConnectedOptionsT(keepNumDims=True)),
    "MEAN": lambda: one("MEAN", real(1, 4, 5, 3), [integers(1, 2)], (1, 3), schema.ReducerOptionsT(False)),
    "MEAN keeping axes": lambda: one("MEAN", real(1, 4, 5, 3), [integers(2, 1)], (1, 1, 1, 3),
                                     schema.ReducerOptionsT(True)),
    "ADD": lambda: one("ADD", real(1, 4, 5, 3), [real(3)], (1, 4, 5, 3), schema.AddOptionsT(ACTIVATIONS.RELU)),
    "SUB": lambda: one("SUB", real(1, 4, 5, 3), [real(1, 4, 5, 3)], (1, 4, 5, 3), schema.SubOptionsT()),
    "MUL": lambda: one("MUL", real(1, 4, 5, 3), [real(1, 1, 1, 3)], (1, 4, 5, 3),
                       schema.MulOptionsT(ACTIVATIONS.RELU6)),
    "CONCATENATION": lambda: one("CONCATENATION", real(1, 4, 5, 3), [real(1, 4, 5, 2)], (1, 4, 5, 5),
                                 schema.ConcatenationOptionsT(axis=-1)),
    "RESHAPE": lambda: one("RESHAPE", real(1, 4, 5, 3), [integers(-1, 6)], (10, 6)),
    "SOFTMAX": lambda: one("SOFTMAX", real(1, 4, 5), [], (1, 4, 5), schema.SoftmaxOptionsT(beta=0.5)),
    "LOGISTIC": lambda: one("LOGISTIC", 30 * real(1, 4, 5), [], (1, 4, 5)),
    "RELU": lambda: one("RELU", real(1, 4, 5), [], (1, 4, 5)),
    "RELU6": lambda: one("RELU6", 3 * real(1, 4, 5), [], (1, 4, 5)),
    "PAD": lambda: one("PAD", real(1, 4, 5, 3), [np.int32([[0, 0], [1, 2], [0, 3], [1, 0]])], (1, 7, 8, 4)),
    "PADV2": lambda: one("PADV2", real(1, 4, 5, 3), [np.int32([[0, 0], [1, 2], [0, 3], [0, 0]]), np.float32([-7])],
                         (1, 7, 8, 3)),
    "CAST": lambda: one("CAST", integers(1, -2, 300), [], (3,),
                        schema.CastOptionsT(schema.TensorType.INT32, schema.TensorType.FLOAT32)),
    "ARG_MAX": lambda: one("ARG_MAX", real(1, 4, 5, 3), [integers(3)], (1, 4, 5),
                           schema.ArgMaxOptionsT(schema.TensorType.INT64), np.int64),
    "SPACE_TO_BATCH_ND": lambda: one("SPACE_TO_BATCH_ND", real(2, 5, 4, 3), [integers(3, 2), np.int32([[1, 0], [0, 2]])],
                                     (12, 2, 3, 3)),
    "BATCH_TO_SPACE_ND": lambda: one("BATCH_TO_SPACE_ND", real(12, 2, 3, 3), [integers(3, 2), np.int32([[1, 0], [0, 2]])],
                                     (2, 5, 4, 3)),
    "DEQUANTIZE": lambda: one("DEQUANTIZE", real(2, 3).astype(np.float16), [], (2, 3)),
    "QUANTIZE": lambda: one("QUANTIZE", real(1, 4, 5), [], (1, 4, 5), schema.QuantizeOptionsT(), np.int8,
                            scale=0.05, zero_point=3),
}


@pytest.mark.parametrize("case", CASES)
def test_operator_does_what_the_runtime_does(case, tmp_path):
    graph, _ = compare(*CASES[case](), tmp_path)
    assert graph.operators[0].name == case.split()[0]


def test_every_operator_and_activation_has_a_case(tmp_path):
    assert {case.split()[0] for case in CASES} == set(_FUNCTIONS)
    used = {operator.parameters.get("activation", "none") for case in CASES
            for operator in graph_of(CASES[case]()[0].build(0), tmp_path).operators}
    assert used == set(_ACTIVATIONS)


# --- atrous convolutions in three operators ---------------------------------------------------


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("rate", [2, 3, (4, 2)])
def test_an_atrous_convolution_in_three_operators_is_found_and_executed(kind, rate, tmp_path):
    """A 3x3 kernel with "same" padding: the padding stands in SPACE_TO_BATCH_ND, and the convolution has none."""
    rows, columns = (rate, rate) if np.ndim(rate) == 0 else rate
    x, height, width = real(1, 13, 11, 3), 13, 11
    kernel, bias = (real(3, 3, 3, 3) if kind == "CONV_2D" else real(1, 3, 3, 3)), real(3)
    more = -(height + 2 * rows) % rows, -(width + 2 * columns) % columns
    high, wide = (height + 2 * rows + more[0]) // rows, (width + 2 * columns + more[1]) // columns
    model = TinyModel()
    y, block = model.input(x.shape), model.constant(integers(rows, columns))
    pads = model.constant(np.int32([[rows, rows + more[0]], [columns, columns + more[1]]]))
    crops = model.constant(np.int32([[0, more[0]], [0, more[1]]]))
    y = model.operator("SPACE_TO_BATCH_ND", [y, block, pads], (rows * columns, high, wide, 3))
    options = conv_options if kind == "CONV_2D" else depthwise_options
    y = model.operator(kind, [y, model.constant(kernel), model.constant(bias)], (rows * columns, high - 2, wide - 2, 3),
                       options(padding="valid"))
    y = model.operator("BATCH_TO_SPACE_ND", [y, block, crops], (1, height, width, 3))
    graph, found = compare(model, y, [x], tmp_path)
    assert [o.rate for o in graph.operators] == [(1, 1), (rows, columns), (1, 1)]
    assert [o.is_atrous for o in graph.operators] == [False, True, False]
    alone = one(kind, x, [kernel, bias], (1, height, width, 3), options(rate=(rows, columns)))
    graph, same = compare(*alone, tmp_path)
    np.testing.assert_allclose(found, same, rtol=1e-5, atol=1e-5)
    assert graph.operators[0].rate == graph.operators[0].parameters["dilation"] == (rows, columns)


# --- 8 bits ---------------------------------------------------------------------------------------


def int8_convolution(kind, scales):
    """An int8 model of one convolution: kernels with a scale for each output channel."""
    model = TinyModel()
    x = model.input((1, 9, 9, 4), np.int8, scale=0.05, zero_point=-7)
    shape, axis = ((6, 3, 3, 4), 0) if kind == "CONV_2D" else ((1, 3, 3, 4), 3)
    scale = np.linspace(0.01, 0.03, shape[axis]) if scales == "channel" else 0.02
    kernel = model.constant(RNG.integers(-127, 128, shape).astype(np.int8), scale=scale, zero_point=0, axis=axis)
    bias = model.constant(RNG.integers(-900, 900, shape[axis]).astype(np.int32),
                          scale=0.05 * np.broadcast_to(scale, shape[axis]) if scales == "channel" else 0.001, zero_point=0)
    options = (conv_options if kind == "CONV_2D" else depthwise_options)(stride=2, activation="RELU")
    y = model.operator(kind, [x, kernel, bias], (1, 5, 5, shape[axis]), options, np.int8, scale=0.11, zero_point=-100)
    return model, y, [RNG.integers(-128, 128, (1, 9, 9, 4)).astype(np.int8)]


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("scales", ["channel", "tensor"])
def test_8_bit_convolutions_agree_within_one_step(kind, scales, tmp_path):
    graph, found = compare(*int8_convolution(kind, scales), tmp_path, atol=1)
    assert len(np.unique(found)) > 20 and found.dtype == np.int8
    kernel = graph.operators[0].inputs[1]
    assert (kernel.quantisation.axis is None) == (scales == "tensor")
    step = np.abs(kernel.values() / np.maximum(np.abs(kernel.stored()), 1)).max(axis=(0, 1, 2) if
                                                                                kind != "CONV_2D" else (1, 2, 3))
    np.testing.assert_allclose(step, np.broadcast_to(kernel.quantisation.scale, step.shape), rtol=1e-5)


def test_weights_behind_a_dequantize_count_where_they_are_used(tmp_path):
    model = TinyModel()
    x = model.input((1, 5, 5, 4))
    stored = RNG.integers(-127, 128, (6, 3, 3, 4)).astype(np.int8)
    scale = np.linspace(0.01, 0.03, 6)
    kernel = model.operator("DEQUANTIZE", [model.constant(stored, scale=scale, zero_point=0)], stored.shape)
    y = model.operator("CONV_2D", [x, kernel, model.constant(real(6))], (1, 5, 5, 6), conv_options())
    graph, _ = compare(model, y, [real(1, 5, 5, 4)], tmp_path, atol=1e-4)
    assert [o.weight_bytes for o in graph.operators] == [0, stored.size + 6 * 4]
    assert [o.multiply_adds for o in graph.operators] == [0, 5 * 5 * 6 * 3 * 3 * 4]


# --- graphs of odd forms ------------------------------------------------------------------------------


def test_several_inputs_and_outputs_keep_their_order(tmp_path):
    model = TinyModel()
    first, second = model.input((1, 2)), model.input((1, 3))
    joined = model.operator("CONCATENATION", [second, first], (1, 5), schema.ConcatenationOptionsT(axis=1))
    positive = model.operator("RELU", [joined], (1, 5))
    graph = graph_of(model.build(positive, joined), tmp_path)
    a, b = real(1, 2), real(1, 3)
    results = graph.run(a, b)
    np.testing.assert_array_equal(results[1], np.concatenate([b, a], axis=1))
    np.testing.assert_array_equal(results[0], np.maximum(results[1], 0))


def test_a_trace_can_be_left_early(tmp_path):
    graph = graph_of(CASES["RELU"]()[0].build(0, 1), tmp_path)
    for operator, made in graph.trace(real(1, 4, 5)):
        assert (operator.name, made.shape) == ("RELU", (1, 4, 5))
        break


def refusal(model, arrays, folder, *outputs):
    graph = graph_of(model.build(*outputs), folder)
    with pytest.raises(SegkitError) as raised:
        graph.run(*arrays)
    return complaint(raised)


def test_an_operator_that_is_not_known_is_named_with_its_place(tmp_path):
    model = TinyModel()
    x = model.operator("RELU", [model.input((1, 4))], (1, 4))
    y = model.operator("COS", [x], (1, 4))
    said = refusal(model, [real(1, 4)], tmp_path, y)
    assert said.startswith("operator 1, COS, of ") and "the operator COS is not known; known are ADD" in said


def test_a_custom_operator_is_named_as_its_author_did(tmp_path):
    model = TinyModel()
    y = model.operator("CUSTOM", [model.input((1, 4))], (1, 4), custom="MagicUnpooling")
    assert graph_of(model.build(y), tmp_path).operators[0].name == "MagicUnpooling"
    assert "operator 0, MagicUnpooling, of " in refusal(model, [real(1, 4)], tmp_path, y)


def test_an_operator_that_the_schema_lacks_is_named_by_its_number(tmp_path):
    model = TinyModel()
    y = model.operator("RELU", [model.input((1, 4))], (1, 4))
    model.model.operatorCodes[0].builtinCode = 9999
    assert "operator 0, 9999, of " in refusal(model, [real(1, 4)], tmp_path, y)


def test_an_activation_that_is_not_known_is_named(tmp_path):
    model = TinyModel()
    x = model.input((1, 4))
    y = model.operator("ADD", [x, x], (1, 4), schema.AddOptionsT(ACTIVATIONS.SIGN_BIT))
    assert "the activation sign_bit is not known" in refusal(model, [real(1, 4)], tmp_path, y)


WRONG_SHAPES = {
    "CONV_2D": lambda: one("CONV_2D", real(1, 9, 9, 4), [real(6, 3, 3, 4), None], (1, 9, 9, 7), conv_options()),
    "stride": lambda: one("CONV_2D", real(1, 9, 9, 4), [real(6, 3, 3, 4), None], (1, 9, 9, 6), conv_options(stride=2)),
    "pool": lambda: one("MAX_POOL_2D", real(1, 9, 9, 4), [], (1, 9, 9, 4), pool_options(2, 2)),
    "broadcast": lambda: one("ADD", real(1, 9, 1, 4), [real(1, 1, 9, 1)], (1, 9, 1, 4), schema.AddOptionsT()),
    "resize": lambda: one("RESIZE_BILINEAR", real(1, 3, 3, 2), [integers(100_000, 100_000)], (1, 9, 9, 2),
                          resize_options()),
    "pad": lambda: one("PAD", real(1, 3, 3, 2), [np.int32([[0, 0], [0, 10**9], [0, 10**9], [0, 0]])], (1, 9, 9, 2)),
    "space to batch": lambda: one("SPACE_TO_BATCH_ND", real(1, 4, 4, 2), [integers(2, 2), np.int32([[0, 10**9], [0, 0]])],
                                  (4, 2, 2, 2)),
    "fully connected": lambda: one("FULLY_CONNECTED", real(2, 4), [real(5, 4), None], (2, 6),
                                   schema.FullyConnectedOptionsT()),
}


@pytest.mark.parametrize("case", WRONG_SHAPES)
def test_what_does_not_have_the_declared_shape_is_refused_before_it_is_computed(case, tmp_path):
    model, y, arrays = WRONG_SHAPES[case]()
    assert "the file declares an output of shape" in refusal(model, arrays, tmp_path, y)


@pytest.mark.parametrize("change, said", [
    (lambda model: setattr(model.graph.operators[0], "builtinOptions", None)
        or setattr(model.graph.operators[0], "builtinOptionsType", 0), "KeyError 'stride'"),
    (lambda model: setattr(model.graph.operators[0], "inputs", [0]), "damaged"),
    (lambda model: setattr(model.graph.operators[0], "inputs", [2, 1, -1]), "computed and not stored"),
    (lambda model: setattr(model.graph.operators[0], "inputs", [0, 77, -1]), "77 as the number of a tensor"),
    (lambda model: setattr(model.graph.operators[0], "opcodeIndex", 5), "5 as the number of an operator's kind"),
    (lambda model: setattr(model.graph.tensors[1], "shape", [6, 3, 3, -4]), "(6, 3, 3, -4)"),
    (lambda model: setattr(model.graph.tensors[0], "shape", [1, 65536, 65536, 4]), "numbers in a tensor"),
    (lambda model: setattr(model.graph.tensors[1], "buffer", 99), "99 as the number of a buffer"),
    (lambda model: setattr(model.graph.tensors[1], "shape", [6, 3, 3, 8]), "stored bytes"),
    (lambda model: setattr(model.graph.tensors[1], "type", schema.TensorType.INT4), "has the type int4"),
    (lambda model: setattr(model.graph.tensors[1], "name", "x" * 20_000), "characters in a text"),
    (lambda model: setattr(model.graph, "outputs", [1]), "no operator makes its output"),
    (lambda model: model.graph.outputs.append(2) or model.graph.operators[0].outputs.append(2), "it makes 2 tensors"),
    (lambda model: model.graph.outputs.append(-1), "output that is no tensor"),
    (lambda model: model.graph.inputs.append(-1), "output that is no tensor"),
    (lambda model: model.graph.outputs.clear(), "no outputs"),
    (lambda model: setattr(model.model, "subgraphs", []), "0 graphs"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_graph_that_contradicts_itself_is_one_line(change, said, tmp_path):
    model, y, arrays = one("CONV_2D", real(1, 9, 9, 4), [real(6, 3, 3, 4), None], (1, 9, 9, 6), conv_options())
    model.graph.outputs = [y]
    change(model)
    with pytest.raises(SegkitError) as raised:
        graph_of(model.build(*model.graph.outputs), tmp_path).run(*arrays)
    assert said in complaint(raised)
    assert "tiny.tflite" in complaint(raised)
