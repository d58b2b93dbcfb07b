"""Stage 5, `evaluate`: masks of labelled photos against their truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from segkit import metrics
from segkit.errors import SegkitError
from segkit.training.label import open_photo


def pairs(folder: str | Path) -> list[tuple[Path, Path]]:
    """(photo, mask) files of a folder: NAME.jpg beside NAME.png; SegkitError where there is none."""
    found = [(photo, photo.with_suffix(".png")) for photo in sorted(Path(folder).glob("*.jpg"))
             if photo.with_suffix(".png").exists()]
    if not found:
        raise SegkitError(f"{folder} holds no photo NAME.jpg with a mask NAME.png")
    return found


def prepared(photo: Image.Image, side: int, fit: str = "stretch") -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """(side, side, 3) uint8 by plain bilinear, and the photo's box (x, y, w, h) in it; `fit` stretch or letterbox."""
    width = height = side
    if fit == "letterbox":
        width, height = (max(1, round(length * side / max(photo.size))) for length in photo.size)
    across, down = photo.width / width, photo.height / height
    small = photo.transform((width, height), Image.Transform.AFFINE, (across, 0, 0, 0, down, 0),
                            Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (side, side), (127, 127, 127))
    box = ((side - width) // 2, (side - height) // 2, width, height)
    canvas.paste(small, box[:2])
    return np.asarray(canvas), box


def mask_from(logits: np.ndarray, box: tuple[int, int, int, int], side: int, size: tuple[int, int]) -> np.ndarray:
    """Logits (h, w, C) of a prepared photo to its mask (H, W) uint8: to input pixels, argmax, box, nearest to `size`.

    `size` is PIL's (width, height).
    """
    fine = torch.nn.functional.interpolate(torch.from_numpy(logits).float().permute(2, 0, 1)[None], size=(side, side),
                                           mode="bilinear", align_corners=True)
    mask = fine[0].argmax(0).numpy().astype(np.uint8)
    left, top, width, height = box
    return np.asarray(Image.fromarray(mask[top:top + height, left:left + width]).resize(size, Image.Resampling.NEAREST))


def quick(model: nn.Module, folder: str | Path, side: int, fit: str = "stretch") -> dict[str, float]:
    """Mean IoU and person IoU of a torch model over a labelled folder, for the training log."""
    total = 0
    for photo_file, mask_file in pairs(folder):
        photo = open_photo(photo_file)
        pixels, box = prepared(photo, side, fit)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            values = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
            logits = model(values.contiguous(memory_format=torch.channels_last))[0].permute(1, 2, 0).float().numpy()
        mask = mask_from(logits, box, side, photo.size)
        total = total + metrics.confusion_matrix(np.asarray(Image.open(mask_file)), mask)
    return {"miou": metrics.mean_iou(total), "person": float(metrics.iou_per_class(total)[15])}
