"""What stage `evaluate` keeps of a measured model."""

from pathlib import Path

import numpy as np
from PIL import Image

from training import evaluate

MODEL = Path(__file__).resolve().parents[2] / "data" / "models" / "deeplab-w8.tflite"


def test_each_photo_keeps_its_matrix_when_the_photos_come_in_another_order(tmp_path):
    rows = []
    for name, side in (("a", 20), ("b", 30)):
        Image.new("RGB", (side, side), (90, 120, 90)).save(tmp_path / f"{name}.jpg")
        Image.new("L", (side, side), 0).save(tmp_path / f"{name}.png")
        rows.append(("set", "report", tmp_path / f"{name}.jpg", tmp_path / f"{name}.png"))
    target = tmp_path / "measured.npz"
    for order in (rows, rows[::-1]):
        evaluate.measure(("deeplab-w8@257", (MODEL, None, "stretch"), order, target))
        with np.load(target) as stored:
            assert [matrix.sum() for matrix in stored["matrices"]] == [Image.open(row[3]).size[0] ** 2 for row in order]
