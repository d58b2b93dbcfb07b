"""The glossary and the lessons lead to each other: every link has its word, every word a lesson that links to it."""

import re

import pytest
from lesson_files import LESSONS, ROOT, read

GLOSSARY = ROOT / "notebooks" / "glossary.md"
ENTRY = re.compile(r"^## (?P<term>.+)\n\n(?P<text>.+) Lesson \[\d\d\]\((?P<lesson>.+)\)\.\n", re.MULTILINE)
MOST_WORDS = 50


def anchor(term):
    """The end of the address that GitHub and JupyterLab both give a heading in small letters."""
    return term.replace(" ", "-")


def linked(lessons):
    """{anchor of the glossary: [the lessons that link to it]} for {name of a lesson: its prose}."""
    found = {}
    for lesson, prose in lessons.items():
        for target in re.findall(r"\]\(glossary\.md#([^)]*)\)", prose):
            found.setdefault(target, []).append(lesson)
    return found


def problems(glossary, lessons):
    """What does not fit between the text of the glossary and {name of a lesson: its prose}."""
    entries = {anchor(entry["term"]): entry for entry in ENTRY.finditer(glossary)}
    links = linked(lessons)
    found = [f"{lesson} links to {target!r}, which the glossary lacks"
             for target in links.keys() - entries for lesson in links[target]]
    for name, entry in entries.items():
        if entry["lesson"] not in links.get(name, []):
            found.append(f"{entry['lesson']} does not link to {name!r}, although the glossary sends readers there")
        if len(entry["text"].split()) > MOST_WORDS:
            found.append(f"{name!r} is long")
        if not re.fullmatch(r"[a-z0-9 -]+", entry["term"]):
            found.append(f"{entry['term']!r} has characters from which GitHub and JupyterLab make different addresses")
    if glossary.count("\n## ") != len(entries) or list(entries) != sorted(entries):
        found.append("an entry has another form, stands twice, or not in the order of the alphabet")
    return found


def test_every_link_has_its_word_and_every_word_its_lesson():
    prose = {path.name: "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
             for path in LESSONS}
    assert problems(GLOSSARY.read_text(encoding="utf-8"), prose) == []
    assert len(linked(prose)) > 50


@pytest.mark.parametrize("glossary, prose, said", [
    ("\n## head\n\nA part. Lesson [01](a.ipynb).\n", "[heads](glossary.md#heads)", "'heads', which the glossary lacks"),
    ("\n## head\n\nA part. Lesson [01](a.ipynb).\n", "a head", "does not link to 'head'"),
    ("\n## Head\n\nA part. Lesson [01](a.ipynb).\n", "", "'Head' has characters"),
    ("\n## tap\n\nA. Lesson [01](a.ipynb).\n\n## head\n\nB. Lesson [01](a.ipynb).\n", "", "order of the alphabet"),
    ("\n## head\n\nA part without a lesson.\n", "", "another form"),
    (f"\n## head\n\n{'long ' * 60}. Lesson [01](a.ipynb).\n", "", "is long"),
])
def test_a_fault_is_found(glossary, prose, said):
    assert any(said in problem for problem in problems(glossary, {"a.ipynb": prose}))
