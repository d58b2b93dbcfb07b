"""What a phone has measured: read, refused with a reason, kept, and put beside the published times."""

import json
from threading import Thread

import pytest
from benchmark.phone_rows import ROW, row
from conftest import complaint

from segkit import benchmark
from segkit.benchmark import report
from segkit.benchmark.phones.rows import rows_file
from segkit.errors import SegkitError
from segkit.plots import benchmark as charts


def test_a_row_is_a_report_as_every_other():
    read = benchmark.read_phone_row(row())
    fast, card, gone = read.results
    assert (read.machine["device"], read.machine["system"]) == ("A test phone", "Chrome 141, Android 16")
    assert (fast.asked.delegate, fast.asked.threads, fast.applied["threads"]) == ("xnnpack", 2, 2)
    assert (fast.median_ms, fast.rounds, fast.first_ms, fast.load_ms) == (21.5, [3, 3], 80.25, 100.5)
    assert fast.interval_ms[0] < fast.median_ms < fast.interval_ms[1]
    assert fast.complete and not fast.wrong and not card.complete
    assert card.wrong and "graphics card: a card" in card.notes
    assert (card.asked.delegate, card.applied["timed"]) == ("gpu", "run and read")
    assert (gone.status, gone.reason, gone.typical) == ("failed", "stopped", None)
    assert any("WRONG ANSWER" in line for line in report.lines(read))


def at(*path, value):
    def change(new):
        for name in path[:-1]:
            new = new[name]
        new[path[-1]] = value
    return change


@pytest.mark.parametrize("text, words", [
    ("", "no JSON text"), ("[" * 100_000, "no JSON text"), ("[]", "is not of type 'object'"),
    (b"\xff\xfe", "no JSON text"), ("x" * 200_001, "at most 200000"),
    (row().replace("80.25", "NaN"), "NaN is no number"), (row().replace("80.25", "Infinity"), "no number"),
    (row().replace("80.25", "1e999"), "first_ms"),
    (row(lambda new: new.pop("date")), "'date' is a required property"),
    (row(extra=1), "'extra' was unexpected"), (row(format="segkit-phone-row 2"), "format"),
    (row(device=""), "device"), (row(device="x" * 41), "device"), (row(device="<b>a</b>"), "device"),
    (row(browser="a\nb"), "browser"), (row(model="../../etc/passwd"), "model"), (row(cores=0), "cores"),
    (row(date="yesterday"), "date"), (row(results=[]), "results"), (row(runtime="Doom 2"), "runtime"),
    (row(at("results", 0, "rounds", 0, "runs_ms", value=[-1.0])), "results.0.rounds.0.runs_ms"),
    (row(at("results", 0, "rounds", 0, "runs_ms", value=[0])), "results.0.rounds.0.runs_ms"),
    (row(at("results", 0, "rounds", value=[])), "results.0.rounds"),
    (row(at("results", 0, "applied", value=None)), "results.0.applied"),
    (row(at("results", 0, "equal", value=1.5)), "results.0.equal"),
    (row(at("results", 2, "reason", value="")), "results.2.reason"),
    (row(at("results", 0, "status", value="fast")), "results.0"),
])
def test_a_malformed_row_is_refused_with_a_reason(text, words):
    with pytest.raises(SegkitError) as raised:
        benchmark.read_phone_row(text)
    assert words in complaint(raised)


def test_a_date_that_no_calendar_has():
    with pytest.raises(SegkitError) as raised:
        benchmark.read_phone_row(row(date="2026-13-39T25:00:00Z"))
    assert "date" in complaint(raised)


def test_rows_are_kept_once_each(tmp_path):
    file = tmp_path / "new folder" / "rows.jsonl"
    assert benchmark.phone_rows(file) == []
    again = [Thread(target=benchmark.add_phone_row, args=(row(id=f"{i % 4:032x}"), file)) for i in range(12)]
    for thread in again:
        thread.start()
    for thread in again:
        thread.join()
    kept = benchmark.phone_rows(file)
    assert sorted(one.machine["id"] for one in kept) == [f"{i:032x}" for i in range(4)]
    assert len(file.read_text().splitlines()) == 4


def test_a_damaged_file_says_which_line(tmp_path):
    file = tmp_path / "rows.jsonl"
    benchmark.add_phone_row(row(), file)
    with file.open("a") as stream:
        stream.write("{}\n")
    for call in (lambda: benchmark.phone_rows(file), lambda: benchmark.add_phone_row(row(), file)):
        with pytest.raises(SegkitError) as raised:
            call()
        assert "line 2" in complaint(raised) and "remove that line" in str(raised.value)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SegkitError) as raised:
        benchmark.add_phone_row(row(), tmp_path / "file" / "rows.jsonl")
    assert "cannot be" in complaint(raised)


def test_where_rows_are_kept(monkeypatch):
    monkeypatch.setenv("SEGKIT_PHONES", "~/mine.jsonl")
    assert rows_file().name == "mine.jsonl" and "~" not in str(rows_file())
    monkeypatch.delenv("SEGKIT_PHONES")
    assert rows_file().name == "phone-rows.jsonl" and "segkit" in rows_file().parts


def test_phones_stand_beside_the_published_times():
    phones = [benchmark.read_phone_row(json.dumps(ROW))]
    table = report.rows(None, "DeepLab v3", phones)
    mine = [one for one in table if one["kind"] == "phone"]
    assert [one["kind"] for one in table[:-2]] == ["published"] * 6
    numbers = [(one["processor"], one["threads"], one["milliseconds"]) for one in mine]
    assert numbers == [("CPU", 2, 21.5), ("GPU", None, 21)]
    assert mine[0]["device"] == "A test phone (Chrome 141, 2026-11-21)" and "Android 16" in mine[0]["note"]
    words = str(charts.beside(table))
    assert "2 measured on phones: deeplab-w8, A test phone (Chrome 141, 2026-11-21), CPU, 2 threads" in words
    assert "phones" not in str(charts.beside(report.rows(None, "DeepLab v3")))
