"""The models in data/models: there, small enough, described truthfully, and they see what is in the sample photos."""

import json

import numpy as np
import pytest

from segkit import Segmenter, labels, models, open_session, photos
from segkit.runtime import runtimes
from segkit.training.evaluate import Chain

FOLDER = models.DATA / "models"
PARTS = {row["name"]: row for row in json.loads((FOLDER / "parts.json").read_text(encoding="utf-8"))["parts"]}
WHOLE = ["deeplab", "deeplab-w8", "deeplab-f16", "deeplab-f32"]
FOUND = {"astronaut": "person", "cat": "cat", "motorcycle": "motorbike", "hopper": "person"}
HEADS = ["head-v1", "head-v2", "head-v3", "head-v3plus"]


def test_the_files_are_small_enough():
    files = {file.name: file.stat().st_size for file in FOLDER.glob("*.tflite")}
    assert sum(files.values()) <= 24_000_000
    assert files["deeplab.tflite"] <= 2_700_000 and files["deeplab-w8.tflite"] <= 2_700_000


def test_every_file_is_listed_and_every_listed_file_is_there():
    listed = {models.get(name).file for name in WHOLE} | {row["file"] for row in PARTS.values()}
    assert {file.name for file in FOLDER.glob("*.tflite")} == listed
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in card for name in listed)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_what_parts_json_says(name):
    row = PARTS[name]
    file = FOLDER / row["file"]
    assert (file.stat().st_size, models.sha256(file)) == (row["bytes"], row["sha256"])
    session = open_session(file, threads=1)
    for said, tensors in ((row["inputs"], session.inputs), (row["outputs"], session.outputs)):
        assert [(tuple(s["shape"]), s["dtype"]) for s in said] == [(t.shape, str(t.dtype)) for t in tensors]


@pytest.mark.parametrize("runtime", runtimes())
@pytest.mark.parametrize("name", WHOLE)
def test_whole_models_find_what_is_there(name, runtime):
    segmenter = Segmenter(name, runtime=runtime, threads=2)
    for sample, thing in FOUND.items():
        shares = {c.name: c.share for c in segmenter.segment(photos.sample(sample)).classes}
        assert shares.get(thing, 0) > 0.15, (sample, shares)
    rocket = {c.name: c.share for c in segmenter.segment(photos.sample("rocket")).classes}
    assert rocket["background"] > 0.9


def test_eight_bits_change_few_pixels():
    exact, small = Segmenter("deeplab-f32", threads=2), Segmenter("deeplab", threads=2)
    for sample in FOUND:
        photo = photos.sample(sample)
        assert (exact.segment(photo).mask == small.segment(photo).mask).mean() > 0.9, sample


@pytest.mark.parametrize("head, trunk", [*((head, "trunk") for head in HEADS), ("head-v3-os8", "trunk-os8")])
def test_trunk_and_head_segment_together(head, trunk):
    chain = Chain(FOLDER / PARTS[trunk]["file"], FOLDER / PARTS[head]["file"])
    mask = chain.mask(photos.sample("cat"))
    assert mask.shape == photos.sample("cat").shape[:2]
    assert (mask == labels.VOC.index("cat")).mean() > 0.3


def test_the_classifying_head_names_the_cat_first():
    chain = Chain(FOLDER / PARTS["trunk"]["file"], FOLDER / PARTS["head-classify"]["file"])
    scores = chain.head.run(*chain.features(photos.sample("cat")))[0]
    assert labels.VOC[1 + int(np.argmax(scores))] == "cat" and scores.max() > 0
