"""Where no model can be had, a lesson says so in one sentence and still runs to its end."""

import nbformat
import pytest
from lesson_files import LESSONS, read
from nbclient import NotebookClient

from segkit import lessons, models


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_runs_to_its_end(path, tmp_path, monkeypatch):
    monkeypatch.delenv("SEGKIT_MODELS", raising=False)
    monkeypatch.setenv("SEGKIT_CACHE", str(tmp_path / "cache"))
    if models.find(models.default())[0]:
        pytest.skip("the clone itself brings the default model")
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there: no download, wherever this runs
    notebook = read(path)
    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    first, *others = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = _printed(first)
    assert "is not here" in said and "SEGKIT_MODELS" in said and "are skipped" not in said
    assert said.count("Put the file with SHA-256") == 1 and "Traceback" not in said
    for cell in others:
        skipped = _printed(cell).startswith("skipped: this cell needs the model")
        assert skipped == cell.source.startswith(lessons.MARK), cell.source
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").rglob("*.tflite"))


def _printed(cell):
    assert not any(output.output_type == "error" for output in cell.outputs), nbformat.from_dict(cell)
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
