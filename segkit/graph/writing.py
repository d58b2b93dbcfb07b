"""Writes .tflite files: a graph is taken apart, gets more tensors and operators, and is packed again.

Source of the format: https://github.com/google-ai-edge/LiteRT, schema.fbs
"""

import io
import os
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from segkit.errors import SegkitError, one_line, whole_file
from segkit.graph.cutting import bring_inside
from segkit.graph.schema import schema
from segkit.languages import say

# The settings of the operators that can be added: the schema's table and its fields.
_TABLES = {"ADD": "AddOptions", "CONCATENATION": "ConcatenationOptions", "CONV_2D": "Conv2DOptions",
           "RESIZE_BILINEAR": "ResizeBilinearOptions"}


class Writer:
    """The main graph of a .tflite file, open for changes.

    >>> writer = Writer(Graph("deeplab-w8").path.read_bytes())
    >>> more = writer.operator("ADD", [a, b], (1, 65, 65, 21), "more")   # numbers of tensors
    >>> writer.outputs([more])
    >>> write("more.tflite", writer.packed({"labelmap.txt": names}))

    Args:
        content: the bytes of a .tflite file.

    Raises:
        SegkitError: the file is damaged.
    """

    def __init__(self, content):
        self._kinds = schema()
        try:
            self._model = self._kinds.ModelT.InitFromPackedBuf(content, 0)
            bring_inside(self._model, content)
            self._graph = self._model.subgraphs[0]
        except Exception as error:
            raise SegkitError(say("the model cannot be taken apart: {why}",
                                  why=one_line(error))) from error
        self._model.signatureDefs = None  # they would name outputs that are no longer there

    def tensor(self, shape, name, dtype=np.float32):
        """The number of a new tensor that an operator will fill."""
        kind = getattr(self._kinds.TensorType, np.dtype(dtype).name.upper())
        self._graph.tensors.append(self._kinds.TensorT(
            shape=list(map(int, shape)), type=kind, name=name.encode(), buffer=0, hasRank=True))
        return len(self._graph.tensors) - 1

    def constant(self, values, name):
        """The number of a new tensor that the file stores: an array of float32 or int32."""
        number = self.tensor(values.shape, name, values.dtype)
        stored = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._model.buffers.append(self._kinds.BufferT(data=stored))
        self._graph.tensors[number].buffer = len(self._model.buffers) - 1
        return number

    def operator(self, name, inputs, shape, made, **settings):
        """Add an operator after all others.

        Args:
            name: "ADD", "CONCATENATION", "CONV_2D" or "RESIZE_BILINEAR".
            inputs: numbers of tensors.
            shape: of what it makes, the batch axis included; float32.
            made: the name of the tensor that it makes.
            settings: fields of the operator's table in the schema, such as ``axis=3``.

        Returns:
            the number of the tensor that it makes.
        """
        output, kinds = self.tensor(shape, made), self._kinds
        table = getattr(kinds, _TABLES[name] + "T")()
        for field, value in settings.items():
            setattr(table, field, value)
        self._graph.operators.append(kinds.OperatorT(
            opcodeIndex=self._code(getattr(kinds.BuiltinOperator, name)), inputs=list(inputs),
            outputs=[output], builtinOptionsType=getattr(kinds.BuiltinOptions, _TABLES[name]),
            builtinOptions=table))
        return output

    def convolution(self, features, shape, weights, bias, made):
        """A 1x1 convolution; returns the number of what it makes, a map of ``shape``.

        Args:
            features: the number of its input.
            weights: (C_out, C_in) array; ``bias``: (C_out,) array.
        """
        weights, bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
        inputs = [features, self.constant(weights[:, None, None, :], made + "/weights"),
                  self.constant(bias, made + "/bias")]
        return self.operator("CONV_2D", inputs, shape, made, strideH=1, strideW=1,
                             padding=self._kinds.Padding.SAME)

    def resize(self, map_, shape, made):
        """A RESIZE_BILINEAR that keeps the corners; returns the number of a map of ``shape``."""
        size = self.constant(np.array(shape[1:3], np.int32), made + "/size")
        return self.operator("RESIZE_BILINEAR", [map_, size], shape, made, alignCorners=True)

    def outputs(self, numbers):
        """Say which tensors the model gives; operators and weights that none of them needs go."""
        kept, needed = [], set(numbers)
        for operator in reversed(self._graph.operators):
            if needed & set(map(int, operator.outputs)):
                kept.append(operator)
                needed |= {int(number) for number in operator.inputs if number >= 0}
        needed |= set(map(int, self._graph.inputs))
        self._graph.operators, self._graph.outputs = kept[::-1], list(numbers)
        for number, tensor in enumerate(self._graph.tensors):
            if number not in needed:
                tensor.buffer = 0
        used = sorted({0, *(tensor.buffer for tensor in self._graph.tensors),
                       *(entry.buffer for entry in self._model.metadata or ())})
        places = {buffer: place for place, buffer in enumerate(used)}
        self._model.buffers = [self._model.buffers[buffer] for buffer in used]
        for owner in (*self._graph.tensors, *(self._model.metadata or ())):
            owner.buffer = places[owner.buffer]
        self._compact(needed)

    def _compact(self, needed):
        """Leave out the tensors that are not in ``needed``, and count the others anew."""
        graph = self._graph
        places = {number: place for place, number in enumerate(sorted(needed))}
        graph.tensors = [graph.tensors[number] for number in sorted(needed)]
        for operator in graph.operators:
            operator.inputs = [places.get(int(number), -1) for number in operator.inputs]
            operator.outputs = [places[int(number)] for number in operator.outputs]
        graph.inputs = [places[int(number)] for number in graph.inputs]
        graph.outputs = [places[int(number)] for number in graph.outputs]

    def packed(self, label_files=None):
        """The bytes of the file; ``label_files``: dictionary from file name to lines, packed inside."""
        import flatbuffers  # comes with ai-edge-litert, as the schema does

        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self._model.Pack(builder), file_identifier=b"TFL3")
        stream = io.BytesIO(bytes(builder.Output()))
        if label_files:
            with ZipFile(stream, "a") as archive:
                for name, lines in label_files.items():
                    archive.writestr(name, "\n".join(lines) + "\n")
        return stream.getvalue()

    def _code(self, builtin):
        """The place of an operator's kind in the file's list; it is added where it lacks."""
        for place, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin:
                return place
        self._model.operatorCodes.append(self._kinds.OperatorCodeT(
            builtinCode=builtin, deprecatedBuiltinCode=min(builtin, 127), version=1))
        return len(self._model.operatorCodes) - 1


def write(target, content):
    """Write a file whole or not at all: an interrupt leaves the old one as it was.

    Args:
        target: a path whose folder exists.
        content: bytes.

    Returns:
        ``target`` as a pathlib.Path.

    Raises:
        SegkitError: it cannot be written.
    """
    target = Path(os.path.expanduser(target))
    with whole_file(target) as draft:
        draft.write_bytes(content)
    return target
