"""Figures of DeepLab v3's parts; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots
from segkit.masks.words import percent, sentence
from segkit.plots import BLUE, INK, ORANGE

MAPS = "cividis"


def image_features(pictures, vectors):
    """Photos, and below each the numbers that the image branch makes of it.

    Args:
        pictures: dictionary from name to (H, W, 3) uint8 RGB.
        vectors: dictionary from name to (128,) numbers, laid out as 8 rows of 16.
    """
    new, axes = plots.figure(len(pictures), 3.3, 2, height_ratios=(1.35, 1))
    high = max(vector.max() for vector in vectors.values())
    for place, below, (name, picture) in zip(axes[0], axes[1], pictures.items()):
        plots.panel(place, picture, name)
        vector = vectors[name]
        plots.panel(below, vector.reshape(8, -1), "", cmap=MAPS, vmin=0, vmax=high)
        below.set_xlabel(f"{(vector > 0).sum()} of {vector.size} over 0", fontsize=8, color=INK)
    bar = new.colorbar(axes[1, -1].images[0], ax=list(axes.flat), shrink=0.6)
    bar.ax.tick_params(labelsize=8)
    names = list(vectors)
    alike = [f"{one} and {other} {np.corrcoef(vectors[one], vectors[other])[0, 1]:.1f}"
             for place, one in enumerate(names) for other in names[place + 1:]]
    return plots.show(new, f"The {len(vectors[names[0]])} numbers that the image branch makes of "
                           f"each of {len(names)} photos. Their correlation: {sentence(alike)}.")


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


def channels(before, after):
    """Mean and standard deviation of each channel, before and after a normalisation.

    Args:
        before, after: (cells, C) features.
    """
    new, axes = plots.figure(1, 2.9)
    axes, told = axes[0, 0], []
    for values, title, colour, marker in ((before, "before", ORANGE, "o"),
                                          (after, "after", BLUE, "X")):
        mean, spread = values.mean(axis=0), values.std(axis=0)
        axes.plot(mean, spread, marker, ms=4 if title == "before" else 9, color=colour, mec="white",
                  mew=0.5, ls="none", label=f"{title}: {len(mean)} channels")
        told.append(f"{title}, the means run from {_tenths(mean.min())} to {_tenths(mean.max())} "
                    f"and the standard deviations from {_tenths(spread.min())} to "
                    f"{_tenths(spread.max())}")
    axes.set(ylim=(0, None))
    axes.set_xlabel("mean of the channel", fontsize=8)
    axes.set_ylabel("its standard deviation", fontsize=8)
    axes.legend(fontsize=8, frameon=False, loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1))
    plots.plain(axes)
    return plots.show(new, f"The {len(mean)} channels of the features: {'; '.join(told)}.")


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
