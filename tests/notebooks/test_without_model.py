"""Where no published model can be had, a lesson says so in the cells that need one, and still runs to its end."""

import pytest
from lesson_files import LESSONS, read
from nbclient import NotebookClient

from segkit import lessons

WITH_PUBLISHED = [path for path in LESSONS if any(lessons.needed(cell.source) for cell in read(path).cells)]


@pytest.mark.parametrize("path", WITH_PUBLISHED, ids=lambda path: path.stem)
def test_runs_to_its_end(path, tmp_path, monkeypatch):
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
    from segkit import models

    named = {lessons.needed(cell.source) for path in WITH_PUBLISHED for cell in read(path).cells} - {None}
    assert named <= set(models.catalogue())
    assert all(models.get(name).urls for name in named), "a model that ships is always here"


def _printed(cell):
    assert not any(output.output_type == "error" for output in cell.outputs), cell.source
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
