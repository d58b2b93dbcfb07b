"""Stage 1, `label`: ask the published models about every photo of a folder, once, and keep the answers.

In ``<work>/labels`` each part of at most 200 photos becomes one .npz: ``names`` (N,), ``codes`` (N, 33, 33, 21) uint8,
``boxes`` (M, 7) float32 of which the first column is the photo's place in the part. A part that is there is not made
again. Codes are log-probabilities: ``-code / 20``; bilinear steps between them keep an outline sharp where steps
between probabilities would blur it. Where a person drew a mask (``--masks``), the codes come from it and the teacher is
not asked; the stages that look closer read the mask itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from segkit.errors import SegkitError, one_line
from training.teacher import CELLS, CLASSES, BoxTeacher, Teacher, read_label_file

PART = 200
CODE_STEP = 20.0
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def photos_in(folders: list[str | Path]) -> list[Path]:
    """The photo files directly in the folders, sorted by name; SegkitError for a missing folder or none at all."""
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise SegkitError(f"{folder} is no folder of photos")
        found += [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    if not found:
        raise SegkitError(f"no photo ({', '.join(sorted(SUFFIXES))}) in {', '.join(map(str, folders))}")
    return sorted(found, key=lambda path: path.name)


def pairs(folder: str | Path) -> list[tuple[Path, Path]]:
    """(photo, mask) files of a labelled folder: NAME.jpg beside NAME.png; SegkitError where there is none."""
    found = [(photo, photo.with_suffix(".png")) for photo in sorted(Path(folder).glob("*.jpg"))
             if photo.with_suffix(".png").exists()]
    if not found:
        raise SegkitError(f"{folder} holds no photo NAME.jpg with a mask NAME.png")
    return found


def open_photo(path: str | Path) -> Image.Image:
    """The photo upright, as an RGB PIL image; SegkitError with the file's name where it is none."""
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise SegkitError(f"cannot read the photo {path}: {one_line(error)}") from error


def encode(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities (..., C) to uint8 codes of the same shape: 0 is certain, 255 is below one in 300,000."""
    return np.clip(np.rint(-CODE_STEP * np.log(np.maximum(probabilities, 1e-9))), 0, 255).astype(np.uint8)


def mask_of(photo: str | Path, masks: str | Path | None) -> Path | None:
    """The mask NAME.png of a photo NAME.*, or None where nobody drew one."""
    file = Path(masks) / f"{Path(photo).stem}.png" if masks else None
    return file if file and file.exists() else None


def read_mask(file: str | Path) -> np.ndarray:
    """(H, W) uint8 class indices, 255 = ignore, of a palette PNG (Pillow keeps the indices, OpenCV would not)."""
    with Image.open(file) as image:
        return np.asarray(image)


def codes_of_mask(mask: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """A mask (H, W) as codes (cells, cells, 21), uint8: each class's share around each cell; all 0 where ignored."""
    weights = []
    for side in mask.shape:
        middle, step = np.linspace(0, side - 1, cells)[:, None], (side - 1) / (cells - 1)
        each = np.maximum(0, 1 - np.abs(np.arange(side) - middle) / max(step, 1)).astype(np.float32)
        weights.append(each / each.sum(1, keepdims=True))
    shares = np.stack([weights[0] @ (mask == index) @ weights[1].T for index in range(CLASSES)], -1)
    known = shares.sum(-1, keepdims=True)
    return np.where(known > 0.5, encode(shares / np.maximum(known, 1e-6)), 0).astype(np.uint8)


def label_part(paths: list[Path], teacher: Teacher, boxer: BoxTeacher | None, bar: tqdm,
               masks: str | Path | None = None) -> dict[str, np.ndarray]:
    """The arrays of one part (see the module's text)."""
    codes, boxes = [], []
    for place, path in enumerate(paths):
        photo, drawn = open_photo(path), mask_of(path, masks)
        codes.append(codes_of_mask(read_mask(drawn)) if drawn else encode(teacher.probabilities(photo)))
        if boxer:
            rows = boxer.boxes(photo)
            boxes.append(np.column_stack([np.full(len(rows), place, np.float32), rows]))
        bar.update()
    return {"names": np.array([path.name for path in paths]), "codes": np.stack(codes),
            "boxes": np.concatenate(boxes) if boxes else np.zeros((0, 7), np.float32)}


def run(photos: list[str | Path], work: str | Path, teacher: str | Path, boxer: str | Path | None = None,
        threads: int = 2, masks: str | Path | None = None) -> None:
    """Label all photos of the folders; see the module's text for what is written. Each thread has its own models."""
    paths = photos_in(photos)
    folder = Path(work) / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    # Parts mix the collections (a stride, not a run), so that training can begin with the first parts.
    count = -(-len(paths) // PART)
    parts = [(folder / f"part-{count}-{number:03d}.npz", paths[number::count]) for number in range(count)]
    missing = [part for part in parts if not part[0].exists()]
    bar = tqdm(total=len(paths), initial=sum(len(p) for f, p in parts if f.exists()), unit="photo", desc="label")
    names = read_label_file(boxer) if boxer else []

    def worker(share: list) -> None:
        models = Teacher(teacher), BoxTeacher(boxer, names) if boxer else None
        for file, part in share:
            unfinished = file.with_suffix(".tmp.npz")
            np.savez_compressed(unfinished, **label_part(part, *models, bar, masks))
            unfinished.replace(file)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(worker, missing[start::threads]) for start in range(threads)]:
            done.result()
    bar.close()


def load(work: str | Path) -> dict[str, np.ndarray]:
    """All parts in one: `names`, `codes` and `boxes` (whose first column now counts over all photos).

    SegkitError where nothing was labelled.
    """
    files = sorted((Path(work) / "labels").glob("part-*[0-9].npz"))
    if not files:
        raise SegkitError(f"no labels in {work}; run `python -m training label` first")
    names, codes, boxes, before = [], [], [], 0
    for file in files:
        with np.load(file) as part:
            names.append(part["names"])
            codes.append(part["codes"])
            rows = part["boxes"].copy()
        rows[:, 0] += before
        before += len(names[-1])
        boxes.append(rows)
    return {"names": np.concatenate(names), "codes": np.concatenate(codes), "boxes": np.concatenate(boxes)}
