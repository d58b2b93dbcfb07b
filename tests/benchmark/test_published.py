"""The published table: each row has its source, and none is mixed up with a measured one."""

import csv

import pytest
from conftest import complaint

from segkit import models
from segkit.benchmark import Report, Result, Setting, published
from segkit.benchmark import report as reports
from segkit.errors import SegkitError


def test_the_page_s_own_table():
    """TensorFlow Lite's page on image segmentation: DeepLab v3 on three phones."""
    rows = published("deeplab")
    assert [(r.device, r.system, r.processor, r.threads, r.milliseconds) for r in rows] == [
        ("Pixel 3", "Android 10", "GPU", None, 16), ("Pixel 3", "Android 10", "CPU", 4, 37),
        ("Pixel 4", "Android 10", "GPU", None, 20), ("Pixel 4", "Android 10", "CPU", 4, 23),
        ("iPhone XS", "iOS 12.4.1", "GPU", None, 16), ("iPhone XS", "iOS 12.4.1", "CPU", 2, 25)]
    assert {r.size for r in rows} == {"2.7 Mb"}
    assert all(r.footnote for r in rows if r.processor == "CPU")


def test_every_row_is_published_and_has_a_source():
    rows = published()
    assert len(rows) > 40
    for row in rows:
        assert row.kind == "published" and row.milliseconds > 0 and row.model and row.device
        assert row.source.startswith("https://www.tensorflow.org/lite/") and "commit" in row.checked
        assert (row.threads is not None) == (row.processor == "CPU")
    assert len({(r.model, r.device, r.processor) for r in rows}) == len(rows)


def test_measured_rows_say_that_they_are():
    result = Result(Setting("deeplab"), runs_ms=[20.0, 21.0, 22.0], complete=True)
    failed = Result(Setting("deeplab", threads=2), "failed", "it crashed", complete=True)
    rows = reports.rows(Report({"cpu": "my CPU"}, [result, failed]), "DeepLab")
    assert [row["kind"] for row in rows] == ["published"] * 6 + ["measured"]
    assert (rows[-1]["milliseconds"], rows[-1]["statistic"]) == (21.0, "median")
    assert {row["statistic"] for row in rows[:-1]} == {"mean"}


@pytest.mark.parametrize("applied, processor", [("gpu", "GPU"), ("gpu+cpu", "GPU"), ("xnnpack", "CPU")])
def test_a_row_that_fell_back_from_the_gpu_is_the_cpu_s(applied, processor):
    result = Result(Setting("deeplab", api="compiled", delegate="gpu+cpu"), runs_ms=[20.0],
                    applied={"delegate": applied})
    assert reports.rows(Report({}, [result]))[-1]["processor"] == processor


def test_a_measured_row_in_the_published_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    file = tmp_path / "benchmarks" / "published.csv"
    with open(models.DATA / "benchmarks" / "published.csv", newline="", encoding="utf-8") as stream:
        text = stream.read()
    assert set(next(csv.reader([text.splitlines()[0]]))) >= {"kind", "source", "footnote"}
    monkeypatch.setattr(models, "DATA", tmp_path)
    for content in (text.replace("published,", "measured,", 1), "", "kind\npublished\n"):
        file.write_text(content, encoding="utf-8")
        if content:
            with pytest.raises(SegkitError) as raised:
                published()
            assert "published.csv cannot be read" in complaint(raised)
    file.unlink()
    with pytest.raises(SegkitError):
        published()
