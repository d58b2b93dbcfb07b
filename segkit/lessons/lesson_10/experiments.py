"""Cost against quality: a model file for another input size, times by turns, the Pareto front."""

from dataclasses import dataclass

import numpy as np

from segkit.benchmark.timing import by_turns, ratio  # noqa: F401 - the lesson calls them here
from segkit.graph import Graph
from segkit.graph.resizing import sides, with_input_size  # noqa: F401 - the lesson calls them here
from segkit.masks import bootstrap, metrics
from segkit.models import confusions

SIDES = (257, 289, 321, 385)  # inputs at which deeplab was measured on many photos
SETS = {"photos of PASCAL VOC": ("vocval", "voc40"), "photos of people": ("person200",)}


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


def many_photos():
    """Confusion matrices of each photo, of sets that took no part in choosing the models.

    Returns:
        dictionary from the number and words of a set of photos to a dictionary from what was
        measured ("deeplab-f32@257": that model at 257 pixels) to (photos, 21, 21) matrices.
    """
    found = {}
    for words, sets in SETS.items():
        parts = [confusions.load(one) for one in sets]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]
                  if all(name in part for part in parts)}
        found[f"{len(next(iter(joined.values())))} {words}"] = joined
    return found


def gains(pairs):
    """What one way gains over another in mean IoU on many photos, photo by photo.

    Args:
        pairs: dictionary from title to (first, second), names as in :func:`many_photos`.

    Returns:
        dictionary from the words for a set of photos to a dictionary from title to
        :class:`segkit.masks.bootstrap.Estimate`: how far ``second`` lies above ``first``.
    """
    return {words: {title: bootstrap.gain(measured[first], measured[second])
                    for title, (first, second) in pairs.items()}
            for words, measured in many_photos().items()}


def quality(name):
    """Mean IoU on each set of many photos.

    Args:
        name: as in :func:`many_photos`.

    Returns:
        dictionary from "mean IoU, " and the words for a set to a float; empty for what was not
        measured.
    """
    return {f"mean IoU, {words}": metrics.mean_iou(measured[name].sum(axis=0))
            for words, measured in many_photos().items() if name in measured}



