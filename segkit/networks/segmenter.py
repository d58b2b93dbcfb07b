"""Photo -> Segmentation: prepare, invoke, finish.

The steps are those of a phone app: resize the photo, normalise it, run the
model, take the class with the highest score for each pixel, and bring that
class map back to the photo's size.
Source: https://ai.google.dev/edge/litert/models/metadata (normalisation),
https://arxiv.org/abs/1706.05587 section 4 (DeepLab v3's logits and upsampling)
"""

from collections import namedtuple
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from numbers import Real
from time import perf_counter

import cv2
import numpy as np

from segkit import models, photos
from segkit.errors import SegkitError, enough_memory
from segkit.languages import say
from segkit.masks import labels, resize
from segkit.masks.paint import paint
from segkit.masks.scores import Argmax
from segkit.runtime.opening import open_session
from segkit.runtime.settings import checked_runtime

ClassShare = namedtuple("ClassShare", "index name share")
ClassShare.__doc__ = "One class of a mask: its index, its name, its share of the pixels (0 to 1)."


def normalise(pixels, mean, std):
    """(pixel - mean) / std: pixels from 0..255 to what the network was trained on.

    Args:
        pixels: float32 array of any shape; its memory is reused.
    """
    pixels -= np.float32(mean)
    pixels *= np.float32(1 / std)
    return pixels


@dataclass
class Segmentation:
    """The answer of a :class:`Segmenter` for one photo.

    Attributes:
        photo: (H, W, 3) uint8 RGB, upright.
        mask: (H, W) uint8 class indices.
        names: class names, in the order of the indices.
        milliseconds: dictionary with the time of "prepare", "invoke", "finish".
    """

    photo: np.ndarray
    mask: np.ndarray
    names: tuple
    milliseconds: dict

    @cached_property
    def classes(self):
        """The classes in the mask as :class:`ClassShare`, the largest share first."""
        pixels = self.mask.ravel()
        # Most pixels are of the class of the one before: there are fewer runs than pixels to count.
        starts = np.flatnonzero(np.append(True, pixels[1:] != pixels[:-1]))
        counts = np.bincount(pixels[starts], np.diff(starts, append=pixels.size), minlength=1)
        order = sorted(np.flatnonzero(counts), key=lambda index: -counts[index])
        return [ClassShare(int(index), self.name(index), float(counts[index] / self.mask.size))
                for index in order]

    @property
    def legend(self):
        """(name, (red, green, blue)) of each class in the mask, as :meth:`overlay` paints it."""
        palette = labels.screen_palette()
        return [(c.name, tuple(int(v) for v in palette[c.index])) for c in self.classes]

    def name(self, index):
        """The name of a class index; "class 7" where the model brings no names."""
        return self.names[index] if index < len(self.names) else f"class {index}"

    def overlay(self, opacity=0.5):
        """The photo with its mask painted over it, see :func:`paint`: a PIL RGB image."""
        from PIL import Image

        return Image.fromarray(paint(self.photo, self.mask, opacity))

    def cutout(self, name):
        """The pixels of one class, everything else transparent.

        Args:
            name: a class name, or a class index.

        Returns:
            a PIL RGBA image of the photo's size; empty where the class does not occur.
        """
        from PIL import Image

        if name in self.names:
            index = self.names.index(name)
        elif isinstance(name, (int, np.integer)) and 0 <= name < 256:
            index = int(name)
        else:
            known = ", ".join(self.names) or "none: this model brings no names, give an index"
            raise SegkitError(say("no class is called {name!r}; there are {known}", name=name, known=known))
        alpha = (self.mask == index).astype(np.uint8) * np.uint8(255)
        return Image.fromarray(np.dstack([self.photo, alpha]))

    def mask_image(self):
        """The mask as a paletted PIL image: pixel values are class indices, colours VOC's."""
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(self.mask)).convert("P")
        image.putpalette(labels.voc_palette().tobytes())
        return image

    def __repr__(self):
        height, width = self.mask.shape
        shares = ", ".join(f"{c.name} {c.share:.1%}" for c in self.classes)
        return f"Segmentation of {width} x {height} pixels: {shares}"


class Segmenter:
    """The few-line way: a model, ready to label the pixels of photos.

    >>> result = Segmenter().segment(photos.sample("cat"))   # doctest: +SKIP
    >>> result.classes[0].name                               # doctest: +SKIP
    'cat'

    Args:
        model: a name in the catalogue or a .tflite file; None: the default model,
            which is "deeplab", or "deeplab-w8" where the runtime is tflite-runtime
            (its kernels for whole 8-bit models are slow).
        fit: how a photo gets the model's shape, see :func:`segkit.masks.resize.fit_region`.
            The default, "stretch", is what the published examples do. On 40 photos
            of PASCAL VOC it had the higher mean IoU (``make bench`` can repeat this).
        mean, std: pixels become (pixel - mean) / std. None: what the catalogue
            says; for other files 127.5 and 127.5, and raw bytes for 8-bit inputs.
        runtime, threads, delegate: see :func:`segkit.open_session`.

    Raises:
        SegkitError: the model cannot be had or loaded, or is no segmentation model.
    """

    def __init__(self, model=None, fit="stretch", mean=None, std=None, **session_options):
        if fit not in resize.FITS:
            raise SegkitError(say("unknown fit {fit!r}; choose {listed}", fit=fit,
                                  listed=" or ".join(resize.FITS)))
        self.fit = fit
        if model is None:
            model = models.default(checked_runtime(session_options.get("runtime", "auto")))
        self.session = open_session(model, **session_options)
        self.names = models.class_names(self.session.path, self.session.model)
        self._input, self._output = self._checked_tensors()
        entry = self.session.model
        known = 127.5 if self._input.scale is None else 128
        self.mean = mean if mean is not None else entry.mean if entry else known
        self.std = std if std is not None else entry.std if entry else known
        for name, value in (("mean", self.mean), ("std", self.std)):
            if not isinstance(value, Real) or not isfinite(value):
                raise SegkitError(say("{name} must be a finite number, not {value!r}: pixels become (pixel - "
                                      "mean) / std", name=name, value=value))
        if not self.std:
            raise SegkitError(say("std must not be 0: pixels become (pixel - mean) / std"))
        self._argmax = Argmax(self._output.upsampled_from)

    def _checked_tensors(self):
        """The one input and the one output, if this model can segment at all."""
        session = self.session
        entry, shapes = session.model, [t.shape for t in (*session.inputs, *session.outputs)]
        one_photo = (len(shapes) == 2 and len(shapes[0]) == 4
                     and shapes[0][0] == 1 and shapes[0][3] == 3 and min(shapes[0]) > 0)
        if not one_photo or len(shapes[1]) not in (3, 4) or shapes[1][0] != 1 \
                or (entry and entry.task != "segment"):
            what = f"its task is to {entry.task}" if entry else f"its tensors are {shapes}"
            raise SegkitError(say("{name} is no model that segments photos: {what}", name=session.path.name,
                                  what=what))
        if len(shapes[1]) == 4 and shapes[1][3] > 256:
            raise SegkitError(say("{name} has {shapes} classes; masks hold at most 256", name=session.path.name,
                                  shapes=shapes[1][3]))
        return session.inputs[0], session.outputs[0]

    def prepare(self, photo):
        """The model's input for a photo.

        Args:
            photo: (H, W, 3) uint8 RGB.

        Returns:
            (array of the input's shape and dtype, :class:`segkit.masks.resize.Region`
            that tells where the photo lies in it).
        """
        size = self._input.shape[1:3]
        region = resize.fit_region(photo.shape[:2], size, self.fit)
        pixels = resize.resize_pixels(photo, region.height, region.width)
        # A pixel has one of 256 values: each is normalised once, and then looked up.
        values = cv2.LUT(pixels, self._stored(np.arange(256)))
        if (region.height, region.width) != size:
            canvas = np.full((*size, 3), self._stored(resize.GREY))
            canvas[region.top:region.top + region.height,
                   region.left:region.left + region.width] = values
            values = canvas
        return values[None], region

    def _stored(self, pixels):
        """What the input stores for pixel values: an array of its dtype."""
        pixels = np.array(pixels, np.float32)
        if self._input.scale is None:
            values = normalise(pixels, self.mean, self.std)
        else:  # normalised = scale * (stored - zero_point), solved for what is stored
            step = self.std * self._input.scale
            values = normalise(pixels, self.mean - self._input.zero_point * step, step)
            limits = np.iinfo(self._input.dtype)
            values = np.rint(np.clip(values, limits.min, limits.max))
        return values.astype(self._input.dtype)

    def finish(self, output, region, photo_size):
        """The mask at the photo's size.

        Args:
            output: the model's output: scores (1, h, w, C) or a class map (1, h, w[, 1]).
            region: where the photo lies in the input, from :meth:`prepare`.
            photo_size: (H, W).

        Returns:
            (H, W) uint8 class indices.
        """
        if output.ndim == 4 and output.shape[3] > 1:
            small = self._argmax(output[0])
        else:
            small = self._checked_classes(output.reshape(output.shape[1:3]))
        if region == resize.Region(0, 0, *photo_size) and small.shape == photo_size:
            return small
        scale_y = small.shape[0] / self._input.shape[1]
        scale_x = small.shape[1] / self._input.shape[2]
        part = (region.top * scale_y, region.left * scale_x,
                region.height * scale_y, region.width * scale_x)
        return resize.resize_nearest(small, *photo_size, part)

    def _checked_classes(self, output):
        """A class map as uint8, if class indices are what it holds."""
        classes = output.astype(np.uint8)
        if not np.array_equal(classes, output):
            raise SegkitError(say("{name} answers with one {dtype} a pixel, from {lowest} to {highest}; class "
                                  "indices are whole numbers from 0 to 255", name=self.session.path.name,
                                  dtype=output.dtype, lowest=output.min(), highest=output.max()))
        return classes

    def segment(self, photo):
        """Label every pixel of a photo.

        Args:
            photo: anything that :func:`segkit.photos.load` takes.

        Returns:
            a :class:`Segmentation` at the photo's upright size.

        Raises:
            SegkitError: no photo, no memory for it, or scores that are no numbers.
        """
        photo = photos.load(photo)
        with enough_memory(f"the photo of {photo.shape[1]} x {photo.shape[0]} pixels"):
            start = perf_counter()
            values, region = self.prepare(photo)
            prepared = perf_counter()
            output = self.session.run(values, copy=False)
            invoked = perf_counter()
            mask = self.finish(output, region, photo.shape[:2])
            finished = perf_counter()
        milliseconds = {"prepare": (prepared - start) * 1e3, "invoke": (invoked - prepared) * 1e3,
                        "finish": (finished - invoked) * 1e3}
        return Segmentation(photo, mask, self.names, milliseconds)

    def __repr__(self):
        return f"Segmenter({self.session!r}, fit={self.fit!r})"
