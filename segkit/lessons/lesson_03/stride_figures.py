"""Figures of output stride, DeepLab v1's head and its CRF; see :mod:`segkit.plots`."""

import numpy as np
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import say, sentence
from segkit.lessons.lesson_03.figures import MAP, PALE, by
from segkit.masks import metrics, resize
from segkit.masks.scores import class_map
from segkit.masks.words import percent
from segkit.plots import INK, ORANGE
from segkit.reference import effective_kernel, resize_bilinear

INPUT = 257  # the side of the models' input, in pixels


def dial(photo, masks, quality, costs, chosen):
    """The finest mask that an output stride allows, and what each output stride costs.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from output stride to ((n, m) true class of each cell, (H, W) the same
            at the photo's size).
        quality: dictionary from output stride to the mean IoU of that mask with the true one,
            ignored pixels left out.
        costs: dictionary from output stride to the multiply-adds of a network.
        chosen: the output stride that is shown.
    """
    new, axes = plots.figure(2, 3.1, width_ratios=(1.25, 1))
    left, right = axes[0]
    cells, mask = masks[chosen]
    plots.panel(left, plots.paint_flat(photo, mask), say("output stride {chosen}: {size} cells", chosen=chosen,
                                                    size=by(cells.shape)))
    for count, size, line in zip(cells.shape, photo.shape, (left.axhline, left.axvline)):
        for edge in np.arange(1, count) * size / count:
            line(edge - 0.5, color="white", linewidth=0.5, alpha=0.7)
    plots.legend(new, [mask])
    _curve(right, quality, costs, chosen)
    told = "; ".join(say("{step}: mean IoU {quality:.2f}, {costs:.0f} billion", step=step,
                         quality=quality[step], costs=costs[step] / 1e9)
                     for step in masks)
    return plots.show(new, say("The true mask with one class for each cell, at output stride {chosen}: {size} "
                               "cells. By output stride, the agreement of such a mask with the whole true "
                               "mask, and the multiply-adds of the network. {told}.", chosen=chosen,
                               size=by(cells.shape), told=told))


def _curve(place, quality, costs, chosen):
    """Mean IoU against cost, one dot for each output stride."""
    across, up = [costs[step] / 1e9 for step in costs], [quality[step] for step in costs]
    place.plot(across, up, color="#999999", linewidth=1, zorder=1)
    place.scatter(across, up, s=48, edgecolor=INK, linewidth=0.8, zorder=2,
                  color=[ORANGE if step == chosen else PALE for step in costs])
    for x, y, step in zip(across, up, costs):
        place.annotate(say("stride {step}: {quality:.2f}", step=step, quality=y), (x, y), (7, -10),
                       textcoords="offset points", fontsize=8, color=INK)
    place.set(xlim=(0, 1.45 * max(across)), ylim=(0.4, 1.05))
    place.set_xlabel(say("billion multiply-adds"), fontsize=8)
    place.set_ylabel(say("best mean IoU"), fontsize=8)
    plots.plain(place)


def agreement(photo, coarse, dense):
    """Features at output strides 16 and 8, and where they are the same.

    Args:
        photo: (H, W, 3) uint8 RGB.
        coarse: (h, w, C) features at 16.
        dense: (2 h - 1, 2 w - 1, C) features of the same weights at 8.
    """
    channel = int(np.argmax(coarse.std(axis=(0, 1))))  # one with something to see
    difference = np.abs(dense[::2, ::2] - coarse).max(axis=-1)
    new, axes = plots.figure(3, 2.8)
    plots.panel(axes[0, 0], photo, say("photo"))
    scale = {"cmap": MAP, "vmin": dense[..., channel].min(), "vmax": dense[..., channel].max()}
    for place, features, step in zip(axes[0, 1:], (coarse, dense), (16, 8)):
        title = say("output stride {step}: {size}", step=step, size=by(features.shape))
        plots.panel(place, features[..., channel], title, **scale)
        place.set_aspect(photo.shape[0] / photo.shape[1])
    rows, columns = np.mgrid[:len(dense):2, :len(dense[0]):2]
    axes[0, 2].scatter(columns, rows, s=5, color=ORANGE, edgecolor="white", linewidth=0.3)
    return plots.show(new, say("A photo and channel {channel} of its features: {size} places at output stride "
                               "16, {size2} at 8. At every second row and column, in all {channels} channels, "
                               "they differ by {highest:.2f} at most; {new} places are new.", channel=channel,
                               size=by(coarse.shape), size2=by(dense.shape), channels=coarse.shape[2],
                               highest=difference.max(), new=dense[..., 0].size - difference.size))


def two_ways(photo, enlarged, dense, step, part):
    """Down, convolve, enlarge against atrous convolution with the same kernel.

    Args:
        photo: (H, W) grey levels.
        enlarged: (H, W) answer on every ``step``-th pixel, enlarged to all.
        dense: (H, W) answer of the same kernel with this rate.
        step: the rate.
        part: (top, left, height, width) that is shown.
    """
    top, left, height, width = part
    rows, columns = slice(top, top + height), slice(left, left + width)
    shown = [np.abs(image[rows, columns]) for image in (enlarged, dense)]
    most = np.percentile(shown, 99)
    new, axes = plots.figure(3, 2.75)
    plots.panel(axes[0, 0], photo[rows, columns], say("input"), cmap="gray")
    for place, image, title in zip(axes[0, 1:], shown, (
            say("step {step}, convolved, enlarged", step=step), say("atrous, rate {step}", step=step))):
        plots.panel(place, image, title, cmap=MAP, vmin=0, vmax=most)
    away = np.abs(enlarged - dense)
    return plots.show(new, say("One kernel, two ways. At the rows and columns 0, {step}, {next} and so on, "
                               "they differ by {highest:.2f} at most. Between these places, {share:.0%} of "
                               "all, the enlarged answer is off by {mean:.0%} of what atrous convolution "
                               "answers, on average.", step=step, next=2 * step,
                               highest=away[::step, ::step].max(), share=1 - 1 / step ** 2,
                               mean=away.mean() / np.abs(dense).mean()).replace("%", " %"))


def field(photo, settings, kernel=3):
    """Where the inputs of a kernel lie on the photo, for the feature in its middle.

    Args:
        photo: (S, S, 3) uint8 RGB, as the network gets it.
        settings: list of (atrous rate, output stride).
        kernel: the size of the kernel.
    """
    new, axes = plots.figure(len(settings), 3.0)
    middle, told = len(photo) // 2, []
    for place, (rate, step) in zip(axes[0], settings):
        span, name = effective_kernel(kernel, rate) * step, say(
            "rate {rate} at output stride {step}", rate=rate, step=step)
        plots.panel(place, (photo * 0.6).astype(np.uint8), name)
        for tap in np.ndindex(kernel, kernel):
            corner = [middle - step / 2 + (k - kernel // 2) * rate * step for k in tap[::-1]]
            place.add_patch(Rectangle(corner, step, step, facecolor=ORANGE, edgecolor="white"))
        place.add_patch(Rectangle((middle - span / 2,) * 2, span, span, fill=False, linewidth=1.2,
                                  edgecolor="white", linestyle="--"))
        place.set(xlim=(-0.5, len(photo) - 0.5), ylim=(len(photo) - 0.5, -0.5))
        place.set_xlabel(say("{span} pixels wide", span=span), fontsize=8)
        told.append(say("{name} spans {span} pixels", name=name, span=span))
    return plots.show(new, say("The {kernel} places that a kernel of {kernel2} x {kernel2} reads, on a photo "
                               "that is squeezed to {size} pixels: {listed}.", kernel=kernel * kernel,
                               kernel2=kernel, size=by(photo.shape), listed=sentence(told)))


def masks(photo, scores, truth=None):
    """Masks of one head at several output strides, over the photo.

    Args:
        photo: (H, W, 3) uint8 RGB.
        scores: dictionary from title to (n, n, C) scores, on the grid that the head works on.
        truth: (H, W) true class indices, 255 = ignore; with it, each mask gets its mean IoU.
    """
    made = {title: _mask(grid, photo.shape[:2]) for title, grid in scores.items()}
    told, notes = [], {}
    for title, mask in made.items():
        notes[title] = say("{size} scores", size=by(scores[title].shape))
        told.append(say("{title}, {words} for each class", title=say(title), words=notes[title]))
        if truth is not None:
            iou = say(", mean IoU {iou:.2f}", iou=metrics.mean_iou(metrics.confusion_matrix(truth, mask)))
            told[-1] += iou
            notes[title] += iou
    shown = {**made, **({} if truth is None else {say("true mask"): truth})}
    new = plots.overlays(photo, shown, notes, plots.paint_flat)
    first, *_, last = made.values()
    return plots.show(new, say("Masks of one head with the same weights: {listed}. From the first to the "
                               "last, {mean} of the pixels change their class.", listed=sentence(told),
                               mean=percent((first != last).mean())))


def _mask(scores, size):
    """The mask at a photo's size, as every head makes it: interpolate, argmax, resize."""
    large = resize_bilinear(scores, INPUT, INPUT, align_corners=True)
    return resize.resize_nearest(class_map(large), *size)
