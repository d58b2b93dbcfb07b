"""A colour for each kind of operator, the same in all figures."""

from segkit.graph.costs import KINDS
from segkit.plots.style import BLUE, GREEN, ORANGE, VERMILION

# From dark to light enough that grey print keeps them apart.
KIND_COLOURS = dict(zip(KINDS, (BLUE, VERMILION, ORANGE, GREEN, "#BBBBBB")))
