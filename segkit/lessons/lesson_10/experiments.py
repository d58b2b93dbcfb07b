"""Cost against quality: a model file for another input size, times by turns, the Pareto front."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segkit.benchmark.timing import by_turns, ratio  # noqa: F401 - the lesson calls them here
from segkit.graph import Graph
from segkit.graph.sizing import sides, with_input_size  # noqa: F401 - the lesson calls them here
from segkit.masks import metrics
from segkit.models import confusions

SIDES = (257, 289, 321, 385)  # inputs at which deeplab was measured on many photos


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


def at_side(name, side, folder):
    """A model file whose input has this side: the file itself, or a new one in ``folder``.

    Args:
        name, side: as for :func:`segkit.graph.sizing.with_input_size`.
        folder: where a new file is written.

    Returns:
        pathlib.Path. Raises as that function does.
    """
    graph = Graph(name)
    if graph.inputs[0].shape[1] == side:
        return graph.path
    return with_input_size(name, side, Path(folder) / f"{graph.path.stem}-{side}.tflite")
