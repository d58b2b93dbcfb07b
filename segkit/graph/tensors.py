"""Tensors of a model file, and how whole numbers stand for real ones."""

from dataclasses import dataclass
from math import prod

import numpy as np

from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.runtime.quantised import dequantise

_NUMPY = ("float16", "float32", "float64", "int8", "int16", "int32", "int64",
          "uint8", "uint16", "uint32", "uint64", "bool")


@dataclass(frozen=True, eq=False)
class Quantisation:
    """How whole numbers stand for real ones: real = scale * (stored - zero_point).

    Attributes:
        scale: (n,) float32, n = 1 or the tensor's size along ``axis``.
        zero_point: (n,) int64, or (1,).
        axis: the axis with one scale for each place (the output channels); None: one for all.
    Source: Jacob et al., https://arxiv.org/abs/1712.05877, section 2.1, and
    https://ai.google.dev/edge/litert/models/quantization_spec (one scale for each channel).
    """

    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None

    def real(self, stored):
        """Real numbers, float32, for an array of what is ``stored``."""
        return dequantise(stored, *self.spread(stored.ndim))

    def nearest(self, real, lowest, highest):
        """The whole numbers from ``lowest`` to ``highest`` that stand nearest to ``real`` numbers.

        Returns:
            array of floats with whole numbers. A channel without weights has the scale 0.
        """
        scale, zero_point = self.spread(real.ndim)
        scale = np.where(scale > 0, scale, 1)
        return np.clip(np.rint(real / scale) + zero_point, lowest, highest)

    def spread(self, rank):
        """``scale`` and ``zero_point``, shaped so that they multiply a tensor of ``rank`` axes."""
        if self.axis is None:
            return self.scale[0], self.zero_point[0]
        shape = [-1 if axis == self.axis else 1 for axis in range(rank)]
        return self.scale.reshape(shape), self.zero_point.reshape(
            shape if len(self.zero_point) > 1 else [1] * rank)


def symmetric(values, axis=None):
    """The 8-bit :class:`Quantisation` of weights whose zero stays zero, as converters choose it.

    The largest weight becomes 127: scale = largest / 127, zero point 0.

    Args:
        values: array of real numbers, not all of them 0.
        axis: one scale for each place along this axis; None: one scale for all.
    """
    others = tuple(n for n in range(values.ndim) if n != axis) if axis is not None else None
    largest = np.atleast_1d(np.abs(values).max(axis=others))
    return Quantisation((largest / 127).astype(np.float32), np.zeros(1, np.int64), axis)


@dataclass(frozen=True, eq=False)
class Tensor:
    """An array of the graph: stored in the file (weights), or computed by an operator.

    Attributes:
        index: its place in the file's list of tensors.
        name: as the converter called it.
        shape: tuple of int, the batch axis included.
        dtype: "float32", "int8" ...; "int4" and other types that NumPy lacks keep their names.
        quantisation: :class:`Quantisation`, or None.
        data: the bytes that the file stores, as (n,) uint8; None for a computed tensor.
    """

    index: int
    name: str
    shape: tuple
    dtype: str
    quantisation: Quantisation | None
    data: np.ndarray | None

    @property
    def bytes(self):
        """How many bytes of the file hold its values: 0 for a computed tensor."""
        return 0 if self.data is None else self.data.size

    def stored(self):
        """The values as the file stores them: an array of ``shape`` and ``dtype``.

        Raises:
            SegkitError: nothing is stored, or not as many bytes as shape and dtype need.
        """
        dtype = self.numpy_dtype()
        if self.data is None or self.data.size != prod(self.shape) * dtype.itemsize:
            raise SegkitError(say("the tensor {tensor!r} of shape {shape} and type {dtype} has {bytes} "
                                  "stored bytes: either it is computed and not stored, or the file is damaged",
                                  tensor=one_line(self.name, 80), shape=self.shape, dtype=self.dtype,
                                  bytes=self.bytes))
        return self.data.view(dtype).reshape(self.shape)

    def values(self):
        """The stored values as real numbers: dequantised, float32; plain integers stay integers."""
        return self.real(self.stored())

    def real(self, stored):
        """Real numbers for an array of what is ``stored``."""
        if stored.dtype.kind == "f":
            return stored.astype(np.float32)
        if self.quantisation is None:
            return stored
        return self.quantisation.real(stored)

    def from_real(self, real):
        """What this tensor stores for an array of ``real`` numbers: the nearest values it has."""
        dtype = self.numpy_dtype()
        if dtype.kind != "f" and self.quantisation is not None and real.dtype.kind == "f":
            limits = np.iinfo(dtype)
            real = self.quantisation.nearest(real, limits.min, limits.max)
        return real.astype(dtype, copy=False)

    def numpy_dtype(self):
        """``dtype`` for NumPy; SegkitError where NumPy has no such type."""
        if self.dtype not in _NUMPY:
            raise SegkitError(say("the tensor {tensor!r} has the type {dtype}, which is not known here; "
                                  "known are {listed}", tensor=one_line(self.name, 80), dtype=self.dtype,
                                  listed=", ".join(_NUMPY)))
        return np.dtype(self.dtype)
