"""The head of a taught class: one number for each channel, found by logistic regression."""

from dataclasses import dataclass

import numpy as np

from segkit.networks.teaching.features import enlarged

SMALLEST = 1e-4  # share of a step that is still tried


def logistic_regression(rows, labels, weights=None, strength=10.0, start=None, steps=30, offset=0.0):
    """The linear score whose sigmoid fits the labels best, by Newton's method.

    What is smallest there: the weighted sum of the rows' cross entropies, and ``strength`` / 2
    times the sum of the squared weights (not of the bias). It has one minimum, so the answer does
    not depend on the start.
    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, section 4.4.1.

    Args:
        rows: (n, d) float32 features, about 1 in size.
        labels: (n,) from 0 to 1.
        weights: (n,) how much each row counts; None: 1.
        strength: of the regularisation.
        start: (d + 1,) an answer for similar rows, to begin with.
        steps: at most so many.
        offset: (n,) a part of each row's score that is known already.

    Returns:
        (d + 1,) float64: the weights and, last, the bias.
    """
    rows = np.c_[rows, np.ones(len(rows), rows.dtype)]
    weights = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    penalty = np.r_[np.full(rows.shape[1] - 1, strength), 1e-3]  # a little, or one class alone has no minimum
    found = np.zeros(rows.shape[1]) if start is None else np.array(start, np.float64)

    def scored(found):
        """(scores, what is to be small)"""
        score = (rows @ found.astype(rows.dtype)).astype(np.float64) + offset
        return score, (weights * (np.logaddexp(0, score) - labels * score)).sum() + penalty @ found ** 2 / 2

    score, loss = scored(found)
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
        slope = rows.T @ (weights * (chance - labels)).astype(rows.dtype) + penalty * found
        bend = (rows.T * (weights * chance * (1 - chance)).astype(rows.dtype)) @ rows + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while share > SMALLEST:  # a whole step may lead over the valley and up the other side
            score, new = scored(found - share * step)
            if new <= loss:
                break
            share /= 2
        if share <= SMALLEST or loss - new < 1e-6 * loss:
            return found if share <= SMALLEST else found - share * step
        found, loss = found - share * step, new
    return found


@dataclass(frozen=True, eq=False)
class Head:
    """The score of one class: a weighted sum of a place's features.

    Attributes:
        weights: one (channels,) float32 array for each map of the trunk.
        bias: a number.
    """

    weights: tuple
    bias: float

    @classmethod
    def fitted(cls, rows, labels, weights, offset, channels, strength=10.0, start=None):
        """The head that logistic regression finds, and the answer to start the next one with.

        The features get mean 0 and standard deviation 1 first; what that takes is folded into the
        weights, so that a device calculates nothing of it.

        Args:
            channels: how many columns of ``rows`` belong to each map.
        """
        mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        found = logistic_regression((rows - mean) / spread, labels, weights, strength, start, offset=offset)
        flat = found[:-1] / spread
        parts = np.split(flat.astype(np.float32), np.cumsum(channels)[:-1])
        return cls(tuple(parts), float(found[-1] - flat @ mean)), found

    def score(self, seen):
        """The score of each cell of the finest map: how far the class lies above background.

        Args:
            seen: :class:`segkit.networks.teaching.features.Seen`.

        Returns:
            (n, n) float32.
        """
        parts = [enlarged(one @ weights, seen.count) for one, weights in zip(seen.maps, self.weights)]
        return sum(parts) + np.float32(self.bias)
