"""Stage 4, `export`: from PyTorch to .tflite, in four precisions. Needs the converter (requirements-convert.txt).

The files take and give NHWC. Inputs are the photo in [-1, 1]; segmentation outputs are logits at the input's own size,
spread by the graph's last operator, so that whoever runs the model needs no resizing of scores. In the full int8 files
input and output are int8 with scale and zero point. Beside each file a ``<work>/checks/<name>.npz`` keeps inputs and
PyTorch's answer, which stage `evaluate` compares with both runtimes' answers.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from segkit.errors import SegkitError
from training import frozen, heads, label, pack
from training.features import trained_trunk

PRECISIONS = ("f32", "f16", "w8", "int8")
#: The v3 head that went on learning at output stride 8; it is only measured, its file stays in the work folder.
AT_8 = "head-v3-at8"


class Whole(nn.Module):
    """The network with its logits spread to the input's size."""

    def __init__(self, net: heads.Network, side: int):
        super().__init__()
        self.net, self.side = net, side

    def forward(self, x: Tensor) -> Tensor:
        return heads.resize(self.net(x), (self.side, self.side))


class HeadAlone(nn.Module):
    """A segmentation head on the coarse feature, logits spread to the input's size."""

    def __init__(self, head: nn.Module, side: int):
        super().__init__()
        self.head, self.side = head, side

    def forward(self, high: Tensor) -> Tensor:
        return heads.resize(self.head(high, high), (self.side, self.side))


class HeadWithDetail(HeadAlone):
    """The same for the head that also takes the stride-4 feature."""

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        return heads.resize(self.head(low, high), (self.side, self.side))


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


def quantised(file: Path, precision: str, target: Path, samples: list[tuple[np.ndarray, ...]]) -> None:
    """Write a float32 file again as f16, w8 (weights only) or int8 (calibrated on `samples`, tuples of its inputs)."""
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
            rows = [{f"args_{place}": value for place, value in enumerate(sample)} for sample in samples]
            statistics = maker.calibrate({"serving_default": rows}, num_threads=2)
        maker.quantize(statistics).export_model(str(target), overwrite=True)
    target.chmod(0o644)


def calibration(photos: list[str], side: int, count: int, seed: int = 0) -> np.ndarray:
    """(count, 3, side, side) float32 in [-1, 1]: photos of the folders, stretched."""
    files = label.photos_in(photos)
    picked = np.random.default_rng(seed).choice(len(files), min(count, len(files)), replace=False)
    pictures = [np.asarray(label.open_photo(files[place]).resize((side, side))) for place in picked]
    return np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1


def head_of(work: str | Path, name: str, output_stride: int = 16, trained_at: int = 16) -> nn.Module:
    """A head trained on frozen features at one output stride, its rates set for (perhaps) another.

    Trained at 16 and run at 8 is DeepLab v3's own way: https://arxiv.org/abs/1706.05587, section 4.1.
    """
    file = frozen.result_folder(work, name, trained_at) / "model.pt"
    model = frozen.build(name, output_stride)
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True)["model"])
    return model.eval()


def plan(work: str | Path, side: int, trunk_side: int) -> list[tuple[str, nn.Module, str, tuple[str, ...], bool]]:
    """What there is to export: (name, module, kind of input, precisions, outputs are maps).

    The kinds are `photo`, `trunk` (a photo at `trunk_side`), `high`, `low+high`, and the first two features at
    output stride 8, `photo8` and `high8`.
    """
    rows = [("deeplab", Whole(heads.trained(work), side), "photo", PRECISIONS, True),
            ("trunk", trained_trunk(work).to(memory_format=torch.contiguous_format), "trunk", ("w8",), True)]
    for name in frozen.HEADS:
        if not (frozen.result_folder(work, name) / "model.pt").exists():
            continue
        head = head_of(work, name)
        wrap = head if name in ("classify", "detect") else (
            HeadWithDetail if name == "v3plus" else HeadAlone)(head, trunk_side)
        kind = "low+high" if name == "v3plus" else "high"
        rows.append((f"head-{name}", wrap, kind, ("w8",), name != "classify"))
    if (frozen.result_folder(work, "v3") / "model.pt").exists():
        trunk = trained_trunk(work, output_stride=8).to(memory_format=torch.contiguous_format)
        rows += [("trunk-os8", trunk, "trunk", ("w8",), True),
                 ("head-v3-os8", HeadAlone(head_of(work, "v3", 8), trunk_side), "high8", ("w8",), True)]
        if (frozen.result_folder(work, "v3", 8) / "model.pt").exists():
            rows.append((AT_8, HeadAlone(head_of(work, "v3", 8, trained_at=8), trunk_side), "high8", ("w8",), True))
    return rows


def file_name(name: str, precision: str) -> str:
    """The shipped file's name: the default has none of the precision's letters."""
    plain = (name == "deeplab" and precision == "int8") or (name != "deeplab" and precision == "w8")
    return f"{name}.tflite" if plain else f"{name}-{precision}.tflite"


def run(photos: list[str], work: str, out: str, side: int = 257, trunk_side: int = 257, samples: int = 100,
        only: list[str] | None = None) -> None:
    """Export everything that was trained to the folder `out`; `only` names a few."""
    folder, checks, scratch = Path(out), Path(work) / "checks", Path(work) / "f32"
    for place in (folder, checks, scratch):
        place.mkdir(parents=True, exist_ok=True)
    calibrate = torch.from_numpy(calibration(photos, side, samples))
    photo = torch.from_numpy(calibration(photos, trunk_side, 2, seed=1))
    with torch.no_grad():
        low, high = trained_trunk(work)(photo)
        high8 = trained_trunk(work, output_stride=8)(photo)[1]
    kinds = {"photo": (torch.from_numpy(calibration(photos, side, 2, seed=1)),), "trunk": (photo,), "high": (high,),
             "low+high": (low, high), "high8": (high8,)}
    wanted = [row for row in plan(work, side, trunk_side) if not only or row[0] in only]
    for name, module, kind, precisions, spatial in tqdm(wanted, unit="model", desc="export"):
        module.eval()
        inputs = tuple(x[:1].contiguous().float() for x in kinds[kind])
        f32 = scratch / f"{name}.tflite"
        to_f32(module, inputs, f32, spatial)
        keep_check(checks / f"{name}.npz", module, inputs)
        for precision in precisions:
            target = (scratch / "measured" if name == AT_8 else folder) / file_name(name, precision)
            target.parent.mkdir(exist_ok=True)
            if precision == "f32":
                target.write_bytes(f32.read_bytes())
            else:
                quantised(f32, precision, target, [(x[None],) for x in calibrate.permute(0, 2, 3, 1).numpy()])
            if kind == "photo":
                pack.labels_into(target)


def keep_check(file: Path, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Inputs and the module's answer, channels last, as arrays input_0, ..., output_0, ..."""
    with torch.no_grad():
        answer = module(*inputs)
    answer = answer if isinstance(answer, tuple) else (answer,)
    last = lambda x: (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).contiguous().numpy()
    np.savez_compressed(file, **{f"input_{n}": last(x) for n, x in enumerate(inputs)},
                        **{f"output_{n}": last(x) for n, x in enumerate(answer)})


