"""Marks in, a class out: :func:`teach` for all at once, :class:`Teacher` for stroke after stroke."""

from dataclasses import dataclass

import numpy as np

from segkit import photos
from segkit.errors import SegkitError, one_line
from segkit.graph.writing import write
from segkit.languages import say
from segkit.masks import resize
from segkit.networks.teaching.attach import attach, old_names
from segkit.networks.teaching.features import BASE, FeatureReader, Seen, enlarged
from segkit.networks.teaching.head import Head
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS, load_scribbles, on_grid
from segkit.networks.teaching.spread import SURE, spread

MOST_CLASSES = 256  # a mask has one byte a pixel
MOST_POINTS = 4000  # to learn from, of all photos together, and
LEAST_POINTS = 200  # of one photo, however many there are
QUICK_POINTS = 1000  # while somebody waits for an answer to a stroke
BACKGROUND_POINTS = 1000  # of each photo that does not show the class


def teach(name, examples, model=BASE, background=None, seed=0, alone=False):
    """Teach a model a class.

    Args:
        name: of the class.
        examples: list of (photo, scribbles): anything that :func:`segkit.photos.load` and
            :func:`segkit.networks.teaching.load_scribbles` take.
        model: a name in the catalogue, a file, or a
            :class:`segkit.networks.teaching.features.FeatureReader` that is open already.
        background: photos that do not show the class; None: the sample photos that are not among
            the examples.
        seed: chooses the points that are learned from.
        alone: forget the old classes: the answer is "background" and the class.

    Returns:
        :class:`Taught`.

    Raises:
        SegkitError: see :class:`Teacher`, :meth:`Teacher.add` and :meth:`Teacher.fit`.
    """
    teacher = Teacher(name, model, background, seed, alone)
    for photo, scribbles in examples:
        teacher.add(photo, scribbles)
    return teacher.fit()


@dataclass(frozen=True, eq=False)
class Taught:
    """A class that a model has learned.

    Attributes:
        name: of the class.
        reader: the :class:`segkit.networks.teaching.features.FeatureReader` it was taught with.
        head: :class:`segkit.networks.teaching.head.Head`.
        alone: whether the old classes are left out.
    """

    name: str
    reader: FeatureReader
    head: Head
    alone: bool = False

    def mask(self, photo):
        """Where the class is: (H, W) bool at the photo's size.

        Args:
            photo: anything that :func:`segkit.photos.load` takes, or
                :class:`segkit.networks.teaching.features.Seen`.
        """
        seen = photo if isinstance(photo, Seen) else self.reader(photo)
        side, score = self.reader.side, self.head.score(seen)
        if self.alone:
            wins = enlarged(score, side) > 0
        else:
            new = enlarged(score + seen.logits[..., 0], side)
            wins = new > np.maximum.reduce([enlarged(old, side) for old in np.moveaxis(seen.logits, 2, 0)])
        return resize.resize_nearest(wins, *seen.photo.shape[:2])

    def content(self):
        """The bytes of a .tflite file, see :func:`segkit.networks.teaching.attach.attach`."""
        return attach(self.reader.graph, self.head, self.name, self.alone)

    def save(self, target):
        """Write the .tflite file, whole or not at all; returns its path.

        Raises:
            SegkitError: it cannot be written.
        """
        return write(target, self.content())


class Teacher:
    """Learns one class from marks, again after each stroke if that is wanted.

    Args:
        name, model, background, seed, alone: see :func:`teach`.

    Attributes:
        reader: :class:`segkit.networks.teaching.features.FeatureReader`.

    Raises:
        SegkitError: the name is empty, too long or taken; the model has 256 classes already, or
            cannot be taught.
    """

    def __init__(self, name, model=BASE, background=None, seed=0, alone=False):
        self.reader, self.alone = model if callable(model) else FeatureReader(model), alone
        self.name = checked_name(name, ("background",) if alone else old_names(self.reader.graph))
        self.seed, self._background, self._examples, self._start = seed, background, {}, None
        self._others, self._given = None, []

    def see(self, photo):
        """A photo's features; the same photo is read once (:class:`Seen` comes back as it is)."""
        return photo if isinstance(photo, Seen) else self.reader(photo)

    def add(self, photo, scribbles, key=None):
        """Add a photo with its scribbles, or replace the scribbles of one.

        Args:
            photo: anything that :func:`segkit.photos.load` takes, or :class:`Seen`.
            scribbles: anything that :func:`segkit.networks.teaching.load_scribbles` takes.
            key: photos with the same key replace each other; None: a new one.

        Raises:
            SegkitError: no photo; no scribbles of the photo's size.
        """
        seen = self.see(photo)
        marks = load_scribbles(scribbles, seen.photo.shape[:2])
        self._examples[len(self._examples) if key is None else key] = [seen, marks, {}]

    def fit(self, quick=False):
        """The class as it is known from all scribbles.

        Args:
            quick: fewer points and a coarser walk of the marks, for an answer while somebody draws.

        Returns:
            :class:`Taught`.

        Raises:
            SegkitError: no pixel is marked as the class, or none as not the class.
        """
        marked = [one for one in self._examples.values() if one[1].any()]
        most = self.share(len(marked), quick)
        parts = [self.learned(seen, marks, most, quick, known) for seen, marks, known in marked] + self._given
        self._check_labels(parts)
        if not quick:
            parts += self._not_the_class()
        rows, labels, weights, offset = (np.concatenate(column) for column in zip(*parts))
        if self.alone:
            offset = np.zeros(len(offset))
        head, start = Head.fitted(rows, labels, weights, offset, self.reader.channels,
                                  start=self._start if quick else None)
        self._start = start if quick else None
        return Taught(self.name, self.reader, head, self.alone)

    def share(self, examples, quick=False):
        """How many points one of so many photos gives."""
        most, least = (QUICK_POINTS, 2) if quick else (MOST_POINTS, LEAST_POINTS)
        return max(least, most // max(1, examples))

    def learned(self, seen, marks, most, quick=False, known=None):
        """What is learned from one photo.

        Args:
            seen: :class:`segkit.networks.teaching.features.Seen`.
            marks: (H, W) uint8 scribbles.
            most: how many points, see :meth:`share`.
            quick: see :meth:`fit`.
            known: a dictionary that keeps how the marks were spread, for the next time.

        Returns:
            arrays with an entry for each point: features (n, d), labels, weights, and offsets:
            how far background lies below the old classes.
        """
        known = {} if known is None else known
        count = seen.count if quick else seen.fine
        if count not in known:
            known[count] = spread(seen.photo, on_grid(marks, self.reader.side, count))
        chance = enlarged(known[count], seen.fine).ravel()
        against = enlarged(seen.against, seen.fine).ravel()
        parts, rng = [], np.random.default_rng(self.seed)
        for label, sure in ((1, np.flatnonzero(chance >= SURE)), (0, np.flatnonzero(chance <= 1 - SURE))):
            points = sure if len(sure) <= most // 2 else np.sort(rng.choice(sure, most // 2, replace=False))
            # A side counts as many points as are sure of it, not as many as were chosen.
            parts.append((seen.rows(points), np.full(len(points), label),
                          np.full(len(points), len(sure) / max(1, len(points))), against[points]))
        rows, labels, weights, offset = (np.concatenate(column) for column in zip(*parts))
        return rows, labels, weights * (most / max(1, weights.sum())), offset

    def add_learned(self, part):
        """Add what :meth:`learned` made of a photo, so that nobody needs to look at it again."""
        self._given.append(tuple(part))

    def _check_labels(self, parts):
        for label, said, kind in ((1, f"as {self.name}", CLASS), (0, f"as not {self.name}", NOT_CLASS)):
            if not any((labels == label).any() for _, labels, _, _ in parts):
                raise SegkitError(say("no pixel is marked {said} (the value {kind} in the scribbles); mark "
                                      "some", said=said, kind=kind))

    def _not_the_class(self):
        """(rows, labels, weights, offsets) of points of the photos that do not show the class."""
        if self._others is None:
            given = self._background
            if given is None:
                examples = [seen.photo for seen, _, _ in self._examples.values()]
                given = [photo for photo in map(photos.sample, photos.names())
                         if not any(np.array_equal(photo, one) for one in examples)]
            self._others = []
            for photo in given:
                seen, rng = self.see(photo), np.random.default_rng(self.seed)
                points = np.sort(rng.choice(seen.fine ** 2, BACKGROUND_POINTS, replace=False))
                self._others.append((seen.rows(points), np.zeros(len(points), int), np.ones(len(points)),
                                     enlarged(seen.against, seen.fine).ravel()[points]))
        return self._others


def checked_name(name, taken):
    """A new class's name, if it can be one. SegkitError: empty, too long, taken, or no room."""
    shown = one_line(name, 60)
    if not isinstance(name, str) or not name.strip() or name != shown or not name.isprintable():
        raise SegkitError(say("{shown!r} is no name of a class: it has 1 to 60 characters on one line, and no "
                              "spaces around it", shown=shown))
    if name in taken:
        raise SegkitError(say("the model has a class {name!r} already; choose another name", name=name))
    if len(taken) >= MOST_CLASSES:
        raise SegkitError(say("the model has {taken} classes already, and a mask holds {most_classes}",
                              taken=len(taken), most_classes=MOST_CLASSES))
    return name
