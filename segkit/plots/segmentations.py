"""Figures of masks: one with its shares, and several beside each other."""

import numpy as np
from matplotlib.patches import Rectangle

from segkit.languages import say, sentence
from segkit.masks import labels, metrics
from segkit.masks.paint import paint, paint_flat
from segkit.masks.words import percent
from segkit.plots.style import INK, WIDTH, class_colour, figure, panel, plain, show

SMALLEST = 0.01  # a class with a smaller share is not named: machines may differ on it


def shares_in_words(segmentation):
    """The classes of a mask and their shares: "person 46 % and background 54 %"."""
    return sentence(f"{labels.shown(c.name)} {percent(c.share)}" for c in segmentation.classes
                    if c.share >= SMALLEST)


def size_in_words(photo):
    """Width x height of a photo."""
    return f"{photo.shape[1]} x {photo.shape[0]}"


def result(segmentation, opacity=0.5):
    """A segmentation: the photo, the mask over it, and each class with colour, name and share."""
    new, axes = figure(3, 2.8, width_ratios=(1, 1, 0.8))
    photo_axes, overlay_axes, bar_axes = axes[0]
    panel(photo_axes, segmentation.photo, say("photo, {size}", size=size_in_words(segmentation.photo)))
    panel(overlay_axes, segmentation.overlay(opacity), say("mask over the photo"))
    _share_bars(bar_axes, [c for c in segmentation.classes if c.share >= SMALLEST])
    return show(new, say("A photo of {size} pixels, its mask over it, and the share of each class: {shares}.",
                         size=size_in_words(segmentation.photo), shares=shares_in_words(segmentation)))


def _share_bars(axes, classes):
    places = np.arange(len(classes))
    axes.barh(places, [100 * c.share for c in classes], height=0.6, edgecolor=INK, linewidth=0.8,
              color=[class_colour(c.index) for c in classes])
    for place, c in zip(places, classes):
        axes.text(100 * c.share + 2, place, percent(c.share), va="center", fontsize=8, color=INK)
    axes.set_yticks(places, [labels.shown(c.name) for c in classes])
    axes.set(xlim=(0, 122), xticks=(0, 50, 100), ylim=(max(len(classes), 2) - 0.5, -0.5))
    axes.set_title(say("share of the pixels, %"), fontsize=9, color=INK)
    plain(axes)


def compare(photo, masks, truth=None, flat=False):
    """Masks for one photo, side by side.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices of PASCAL VOC.
        truth: (H, W) true class indices, 255 = ignore. With it, each mask gets its
            mean IoU; without, the share of pixels in which it differs from the first.
        flat: whether to paint as :func:`segkit.masks.paint.paint_flat` does.
    """
    first = next(iter(masks.values()))
    if truth is None:
        notes = {title: say("{share} changed", share=percent((mask != first).mean()))
                 for title, mask in masks.items()}
        told = say("Masks over one photo; compared with {next}", next=next(iter(masks)))
    else:
        notes = {title: say("mean IoU {value:.2f}",
                            value=metrics.mean_iou(metrics.confusion_matrix(truth, mask)))
                 for title, mask in masks.items()}
        masks, told = {**masks, say("the true mask"): truth}, say("Masks over one photo, and its true mask")
    new = overlays(photo, masks, notes, paint_flat if flat else paint)
    return show(new, f"{told}: {sentence(f'{say(title)}, {note}' for title, note in notes.items())}.")


def overlays(photo, masks, notes, painted):
    """A figure with one panel for each mask, and a legend below.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices of PASCAL VOC, 255 = ignore.
        notes: dictionary from title to the line below it; the true mask needs none.
        painted: a function of photo and mask, such as :func:`segkit.masks.paint.paint`.
    """
    columns = 2 if len(masks) == 4 else min(3, len(masks))
    rows = -(-len(masks) // columns)
    tall = WIDTH / columns * photo.shape[0] / photo.shape[1]
    new, axes = figure(columns, rows * (tall + 0.55) + 0.4, rows)
    new.get_layout_engine().set(h_pad=0.1)  # room above the titles
    for place, (title, mask) in zip(axes.flat, masks.items()):
        uncounted = say("light grey: not counted") if (mask == labels.IGNORE).any() else " "
        panel(place, painted(photo, mask), f"{say(title)}\n{notes.get(title, uncounted)}")
    for place in axes.flat[len(masks):]:
        place.set_axis_off()
    legend(new, masks.values())
    return new


def legend(figure, masks, names=labels.VOC):
    """The colours and names of the classes in some masks, below a figure; nothing where all is background.

    Args:
        figure: of :func:`segkit.plots.figure`.
        masks: (H, W) arrays of class indices; 0 is the background, 255 = ignore.
        names: the name of each class, by its index.
    """
    used = sorted({int(i) for mask in masks for i in np.unique(mask)
                   if (mask == i).mean() >= SMALLEST} - {labels.BACKGROUND, labels.IGNORE})
    if used:
        boxes = [Rectangle((0, 0), 1, 1, facecolor=class_colour(i), edgecolor=INK) for i in used]
        figure.legend(boxes, [labels.shown(names[i]) for i in used], loc="outside lower center", fontsize=8,
                      ncols=min(len(used), 7), frameon=False)
