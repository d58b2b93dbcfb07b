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


VARIANTS = {
    "other pixels, another machine": lambda text: re.sub(r"base64,[^\\\"]+", "base64,AAAA", re.sub(
        r'"image/png": "[^"]{8}', '"image/png": "iVBORw00', text)).replace("3.11.7 on Linux x86_64",
                                                                         "3.14.0 on Darwin arm64"),
    "another number in an alt text": lambda text: text.replace("cat (451 x 300)", "cat (451 x 301)"),
    "another number in the words of an animation":  # in the HTML only
        lambda text: text.replace("a frame of 3 x 3 pixels\\\"", "a frame of 4 x 3 pixels\\\""),
}


@pytest.fixture(scope="module")
def failed(executed, tmp_path_factory):
    """{variant: how many cells fail when nbval runs it}, all in one notebook: one kernel runs them."""
    folder, together = tmp_path_factory.mktemp("variants"), nbformat.reads(executed, as_version=4)
    together.cells = []
    for change in VARIANTS.values():
        assert change(executed) != executed
        together.cells += nbformat.reads(change(executed), as_version=4).cells
    for number, cell in enumerate(together.cells):
        cell.id = f"cell-{number}"  # each of them stood there three times
    nbformat.write(together, folder / "variants.ipynb", version=nbformat.NO_CONVERT)
    ran = subprocess.run([sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-c", "/dev/null",
                          "--nbval-sanitize-with", str(SANITIZE), "-p", "no:cacheprovider", "-q", "-rf", "."],
                         capture_output=True, text=True, timeout=300, cwd=folder)
    assert ran.returncode == 1 and re.search(rf"\b{3 * len(CELLS) - 2} passed", ran.stdout), ran.stdout + ran.stderr
    found = [int(cell) // len(CELLS) for cell in re.findall(r"^FAILED .*::Cell (\d+)", ran.stdout, re.MULTILINE)]
    return {name: found.count(number) for number, name in enumerate(VARIANTS)}


@pytest.mark.parametrize("variant, failures", list(zip(VARIANTS, (0, 1, 1))))
def test_what_nbval_compares(variant, failures, failed):
    assert failed[variant] == failures
