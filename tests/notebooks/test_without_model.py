"""Where no published model can be had, a lesson says so in the cells that need one, and still runs to its end.

conftest.py hides the published models from all other cells while nbval runs them. What is left to test here: no cell
uses a name that only a skipped cell makes, and one lesson is really run without a model.
"""

import builtins

import nbformat
import pytest
from explorer_cells import made_by, read_by, statements
from lesson_files import LESSONS, read
from nbclient import NotebookClient

from segkit import lessons, models

WITH_PUBLISHED = [path for path in LESSONS if any(lessons.needed(cell.source) for cell in read(path).cells)]


def lost_names(notebook):
    """{name: the cell that reads it} for the names that only cells with a published model make."""
    made, lost, found = set(dir(builtins)), set(), {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for statement in statements([cell.source]):
            if not lessons.needed(cell.source):
                found.update(dict.fromkeys(read_by(statement) & lost - made, cell.source))
                made |= made_by(statement)
            lost |= made_by(statement)
    return found


@pytest.mark.parametrize("path", WITH_PUBLISHED, ids=lambda path: path.stem)
def test_no_cell_uses_what_only_a_skipped_cell_makes(path):
    assert lost_names(read(path)) == {}


@pytest.mark.parametrize("last, lost", [
    ("print(b)", {"b"}), ("[b for b in a]", set()), ("b = 3\nb", set()), ("def f():\n    return b", {"b"})])
def test_a_lost_name_is_found(last, lost):
    cells = ["a = [1]", f"{lessons.MARK} deeplabv3\nb = 2", last]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    assert set(lost_names(notebook)) == lost


def test_a_lesson_runs_to_its_end(tmp_path, monkeypatch):
    path = WITH_PUBLISHED[0]
    monkeypatch.delenv("SEGKIT_MODELS", raising=False)
    monkeypatch.setenv("SEGKIT_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there: no download, wherever this runs
    notebook = read(path)
    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            name = lessons.needed(cell.source)
            said = _printed(cell)
            assert said.startswith("skipped: ") == bool(name), cell.source
            assert not name or (f"the model {name}, which is not here" in said and "SEGKIT_MODELS" in said)
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").rglob("*.tflite"))


def test_every_lesson_names_models_of_the_catalogue():
    named = {lessons.needed(cell.source) for path in WITH_PUBLISHED for cell in read(path).cells} - {None}
    assert named <= set(models.catalogue())
    assert all(models.get(name).urls for name in named), "a model that ships is always here"


def _printed(cell):
    assert not any(output.output_type == "error" for output in cell.outputs), cell.source
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
