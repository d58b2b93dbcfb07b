"""The figure of a file's first bytes; see :mod:`segkit.plots` for the rules."""

from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import say, sentence
from segkit.lessons.lesson_07 import layout
from segkit.plots import INK

ACROSS = 16  # bytes in a row
COLOURS = {"root offset": "#F5C97A", "identifier": "#9FD3C7", "vtable": "#C9D7F0",
           "way back": "#E8B4A0", "field": "#E3C7E0"}


def first_bytes(name, content, rows=5):
    """A hex dump of a model file's first bytes, in the colours of what they are.

    Args:
        name: of the file.
        content: its bytes.
        rows: of 16 bytes.
    """
    parts = [part for part in layout.parts(content) if part.start < rows * ACROSS]
    new, axes = plots.figure(1, 0.3 * rows + 0.2 * len(parts) + 0.3)
    place = axes[0, 0]
    kinds = {byte: part.name for part in parts for byte in range(part.start, part.stop)}
    for at in range(rows * ACROSS):
        row, column = divmod(at, ACROSS)
        if at in kinds:
            place.add_patch(Rectangle((column, row), 1, 1, color=COLOURS[kinds[at]], linewidth=0))
        place.text(column + 0.5, row + 0.5, f"{content[at]:02x}", ha="center", va="center",
                   family="monospace", fontsize=9, color=INK)
        if not column:
            place.text(-0.4, row + 0.5, f"{at}", ha="right", va="center", fontsize=8,
                       color="#777777")
    for number, part in enumerate(parts):
        down = rows + 0.5 + 0.67 * number
        place.add_patch(Rectangle((0, down), 0.8, 0.5, color=COLOURS[part.name], linewidth=0))
        place.text(1.1, down + 0.25, say("{start} to {stop}", start=part.start,
                                         stop=part.stop - 1), va="center", fontsize=8)
        place.text(3.6, down + 0.25, say(part.name), va="center", fontsize=8)
        place.text(6.3, down + 0.25, part.value, va="center", fontsize=8)
    place.set(xlim=(-1.2, ACROSS), ylim=(rows + 0.5 + 0.67 * len(parts), -0.2))
    place.set_axis_off()
    told = sentence(f"{say(part.name)} ({part.value})" for part in parts)
    return plots.show(new, say("The first {count} bytes of {name}, which has {size:,}: {told}.",
                               count=rows * ACROSS, name=name, size=len(content), told=told))
