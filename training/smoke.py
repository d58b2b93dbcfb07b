"""`--smoke`: all stages on generated pictures, in under two minutes. It shows that the way works, not that it is good.

The pictures are coloured shapes on grey, and the teacher is one convolution that knows the colours; it is converted to
.tflite first, so that even the cutting of the teacher's graph is tried. The converter has an environment of its own;
its Python runs the steps that need it as processes.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from segkit.errors import SegkitError, one_line

#: Class index and colour of what is drawn: aeroplane, cat, person.
COLOURS = {1: (220, 40, 40), 8: (40, 200, 40), 15: (40, 60, 220)}
GREY = (127, 127, 127)
SIDE, PHOTOS, LABELLED = 97, 40, 6
TEACHER, BEGINNING = "teacher.tflite", "beginning.npz"


def picture(random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A picture of one or two shapes with some noise, and its mask."""
    size = tuple(int(value) for value in random.integers(120, 200, 2))
    photo, mask = Image.new("RGB", size, GREY), Image.new("L", size, 0)
    for index in random.choice(list(COLOURS), random.integers(1, 3), replace=False):
        width, height = (int(length * random.uniform(0.35, 0.6)) for length in size)
        left, top = int(random.integers(size[0] - width)), int(random.integers(size[1] - height))
        box = (left, top, left + width, top + height)
        for image, colour in ((photo, COLOURS[int(index)]), (mask, int(index))):
            draw = ImageDraw.Draw(image)
            (draw.ellipse if index == 15 else draw.rectangle)(box, fill=colour)
    noise = random.normal(0, 12, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(photo) + noise, 0, 255).astype(np.uint8)), mask


def draw_all(folder: Path) -> None:
    """<folder>/photos and <folder>/labelled (with masks)."""
    random = np.random.default_rng(0)
    for name, count in (("photos", PHOTOS), ("labelled", LABELLED)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            photo, mask = picture(random)
            photo.save(folder / name / f"smoke_{number:03d}.jpg", quality=95)
            if name == "labelled":
                mask.save(folder / name / f"smoke_{number:03d}.png")


def make_teacher(file: Path) -> None:
    """A teacher that looks at every 16th pixel: the logit of a class is how near the colour is to the class's own."""
    import torch

    from training import export
    from training.teacher import CLASSES
    from training.teacher import SIDE as INPUT

    class Teacher(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.look = torch.nn.Conv2d(3, CLASSES, 1, 16)
            torch.nn.init.zeros_(self.look.weight)
            torch.nn.init.constant_(self.look.bias, -40.0)
            for index, colour in {0: GREY, **COLOURS}.items():
                # -20 |x - c|^2 without |x|^2, which is the same for all classes.
                centre = torch.tensor(colour) / 127.5 - 1
                self.look.weight.data[index, :, 0, 0] = 40 * centre
                self.look.bias.data[index] = -20 * centre.pow(2).sum()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(self.look(x), (INPUT, INPUT), mode="bilinear", align_corners=True)

    export.to_f32(Teacher().eval(), (torch.zeros(1, 3, INPUT, INPUT),), file)


def make_beginning(file: Path) -> None:
    """A "published" network by chance, in the form that stage `begin` reads."""
    import torch

    from training.beginning import Published

    torch.manual_seed(0)
    arrays = {}
    for place, layer in enumerate(layer for layer in Published().modules() if isinstance(layer, torch.nn.Conv2d)):
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        depthwise = layer.groups > 1
        weight = layer.weight.detach().permute((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
        arrays[f"{place:02d}_{'DEPTHWISE_' * depthwise}CONV_2D_weight"] = weight.numpy() * (1 if depthwise else 0.7)
        arrays[f"{place:02d}_{'DEPTHWISE_' * depthwise}CONV_2D_bias"] = np.full(layer.out_channels, 0.05, np.float32)
    np.savez(file, **arrays)


def other_python(converter: str, *arguments: str) -> None:
    """Run ``python -m training...`` in the converter's environment; SegkitError with its last line if it fails."""
    home = Path(__file__).resolve().parents[1]
    try:
        done = subprocess.run([converter, *arguments], cwd=home, capture_output=True, text=True)
    except OSError as error:
        raise SegkitError(f"the converter's Python {converter} does not start: {one_line(error)}") from error
    if done.returncode:
        raise SegkitError(f"{arguments[1]} failed in the converter's environment: {one_line(done.stderr[-300:])}")


def losses(folder: Path) -> list[float]:
    """The losses in a run's log, first to last."""
    with open(folder / "log.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def run(converter: str | None = None, work: str | None = None) -> dict:
    """All stages; returns and prints the figures. SegkitError where something did not work out."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(work or temporary)
        return stages(folder, converter or sys.executable)


def stages(folder: Path, converter: str) -> dict:
    """The stages in `folder`, and what must hold afterwards."""
    from training import beginning, card, evaluate, features, frozen, label, seeds, train

    photos, out, labelled = [str(folder / "photos")], folder / "models", [str(folder / "labelled")]
    draw_all(folder)
    other_python(converter, "-m", "training.smoke", str(folder / TEACHER))
    label.run(photos, folder, folder / TEACHER)
    make_beginning(folder / BEGINNING)
    beginning.run(photos, str(folder), str(folder / BEGINNING), side=SIDE, count=16)
    small = {"batch": 4, "threads": 2, "cooldown": 10, "warm": 5, "average": 0.9}
    fast = {**small, "head_rate": 3e-3, "trunk_rate": 3e-4}
    train.run(photos, str(folder), side=SIDE, steps=20, **fast)
    # Made longer, the same run goes on from the checkpoint before the fall: 10 + 20 steps, not 30.
    train.run(photos, str(folder), side=SIDE, steps=30, validate=labelled[0], validate_every=30, **fast)
    features.run(photos, str(folder), views=64, side=SIDE)
    heads = ("v3plus", "classify", "detect")
    for head in heads:
        frozen.run(photos, str(folder), head, steps=50, **{**small, "head_rate": 3e-3})
    seeds.run(str(folder), labelled)
    other_python(converter, "-m", "training", "export", "--photos", *photos, "--work", str(folder), "--out",
                 str(out), "--side", str(SIDE), "--light-side", str(SIDE), "--samples", "8",
                 "--only", "deeplab", "deeplab-light", "trunk", *(f"head-{head}" for head in heads))
    evaluate.run(str(folder), str(out), labelled, processes=1, sides=())
    card.run(str(folder), str(out))
    report = json.loads((folder / "evaluation.json").read_text())
    log = losses(folder / "deeplab")
    # The whole network began by chance and has few steps; a head with batch norm on it learns what there is to learn.
    found = report["quality"][f"head-v3plus@{SIDE}"]["report"]["labelled"]
    figures = {"loss": [log[0], log[-1]], "files": len(list(out.glob("*.tflite"))), "miou": found["miou"],
               "error": report["files"]["deeplab-f32.tflite"]["error"], "runtimes": report["runtimes"],
               "bias": report["files"]["deeplab.tflite"]["bias"], "expected": 4 + 1 + len(heads)}
    print(json.dumps(figures))
    if log[-1] >= log[0]:
        raise SegkitError(f"the loss did not fall: {log[0]:.3f} to {log[-1]:.3f}")
    if figures["files"] != figures["expected"] or max(figures["error"].values()) > 1e-3:
        raise SegkitError(f"the export is incomplete or differs from PyTorch: {figures}")
    return figures


if __name__ == "__main__":
    make_teacher(Path(sys.argv[1]))
