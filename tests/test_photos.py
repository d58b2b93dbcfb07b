"""Photos: whatever comes in, an (H, W, 3) uint8 RGB array in upright position comes out, or one line."""

import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import complaint
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from segkit import photos
from segkit.errors import SegkitError


def check(photo, height=None, width=None):
    """What every photo is, whatever it came from."""
    assert isinstance(photo, np.ndarray) and photo.dtype == np.uint8
    assert photo.ndim == 3 and photo.shape[2] == 3 and photo.flags.c_contiguous
    if height is not None:
        assert photo.shape == (height, width, 3)
    return photo


def picture(height=24, width=36, seed=0):
    """A smooth colourful picture, so that lossy formats keep it nearly as it is."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(seed).integers(0, 40, 3)
    planes = [x * 200 / width + rng[0], y * 200 / height + rng[1], (x + y) * 200 / (height + width) + rng[2]]
    return np.stack(planes, axis=-1).astype(np.uint8)


def stored(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


# --- samples -----------------------------------------------------------------


SIZES = {"astronaut": (512, 512), "cat": (300, 451), "motorcycle": (500, 741), "coffee": (400, 600),
         "rocket": (427, 640), "hopper": (600, 512), "voc": (375, 500)}


def test_every_sample_is_listed():
    assert set(SIZES) <= set(photos.names())
    assert photos.names() == list(photos.SAMPLES)


@pytest.mark.parametrize("name", photos.names())
def test_a_sample_is_a_photo(name):
    photo = check(photos.sample(name), *SIZES.get(name, ()))
    assert np.ptp(photo) > 100 and photos.SAMPLES[name]


def test_samples_are_the_pictures_of_their_packages():
    import matplotlib.cbook
    import skimage.data

    np.testing.assert_array_equal(photos.sample("astronaut"), skimage.data.astronaut())
    np.testing.assert_array_equal(photos.sample("cat"), skimage.data.chelsea())
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as stream:
        np.testing.assert_array_equal(photos.sample("hopper"), np.asarray(Image.open(stream)))


def test_a_sample_may_be_changed_without_changing_the_next_one():
    first = photos.sample("voc")
    first[:] = 0
    assert photos.sample("voc").max() > 0


def test_the_true_mask_of_the_sample_voc_has_its_size_and_classes():
    truth = photos.voc_truth()
    assert truth.shape == photos.sample("voc").shape[:2] and truth.dtype == np.uint8
    assert {0, 15} <= set(np.unique(truth)) <= {*range(21), 255}


@pytest.mark.parametrize("name", ["dog", "", None, "Cat"])
def test_an_unknown_sample_is_one_line_with_the_names(name):
    with pytest.raises(SegkitError) as raised:
        photos.sample(name)
    assert "astronaut" in complaint(raised)


def test_a_sample_that_is_gone_is_one_line(monkeypatch):
    monkeypatch.setitem(photos._SKIMAGE, "cat", "no-such-file.png")
    with pytest.raises(SegkitError) as raised:
        photos.sample("cat")
    assert "reinstall" in complaint(raised)
    monkeypatch.setattr(photos.util, "find_spec", lambda name: None)
    with pytest.raises(SegkitError, match="reinstall matplotlib"):
        photos.sample("hopper")


# --- modes of PIL images --------------------------------------------------------


RGB = Image.fromarray(picture())
GREY = RGB.convert("L")


def paletted_alpha():
    image = Image.new("PA", RGB.size)
    palette = RGB.quantize(64)
    image.putpalette(palette.getpalette())
    alpha = Image.new("L", RGB.size, 255)
    return Image.merge("LA", (palette.convert("L"), alpha)).convert("PA")


def lab():
    from PIL import ImageCms

    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(RGB, *profiles, outputMode="LAB")


# name -> (image, what its pixels must be, by how much they may differ)
MODES = {
    "1": (GREY.convert("1"), np.asarray(GREY.convert("1").convert("RGB")), 0),
    "L": (GREY, np.asarray(GREY.convert("RGB")), 0),
    "LA": (GREY.convert("LA"), np.asarray(GREY.convert("RGB")), 0),
    "La": (GREY.convert("LA").convert("La"), np.asarray(GREY.convert("RGB")), 1),
    "P": (RGB.quantize(64), np.asarray(RGB.quantize(64).convert("RGB")), 0),
    "PA": (paletted_alpha(), np.asarray(GREY.convert("RGB")), 40),
    "RGB": (RGB, np.asarray(RGB), 0),
    "RGBA": (RGB.convert("RGBA"), np.asarray(RGB), 0),
    "RGBa": (RGB.convert("RGBA").convert("RGBa"), np.asarray(RGB), 1),
    "RGBX": (RGB.convert("RGBX"), np.asarray(RGB), 0),
    "CMYK": (RGB.convert("CMYK"), np.asarray(RGB), 1),
    "YCbCr": (RGB.convert("YCbCr"), np.asarray(RGB), 4),
    "HSV": (RGB.convert("HSV"), np.asarray(RGB), 8),
    "LAB": (lab(), np.asarray(RGB), 20),
    "I": (Image.fromarray(np.asarray(GREY).astype(np.int32) * 257), np.asarray(GREY.convert("RGB")), 0),
    "I of small values": (Image.fromarray(np.asarray(GREY).astype(np.int32)), np.asarray(GREY.convert("RGB")), 0),
    "I;16": (Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257), np.asarray(GREY.convert("RGB")), 0),
    "I;16B": (Image.frombytes("I;16B", GREY.size, (np.asarray(GREY).astype(">u2") * 257).astype(">u2").tobytes()),
              np.asarray(GREY.convert("RGB")), 0),
    "F": (Image.fromarray(np.asarray(GREY).astype(np.float32) / 255), np.asarray(GREY.convert("RGB")), 0),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_the_same_photo(mode):
    image, expected, tolerance = MODES[mode]
    assert image.mode == mode.split(" ")[0]
    photo = check(photos.load(image), *expected.shape[:2])
    assert np.abs(photo.astype(int) - expected).max() <= tolerance


def test_floats_outside_0_to_1_are_one_line():
    with pytest.raises(SegkitError) as raised:
        photos.load(GREY.convert("F"))
    assert "PIL image of mode F" in complaint(raised) and "0 to 1" in complaint(raised)


def test_loading_leaves_the_image_as_it_was():
    image = RGB.convert("RGBA")
    before = image.tobytes()
    photos.load(image)[:] = 7
    assert (image.mode, image.tobytes()) == ("RGBA", before)


def test_a_closed_image_is_one_line(tmp_path):
    RGB.save(tmp_path / "a.png")
    image = Image.open(tmp_path / "a.png")
    image.close()
    with pytest.raises(SegkitError) as raised:
        photos.load(image)
    assert complaint(raised)


# --- transparency -----------------------------------------------------------------


@pytest.mark.parametrize("alpha, expected", [(0, 255), (255, 40), (51, 212), (128, 147)])
def test_transparent_parts_lie_on_white(alpha, expected):
    for image in (Image.new("RGBA", (5, 4), (40, 40, 40, alpha)), Image.new("LA", (5, 4), (40, alpha))):
        photo = check(photos.load(image), 4, 5)
        assert np.abs(photo.astype(int) - expected).max() <= 1
        np.testing.assert_array_equal(photos.load(stored(image, "PNG")), photo)
    array = np.full((4, 5, 4), 40, np.uint8)
    array[..., 3] = alpha
    assert np.abs(photos.load(array).astype(int) - expected).max() <= 1


def test_a_transparent_palette_entry_lies_on_white():
    image = Image.new("P", (6, 2), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(0, (0, 0, 3, 2))
    for source in (stored(image, "PNG", transparency=0), stored(image, "GIF", transparency=0)):
        photo = check(photos.load(source), 2, 6)
        assert (photo[:, :3] == 255).all() and (photo[:, 3:] == [200, 10, 10]).all()


def test_a_transparent_colour_of_an_rgb_png_lies_on_white():
    image = Image.new("RGB", (4, 4), (10, 20, 30))
    image.putpixel((0, 0), (200, 0, 0))
    photo = photos.load(stored(image, "PNG", transparency=(10, 20, 30)))
    assert (photo[0, 0] == [200, 0, 0]).all() and (photo[1:] == 255).all()


# --- formats -----------------------------------------------------------------------


@pytest.mark.parametrize("format, tolerance, options", [
    ("PNG", 0, {}), ("BMP", 0, {}), ("TIFF", 0, {}), ("TIFF", 0, {"compression": "tiff_lzw"}),
    ("TIFF", 30, {"compression": "jpeg"}), ("WEBP", 0, {"lossless": True}), ("WEBP", 30, {"quality": 95}),
    ("JPEG", 30, {"quality": 95}), ("JPEG", 30, {"quality": 95, "progressive": True}), ("PPM", 0, {}), ("TGA", 0, {}),
], ids=str)
def test_every_format_is_read_from_bytes_and_files(format, tolerance, options, tmp_path):
    try:
        content = stored(RGB, format, **options)
    except (KeyError, OSError) as error:
        pytest.skip(f"this Pillow writes no such file: {error}")
    file = tmp_path / "my photo – Übung 写真.data"  # the content decides, not the ending
    file.write_bytes(content)
    for source in (content, bytearray(content), memoryview(content), file, str(file)):
        photo = check(photos.load(source), 24, 36)
        assert np.abs(photo.astype(int) - np.asarray(RGB)).max() <= tolerance


def test_a_cmyk_jpeg_is_read():
    photo = check(photos.load(stored(RGB.convert("CMYK"), "JPEG", quality=95)), 24, 36)
    assert np.abs(photo.astype(int) - np.asarray(RGB)).mean() < 4


def png(width, height, depth, colour, rows, *chunks):
    """A PNG file, written by hand: PIL writes no 16-bit colours."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*c) for c in chunks) \
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("colour, channels", [(0, 1), (2, 3), (4, 2), (6, 4)], ids=["grey", "RGB", "grey+alpha", "RGBA"])
def test_16_bit_pngs_keep_their_upper_8_bits(colour, channels):
    values = np.arange(8 * 9 * channels).reshape(8, 9, channels) * 230 % 65536
    if channels in (2, 4):
        values[..., -1] = 65535
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    photo = check(photos.load(png(9, 8, 16, colour, rows)), 8, 9)
    seen = values[..., :3] if channels > 2 else values[..., :1].repeat(3, axis=-1)
    assert np.abs(photo.astype(int) - seen / 257).max() <= 1


def test_a_dark_16_bit_png_stays_dark():
    """A dark 16-bit picture has only small values; they must not be taken for 8-bit ones."""
    rows = b"".join(b"\0" + np.full(4, value, ">u2").tobytes() for value in (0, 200, 255, 100))
    assert photos.load(png(4, 4, 16, 0, rows)).max() <= 1


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_pngs_of_few_bits_span_black_to_white(depth):
    photo = photos.load(png(8, 1, depth, 0, b"\0" + b"\x0f" * depth))
    assert (photo.min(), photo.max()) == (0, 255)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_counts(format):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("#c80000", "#00c800", "#0000c8")]
    content = stored(frames[0], format, save_all=True, append_images=frames[1:],
                     **({"lossless": True} if format == "WEBP" else {}))
    assert (check(photos.load(content), 6, 8) == [200, 0, 0]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_is_turned_upright(orientation, format):
    upright = np.asarray(RGB)
    # What a camera stores when it is held that way: the inverse of what the tag asks a viewer to do.
    turned = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
              5: upright.transpose(1, 0, 2), 6: np.rot90(upright), 7: np.rot90(upright, 2).transpose(1, 0, 2),
              8: np.rot90(upright, -1)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(turned))
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(format, {})
    photo = check(photos.load(stored(image, format, exif=exif, **options)), 24, 36)
    assert np.abs(photo.astype(int) - upright).max() <= (12 if format == "JPEG" else 0)


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_orientation_that_does_not_exist_changes_nothing(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(photos.load(stored(RGB, "PNG", exif=exif)), np.asarray(RGB))


def test_a_16_bit_photo_is_turned_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    values = np.arange(6, dtype=np.uint16).reshape(2, 3) * 257 * 40
    photo = photos.load(stored(Image.fromarray(values), "PNG", exif=exif))
    np.testing.assert_array_equal(photo[..., 0], np.rot90(values // 257, -1))


def test_a_photo_with_damaged_exif_data_is_still_a_photo(capfd):
    good = stored(RGB, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")
    check(photos.load(good), 36, 24)  # turned: the tag is read
    for damaged in (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0", b"Exif\0\0" + b"\xff" * 50, b"Exif\0\0", b"Exif\0\0II*\0",
                    b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x05\0\0\0\x01\0\0\0\x99\0\0\0\0"):
        check(photos.load(stored(RGB, "JPEG", exif=damaged)), 24, 36)
    assert capfd.readouterr() == ("", "")


# --- arrays ------------------------------------------------------------------------


BASE = picture()
ARRAYS = {
    "uint8": BASE,
    "uint8 in other order": np.asfortranarray(BASE),
    "every second pixel": picture(48, 72)[::2, ::2],
    "upside down": BASE[::-1, ::-1],
    "read-only": np.frombuffer(BASE.tobytes(), np.uint8).reshape(BASE.shape),
    "grey": BASE[..., 0],
    "grey with an axis": BASE[..., :1],
    "with alpha": np.dstack([BASE, np.full(BASE.shape[:2], 255, np.uint8)]),
    "bool": BASE[..., 0] > 100,
    "uint16": BASE.astype(np.uint16) * 257,
    "uint16 of the other byte order": (BASE.astype(">u2") * 257).astype(">u2"),
    "int16": BASE.astype(np.int16) * 128,
    "int64": BASE.astype(np.int64),
    "int64 of 16-bit values": BASE.astype(np.int64) * 257,
    "float16": (BASE / 255).astype(np.float16),
    "float32": (BASE / 255).astype(np.float32),
    "float64": BASE / 255,
    "masked": np.ma.masked_array(BASE, mask=False),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_of_every_accepted_kind_become_photos(kind):
    array = ARRAYS[kind]
    photo = check(photos.load(array), *array.shape[:2])
    assert type(photo) is np.ndarray
    values = np.asarray(array).astype(float)
    if kind == "bool":
        values *= 255
    elif "16" in kind and "float" not in kind:
        values /= 257
    elif "float" in kind:
        values *= 255
    if values.ndim == 2:
        values = values[..., None]
    assert np.abs(photo - values[..., :3]).max() <= 1
    if kind.startswith("uint8"):
        np.testing.assert_array_equal(photo, array)


def test_white_stays_white_and_black_stays_black_in_every_type():
    for dtype, white in ((bool, True), (np.uint8, 255), (np.uint16, 65535), (np.int32, 65535), (np.float32, 1)):
        assert (photos.load(np.full((2, 2), white, dtype)) == 255).all(), dtype
        assert (photos.load(np.zeros((2, 2), dtype)) == 0).all(), dtype


def test_changing_a_loaded_photo_leaves_a_readers_pil_image_alone():
    image = Image.fromarray(BASE)
    photos.load(image)[:] = 0
    np.testing.assert_array_equal(np.asarray(image), BASE)


WRONG_ARRAYS = {
    "a number": np.array(5, np.uint8), "a row": np.zeros(5, np.uint8), "two channels": np.zeros((4, 4, 2), np.uint8),
    "five channels": np.zeros((4, 4, 5), np.uint8), "a batch": np.zeros((1, 4, 4, 3), np.uint8),
    "channels first": np.zeros((3, 40, 40), np.uint8), "no rows": np.zeros((0, 4, 3), np.uint8),
    "no columns": np.zeros((4, 0, 3), np.uint8), "floats up to 255": np.full((4, 4, 3), 200.0),
    "negative floats": np.full((4, 4, 3), -0.5), "nan": np.full((4, 4, 3), np.nan), "infinite": np.full((4, 4), np.inf),
    "negative": np.full((4, 4, 3), -1), "too large": np.full((4, 4, 3), 70000), "complex": np.zeros((4, 4, 3), complex),
    "text": np.full((4, 4), "a"), "objects": np.full((4, 4), None), "dates": np.zeros((4, 4), "datetime64[s]"),
    "a structure": np.zeros((4, 4), [("r", "u1"), ("g", "u1")]), "no channels": np.zeros((4, 4, 0), np.uint8),
}


@pytest.mark.parametrize("kind", WRONG_ARRAYS)
def test_an_array_that_is_no_photo_is_one_line(kind):
    with pytest.raises(SegkitError) as raised:
        photos.load(WRONG_ARRAYS[kind])
    assert "array of shape" in complaint(raised)


# --- files that are no photos -----------------------------------------------------------


def test_a_file_that_is_no_picture_is_one_line(tmp_path):
    for name, content in {"empty.jpg": b"", "text.jpg": b"This is a text.\n", "half.png": b"\x89PNG\r\n\x1a\n"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SegkitError) as raised:
            photos.load(tmp_path / name)
        assert str(tmp_path / name) in complaint(raised)
        with pytest.raises(SegkitError) as raised:
            photos.load(content)
        assert f"the picture of {len(content)} bytes" in complaint(raised)


WRONG_SOURCES = {"missing": "no/such/photo.jpg", "over-long": "x" * 5000, "two lines": "first\nsecond.jpg",
                 "null byte": "a\0b.jpg", "half a character": "a\ud800.jpg", "nobody": "~nobody-of-this-name/a.jpg",
                 "None": None, "a number": 5, "a list": [[1, 2], [3, 4]], "an address": "https://example.org/cat.jpg",
                 "a stream": io.BytesIO(b"")}


@pytest.mark.parametrize("source", WRONG_SOURCES.values(), ids=WRONG_SOURCES.keys())
def test_a_source_that_leads_nowhere_is_one_short_line(source):
    with pytest.raises(SegkitError) as raised:
        photos.load(source)
    assert len(complaint(raised)) < 1000


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(SegkitError) as raised:
        photos.load(tmp_path)
    assert f"{tmp_path} is a folder, not a picture" in complaint(raised)


def test_a_damaged_file_with_a_line_break_in_its_name_is_one_line(tmp_path):
    (tmp_path / "two\nlines.png").write_bytes(stored(RGB, "PNG")[:60])
    with pytest.raises(SegkitError) as raised:
        photos.load(tmp_path / "two\nlines.png")
    assert "two lines.png" in complaint(raised)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", "/dev/zero", "/dev/null"):
        with pytest.raises(SegkitError) as raised:
            photos.load(path)
        assert f"{path} is not an ordinary file" in complaint(raised)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root and Windows may read every file")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path):
    RGB.save(tmp_path / "locked.png")
    (tmp_path / "locked.png").chmod(0)
    with pytest.raises(SegkitError) as raised:
        photos.load(tmp_path / "locked.png")
    assert "permission denied" in complaint(raised)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/self/mem, a file that nobody can read")
def test_a_file_whose_reading_fails_is_one_line():
    with pytest.raises(SegkitError) as raised:
        photos.load("/proc/self/mem")
    assert "/proc/self/mem" in complaint(raised)


# --- bombs ---------------------------------------------------------------------------


def gif_of_size(screen, frame):
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    return head + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x4c\x01\x00;"


def webp_of_size(width, height):
    """An extended WebP header that claims a canvas, and nothing on it."""
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def bmp_of_size(width, height):
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def tiff_of_size(width, height):
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 100)]
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4)


BOMBS = {
    "PNG": png(50000, 50000, 8, 2, bytes(1000)), "PNG of 12000x12000": png(12000, 12000, 1, 0, bytes(1501 * 12000)),
    "GIF": gif_of_size((50000, 50000), (50000, 50000)), "GIF with a small screen": gif_of_size((10, 10), (50000, 50000)),
    "WebP": webp_of_size(50000, 50000), "BMP": bmp_of_size(50000, 50000), "TIFF": tiff_of_size(50000, 50000),
    "PPM": b"P6 50000 50000 255\n" + bytes(100),
}

LOAD_IN_LITTLE_MEMORY = """
import resource, sys
from segkit import photos
from segkit.errors import SegkitError
from PIL import Image
Image.init()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
try:
    photos.load(sys.argv[1])
except SegkitError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory as Linux does")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_with_little_memory(kind, run_python, tmp_path):
    assert len(BOMBS[kind]) < 20_000
    (tmp_path / "bomb").write_bytes(BOMBS[kind])
    done = run_python(LOAD_IN_LITTLE_MEMORY, tmp_path / "bomb")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1 and str(tmp_path / "bomb") in done.stdout
    assert "memory" not in done.stdout
    if "small screen" not in kind and kind != "WebP":  # those two are damaged as well
        assert "100000000" in done.stdout


@pytest.mark.parametrize("source", [np.zeros((11, 10, 3), np.uint8), Image.new("L", (10, 11)),
                                    stored(Image.new("RGB", (10, 11)), "PNG")], ids=["array", "image", "bytes"])
def test_the_bound_on_pixels_is_exact_and_named(source):
    check(photos.load(source, max_pixels=110), 11, 10)
    with pytest.raises(SegkitError) as raised:
        photos.load(source, max_pixels=109)
    assert "10 x 11 pixels, more than the 109 allowed" in complaint(raised)


def test_an_array_of_a_repeated_pixel_is_a_bomb_too():
    huge = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (50000, 50000, 3))
    with pytest.raises(SegkitError, match="more than the 100000000 allowed"):
        photos.load(huge)


# --- whatever comes -----------------------------------------------------------------------


ANY_DTYPE = st.one_of(hnp.boolean_dtypes(), hnp.integer_dtypes(endianness="?"), hnp.unsigned_integer_dtypes(endianness="?"),
                      hnp.floating_dtypes(endianness="?"), hnp.complex_number_dtypes())


@given(hnp.arrays(ANY_DTYPE, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_any_array_is_a_photo_or_one_line(array):
    try:
        photo = photos.load(array)
    except SegkitError as error:
        assert len(str(error).splitlines()) == 1
    else:
        check(photo, *array.shape[:2])


PHOTO_SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([None, 1, 3, 4]))


@given(PHOTO_SHAPES, st.sampled_from([np.uint8, bool, np.uint16, np.int32, np.float32, np.float64]), st.integers(0, 2**32 - 1),
       st.booleans())
def test_any_good_array_is_a_photo(shape, dtype, seed, turned):
    height, width, channels = shape
    rng = np.random.default_rng(seed)
    values = rng.random((height, width, channels) if channels else (height, width))
    top = {np.uint8: 255, np.uint16: 65535, np.int32: 65535, bool: 1}.get(dtype, 1)
    array = np.rint(values * top).astype(dtype) if np.dtype(dtype).kind != "f" else values.astype(dtype)
    array = array[::-1, ::-1] if turned else array
    check(photos.load(array), height, width)


@given(st.sampled_from([mode for mode in MODES if " " not in mode]), st.integers(1, 50), st.integers(1, 50))
def test_any_mode_and_size_is_a_photo(mode, width, height):
    image = MODES[mode][0].resize((width, height), Image.Resampling.NEAREST)
    check(photos.load(image), height, width)


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]),
       st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"]),
       st.integers(1, 60), st.integers(1, 60), st.integers(0, 8))
def test_any_file_that_pillow_writes_is_a_photo(format, mode, width, height, orientation):
    image = MODES[mode][0].resize((width, height), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = orientation
    try:
        content = stored(image, format, **({} if format in ("GIF", "BMP") else {"exif": exif}))
        Image.open(io.BytesIO(content)).load()  # Pillow 12 writes small YCbCr TIFFs that it cannot read
    except (OSError, KeyError, ValueError):
        return  # this format has no such mode
    turned = orientation >= 5 and format not in ("GIF", "BMP")
    check(photos.load(content), *((width, height) if turned else (height, width)))


def test_a_path_may_start_with_the_home_sign(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    RGB.save(tmp_path / "a.png")
    np.testing.assert_array_equal(photos.load(Path("~/a.png")), np.asarray(RGB))
