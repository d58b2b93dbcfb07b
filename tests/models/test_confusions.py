"""The stored confusion matrices: read by set and half, compared by photo; a damaged file is a sentence."""

import numpy as np
import pytest

from segkit.errors import SegkitError
from segkit.models import confusions, entries


def write(file, models_of, photos):
    """The file from {model: {place of a photo: {cell: count}}} and [(set, half)]."""
    entries = [(number, place, cell, count) for number, by_photo in enumerate(models_of.values())
               for place, cells in by_photo.items() for cell, count in cells.items()]
    columns = dict(zip(("model", "photo", "cell", "count"), np.array(entries).T.astype(np.uint16)))
    sets, halves = zip(*photos)
    np.savez_compressed(file, models=list(models_of), photos=[str(i) for i in range(len(photos))],
                        sets=sets, halves=halves, **columns)


PERSON = 15 * 21 + 15


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A small file in the place of the shipped one."""
    monkeypatch.setattr(entries, "DATA", tmp_path)
    file = tmp_path / "models" / confusions.FILE
    file.parent.mkdir()
    write(file, {"head-v1@257": {1: {PERSON: 6, 15 * 21: 4}, 2: {PERSON: 5, 15 * 21: 5}},
                 "starter@257": {1: {PERSON: 10}, 2: {PERSON: 10}, 3: {0: 7}}},
          [("person200", "choose"), ("person200", "report"), ("person200", "report"), ("voc40", "report")])
    confusions._read.cache_clear()
    yield file
    confusions._read.cache_clear()


def test_a_half_of_a_set(stored):
    photos = confusions.photo_set("person200")
    assert photos.words == "2 photos, person" and list(photos.matrices) == ["head-v1", "starter@257"]
    assert photos.matrices["head-v1"][:, 15, 0].tolist() == [4, 5]
    assert photos.estimate("head-v1").value == pytest.approx(0.55)
    gain = photos.gain("starter@257", over="head-v1")
    assert gain.value == pytest.approx(0.45) and gain.shown


def test_a_model_without_a_photo_of_the_set_is_not_there(stored):
    assert list(confusions.photo_set("voc40").matrices) == ["starter@257"]
    with pytest.raises(SegkitError, match="'head-v1' was not measured on photos; there are starter@257"):
        confusions.photo_set("voc40").estimate("head-v1")


def test_unknown_names_name_those_that_there_are(stored):
    with pytest.raises(SegkitError, match="no set of photos is called 'coco'; there are vocval"):
        confusions.photo_set("coco")
    with pytest.raises(SegkitError, match="there are report, choose"):
        confusions.photo_set("voc40", "third")


@pytest.mark.parametrize("content", [None, b"no file of arrays"])
def test_a_damaged_file_is_a_sentence(content, stored):
    stored.unlink()
    if content is not None:
        stored.write_bytes(content)
    with pytest.raises(SegkitError, match=r"confusions.npz cannot be read .* fresh copy"):
        confusions.photo_set("voc40")


def test_a_photo_that_is_not_listed_is_a_sentence(stored):
    write(stored, {"starter@257": {9: {0: 7}}}, [("voc40", "report")])
    with pytest.raises(SegkitError, match="cannot be read"):
        confusions.photo_set("voc40")


@pytest.mark.parametrize("name", confusions.SETS)
def test_the_pixels_near_boundaries_are_some_of_all_pixels(name):
    matrices = confusions.photo_set(name).matrices
    near = [model for model in matrices if model.endswith("+near")]
    assert {"head-v3+near", "head-v3plus+near"} <= set(near)
    for model in near:
        every = matrices[model.removesuffix("+near")]
        assert (matrices[model] <= every).all() and 0 < matrices[model].sum() < every.sum() / 2, model
