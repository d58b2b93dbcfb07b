"""Cost against quality: a model file for another input size, times by turns, the Pareto front."""

from copy import copy
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from segkit.benchmark.timing import by_turns, ratio  # noqa: F401 - the lesson calls them here
from segkit.errors import SegkitError, one_line
from segkit.graph import Graph
from segkit.graph.cutting import bring_inside
from segkit.graph.schema import schema
from segkit.masks import metrics
from segkit.models import confusions

SIDES = (257, 289, 321, 385)  # inputs at which deeplab was measured on many photos
STRIDE = 16  # of the course's networks: an input of 16 k + 1 pixels gives maps of k + 1 cells


@dataclass
class Choice:
    """A way to run a network, with what it costs and how good it is.

    Attributes:
        name: what a figure calls it.
        family: what it has in common with others, such as "heads".
        bytes: of its files.
        multiply_adds: of one run.
        quality: dictionary from the name of a measure to its value, 0 to 1.
        milliseconds: of one run on this machine; None: not measured.
    """

    name: str
    family: str
    bytes: int
    multiply_adds: int
    quality: dict
    milliseconds: float | None = None


def choice(name, family, files, quality):
    """A :class:`Choice` whose costs are read from its files.

    Args:
        name, family, quality: as in :class:`Choice`.
        files: names in the catalogue or .tflite files, all of which run for one photo.
    """
    graphs = [Graph(file) for file in files]
    return Choice(name, family, sum(graph.path.stat().st_size for graph in graphs),
                  sum(graph.multiply_adds for graph in graphs), dict(quality))


def gains(pairs):
    """What one way gains over another in mean IoU on many photos, photo by photo.

    Args:
        pairs: dictionary from title to (first, second), names as those of
            :class:`segkit.models.confusions.PhotoSet`.

    Returns:
        dictionary from the words for a set of photos to a dictionary from title to
        :class:`segkit.masks.bootstrap.Estimate`: how far ``second`` lies above ``first``.
    """
    return {photo_set.words: {title: photo_set.gain(second, over=first)
                              for title, (first, second) in pairs.items()}
            for photo_set in confusions.photo_sets()}


def quality(name):
    """Mean IoU on each set of many photos.

    Args:
        name: as in :func:`gains`.

    Returns:
        dictionary from "mean IoU, " and the words for a set to a float; empty for what was not
        measured.
    """
    return {f"mean IoU, {photo_set.words}": mean_iou(photo_set, name)
            for photo_set in confusions.photo_sets() if name in photo_set.matrices}


def mean_iou(photo_set, name):
    """Mean IoU of all photos of a :class:`segkit.models.confusions.PhotoSet` together, a float."""
    total = photo_set.matrices[name].sum(axis=0)
    if photo_set.classes is None:
        return metrics.mean_iou(total)
    return float(np.nanmean(metrics.iou_per_class(total)[list(photo_set.classes)]))


def sides(side, stride=STRIDE):
    """The sides of the maps of a network, from its input down to the output stride.

    >>> sides(257)
    [257, 129, 65, 33, 17]

    Raises:
        SegkitError: the side is not a multiple of the stride and one.
    """
    if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or \
            side % stride != 1 or side < 2 * stride:
        raise SegkitError(f"the input's side is a multiple of {stride} and one more, such as "
                          f"{8 * stride + 1} or {16 * stride + 1}, not {side!r}")
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
                raise SegkitError(f"{graph.path.name} has a map of {tensor.shape[1]} x "
                                  f"{tensor.shape[2]} cells, which is no part of {old} pixels; "
                                  "take a model of this course at output stride 16")
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
        raise SegkitError(f"{one_line(target)} cannot be written: {error.strerror}") from error
    return target


def at_side(name, side, folder):
    """A model file whose input has this side: the file itself, or a new one in ``folder``.

    Args:
        name, side: as in :func:`with_input_size`.
        folder: where a new file is written.

    Returns:
        pathlib.Path. Raises as :func:`with_input_size` does.
    """
    graph = Graph(name)
    if graph.inputs[0].shape[1] == side:
        return graph.path
    return with_input_size(name, side, Path(folder) / f"{graph.path.stem}-{side}.tflite")
