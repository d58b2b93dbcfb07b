"""300 damaged photos: each becomes a photo or one line, and nothing else is written anywhere."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from robustness.damage import damaged

# One process loads them all. Its standard error is a file, so that what C code writes there counts too.
LOAD = """
import json, sys
import numpy as np
from segkit import photos
from segkit.errors import SegkitError

for file in sys.stdin.read().splitlines():
    for source in (file, open(file, "rb").read()):
        try:
            photo = photos.load(source, max_pixels=4_000_000)
            assert photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3, photo.shape
            assert photo.flags.c_contiguous and 0 < photo.size <= 12_000_000
            result = "photo", ""
        except SegkitError as error:
            result = "SegkitError", str(error)
        except BaseException as error:
            result = type(error).__name__, repr(error)
        print(json.dumps([file, *result]), flush=True)
"""


def pictures():
    """Good files of every kind: name -> (bytes)."""
    y, x = np.mgrid[0:120, 0:160]
    array = np.stack([x, y, (x * y) % 256], axis=-1).astype(np.uint8)
    rgb = Image.fromarray(array)
    rgba = Image.fromarray(np.dstack([array, x.astype(np.uint8)]))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9003] = 6, "a description", "2020:01:01 00:00:00"
    frames = [Image.fromarray(np.roll(array, 20 * n, axis=1)) for n in range(3)]
    kinds = {
        "baseline.jpg": (rgb, "JPEG", {"exif": exif}), "progressive.jpg": (rgb, "JPEG", {"progressive": True}),
        "cmyk.jpg": (rgb.convert("CMYK"), "JPEG", {}), "rgb.png": (rgb, "PNG", {"exif": exif}), "rgba.png": (rgba, "PNG", {}),
        "palette.png": (rgb.quantize(100), "PNG", {"transparency": 3}),
        "16-bit.png": (Image.fromarray((x * y).astype(np.uint16)), "PNG", {}),
        "lossy.webp": (rgb, "WEBP", {"exif": exif}), "lossless.webp": (rgba, "WEBP", {"lossless": True}),
        "moving.webp": (frames[0], "WEBP", {"save_all": True, "append_images": frames[1:]}),
        "moving.gif": (frames[0], "GIF", {"save_all": True, "append_images": frames[1:]}),
        "raw.tiff": (rgb, "TIFF", {}), "lzw.tiff": (rgb, "TIFF", {"compression": "tiff_lzw", "exif": exif}),
        "jpeg.tiff": (rgb, "TIFF", {"compression": "jpeg"}), "deflate.tiff": (rgba, "TIFF", {"compression": "tiff_adobe_deflate"}),
    }
    for name, (image, format, options) in kinds.items():
        stream = io.BytesIO()
        image.save(stream, format, **options)
        yield name, stream.getvalue()


def chunks_swapped(content):
    """A PNG whose chunks stand in another order, each with its right checksum."""
    start, parts = 8, []
    while start < len(content):
        end = start + 12 + int.from_bytes(content[start:start + 4], "big")
        parts.append(content[start:end])
        start = end
    for order in (parts[::-1], parts[1:] + parts[:1], parts[:1] + parts[2:], [*parts[:-1], *parts], parts[:1] * 3):
        yield content[:8] + b"".join(order)


@pytest.mark.parametrize("seed", [1])
def test_300_damaged_photos_are_photos_or_one_line(seed, run_python, tmp_path):
    files, good = [], set()

    def put(name, content):
        files.append(tmp_path / f"{len(files)}-{name}")
        files[-1].write_bytes(content)

    for name, content in pictures():
        put(name, content)
        good.add(str(files[-1]))
        for _, copy in damaged(content, 20, f"{seed} {name}", [(0, min(200, len(content)))]):
            put(name, copy)
        if name.endswith(".png"):
            for copy in chunks_swapped(content):
                put(name, copy)
    done = run_python(LOAD, input="\n".join(map(str, files)), timeout=300)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"killed by {files[len(results) // 2].name}: {done.stderr[-500:]}"
    assert done.stderr == ""
    assert len(results) == 2 * len(files) > 600
    for number, (file, kind, message) in enumerate(results):
        assert kind in ("photo", "SegkitError"), (file, kind, message)
        if kind == "SegkitError":
            assert message and len(message.splitlines()) == 1 and len(message) < 1000, (file, message)
            assert (file if number % 2 == 0 else "the picture of") in message
            assert kind == results[number ^ 1][1]  # from a path and from bytes alike
    kinds = [kind for _, kind, _ in results]
    assert kinds.count("SegkitError") > 200 and kinds.count("photo") > 100
    assert {kind for file, kind, _ in results if file in good} == {"photo"}
