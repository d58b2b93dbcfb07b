"""Training views: pieces of labelled photos put on a square canvas, with the teacher's opinion beside the pixels.

A view is made of pieces. A piece takes a window of a photo (shares of its sides) to a box on the canvas (pixels). One
piece that fills the canvas is a stretched photo or a crop, a smaller one in the middle a letterboxed photo, four make a
mosaic, and an object cut out along its outline is pasted over what is there (Ghiasi et al., "Simple Copy-Paste",
https://arxiv.org/abs/2012.07177). Labels live on every fourth pixel, which is the decoder's grid, and come from the mask
that a person drew, where there is one, else from the teacher; a cell that no photo covers, or that the mask ignores, has
equal probabilities for all classes, hence confidence 0, hence no weight in the loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from training import hints
from training.label import CODE_STEP, mask_of, open_photo, read_mask
from training.teacher import CELLS, CLASSES, PERSON, interpolation

STEP = 4
#: Share of samples from photos with a mask that a person drew (where there are any), of samples drawn by class instead
#: of by photo, of mosaics, and of views that get a pasted object.
DRAWN, BALANCED, MOSAIC, PASTED = 0.45, 0.7, 0.04, 0.08
#: What a mask's 0 and 1 become as log-probabilities.
NEVER = -12.0
#: How a piece is sampled, and how often: averaged, plain bilinear, or the nearest pixel. Phones thin a photo of twelve
#: megapixels out to a thousandth by plain bilinear, which leaves jagged edges; the training photos are too small to show
#: that, so the nearest pixel has to. Without it a model lost 0.03 mean IoU on photos of twice its input's size.
WAYS = {"smooth": 0.35, "bilinear": 0.55, "nearest": 0.1}
#: A photo counts as one of a class from this many of its 33x33 cells on.
LEAST_CELLS = 14

#: Log-probabilities by mask value: certain for 0 to 20, nothing known for 255.
CERTAIN = np.zeros((256, CLASSES), np.float32)
CERTAIN[:CLASSES] = np.where(np.eye(CLASSES, dtype=bool), 0.0, NEVER)


class Piece(NamedTuple):
    """Photo number, window (left, top, right, bottom) in shares, box (left, top, width, height) in pixels, mirrored."""

    photo: int
    window: tuple[float, float, float, float]
    box: tuple[int, int, int, int]
    mirrored: bool


class Labelled:
    """Labelled photos by number: pixels from the file, codes (N, 33, 33, 21) with hints applied, classes in each."""

    def __init__(self, folders: list[str | Path], names: np.ndarray, codes: np.ndarray, masks: str | Path | None = None):
        self.names = names
        self.masks = [mask_of(str(name), masks) for name in names]
        self.files = [next((Path(folder) / str(name) for folder in folders if (Path(folder) / str(name)).exists()),
                           Path(str(name))) for name in names]
        self.codes = codes
        drawn = np.array([mask is not None for mask in self.masks])
        before = codes[drawn].copy()
        self.hinted = hints.apply(names, codes)
        codes[drawn] = before                                         # no file name knows better than a drawn mask
        sure = np.where(np.partition(codes, 1, axis=-1)[..., 1] > 14, codes.argmin(-1), 0).reshape(len(codes), -1)
        self.cells = np.stack([(sure == index).sum(1) for index in range(CLASSES)], 1)
        self.by_class = [np.flatnonzero(self.cells[:, index] >= LEAST_CELLS) for index in range(CLASSES)]
        self.drawn, self.drawn_by_class = np.flatnonzero(drawn), [found[drawn[found]] for found in self.by_class]
        self.class_weights, self.drawn_weights = weighed(self.by_class), weighed(self.drawn_by_class)

    def __len__(self) -> int:
        return len(self.names)

    def sample(self, random: np.random.Generator) -> int:
        """A photo's number, drawn by class or by photo, among those with a drawn mask or among all."""
        drawn = len(self.drawn) and random.random() < DRAWN
        groups, weights = (self.drawn_by_class, self.drawn_weights) if drawn else (self.by_class, self.class_weights)
        if weights.sum() and random.random() < BALANCED:
            return int(random.choice(groups[random.choice(CLASSES, p=weights)]))
        return int(random.choice(self.drawn if drawn else len(self)))

    def pixels(self, piece: Piece, photo: Image.Image, way: str) -> np.ndarray:
        """(height, width, 3) uint8 of the piece, sampled in one of `WAYS`."""
        left, top, right, bottom = piece.window
        width, height = photo.size
        edges = (left * width, top * height, right * width, bottom * height)
        if way == "smooth":
            small = photo.resize(piece.box[2:], Image.Resampling.BILINEAR, box=edges)
        else:
            across, down = (edges[2] - edges[0]) / piece.box[2], (edges[3] - edges[1]) / piece.box[3]
            small = photo.transform(piece.box[2:], Image.Transform.AFFINE, (across, 0, edges[0], 0, down, edges[1]),
                                    Image.Resampling.NEAREST if way == "nearest" else Image.Resampling.BILINEAR)
        pixels = np.asarray(small)
        return pixels[:, ::-1] if piece.mirrored else pixels

    def grids(self, piece: Piece, every: int) -> tuple[slice, slice, np.ndarray, np.ndarray]:
        """The canvas cells (one each `every` pixels) that the box covers, and where in the photo they look (shares)."""
        slices, weights = [], []
        for axis in (1, 0):
            start, length = piece.box[axis], piece.box[axis + 2]
            first, last = -(-start // every), (start + length - 1) // every
            along = (np.arange(first, last + 1) * every - start) / max(length - 1, 1)
            if axis == 0 and piece.mirrored:
                along = 1 - along
            low, high = piece.window[axis], piece.window[axis + 2]
            slices.append(slice(first, last + 1))
            weights.append(low + along * (high - low))
        return slices[0], slices[1], weights[0], weights[1]

    def opinion(self, photo: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(len(rows), len(columns), 21) float32 log-probabilities (not yet normalised) at these places (shares)."""
        if self.masks[photo] is not None:
            mask = read_mask(self.masks[photo])
            places = [np.rint(np.clip(at, 0, 1) * (side - 1)).astype(int) for at, side in zip((rows, columns), mask.shape)]
            return CERTAIN[mask[np.ix_(*places)]]
        codes = self.codes[photo].astype(np.float32)
        rows, columns = (interpolation(at * (CELLS - 1), CELLS) for at in (rows, columns))
        across = np.matmul(columns, codes)                                   # (33, columns, 21)
        return np.tensordot(rows, across, (1, 0)) / -CODE_STEP

    def inside(self, photo: int, rows: np.ndarray, columns: np.ndarray, index: int) -> np.ndarray:
        """(len(rows), len(columns)) bool: where the photo shows class `index`, at these places (shares)."""
        if self.masks[photo] is not None:
            opinion = self.opinion(photo, rows, columns)
            return (opinion[..., index] == 0) & (opinion.min(-1) < 0)
        codes = self.codes[photo].astype(np.float32)
        # How far the class is ahead of the best other one: zero on the outline.
        ahead = np.delete(codes, index, 2).min(2) - codes[..., index]
        rows, columns = (interpolation(at * (CELLS - 1), CELLS) for at in (rows, columns))
        return rows @ ahead @ columns.T > 0


def weighed(groups: list[np.ndarray]) -> np.ndarray:
    """(21,) shares that sum to 1: how often each class is drawn, between equal shares and shares by photo."""
    counts = np.array([0] + [len(found) for found in groups[1:]], float)
    weights = counts ** 0.3 * (counts > 0)
    weights[PERSON] *= 2                                              # the most wanted class
    return weights / weights.sum() if weights.sum() else weights


def random_window(random: np.random.Generator, least: float = 0.3) -> tuple[float, float, float, float]:
    """A window of `least` to 1 of the photo's area, its sides' proportion within a third of the photo's."""
    area, bend = random.uniform(least, 1), np.exp(random.uniform(-0.29, 0.29))
    width, height = min(1, np.sqrt(area * bend)), min(1, np.sqrt(area / bend))
    left, top = random.uniform(0, 1 - width), random.uniform(0, 1 - height)
    return left, top, left + width, top + height


def fitted(size: tuple[int, int], side: int, scale: float) -> tuple[int, int]:
    """(width, height) of a photo of `size` whose longer side becomes `scale` of the canvas."""
    factor = side * scale / max(size)
    return tuple(max(8, min(side, round(length * factor))) for length in size)


class Viewer:
    """Makes view number `n`; the same seed and number give the same view, so a resumed run sees what it would have."""

    def __init__(self, data: Labelled, side: int = 257, seed: int = 0):
        self.data, self.seed = data, seed
        self.set_side(side)

    def set_side(self, side: int) -> None:
        """The canvas's side in pixels, 16 n + 1."""
        self.side, self.cells = side, (side - 1) // STEP + 1

    def put(self, piece: Piece, photo: Image.Image, canvas, opinions, random, cut: int | None = None) -> None:
        """Draw one piece on canvas and labels; with `cut`, only where the teacher sees that class."""
        left, top, width, height = piece.box
        pixels = self.data.pixels(piece, photo, str(random.choice(list(WAYS), p=list(WAYS.values()))))
        area = canvas[top:top + height, left:left + width]
        rows, columns, by_row, by_column = self.data.grids(piece, STEP)
        opinion = self.data.opinion(piece.photo, by_row, by_column)
        if cut is None:
            area[:] = pixels
            opinions[rows, columns] = opinion
            return
        _, _, fine_rows, fine_columns = self.data.grids(piece, 1)
        inside = self.data.inside(piece.photo, fine_rows, fine_columns, cut)
        area[inside] = pixels[inside]
        coarse = self.data.inside(piece.photo, by_row, by_column, cut)
        opinions[rows, columns][coarse] = opinion[coarse]

    def whole(self, number: int, canvas, opinions, random) -> None:
        """One photo: stretched, letterboxed, or a crop stretched."""
        photo = open_photo(self.data.files[number])
        kind, side = random.random(), self.side
        window, box = (0, 0, 1, 1), (0, 0, side, side)
        if kind < 0.6:
            window = random_window(random, 0.85)
        elif kind < 0.75:
            width, height = fitted(photo.size, side, 1 if random.random() < 0.5 else random.uniform(0.6, 1))
            box = (int(random.integers(side - width + 1)), int(random.integers(side - height + 1)), width, height)
        else:
            window = random_window(random)
        self.put(Piece(number, window, box, random.random() < 0.5), photo, canvas, opinions, random)

    def mosaic(self, numbers: list[int], canvas, opinions, random) -> None:
        """Four photos around a random corner."""
        across, down = (int(self.side * random.uniform(0.35, 0.65)) for _ in range(2))
        spans = [((0, across), (0, down)), ((across, self.side), (0, down)),
                 ((0, across), (down, self.side)), ((across, self.side), (down, self.side))]
        for number, ((left, right), (top, bottom)) in zip(numbers, spans):
            piece = Piece(number, random_window(random, 0.5), (left, top, right - left, bottom - top),
                          random.random() < 0.5)
            self.put(piece, open_photo(self.data.files[number]), canvas, opinions, random)

    def paste(self, canvas, opinions, random) -> None:
        """An object of a class drawn by class, somewhere, at 0.35 to 0.9 of the canvas."""
        index = int(random.choice(CLASSES, p=self.data.class_weights))
        number = int(random.choice(self.data.by_class[index]))
        photo = open_photo(self.data.files[number])
        width, height = fitted(photo.size, self.side, random.uniform(0.35, 0.9))
        box = (int(random.integers(self.side - width + 1)), int(random.integers(self.side - height + 1)), width, height)
        piece = Piece(number, (0, 0, 1, 1), box, random.random() < 0.5)
        self.put(piece, photo, canvas, opinions, random, cut=index)

    def view(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """View `number`: pixels (side, side, 3) uint8 and probabilities (cells, cells, 21) float32 that sum to 1."""
        random = np.random.default_rng([self.seed, number])
        canvas = np.full((self.side, self.side, 3), 127, np.uint8)
        opinions = np.zeros((self.cells, self.cells, CLASSES), np.float32)
        if random.random() < MOSAIC:
            self.mosaic([self.data.sample(random) for _ in range(4)], canvas, opinions, random)
        else:
            self.whole(self.data.sample(random), canvas, opinions, random)
        if random.random() < PASTED and self.data.class_weights.sum():
            self.paste(canvas, opinions, random)
        opinions = np.exp(opinions - opinions.max(-1, keepdims=True))
        return colours(canvas, random), opinions / opinions.sum(-1, keepdims=True)


def colours(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Random brightness, contrast and saturation; one view in twenty without any colour. Same shape and type."""
    values = pixels.astype(np.float32)
    grey = values @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = 0 if random.random() < 0.05 else random.uniform(0.75, 1.25)
    contrast, shift = random.uniform(0.85, 1.15), random.uniform(-12, 12)
    tint = random.uniform(0.96, 1.04, 3).astype(np.float32) * contrast
    values = (grey[..., None] + (values - grey[..., None]) * saturation - 127) * tint + (127 + shift)
    return np.clip(values, 0, 255).astype(np.uint8)
