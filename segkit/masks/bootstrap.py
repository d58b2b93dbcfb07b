"""How far a figure could move with other photos: the bootstrap over photos, and paired differences.

Photos are drawn again and again, with repetition, and the figure is calculated for each draw; the
middle 95 % of the results is the interval. Two models are compared on the *same* draws: a draw of
hard photos lowers both figures and leaves their difference. So the interval of a difference is
far narrower than the two intervals of the figures, and overlapping intervals are no test.

Sources: Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979,
https://doi.org/10.1214/aos/1176344552; mean IoU as in :mod:`segkit.masks.metrics`.
"""

from dataclasses import dataclass

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say

ROUNDS = 2000
ENDS = (2.5, 97.5)  # percentiles


@dataclass(frozen=True)
class Estimate:
    """A figure of a set of photos, and the ends of its 95 % interval.

    Attributes:
        value, low, high: from 0 to 1, or the difference of two such figures.
    """

    value: float
    low: float
    high: float

    @property
    def shown(self):
        """Whether 0 lies outside of the interval: for a difference, that the photos show one."""
        return self.low > 0 or self.high < 0


def estimate(matrices, classes=None, rounds=ROUNDS, seed=0):
    """Mean IoU of a set of photos with its interval.

    Args:
        matrices: (N, C, C) confusion matrices, one for each photo, true classes in the rows.
        classes: list of the class indices that count; None: all that occur in truth.
        rounds: how many draws.
        seed: of the draws.

    Returns:
        :class:`Estimate`

    Raises:
        SegkitError: no photo, an array of another shape, or NaN in it.
    """
    matrices = _checked(matrices)
    found = _mean_ious(matrices, _draws(len(matrices), rounds, seed), classes)
    return _estimate(found)


def gain(first, second, classes=None, rounds=ROUNDS, seed=0):
    """What ``second`` gains over ``first`` in mean IoU on the same photos: a paired interval.

    Args:
        first, second: (N, C, C) confusion matrices of two models, the photos in the same order.
        classes, rounds, seed: as for :func:`estimate`.

    Returns:
        :class:`Estimate`; a value above 0 speaks for ``second``.

    Raises:
        SegkitError: as there, and where the two are not of the same photos.
    """
    first, second = _checked(first), _checked(second)
    if first.shape != second.shape or (first.sum(axis=2) != second.sum(axis=2)).any():
        raise SegkitError(say("the matrices of the two models are not of the same photos in the same order; "
                              "take both from one set of segkit.models.confusions"))
    counts = _draws(len(first), rounds, seed)
    return _estimate(_mean_ious(second, counts, classes) - _mean_ious(first, counts, classes))


def _checked(matrices):
    matrices = np.asarray(matrices)
    if matrices.ndim != 3 or not len(matrices) or matrices.shape[1] != matrices.shape[2]:
        raise SegkitError(say("an array of shape {shape} holds no confusion matrices; give (photos, classes, "
                              "classes)", shape=matrices.shape))
    if np.isnan(matrices).any():
        raise SegkitError(say("the confusion matrices hold NaN (not a number) in place of counts; leave out "
                              "the photos that were not counted"))
    return matrices


def _draws(photos, rounds, seed):
    """(1 + rounds, photos): how often each photo counts; in the first row each counts once."""
    drawn = np.random.default_rng(seed).multinomial(photos, np.full(photos, 1 / photos), rounds)
    return np.vstack([np.ones((1, photos), int), drawn])


def _mean_ious(matrices, counts, classes):
    """(draws,) mean IoU of the summed matrices of each draw, over the true classes that count."""
    # Whole numbers below 2 ** 53 are exact as float64, and products of those use all of the CPU.
    flat = matrices.reshape(len(matrices), -1).astype(np.float64)
    summed = (counts.astype(np.float64) @ flat).reshape(-1, *matrices.shape[1:])
    hit = np.diagonal(summed, axis1=1, axis2=2)
    true = summed.sum(axis=2)
    union = true + summed.sum(axis=1) - hit
    counted = true > 0
    if classes is not None:
        counted &= np.isin(np.arange(true.shape[1]), classes)
    ious = np.divide(hit, union, out=np.zeros_like(hit), where=counted)
    with np.errstate(invalid="ignore"):  # a draw without any of the classes has no mean
        return ious.sum(axis=1) / counted.sum(axis=1)


def _estimate(found):
    low, high = np.nanpercentile(found[1:], ENDS)
    return Estimate(float(found[0]), float(low), float(high))
