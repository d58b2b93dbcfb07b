"""A head put into a .tflite file behind the trunk: the old classes stay, a new one is beside them."""

import numpy as np

from segkit.graph.writing import Writer
from segkit.masks import labels
from segkit.networks.teaching.features import levels, old_logits

LABELS = "labelmap.txt"


def attach(graph, head, name, alone=False):
    """The bytes of a model with one class more.

    A 1x1 convolution on each map gives its share of the score; the shares are enlarged to the
    finest grid and added. The logit of the new class is that of background plus the score. The old
    logits stay what they are: where the new class does not win, the old ones decide as they did.

    Args:
        graph: :class:`segkit.graph.Graph` of the model that the head was taught with.
        head: :class:`segkit.networks.teaching.head.Head`.
        name: of the class.
        alone: leave out the old classes, and what only they need; the answer is "background" and
            the class.

    Returns:
        bytes of a .tflite file whose class names are packed inside.

    Raises:
        SegkitError: the model is of another kind.
    """
    maps = levels(graph)
    writer, count, side = Writer(graph.path.read_bytes()), maps[0].shape[1], graph.inputs[0].shape[1]
    score = _score(writer, maps, head, name, count)
    if alone:
        names, all_classes = ("background", name), _against_zero(writer, score, count, name)
    else:
        old, shape = old_logits(graph), (1, count, count, 1)
        names = (*old_names(graph), name)
        first = np.eye(1, old.shape[3])  # picks background out of the classes
        background = writer.convolution(old.index, shape, first, [0.0], f"{name}/background")
        new = writer.operator("ADD", [background, score], shape, f"{name}/logit")
        all_classes = writer.operator("CONCATENATION", [old.index, new], (*shape[:3], len(names)),
                                      f"{name}/logits", axis=3)
    writer.outputs([writer.resize(all_classes, (1, side, side, len(names)), f"{name}/enlarged")])
    return writer.packed({LABELS: names})


def old_names(graph):
    """The names of a model's classes; "class 7" where it does not say."""
    count = old_logits(graph).shape[3]
    known = labels.VOC if graph.model else next(iter(graph.label_files.values()), ())
    return tuple(known[n] if n < len(known) else f"class {n}" for n in range(count))


def _score(writer, maps, head, name, count):
    """Writes the shares of all maps and their sum; the number of a (1, n, n, 1) tensor."""
    total, shape = None, (1, count, count, 1)
    for number, (tensor, weights) in enumerate(zip(maps, head.weights)):
        made = f"{name}/share_{number}"
        bias = head.bias if number == 0 else 0.0
        share = writer.convolution(tensor.index, (*tensor.shape[:3], 1), weights[None], [bias], made)
        if tensor.shape[1] != count:
            share = writer.resize(share, shape, f"{made}/enlarged")
        total = share if total is None else writer.operator("ADD", [total, share], shape, f"{made}/sum")
    return total


def _against_zero(writer, score, count, name):
    """Two logits from one score: a convolution with weights 0 and 1."""
    return writer.convolution(score, (1, count, count, 2), [[0.0], [1.0]], [0.0, 0.0], f"{name}/logits")
