"""Class names and palettes.

The 21 classes are those of PASCAL VOC 2012, in its usual order; 255 marks
pixels that an annotator left out ("ignore" or "void").
Source: Everingham et al., "The PASCAL Visual Object Classes Challenge",
IJCV 2010, https://doi.org/10.1007/s11263-009-0275-4
"""

import numpy as np

from segkit.languages import say

IGNORE = 255
BACKGROUND = 0

VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus",
    "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike",
    "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)

# Twenty colours found by search: every two of them differ by at least 11 in
# CIEDE2000 for normal vision and for the three kinds of colour blindness
# (simulated after Machado, Oliveira and Fernandes 2009). Order = class index.
_SCREEN = (
    (0, 0, 0),        # background
    (68, 153, 153),   # aeroplane
    (153, 136, 0),    # bicycle
    (187, 238, 204),  # bird
    (119, 102, 153),  # boat
    (85, 102, 68),    # bottle
    (102, 17, 153),   # bus
    (0, 0, 238),      # car
    (68, 238, 136),   # cat
    (119, 34, 68),    # chair
    (255, 221, 255),  # cow
    (119, 102, 0),    # diningtable
    (153, 85, 255),   # dog
    (221, 255, 0),    # horse
    (221, 0, 85),     # motorbike
    (238, 170, 34),   # person
    (136, 187, 170),  # pottedplant
    (187, 170, 204),  # sheep
    (85, 68, 0),      # sofa
    (153, 170, 119),  # train
    (170, 153, 255),  # tvmonitor
)


def shown(name):
    """The name of a class in the reader's language; keys and files keep the English one."""
    return say(name)


def voc_palette():
    """PASCAL VOC's own palette, for files that other tools will read.

    The three lowest bits of a class index become the highest bits of red,
    green and blue, and so on: neighbouring indices get distant colours.
    Source: VOClabelcolormap.m of the PASCAL VOC development kit,
    http://host.robots.ox.ac.uk/pascal/VOC/voc2012/

    Returns:
        (256, 3) uint8 array, RGB. Entry 255 is (224, 224, 192).
    """
    index, palette = np.arange(256, dtype=np.uint8), np.zeros((256, 3), np.uint8)
    for bit in range(8):
        palette[:, bit % 3] |= (index >> bit & 1) << 7 - bit // 3
    return palette


def screen_palette():
    """A palette for the screen that colour-blind readers can tell apart.

    Entries 1 to 20 are the colours of the 20 VOC classes; models with more
    classes reuse them in the same order. Entry 255 (ignore) is light grey.

    Returns:
        (256, 3) uint8 array, RGB.
    """
    palette = np.zeros((256, 3), np.uint8)
    palette[1:] = np.resize(np.array(_SCREEN[1:], np.uint8), (255, 3))
    palette[IGNORE] = 224
    return palette
