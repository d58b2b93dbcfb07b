"""What the trunk of a segmentation model says of each place of a photo, at two strides.

A .tflite file has one output. Here its graph gets others: the last maps of the trunk at output
strides 4 and 16, and the logits before they are enlarged. The fine map knows where an edge is, the coarse
one what a thing is. (A map at stride 2 beside them changed no mean IoU by 0.01.)
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from segkit import photos
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.graph.sizing import sides
from segkit.graph.writing import Writer
from segkit.languages import say
from segkit.networks.segmenter import Segmenter
from segkit.runtime.session import Asked, load
from segkit.runtime.settings import Resolved, checked_runtime, checked_threads

BASE = "deeplab-w8"
STRIDES = (4, 16)


def old_logits(graph):
    """The tensor that a graph's last operator, RESIZE_BILINEAR, enlarges: the logits of all classes.

    Raises:
        SegkitError: the graph ends otherwise.
    """
    last = graph.operators[-1]
    if last.name != "RESIZE_BILINEAR" or len(graph.outputs) != 1 or not last.parameters["align_corners"]:
        raise SegkitError(say("{name} cannot be taught: it does not end with a RESIZE_BILINEAR that keeps the "
                              "corners; take {base}", name=graph.path.name, base=BASE))
    return last.inputs[0]


def levels(graph):
    """The trunk's last maps at :data:`STRIDES`: a tuple of :class:`segkit.graph.Tensor`.

    The trunk ends where the image-level branch of the head begins, at the graph's MEAN. A map
    counts where no activation has cut it off (a linear bottleneck).
    Source: Sandler et al., MobileNetV2, https://arxiv.org/abs/1801.04381, section 3.2.

    Raises:
        SegkitError: the graph is not built so, or does not calculate in float32.
    """
    try:
        sizes = sides(graph.inputs[0].shape[1])
        end = next(o.index for o in graph.operators if o.name == "MEAN")
        found = []
        for stride in STRIDES:
            size = sizes[stride.bit_length() - 1]
            found.append([o.outputs[0] for o in graph.operators[:end] if o.name in ("CONV_2D", "ADD")
                          and o.outputs[0].shape[1:3] == (size, size)
                          and o.parameters["activation"] == "none"][-1])
    except (StopIteration, IndexError, SegkitError):
        found = []
    if not found or any(tensor.dtype != "float32" for tensor in (*found, *graph.outputs)):
        raise SegkitError(say("{name} cannot be taught: its trunk's maps are not found, or are not float32; "
                              "take {base}, deeplab-f16 or deeplab-f32, or a file taught from one",
                              name=graph.path.name, base=BASE))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Seen:
    """A photo as the trunk sees it.

    Attributes:
        photo: (H, W, 3) uint8 RGB.
        maps: one (h, w, channels) float32 array for each of :data:`STRIDES`.
        logits: (h, w, classes) float32 of the old classes, as large as the finest map.
    """

    photo: np.ndarray
    maps: tuple
    logits: np.ndarray

    @property
    def against(self):
        """How far background lies below all old classes together: (n, n) float32, at most 0.

        It is log(softmax of background). Where it is 0, the model is sure of background.
        """
        largest = self.logits.max(axis=2)
        everything = np.log(np.exp(self.logits - largest[..., None]).sum(axis=2)) + largest
        return self.logits[..., 0] - everything

    @property
    def count(self):
        """Cells of the finest map along each axis."""
        return len(self.maps[0])

    @property
    def fine(self):
        """Points along each axis where features are asked for: one between every two cells."""
        return 2 * self.count - 1

    def rows(self, points=None):
        """The features of points of the fine grid; the maps are interpolated.

        Args:
            points: (n,) flat indices; None: all of them.

        Returns:
            (n, channels of all maps) float32.
        """
        points = np.arange(self.fine ** 2) if points is None else np.asarray(points)
        parts = []
        for one in self.maps:
            place = np.stack(np.divmod(points, self.fine)) * ((len(one) - 1) / (self.fine - 1))
            low = np.minimum(place.astype(np.intp), len(one) - 2)
            (y, x), (v, u) = low, (place - low).astype(np.float32)[..., None]
            parts.append((one[y, x] * (1 - u) + one[y, x + 1] * u) * (1 - v)
                         + (one[y + 1, x] * (1 - u) + one[y + 1, x + 1] * u) * v)
        return np.concatenate(parts, axis=1)


class FeatureReader:
    """The trunk of a segmentation model, with its maps as outputs.

    Args:
        model: a name in the catalogue or a .tflite file, of this course's networks in float32.
        threads: see :func:`segkit.open_session`.

    Attributes:
        graph: the model's :class:`segkit.graph.Graph`.
        segmenter: a :class:`segkit.Segmenter` of the whole model, on LiteRT.
        channels: how many channels each map has.
        side: of the model's input in pixels.

    Raises:
        SegkitError: see :func:`levels`; the model cannot be had or loaded.
    """

    def __init__(self, model=BASE, threads=None):
        self.graph = Graph(model)
        maps, logits = levels(self.graph), old_logits(self.graph)
        # The Segmenter tries a foreign file in a process of its own, so the part of it is safe.
        self.segmenter = Segmenter(model, threads=threads)
        self.channels = tuple(tensor.shape[3] for tensor in maps)
        self.side = self.graph.inputs[0].shape[1]
        writer = Writer(self.graph.path.read_bytes())
        writer.outputs([tensor.index for tensor in (*maps, logits)])
        settings = Resolved(checked_runtime("auto"), checked_threads(threads), "xnnpack")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "trunk.tflite")
            file.write_bytes(writer.packed())
            self._session = load(file, None, Asked(str(file), "auto", threads, "xnnpack"), settings)

    def __call__(self, photo):
        """Run the trunk on anything that :func:`segkit.photos.load` takes; gives :class:`Seen`."""
        photo = photos.load(photo)
        values, _ = self.segmenter.prepare(photo)
        low, high, logits = self._session.run(values)
        return Seen(photo, (low[0], high[0]), logits[0])


def enlarged(scores, side):
    """Scores of a grid at another size, corners on corners, as RESIZE_BILINEAR makes them.

    Args:
        scores: (n, n) float32.

    Returns:
        (side, side) float32.
    """
    if len(scores) == side:
        return scores
    place = np.linspace(0, len(scores) - 1, side, dtype=np.float32)
    return cv2.remap(scores.astype(np.float32), *np.meshgrid(place, place), cv2.INTER_LINEAR)
