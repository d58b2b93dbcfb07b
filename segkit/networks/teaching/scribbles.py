"""Marks on a photo: which pixels are the class, which are not, and where they lie on the network's grid."""

import io

import numpy as np

from segkit.errors import SegkitError, one_line, whole_file
from segkit.languages import say

UNMARKED, NOT_CLASS, CLASS = 0, 1, 2


def load_scribbles(source, size=None):
    """Scribbles as an array, checked.

    Args:
        source: the path of a PNG file with one byte a pixel, its bytes, or an array (H, W) of
            whole numbers: 0 not marked, 1 not the class, 2 the class.
        size: (H, W) of the photo; None: any.

    Returns:
        (H, W) uint8.

    Raises:
        SegkitError: no such file or picture, another size than the photo's, other values.
    """
    name = "the scribbles" if isinstance(source, (np.ndarray, bytes)) else one_line(source)
    marks = source if isinstance(source, np.ndarray) else _decoded(source, name)
    if marks.ndim != 2:
        raise SegkitError(say("{name}: one byte a pixel is needed, not shape {shape}; save them as a grey or "
                              "a paletted PNG", name=name, shape=marks.shape))
    if size is not None and marks.shape != tuple(size):
        raise SegkitError(say("{name}: {columns} x {rows} pixels, but the photo has {size} x {first}; they "
                              "must be the same", name=name, columns=marks.shape[1], rows=marks.shape[0],
                              size=size[1], first=size[0]))
    if marks.size and not np.isin(np.unique(marks), (UNMARKED, NOT_CLASS, CLASS)).all():
        raise SegkitError(say("{name}: values are 0 (not marked), 1 (not the class) and 2 (the class), not "
                              "{highest}", name=name, highest=int(marks.max())))
    return marks.astype(np.uint8)


def _decoded(source, name):
    from PIL import Image

    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return np.array(image)
    except Exception as error:
        raise SegkitError(say("{name} cannot be read as scribbles: {why}", name=name,
                              why=one_line(error))) from error


def save_scribbles(marks, target):
    """Write scribbles, (H, W) uint8, as a paletted PNG: grey, blue and orange for 0, 1 and 2.

    Raises:
        SegkitError: see :func:`load_scribbles`; the file cannot be written.
    """
    from PIL import Image

    image = Image.fromarray(load_scribbles(marks)).convert("P")
    image.putpalette([200, 200, 200, 60, 110, 200, 240, 140, 30])
    with whole_file(target) as draft:
        image.save(draft, format="PNG")
    return target


def on_grid(marks, side, count):
    """Scribbles on a grid over a network's map.

    The corners of the grid lie on the middles of the input's corner pixels, as the graphs' own
    resizes have it.

    Args:
        marks: (H, W) uint8, scribbles or a whole mask.
        side: of the model's input in pixels.
        count: points of the grid along each axis.

    Returns:
        (count, count) uint8 of the same three values; where marks of both kinds are nearest to a
        point the more frequent kind counts, and the class where they are equal.
    """
    rows, columns = np.nonzero(marks)
    cells = [np.clip(np.rint(((place + 0.5) * side / length - 0.5) * (count - 1) / (side - 1)), 0, count - 1)
             for place, length in ((rows, marks.shape[0]), (columns, marks.shape[1]))]
    flat = (cells[0] * count + cells[1]).astype(np.intp)
    kinds = marks[rows, columns]
    no, yes = (np.bincount(flat[kinds == kind], minlength=count * count) for kind in (NOT_CLASS, CLASS))
    found = np.where(yes >= no, CLASS, NOT_CLASS)
    found[yes + no == 0] = UNMARKED
    return found.reshape(count, count).astype(np.uint8)
