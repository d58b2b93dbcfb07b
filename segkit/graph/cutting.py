"""Cuts a .tflite file into models of one operator each, so that each can be timed by itself.

Source of the format: https://github.com/google-ai-edge/LiteRT, schema.fbs
"""

import copy

import numpy as np

from segkit.errors import SegkitError, one_line
from segkit.graph.schema import name_of, schema
from segkit.languages import say

# They run other graphs of the file, which a cut would lose.
_CALLS_GRAPHS = {"IF", "WHILE", "CALL_ONCE", "STABLEHLO_COMPOSITE", "STABLEHLO_WHILE"}


def cut(content):
    """Models of one operator each.

    An operator that only turns constants into constants, such as the DEQUANTIZE of float16
    weights, runs once when a model is loaded. It is no piece of its own: it goes into the pieces
    of those that use what it makes.

    Args:
        content: the bytes of a .tflite file.

    Returns:
        a list with, for each operator in the file's order, the bytes of its model, or None where
        it is not run by itself.

    Raises:
        SegkitError: the file is damaged.
    """
    try:
        model = schema().ModelT.InitFromPackedBuf(content, 0)
        bring_inside(model, content)
        return _pieces(model, model.subgraphs[0])
    except Exception as error:
        raise SegkitError(say("the model cannot be cut into operators: {why}",
                              why=one_line(error))) from error


def bring_inside(model, content):
    """Bring in the constants that newer files keep behind their tables (those may reach 2 GiB).

    Args:
        model: the schema's ModelT; it is changed.
        content: the bytes of the file that it was unpacked from.
    """
    for buffer in model.buffers:
        if buffer.offset > 1 and not _length(buffer.data):
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0


def _pieces(model, graph):
    stored = {index for index, tensor in enumerate(graph.tensors)
              if _length(model.buffers[tensor.buffer].data)}
    folded, pieces = {}, []  # tensor -> the operators that make it of constants
    for operator in graph.operators:
        inputs = [index for index in map(int, operator.inputs) if index >= 0]
        chain = [maker for index in inputs for maker in folded.get(index, ())]
        moving = [index for index in inputs if index not in stored and index not in folded]
        if not moving:
            folded.update((int(index), [*chain, operator]) for index in operator.outputs)
        runs = moving and _name(model, operator) not in _CALLS_GRAPHS
        pieces.append(_packed(model, graph, [*chain, operator], moving) if runs else None)
    return pieces


def _length(data):
    return 0 if data is None else len(data)


def _name(model, operator):
    code = model.operatorCodes[operator.opcodeIndex]
    return name_of("BuiltinOperator", max(code.builtinCode, code.deprecatedBuiltinCode))


def _packed(model, graph, operators, inputs):
    """The bytes of a model with these operators and inputs; its outputs are the last one's."""
    import flatbuffers

    kinds = schema()
    new = kinds.ModelT(version=3, operatorCodes=[], buffers=[kinds.BufferT()])
    part = kinds.SubGraphT(tensors=[], operators=[], inputs=[], outputs=[])
    new.subgraphs, places = [part], {-1: -1}

    def place(index):
        index = int(index)
        if index not in places:
            places[index] = len(part.tensors)
            tensor = copy.copy(graph.tensors[index])
            buffer = model.buffers[tensor.buffer]
            if _length(buffer.data):
                new.buffers.append(buffer)
            tensor.buffer = len(new.buffers) - 1 if _length(buffer.data) else 0
            part.tensors.append(tensor)
        return places[index]

    for operator in operators:
        taken = copy.copy(operator)
        new.operatorCodes.append(model.operatorCodes[operator.opcodeIndex])
        taken.opcodeIndex = len(new.operatorCodes) - 1
        taken.inputs = [place(index) for index in operator.inputs]
        taken.outputs = [place(index) for index in operator.outputs]
        taken.intermediates = None
        part.operators.append(taken)
    part.inputs = [place(index) for index in dict.fromkeys(inputs)]
    part.outputs = [place(index) for index in operators[-1].outputs]
    builder = flatbuffers.Builder()
    builder.Finish(new.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
