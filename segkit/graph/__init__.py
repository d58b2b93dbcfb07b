"""A .tflite file's operators: listed, costed, and executed with the reference layers.

Slow and plain on purpose: what a runtime hides, this shows. Every operator can be looked at, and
the numbers between two operators, too.
"""

import numpy as np

from segkit import lazily, models
from segkit.errors import SegkitError, one_line
from segkit.graph.execute import convolution, layer
from segkit.graph.file import Operator, read
from segkit.graph.tensors import Quantisation, Tensor
from segkit.languages import say

__all__ = ["Graph", "Operator", "Quantisation", "Tensor", "convolution"]
__getattr__, __dir__ = lazily(__name__, __path__)


class Graph:
    """The main graph of a .tflite file.

    >>> graph = Graph("deeplab")
    >>> graph.operators[0].name
    'CONV_2D'

    Args:
        path_or_name: a .tflite file, or a name in the catalogue.

    Attributes:
        path: the file.
        model: its entry in the catalogue, or None.
        tensors, operators: tuples of :class:`Tensor` and :class:`Operator`, in the file's order.
        inputs, outputs: tuples of the tensors that go in and come out.
        metadata: dictionary from name to bytes: what the converter noted beside the graph.
        label_files: dictionary from name to lines: the text files packed into the file.
        description: what the converter says of itself.

    Raises:
        SegkitError: no such file or name, no .tflite file, or a damaged one.
    """

    def __init__(self, path_or_name):
        self.path, self.model = models.resolve(path_or_name)
        content = read(self.path)
        self.tensors, self.operators = content.tensors, content.operators
        self.inputs, self.outputs = content.inputs, content.outputs
        self.metadata, self.description = content.metadata, content.description
        self.label_files = models.label_files(self.path)

    @property
    def multiply_adds(self):
        """Products of a weight and an activation in one run, of all operators."""
        return sum(operator.multiply_adds for operator in self.operators)

    def run(self, *arrays):
        """Execute the graph with the layers of :mod:`segkit.reference`.

        Args:
            arrays: one array for each input, with exactly its shape and dtype.

        Returns:
            the output array, in its own dtype, or a tuple where the graph has several.

        Raises:
            SegkitError: wrong arrays; an operator that is not known, with its name and index; a
                damaged file.

        Quantised tensors are calculated in real numbers: weights are dequantised, and what an
        operator makes is rounded to the nearest number that its output can store. A runtime does
        the same in whole numbers, so its answer may differ by a step of the scale here and there.
        """
        wanted = {tensor.index for tensor in self.outputs}
        found = {operator.outputs[0].index: made for operator, made in self.trace(*arrays)
                 if operator.outputs[0].index in wanted}
        if len(found) < len(wanted):
            raise SegkitError(say("{file} is damaged: no operator makes its output",
                                  file=one_line(self.path)))
        results = tuple(tensor.from_real(found[tensor.index]) for tensor in self.outputs)
        return results[0] if len(results) == 1 else results

    def trace(self, *arrays):
        """Execute the graph one operator at a time, to look at what stands in between.

        Args and errors as for :meth:`run`.

        Yields:
            (:class:`Operator`, its output as an array of real numbers, float32 or plain integers)
        """
        values = self._given(arrays)
        last = {tensor.index: operator.index for operator in self.operators
                for tensor in operator.inputs if tensor is not None}
        for operator in self.operators:
            made = self._made(operator, values)
            yield operator, made
            values[operator.outputs[0].index] = made
            for index in {tensor.index for tensor in operator.inputs if tensor is not None}:
                if last[index] == operator.index:  # nobody needs it any more
                    values.pop(index, None)

    def _given(self, arrays):
        """The inputs' real numbers by the tensors' indices."""
        if len(arrays) != len(self.inputs):
            raise SegkitError(say("{name} has {inputs} inputs, not {arrays}", name=self.path.name,
                                  inputs=len(self.inputs), arrays=len(arrays)))
        values = {}
        for tensor, array in zip(self.inputs, arrays):
            try:
                array = np.asarray(array)
            except ValueError as error:  # lists of different lengths
                raise SegkitError(say("the input {tensor!r} of {name} takes an array: {why}",
                                      tensor=one_line(tensor.name, 80), name=self.path.name,
                                      why=one_line(error))) from error
            if array.shape != tensor.shape or array.dtype != tensor.numpy_dtype():
                raise SegkitError(
                    say("the input {tensor!r} of {name} takes {dtype} of shape {shape}, not {dtype2} of "
                        "shape {shape2}", tensor=one_line(tensor.name, 80), name=self.path.name,
                        dtype=tensor.dtype, shape=tensor.shape, dtype2=array.dtype, shape2=array.shape))
            values[tensor.index] = tensor.real(array)
        return values

    def _made(self, operator, values):
        """What an operator makes of the values so far, as its output can store it."""
        where = f"operator {operator.index}, {operator.name}, of {one_line(self.path)}"
        try:
            with np.errstate(all="ignore"):  # a sigmoid may overflow, and damaged weights anything
                run = layer(operator)
                made = run(*(None if tensor is None else values[tensor.index]
                             if tensor.index in values else tensor.values()
                             for tensor in operator.inputs))
                tensor = operator.outputs[0]
                return tensor.real(tensor.from_real(made))
        except SegkitError as error:
            raise SegkitError(say("{where} cannot be executed: {error}", where=where, error=error)) from error
        except Exception as error:
            raise SegkitError(say("{where} cannot be executed, probably because the file is damaged: {name} "
                                  "{why}", where=where, name=type(error).__name__,
                                  why=one_line(error))) from error

    def __repr__(self):
        return (f"Graph({self.path.name}: {len(self.operators)} operators, "
                f"{self.multiply_adds / 1e6:.0f} million multiply-adds)")
