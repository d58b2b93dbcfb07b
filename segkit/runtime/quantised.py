"""Whole numbers that stand for real ones."""

import numpy as np


def dequantise(stored, scale, zero_point):
    """Stored whole numbers -> real ones: scale * (stored - zero_point).

    Args:
        stored: array of integers.
        scale, zero_point: numbers, or arrays that spread over ``stored``.

    Returns:
        float32 array of the same shape.
    Source: B. Jacob and others, https://arxiv.org/abs/1712.05877, section 2.1.
    """
    whole = stored.astype(np.int64) - zero_point
    return whole.astype(np.float32) * np.asarray(scale, np.float32)
