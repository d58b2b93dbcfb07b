"""Figures of labels, boxes and masks; see :mod:`segkit.plots` for the rules."""

from collections import Counter

import cv2
import numpy as np
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from segkit import plots
from segkit.languages import digits, say, say_many, sentence
from segkit.lessons.lesson_01 import experiments
from segkit.masks import labels
from segkit.masks.paint import paint
from segkit.masks.words import percent
from segkit.plots import BLUE, INK, ORANGE, size_in_words

LIKELY = 0.5  # a label with a higher score counts as given


MANY = {"box": lambda n: say_many("{count:,} box", "{count:,} boxes", n),
        "byte": lambda n: say_many("{count:,} byte", "{count:,} bytes", n),
        "object": lambda n: say_many("{count:,} object", "{count:,} objects", n),
        "piece": lambda n: say_many("{count:,} piece", "{count:,} pieces", n),
        "thing": lambda n: say_many("{count:,} thing", "{count:,} things", n)}


def many(count, word):
    """A number with its word: "1 piece", "2 pieces", "1 box", "2 boxes"; for the words in MANY."""
    return MANY[word](count)


def counted(boxes):
    """The boxes of each class in words: "person 7 and bottle 1"; "none" where there is none."""
    found = Counter(box.name for box in boxes)
    order = sorted(found, key=lambda name: (-found[name], name))
    return sentence(f"{labels.shown(name)} {found[name]}" for name in order) or say("none")


def draw_boxes(axes, boxes, names=True, width=1.6):
    """Draw boxes over a panel, each in the colour of its class on ink, so that they show on any photo.

    Classes that PASCAL VOC does not have are white.
    Each box has its score where that is no certainty, and with ``names`` its name. Two boxes may
    share a corner: the words there stand one below the other.
    """
    corners = Counter()
    for box in boxes:
        known = box.name in labels.VOC  # other data sets have other classes at the same index
        colour = plots.class_colour(labels.VOC.index(box.name)) if known else "white"
        frame = _frame(box, colour, width)
        frame.set_path_effects([withStroke(linewidth=width + 1.2, foreground=INK)])
        axes.add_patch(frame)
        word = " ".join([labels.shown(box.name)] * names + [digits(box.score, ".2f")] * (box.score < 1))
        if word:
            corner = round(box.left), round(box.top)
            axes.annotate(word, (box.left, box.top), (3, -3 - 10 * corners[corner]),
                          textcoords="offset points", fontsize=7.5, color="white", va="top",
                          path_effects=[withStroke(linewidth=2, foreground=INK)], clip_on=True)
            corners[corner] += 1


def class_legend(figure, indices, names=labels.VOC):
    """The colours and names of classes, below a figure."""
    found = [i for i in indices if i not in (labels.BACKGROUND, labels.IGNORE)]
    boxes = [Patch(facecolor=plots.class_colour(i), edgecolor=INK, label=names[i]) for i in found]
    if boxes:
        figure.legend(handles=boxes, loc="outside lower center", fontsize=8, frameon=False,
                      ncols=min(7, len(boxes)))


def middle(inside):
    """(x, y) of the place in a region that lies farthest from its edge and from the photo's."""
    depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 5)
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return column - 1, row - 1


def write(axes, x, y, word):
    """Write a word around a place of a panel, white on black, so that it shows on any colour."""
    axes.text(x, y, word, fontsize=8, ha="center", va="center", color="white",
              path_effects=[withStroke(linewidth=2, foreground=INK)], clip_on=True)


def name_classes(axes, mask, names=labels.VOC):
    """Write the name of each class into its largest part; small classes get none."""
    for index in np.unique(mask):
        inside = mask == index
        if index not in (labels.BACKGROUND, labels.IGNORE) and inside.mean() >= plots.SMALLEST:
            write(axes, *middle(inside), names[index])


def _frame(box, colour, width):
    """The rectangle of a box; pixel 0 has its centre at 0, so its edge lies at -0.5."""
    return Rectangle((box.left - 0.5, box.top - 0.5), box.right - box.left, box.bottom - box.top,
                     fill=False, edgecolor=colour, linewidth=width)


def _score_bars(axes, scores, title):
    """Bars of the scores from 0 to 1; those over LIKELY are orange."""
    places = np.arange(len(scores))
    axes.barh(places, [s.score for s in scores], height=0.6, edgecolor=INK, linewidth=0.8,
              color=[ORANGE if s.score > LIKELY else "#DDDDDD" for s in scores])
    axes.set_yticks(places, [labels.shown(s.name) for s in scores])
    axes.set(xlim=(0, 1), xticks=(0, 0.5, 1), ylim=(len(scores) - 0.5, -0.5))
    axes.set_xlabel(say("score"), fontsize=8)
    axes.set_title(title, fontsize=9, color=INK)
    plots.plain(axes)


def three(scores, boxes, segmentation):
    """A label, boxes and a mask for one photo, side by side.

    Args:
        scores: list of :class:`segkit.networks.heads.ClassScore`, the best first; four are shown.
        boxes: list of :class:`segkit.networks.heads.Box`.
        segmentation: a :class:`segkit.networks.segmenter.Segmentation`.
    """
    photo = segmentation.photo
    new, axes = plots.figure(3, 2.6, width_ratios=(0.55, 1, 1))
    _score_bars(axes[0, 0], scores[:4], say("label"))
    plots.panel(axes[0, 1], photo, say("boxes"))
    draw_boxes(axes[0, 1], boxes, names=False)  # the legend names the classes, and people stand close together
    plots.panel(axes[0, 2], segmentation.overlay(0.65), say("mask"))
    shown = {c.index for c in segmentation.classes} | {box.index for box in boxes}
    class_legend(new, sorted(shown), segmentation.names)
    given = sentence(labels.shown(s.name) for s in scores if s.score > LIKELY) or say("none")
    return plots.show(new, say("Three answers for one photo of {size} pixels. Label: {given}. Boxes: "
                               "{counted}. Mask: {shares}.", size=size_in_words(photo), given=given,
                               counted=counted(boxes), shares=plots.shares_in_words(segmentation)))


def truth(scene):
    """The true answers for a photo: its labels, its boxes, its class mask, its numbered masks.

    Args:
        scene: a :class:`segkit.lessons.lesson_01.scenes.Scene` with the classes of PASCAL VOC.
    """
    found = experiments.labels_of(scene.classes, scene.names)
    new, axes = plots.figure(2, 6.2, 2)
    plots.panel(axes[0, 0], scene.photo, say("label: {listed}", listed=sentence(map(labels.shown, found))))
    plots.panel(axes[0, 1], scene.photo, say("boxes: {boxes}", boxes=len(scene.boxes)))
    draw_boxes(axes[0, 1], scene.boxes, names=False, width=1.2)
    class_legend(new, np.unique(scene.classes), scene.names)
    plots.panel(axes[1, 0], paint(scene.photo, scene.classes, 0.75),
                say("class mask: {found} colours, one for each class", found=len(found)))
    name_classes(axes[1, 0], scene.classes, scene.names)
    plots.panel(axes[1, 1], paint(scene.photo, scene.instances, 0.75),
                say("instance mask: {highest} colours, one for each object", highest=scene.instances.max()))
    covered = percent((scene.instances > 0).mean())
    return plots.show(new, say("What is true of a photo of {size} pixels. Label: {found}. Boxes: {boxes}. "
                               "Class mask: {classes} classes on {covered} of the pixels. Instance mask: "
                               "{objects}.", size=size_in_words(scene.photo),
                               found=sentence(map(labels.shown, found)), boxes=counted(scene.boxes),
                               classes=len(found), covered=covered,
                               objects=many(scene.instances.max(), "object")))


def blurs(photo, keeps, wanted):
    """One photo, blurred outside what an answer says is to stay sharp.

    Args:
        photo: (H, W, 3) uint8 RGB.
        keeps: dictionary from an answer's name to (H, W) bool, true where the photo stays sharp.
        wanted: (H, W) bool: what should stay sharp.
    """
    wrong = {name: (keep != wanted).mean() for name, keep in keeps.items()}
    new, axes = plots.figure(len(keeps), 2.15)
    for place, (name, keep) in zip(axes[0], keeps.items()):
        plots.panel(place, experiments.blur_outside(photo, keep),
                    say("{name}: {wrong} wrong", name=name, wrong=percent(wrong[name])))
    told = sentence(f"{say(name)} {percent(share)}" for name, share in wrong.items())
    return plots.show(new, say("One photo, blurred in {keeps} ways. Pixels that are sharp or blurred by "
                               "mistake: {told}.", keeps=len(keeps), told=told))


def from_masks(photo, masks, least=100):
    """Boxes around the connected pieces of masks.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (class mask, numbers of the regions to box).
        least: regions of fewer pixels get no box.
    """
    new, axes = plots.figure(len(masks), 3.3 if len(masks) < 3 else 2.4)
    told, found = [], set()
    for place, (title, (mask, numbers)) in zip(axes[0], masks.items()):
        boxes = experiments.boxes_of(numbers, mask, least=least)
        plots.panel(place, paint(photo, mask, 0.7), f"{say(title)}: {many(len(boxes), 'box')}")
        draw_boxes(place, boxes, names=False, width=1.2)
        told.append(f"{say(title)}, {many(len(boxes), 'box')} ({counted(boxes)})")
        found |= {box.index for box in boxes}
    class_legend(new, sorted(found))
    return plots.show(new, say("Boxes around all regions of {least} pixels or more: {listed}.", least=least,
                               listed=sentence(told)))


def same_box(masks):
    """Masks of different shape that have the same box.

    Args:
        masks: dictionary from name to (H, W) bool.
    """
    new, axes = plots.figure(len(masks), 2.1)
    told = []
    for place, (name, mask) in zip(axes[0], masks.items()):
        box, = experiments.boxes_of(mask.astype(np.uint8), mask.astype(np.uint8))
        share = mask.sum() / ((box.right - box.left) * (box.bottom - box.top))
        plots.panel(place, np.where(mask[..., None], plots.rgb(BLUE), 245).astype(np.uint8),
                    say("{name} fills {share}", name=name, share=percent(share)))
        place.add_patch(_frame(box, ORANGE, 2))
        told.append((name, share, tuple(box[3:])))
    alike = say("the same box") if len({edges for *_, edges in told}) == 1 else say("different boxes")
    return plots.show(new, say("{masks} masks with {alike}. Share of the box that they fill: {listed}.",
                               masks=len(masks), alike=alike,
                               listed=sentence((f"{say(name)} {percent(share)}" for name, share, _ in told))))


def costs(rows):
    """Bytes and times of a label, boxes and a mask.

    Args:
        rows: what :func:`segkit.lessons.lesson_01.experiments.costs` returns.
    """
    new, axes = plots.figure(3, 2.1, sharey=True)
    parts = ((say("file of the head, bytes"), [row.file_bytes for row in rows]),
             (say("answer, bytes"), [row.answer_bytes for row in rows]),
             (say("time of the head, ms"), [row.milliseconds for row in rows]))
    for place, (title, numbers) in zip(axes[0], parts):
        _cost_bars(place, title, numbers)
    axes[0, 0].set_yticks(range(len(rows)), [say(row.answer) for row in rows])
    axes[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    told = "; ".join(say("{name}: a file of {file}, an answer of {answer}, {milliseconds:.2f} ms",
                         name=say(row.answer), file=many(row.file_bytes, "byte"),
                         answer=many(row.answer_bytes, "byte"), milliseconds=row.milliseconds) for row in rows)
    return plots.show(new, say("What three answers cost, besides the trunk. {told}.", told=told))


def _cost_bars(axes, title, numbers):
    """Bars over a logarithmic axis, with the number beside each."""
    axes.barh(range(len(numbers)), numbers, height=0.6, color=BLUE, edgecolor=INK, linewidth=0.8)
    for place, value in enumerate(numbers):
        axes.text(1.15 * value, place, va="center", fontsize=8, color=INK,
                  s=digits(value, ".2f" if isinstance(value, float) else ","))
    axes.set(xscale="log", xlim=(min(numbers) / 4, 12 * max(numbers)))
    axes.set_title(title, fontsize=9, color=INK)
    plots.plain(axes)


def named(photo, scores):
    """A photo and a classifier's best answers for it.

    Args:
        photo: (H, W, 3) uint8 RGB.
        scores: list of :class:`segkit.networks.heads.ClassScore`, the best first.
    """
    new, axes = plots.figure(2, 2.5, width_ratios=(0.9, 1))
    _score_bars(axes[0, 0], scores, say("label"))
    plots.panel(axes[0, 1], photo, say("photo"))
    return plots.show(new, say("The {scores} best labels for one photo, best first: {listed}.",
                               scores=len(scores),
                               listed=sentence(f"{labels.shown(s.name)} {percent(s.score)}" for s in scores)))


def boxed(photo, found):
    """The boxes of several detectors on one photo.

    Args:
        photo: (H, W, 3) uint8 RGB.
        found: dictionary from the detector's name to its list of :class:`segkit.networks.heads.Box`.
    """
    new, axes = plots.figure(len(found), 2.85)
    for place, (name, boxes) in zip(axes[0], found.items()):
        plots.panel(place, photo, f"{say(name)}: {many(len(boxes), 'box')}")
        draw_boxes(place, boxes)
    told = "; ".join(f"{say(name)} {counted(boxes)}" for name, boxes in found.items())
    return plots.show(new, say("Boxes of {found} detectors on one photo. {told}.", found=len(found), told=told))
