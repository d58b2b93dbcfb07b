"""What is noted of right answers: where, when, and what a damaged file or a full folder does."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import platformdirs
import pytest
from lesson_files import said

from segkit import lessons
from segkit.errors import SegkitError
from segkit.lessons import records

NAME = "rate-not-doubled"


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """The file of one test."""
    monkeypatch.setenv("SEGKIT_PROGRESS", str(tmp_path / "kept" / "progress.jsonl"))
    return tmp_path / "kept" / "progress.jsonl"


def test_only_a_right_answer_is_noted_and_only_once(file, capsys):
    said(NAME, None, capsys), said(NAME, 1, capsys)
    assert not file.exists() and lessons.progress().done == 0
    for _ in range(2):
        said(NAME, lessons.exercise(NAME).right, capsys)
    assert records.answered() == ({NAME: date.today().isoformat()}, 0)
    assert file.read_text(encoding="utf-8").count(NAME) == 1


def test_the_table_has_every_lesson_and_every_exercise_once(capsys):
    said(NAME, lessons.exercise(NAME).right, capsys)
    table = lessons.progress()
    assert [number for number, *_ in table.rows] == [lesson.number for lesson in lessons.course()]
    assert sorted(name for *_, done, left in table.rows for name in (*done, *left)) == sorted(lessons.exercises())
    assert (table.done, table.total) == (1, len(lessons.exercises()))
    assert [number for number, _, done, _ in table.rows if done == [NAME]] == ["05"]
    last = f"1 of {table.total} exercises are answered right."
    assert repr(table).endswith(last) and table._repr_html_().endswith(f"<p>{last}</p>")
    count = len(lessons.exercises("05"))
    assert re.search(rf"^05 DeepLab v3 +1 of {count} +open: image-pooling", repr(table), re.MULTILINE)
    assert f"1 of {count}</td>" in table._repr_html_() and "<img" not in table._repr_html_()


@pytest.mark.parametrize("damage", [b'{"exercise": "one-i', b"\xff\xfe\x00", b"[]", b"7", b"[" * 100_000,
                                    b'{"exercise": "one-iou", "day": "soon"}', b'{"exercise": "one-iou", "day": 3}'])
def test_a_damaged_line_is_left_out_with_one_sentence_and_spoils_no_other(file, damage):
    records.note("upper-half")
    with open(file, "ab") as stream:
        stream.write(damage)
    records.note(NAME)
    assert list(records.answered()[0]) == ["upper-half", NAME]
    assert lessons.progress().remark == f"Damaged lines in {file}, left out: 1."


def test_an_exercise_that_is_gone_does_not_count(file):
    records.note("<b>gone</b>")
    assert lessons.progress().done == 0 and "gone" not in lessons.progress()._repr_html_()


def test_several_notebooks_write_at_the_same_time():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(records.note, lessons.exercises()))
    days, damaged = records.answered()
    assert sorted(days) == sorted(lessons.exercises()) and not damaged


def test_where_nothing_can_be_kept_the_answer_is_right_all_the_same(file, capsys):
    file.parent.write_text("a file where a folder should be")
    right = lessons.exercise(NAME)
    first, second = said(NAME, right.right, capsys).splitlines()
    assert first == f"right: {right.why}"
    assert second.startswith("This is not noted") and "SEGKIT_PROGRESS" in second
    file.parent.unlink(), file.mkdir(parents=True)
    with pytest.raises(SegkitError, match="cannot be read.*SEGKIT_PROGRESS"):
        records.note(NAME)
    assert "cannot be read" in lessons.progress().remark and lessons.progress().done == 0


def test_without_the_variable_the_file_is_in_the_users_data_folder(monkeypatch):
    monkeypatch.setenv("SEGKIT_PROGRESS", "~/mine.jsonl")
    assert records.records_file() == Path.home() / "mine.jsonl"
    monkeypatch.delenv("SEGKIT_PROGRESS")
    assert records.records_file().parent == platformdirs.user_data_path("segkit", appauthor=False)
