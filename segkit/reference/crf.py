"""The dense conditional random field (CRF) of DeepLab v1 and v2, exact, for small images.

Every pixel talks to every other one: two pixels that are near and alike in colour should be of one
class. The field's answer is found by mean-field steps, in which each pixel hears what classes the
others believe in. The papers use a fast approximation of the sum over all pairs (a permutohedral
lattice); here it is the sum itself, so its cost grows with the square of the pixels.

Sources: Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge
Potentials", NeurIPS 2011, https://arxiv.org/abs/1210.5644, sections 2 and 3; DeepLab v1,
https://arxiv.org/abs/1412.7062, section 4.2; v2, https://arxiv.org/abs/1606.00915, section 3.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.reference.checks import feature_map
from segkit.reference.layers import softmax

#: The most pixels of an image: twice as many would take four times as long.
LARGEST = 20_000
_BLOCK = 64  # rows of the table of all pairs that are in memory at a time


class Pairwise(NamedTuple):
    """How strongly, how far and over which differences of colour two pixels pull at each other.

    The appearance kernel wants pixels of one colour to be of one class, the smoothness kernel
    wants no specks. DeepLab v1 has a smoothness of 3 with a sigma of 3 pixels, and looks for the
    rest among appearance 5 to 10, position 50 to 100 pixels, colour 3 to 10 (section 5), on
    photos of about 500 pixels. The defaults here are for photos of about 65 pixels.

    Attributes:
        appearance: the weight of the appearance kernel.
        position_sigma: how far it reaches, in pixels.
        colour_sigma: how far colours may differ, in levels of 0 to 255.
        smoothness: the weight of the smoothness kernel.
        smoothness_sigma: how far that one reaches, in pixels.
        normalise: divide what a pixel hears by the sum of its kernel over all pixels. The weights
            then mean the same whatever the image's size. False is the 2011 paper's formula.
    """

    appearance: float = 5.0
    position_sigma: float = 10.0
    colour_sigma: float = 10.0
    smoothness: float = 3.0
    smoothness_sigma: float = 1.0
    normalise: bool = True


def _checked(unary: np.ndarray, photo: np.ndarray, pairwise: Pairwise):
    """Energies and photo as float32 maps of one size; SegkitError for what does not fit."""
    unary, photo = feature_map(unary, "unary energy"), feature_map(photo, "photo")
    height, width = unary.shape[:2]
    if photo.shape[:2] != (height, width):
        raise SegkitError(say("the photo has shape {shape}, the unary energy {shape2}; resize one to the "
                              "other's height and width", shape=photo.shape, shape2=unary.shape))
    if height * width > LARGEST:
        raise SegkitError(say("an image of {height}x{width} has {width2} pixels; the exact CRF takes "
                              "{largest} at most, resize photo and logits to fewer", height=height, width=width,
                              width2=height * width, largest=LARGEST))
    sigmas = pairwise.position_sigma, pairwise.colour_sigma, pairwise.smoothness_sigma
    if not all(sigma > 0 for sigma in sigmas):
        raise SegkitError(say("the sigmas are {sigmas}; each must be more than 0", sigmas=sigmas))
    return unary, photo


def _gaussian(distance: np.ndarray) -> np.ndarray:
    """exp(-distance / 2) of squared distances, float32."""
    # Processors are slow on numbers next to zero, and e^-60 of a pixel is none.
    return np.exp(np.maximum(-0.5 * distance, -60).astype(np.float32))


def _appearance(values: np.ndarray, photo: np.ndarray, pairwise: Pairwise) -> np.ndarray:
    """For each pixel, the sum of all values, by how near and how alike in colour the pixels are."""
    height, width, channels = values.shape
    place = np.indices((height, width)).reshape(2, -1).T / pairwise.position_sigma
    colour = photo.reshape(height * width, -1) / pairwise.colour_sigma
    # float64: below, large squares are subtracted from each other.
    features = np.concatenate([place, colour], axis=1).astype(np.float64)
    squares = np.square(features).sum(axis=1)
    values = values.reshape(-1, channels)
    result = np.empty_like(values)
    for start in range(0, len(values), _BLOCK):
        rows = slice(start, start + _BLOCK)
        # |a - b|^2 = |a|^2 + |b|^2 - 2ab, between a block of pixels and all pixels.
        distance = squares[rows, None] + squares - 2 * features[rows] @ features.T
        result[rows] = _gaussian(distance) @ values
    return result.reshape(height, width, channels)


def _smoothness(values: np.ndarray, sigma: float) -> np.ndarray:
    """For each pixel, the sum of all values, by how near the pixels are."""
    vertical, horizontal = (np.arange(size) / sigma for size in values.shape[:2])
    # The Gaussian of a distance is that of its vertical part times that of its horizontal one.
    down = np.tensordot(_gaussian(np.square(vertical[:, None] - vertical)), values, axes=1)
    return _gaussian(np.square(horizontal[:, None] - horizontal)) @ down


def unary_from_logits(logits: np.ndarray) -> np.ndarray:
    """The unary energy -log(probability) of class scores, (H, W, classes) float32, 0 or more.

    DeepLab v1, section 4.2. SegkitError where `logits` are no (H, W, classes) array.
    """
    logits = feature_map(logits, "logits")
    less = logits - logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(less).sum(axis=-1, keepdims=True)) - less


def mean_field_step(q: np.ndarray, unary: np.ndarray, photo: np.ndarray,
                    pairwise: Pairwise = Pairwise()) -> np.ndarray:
    """One mean-field update of all pixels' beliefs, (H, W, classes) float32: algorithm 1 of 2011.

    Each pixel hears the others' beliefs, weighted by the two kernels; with the Potts model it pays,
    for a class, what it has heard of all others; softmax makes a belief of the energies.

    Args:
        q: (H, W, classes), the beliefs so far; each pixel's add up to 1.
        unary: (H, W, classes) energies, from `unary_from_logits`.
        photo: (H, W, 3), 0 to 255.
        pairwise: weights and sigmas.

    Raises:
        SegkitError: arrays that do not fit together, a sigma that is not positive, more than
            `LARGEST` pixels.
    """
    unary, photo = _checked(unary, photo, pairwise)
    q = feature_map(q, "belief q")
    if q.shape != unary.shape:
        raise SegkitError(say("the belief q has shape {shape}, the unary energy {shape2}", shape=q.shape,
                              shape2=unary.shape))
    # A channel of ones beside the beliefs: what comes of it is the sum of the kernel.
    values = np.concatenate([q, np.ones((*q.shape[:2], 1), np.float32)], axis=2)
    energy = unary
    for weight, heard in ((pairwise.appearance, _appearance(values, photo, pairwise)),
                          (pairwise.smoothness, _smoothness(values, pairwise.smoothness_sigma))):
        # A pixel does not hear itself: its own weight in either kernel is 1.
        message = heard[..., :-1] - q
        if pairwise.normalise:
            message = message / heard[..., -1:]
        energy = energy + np.float32(weight) * (message.sum(axis=-1, keepdims=True) - message)
    return softmax(-energy)


def dense_crf(unary: np.ndarray, photo: np.ndarray, steps: int = 5,
              pairwise: Pairwise = Pairwise()) -> np.ndarray:
    """The beliefs after `steps` mean-field updates, (H, W, classes) float32; argmax is the mask.

    They start from the unary energy alone, which is what 0 steps give. DeepLab v1 takes 10 steps.
    Arguments and errors as in `mean_field_step`, and SegkitError for a negative number of steps.
    """
    unary, photo = _checked(unary, photo, pairwise)
    if not isinstance(steps, (int, np.integer)) or steps < 0:
        raise SegkitError(say("{steps!r} steps were asked for; give a whole number, 0 or more", steps=steps))
    q = softmax(-unary)
    for _ in range(steps):
        q = mean_field_step(q, unary, photo, pairwise)
    return q
