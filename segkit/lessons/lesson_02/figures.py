"""Figures of masks as arrays: indices, colours, ignored pixels, sizes; see :mod:`segkit.plots`."""

import numpy as np
from matplotlib.patches import Patch, Rectangle
from PIL import Image

from segkit import plots
from segkit.errors import SegkitError
from segkit.languages import say, sentence
from segkit.masks import labels, resize
from segkit.masks.words import percent
from segkit.plots import INK, rgb, size_in_words

FRAME = {"fill": False, "edgecolor": "white", "linewidth": 2.4}


def in_colours(mask, palette=None):
    """A mask as (H, W, 3) uint8, white where it is background, ink where it is ignored."""
    colours = np.array(labels.screen_palette() if palette is None else palette)
    if palette is None:
        colours[labels.BACKGROUND] = 255
        colours[labels.IGNORE] = rgb(INK)
    return colours[mask]


def name(index):
    """The name of a class of PASCAL VOC, or "ignored"."""
    return say("ignored") if index == labels.IGNORE else labels.shown(labels.VOC[index])


def legend(figure, indices):
    """The colours and names of classes, below a figure."""
    boxes = [Patch(facecolor=in_colours(np.array([[i]]))[0, 0] / 255, edgecolor=INK, linewidth=0.8,
                   label=f"{i}  {name(i)}") for i in indices]
    figure.legend(handles=boxes, loc="outside lower center", fontsize=8, frameon=False,
                  ncols=min(6, len(boxes)), columnspacing=1.4)


def crop(image, top, left, height, width):
    """A part of an image or mask; SegkitError where it does not lie inside."""
    rows, columns = image.shape[:2]
    inside = 0 <= top < top + height <= rows and 0 <= left < left + width <= columns
    if not inside:
        raise SegkitError(say("the part from row {top} and column {left} on, {width} x {height} pixels, does "
                              "not lie inside {columns} x {rows} pixels; move it or make it smaller", top=top,
                              left=left, width=width, height=height, columns=columns, rows=rows))
    return image[top:top + height, left:left + width]


def frame(axes, top, left, height, width):
    """Draw a white frame with a dark rim around a part of an image."""
    place = (left - 0.5, top - 0.5), width, height
    axes.add_patch(Rectangle(*place, **{**FRAME, "edgecolor": INK, "linewidth": 4}))
    axes.add_patch(Rectangle(*place, **FRAME))


def class_map(photo, mask, top, left, size=10):
    """A photo, its class map, and a small part of the map as numbers.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices.
        top, left, size: the square part whose numbers are shown, in pixels.
    """
    part = crop(mask, top, left, size, size)
    new, axes = plots.figure(3, 2.55, width_ratios=(1, 1, 0.8))
    for place, image, title in zip(axes[0], (photo, in_colours(mask)), (say("photo"), say("class map"))):
        plots.panel(place, image, title)
        frame(place, top, left, size, size)
    plots.panel(axes[0, 2], in_colours(part), say("rows {top} to {bottom},\ncolumns {left} to {right}", top=top,
                                                  bottom=top + size - 1, left=left, right=left + size - 1))
    for (row, column), index in np.ndenumerate(part):
        dark = in_colours(np.array([[index]])).mean() < 128
        axes[0, 2].text(column, row, int(index), ha="center", va="center", fontsize=7.5,
                        color="white" if dark else INK)
    found = [int(index) for index in np.unique(mask)]
    legend(new, found)
    counts = sentence(say("{index} = {name} on {count}", index=index, name=name(index),
                          count=(part == index).sum())
                      for index in np.unique(part))
    return plots.show(new, say("A photo of {size} pixels, its class map with {found} classes, and {numbers} "
                               "pixels of the map as numbers: {counts} of them.", size=size_in_words(photo),
                               found=len(found), numbers=part.size, counts=counts))


def palettes(mask):
    """One mask in three ways: VOC's palette, the lessons' palette, the brightness of VOC's colours.

    Args:
        mask: (H, W) uint8 class indices.
    """
    stored = labels.voc_palette()
    bright = np.array(Image.fromarray(stored[None]).convert("L"))[0]  # of each class's colour
    shown = in_colours(np.arange(256))
    new, axes = plots.figure(3, 2.75)
    panels = {say("PASCAL VOC's palette"): (stored, ""), say("palette of these lessons"): (shown, ""),
              say("brightness of VOC's colours (L)"): (np.repeat(bright[:, None], 3, axis=1), ": {}")}
    found = [int(index) for index in np.unique(mask)]
    for place, (title, (colours, value)) in zip(axes[0], panels.items()):
        plots.panel(place, colours[mask], title)
        boxes = [Patch(facecolor=colours[i] / 255, edgecolor=INK, linewidth=0.8,
                       label=f"{i} {name(i)}" + value.format(bright[i])) for i in found]
        place.legend(handles=boxes, loc="upper center", bbox_to_anchor=(0.5, -0.01), fontsize=7,
                     ncols=2, frameon=False, columnspacing=1)
    last = max(index for index in found if index != labels.IGNORE)
    told = [str(tuple(int(v) for v in colours[last])) for colours in (stored, shown)]
    return plots.show(new, say("One mask with {found} values, three times. Class {last}, {name}, is {stored} "
                               "in PASCAL VOC's palette and {shown} in that of these lessons; the brightness "
                               "of VOC's colour is {bright} of 255. None of these numbers is the index {last}.",
                               found=len(found), last=last, name=name(last), stored=told[0], shown=told[1],
                               bright=bright[last]))


def ignored(photo, mask, part):
    """The ignored pixels of a mask, on the whole photo and close by.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices, 255 = ignore.
        part: (top, left, height, width) of the part that is shown close by.
    """
    new, axes = plots.figure(3, 2.55)
    plots.panel(axes[0, 0], in_colours(mask), say("class map"))
    frame(axes[0, 0], *part)
    plots.panel(axes[0, 1], crop(photo, *part), say("part of the photo"))
    plots.panel(axes[0, 2], in_colours(crop(mask, *part)), say("part of the class map"))
    legend(new, [int(index) for index in np.unique(mask)])
    hidden = mask == labels.IGNORE
    near, (height, width) = percent(crop(hidden, *part).mean()), part[2:]
    return plots.show(new, say("A class map whose objects have a dark band of ignored pixels around them: "
                               "{mean} of all pixels, and {near} of the part of {width} x {height} pixels "
                               "that is shown close by.", mean=percent(hidden.mean()), near=near, width=width,
                               height=height))


def resized(mask, factor, part):
    """A mask made smaller and enlarged again in two ways: nearest pixel, and bilinear.

    Args:
        mask: (H, W) uint8 class indices, none of them ignored.
        factor: how many times smaller.
        part: (top, left, height, width) of the part that is shown.
    """
    height, width = mask.shape
    small = resize.resize_nearest(mask, -(-height // factor), -(-width // factor))
    nearest = resize.resize_nearest(small, height, width)
    blended = resize.blended_mask(small, height, width)
    made_up = ~np.isin(blended, np.unique(mask))
    more = len(np.setdiff1d(blended, mask))
    new, axes = plots.figure(3, 3.1)
    panels = {"mask": in_colours(mask), say("1/{factor}, then nearest", factor=factor): in_colours(nearest),
              say("1/{factor}, then bilinear: {more} new classes", factor=factor,
                  more=more): in_colours(blended)}
    for place, (title, image) in zip(axes[0], panels.items()):
        plots.panel(place, crop(image, *part), title)
    legend(new, [int(index) for index in np.union1d(mask, blended)])
    return plots.show(new, say("A mask with {unique} classes, made {factor} times smaller and enlarged again. "
                               "Nearest gives another class to {mean} of the pixels, and no new class. "
                               "Bilinear gives another class to {wrong}, and {more} classes that are not in "
                               "the mask, on {mean3} of the pixels.", unique=len(np.unique(mask)),
                               factor=factor, mean=percent((nearest != mask).mean()),
                               wrong=percent((blended != mask).mean()), more=more,
                               mean3=percent(made_up.mean())))


def quarters(photo, mask, figures):
    """The four quarters of a photo with a mask over them, each as a photo of its own.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices.
        figures: mean IoU of the quarters, left to right and top to bottom, then the mean of the
            four, then the mean IoU of the sum of their matrices.
    """
    *single, mean, total = figures
    height, width = mask.shape[0] // 2, mask.shape[1] // 2
    painted = plots.paint(photo, mask)
    new, axes = plots.figure(4, 1.7)
    for place, number in zip(axes[0], range(4)):
        top, left = number // 2 * height, number % 2 * width
        plots.panel(place, painted[top:top + height, left:left + width],
                    say("photo {number}, mean IoU {single:.2f}", number=number + 1, single=single[number]))
    told = sentence(f"{figure:.2f}" for figure in single)
    return plots.show(new, say("Four quarters of a photo with a mask over them, as four photos. Their mean "
                               "IoU is {told}, {mean:.2f} on average; the sum of their confusion matrices has "
                               "mean IoU {total:.2f}.", told=told, mean=mean, total=total))
