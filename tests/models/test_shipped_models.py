"""The models in data/models: there, small enough, described truthfully, and they see what is in the sample photos."""

import pytest

from segkit import Segmenter, models, open_session, photos
from segkit.masks import labels
from segkit.runtime.settings import runtimes

FOLDER = models.DATA / "models"
PARTS = [model.name for model in models.catalogue().values() if model.task in ("trunk", "head")]
WHOLE = ["deeplab", "deeplab-w8", "deeplab-f16", "deeplab-f32"]
FOUND = {"astronaut": "person", "cat": "cat", "motorcycle": "motorbike", "hopper": "person"}


def test_the_files_are_small_enough():
    files = {file.name: file.stat().st_size for file in FOLDER.glob("*.tflite")}
    assert sum(files.values()) <= 24_000_000
    assert files["deeplab.tflite"] <= 2_700_000 and files["deeplab-w8.tflite"] <= 2_700_000


def test_every_file_is_listed_and_every_listed_file_is_there():
    listed = {models.get(name).file for name in [*WHOLE, *PARTS]}
    assert {file.name for file in FOLDER.glob("*.tflite")} == listed
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in card for name in listed)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_takes_what_the_catalogue_says(name):
    entry, session = models.get(name), open_session(name, threads=1)
    tensor = session.inputs[-1]
    assert (entry.height, entry.width, entry.dtype) == (*tensor.shape[1:3], str(tensor.dtype))


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


@pytest.mark.parametrize("name", WHOLE)
def test_the_class_names_travel_inside_the_file(name):
    assert models.label_files(models.path(name)) == {"labelmap.txt": list(labels.VOC)}
