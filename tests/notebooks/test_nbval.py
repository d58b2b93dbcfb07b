"""nbval really compares the words of pictures, and only those."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SANITIZE = Path(__file__).with_name("sanitize.cfg")
CELLS = (
    "from segkit import plots\nplots.gallery(['cat'])",
    "plots.Picture(b'PNG', 'a frame of 3 x 3 pixels', gif=b'GIF')",
    "print('Python 3.11.7 on Linux x86_64')",
)


@pytest.fixture(scope="module")
def executed():
    """A notebook with a figure, an animation and a machine's own fact, run once."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return nbformat.writes(notebook)


def failures(text, folder):
    """How many cells fail when nbval runs a notebook, given as text."""
    file = folder / "lesson.ipynb"
    file.write_text(text, encoding="utf-8")
    ran = subprocess.run([sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-c", "/dev/null",
                          "--nbval-sanitize-with", str(SANITIZE), "-p", "no:cacheprovider", "-q", str(file)],
                         capture_output=True, text=True, timeout=300, cwd=folder)
    found = re.search(r"(\d+) failed", ran.stdout)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return int(found[1]) if found else 0


def test_other_pixels_and_another_machine_pass(executed, tmp_path):
    text = re.sub(r'"image/png": "[^"]{8}', '"image/png": "iVBORw00', executed)
    text = re.sub(r"base64,[^\\\"]+", "base64,AAAA", text).replace("3.11.7 on Linux x86_64", "3.14.0 on Darwin arm64")
    assert text != executed
    assert failures(text, tmp_path) == 0


def test_another_number_in_an_alt_text_fails(executed, tmp_path):
    text = executed.replace("cat (451 x 300)", "cat (451 x 301)")
    assert text != executed
    assert failures(text, tmp_path) == 1


def test_another_number_in_the_words_of_an_animation_fails(executed, tmp_path):
    text = executed.replace("a frame of 3 x 3 pixels\\\"", "a frame of 4 x 3 pixels\\\"")  # in the HTML only
    assert text != executed
    assert failures(text, tmp_path) == 1
