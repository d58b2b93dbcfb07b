"""One trunk, several heads: features are computed once and answered in several ways.

The trunk (MobileNet v2) turns a photo into feature
maps. A head turns those into an answer: a mask in the way of DeepLab v1, v2, v3
or v3+, a list of classes, or boxes. All heads saw the same photos and the same
trunk in training, so that a lesson compares ideas and nothing else.
Source: data/models/README.md (how they were made and how good they are).
"""

from collections import namedtuple
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import boxes, labels, resize
from segkit.masks.scores import Argmax
from segkit.networks.segmenter import Segmentation, normalise
from segkit.runtime.opening import open_session

SEGMENTING = ("v1", "v2", "v3", "v3plus")
TRUNKS = {16: "trunk", 8: "trunk-os8"}  # output stride -> name in the catalogue

ClassScore = namedtuple("ClassScore", "index name score")
ClassScore.__doc__ = "One answer of a classifier: class index, class name, score (0 to 1)."
Box = namedtuple("Box", "index name score left top right bottom")
Box.__doc__ = "One answer of a detector; the edges are in pixels of the photo, as floats."


@dataclass(frozen=True)
class Features:
    """What a trunk sees in a photo.

    Attributes:
        photo: (H, W, 3) uint8 RGB, upright.
        low: (65, 65, 24) float32, output stride 4: fine places, simple patterns.
        high: (17, 17, 192) float32, output stride 16; (33, 33, 192) at output stride 8.
        output_stride: 16 or 8.
        milliseconds: the time of the trunk's ``invoke``.
    """

    photo: np.ndarray
    low: np.ndarray
    high: np.ndarray
    output_stride: int
    milliseconds: float


class Trunk:
    """The network that all heads share.

    Args:
        output_stride: 16, or 8: the same weights with an atrous last stage, four
            times as many features, and about three times the work.
        session_options: see :func:`segkit.open_session`.

    Raises:
        SegkitError: another output stride; the model cannot be had or loaded.
    """

    def __init__(self, output_stride=16, **session_options):
        if output_stride not in TRUNKS:
            raise SegkitError(say("the trunk runs at output stride 16 or 8, not {output_stride!r}",
                                  output_stride=output_stride))
        self.output_stride = output_stride
        self.session = open_session(TRUNKS[output_stride], **session_options)

    def features(self, photo):
        """Run the trunk.

        Args:
            photo: anything that :func:`segkit.photos.load` takes; it is stretched to the input.

        Returns:
            :class:`Features`.
        """
        photo, model = photos.load(photo), self.session.model
        pixels = resize.resize_bilinear(photo, model.height, model.width)
        values = normalise(pixels, model.mean, model.std)[None]
        start = perf_counter()
        low, high = self.session.run(values)
        spent = (perf_counter() - start) * 1e3
        return Features(photo, low[0], high[0], self.output_stride, spent)


class Head:
    """What :class:`SegmentationHead`, :class:`Classifier` and :class:`Detector` share.

    Args:
        name: what follows "head-" in the catalogue.
        session_options: see :func:`segkit.open_session`.
    """

    def __init__(self, name, **session_options):
        self.name = name
        self.session = open_session(f"head-{name}", **session_options)

    def run(self, features):
        """The head's own answer for :class:`Features`, without the axis for the number of photos.

        Raises:
            SegkitError: the features come from a trunk at another output stride.
        """
        maps = [features.low, features.high][-len(self.session.inputs):]
        for given, tensor in zip(maps, self.session.inputs):
            if given.shape != tensor.shape[1:]:
                raise SegkitError(
                    say("the head {name} takes features of shape {shape}, not {shape2}; these come from a "
                        "trunk at output stride {output_stride}", name=self.name, shape=tensor.shape[1:],
                        shape2=given.shape, output_stride=features.output_stride))
        return self.session.run(*(m[None] for m in maps))[0]

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"


class SegmentationHead(Head):
    """Features -> mask, in the way of one of DeepLab's papers.

    Args:
        name: "v1", "v2", "v3" or "v3plus"; "v3-os8" is v3 for a trunk at output stride 8.
    """

    def __init__(self, name, **session_options):
        if name not in (*SEGMENTING, "v3-os8"):
            raise SegkitError(say("no head is called {name!r}; there are {listed}, and v3-os8 for a trunk at "
                                  "output stride 8", name=name, listed=", ".join(SEGMENTING)))
        super().__init__(name, **session_options)
        self._argmax = Argmax(self.session.outputs[0].upsampled_from)

    def logits(self, features):
        """(257, 257, 21) float32: one score for each class at each pixel of the input."""
        return self.run(features)

    def segment(self, features):
        """The :class:`segkit.networks.segmenter.Segmentation` of the photo, at the photo's size."""
        start = perf_counter()
        scores = self.run(features)
        invoked = perf_counter()
        mask = resize.resize_nearest(self._argmax(scores), *features.photo.shape[:2])
        spent = {"trunk": features.milliseconds, "head": (invoked - start) * 1e3,
                 "finish": (perf_counter() - invoked) * 1e3}
        return Segmentation(features.photo, mask, labels.VOC, spent)


class Classifier(Head):
    """Features -> which of the 20 classes are in the photo."""

    def __init__(self, **session_options):
        super().__init__("classify", **session_options)

    def classify(self, features):
        """All 20 classes as :class:`ClassScore`, the highest score first.

        A score is a sigmoid: each class has its own, and they do not sum to 1.
        """
        scores = 1 / (1 + np.exp(-self.run(features)))
        return [ClassScore(int(i) + 1, labels.VOC[i + 1], float(scores[i]))
                for i in np.argsort(-scores, kind="stable")]


class Detector(Head):
    """Features -> boxes. Each cell of the map may be the centre of one object of each class.

    Source: X. Zhou and others, Objects as Points, https://arxiv.org/abs/1904.07850
    (a centre is a cell whose score no neighbour exceeds).
    """

    def __init__(self, **session_options):
        super().__init__("detect", **session_options)

    def detect(self, features, least=0.3):
        """The objects as :class:`Box`, the highest score first.

        Args:
            features: :class:`Features` at output stride 16.
            least: boxes with a lower score (0 to 1) are left out.
        """
        height, width = features.photo.shape[:2]
        scale = np.array([width, height, width, height])
        return [Box(int(row[0]), labels.VOC[int(row[0])], float(row[1]),
                    *(float(edge) for edge in row[2:] * scale))
                for row in boxes.decode(self.run(features), least)]


def present():
    """Whether the files of the trunk and of all heads are on this machine."""
    heads = (*SEGMENTING, "v3-os8", "classify", "detect")
    names = [*TRUNKS.values(), *(f"head-{name}" for name in heads)]
    return all(models.find(name)[0] for name in names)
