"""Figures of DeepLab v3's parts; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots
from segkit.languages import sentence
from segkit.masks.words import percent
from segkit.plots import INK

MAPS = "cividis"


def alike(vectors):
    """How much the image features of photos are alike: the correlation of each pair.

    Args:
        vectors: dictionary from the name of a photo to (C,) numbers.
    """
    names = list(vectors)
    pairs = np.corrcoef(list(vectors.values()))
    new, axes = plots.figure(1, 0.36 * len(names) + 0.5)
    place = axes[0, 0]
    shown = np.ma.masked_array(pairs, np.eye(len(names), dtype=bool))  # each with itself: 1
    place.imshow(shown, cmap=MAPS, vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(pairs):
        if row != column:
            place.text(column, row, _tenths(value), ha="center", va="center", fontsize=9,
                       color=INK if value > 0 else "white")
    place.set_xticks(range(len(names)), names)
    place.set_yticks(range(len(names)), names)
    place.tick_params(labelsize=8, colors=INK, length=0)
    place.spines[:].set_visible(False)
    ordered = sorted((pairs[i, j], f"{names[j]} and {names[i]}")
                     for i in range(len(names)) for j in range(i))
    return plots.show(new, f"Correlation of the {vectors[names[0]].size} image features of "
                           f"{len(names)} photos, for each pair: least alike {ordered[0][1]} with "
                           f"{_tenths(ordered[0][0])}, most alike {ordered[-1][1]} with "
                           f"{_tenths(ordered[-1][0])}.")


def switched(rows):
    """How much of each mask changes when a branch is switched off.

    Args:
        rows: dictionary from branch to {photo: share of changed pixels, 0 to 1}.
    """
    branches, names = list(rows), list(next(iter(rows.values())))
    shares = np.array([[rows[branch][name] for name in names] for branch in branches])
    new, axes = plots.figure(1, 0.42 * len(branches) + 0.5)
    axes = axes[0, 0]
    axes.imshow(shares, cmap=MAPS, vmin=0, vmax=shares.max(), aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, percent(share), ha="center", va="center", fontsize=8,
                  color=INK if share > shares.max() / 2 else "white")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(branches)), branches)
    axes.tick_params(labelsize=8, colors=INK, length=0)
    axes.spines[:].set_visible(False)
    told = [f"{branch} {percent(np.median(shares[row]))} (most on {names[shares[row].argmax()]}, "
            f"{percent(shares[row].max())})" for row, branch in enumerate(branches)]
    return plots.show(new, "Pixels that get another class when one branch is switched off, in the "
                           f"median of {len(names)} photos: {sentence(told)}.")


def _tenths(number):
    """A number with one decimal place, and no minus before 0.0."""
    return f"{round(float(number), 1) + 0.0:.1f}"


def paths(grids):
    """Which cells a stack of atrous layers reads, and over how many paths.

    Args:
        grids: dictionary from title to the (n, n) counts of :func:`segkit.reference.gridding`.
    """
    largest = max(len(counts) for counts in grids.values())
    new, axes = plots.figure(len(grids), 2.9)
    told = []
    for place, (title, counts) in zip(axes[0], grids.items()):
        margin = (largest - len(counts)) // 2
        shown = np.pad(counts, margin).astype(float)
        shown[shown == 0] = np.nan  # cells that are not read stay white
        plots.panel(place, np.log2(shown), title, cmap=MAPS + "_r")
        seen = (counts > 0).sum()
        place.set_xlabel(f"{len(counts)} cells wide, {seen} read", fontsize=8, color=INK)
        told.append(f"{title}: {len(counts)} x {len(counts)} cells, {seen} of them read "
                    f"({percent(seen / counts.size)})")
    return plots.show(new, "What one output of a stack of atrous 3 x 3 layers reads. "
                           f"{'; '.join(told)}.")


def heard(plain, other, words):
    """Two masks of one photo: as the head makes it, and with other image features.

    Args:
        plain, other: :class:`segkit.networks.segmenter.Segmentation` of the same photo.
        words: where the image features of the second one come from.
    """
    drawn = plots.compare(plain.photo, {"as it is": plain.mask, words: other.mask})
    changed = (plain.mask != other.mask).mean()
    return plots.Picture(drawn.png, f"As it is: {plots.shares_in_words(plain)}. With {words}: "
                                    f"{plots.shares_in_words(other)}; {percent(changed)} of the "
                                    "pixels changed.")
