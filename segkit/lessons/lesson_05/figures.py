"""Figures of DeepLab v3's parts; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots
from segkit.languages import digits, say, sentence
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
    ordered = sorted((pairs[i, j], say("{first} and {second}", first=names[j], second=names[i]))
                     for i in range(len(names)) for j in range(i))
    return plots.show(new, say("Correlation of the {size} image features of {count} photos, for each pair: "
                               "least alike {first} with {least}, most alike {last} with {most}.",
                               size=vectors[names[0]].size, count=len(names), first=ordered[0][1],
                               least=_tenths(ordered[0][0]), last=ordered[-1][1],
                               most=_tenths(ordered[-1][0])))


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
    axes.set_yticks(range(len(branches)), map(say, branches))
    axes.tick_params(labelsize=8, colors=INK, length=0)
    axes.spines[:].set_visible(False)
    told = [say("{branch} {median} (most on {name}, {highest})", branch=say(branch),
                median=percent(np.median(shares[row])), name=names[shares[row].argmax()],
                highest=percent(shares[row].max())) for row, branch in enumerate(branches)]
    return plots.show(new, say("Pixels that get another class when one branch is switched off, in the median "
                               "of {count} photos: {listed}.", count=len(names), listed=sentence(told)))


def _tenths(number):
    """A number with one decimal place, and no minus before 0.0."""
    return digits(round(float(number), 1) + 0.0, ".1f")


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
        place.set_xlabel(say("{counts} cells wide, {seen} read", counts=len(counts),
                             seen=seen), fontsize=8, color=INK)
        told.append(say("{title}: {counts} x {counts} cells, {seen} of them read ({share})", title=say(title),
                        counts=len(counts), seen=seen, share=percent(seen / counts.size)))
    return plots.show(new, say("What one output of a stack of atrous 3 x 3 layers reads. {listed}.",
                               listed="; ".join(told)))


def heard(plain, other, words):
    """Two masks of one photo: as the head makes it, and with other image features.

    Args:
        plain, other: :class:`segkit.networks.segmenter.Segmentation` of the same photo.
        words: where the image features of the second one come from.
    """
    drawn = plots.compare(plain.photo, {say("as it is"): plain.mask, words: other.mask})
    changed = (plain.mask != other.mask).mean()
    return plots.Picture(drawn.png, say("As it is: {shares}. With {words}: {shares2}; {changed} of the pixels "
                                        "changed.", shares=plots.shares_in_words(plain), words=words,
                                        shares2=plots.shares_in_words(other), changed=percent(changed)))
