"""Settings: what may be asked for, every combination, and which cannot run."""

import pytest
from conftest import complaint

from segkit.benchmark import Setting, combinations
from segkit.benchmark.settings import model_file
from segkit.errors import SegkitError


@pytest.mark.parametrize("wrong, word", [
    ({"runtime": "onnx"}, "runtime"), ({"runtime": "auto"}, "runtime"), ({"api": "fast"}, "api"),
    ({"delegate": "gpu3"}, "gpu"), ({"delegate": ""}, "delegate"), ({"delegate": "a\0.so"}, "delegate"),
    ({"threads": 0}, "threads"), ({"threads": None}, "threads"), ({"threads": True}, "threads"),
    ({"threads": 1.5}, "threads"), ({"size": 3}, "height"), ({"size": (0, 3)}, "height"),
    ({"size": (3, 3.5)}, "height"), ({"size": (3, 9000)}, "height")])
def test_wrong_values_are_one_line(wrong, word):
    with pytest.raises(SegkitError) as raised:
        Setting("deeplab", **wrong)
    assert word in complaint(raised)


def test_combinations_are_every_combination():
    found = combinations(["a.tflite", "b.tflite"], ["litert", "tflite"],
                         ["xnnpack", "none", "gpu"], [1, 2, 3, 4])
    assert len(found) == len(set(found)) == 2 * 2 * 3 * 4
    assert {s.api for s in found if s.delegate == "gpu"} == {"compiled"}
    assert {s.api for s in found if s.delegate != "gpu"} == {"interpreter"}
    assert sum(s.problem() is not None for s in found) == 2 * 4  # tflite has no compiled models
    both = combinations(["a.tflite"], ["litert"], ["gpu"], [1], apis=["interpreter", "compiled"])
    assert [s.problem() is None for s in both] == [False, True]


def test_a_setting_goes_through_plain_values():
    for setting in (Setting("deeplab"), Setting("x.tflite", "litert", "compiled", "gpu", 3, (33, 65))):
        assert Setting.from_dict(setting.as_dict()) == setting
        assert str(setting.threads) in setting.label and "None" not in setting.label
    with pytest.raises(SegkitError) as raised:
        Setting.from_dict({"model": "deeplab", "colour": "red"})
    assert "colour" in complaint(raised)


def test_a_benchmark_downloads_no_model(monkeypatch, cache):
    monkeypatch.setattr("segkit.models.files.fetch", lambda *_: pytest.fail("a download"))
    with pytest.raises(SegkitError) as raised:
        model_file("deeplabv3")
    assert "is not here" in complaint(raised)
