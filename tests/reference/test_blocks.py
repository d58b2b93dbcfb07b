"""DeepLab's blocks against the shipped heads: their weights in our blocks, beside the runtime's own answer."""

import numpy as np
import pytest
import tiny_models
from ai_edge_litert import schema_py_generated as schema

from segkit import models, reference
from segkit.errors import SegkitError
from segkit.reference import Convolution

ACTIVATIONS = {0: None, 1: reference.relu, 3: reference.relu6}
PARTS = models.DATA / "models"
CLOSE = {"rtol": 1e-3, "atol": 1e-3}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def file_of(head):
    return (PARTS / f"head-{head}.tflite").read_bytes()


def convolutions(content):
    """The convolutions of a model file, in its order, as `Convolution` tuples of dequantised weights."""
    model = schema.ModelT.InitFromPackedBuf(content)
    graph = model.subgraphs[0]
    codes = [code.builtinCode for code in model.operatorCodes]
    made_from = {op.outputs[0]: op.inputs[0] for op in graph.operators
                 if codes[op.opcodeIndex] == schema.BuiltinOperator.DEQUANTIZE}

    def values(number):
        tensor = graph.tensors[made_from.get(number, number)]
        data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
        if tensor.type == schema.TensorType.FLOAT32:
            return data.view(np.float32).reshape(tensor.shape)
        assert tensor.type == schema.TensorType.INT8 and not np.any(tensor.quantization.zeroPoint)
        along = [1] * len(tensor.shape)
        along[tensor.quantization.quantizedDimension] = -1
        scale = np.asarray(tensor.quantization.scale, np.float32).reshape(along)
        return data.view(np.int8).reshape(tensor.shape) * scale

    for op in graph.operators:
        code, options = codes[op.opcodeIndex], op.builtinOptions
        if code not in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D):
            continue
        kernel, bias = values(op.inputs[1]), values(op.inputs[2])
        depthwise = code == schema.BuiltinOperator.DEPTHWISE_CONV_2D
        rate = options.dilationHFactor, options.dilationWFactor
        yield Convolution(kernel[0] if depthwise else kernel.transpose(1, 2, 3, 0), bias, rate,
                          ACTIVATIONS[options.fusedActivationFunction])


def enlarged(logits):
    return reference.resize_bilinear(logits, 257, 257, align_corners=True)


def test_v1_is_one_chain_with_a_large_field_of_view():
    content, high = file_of("v1"), noise(17, 17, 192)
    result = enlarged(reference.chain(high, list(convolutions(content))))
    np.testing.assert_allclose(result, tiny_models.run(content, high[None])[0], **CLOSE)


def test_v2_is_aspp_with_added_scores():
    content, high = file_of("v2"), noise(17, 17, 192)
    parts = list(convolutions(content))
    branches = [parts[start:start + 3] for start in range(0, len(parts), 3)]
    assert len(branches) == 4
    result = enlarged(reference.aspp(high, branches))
    np.testing.assert_allclose(result, tiny_models.run(content, high[None])[0], **CLOSE)


def v3_parts(content):
    """Image pooling, the branches, the projection and what comes after it, by their order in the file."""
    parts = list(convolutions(content))
    return parts[0], [parts[1], parts[2:4], parts[4:6], parts[6:8]], parts[8], parts[9:]


def test_v3_is_aspp_with_image_pooling():
    content, high = file_of("v3"), noise(17, 17, 192)
    image, branches, project, logits = v3_parts(content)
    result = enlarged(reference.chain(reference.aspp(high, branches, project, image), logits))
    np.testing.assert_allclose(result, tiny_models.run(content, high[None])[0], **CLOSE)


def test_v3plus_adds_a_decoder():
    content, high, low = file_of("v3plus"), noise(17, 17, 192), noise(65, 65, 24, seed=1)
    image, branches, project, rest = v3_parts(content)
    squeeze, narrow, *refine = rest
    wide = reference.chain(reference.aspp(high, branches, project, image), squeeze)
    result = enlarged(reference.decoder(low, wide, narrow, refine))
    np.testing.assert_allclose(result, tiny_models.run(content, low[None], high[None])[0], **CLOSE)


def test_image_pooling_is_the_same_everywhere():
    x, kernel = noise(5, 7, 3), noise(1, 1, 3, 4, seed=1)
    result = reference.image_pooling(x, kernel, [1, 2, 3, 4])
    assert result.shape == (5, 7, 4) and result.dtype == np.float32
    np.testing.assert_allclose(result[4, 6], x.mean((0, 1)) @ kernel[0, 0] + [1, 2, 3, 4], rtol=1e-5)
    np.testing.assert_array_equal(result, np.broadcast_to(result[0, 0], result.shape))
    assert reference.image_pooling(x, kernel, -100 * np.ones(4), reference.relu).max() == 0


def test_a_separable_convolution_is_the_dense_one_of_its_products():
    """Without an activation between, the two kernels multiply to one dense kernel."""
    x, depthwise, pointwise = noise(9, 8, 3), noise(3, 3, 3, seed=1), noise(1, 1, 3, 5, seed=2)
    dense = depthwise[..., None] * pointwise[0, 0]
    options = {"stride": 2, "padding": "same", "rate": 2}
    np.testing.assert_allclose(reference.separable_conv(x, depthwise, pointwise, **options),
                               reference.conv2d(x, dense, **options), rtol=1e-4, atol=1e-4)
    between = reference.separable_conv(x, depthwise, pointwise, [9, 9, 9], [1] * 5, activation=reference.relu6)
    steps = [Convolution(depthwise, [9, 9, 9], 1, reference.relu6), Convolution(pointwise, [1] * 5, 1, None)]
    np.testing.assert_array_equal(between, reference.chain(x, steps))


def test_an_atrous_branch_whose_rate_passes_the_map_sees_one_pixel():
    """Chen et al., arXiv 1706.05587, section 3.3: the 3x3 filter degenerates to a 1x1 one."""
    x, kernel = noise(9, 9, 2), noise(3, 3, 2, 4, seed=1)
    middle = Convolution(kernel[1:2, 1:2])
    np.testing.assert_array_equal(reference.aspp(x, [Convolution(kernel, rate=9)]), reference.aspp(x, [middle]))
    assert (reference.aspp(x, [Convolution(kernel, rate=8)]) != reference.aspp(x, [middle])).any()


def test_a_chain_of_nothing_changes_nothing():
    x = noise(3, 3, 2)
    np.testing.assert_array_equal(reference.chain(x, []), x)


MAP, ONE = np.zeros((5, 6, 4)), Convolution(np.zeros((1, 1, 4, 3)))


@pytest.mark.parametrize("call, words", [
    (lambda: reference.aspp(MAP, []), "no branches"),
    (lambda: reference.aspp(MAP, [ONE], image=ONE), "give a project, too"),
    (lambda: reference.aspp(MAP, [ONE, Convolution(np.zeros((1, 1, 4, 2)))]), r"\[3, 2\] channels"),
    (lambda: reference.aspp(MAP, [ONE, ONE], project=ONE), r"\(1, 1, 4, 3\).*\(5, 6, 6\)"),
    (lambda: reference.aspp(MAP[0], [ONE]), r"\(6, 4\); expected \(H, W, C\)"),
    (lambda: reference.image_pooling(MAP, ONE.kernel[..., :2, :]), r"\(1, 1, 4\)"),
    (lambda: reference.separable_conv(MAP, np.zeros((3, 3, 4)), np.zeros((3, 3, 4, 2))), r"pointwise.*\(3, 3, 4, 2\)"),
    (lambda: reference.decoder(MAP, MAP, ONE, ONE), r"\(5, 6, 7\)"),
])
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(SegkitError, match=words):
        call()
