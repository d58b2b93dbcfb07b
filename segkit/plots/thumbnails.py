"""A small drawing for each lesson, for the map of the course: what the lesson is about, in a few shapes."""

from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle

from segkit.plots.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, YELLOW

SIZE = (3, 2)  # width and height of every drawing, in its own units
PAPER = "white"


def draw(axes, number):
    """Draw the thumbnail of a lesson.

    Args:
        axes: a Matplotlib axes of its own; it gets the limits and no frame.
        number: of the lesson, "00" to "11"; others get none.
    """
    axes.set(xlim=(0, SIZE[0]), ylim=(0, SIZE[1]), aspect="equal")
    axes.set_axis_off()
    for shape in _SHAPES.get(number, list)():
        axes.add_patch(shape)


def _box(x, y, width, height, colour, **line):
    return Rectangle((x, y), width, height, facecolor=colour, **line)


def _dots(reach, colour, size=0.13):
    """The nine weights of a kernel, ``reach`` apart."""
    steps = (-reach, 0, reach)
    return [Circle((1.5 + x, 1 + y), size, color=colour) for x in steps for y in steps]


def _mask():
    return [_box(0, 0, 3, 2, PAPER), Circle((1.5, 1), 0.75, color=ORANGE)]


def _three_tasks():
    return [*_mask(), _box(0.7, 0.2, 1.6, 1.6, "none", edgecolor=BLUE, linewidth=1.5)]


def _classes():
    colours = {**dict.fromkeys([(2, 1), (2, 2), (3, 1), (3, 2)], ORANGE),
               **dict.fromkeys([(4, 0), (5, 0), (5, 1)], GREEN)}
    return [_box(0.5 * x, 0.5 * y, 0.44, 0.44, colours.get((x, y), PAPER)) for x in range(6) for y in range(4)]


def _one_rate():
    return [_box(0, 0, 3, 2, PAPER), *_dots(0.7, BLUE)]


def _rates():
    kernels = ((0.8, PURPLE), (0.52, GREEN), (0.26, BLUE))
    return [_box(0, 0, 3, 2, PAPER), *(dot for reach, colour in kernels for dot in _dots(reach, colour, 0.11))]


def _whole_photo():
    return [_box(0, 0, 3, 2, YELLOW), *_dots(0.7, BLUE, 0.11), Circle((1.5, 1), 0.26, color=VERMILION)]


def _outlines():
    steps = [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1), (1, 1.5), (1.5, 1.5), (1.5, 0)]
    smooth = [(1.5 + 1.5 * t / 10, 1.5 * (1 - (t / 10) ** 2) ** 0.5) for t in range(11)]
    return [_box(0, 0, 3, 2, PAPER), Polygon(steps, color=SKY), Polygon([(1.5, 0), *smooth], color=ORANGE)]


def _file():
    rows = ((2.9, BLUE), (2.1, ORANGE), (2.9, BLUE), (1.2, GREEN), (2.5, BLUE))
    return [_box(0, 1.65 - 0.4 * row, width, 0.3, colour) for row, (width, colour) in enumerate(rows)]


def _phone():
    body = FancyBboxPatch((1.0, 0.1), 1.0, 1.8, boxstyle="round,pad=0,rounding_size=0.18",
                          facecolor=PAPER, edgecolor=INK)
    return [body, Circle((1.5, 1.05), 0.38, color=ORANGE)]


def _times():
    heights = (0.6, 0.8, 0.55, 0.7, 1.6, 0.62, 0.75, 0.58)
    return [_box(0, 0.66, 3, 0.05, INK), *(Circle((0.2 + 0.37 * i, height), 0.11, color=BLUE)
                                           for i, height in enumerate(heights))]


def _smaller():
    return [_box(0, 0.1, 1.7, 1.7, SKY), _box(2.0, 0.1, 0.85, 0.85, BLUE)]


def _new_class():
    return [_box(0, 0, 3, 2, PAPER), Circle((1.1, 1), 0.7, color=GREEN), _box(2.15, 0.92, 0.7, 0.16, INK),
            _box(2.42, 0.65, 0.16, 0.7, INK)]


_SHAPES = {"00": _mask, "01": _three_tasks, "02": _classes, "03": _one_rate, "04": _rates, "05": _whole_photo,
           "06": _outlines, "07": _file, "08": _phone, "09": _times, "10": _smaller, "11": _new_class}
