"""Is the answer right? A setting's answer beside that of the reference kernels.

The reference is the same file on LiteRT's reference kernels with one thread: slow code, written
to be read and checked. All settings of a model get the same input, a real photo where the model
takes pictures: on noise the scores of two classes are often nearly equal, and then a rounding
error decides.
"""

from functools import lru_cache

import numpy as np

from segkit import models
from segkit.benchmark.settings import Setting
from segkit.benchmark.worker import Client
from segkit.errors import SegkitError
from segkit.runtime.isolated import Gone

# A share of equal pixels below this is called wrong. Kernels for floats that only add in another
# order stayed above 0.999 on the shipped models. Kernels that round 8-bit numbers differently gave
# 0.987 to 0.995, a GPU that calculates an 8-bit model in floats 0.984, a processor's bfloat16
# 0.985: such rows show their share. A broken kernel gives far less.
WRONG_BELOW, TOLD_BELOW = 0.97, 0.999
FEWEST_PIXELS = 100  # with fewer, one near tie would decide
# Without pixels: a difference above this share of an output's largest reference value is too much.
# Kernels for floats stayed below 0.00001 of it on the shipped models. Kernels that round 8-bit
# numbers differently gave up to 0.23, on the published classifier mobilenet-v2: the limit is just
# above that, and a broken kernel that is off by less is not found here.
WRONG_ABOVE = 0.25
MOST_NUMBERS = 1 << 27  # of an input: a damaged file may ask for any shape
SAMPLE = "astronaut"


def make_inputs(tensors, entry=None):
    """Arrays for a model's inputs, the same in every call.

    Args:
        tensors: descriptions ("shape", "dtype", "scale", "zero_point") as a worker gives them.
        entry: the model's entry in the catalogue, which knows how pixels become inputs.

    Returns:
        a list of arrays: a sample photo for an input of shape (1, H, W, 3), noise for others.

    Raises:
        SegkitError: a shape or dtype that cannot be filled.
    """
    return [_make_input(tensor, entry) for tensor in tensors]


def _make_input(tensor, entry):
    shape, scale = tuple(tensor["shape"]), tensor["scale"]
    try:
        dtype = np.dtype(tensor["dtype"])
    except TypeError as error:
        raise SegkitError(f"an input holds {tensor['dtype']}, which NumPy does not know") from error
    if not 0 < np.prod(shape, dtype=float) <= MOST_NUMBERS or dtype.kind not in "fiub":
        raise SegkitError(f"an input of {dtype.name} and shape {shape} cannot be filled")
    if len(shape) == 4 and shape[0] == 1 and shape[3] == 3:
        values = _photo(shape[1], shape[2])
        known = 127.5 if scale is None else 128
        mean, std = (entry.mean, entry.std) if entry else (known, known)
        values = (values - mean) / std
    else:
        values = np.random.default_rng(0).normal(size=shape)
    if dtype.kind == "f":
        return values.reshape(shape).astype(dtype)
    if dtype.kind == "b":
        return values.reshape(shape) > 0
    limits = np.iinfo(dtype)
    stored = np.rint(values / (scale or 1)) + (tensor["zero_point"] or 0)
    return np.clip(stored, limits.min, limits.max).reshape(shape).astype(dtype)


@lru_cache(maxsize=8)
def _photo(height, width):
    from segkit import photos
    from segkit.masks import resize

    return resize.resize_bilinear(photos.sample(SAMPLE), height, width).astype(np.float32)


def real(array, tensor):
    """Stored numbers as the real numbers that they mean."""
    if tensor["scale"] is None:
        return array.astype(np.float64)
    return (array.astype(np.float64) - tensor["zero_point"]) * tensor["scale"]


def compare(outputs, tensors, reference, reference_tensors):
    """How well two answers agree.

    Args:
        outputs, reference: lists of arrays; ``tensors`` describe them.

    Returns:
        dictionary: "equal" (share of pixels, or rows, that get the same class: the highest
        score, or the class index itself; None where an output is no such thing), "max_abs"
        (largest difference of two numbers, in logits where the model gives logits; None for a
        map of class indices) and "wrong". With pixels wrong means: fewer than
        :data:`WRONG_BELOW` are equal. Without: in more than half of the outputs some number is
        off by more than :data:`WRONG_ABOVE` of the largest; not in one alone, because a detector's
        boxes change their order when two scores are nearly equal.
    """
    if [a.shape for a in outputs] != [b.shape for b in reference]:
        return {"equal": 0.0, "max_abs": None, "wrong": True}
    pairs = [(real(a, s), real(b, t)) for a, s, b, t in
             zip(outputs, tensors, reference, reference_tensors)]
    if len(pairs) == 1 and _is_class_map(reference[0]):
        equal = float(np.mean(pairs[0][0] == pairs[0][1]))
        return {"equal": equal, "max_abs": None, "wrong": equal < WRONG_BELOW}
    gaps, equal, pixels = [_gap(a, b) for a, b in pairs], None, 0
    if len(pairs) == 1 and outputs[0].ndim > 1 and outputs[0].shape[-1] > 1:
        classes = [array.argmax(axis=-1) for array in pairs[0]]
        equal, pixels = float(np.mean(classes[0] == classes[1])), classes[0].size
    finite = all(np.isfinite(gap) for gap in gaps)
    if pixels >= FEWEST_PIXELS:
        wrong = equal < WRONG_BELOW
    else:
        off = [gap > WRONG_ABOVE * np.max(np.abs(b), initial=0) for gap, (_, b) in zip(gaps, pairs)]
        wrong = sum(off) > len(off) / 2
    return {"equal": equal, "max_abs": max(gaps, default=0.0) if finite else None,
            "wrong": bool(wrong or not finite)}


def _gap(first, second):
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.max(np.abs(first - second), initial=0))


def _is_class_map(array):
    return array.dtype.kind in "iu" and array.dtype.itemsize > 1 and (
        array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 1))


class References:
    """The reference answers of a sweep; each is calculated once, also across sweeps."""

    _known = {}
    _MOST = 16  # answers that are kept

    def __init__(self, timeout, cancelled=lambda: False):
        self._timeout, self._cancelled = timeout, cancelled

    def get(self, file, entry, size):
        """(arrays, their descriptions), or a sentence that says why there are none."""
        key = (models.sha256(file), size)
        if key not in self._known:
            while len(self._known) >= self._MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = self._calculate(file, entry, size)
        return self._known[key]

    def _calculate(self, file, entry, size):
        setting = Setting(str(file), "litert", "interpreter", "reference", 1, size)
        try:
            with Client(cancelled=self._cancelled) as client:
                loaded = client.ask("load", self._timeout, file=str(file),
                                    setting=setting.as_dict())
                client.ask("first", self._timeout, arrays=make_inputs(loaded["inputs"], entry))
                return client.ask("output", self._timeout)
        except (Gone, SegkitError) as error:
            return f"no reference answer: {error}"
