"""One diagram of a DeepLab version, with shapes, drawn from the graphs of our own files.

The boxes are the layers that stand in the trunk's file and in the head's, in their order; nothing
of them is typed in. A lesson shows the diagram again at its sections, with "you are here".
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from matplotlib.patches import FancyBboxPatch

from segkit import plots
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.languages import message, say
from segkit.plots import INK, ORANGE

NAMES = {"v1": "DeepLab v1", "v2": "DeepLab v2", "v3": "DeepLab v3", "v3plus": "DeepLab v3+"}
HIDDEN = ("DEQUANTIZE", "QUANTIZE", "PAD", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "RELU6")
WORDS = {"MEAN": message("mean of all cells"), "AVERAGE_POOL_2D": message("mean of all cells"),
         "ADD": message("add"), "RESIZE_BILINEAR": message("enlarge, bilinear"),
         "CONCATENATION": message("concatenate")}
PALE, WARM = "#F2F2F2", "#FFE3A8"
ROW, THICK = 0.46, 0.34  # inches from box to box below it, height of a box
FILLED = 0.88  # share of a lane's width that a box takes


@dataclass(eq=False)
class Layer:
    """A box: what it does, the shape that it gives, the boxes that it reads from.

    Attributes:
        words: such as "3 x 3, rate 6", in English: the name by which a caller marks the box.
        shape: (rows, columns, channels) of what it gives.
        inputs: list of :class:`Layer`.
        stored: whether it stands in a file; others have a dashed edge.
        row, lane: its place: steps from the photo, and which of the branches side by side.
        shown: the words in the reader's language.
    """

    words: str
    shape: tuple
    inputs: list = field(default_factory=list)
    stored: bool = True
    row: int = 0
    lane: float = 0.0
    shown: str = ""

    def __post_init__(self):
        self.shown = self.shown or say(self.words)

    @property
    def size(self):
        """The shape in words."""
        return " x ".join(map(str, self.shape))


def network(version, here=(), more=()):
    """The diagram of a DeepLab version.

    Args:
        version: "v1", "v2", "v3" or "v3plus": our trunk with this head.
        here: words, or a list of them: boxes that have one of them in their words are marked.
        more: names of steps that no file holds, between the enlarged scores and the mask.

    Returns:
        a :class:`segkit.plots.Picture`.

    Raises:
        SegkitError: no such version, or no box with these words.
    """
    here = [here] if isinstance(here, str) else list(here)
    boxes = layers(_checked(version), tuple(more))
    marked = [box for box in boxes if any(word in box.words for word in here)]
    for word in here:
        if not any(word in box.words for box in boxes):
            raise SegkitError(say("no box of {version} says {word!r}; they say {listed}",
                                  version=NAMES[version], word=word,
                                  listed="; ".join(box.words for box in boxes)))
    return _shown(version, boxes, marked, say("You are here"))


def news(version):
    """The diagram of a DeepLab version, with the boxes marked that the version before lacks.

    Args:
        version: "v2", "v3" or "v3plus".

    Returns:
        a :class:`segkit.plots.Picture`.

    Raises:
        SegkitError: another version.
    """
    order = list(NAMES)
    if _checked(version) == order[0]:
        raise SegkitError(say("{version} is the first version: everything in it is new",
                              version=NAMES[version]))
    before = order[order.index(version) - 1]
    left = Counter(_role(box) for box in layers(before))
    marked = []
    for box in layers(version):
        left[_role(box)] -= 1
        if left[_role(box)] < 0:
            marked.append(box)
    return _shown(version, layers(version), marked, say("New against {version}", version=NAMES[before]))


def _role(box):
    """What a box is in the network: a 1 x 1 layer is known by what it reads."""
    return box.words, box.size, tuple(one.words for one in box.inputs if box.words == "1 x 1")


def _checked(version):
    if version not in NAMES:
        raise SegkitError(say("no DeepLab is called {version!r}; there are {listed}", version=version,
                              listed=", ".join(NAMES)))
    return version


def _shown(version, boxes, marked, why):
    """The picture with its words; ``why`` says what the marked boxes are."""
    told = "; ".join(f"{box.shown}: {box.size}" for box in boxes)
    place = f" {why}: {'; '.join(box.shown for box in marked)}." if marked else ""
    return plots.show(_drawn(boxes, marked), say("{version} as our files hold it, from the photo to the mask. "
                                                 "{told}.{place}", version=NAMES[version],
                                                 told=told, place=place))


@lru_cache
def layers(version, more=()):
    """The boxes of a version in the order of execution: a tuple of :class:`Layer`.

    Args:
        version: of the head, as in :func:`network`.
        more: names of steps that no file holds, between the enlarged scores and the mask.
    """
    trunk, head = Graph("trunk"), Graph(f"head-{version}")
    boxes = [Layer(message("photo"), _shape(trunk.inputs[0]))]
    sizes = {}
    for output in trunk.outputs:  # the early features come first in every trunk of ours
        stride = (trunk.inputs[0].shape[1] - 1) // (output.shape[1] - 1)
        boxes.append(Layer(f"trunk, to stride {stride}", _shape(output), [boxes[-1]],
                           shown=say("trunk, to stride {stride}", stride=stride)))
        sizes[tuple(output.shape)] = boxes[-1]
    made = {tensor.index: sizes[tuple(tensor.shape)] for tensor in head.inputs}
    boxes += _head(head, made)
    for name in (*more, message("highest score")):
        shape = boxes[-1].shape if name in more else boxes[-1].shape[:2]
        boxes.append(Layer(name, shape, [boxes[-1]], stored=False))
    _arrange(boxes)
    return tuple(boxes)


def _shape(tensor):
    """A tensor's shape without the batch."""
    return tuple(int(size) for size in tensor.shape[1:])


def _head(head, made):
    """The boxes of a head; ``made``: {index of a tensor: the box that gives it}, filled in."""
    boxes = []
    for operator in head.operators:
        maps = [made[t.index] for t in operator.inputs if t is not None and t.index in made]
        given = operator.outputs[0]
        if not maps or operator.name in HIDDEN:
            if maps:
                made[given.index] = maps[0]
            continue
        before = maps[0]
        if _joins(operator, before, boxes):  # one box: a separable layer, or several additions
            pointwise = " + 1 x 1" if operator.name == "CONV_2D" else ""
            before.words, before.shown = before.words + pointwise, before.shown + pointwise
            before.inputs += [one for one in maps[1:] if one not in before.inputs]
            before.shape = _shape(given)
            boxes.append(boxes.pop(boxes.index(before)))
        else:
            words, shown = _said(operator)
            boxes.append(Layer(words, _shape(given), list(maps), shown=shown))
        made[given.index] = boxes[-1]
    return boxes


def _joins(operator, before, boxes):
    """Whether an operator goes into the box of what it reads."""
    if before not in boxes:
        return False
    pointwise = operator.name == "CONV_2D" and operator.parameters["kernel"] == (1, 1)
    separable = before.words.startswith("3 x 3") and "+" not in before.words
    return (pointwise and separable) or (operator.name == "ADD" and before.words == WORDS["ADD"])


def _said(operator):
    """What a box says of an operator, in English and in the reader's language."""
    if "kernel" not in operator.parameters or operator.name in WORDS:
        words = WORDS.get(operator.name, operator.name.lower().replace("_", " "))
        return words, say(words)
    kernel = " x ".join(map(str, operator.parameters["kernel"]))
    if not operator.is_atrous:
        return kernel, kernel
    rate = operator.rate[0]
    return f"{kernel}, rate {rate}", say("{kernel}, rate {rate}", kernel=kernel, rate=rate)


def _arrange(boxes):
    """Give each box its row, as late as what reads it allows, and its lane."""
    for box in boxes:
        box.row = 1 + max((one.row for one in box.inputs), default=-1)
    for box in reversed(boxes[3:]):
        box.row = min((one.row for one in boxes if box in one.inputs), default=box.row + 1) - 1
    _lanes(boxes[-1], 0, set(boxes[:3]))
    for box in boxes[:3]:
        box.lane = boxes[-1].lane


def _lanes(box, left, done):
    """Place a box and all it reads from on lanes from ``left`` on; how many they take."""
    done.add(box)
    width, lanes = 0, []
    for one in box.inputs:
        if one not in done:
            width += _lanes(one, left + width, done)
            lanes.append(one.lane)
    joins = [one for one in box.inputs if one.row == box.row - 1]
    straight = len(joins) > 2 or not lanes
    box.lane = left + (max(width, 1) - 1) / 2 if straight else lanes[0]
    return max(width, 1)


def _drawn(boxes, marked):
    """The boxes and the lines between them, from left to right or, with branches, downwards."""
    lanes, rows = 1 + max(box.lane for box in boxes), 1 + max(box.row for box in boxes)
    chain = lanes == 1
    new, axes = plots.figure(1, 0.9 if chain else ROW * rows + 0.1)
    place = axes[0, 0]
    wide = plots.WIDTH / (rows if chain else lanes)
    for box in boxes:
        x, y = ((box.row + 0.5) * wide, 0) if chain else ((box.lane + 0.5) * wide, -ROW * box.row)
        _box(place, box, (x, y), FILLED * wide - 0.08 * chain, 0.62 if chain else THICK,
             box in marked)
        for one in box.inputs:
            if chain:
                _arrow(place, [(x - (1 - FILLED / 2) * wide - 0.02, y), (x - FILLED / 2 * wide, y)])
            else:
                _arrow(place, _elbow(one, box, wide, boxes))
    place.set(xlim=(0, plots.WIDTH), aspect="equal",
              ylim=(-0.42, 0.42) if chain else (-ROW * rows + 0.2, ROW / 2 + 0.02))
    place.set_axis_off()
    return new


def _box(place, box, middle, width, height, marked):
    """One box with its words, and its shape below them."""
    place.add_patch(FancyBboxPatch(
        (middle[0] - width / 2, middle[1] - height / 2), width, height, zorder=2,
        boxstyle="round,pad=0,rounding_size=0.05", facecolor=WARM if marked else PALE,
        edgecolor=ORANGE if marked else INK, linewidth=2.2 if marked else 0.8,
        linestyle="-" if box.stored else "--"))
    words = box.shown.replace(", ", ",\n").replace(" +", " +\n") if height > THICK else box.shown
    place.text(*middle, f"{words}\n{box.size}", ha="center", va="center", fontsize=6.5, color=INK,
               linespacing=1.15, zorder=3)


def _elbow(one, box, wide, boxes):
    """The corners of the line from a box to one that reads it, on a later row."""
    (x0, y0), (x1, y1) = (((b.lane + 0.5) * wide, -ROW * b.row) for b in (one, box))
    y0, y1 = y0 - THICK / 2, y1 + THICK / 2
    if x0 == x1:
        return [(x0, y0), (x1, y1)]
    shared = sum(one in other.inputs for other in boxes) > 1  # turn where the lines still are one
    turn = y0 - (ROW - THICK) / 2 if shared else y1 + (ROW - THICK) / 2
    return [(x0, y0), (x0, turn), (x1, turn), (x1, y1)]


def _arrow(place, corners):
    """A line through corners, with a head at its end."""
    place.plot(*zip(*corners), color=INK, linewidth=0.8, zorder=1,
               solid_joinstyle="miter")
    place.annotate("", corners[-1], corners[-2], arrowprops={
        "arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0,
        "mutation_scale": 7}, zorder=1)
