"""Lesson 03: what a denser map and the CRF change, measured on photos and stored."""

import numpy as np
import pytest

from segkit import photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_03 import experiments
from segkit.models import entries


@pytest.mark.slow
def test_each_way_counts_the_known_pixels_of_each_photo():
    photo, truth = photos.sample("voc")[:120, :160], photos.voc_truth()[:120, :160]
    found = experiments.measure([(photo, truth)])
    assert {way for pair in experiments.GAINS.values() for way in pair} == set(found)
    assert found["stride 8"].sum() == found["stride 16"].sum() == (truth != 255).sum()
    assert (found["stride 8"] != found["stride 16"]).any()
    small, near = (found[f"after the CRF{kind}"].sum() for kind in ("", experiments.NEAR))
    assert 0 < near < small == found["before the CRF"].sum()
    assert np.array_equal(found["before the CRF"].sum(axis=2), found["after the CRF"].sum(axis=2))


def test_the_stored_photos_took_no_part_in_choosing():
    for words, gains in experiments.gains().items():
        assert words.split()[0] in ("20", "113", "100") and list(gains) == list(experiments.GAINS)
        assert all(gain.low <= gain.value <= gain.high for gain in gains.values())


def test_a_damaged_file_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "DATA", tmp_path)
    with pytest.raises(SegkitError, match="first_version.npz cannot be read"):
        experiments.gains()
