"""A model file for an input of another size: the weights stay, the sizes of the maps change."""

from copy import copy
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from segkit.errors import SegkitError, one_line
from segkit.graph import Graph
from segkit.graph.cutting import bring_inside
from segkit.graph.schema import schema
from segkit.languages import say

STRIDE = 16  # of the course's networks: an input of 16 k + 1 pixels gives maps of k + 1 cells


def sides(side, stride=STRIDE):
    """The sides of the maps of a network, from its input down to the output stride.

    >>> sides(257)
    [257, 129, 65, 33, 17]

    Raises:
        SegkitError: the side is not a multiple of the stride and one.
    """
    if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or \
            side % stride != 1 or side < 2 * stride:
        raise SegkitError(say("the input's side is a multiple of {stride} and one more, such as {stride2} or "
                              "{stride3}, not {side!r}", stride=stride, stride2=8 * stride + 1,
                              stride3=16 * stride + 1, side=side))
    found = [int(side)]
    while (len(found) - 1) < np.log2(stride):
        found.append((found[-1] - 1) // 2 + 1)
    return found


def with_input_size(name, side, target):
    """Write a model file for a square input of another size; the weights stay what they are.

    A file of this course names the size of every map, and each RESIZE_BILINEAR has the size that
    it makes as a constant. Both are rewritten.

    Args:
        name: a segmentation model of this course, or its file, with a square input.
        side: of the new input in pixels: a multiple of 16 and one more.
        target: the file to write.

    Returns:
        ``target`` as a pathlib.Path.

    Raises:
        SegkitError: another side; a model whose maps do not have the sides that :func:`sides`
            tells; the file cannot be written.
    """
    import flatbuffers  # comes with ai-edge-litert, as the schema does

    graph, target = Graph(name), Path(target)
    old = graph.inputs[0].shape[1]
    new = {1: 1, **dict(zip(sides(old), sides(side)))}
    module = schema()
    content = graph.path.read_bytes()
    whole = module.ModelT.InitFromPackedBuf(content, 0)
    tensors = whole.subgraphs[0].tensors
    weights = {o.outputs[0].index for o in graph.operators
               if o.name == "DEQUANTIZE" and o.inputs[0].data is not None}
    for tensor in graph.tensors:
        if tensor.data is None and len(tensor.shape) == 4 and tensor.index not in weights:
            if not {*tensor.shape[1:3]} <= {*new}:
                raise SegkitError(say("{name} has a map of {rows} x {columns} cells, which is no part of "
                                      "{old} pixels; take a model of this course at output stride 16",
                                      name=graph.path.name, rows=tensor.shape[1], columns=tensor.shape[2],
                                      old=old))
            count, height, width, channels = tensor.shape
            tensors[tensor.index].shape = [count, new[height], new[width], channels]
    for operator in graph.operators:
        if operator.name == "RESIZE_BILINEAR":
            size = operator.inputs[1]
            buffer = copy(whole.buffers[tensors[size.index].buffer])
            buffer.data = np.int32([new[n] for n in size.values().tolist()]).view(np.uint8)
            tensors[size.index].buffer = len(whole.buffers)  # two resizes may share a constant
            whole.buffers.append(buffer)
    bring_inside(whole, content)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(whole.Pack(builder), file_identifier=b"TFL3")
    try:
        target.write_bytes(bytes(builder.Output()))
        with ZipFile(target, "a") as archive:  # the names of the classes
            for file, lines in graph.label_files.items():
                archive.writestr(file, "\n".join(lines) + "\n")
    except OSError as error:
        raise SegkitError(say("{file} cannot be written: {why}", file=one_line(target),
                              why=error.strerror)) from error
    return target
