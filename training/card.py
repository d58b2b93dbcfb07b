"""Stage `card`: README.md, measured.json and the catalogue's entries, written from what `evaluate` measured.

Nothing in the card is typed by hand but the sentences around the numbers (`training/card.md`).
"""

from __future__ import annotations

import json
from pathlib import Path

from segkit.errors import SegkitError
from segkit.masks import labels
from segkit.models import entries
from training import confusions, examples, story

LICENCE = "Apache-2.0"
#: Where the weights that the training started from come from.
SOURCE = "https://github.com/google-coral/test_data"
TEXT = Path(__file__).with_name("card.md")
ABOUT = {
    "deeplab": "DeepLab v3+ on MobileNet v2, made by this project: weights and activations in 8 bits",
    "deeplab-w8": "deeplab at 257 pixels with 8-bit weights and float32 arithmetic: for tflite-runtime, and for processors "
                  "without 8-bit instructions",
    "deeplab-f16": "deeplab with 16-bit float weights",
    "deeplab-f32": "deeplab before quantisation, float32",
    "trunk": "The MobileNet v2 trunk alone: a photo in, features at stride 4 and 16 out",
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


def between(values: list[float] | None, signed: bool = False) -> str:
    """An interval's two ends."""
    return "–" if not values else " to ".join(f"{value:+.3f}" if signed else f"{value:.3f}" for value in values)


def files_table(report: dict) -> str:
    """What each file is, its size and cost, and how it compares with the starter model in the same run."""
    rows = []
    for name, row in report["files"].items():
        about = ABOUT.get(name.removesuffix(".tflite"), "The published starter model, for comparison")
        ratios = [number(row["ratio"].get(runtime), 2) for runtime in ("litert", "avx2", "tflite")]
        errors = row.get("error")
        rows.append([f"`{name}`", about, str(row["side"]), f"{row['bytes']:,}", f"{row['multiply_adds'] / 1e6:,.0f}", *ratios,
                     f"{max(errors.values()):.1e}" if errors else "–"])
    return table(["file", "what it is", "input's side", "bytes", "million multiply-adds", "time / starter, LiteRT",
                  "the same with AVX2 only", "time / starter, tflite-runtime", "largest difference to PyTorch"], rows)


def quality_table(report: dict, half: str) -> str:
    """Each whole model's figures on one half of the labelled photos, and its lead over the starter."""
    rows = []
    for key, by_half in report["quality"].items():
        if key.startswith("head-"):
            continue
        for kind, q in by_half.get(half, {}).items():
            lead = f"{q['lead']:+.3f}" if "lead" in q and not key.startswith("starter") else "–"
            rows.append([f"`{key}`", kind, str(q["photos"]), number(q["figure"]), between(q["interval"]), lead,
                         between(q.get("lead_interval"), True) if lead != "–" else "–", number(q["trimap"]),
                         number(q["boundary_f"])])
    return table(["model@side", "photos", "how many", "figure", "95 % interval", "minus the starter", "95 % interval (paired)",
                  "mean IoU within 5 px of a boundary", "boundary F (2 px)"], rows)


def classes_table(report: dict) -> str:
    """IoU of each class on the VOC photos of the reporting half, ours beside the starter's."""
    names = [key for key in report["quality"] if key.split("@")[0] in ("deeplab", "starter", "deeplab-w8")
             and "+" not in key and key.split("@")[1] in ("257", "289")]
    columns = [report["quality"][key].get("report", {}).get("voc", {}).get("iou") for key in names]
    names, columns = ([value for value, column in zip(which, columns) if column] for which in (names, columns))
    rows = [[label, *(number(column[index], 2) for column in columns)] for index, label in enumerate(labels.VOC)]
    return table(["class", *(f"`{name}`" for name in names)], rows)


def heads_table(report: dict, half: str) -> str:
    """The heads on one trunk: the shipped files, by photo set."""
    rows = [[key.split("@")[0].removeprefix("head-"), kind, number(q["figure"]), between(q["interval"]), number(q["trimap"]),
             number(q["boundary_f"])]
            for key, by_half in report["quality"].items() if key.startswith("head-")
            for kind, q in by_half.get(half, {}).items()]
    return table(["head", "photos", "figure", "95 % interval", "mean IoU within 5 px of a boundary", "boundary F (2 px)"], rows)


def pairs_table(report: dict) -> str:
    """How much one head leads another, photo by photo."""
    rows = [[pair.replace("/", " minus "), kind, f"{found[0]:+.3f}", between(found[1:], True)]
            for pair, by_kind in report.get("pairs", {}).items() for kind, found in by_kind.items()]
    return table(["heads", "photos", "difference", "95 % interval (paired)"], rows) if rows else ""


def order(report: dict) -> str:
    """Whether the heads' figures stand in the order of the papers, and which of the steps are beyond chance."""
    sentences = []
    for kind in ("voc", "person200"):
        figures = {name: report["quality"].get(f"head-{name}@257", {}).get("report", {}).get(kind, {}).get("figure")
                   for name in ORDER}
        if None in figures.values():
            continue
        ranked = sorted(ORDER, key=lambda name: figures[name])
        told = " < ".join(f"{name} {figures[name]:.3f}" for name in ranked)
        sentences.append(f"On {kind}: {told}, " + ("the order of the papers." if ranked == list(ORDER) else
                                                   "which is not the order of the papers."))
        sure = [pair.replace("/", " over ") for pair, found in report["pairs"].items() if kind in found and found[kind][1] > 0]
        sentences.append(f"Beyond chance (the paired interval lies above 0): {', '.join(sure) or 'none'}.")
    return " ".join(sentences)


def seeds_order(seeds: dict) -> str:
    """Whether the means over the seeds stand in the order of the papers."""
    sentences = []
    for kind in confusions.FIGURES:
        means = {name: sum(found[kind]) / len(found[kind]) for name in ORDER
                 if kind in (found := seeds.get("report", {}).get(f"head {name}", {}))}
        if len(means) == len(ORDER):
            ranked = sorted(ORDER, key=lambda name: means[name])
            told = " < ".join(f"{name} {means[name]:.3f}" for name in ranked)
            sentences.append(f"{kind}: {told}{', the order of the papers' if ranked == list(ORDER) else ''}.")
    return "Means over the seeds. " + " ".join(sentences) if sentences else ""


def seeds_table(seeds: dict) -> str:
    """What other seeds gave: `training/seeds.py` measured them."""
    rows = [[name, kind, *(number(value) for value in values), number(max(values) - min(values))]
            for name, by_kind in seeds.items() for kind, values in by_kind.items()]
    most = max((len(row) for row in rows), default=4)
    rows = [[*row[:-1], *["–"] * (most - len(row)), row[-1]] for row in rows]
    return table(["what", "photos", *(f"seed {n}" for n in range(most - 3)), "spread"], rows) if rows else ""


def objects_table(report: dict) -> str:
    """How often the two small heads name or box what is there."""
    rows = [[head, place, number(found["precision"], 2), number(found["recall"], 2), number(found.get("boxed"), 2)]
            for head, places in report.get("objects", {}).items() for place, found in places.items()]
    return table(["head", "photos", "precision", "recall", "boxed"], rows)


def bars(report: dict) -> str:
    """What was aimed for, what was reached."""
    files, lines = report["files"], []
    total = sum(row["bytes"] for name, row in files.items() if name != "starter")
    lines.append(("all files together, bytes", f"{total:,}", "at most 24,000,000", total <= 24e6))
    ours = files.get("deeplab.tflite")
    if ours:
        lines.append(("`deeplab.tflite`, bytes", f"{ours['bytes']:,}", "at most 2,700,000", ours["bytes"] <= 2.7e6))
    for file, which, said, most in (("deeplab.tflite", "litert", "this processor (set for one with VNNI)", 0.75),
                                    ("deeplab-w8.tflite", "avx2", "AVX2 only", 1.0)):
        ratio = files.get(file, {}).get("ratio", {}).get(which)
        if ratio:
            lines.append((f"time of `{file}` / starter's, LiteRT, {said}", f"{ratio:.2f}", f"at most {most:.2f}", ratio <= most))
    key = next((key for key in report["quality"] if key.startswith("deeplab@") and "+" not in key
                and ours and key == f"deeplab@{ours['side']}"), None)
    for kind, least in (("voc40", 0.60), ("vocval", 0.80), ("person200", 0.875)):
        found = report["quality"].get(key, {}).get("report", {}).get(kind)
        if found:
            lines.append((f"`{key}`, {kind}", number(found["figure"]), f"at least {least} (set for other photos)",
                          found["figure"] >= least))
    return table(["", "measured", "aim", "reached"], [[*line[:3], "yes" if line[3] else "**no**"] for line in lines])


def instructions(report: dict) -> str:
    """The processor that the times were measured on."""
    here = report["machine"]
    return f"{here['processor']} with {', '.join(here['instructions']) or 'none of the instructions that matter here'}"


def short(figures: dict) -> dict:
    """The figures that lessons show, rounded so that they read like the card's."""
    kept = ("photos", "figure", "miou", "interval", "person", "trimap", "boundary_f")
    return {key: [round(v, 4) for v in figures[key]] if key == "interval" else
            figures[key] and round(figures[key], 4) for key in kept}


def measured(report: dict) -> dict:
    """What goes into measured.json: whole models and heads, on the reporting half."""
    found: dict = {"half": "report", "trimap_pixels": 5, "boundary_pixels": 2, "models": {}, "ablation": {}}
    for key, by_half in report["quality"].items():
        name, side = key.split("@")
        if "+" in side:
            continue
        part = "ablation" if name.startswith("head-") else "models"
        kept = name.removeprefix("head-") if part == "ablation" else name
        own = report["files"].get("starter" if name == "starter" else f"{name}.tflite", {}).get("side")
        if part == "models" and own != int(side):
            kept = key
        found[part][kept] = {kind: short(q) for kind, q in by_half.get("report", {}).items()}
    return found


def run(work: str, out: str, catalogue: str | None = None, default: str | None = None) -> None:
    """Write <out>/README.md from <work>, and put the files' entries into `catalogue` (a catalogue.json)."""
    try:
        report = json.loads((Path(work) / "evaluation.json").read_text())
        facts = json.loads((Path(work) / "story.json").read_text())
    except OSError as error:
        raise SegkitError(f"{error.filename} is missing; run the stages train and evaluate first") from error
    seeds_file = Path(work) / "seeds.json"
    seeds = json.loads(seeds_file.read_text()) if seeds_file.exists() else {}
    versions = ", ".join(f"{name} {version}" for name, version in report["runtimes"].items())
    bias = report["files"].get("deeplab.tflite", {}).get("bias")
    text = TEXT.read_text(encoding="utf-8").format(
        photos=f"{facts['deeplab']['photos']:,}", labels=story.labels_told(facts), training=story.training(Path(work), facts),
        heads_story=story.heads(facts), bars=bars(report), files=files_table(report), versions=versions,
        machine=instructions(report), report=quality_table(report, "report"), choose=quality_table(report, "choose"),
        classes=classes_table(report), heads=heads_table(report, "report"),
        heads_choose=heads_table(report, "choose"),
        pairs=pairs_table(report), order=order(report), seeds=seeds_table(seeds.get("choose", {})),
        seeds_report=seeds_table(seeds.get("report", {})), seeds_pairs=pairs_table(seeds), seeds_order=seeds_order(seeds),
        objects=objects_table(report), few=story.scarce(facts),
        bias=f"{bias:.1e}" if bias else "–", failures=examples.write(Path(out) / "deeplab.tflite", "stretch", Path(out)))
    (Path(out) / "README.md").write_text(text, encoding="utf-8")
    (Path(out) / "measured.json").write_text(json.dumps(measured(report), indent=2) + "\n", encoding="utf-8")
    files = [Path(out) / name for name in report["files"] if name != "starter"]
    if catalogue:
        into_catalogue(Path(catalogue), [entry(file, report["files"][file.name]) for file in files], default)
        entries.read.cache_clear()
