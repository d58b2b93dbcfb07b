"""Strokes of a brush on a photo: drawn, erased, taken back; and the scribbles that they make."""

from dataclasses import dataclass

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS, UNMARKED, load_scribbles


@dataclass(frozen=True)
class Stroke:
    """One stroke.

    Attributes:
        points: tuple of (x, y) in pixels of the photo.
        kind: 2 the class, 1 not the class, 0 the eraser.
        width: in pixels of the photo.
    """

    points: tuple
    kind: int
    width: int


class Strokes:
    """The strokes on one photo, in their order.

    Args:
        size: (H, W) of the photo.

    Attributes:
        done: list of :class:`Stroke`.
    """

    def __init__(self, size):
        self.size, self.done, self._base = tuple(size), [], np.zeros(size, np.uint8)

    def add(self, points, kind, width=5):
        """Draw a line through points (x, y), in pixels of the photo.

        Raises:
            SegkitError: no points, or another kind or width than there is.
        """
        try:
            line = tuple((float(x), float(y)) for x, y in points)
        except (TypeError, ValueError):
            line = ()
        if not line or not np.isfinite(line).all():
            raise SegkitError(say("a stroke is a list of points (x, y) in pixels, not {points!r}",
                                  points=points))
        if kind not in (UNMARKED, NOT_CLASS, CLASS) or isinstance(width, bool) or not 1 <= width <= 500:
            raise SegkitError(say("a stroke has the kind 0, 1 or 2 and a width from 1 to 500, not {kind!r} "
                                  "and {width!r}", kind=kind, width=width))
        self.done.append(Stroke(line, int(kind), int(width)))

    def undo(self):
        """Take the last stroke back; the scribbles that were loaded stay. Whether there was one."""
        return bool(self.done) and bool(self.done.pop())

    def load(self, scribbles):
        """Begin again with scribbles, see :func:`segkit.networks.teaching.load_scribbles`."""
        self._base = load_scribbles(scribbles, self.size)
        self.done = []

    def marks(self):
        """The scribbles: (H, W) uint8."""
        marks = self._base.copy()
        for stroke in self.done:
            line = np.rint(np.array(stroke.points)).astype(np.int32)
            line = line.repeat(2, axis=0) if len(line) == 1 else line  # OpenCV draws no line of one point
            cv2.polylines(marks, [line[:, None]], False, int(stroke.kind), stroke.width)
        return marks
