"""Figures of the toy with discs of five sizes; see :mod:`segkit.plots` for the rules."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import digits, say, sentence
from segkit.lessons.lesson_04 import toy
from segkit.masks import metrics
from segkit.plots import BLUE, GREEN, INK, ORANGE, PURPLE, SKY

SIZES = ListedColormap(["#F2F2F2", SKY, GREEN, ORANGE, PURPLE, BLUE])


def discs(truth, guesses):
    """One drawn picture: the true size of each disc, and what networks say.

    Args:
        truth: (SIDE, SIDE) int, 0 for the ground and 1 to 5 for the sizes.
        guesses: dictionary from title to such arrays.
    """
    panels = {say("true size"): truth, **guesses}
    new, axes = plots.figure(len(panels), plots.WIDTH / len(panels) + 0.55)
    told = []
    for place, (title, sizes) in zip(axes[0], panels.items()):
        right = (sizes == truth)[truth > 0].mean()
        plots.panel(place, sizes, title, cmap=SIZES, vmin=0, vmax=5)
        if title in guesses:
            place.set_xlabel(say("{right:.0f} % of the disc cells right",
                                 right=100 * right), fontsize=8, color=INK)
            told.append(f"{say(title)} {100 * right:.0f} %")
    handles = [Rectangle((0, 0), 1, 1, facecolor=SIZES(size), edgecolor=INK)
               for size in range(1, 6)]
    new.legend(handles, [say("radius {radius:g}",
                             radius=radius) for radius in toy.RADII], fontsize=8, frameon=False,
               loc="outside lower center", ncols=5)
    return plots.show(new, say("Drawn discs of {radii} sizes; of their cells, these shares get the right "
                               "size: {listed}.", radii=len(toy.RADII), listed=sentence(told)))


def known_sizes(tables):
    """Which network knows which size: IoU of each size, a row for each network.

    Args:
        tables: dictionary from title to a (6, 6) confusion matrix of the sizes, 0 the ground.
    """
    ious = np.array([metrics.iou_per_class(table)[1:] for table in tables.values()])
    new, axes = plots.figure(1, 0.4 * len(tables) + 0.7)
    place = axes[0, 0]
    place.imshow(ious, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), iou in np.ndenumerate(ious):
        place.text(column, row, f"{iou:.2f}", ha="center", va="center", fontsize=9,
                   color=INK if iou > 0.5 else "white")
    place.set_xticks(range(len(toy.RADII)), [say("radius {radius:g}", radius=radius) for radius in toy.RADII])
    place.set_yticks(range(len(tables)), tables)
    place.set_title(say("IoU of each size"), fontsize=9, color=INK)
    place.tick_params(labelsize=8, colors=INK, length=0)
    place.spines[:].set_visible(False)
    told = "; ".join(f"{say(title)}: {', '.join(digits(iou, '.1f') for iou in row)}"
                     for title, row in zip(tables, ious))
    return plots.show(new, say("IoU of the {radii} sizes, the smallest first. {told}.", radii=len(toy.RADII),
                               told=told))
