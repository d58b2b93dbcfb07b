"""Masks: class names and palettes, resizing, scores -> classes, painting, measures, boxes.

A mask is a (H, W) uint8 array of class indices; 255 marks pixels that do not count.
"""

from segkit import lazily

__getattr__, __dir__ = lazily(__name__, __path__)
