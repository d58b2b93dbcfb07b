"""What a denser map and the CRF change on many photos, which are no part of the project.

``tools/first_version.py`` writes data/models/first_version.npz; the lesson compares it photo by photo.
"""

import numpy as np

from segkit.graph import Graph, convolution
from segkit.languages import message, say
from segkit.lessons.lesson_03 import crf
from segkit.masks import metrics, resize
from segkit.models import confusions
from segkit.networks.heads import Trunk
from segkit.reference import chain, resize_bilinear

STORED = "models/first_version.npz"  # under data/; tools/first_version.py writes it
LONGEST = 500  # photos get this longest side for the CRF, so that its distances mean the same on all
STEPS = 5  # of the CRF, as in the lesson
NEAR = "+near"  # at the end of a way's name: only pixels next to a true boundary of the small mask
GAINS = {message("stride 8 over 16"): ("stride 8", "stride 16"),
         message("the CRF"): ("after the CRF", "before the CRF"),
         message("the CRF, near boundaries"): (f"after the CRF{NEAR}", f"before the CRF{NEAR}")}


def measure(labelled):
    """The confusion matrices of v1's head at both output strides, and of its scores before and after the CRF.

    Args:
        labelled: photos with their true masks, pairs of ((H, W, 3) uint8, (H, W) uint8).

    Returns:
        dictionary from the name of a way to (photos, 21, 21) int64. Those of the CRF are of masks that are
        :data:`segkit.lessons.lesson_03.crf.SHRINK` times smaller.

    Raises:
        SegkitError: trunk or head cannot be had.
    """
    trunks = {stride: Trunk(stride, threads=1) for stride in (16, 8)}
    far, *rest = [convolution(step) for step in Graph("head-v1").operators if step.multiply_adds]
    found = {}
    for photo, truth in labelled:
        for stride, trunk in trunks.items():
            layers = [far._replace(rate=far.rate * 16 // stride), *rest]
            scores = chain(trunk.features(photo).high, layers)
            mask = resize_bilinear(scores, *truth.shape, align_corners=True).argmax(axis=-1)
            found.setdefault(f"stride {stride}", []).append(metrics.confusion_matrix(truth, mask))
        scene = _scene(photo, scores, truth)  # the denser scores, as in the lesson
        made = crf.beliefs(scene, steps=STEPS)
        for name, belief in (("before the CRF", made[0]), ("after the CRF", made[-1])):
            mask = belief.argmax(axis=-1)
            found.setdefault(name, []).append(metrics.confusion_matrix(scene.truth, mask))
            found.setdefault(name + NEAR, []).append(metrics.trimap_matrix(scene.truth, mask, 1))
    return {name: np.stack(matrices) for name, matrices in found.items()}


def _scene(photo, scores, truth):
    """The scene of a photo that has the longest side LONGEST."""
    height, width = (round(side * LONGEST / max(truth.shape)) for side in truth.shape)
    large = resize.resize_bilinear(photo, height, width).astype(np.uint8)
    return crf.scene_of(large, scores, truth)


def gains():
    """What each step of :data:`GAINS` changes in mean IoU on many photos, photo by photo.

    Returns:
        dictionary from the words for a set of photos to a dictionary from step to
        :class:`segkit.masks.bootstrap.Estimate`.

    Raises:
        SegkitError: the file cannot be read.
    """
    return {photo_set.words: {say(step): photo_set.gain(new, over=old) for step, (new, old) in GAINS.items()}
            for photo_set in confusions.ways(STORED)}
