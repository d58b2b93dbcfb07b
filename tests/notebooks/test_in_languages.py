"""Lessons executed in other languages: no error, no missing sign, alt texts in the language, no words cut off.

`make test` takes one lesson for each language, `make test-languages` all of them.
"""

import os
from pathlib import Path

import pytest
from scripts import scripts
from translations import LANGUAGES, english, tool

ROOT = Path(__file__).resolve().parents[2]
LESSONS = tool.lesson_files()[:None if os.environ.get("SEGKIT_EVERY_LESSON") else 1]
# Runs in the kernel before the lesson: a figure whose words leave it is an error. Words that an axes may cut are none.
STARTUP = """
from matplotlib.figure import Figure
from matplotlib.text import Text

_draw, _save, _outside = Text.draw, Figure.savefig, []

def draw(self, renderer, *arguments, **options):
    cut = self.get_clip_on() and self.get_clip_box() is not None
    if self.get_visible() and self.get_text().strip() and not cut:
        box, whole = self.get_window_extent(renderer), self.get_figure(root=True).bbox
        # A line's box has some pixels of air above and below its letters.
        if min(box.x0, box.y0) < -3 or box.x1 > whole.x1 + 3 or box.y1 > whole.y1 + 3:
            _outside.append(self.get_text())
    return _draw(self, renderer, *arguments, **options)

def savefig(self, *arguments, **options):
    _outside.clear()
    result = _save(self, *arguments, **options)
    if _outside:
        raise ValueError(f"words outside of the figure: {_outside}")
    return result

Text.draw, Figure.savefig = draw, savefig
"""


@pytest.fixture(scope="module")
def lessons():
    """The module tools/lessons.py."""
    with scripts("tools", "lessons") as module:
        yield module


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """The folder of a lesson whose kernel looks at each figure that it draws."""
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-words.py").write_text(STARTUP)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_a_lesson_runs_in_another_language(lessons, kernel, monkeypatch, path, language):
    monkeypatch.setenv("SEGKIT_LANG", language)
    done = lessons.executed(kernel / path.name, tool.lesson(language, path))
    told = ["".join(output.data["text/plain"]) for cell in done.cells for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})]
    assert told and [words for words in told if english("", words)] == []


def test_words_outside_of_a_figure_are_found(lessons, kernel):
    import nbformat

    code = "from segkit import plots\nfigure, _ = plots.figure()\nfigure.text(0.9, 0.5, 'long word ' * 3)\nplots.show(figure, 'x')"
    with pytest.raises(lessons.Failure, match="words outside of the figure: .'long word"):
        lessons.executed(kernel / "01.ipynb", nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]))
