"""Measure how well classes can be taught, for maintainers.

    python tools/teaching.py [--labelled FOLDER] [--imagenet mobilenet_v2_1.0_224_quant.tflite]

Writes data/teaching/evidence.json and the tables in data/teaching/README.md; with --tables only the
tables, from what was measured before. The outlines of data/teaching are the truth for classes that the
trunk never had; FOLDER (NAME.jpg with class mask NAME.png) gives classes of PASCAL VOC, which the
trunk was trained on: an upper bound. Run it again whenever deeplab-w8 changes.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from segkit import Segmenter, models, photos
from segkit.graph import Graph
from segkit.graph.writing import Writer
from segkit.lessons.lesson_11 import experiments
from segkit.masks import labels, resize
from segkit.networks.teaching import Teacher, teach
from segkit.networks.teaching.features import FeatureReader, Seen
from segkit.networks.teaching.outlines import drawn, listed, points

COUNTS, DRAWS, NEVER = (5, 20, 100), 5, ("shuttle",)
PHOTOS, TESTED = (1, 2, 5), 12
KNOWN = ("cat", "dog", "horse", "sheep", "person")


class Imagenet:
    """The features of a published classifier (8 bits, 224 pixels), in the place of a FeatureReader."""

    def __init__(self, file):
        from ai_edge_litert.interpreter import Interpreter

        graph = Graph(file)
        self.side = graph.inputs[0].shape[1]
        self.tensors = [[o.outputs[0] for o in graph.operators if o.name in ("CONV_2D", "ADD")
                         and o.outputs[0].shape[1] == self.side // stride
                         and o.parameters["activation"] == "none"][-1] for stride in (4, 16)]
        writer = Writer(graph.path.read_bytes())
        writer.outputs([tensor.index for tensor in self.tensors])
        self.run = Interpreter(model_content=writer.packed())
        self.run.allocate_tensors()
        self.channels = tuple(tensor.shape[3] for tensor in self.tensors)

    def __call__(self, photo):
        pixels = resize.resize_bilinear(photo, self.side, self.side)
        self.run.set_tensor(self.run.get_input_details()[0]["index"], pixels.astype(np.uint8)[None])
        self.run.invoke()
        maps = [tensor.real(self.run.get_tensor(details["index"]))[0] for tensor, details in
                zip(self.tensors, self.run.get_output_details())]
        return Seen(photo, tuple(maps), np.zeros((len(maps[0]),) * 2 + (1,), np.float32))


def taught(reader, seen, marks, alone):
    teacher = Teacher("a new class", reader, background=[], alone=alone)
    teacher.add(seen, marks)
    return teacher.fit().mask(seen)


def ways(reader, seen, marks, alone=False):
    """{way: mask} for one photo and its scribbles."""
    side = reader.side
    return {"prototype": experiments.by_prototype(seen, marks, side),
            "points": experiments.by_points(seen, marks, "both", side),
            "spread": taught(reader, seen, marks, alone)}


def own_classes(reader, alone=False):
    """[{class, photo, count, way: [IoU of each draw]}] for the outlines of this project."""
    found = []
    for name, photo in listed():
        if name in NEVER:
            continue
        seen, truth = reader(photos.sample(photo)), drawn(name, photo)
        for count in COUNTS:
            row = {"class": name, "photo": photo, "count": count, **{way: [] for way in experiments.WAYS}}
            for seed in range(DRAWS):
                for way, mask in ways(reader, seen, points(truth, count, seed), alone).items():
                    row[way].append(round(experiments.iou(mask, truth), 3))
            found.append(row)
            print(row, flush=True)
    return found


def known_classes(reader, folder):
    """[{class, photos, spread: [IoU of each draw]}]: taught from k photos, measured on others."""
    found = []
    for name in KNOWN:
        index = labels.VOC.index(name)
        there = [file for file in sorted(folder.glob("*.png")) if (np.array(Image.open(file)) == index).mean() > 0.03]
        for count in PHOTOS:
            row = {"class": name, "photos": count, "tested": TESTED, "spread": []}
            for seed in range(3):
                order = np.random.default_rng([seed, index]).permutation(len(there))
                row["spread"].append(round(_from_photos(reader, [there[n] for n in order], count, index), 3))
            found.append(row)
            print(row, flush=True)
    return found


def _from_photos(reader, files, count, index):
    """The IoU over the pixels of TESTED photos of a class that was taught from the first ``count``."""
    teacher = Teacher("a new class", reader, background=[], alone=True)
    for seed, file in enumerate(files[:count]):
        truth = np.array(Image.open(file))
        teacher.add(photos.load(file.with_suffix(".jpg")), points(truth == index, 20, seed))
    learned, both, either = teacher.fit(), 0, 0
    for file in files[max(PHOTOS):max(PHOTOS) + TESTED]:
        truth = np.array(Image.open(file))
        mask, counts = learned.mask(file.with_suffix(".jpg")), truth != labels.IGNORE
        both += (mask & (truth == index) & counts).sum()
        either += ((mask | (truth == index)) & counts).sum()
    return float(both / either)


def other_photo(reader):
    """[{class, from, to, iou}]: taught on one photo with 100 points, tried on the other."""
    found = []
    for name, given, other, truth in (("flag", "astronaut", "hopper", "flag"), ("flag", "hopper", "astronaut", "flag"),
                                      ("rocket", "rocket", "astronaut", "shuttle")):
        teacher = Teacher(name, reader, background=[])
        teacher.add(photos.sample(given), points(drawn(name, given), 100, 0))
        mask = teacher.fit().mask(photos.sample(other))
        found.append({"class": name, "from": given, "to": other,
                      "iou": round(experiments.iou(mask, drawn(truth, other)), 3)})
        print(found[-1], flush=True)
    return found


def kept_classes(reader, folder):
    """{"photos", "before", "after"}: mean IoU of the old classes on labelled photos, before and after each new class."""
    found = {"photos": len(list(folder.glob("*.jpg"))), "before": _old_classes(Segmenter("deeplab-w8"), folder), "after": {}}
    for name, photo in listed():
        if name in NEVER:
            continue
        shows = {other for one, other in listed() if one == name}
        background = [photos.sample(other) for other in photos.names() if other not in shows]
        learned = teach(name, [(photos.sample(photo), points(drawn(name, photo), 20, 0))], reader, background)
        with tempfile.TemporaryDirectory() as place:
            segmenter = Segmenter(learned.save(Path(place, "mine.tflite")))
        found["after"][f"{name} on {photo}"] = _old_classes(segmenter, folder)
    print(found, flush=True)
    return found


def _old_classes(segmenter, folder):
    """The mean IoU of a model's classes that occur on labelled photos."""
    counts = np.zeros((22, 22), np.int64)
    for file in sorted(folder.glob("*.jpg")):
        truth, mask = np.array(Image.open(file.with_suffix(".png"))), segmenter.segment(file).mask
        keep = truth != labels.IGNORE
        counts += np.bincount(truth[keep].astype(int) * 22 + mask[keep], minlength=22 * 22).reshape(22, 22)
    right, there = np.diag(counts), counts.sum(axis=1) > 0
    union = counts.sum(axis=0) + counts.sum(axis=1) - right
    return round(float((right[there] / union[there]).mean()), 4)


def median(values):
    return f"{np.median(values):.2f}"


def tables(found):
    """The stored evidence as a page of Markdown."""
    lines = ["# Teaching a class: what was measured", "",
             "Written by `python tools/teaching.py`. `outlines.json` has the outlines of things on the sample photos, drawn",
             "by this project; `evidence.json` has every number. Lesson 11 explains both.", "",
             "## Classes that the trunk never had", "",
             f"IoU on the marked photo, median of {found['draws']} draws of marks (worst draw in brackets).",
             "Prototypes: two mean features, nothing trained. Points: a head that is fitted to the marked points.",
             "Spread: what `segkit teach` does. ImageNet: the same on the features of a published MobileNet v2 that only",
             "classifies (8 bits, 224 pixels).", "",
             "| class | photo | marks of each side | prototypes | points | spread | spread, ImageNet |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    other = {(r["class"], r["photo"], r["count"]): r for r in found["imagenet"]}
    for row in found["own"]:
        imagenet = other[row["class"], row["photo"], row["count"]]["spread"]
        lines.append(f"| {row['class']} | {row['photo']} | {row['count']} | {median(row['prototype'])} | "
                     f"{median(row['points'])} | {median(row['spread'])} ({min(row['spread']):.2f}) | "
                     f"{median(imagenet)} |")
    lines += ["", "## Taught on one photo, looked for on another", "",
              "100 marks of each side. The rocket is looked for where a model of a space shuttle stands.", "",
              "| class | taught on | looked for on | IoU |", "| --- | --- | --- | --- |"]
    lines += [f"| {r['class']} | {r['from']} | {r['to']} | {r['iou']:.2f} |" for r in found["other"]]
    lines += ["", "## Classes of PASCAL VOC: an upper bound", "",
              "The trunk was trained on these classes, and on some of these photos. Here its old classes are left out, and",
              f"each class is taught anew from k photos with 20 marks of each side: IoU on {TESTED} others, median of three",
              "choices of photos (worst in brackets).", "",
              "| class | " + " | ".join(f"k = {k}" for k in PHOTOS) + " |", "| --- " * (len(PHOTOS) + 1) + "|"]
    for name in dict.fromkeys(r["class"] for r in found["known"]):
        rows = [r["spread"] for r in found["known"] if r["class"] == name]
        lines.append(f"| {name} | " + " | ".join(f"{median(v)} ({min(v):.2f})" for v in rows) + " |")
    kept = found["kept"]
    lines += ["", "## The old classes", "",
              f"Mean IoU of the old classes on {kept['photos']} photos: {kept['before']:.3f}. With one class more, taught from 20",
              "marks of each side of one photo, and with the sample photos that do not show it as background:", "",
              "| new class | mean IoU of the old ones | change |", "| --- | --- | --- |"]
    lines += [f"| {name} | {value:.3f} | {value - kept['before']:+.3f} |" for name, value in kept["after"].items()]
    lines += ["", "Where an old class falls, parts of it are taken for the new one. One photo does not say what else is not the",
              "thing: marks of \"not the class\" on other photos are the cure."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="photos with class masks, to teach known classes")
    parser.add_argument("--kept", type=Path, help="photos with class masks, to measure the old classes")
    parser.add_argument("--imagenet", type=Path, help="a published MobileNet v2 that classifies")
    parser.add_argument("--tables", action="store_true", help="write the tables only")
    options = parser.parse_args()
    page = models.DATA / "teaching" / "README.md"
    if options.tables:
        page.write_text(tables(experiments.evidence()), encoding="utf-8")
        return
    reader = FeatureReader()
    found = {"draws": DRAWS, "own": own_classes(reader), "other": other_photo(reader)}
    if options.imagenet:
        found["imagenet"] = own_classes(Imagenet(options.imagenet), alone=True)
    if options.labelled:
        found["known"] = known_classes(reader, options.labelled)
    if options.kept:
        found["kept"] = kept_classes(reader, options.kept)
    target = models.DATA / experiments.STORED
    rows = ",\n".join(f' "{key}": ' + (json.dumps(value) if not isinstance(value, list) else
                      "[\n  " + ",\n  ".join(json.dumps(row) for row in value) + "\n ]") for key, value in found.items())
    target.write_text("{\n" + rows + "\n}\n", encoding="utf-8")
    if {"imagenet", "known", "kept"} <= set(found):
        page.write_text(tables(found), encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
