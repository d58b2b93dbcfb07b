"""The form of the lessons: the same slots, short sections, pictures with words, outputs that are fit to be stored."""

import json
import re

import pytest
from lesson_files import LESSONS, exercises, headings, pictures, read, sections

from segkit import lessons

MOST_WORDS, MOST_LINES = 120, 15
SLOTS = ["What you will be able to do", "Needs and minutes", "SECTIONS", "EXERCISES", "Take-away",
         "What was left out", "References", "Next lesson"]
LOCAL = re.compile(r"(?<![\w.:/])(/(work|opt|root|tmp|home|Users|var|usr)/\S*)|\b[A-Z]:\\")

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def words(output):
    """The text of an output, without pictures."""
    shown = output.get("data", {})
    return "\n".join([output.get("text", ""), *(shown[kind] for kind in shown if kind == "text/plain")])


@pytest.mark.parametrize("text, local", [
    ("cache  /root/.cache/segkit", True), ("a line\n/tmp/x", True), ("'/home/me/photo.jpg'", True),
    (r"C:\Users\me", True), ("https://example.org/work/page", False), ("lite/examples/opt/x", False)])
def test_local_paths_are_found(text, local):
    assert bool(LOCAL.search(text)) == local


@every_lesson
def test_is_a_lesson_of_the_course(path):
    assert path.stem in lessons.COURSE
    assert read(path).cells[0].source.startswith(f"# {path.stem[:2]} {lessons.COURSE[path.stem]}\n")


@every_lesson
def test_slots_in_their_order(path):
    found = []
    for title, _ in headings(read(path))[1:]:
        slot = "SECTIONS" if re.match(r"\d+\. ", title) else \
            "EXERCISES" if title in ("Exercise", "Exercises") else title
        if slot != "SECTIONS" or found[-1] != slot:
            found.append(slot)
    assert found == SLOTS


@every_lesson
def test_three_abilities_and_three_things_to_take_away(path):
    parts = dict(headings(read(path)))
    for title in ("What you will be able to do", "Take-away"):
        text = "\n".join(cell.source for cell in parts[title])
        assert len(re.findall(r"^- ", text, re.MULTILINE)) == 3, title


@every_lesson
def test_sections_are_numbered_and_short(path):
    for number, (title, cells) in enumerate(sections(read(path)), start=1):
        assert title.startswith(f"{number}. ")
        assert cells[0].cell_type == "markdown" and cells[1].cell_type == "code", title
        idea = re.sub(r"\(https?://\S+\)", "", cells[0].source.partition("\n")[2])
        assert len(idea.split()) <= MOST_WORDS, f"{title}: {len(idea.split())} words"
        for cell in cells:
            if cell.cell_type == "code":
                lines = [line for line in cell.source.splitlines() if line.strip()]
                assert len(lines) <= MOST_LINES + lines[0].startswith(lessons.MARK), title


@every_lesson
def test_each_section_has_a_picture_first_and_something_to_move(path):
    for title, cells in sections(read(path)):
        assert pictures(cells[1]), f"{title}: the first code cell shows no picture"
        assert cells[-1].cell_type == "markdown" and "**Move it.**" in cells[-1].source, title


@every_lesson
def test_each_section_asks_before_it_shows_and_answers_what_is_to_be_moved(path):
    for title, cells in sections(read(path)):
        prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
        assert any(re.search(r"\*\*Guess first[.:]\*\* .*\?", text) for text in prose[:-1]), f"{title}: no guess"
        folded = prose[-1].partition("**Move it.**")[2].partition("<details>")[2]
        assert len(re.sub("<[^>]*>", " ", folded).split()) >= 15, f"{title}: no folded answer"


@every_lesson
def test_every_picture_has_words_with_numbers(path):
    shown = [output for cell in code_cells(path) for output in pictures(cell)]
    assert shown
    for output in shown:
        words = output.data["text/plain"]
        assert len(words.split()) >= 5 and re.search(r"\d", words) and "<" not in words, words
        if "image/png" in output.data:
            assert output.metadata["image/png"]["alt"] == words
        if "text/html" in output.data and "<img" in output.data["text/html"]:
            assert 'alt="' in output.data["text/html"]


@every_lesson
def test_pictures_are_small(path):
    for cell in code_cells(path):
        for output in pictures(cell):
            for kind, data in output.data.items():
                assert len(json.dumps(data)) < 1_500_000, kind


@every_lesson
def test_outputs_hold_no_errors_and_nothing_on_stderr(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source


@every_lesson
def test_cells_were_run_once_in_their_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@every_lesson
def test_no_widget_state_and_the_usual_kernel(path):
    metadata = read(path).metadata
    assert "widgets" not in metadata
    assert metadata.kernelspec.name == "python3"
    assert "version" not in metadata.language_info  # it would change with every machine


@every_lesson
def test_no_path_of_one_machine(path):
    for cell in read(path).cells:
        for text in [cell.source, *(words(output) for output in cell.get("outputs", []))]:
            assert not LOCAL.search(text), LOCAL.search(text)


@every_lesson
def test_links_lead_to_files_that_are_here(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)]+)\)", cell.source):
                if not target.startswith("http"):
                    assert (path.parent / target.partition("#")[0]).is_file(), target


@every_lesson
def test_references_have_addresses(path):
    text = "\n".join(cell.source for cell in dict(headings(read(path)))["References"])
    entries = re.findall(r"^- .*$", text, re.MULTILINE)
    assert entries and all("https://" in entry for entry in entries)


@every_lesson
def test_each_exercise_has_a_folded_solution(path):
    found = exercises(read(path))
    assert found
    for name, stub, solution in found:
        assert name in lessons.exercises()
        assert "answer = None" in stub
        assert solution and f'lessons.check("{name}", answer)' in solution
