"""The style of all figures: one size, one palette, and words for those who do not see them.

A :class:`Picture` is what a lesson shows: the image, and the alt text as its
plain text. nbval compares plain text, so the numbers in an alt text are tested
each time a lesson runs. They are rounded so far that the last digits of
floating-point arithmetic, which differ between machines, do not show.
"""

import base64
import io
from html import escape

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import labels
from segkit.plots import fonts

fonts.ready()
WIDTH, DPI = 7.6, 100  # inches, dots per inch: every figure is 760 pixels wide
INK = "#222222"
# The palette of M. Okabe and K. Ito, safe for colour-blind readers: https://jfly.uni-koeln.de/color/
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE, BLACK = "#0072B2", "#D55E00", "#CC79A7", "#000000"
PALETTE = (ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE, BLACK)


def rgb(colour):
    """(red, green, blue), each 0 to 255, of a colour such as :data:`BLUE`, for pixels."""
    return tuple(bytes.fromhex(colour.lstrip("#")))


class Picture:
    """An image and its alt text, as Jupyter shows them.

    Attributes:
        png: the image as the bytes of a PNG file.
        alt: what it shows, in one or two sentences.
        gif: the bytes of an animated GIF, or None.
    """

    def __init__(self, png, alt, gif=None):
        if not str(alt).strip():
            raise SegkitError(say("a picture needs an alt text that says what it shows"))
        self.png, self.alt, self.gif = png, str(alt), gif

    def _repr_mimebundle_(self, include=None, exclude=None):
        """All forms at once; nbconvert reads the "alt" of the metadata."""
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.alt}
        if self.gif:  # no front end ranks image/gif above image/png, but all rank HTML above it
            code = base64.b64encode(self.gif).decode()
            data["text/html"] = f'<img src="data:image/gif;base64,{code}" alt="{escape(self.alt)}">'
        return data, {"image/png": {"alt": self.alt}}

    def __repr__(self):
        return self.alt


def show(figure, alt):
    """Turn a Matplotlib figure into a :class:`Picture`; ``alt`` says what it shows."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return Picture(file.getvalue(), alt)


def figure(columns=1, height=2.8, rows=1, **grid):
    """An empty figure of the usual width.

    Args:
        columns, rows: how many axes.
        height: in inches.
        grid: for :meth:`matplotlib.figure.Figure.subplots`.

    Returns:
        (figure, (rows, columns) array of axes)
    """
    fonts.ready()  # once more: the language of a test is another one than that of the process
    new = Figure(figsize=(WIDTH, height), layout="constrained")
    return new, new.subplots(rows, columns, squeeze=False, **grid)


def panel(axes, image, title, **options):
    """Show an image without ticks, its title above it, in the reader's language where it is a known message."""
    axes.imshow(image, interpolation="nearest", **options)
    axes.set_title(fitted(say(title), axes, 9), fontsize=9, color=INK)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#BBBBBB")


def fitted(words, axes, size, share=1):
    """Words with a new line where one would be wider than the column of a figure that an axes stands in.

    Other languages take more room than English. A word alone is never broken.

    Args:
        words: str; its own lines stay.
        axes: one of those of :func:`figure`.
        size: of the letters, in points.
        share: how much of the column is free for them; numbers and labels beside an axes take the rest.
    """
    grid = axes.get_gridspec()
    if grid is None:  # an axes by itself, wherever it was put
        return words
    widths, own = grid.get_width_ratios(), axes.get_subplotspec().colspan
    room = share * WIDTH * DPI * sum(widths[own.start:own.stop]) / sum(widths)
    renderer, font = RendererAgg(1, 1, DPI), FontProperties(size=size)
    lines = []
    for line in words.split("\n"):
        lines.append("")
        for word in line.split(" "):
            longer = f"{lines[-1]} {word}".lstrip()
            if lines[-1] and renderer.get_text_width_height_descent(longer, font, ismath=False)[0] > room:
                lines.append(word)
            else:
                lines[-1] = longer
    return "\n".join(lines)


def plain(axes):
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)


def class_colour(index):
    """(red, green, blue) from 0 to 1 as bars and patches show a class; background is white."""
    if index == labels.BACKGROUND:
        return (1, 1, 1)  # overlays leave the background as it is
    return tuple(labels.screen_palette()[index] / 255)
