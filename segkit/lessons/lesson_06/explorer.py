"""The explorers of lesson 06: two heads side by side, large where they differ; the diagram from v1 to v3+."""

from functools import cache, lru_cache

import numpy as np

from segkit import photos
from segkit.errors import SegkitError
from segkit.languages import message, say
from segkit.masks import metrics
from segkit.networks.heads import SEGMENTING, SegmentationHead, Trunk
from segkit.plots import diagram
from segkit.widgets.base import Interactive, pick, slide

TITLES = {name: name.replace("plus", "+") for name in SEGMENTING}  # v3plus is v3+ to a reader
ZOOMS = [(message("the whole photo"), 0), (message("where they differ most"), 1),
         (message("the second such place"), 2), (message("the third such place"), 3)]
NEW = message("what is new")
STEPS = {message("atrous layers"): ["rate"], message("image features"): ["mean of all cells"],
         message("where branches meet"): ["add", "concatenate"],
         message("early features"): ["trunk, to stride 4"], message("enlarging"): ["enlarge"]}
LARGE = 0.35  # sides of a part that is shown large, as a share of the photo's


def most_different(first, second, count=3, share=LARGE):
    """The parts of a photo in which two masks differ on the most pixels.

    Args:
        first, second: (H, W) class indices.
        count: how many parts; they do not overlap.
        share: their sides as a share of the photo's, over 0 and at most 1.

    Returns:
        list of pairs of slices, rows and columns, the most different part first; shorter where
        no difference is left.

    Raises:
        SegkitError: masks of two sizes, or another share.
    """
    if first.shape != second.shape or not 0 < share <= 1:
        raise SegkitError(say("masks of one size and a share from 0 to 1 are needed, not {shape}, {shape2} "
                              "and {share}", shape=first.shape, shape2=second.shape, share=share))
    height, width = (max(1, round(share * side)) for side in first.shape)
    left = first != second
    parts = []
    while len(parts) < count and left.any():
        # sums[i, j] is the number of differing pixels above row i and left of column j.
        sums = np.pad(left, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        rows = sums[height:] - sums[:-height]
        inside = rows[:, width:] - rows[:, :-width]
        for part in parts:  # a new part must not overlap an old one
            rows, columns = (slice(max(0, s.start - size + 1), s.stop)
                             for s, size in zip(part, (height, width)))
            inside[rows, columns] = 0
        if not inside.any():
            break
        top, start = np.unravel_index(inside.argmax(), inside.shape)
        parts.append((slice(int(top), int(top) + height), slice(int(start), int(start) + width)))
    return parts


@cache
def _trunk():
    return Trunk(16)


@cache
def _head(name):
    return SegmentationHead(name)


@lru_cache(maxsize=8)
def _features(photo):
    return _trunk().features(photos.sample(photo))


@lru_cache(maxsize=32)
def _mask(photo, head):
    return _head(head).segment(_features(photo)).mask


@lru_cache(maxsize=8)
def _scores(head):
    """Words on how good a head's mask of the one photo with a truth is."""
    truth, mask = photos.voc_truth(), _mask("voc", head)
    return (say("mean IoU {value:.2f}, boundary F {f:.2f} on the whole photo",
                value=metrics.mean_iou(metrics.confusion_matrix(truth, mask)),
                f=metrics.boundary_f(truth, mask)))


def side_by_side(photo="motorcycle", left="v3", right="v3plus"):
    """An explorer: a photo, two heads, a place to look at, and the opacity of the masks.

    Args:
        photo: name of a sample photo.
        left, right: names of two heads, see :data:`segkit.networks.heads.SEGMENTING`.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.
    """
    heads = [(title, name) for name, title in TITLES.items()]
    return Interactive(_draw, {
        "photo": pick(say("Photo"), photos.names(), say("The photo whose pixels get labels"), photo),
        "zoom": pick(say("Show"), ZOOMS, say("The whole photo, or a part of it, shown large"), 1),
        "left": pick(say("Left"), heads, say("The head whose mask is on the left"), left),
        "right": pick(say("Right"), heads, say("The head whose mask is on the right"), right),
        "opacity": slide(say("Opacity"), [0.0, 0.25, 0.5, 0.75, 1.0],
                         say("0: only the photo and the outlines; 1: only the colours"), 0.5)})


def _draw(photo, zoom, left, right, opacity):
    from segkit.lessons.lesson_06 import figures

    if left == right:
        raise SegkitError(say("both sides show {head}; choose another head for one of them",
                              head=TITLES[left]))
    masks = {name: _mask(photo, name) for name in (left, right)}
    parts = most_different(*masks.values()) if zoom else []
    here = parts[min(zoom, len(parts)) - 1] if parts else None
    scores = {TITLES[name]: _scores(name) for name in masks} if photo == "voc" else None
    return figures.side_by_side(photo, photos.sample(photo),
                                {TITLES[name]: mask for name, mask in masks.items()},
                                here, opacity, scores)


def versions(version="v2", step=NEW):
    """An explorer of the four versions as diagrams, with a step marked, or what the version before lacks.

    Args:
        version: of the head, see :data:`segkit.networks.heads.SEGMENTING`.
        step: ``NEW`` or a key of :data:`STEPS`.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.
    """
    return Interactive(_diagram, {
        "version": pick(say("Version"), [(title, name) for name, title in TITLES.items()],
                        say("The version of DeepLab that is drawn"), version),
        "step": pick(say("Mark"), [NEW, *STEPS], say("The boxes that are marked"), step)})


def _diagram(version, step):
    if step == NEW:  # the first version is shown without marks
        return diagram.network(version) if version == SEGMENTING[0] else diagram.news(version)
    words = [word for word in STEPS[step] if any(word in box.words for box in diagram.layers(version))]
    if not words:
        raise SegkitError(say("{names} has no box for: {step}", names=diagram.NAMES[version], step=step))
    return diagram.network(version, here=words)
