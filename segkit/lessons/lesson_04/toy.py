"""A toy in which one atrous rate cannot be enough: name the size of each drawn disc.

Each picture is a map of discs of five sizes, and each cell of a disc has to say which size its disc
has. A network sees what the branches of DeepLab v2 see: nine cells around it for each rate. The
branches' class scores are added. It is trained here, in seconds, with NumPy.

Sources: Chen et al., DeepLab v2, https://arxiv.org/abs/1606.00915, section 3.2 (the branches);
Kingma and Ba, Adam, https://arxiv.org/abs/1412.6980, algorithm 1.
"""

from dataclasses import dataclass

import numpy as np

from segkit.lessons.lesson_04 import experiments

SIDE = 41  # cells of a picture, along each side
RADII = (1.3, 2.6, 4.4, 6.6, 9.4)  # of the five sizes, in cells
HIDDEN = 32  # numbers between the taps and the scores, of all branches together


def pictures(count, seed=0):
    """Drawn discs that do not touch.

    Returns:
        (count, SIDE, SIDE) bool: the discs; and (count, SIDE, SIDE) int: 0 for the ground, 1 to 5
        for the size of the disc that covers the cell.
    """
    rng = np.random.default_rng(seed)
    sizes = np.zeros((count, SIDE, SIDE), int)
    rows, columns = np.indices((SIDE, SIDE))
    for picture in sizes:
        for size in rng.permutation(np.repeat(np.arange(1, 6), 2)):
            row, column = rng.uniform(0, SIDE, 2)
            away = np.hypot(rows - row, columns - column)
            if not picture[away < RADII[size - 1] + 2].any():
                picture[away < RADII[size - 1]] = size
    return sizes > 0, sizes


def seen(discs, rate):
    """What the nine taps of a rate see at each cell: (count, SIDE, SIDE, 9) float64."""
    padded = np.pad(discs, ((0, 0), (rate, rate), (rate, rate))).astype(float)
    cells, _ = experiments.taps(rate, rate, rate, (9 ** 9, 9 ** 9))
    return np.stack([padded[:, i:i + SIDE, j:j + SIDE] for i, j in cells], axis=-1)


@dataclass(eq=False)
class Network:
    """Branches side by side; each is 9 taps -> hidden numbers -> 6 scores, and the scores add up.

    Attributes:
        rates: of the branches.
        parameters: a flat list: for each branch its (9, h) kernel, (h,) bias, (h, 6) classifier.
    """

    rates: tuple
    parameters: list

    def scores(self, taps):
        """(cells, 6) scores from {rate: (cells, 9)}, and what the gradient needs."""
        total, kept = 0, []
        for place, rate in enumerate(self.rates):
            kernel, bias, classifier = self.parameters[3 * place:3 * place + 3]
            hidden = np.maximum(taps[rate] @ kernel + bias, 0)
            total = total + hidden @ classifier
            kept.append((taps[rate], hidden))
        return total, kept

    def classes(self, discs):
        """The size that each cell is given: (count, SIDE, SIDE) int."""
        taps = {rate: seen(discs, rate).reshape(-1, 9) for rate in self.rates}
        return self.scores(taps)[0].argmax(axis=1).reshape(discs.shape)


def train(rates, discs, sizes, steps=250, cells=4000, speed=0.02, seed=0):
    """Train the branches of these rates together; all networks have the same number of weights.

    Args:
        rates: tuple of 1, 2 or 4 rates.
        discs, sizes: from :func:`pictures`.
        steps: of Adam.
        cells: how many cells, drawn anew, each step looks at.
        speed: how far a step goes.
        seed: of the first weights and of the cells.

    Returns:
        :class:`Network`
    """
    rng, width = np.random.default_rng(seed), HIDDEN // len(rates)
    network = Network(tuple(rates), [
        array for _ in rates for array in (rng.normal(0, 0.5, (9, width)), np.zeros(width),
                                           rng.normal(0, 0.3, (width, 6)))])
    taps = {rate: seen(discs, rate).reshape(-1, 9) for rate in rates}
    wanted, moments = sizes.ravel(), [(0.0, 0.0)] * len(network.parameters)
    for step in range(1, steps + 1):
        drawn = rng.integers(0, len(wanted), cells)
        gradients = _gradients(network, {rate: taps[rate][drawn] for rate in rates}, wanted[drawn])
        for place, gradient in enumerate(gradients):
            mean, square = moments[place]
            mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient ** 2
            moments[place] = mean, square
            root = np.sqrt(square / (1 - 0.99 ** step)) + 1e-8
            network.parameters[place] -= speed * mean / (1 - 0.9 ** step) / root
    return network


def _gradients(network, taps, wanted):
    """The gradient of the mean cross-entropy, one array for each parameter."""
    scores, kept = network.scores(taps)
    wrong = np.exp(scores - scores.max(axis=1, keepdims=True))
    wrong /= wrong.sum(axis=1, keepdims=True)  # softmax; less 1 at the right class: the gradient
    wrong[np.arange(len(wanted)), wanted] -= 1
    wrong /= len(wanted)
    found = []
    for place, (nine, hidden) in enumerate(kept):
        back = (wrong @ network.parameters[3 * place + 2].T) * (hidden > 0)
        found += [nine.T @ back, back.sum(axis=0), hidden.T @ wrong]
    return found
