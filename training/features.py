"""Stage `features`: what the trained trunk sees in many views, computed once for all heads.

A head of a few thousand weights learns in minutes where the trunk need not run for every step. Two sets are written to
``<work>/features``, as .npy files that are mapped into memory, not read:

- `views`: augmented views (as in training) with ``low`` (N, 65, 65, 24), ``high`` (N, 17, 17, 192) float16 and
  ``codes`` (N, 65, 65, 21) uint8, for the segmentation heads;
- `plain`: photos as they are, stretched, with ``high`` alone, for the heads that classify and detect. Row n is photo n,
  and every other photo is mirrored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from training import label, loop
from training.deeplab import CLASSES
from training.network import CHANNELS, LOW_CHANNELS
from training.train import to_input, trained
from training.views import Labelled, Piece, Viewer

CHUNK = 16
#: View numbers from here on are kept apart from those that trained the trunk.
FIRST = 10 ** 9


def folder_of(work: str | Path) -> Path:
    """Where the features of a work folder lie."""
    return Path(work) / "features"


def trained_trunk(work: str | Path, output_stride: int = 16) -> torch.nn.Module:
    """The trunk that stage `train` left, ready to run; SegkitError if it did not."""
    trunk = trained(work).trunk
    trunk.set_output_stride(output_stride)
    return trunk.to(memory_format=torch.channels_last)


class Store:
    """Arrays on disk that fill up row by row; `done.txt` counts the rows, so that a stopped run goes on."""

    def __init__(self, folder: Path, rows: int, **shapes: tuple[tuple[int, ...], type]):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.rows, self.arrays = folder, rows, {}
        for name, (shape, kind) in shapes.items():
            file, whole = folder / f"{name}.npy", (rows, *shape)
            fits = file.exists() and np.load(file, mmap_mode="r").shape == whole
            self.arrays[name] = np.lib.format.open_memmap(file, "r+" if fits else "w+", kind, whole)
            if not fits:
                (folder / "done.txt").unlink(missing_ok=True)

    @property
    def done(self) -> int:
        """How many rows are there."""
        file = self.folder / "done.txt"
        return int(file.read_text()) if file.exists() else 0

    def put(self, start: int, **values: np.ndarray) -> None:
        """Write rows from `start` on."""
        for name, value in values.items():
            self.arrays[name][start:start + len(value)] = value
        (self.folder / "done.txt").write_text(str(start + len(value)))


def see(trunk: torch.nn.Module, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of (N, S, S, 3) uint8 pixels, channels last, float16."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        low, high = trunk(to_input(pixels))
    return tuple(x.permute(0, 2, 3, 1).float().numpy().astype(np.float16) for x in (low, high))


def run(photos: list[str], work: str, masks: str | None = None, views: int = 5000, plain_photos: int = 6000, side: int = 257,
        threads: int = 2, seed: int = 0) -> None:
    """Compute and store both sets (see the module's text)."""
    torch.set_num_threads(threads)
    trunk = trained_trunk(work)
    stored = label.load(work)
    data = Labelled(photos, stored["names"], stored["codes"], masks)
    viewer, folder = Viewer(data, side, seed), folder_of(work)
    cells, coarse = viewer.cells, (side - 1) // 16 + 1
    high = ((coarse, coarse, CHANNELS), np.float16)
    store = Store(folder / "views", views, high=high, low=((cells, cells, LOW_CHANNELS), np.float16),
                  codes=((cells, cells, CLASSES), np.uint8))

    def batch(number: int) -> tuple[int, np.ndarray, np.ndarray]:
        start = number * CHUNK
        made = [viewer.view(FIRST + row) for row in range(start, min(start + CHUNK, views))]
        return start, np.stack([pixels for pixels, _ in made]), np.stack([opinion for _, opinion in made])

    for start, pixels, opinion in tqdm(loop.ahead(batch, store.done // CHUNK, -(-views // CHUNK)), unit="chunk",
                                       total=-(-views // CHUNK), initial=store.done // CHUNK, desc="views"):
        low, far = see(trunk, pixels)
        store.put(start, low=low, high=far, codes=label.encode(opinion))
    plain(trunk, data, Store(folder / "plain", min(plain_photos, len(data)), high=high), side)


def plain(trunk: torch.nn.Module, data: Labelled, store: Store, side: int) -> None:
    """Fill the store with its first photos stretched, the odd ones mirrored (the collections are mixed)."""
    def batch(number: int) -> tuple[int, np.ndarray]:
        rows = []
        for photo in range(number * CHUNK, min((number + 1) * CHUNK, store.rows)):
            piece = Piece(photo, (0, 0, 1, 1), (0, 0, side, side), photo % 2 == 1)
            rows.append(data.pixels(piece, label.open_photo(data.files[photo]), "smooth" if photo % 4 < 2 else "bilinear"))
        return number * CHUNK, np.stack(rows)

    chunks, first = -(-store.rows // CHUNK), store.done // CHUNK
    for start, pixels in tqdm(loop.ahead(batch, first, chunks), total=chunks, initial=first, unit="chunk", desc="plain"):
        store.put(start, high=see(trunk, pixels)[1])
