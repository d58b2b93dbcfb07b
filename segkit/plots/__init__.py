"""Figures of one size and one palette, each with alt text that states the finding.

The style is in :mod:`segkit.plots.style`; its names, and the figures that several
lessons share, are names of this package: ``plots.figure``, ``plots.compare``.
"""

from segkit import lazily
from segkit.masks.paint import paint, paint_flat
from segkit.plots.overviews import classes, course, gallery
from segkit.plots.segmentations import (
    SMALLEST,
    compare,
    legend,
    overlays,
    result,
    shares_in_words,
    size_in_words,
)
from segkit.plots.style import (
    BLACK,
    BLUE,
    DPI,
    GREEN,
    INK,
    ORANGE,
    PALETTE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    YELLOW,
    Picture,
    class_colour,
    figure,
    panel,
    plain,
    rgb,
    show,
)

__all__ = ["BLACK", "BLUE", "DPI", "GREEN", "INK", "ORANGE", "PALETTE", "PURPLE", "Picture", "SKY",
           "SMALLEST", "VERMILION", "WIDTH", "YELLOW", "class_colour", "classes", "compare",
           "course", "figure", "gallery", "legend", "overlays", "paint", "paint_flat", "panel", "plain",
           "result", "rgb", "shares_in_words", "show", "size_in_words"]
__getattr__, __dir__ = lazily(__name__, __path__)
