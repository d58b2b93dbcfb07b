"""`make teach`: a sheet says what its lesson and its exercises say, its links lead somewhere, and the plans can be kept."""

import re
from pathlib import Path

import pytest
from lesson_files import LESSONS, exercises, read, sections
from scripts import scripts

from segkit import lessons

pytestmark = pytest.mark.slow
TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module")
def tool():
    """The module tools/teacher.py."""
    with scripts("tools", "teacher") as module:
        yield module


@pytest.fixture(scope="module")
def folder(tool, tmp_path_factory):
    """Where the command wrote its sheets."""
    out = tmp_path_factory.mktemp("teach")
    assert tool.main(["--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_a_sheet_has_every_question_exercise_solution_reason_and_hint(folder, path):
    text, notebook = (folder / f"{path.stem[:2]}.md").read_text(encoding="utf-8"), read(path)
    goals = text.partition("## Goals")[2].partition("\n## ")[0]
    assert len(re.findall(r"^- \w", goals, re.MULTILINE)) == 3
    assert re.findall(r"^### (\d+\. .*)", text, re.MULTILINE) == [title for title, _ in sections(notebook)]
    for start in ("**Ask before the cell is run:**", "**Then let them move something:**", "**What they should see, and why:**"):
        found = re.findall(re.escape(start) + r"\s*(.*)", text)
        assert len(found) == len(sections(notebook)) and all(len(words) > 15 for words in found), start
    for name, _, solution in exercises(notebook):
        exercise = lessons.exercise(name)
        assert solution in text and exercise.why in text
        assert all(hint in text for _, hint in exercise.mistakes)
    assert not re.search(r"<details|<summary|<!--|<function", text)


def test_every_link_of_every_sheet_leads_to_a_file(folder):
    count = 0
    for path in folder.glob("*.md"):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"(?<!\\)\]\((?![a-z]+:|#)([^)#]+)", text):
            assert (folder / target).is_file(), f"{path.name}: {target}"
            count += 1
    assert count > 50


def test_code_is_no_link_and_comments_go(tool):
    text = "see [a](b.ipynb#c) 3<!-- given --> and `x[0](y)`\n```python\nx[0](y)\n``` [d](https://e.org) \\[f\\](g)"
    assert tool.prose(text, "../n") == \
        "see [a](../n/b.ipynb#c) 3 and `x[0](y)`\n```python\nx[0](y)\n``` [d](https://e.org) \\[f\\](g)"


def test_the_plans_keep_the_order_of_the_lessons_and_end_in_time(tool):
    course = {lesson.number: lesson for lesson in lessons.course()}
    for title, _, days in tool.PLANS:
        seen = []
        for day in days:
            rows = tool.timetable(day, {number: course[number].minutes for number in day})
            assert rows[0][0] == tool.START and rows[-1][2] == day[-1]
            assert all(one[1] == other[0] for one, other in zip(rows, rows[1:]))
            assert all(end - begin == course[what].minutes for begin, end, what in rows if what in course)
            assert [what for *_, what in rows if what in course] == list(day)
            assert rows[-1][1] <= (13 if title == "Half a day" else 17) * 60, title
            assert [what for *_, what in rows].count("lunch") == (title != "Half a day")
            for number in day:
                assert set(course[number].needs) <= set(seen), f"{title}: {number} comes too early"
                seen.append(number)
        assert len(seen) == len(set(seen))


def test_the_first_page_has_all_minutes_and_both_plans(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"All lessons together: {sum(lesson.minutes for lesson in lessons.course())} minutes." in text
    assert "## Half a day" in text and "## Two days" in text and "Day 2:" in text


def test_a_folder_that_cannot_be_made_is_one_line(tool, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert tool.main(["--out", str(tmp_path / "file" / "teach")]) == 2
    assert re.fullmatch(r"teach: .*file.*\n", capsys.readouterr().err)
