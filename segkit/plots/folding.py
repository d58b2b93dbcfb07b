"""The figure of batch normalisation's folding; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots

MAPS = "cividis"  # a colour map that colour-blind readers see as others do


def folding(alone, normed, folded):
    """One channel after a convolution, after its batch norm, and after the folded convolution.

    All three have one scale of colours, so that the norm's work is seen.

    Args:
        alone, normed, folded: (h, w) maps.
    """
    every = np.stack([alone, normed, folded])
    new, axes = plots.figure(3, 2.6)
    for place, values, title in zip(axes[0], every, (
            "convolution alone", "convolution, batch norm", "one folded convolution")):
        plots.panel(place, values, title, cmap=MAPS, vmin=every.min(), vmax=every.max())
    bar = new.colorbar(axes[0, -1].images[0], ax=list(axes[0]), shrink=0.85)
    bar.ax.tick_params(labelsize=8)
    difference = np.abs(normed - folded).max()
    words = "by less than 0.001" if difference < 1e-3 else f"by up to {difference:.2g}"
    return plots.show(new, f"One channel of {alone.shape[0]} x {alone.shape[1]} cells, three "
                           f"times. After the convolution alone it runs from {alone.min():.1f} "
                           f"to {alone.max():.1f}; after the batch norm from {normed.min():.1f} "
                           f"to {normed.max():.1f}. The folded convolution differs from that "
                           f"{words}.")
