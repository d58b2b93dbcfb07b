"""Results: files that come back as they went, and what makes a row noisy or wrong."""

import json
import re

import numpy as np
import pytest
from conftest import complaint

from segkit.benchmark import Report, Result, Setting
from segkit.benchmark.agreement import compare
from segkit.benchmark.report import lines
from segkit.benchmark.results import COLUMNS
from segkit.errors import SegkitError

MACHINE = {"cpu": "a processor", "system": "a system", "runtimes": {"litert": "2.0"},
           "cores": {"all": 4, "allowed": 4, "free": 3}}


def row(runs=(10.0, 10.1, 10.2, 10.1), **values):
    runs = list(runs)
    values = {"applied": {"threads": 1, "delegate": "xnnpack"}, "rounds": [2, len(runs) - 2],
              "complete": True, **values}
    result = Result(Setting("tiny.tflite"), runs_ms=runs, **values)
    result.finish(4)
    return result


@pytest.fixture
def report():
    wrong = row(agreement={"equal": 0.5, "max_abs": 3.0, "wrong": True}, notes=["a, \"b\"\nand c"])
    none = Result(Setting("x.tflite", "tflite", delegate="none", threads=4, size=(3, 5)), "failed",
                  "it ended; äöü 漢字", complete=True)
    return Report(MACHINE, [row(peak_mib=12.5, energy_joules=0.1), wrong, none], {"runs": 4})


def test_the_table_has_loading_and_memory():
    table = lines(Report(MACHINE, [row(peak_mib=12.5, load_ms=3.456)], {"runs": 4}))[2:]
    assert re.search(r"90 % of runs +loading +memory +as reference", table[0])
    assert re.search(r" 3\.46 ms +12 MiB", table[1])


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_file_comes_back_as_it_went(report, kind, tmp_path):
    file = tmp_path / f"report.{kind}"
    getattr(report, f"to_{kind}")(file)
    assert getattr(Report, f"from_{kind}")(file) == report


def test_json_has_what_is_promised(report, tmp_path):
    report.to_json(tmp_path / "r.json")
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert content["kind"] == "measured" and content["machine"] == MACHINE
    for setting in content["settings"]:
        assert {"asked", "applied", "status", "reason", "load_ms", "first_ms", "median_ms", "p05_ms",
                "p95_ms", "runs_ms", "peak_mib", "bytes", "agreement"} <= setting.keys()
    assert content["settings"][0]["median_ms"] == pytest.approx(10.1)
    assert content["settings"][2]["asked"]["size"] == [3, 5]


def test_every_row_of_a_table_says_that_it_was_measured(report, tmp_path):
    report.to_csv(tmp_path / "r.csv")
    text = (tmp_path / "r.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(COLUMNS) and text.count("\nmeasured,") == 3


@pytest.mark.parametrize("content", ["", "{}", "[]", "{\"machine\": {}, \"settings\": 3, \"options\": {}}",
                                     "{\"machine\": {}, \"settings\": [{}], \"options\": {}}",
                                     "kind,model\npublished,deeplab\n", "kind\n"])
def test_other_files_are_one_line(content, tmp_path):
    (tmp_path / "r").write_text(content)
    for read in (Report.from_json, Report.from_csv):
        with pytest.raises(SegkitError) as raised:
            read(tmp_path / "r")
        assert "segkit benchmark" in complaint(raised)
        with pytest.raises(SegkitError) as raised:
            read(tmp_path / "missing")
        assert "cannot be read" in complaint(raised)


def test_a_folder_that_is_not_there_is_one_line(report, tmp_path):
    for write in (report.to_json, report.to_csv):
        with pytest.raises(SegkitError) as raised:
            write(tmp_path / "no" / "r")
        assert "cannot be written" in complaint(raised)


def test_noise_is_told():
    assert row().noisy == []
    (note,) = row([10, 10, 30, 30, 10, 10, 10, 10], rounds=[8]).noisy
    assert "90 % of the runs took 10.0 to 30.0 ms" in note
    (note,) = row([10, 10, 11.5, 11.5], rounds=[2, 2]).noisy
    assert "from 10.0 to 11.5 ms" in note
    (note,) = row(other_load=3.4).noisy
    assert "3.4 of 4 cores" in note
    assert row(other_load=2.9).noisy == []  # a core is left for the one thread
    assert row(other_load=2.9, applied={"threads": 2}).noisy != []


def test_the_table_shows_every_row_and_note(report):
    text = "\n".join(lines(report))
    assert "WRONG ANSWER" in text and "50.0% of its pixels" in text
    assert "failed [" in text and "it ended; äöü 漢字" in text
    assert text.count("tiny.tflite") == 2 and "x.tflite 3x5" in text and "█" in text
    plain = "\n".join(lines(Report(MACHINE, [row()]), "ascii"))
    assert "########################" in plain and "█" not in plain
    assert "10.1 ms" in plain
    changed = row(applied={"threads": 1, "delegate": "none"})
    assert "xnnpack -> none" in "\n".join(lines(Report(MACHINE, [changed])))


FLOAT = [{"scale": None, "zero_point": None}]
INT8 = [{"scale": 0.5, "zero_point": 3}]


def scores(*rows, pixels=100):
    """A map of `pixels` pixels that repeats the rows, (1, 1, N, C)."""
    return [np.tile(np.array(rows, np.float32), (pixels // len(rows), 1))[None, None]]


def test_agreement_counts_pixels_and_measures_logits():
    good, bad = scores([1, 2], [4, 3]), scores([1, 2], [3, 4.5])
    assert compare(good, FLOAT, good, FLOAT) == {"equal": 1.0, "max_abs": 0.0, "wrong": False}
    assert compare(bad, FLOAT, good, FLOAT) == {"equal": 0.5, "max_abs": 1.5, "wrong": True}
    near = scores([1.1, 2.1], [4.1, 3.1])
    assert compare(near, FLOAT, good, FLOAT)["equal"] == 1.0
    broken = scores([1, np.nan], [4, 3])
    assert compare(broken, FLOAT, good, FLOAT) == {"equal": 1.0, "max_abs": None, "wrong": True}


def test_a_near_tie_of_one_photo_s_label_is_not_wrong():
    """A classifier has one row: two labels with nearly equal scores may change places."""
    one, other = scores([0.30, 0.29, 0.0], pixels=1), scores([0.29, 0.30, 0.0], pixels=1)
    assert compare(one, FLOAT, other, FLOAT) == {
        "equal": 0.0, "max_abs": pytest.approx(0.01, abs=1e-6), "wrong": False}
    silent = scores([0.0, 0.0, 0.0], pixels=1)
    assert compare(silent, FLOAT, other, FLOAT)["wrong"]


def test_agreement_of_stored_numbers_is_measured_in_real_ones():
    a, b = ([array.astype(np.int8)] for array in (scores([1, 2])[0], scores([1, 6])[0]))
    assert compare(a, INT8, b, INT8)["max_abs"] == 2.0


def test_agreement_of_class_maps_and_of_plain_numbers():
    a = [np.array([[[1, 2], [3, 4]]], np.int64)]
    b = [np.array([[[1, 2], [3, 5]]], np.int64)]
    assert compare(a, FLOAT, b, FLOAT) == {"equal": 0.75, "max_abs": None, "wrong": True}
    boxes = [np.array([[0.5, 0.25]]), np.array([[7.0]]), np.array([[0.9]])]
    near = [boxes[0] + 0.01, *boxes[1:]]
    assert compare(near, FLOAT * 3, boxes, FLOAT * 3) == {
        "equal": None, "max_abs": pytest.approx(0.01), "wrong": False}
    swapped = [boxes[0][:, ::-1], *boxes[1:]]
    assert not compare(swapped, FLOAT * 3, boxes, FLOAT * 3)["wrong"]
    assert compare([0 * box for box in boxes], FLOAT * 3, boxes, FLOAT * 3)["wrong"]


def test_answers_of_other_shapes_are_wrong():
    assert compare(scores([1, 2]), FLOAT, scores([1, 2], pixels=50), FLOAT)["wrong"]
