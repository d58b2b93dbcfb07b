"""Pictures with a palette of at most 256 colours, so that notebooks stay small."""

import base64
import io
import re
from copy import deepcopy

import numpy as np
from PIL import Image

MOST = 256
# A colour on so large a share of the pixels is flat: it keeps its value exactly. White stays white.
FLAT = 1 / 500
ROUNDS, SAMPLE = 6, 6000  # of k-means, and about so many of the rare colours take part
ROUNDING = 3  # so far, in each channel, k-means may have moved it
# A colour is mixed from the nearest entry of the palette and one of so many neighbours of that entry, and only where
# the mean error falls by more than this share of the pattern's own variance: a coarse pattern is seen, too.
NEIGHBOURS, COARSE = 8, 0.3
# The order in which the pixels of 8 x 8 take the second of two colours (Bayer 1973).
ORDER = np.array([[0, 2], [3, 1]])
for _ in range(2):
    ORDER = np.block([[4 * ORDER, 4 * ORDER + 2], [4 * ORDER + 3, 4 * ORDER + 1]])
# Distances are taken between lightness, red less green, and yellow less blue: in plain RGB, a cat's green eyes are near
# to its brown fur. Linear, so that a mix of two colours lies between them.
SEEN = np.array([[0.30, 0.75, 0.20], [0.59, -0.75, 0.20], [0.11, 0.0, -0.40]], np.float32)
IN_HTML = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def compressed(output):
    """An output of a notebook's cell with its PNG pictures made small, those inside its HTML too. Words stay."""
    output = deepcopy(output)
    shown = output.get("data", {})
    if "image/png" in shown:
        shown["image/png"] = _encoded(shown["image/png"])
    if "text/html" in shown:
        shown["text/html"] = IN_HTML.sub(lambda found: f"data:image/png;base64,{_encoded(found[1])}", shown["text/html"])
    return output


def _encoded(text):
    """base64 of a PNG -> base64 of the small one."""
    old = base64.b64decode(text)
    new = small(old)
    return text if new is old else base64.b64encode(new).decode()


def small(png):
    """PNG bytes -> PNG bytes with at most 256 colours; the same bytes where they have a palette already."""
    image = Image.open(io.BytesIO(png))
    if image.mode in ("P", "L", "1"):
        return png
    opaque = "A" not in image.mode or image.getextrema()[-1][0] == 255
    image = with_palette(image.convert("RGB")) if opaque \
        else image.convert("RGBA").quantize(MOST, Image.Quantize.FASTOCTREE)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def with_palette(image):
    """An RGB picture -> the nearest one with a palette.

    Without loss up to 256 colours. With more, flat colours stay exact. In photos and gradients, a colour between
    two near ones of the palette becomes a fine pattern of both, so that no bands show; even areas get no pattern.
    """
    packed = np.asarray(image).astype(np.int32) @ np.array([65536, 256, 1], np.int32)  # sorts faster than rows of 3
    colours, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    where = where.reshape(image.height, image.width)  # NumPy 2.0 gives another shape than 1.x and 2.1
    if len(colours) <= MOST:
        return _image(where, colours)
    palette = _palette(image, colours, counts)
    first, second, share = _two_nearest(colours @ SEEN, palette @ SEEN)
    rows, columns = np.indices(where.shape)
    threshold = (ORDER[rows % 8, columns % 8] + 0.5) / ORDER.size
    mixed = (share[where] > threshold) & ~_even(where)
    return _image(np.where(mixed, second[where], first[where]), palette)


def _even(where):
    """(H, W) bool: pixels with a neighbour of the same colour beside them and one above or below: the cells of a map."""
    beside, above = np.zeros(where.shape, bool), np.zeros(where.shape, bool)
    same = where[:, 1:] == where[:, :-1]
    beside[:, 1:] |= same
    beside[:, :-1] |= same
    same = where[1:] == where[:-1]
    above[1:] |= same
    above[:-1] |= same
    return beside & above


def _image(indices, palette):
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def _palette(image, colours, counts):
    """(256, 3) uint8: a palette for a picture whose (N, 3) colours stand on `counts` (N,) pixels each.

    Half of it begins as Pillow's median cut (many shades of what is large), half as its maximum coverage (nothing is far
    from an entry, small bright things included). k-means then moves all of them; the root of the count as the weight
    keeps small things.
    """
    begun = [image.quantize(MOST // 2, method).getpalette()[:3 * MOST // 2]
             for method in (Image.Quantize.MEDIANCUT, Image.Quantize.MAXCOVERAGE)]
    palette = np.concatenate([np.reshape(part, (-1, 3)) for part in begun]).astype(np.float32)
    some = (counts >= 8) | (np.arange(len(colours)) % (len(colours) // SAMPLE + 1) == 0)
    points, weights, seen = colours[some].astype(np.float32), np.sqrt(counts[some]), colours[some] @ SEEN
    for _ in range(ROUNDS):
        near = np.concatenate([_nearest(part, palette @ SEEN) for part in np.array_split(seen, len(seen) // 4096 + 1)])
        total = np.bincount(near, weights, len(palette))
        for channel in range(3):
            sums = np.bincount(near, weights * points[:, channel], len(palette))
            palette[:, channel] = np.where(total > 0, sums / np.maximum(total, 1e-9), palette[:, channel])
    palette = palette.round().astype(np.int32)
    flat = colours[counts > FLAT * counts.sum()]
    for colour in flat.astype(np.int32):
        distance = ((palette - colour) ** 2).sum(1)
        if 0 < distance.min() <= 3 * ROUNDING ** 2:
            palette[distance.argmin()] = colour
    return palette.astype(np.uint8)


def _nearest(colours, palette):
    """(N,): for each of (N, 3) colours the place of the nearest entry."""
    return ((palette ** 2).sum(1) - 2 * colours @ palette.T).argmin(1)


def _two_nearest(colours, palette):
    """For each of (N, 3) colours: the nearest entry, a neighbour to mix it with, and the share of that one, 0 to 0.5."""
    between = palette[None] - palette[:, None]  # (256, 256, 3), from entry (first axis) to entry (second axis)
    squared = (between ** 2).sum(-1)
    neighbours = squared.argsort(1)[:, 1:NEIGHBOURS + 1]
    first, second, share = (np.zeros(len(colours), kind) for kind in (np.intp, np.intp, np.float32))
    for begin in range(0, len(colours), 4096):
        part = slice(begin, begin + 4096)
        near = _nearest(colours[part], palette)
        others = neighbours[near]  # (n, NEIGHBOURS)
        rest = (colours[part] - palette[near])[:, None]
        step, length = between[near[:, None], others], np.maximum(squared[near[:, None], others], 1)
        mixed = np.clip((rest * step).sum(-1) / length, 0, 0.5)
        wrong = ((rest - mixed[..., None] * step) ** 2).sum(-1) + COARSE * mixed * (1 - mixed) * length
        best = wrong.argmin(1)
        rows = np.arange(len(near))
        gains = wrong[rows, best] < (rest[:, 0] ** 2).sum(-1)
        first[part], second[part] = near, others[rows, best]
        share[part] = mixed[rows, best] * gains
    return first, second, share
