"""The figure of batch normalisation's folding; see :mod:`segkit.plots` for the rules."""

import numpy as np

from segkit import plots
from segkit.languages import say

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
            say("convolution alone"), say("convolution, batch norm"), say("one folded convolution"))):
        plots.panel(place, values, title, cmap=MAPS, vmin=every.min(), vmax=every.max())
    bar = new.colorbar(axes[0, -1].images[0], ax=list(axes[0]), shrink=0.85)
    bar.ax.tick_params(labelsize=8)
    difference = np.abs(normed - folded).max()
    words = say("by less than 0.001") if difference < 1e-3 else say(
        "by up to {difference:.2g}", difference=difference)
    return plots.show(new, say("One channel of {rows} x {columns} cells, three times. After the convolution "
                               "alone it runs from {lowest:.1f} to {highest:.1f}; after the batch norm from "
                               "{lowest2:.1f} to {highest2:.1f}. The folded convolution differs from that "
                               "{words}.", rows=alone.shape[0], columns=alone.shape[1], lowest=alone.min(),
                               highest=alone.max(), lowest2=normed.min(), highest2=normed.max(), words=words))
