"""The stored confusion matrices: read by set and half, and a damaged file is a sentence."""

import numpy as np
import pytest

from segkit import models
from segkit.errors import SegkitError
from segkit.models import confusions


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A small file in the place of the shipped one."""
    monkeypatch.setattr(models, "DATA", tmp_path)
    file = tmp_path / "models" / confusions.FILE
    file.parent.mkdir()
    matrices = np.zeros((4, 21, 21), np.int32)
    matrices[:, 0, 0] = [1, 2, 3, 4]
    np.savez_compressed(file, photos=list("abcd"), set=["voc40", "voc40", "voc40", "vocval"],
                        half=["choose", "report", "report", "report"], starter=matrices)
    return file


def test_a_half_of_a_set(stored):
    assert confusions.load("voc40")["starter"][:, 0, 0].tolist() == [2, 3]
    assert confusions.load("voc40", "both")["starter"][:, 0, 0].tolist() == [1, 2, 3]
    assert confusions.load("voc40", "choose")["starter"].dtype == np.int64
    assert confusions.words("voc40") == "2 photos of PASCAL VOC"


def test_unknown_names_name_those_that_there_are(stored):
    with pytest.raises(SegkitError, match="there are voc40, vocval"):
        confusions.load("coco")
    with pytest.raises(SegkitError, match="there are report, choose, both"):
        confusions.load("voc40", "third")


@pytest.mark.parametrize("content", [None, b"no file of arrays"])
def test_a_damaged_file_is_a_sentence(content, stored):
    stored.unlink()
    if content is not None:
        stored.write_bytes(content)
    with pytest.raises(SegkitError, match=r"confusions.npz cannot be read .* fresh copy"):
        confusions.load("voc40")
    confusions._arrays.cache_clear()


def test_arrays_that_do_not_fit_are_a_sentence(stored):
    np.savez_compressed(stored, photos=["a"], set=["voc40"], half=["report"], starter=np.zeros((2, 21, 21)))
    with pytest.raises(SegkitError, match="several lengths"):
        confusions.load("voc40")
