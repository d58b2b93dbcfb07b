"""Model files of one or a few operators, made in a test, and the runtime's answer to them.

    model = TinyModel()
    x = model.input((1, 8, 8, 3))
    kernel = model.constant(weights)             # (C_out, kh, kw, C_in), as the format wants it
    y = model.operator("CONV_2D", [x, kernel, None], (1, 8, 8, 5), conv_options(rate=2))
    answer = run(model.build(y), photo)          # or path.write_bytes(model.build(y))

The schema is the one that comes with LiteRT: https://ai.google.dev/edge/litert, schema.fbs.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

TYPES = {np.dtype(name): getattr(schema.TensorType, name.upper())
         for name in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")}
ACTIVATIONS = schema.ActivationFunctionType


def _plain(numbers):
    return [int(number) for number in np.atleast_1d(numbers)]


class TinyModel:
    """A model that grows tensor by tensor; each method returns the new tensor's number."""

    def __init__(self):
        self.graph = schema.SubGraphT(name="main", tensors=[], operators=[], inputs=[], outputs=[])
        # The format wants an empty buffer first: it is the one of all tensors without data.
        self.model = schema.ModelT(version=3, description="a test", operatorCodes=[], subgraphs=[self.graph],
                                   buffers=[schema.BufferT()])

    def tensor(self, shape, dtype=np.float32, name=None, scale=None, zero_point=None, axis=0, buffer=0):
        """A tensor; with `scale` (one number, or one for each slice along `axis`) a quantised one."""
        quantization = None
        if scale is not None:
            scales = [float(number) for number in np.atleast_1d(scale)]
            zeros = _plain(0 if zero_point is None else zero_point)
            quantization = schema.QuantizationParametersT(
                scale=scales, zeroPoint=zeros * (len(scales) // len(zeros)), quantizedDimension=axis)
        number = len(self.graph.tensors)
        self.graph.tensors.append(schema.TensorT(
            shape=list(shape), type=TYPES[np.dtype(dtype)], name=name or f"tensor_{number}", buffer=buffer,
            quantization=quantization, hasRank=True))
        return number

    def input(self, shape, dtype=np.float32, name="photo", **options):
        """An input of the model."""
        number = self.tensor(shape, dtype, name, **options)
        self.graph.inputs.append(number)
        return number

    def constant(self, values, name=None, **options):
        """Weights: an array that is stored in the file in its own dtype."""
        values = np.ascontiguousarray(values)
        self.model.buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
        return self.tensor(values.shape, values.dtype, name, buffer=len(self.model.buffers) - 1, **options)

    def operator(self, name, inputs, shape, options=None, dtype=np.float32, custom=None, version=1, **quantised):
        """An operator with one output of `shape`; an input of None is one that is left out.

        `name` is the format's ("CONV_2D"), `options` an object of the schema, `custom` the name of an
        operator that is not the format's own (then `name` is "CUSTOM").
        """
        code = getattr(schema.BuiltinOperator, name)
        self.model.operatorCodes.append(schema.OperatorCodeT(
            deprecatedBuiltinCode=min(code, 127), builtinCode=code, customCode=custom, version=version))
        output = self.tensor(shape, dtype, **quantised)
        kind = type(options).__name__[:-1] if options else "NONE"
        self.graph.operators.append(schema.OperatorT(
            opcodeIndex=len(self.model.operatorCodes) - 1, builtinOptions=options,
            builtinOptionsType=getattr(schema.BuiltinOptions, kind),
            inputs=[-1 if number is None else number for number in inputs], outputs=[output]))
        return output

    def build(self, *outputs):
        """The file's bytes; `outputs` are the numbers of the tensors that the model answers with."""
        self.graph.outputs = list(outputs)
        builder = flatbuffers.Builder()
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def _pair(value):
    return (value, value) if np.ndim(value) == 0 else value


def _padding(name):
    return getattr(schema.Padding, name.upper())


def conv_options(stride=1, padding="same", rate=1, activation="NONE"):
    """Options of CONV_2D; stride and rate: one number or (vertical, horizontal)."""
    stride, rate = _pair(stride), _pair(rate)
    return schema.Conv2DOptionsT(_padding(padding), stride[1], stride[0], getattr(ACTIVATIONS, activation),
                                 rate[1], rate[0])


def depthwise_options(stride=1, padding="same", rate=1, multiplier=1, activation="NONE"):
    """Options of DEPTHWISE_CONV_2D."""
    stride, rate = _pair(stride), _pair(rate)
    return schema.DepthwiseConv2DOptionsT(_padding(padding), stride[1], stride[0], multiplier,
                                          getattr(ACTIVATIONS, activation), rate[1], rate[0])


def pool_options(size, stride, padding="valid", activation="NONE"):
    """Options of AVERAGE_POOL_2D and MAX_POOL_2D."""
    size, stride = _pair(size), _pair(stride)
    return schema.Pool2DOptionsT(_padding(padding), stride[1], stride[0], size[1], size[0],
                                 getattr(ACTIVATIONS, activation))


def resize_options(align_corners=False, half_pixel_centers=False):
    """Options of RESIZE_BILINEAR."""
    return schema.ResizeBilinearOptionsT(alignCorners=align_corners, halfPixelCenters=half_pixel_centers)


def run(content, *arrays, reference=False):
    """The first output of a model's bytes for these inputs, on LiteRT.

    With `reference` its slow kernels that were written for clarity work, otherwise those that it chooses.
    """
    resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    interpreter = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), arrays):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def conv2d_model(x_shape, kernel, bias, output_shape, **options):
    """A file whose one operator is CONV_2D; shapes are (H, W, C), the kernel (kh, kw, C_in / groups, C_out)."""
    model = TinyModel()
    x = model.input((1, *x_shape))
    weights = model.constant(np.transpose(kernel, (3, 0, 1, 2)))
    bias = model.constant(bias)
    return model.build(model.operator("CONV_2D", [x, weights, bias], (1, *output_shape), conv_options(**options)))


def depthwise_model(x_shape, kernel, bias, output_shape, **options):
    """A file whose one operator is DEPTHWISE_CONV_2D; the kernel is (kh, kw, C, M)."""
    model = TinyModel()
    x = model.input((1, *x_shape))
    weights = model.constant(kernel.reshape(1, *kernel.shape[:2], -1))
    bias = model.constant(bias)
    options = depthwise_options(multiplier=kernel.shape[3], **options)
    return model.build(model.operator("DEPTHWISE_CONV_2D", [x, weights, bias], (1, *output_shape), options))


def pool_model(kind, x_shape, output_shape, size, stride, padding):
    """A file whose one operator is `kind`, AVERAGE_POOL_2D or MAX_POOL_2D."""
    model = TinyModel()
    x = model.input((1, *x_shape))
    return model.build(model.operator(kind, [x], (1, *output_shape), pool_options(size, stride, padding)))


def resize_model(x_shape, height, width, **flags):
    """A file whose one operator is RESIZE_BILINEAR."""
    model = TinyModel()
    x = model.input((1, *x_shape))
    size = model.constant(np.array([height, width], np.int32))
    shape = (1, height, width, x_shape[2])
    return model.build(model.operator("RESIZE_BILINEAR", [x, size], shape, resize_options(**flags)))
