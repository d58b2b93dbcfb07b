"""`make lessons`: what says the same stays, byte for byte; a lesson that fails is named and left as it was."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image
from scripts import scripts

TOOLS = Path(__file__).resolve().parents[2] / "tools"
WORDS, SHADE, OTHER = "10 blue pixels", 250, 120
DRAW = """import io, os
from IPython.display import display
from PIL import Image
class Figure:
    def _repr_mimebundle_(self, **_):
        file = io.BytesIO()
        Image.new("RGB", (5, 2), (0, 0, int(os.environ["SHADE"]))).save(file, "PNG")
        return {"image/png": file.getvalue(), "text/plain": os.environ["WORDS"]}, {"image/png": {"alt": os.environ["WORDS"]}}
Figure()"""
CELLS = ("print('it took', __import__('time').perf_counter(), 'ms')", DRAW, "print('always')\nprint('the same')",
         "# NBVAL_IGNORE_OUTPUT\nimport uuid; print(uuid.uuid4())")


@pytest.fixture(scope="module")
def tool():
    """The modules tools/lessons.py and tools/pictures.py."""
    with scripts("tools", "lessons", "pictures") as modules:
        yield modules


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A function that writes a lesson with some code cells: its file."""
    monkeypatch.setenv("WORDS", WORDS)
    monkeypatch.setenv("SHADE", str(SHADE))

    def make(*sources, name="02-small.ipynb"):
        cells = [nbformat.v4.new_code_cell(source, id=f"cell-{place}") for place, source in enumerate(sources)]
        cells[0].metadata.tags = ["mine"]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                             "language_info": {"name": "python"}}
        path = tmp_path / name
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        return path

    return make


def shade(path):
    """The blue of the stored picture."""
    return Image.open(io.BytesIO(base64.b64decode(figure(path).data["image/png"]))).convert("RGB").getpixel((0, 0))[2]


def figure(path):
    return nbformat.read(path, as_version=4).cells[1].outputs[0]


def test_what_says_the_same_stays(tool, lesson, monkeypatch, capsys):
    path = lesson(*CELLS)
    run = lambda *options: tool[0].main(["--folder", str(path.parent), *options])  # noqa: E731

    assert run() == 0
    first = path.read_bytes()
    assert shade(path) == SHADE
    notebook = nbformat.read(path, as_version=4)
    assert [cell.id for cell in notebook.cells] == [f"cell-{place}" for place in range(4)]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    assert figure(path).execution_count == 2 and figure(path).metadata["image/png"]["alt"] == WORDS
    assert notebook.cells[0].metadata == {"tags": ["mine"]} and notebook.cells[1].metadata == {}
    assert set(notebook.metadata) == {"kernelspec", "language_info"} and "version" not in notebook.metadata.language_info
    assert len(notebook.cells[2].outputs) == 1

    monkeypatch.setenv("SHADE", str(OTHER))  # another picture, the same words; also other times, another number
    assert run() == 0
    assert path.read_bytes() == first

    assert run("--redraw", "02") == 0
    assert shade(path) == OTHER and figure(path).data["text/plain"] == WORDS
    took = nbformat.read(path, as_version=4).cells[0].outputs[0].text  # the time is of the same run as the picture
    assert took != notebook.cells[0].outputs[0].text

    monkeypatch.setenv("SHADE", str(SHADE))
    monkeypatch.setenv("WORDS", "12 blue pixels")
    capsys.readouterr()
    assert run() == 0
    assert shade(path) == SHADE and figure(path).metadata["image/png"]["alt"] == "12 blue pixels"
    assert "02-small.ipynb: 1 outputs are new" in capsys.readouterr().out


@pytest.mark.parametrize("source, why", [
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("import sys\nprint('careful', file=sys.stderr)", "wrote to stderr: careful"),
    ("import os\nos._exit(3)", "Kernel died"),
])
def test_a_lesson_that_fails_is_named_and_left_as_it_was(tool, lesson, capsys, source, why):
    path = lesson("print('new')", source, "print('after')")
    before = path.read_bytes()
    assert tool[0].main(["--folder", str(path.parent)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("lessons: 02-small.ipynb, cell cell-1 (") and err.count("\n") == 1 and why in err
    assert path.read_bytes() == before and [path] == list(path.parent.iterdir())


def test_a_cell_whose_model_is_not_here_keeps_what_it_shows(tool, lesson, cache, capsys):
    path = lesson("1", "# needs the model deeplab\nprint('new')")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="old\n")]
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    assert tool[0].main(["--folder", str(path.parent)]) == 0
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "old\n"
    assert "the model deeplab is not here, the old outputs stay" in capsys.readouterr().out


def test_a_lesson_that_is_not_here(tool, lesson, capsys):
    assert tool[0].main(["--folder", str(lesson("1").parent), "05"]) == 1
    assert capsys.readouterr().err == "lessons: no lesson begins with '05'; here are 02\n"


def test_pictures_only_runs_nothing(tool, lesson):
    path = lesson("1 / 0")
    notebook = nbformat.read(path, as_version=4)
    picture = base64.b64encode(png(gradient())).decode()
    notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", {
        "image/png": picture, "text/html": f'<img alt="a" src="data:image/png;base64,{picture}">', "text/plain": "a"})]
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    assert tool[0].main(["--folder", str(path.parent), "--pictures-only"]) == 0
    shown = nbformat.read(path, as_version=4).cells[0].outputs[0].data
    assert shown["text/plain"] == "a" and shown["text/html"] == \
        f'<img alt="a" src="data:image/png;base64,{shown["image/png"]}">'
    assert Image.open(io.BytesIO(base64.b64decode(shown["image/png"]))).mode == "P"


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def gradient():
    """(128, 200, 3) uint8: a gradient of thousands of colours, a white frame, and a block of one colour."""
    rows, columns = np.indices((128, 200))
    pixels = np.stack([rows * 2, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)
    pixels[:, :40] = 255
    pixels[40:80, 100:140] = 12, 34, 56
    return pixels


def test_a_palette_hides_itself(tool):
    before = gradient()
    small = tool[1].small(png(before))
    image = Image.open(io.BytesIO(small))
    after = np.asarray(image.convert("RGB")).astype(int)
    assert image.mode == "P" and len(image.getcolors()) <= 256
    assert (after[:, :40] == 255).all() and (after[40:80, 100:140] == (12, 34, 56)).all()
    assert np.abs(after - before).max() <= 24
    # Seen from afar (8 x 8 pixels together), the gradient has its own colours.
    seen = np.abs((after - before)[:, 144:].reshape(16, 8, 7, 8, 3).mean(axis=(1, 3)))
    assert seen.max() <= 4 and seen.mean() <= 1.2, (seen.max(), seen.mean())
    assert tool[1].small(small) is small


def test_few_colours_stay_as_they_are(tool):
    before = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)[np.arange(1024).reshape(32, 32) % 256]
    after = Image.open(io.BytesIO(tool[1].small(png(before))))
    assert after.mode == "P" and (np.asarray(after.convert("RGB")) == before).all()


def test_transparent_pixels_stay_transparent(tool):
    before = np.dstack([gradient(), np.full((128, 200), 255, np.uint8)])
    before[:, :40, 3] = 0
    after = np.asarray(Image.open(io.BytesIO(tool[1].small(png(before)))).convert("RGBA"))
    assert (after[:, :40, 3] == 0).all() and (after[:, 40:, 3] == 255).all()


def test_what_stands_below_a_line_that_is_not_compared_still_counts(tool):
    first, second = (nbformat.v4.new_output("stream", text=f"runtimes: {version}\nclasses: {classes}\n")
                     for version, classes in (("litert 2.1", 21), ("litert 2.3", 21)))
    words = tool[0].words
    assert words(first) == words(second)
    second.text = second.text.replace("21", "22")
    assert words(first) != words(second)
