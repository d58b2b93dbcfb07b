"""Stage `export`: from PyTorch to .tflite, in four precisions. Needs the converter (training/requirements-convert.txt).

The files take and give NHWC. Inputs are the photo in [-1, 1]; segmentation outputs are logits at the input's own size,
spread by the graph's last operator, so that whoever runs the model needs no resizing of scores. In the full int8 file
input and output are int8 with scale and zero point. Beside each file a ``<work>/checks/<name>.npz`` keeps inputs and
PyTorch's answer, which stage `evaluate` compares with both runtimes' answers.

`deeplab`, its f16 and its f32 take 289 pixels. `deeplab-w8` takes 257: it is the file for processors without 8-bit
instructions, where 289 pixels would take longer than the starter model does.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from segkit.errors import SegkitError
from training import frozen, heads, label, pack
from training.deeplab import resize
from training.features import trained_trunk
from training.train import shipped, trained

SIDE, LIGHT_SIDE = 289, 257
#: Weights of a channel count as gone below this share of its bias.
DEAD = 1e-4


class Whole(nn.Module):
    """The network with its logits spread to the input's size."""

    def __init__(self, net: nn.Module, side: int):
        super().__init__()
        self.net, self.side = net, side

    def forward(self, x: Tensor) -> Tensor:
        return resize(self.net(x), (self.side, self.side))


class HeadAlone(nn.Module):
    """A segmentation head on the coarse feature, logits spread to the input's size."""

    def __init__(self, head: nn.Module, side: int):
        super().__init__()
        self.head, self.side = head, side

    def forward(self, high: Tensor) -> Tensor:
        return resize(self.head(high, high), (self.side, self.side))


class HeadWithDetail(HeadAlone):
    """The same for the head that also takes the stride-4 feature."""

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        return resize(self.head(low, high), (self.side, self.side))


def converter():
    """The modules litert_torch and ai_edge_quantizer; SegkitError where they are not installed."""
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")
    try:
        with quiet():
            import litert_torch
            from ai_edge_quantizer import quantizer, recipe, recipe_manager
    except ImportError as error:
        raise SegkitError(f"the converter is missing ({error}); it has an environment of its own: "
                          "pip install -r training/requirements-convert.txt") from error
    return litert_torch, quantizer, recipe, recipe_manager


@contextlib.contextmanager
def quiet():
    """Swallow what the converter prints; errors still come as exceptions."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


@torch.no_grad()
def lifted(module: nn.Module) -> nn.Module:
    """A copy whose dead channels have a weight again: DEAD of their bias, in one place, where it changes nothing.

    A channel's 8-bit scale is its largest weight over 127, and its bias is stored as a multiple of that. Where all
    weights are next to nothing, the multiple would leave the 32-bit numbers (or come near their end, where adding to it
    does).
    """
    copy = deepcopy(module)
    for layer in copy.modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            flat = layer.weight.view(layer.out_channels, -1)
            largest, place = flat.abs().max(1)
            least = layer.bias.abs().clamp(min=1e-3) * DEAD
            for channel in torch.nonzero(largest < least).flatten().tolist():
                flat[channel, place[channel]] = least[channel]
    return copy


def to_f32(module: nn.Module, inputs: tuple[Tensor, ...], file: Path, spatial: bool = True) -> None:
    """Convert a module that takes NCHW `inputs` to a float32 .tflite file that takes NHWC.

    `spatial` says whether its outputs are maps, whose channels go last as well.
    """
    litert_torch, *_ = converter()
    with torch.no_grad():
        answer = module(*inputs)
    outputs = list(range(len(answer) if isinstance(answer, tuple) else 1)) if spatial else []
    turned = litert_torch.to_channel_last_io(module, args=list(range(len(inputs))), outputs=outputs).eval()
    with quiet():
        litert_torch.convert(turned, tuple(x.permute(0, 2, 3, 1).contiguous() for x in inputs)).export(str(file))


def quantised(file: Path, precision: str, target: Path, samples: np.ndarray | None = None) -> None:
    """Write a float32 file again as f16, w8 (weights only) or int8 (calibrated on `samples`, (N, S, S, 3) in [-1, 1])."""
    _, quantizer, recipe, recipe_manager = converter()
    if precision == "f16":
        manager = recipe_manager.RecipeManager()
        manager.add_weight_only_config(".*", recipe.TFLOperationName.ALL_SUPPORTED, 16,
                                       algorithm_key=recipe_manager.AlgorithmName.FLOAT_CASTING)
        rules = manager.get_quantization_recipe()
    else:
        rules = recipe.weight_only_wi8_afp32() if precision == "w8" else recipe.static_wi8_ai8()
    with quiet():
        maker, statistics = quantizer.Quantizer(str(file), rules), None
        if precision == "int8":
            statistics = maker.calibrate({"serving_default": [{"args_0": x[None]} for x in samples]}, num_threads=2)
        maker.quantize(statistics).export_model(str(target), overwrite=True)
    target.chmod(0o644)


def calibration(photos: list[str], side: int, count: int, seed: int = 0) -> np.ndarray:
    """(count, 3, side, side) float32 in [-1, 1]: photos of the folders, stretched."""
    files = label.photos_in(photos)
    picked = np.random.default_rng(seed).choice(len(files), min(count, len(files)), replace=False)
    pictures = [np.asarray(label.open_photo(files[place]).resize((side, side))) for place in picked]
    return np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1


def plan(work: str | Path, side: int, light: int) -> list[tuple[str, nn.Module, str, tuple[str, ...], bool]]:
    """What there is to export: (name, module, kind of input, precisions, outputs are maps).

    The kinds are `photo` and `light` (a photo at `side` or `light` pixels), and the features of a light photo: `high`,
    `low+high`, and `high8` at output stride 8.
    """
    net, whole = trained(work), shipped(work)
    rows = [("deeplab", Whole(whole, side), "photo", ("f32", "f16", "int8"), True),
            ("deeplab-light", Whole(whole, light), "light", ("w8",), True),
            ("trunk", net.trunk, "light", ("w8",), True)]
    for name in frozen.HEADS:
        if not (frozen.result_folder(work, name) / "model.pt").exists():
            continue
        head = frozen.trained_head(work, name)
        if name in heads.SEGMENTERS:
            head = (HeadWithDetail if name == "v3plus" else HeadAlone)(head, light)
        rows.append((f"head-{name}", head, "low+high" if name == "v3plus" else "high", ("w8",), name != "classify"))
    if (frozen.result_folder(work, "v3") / "model.pt").exists():
        dense = trained_trunk(work, output_stride=8).to(memory_format=torch.contiguous_format)
        rows += [("trunk-os8", dense, "light", ("w8",), True),
                 ("head-v3-os8", HeadAlone(frozen.trained_head(work, "v3", 8), light), "high8", ("w8",), True)]
    return rows


def file_name(name: str, precision: str) -> str:
    """The shipped file's name: the default and the parts have none of the precision's letters."""
    if name.startswith("deeplab"):
        return "deeplab.tflite" if precision == "int8" else f"deeplab-{precision}.tflite"
    return f"{name}.tflite"


def run(photos: list[str], work: str, out: str, side: int = SIDE, light_side: int = LIGHT_SIDE, samples: int = 100,
        only: list[str] | None = None) -> None:
    """Export everything that was trained to the folder `out`; `only` names a few."""
    folder, checks, scratch = Path(out), Path(work) / "checks", Path(work) / "f32"
    for place in (folder, checks, scratch):
        place.mkdir(parents=True, exist_ok=True)
    calibrate = calibration(photos, side, samples).transpose(0, 2, 3, 1)
    photo, light = (torch.from_numpy(calibration(photos, pixels, 1, seed=1)) for pixels in (side, light_side))
    with torch.no_grad():
        low, high = trained_trunk(work)(light)
        high8 = trained_trunk(work, output_stride=8)(light)[1]
    kinds = {"photo": (photo,), "light": (light,), "high": (high,), "low+high": (low, high), "high8": (high8,)}
    wanted = [row for row in plan(work, side, light_side) if not only or row[0] in only]
    for name, module, kind, precisions, spatial in tqdm(wanted, unit="model", desc="export"):
        module = lifted(module).eval()
        inputs = tuple(x.contiguous().float() for x in kinds[kind])
        f32 = scratch / f"{name}.tflite"
        to_f32(module, inputs, f32, spatial)
        for precision in precisions:
            target = folder / file_name(name, precision)
            keep_check(checks / f"{target.stem}.npz", module, inputs)
            if precision == "f32":
                target.write_bytes(f32.read_bytes())
            else:
                quantised(f32, precision, target, calibrate)
            if name.startswith("deeplab"):
                pack.labels_into(target)


def keep_check(file: Path, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Inputs and the module's answer, channels last, as arrays input_0, ..., output_0, ..."""
    with torch.no_grad():
        answer = module(*inputs)
    answer = answer if isinstance(answer, tuple) else (answer,)

    def last(x: Tensor) -> np.ndarray:
        return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).contiguous().numpy()

    np.savez_compressed(file, **{f"input_{n}": last(x) for n, x in enumerate(inputs)},
                        **{f"output_{n}": last(x) for n, x in enumerate(answer)})
