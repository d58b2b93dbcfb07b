"""The command ``segkit benchmark``."""

import csv
import json

import pytest

from segkit.__main__ import main
from segkit.benchmark import Report


def test_a_table_and_files(tiny, tmp_path, capsys):
    files = tmp_path / "r.json", tmp_path / "r.csv"
    status = main(["benchmark", "--model", tiny, "--runtime", "litert", "--delegate", "xnnpack",
                   "--delegate", "reference", "--threads", "1,2", "--runs", "3",
                   "--json", str(files[0]), "--csv", str(files[1])])
    out, err = capsys.readouterr()
    assert status == 0 and "segkit:" not in err
    table = [line for line in out.splitlines() if line.startswith("tiny.tflite")]
    assert len(table) == 4 and all(" ms " in line for line in table)
    report = Report.from_json(files[0])
    assert [r.asked.threads for r in report.results] == [1, 2, 1, 2] and report.complete
    assert Report.from_csv(files[1]) == report
    with open(files[1], newline="", encoding="utf-8") as stream:
        assert {line["kind"] for line in csv.DictReader(stream)} == {"measured"}
    content = json.loads(files[0].read_text(encoding="utf-8"))
    assert [len(s["runs_ms"]) for s in content["settings"]] == [3] * 4


def test_rows_that_cannot_run_do_not_change_the_exit_status(tiny, capsys):
    assert main(["benchmark", "--model", tiny, "--runtime", "litert", "--runtime", "tflite",
                 "--delegate", "gpu", "--api", "interpreter", "--threads", "1"]) == 0
    out, _ = capsys.readouterr()
    assert out.count("refused [1]") == 2 and "[1] gpu works through" in out


def test_resume(tiny, tmp_path, capsys):
    first = ["benchmark", "--model", tiny, "--runtime", "litert", "--delegate", "none", "--runs", "2",
             "--json", str(tmp_path / "a.json"), "--threads", "1"]
    assert main(first) == 0
    assert main([*first[:-3], str(tmp_path / "b.json"), "--threads", "1,2", "--resume",
                 str(tmp_path / "a.json")]) == 0
    a, b = (Report.from_json(tmp_path / name) for name in ("a.json", "b.json"))
    assert b.results[0] == a.results[0] and len(b.results) == 2


def test_a_sweep_that_is_stopped_keeps_its_file(tiny, tmp_path, capsys, monkeypatch):
    from segkit.benchmark import sweep
    from segkit.cli import benchmark

    def stopped(*arguments, progress, **options):
        def stop(step):
            if step.stage.startswith("round 2"):
                raise KeyboardInterrupt

        return sweep(*arguments, progress=stop, **options)

    monkeypatch.setattr(benchmark, "sweep", stopped)
    file = tmp_path / "r.json"
    assert main(["benchmark", "--model", tiny, "--runtime", "litert", "--delegate", "none",
                 "--threads", "1", "--json", str(file)]) == 2
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == f"segkit: stopped; --resume {file} goes on from here"
    assert "stopped after 10 of 30 runs" in out
    assert len(Report.from_json(file).results[0].runs_ms) == 10


@pytest.mark.parametrize("options, word", [
    (["--runtime", "onnx"], "runtime"), (["--delegate", "npu"], "gpu"), (["--api", "x"], "api"),
    (["--delegate", "./no.so"], "no delegate library"), (["--threads", "a"], "threads"),
    (["--threads", "0"], "threads"), (["--threads", "1,,2"], "threads"), (["--size", "3"], "size"),
    (["--runs", "0"], "runs"), (["--runs", "x"], "runs"), (["--seconds", "-1"], "seconds"),
    (["--json", "no/such/r.json"], "cannot be written"), (["--csv", "."], "folder"),
    (["--model", "no-such"], "no model"), (["--model", "no/such.tflite"], "there is no file"),
    (["--resume", "no.json"], "cannot be read")])
def test_wrong_options_are_one_line(options, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("segkit: ") and word in err
