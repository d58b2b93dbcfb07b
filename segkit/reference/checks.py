"""What the layers accept: numbers, ranks and shapes. All else is a SegkitError that names it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say


def positive(name: str, value: int) -> int:
    """`value` as an int of 1 or more; SegkitError for anything else."""
    try:
        number = index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise SegkitError(say("the {name} is {value!r}; it must be a whole number of 1 or more", name=name,
                              value=value))
    return number


def pair(name: str, value: int | Sequence[int]) -> tuple[int, int]:
    """One number for both axes, or (vertical, horizontal), as two ints of 1 or more."""
    if np.ndim(value) == 0:
        return positive(name, value), positive(name, value)
    if len(value) != 2:
        raise SegkitError(say("the {name} is {value!r}; give one number or (vertical, horizontal)", name=name,
                              value=value))
    return positive(name, value[0]), positive(name, value[1])


def array(name: str, values: np.ndarray, ranks: Sequence[int], axes: str) -> np.ndarray:
    """`values` as float32; SegkitError where they are no numbers, none at all, or of another rank.

    `axes` says in words which shape is expected, as "(H, W, C)".
    """
    try:
        values = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise SegkitError(say("the {name} is no array of numbers: {error}", name=name, error=error)) from error
    if values.ndim not in ranks or values.size == 0:
        raise SegkitError(say("the {name} has shape {shape}; expected {axes}", name=name, shape=values.shape,
                              axes=axes))
    return values


def feature_map(x: np.ndarray, name: str = "feature map") -> np.ndarray:
    """`x` as an (H, W, C) float32 array; SegkitError where it has another rank or no pixel."""
    return array(name, x, (3,), "(H, W, C), without a batch axis")


def per_channel(name: str, values: np.ndarray | None, channels: int) -> np.ndarray:
    """A (channels,) float32 array, zeros for None; SegkitError for another shape."""
    if values is None:
        return np.zeros(channels, np.float32)
    values = array(name, values, (1,), f"({channels},), one number for each channel")
    if values.shape != (channels,):
        raise SegkitError(say("the {name} has shape {shape}; expected ({channels},), one number for each "
                              "channel", name=name, shape=values.shape, channels=channels))
    return values
