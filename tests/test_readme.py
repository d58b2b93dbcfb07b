"""README and CONTRIBUTING say what is so: commands, files, lessons, the picture, error messages."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segkit import Segmenter, lessons, models, photos
from segkit.__main__ import _parser
from segkit.errors import SegkitError
from segkit.runtime import settings

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_every_lesson_is_in_the_table_and_every_row_is_a_lesson():
    rows = re.findall(r"^\| \[(\d\d) [^\]]+\]\(notebooks/([^)]+\.ipynb)\) \| .+ \| (\d+) \|$", TEXT,
                      re.MULTILINE)
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert [file for _, file, _ in rows] == notebooks
    assert all(file.startswith(number) for number, file, _ in rows)
    assert [int(minutes) for *_, minutes in rows] == [lesson.minutes for lesson in lessons.course() if lesson.here]


def test_the_commands_are_ones_that_segkit_knows():
    found = re.findall(r"(?:^|`|\bpython -m )segkit ((?:segment|teach|benchmark|phone|models|doctor)[^`\n#]*)", TEXT,
                       re.MULTILINE)
    found = [command.strip() for command in found]
    complete = [c for c in found if c not in ("segment", "teach") and "--help" not in c]
    assert len(complete) >= 5
    for command in complete:
        _parser().parse_args(shlex.split(command))


def test_make_knows_the_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT + CONTRIBUTING, re.MULTILINE))
    assert {"lab", "test", "quick", "lint", "bench"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def quoted_messages():
    """The messages in the first column of the table of troubles, as patterns: "..." stands for anything."""
    cells = re.findall(r"^\| `([^|]+)` \|", TEXT, re.MULTILINE)
    return [".*".join(map(re.escape, cell.split("..."))) for cell in cells]


def a_missing_model():
    models.path("deeplabv3")


def a_damaged_model():
    file = models.cache_folder() / models.get("deeplabv3").file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half of it")
    models.path("deeplabv3")


def a_missing_runtime():
    settings.checked_runtime("tflite")


@pytest.mark.parametrize("trouble, words", [
    (a_missing_model, "is not here"), (a_damaged_model, "wrong SHA"), (a_missing_runtime, "is not installed")])
def test_a_quoted_message_is_what_a_reader_sees(trouble, words, cache, monkeypatch):
    def no_network(model, url, folder):
        raise ConnectionError

    monkeypatch.setattr("segkit.models.files.fetch", no_network)
    monkeypatch.setattr(settings, "installed", lambda: ["litert"])
    with pytest.raises(SegkitError) as raised:
        trouble()
    pattern, = (quoted for quoted in quoted_messages() if re.escape(words) in quoted)
    assert re.search(pattern, str(raised.value))


def test_the_quoted_messages_of_make_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for message in ("has no venv", "install Python 3.10 to 3.14"):
        assert message in TEXT and message in makefile


@pytest.mark.parametrize("text", [TEXT, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_files_that_are_named_exist(text):
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    named = re.findall(r"`((?:segkit|tests|data|docs|tools|notebooks)/[^`*]+)`", text)
    assert linked and named
    for target in [*linked, *named]:
        if "NN" not in target:
            assert (ROOT / target).exists(), target


def test_the_python_example_runs():
    example = next(block for block in code_blocks("python") if "import Segmenter" in block)
    exec(compile(example, "README.md", "exec"), {})


def test_the_picture_is_what_its_command_makes():
    with Image.open(ROOT / "docs" / "cat-overlay.png") as picture:
        shown = np.asarray(picture).astype(int)
    made = np.asarray(Segmenter().segment(photos.sample("cat")).overlay())
    # Processors round differently: a level of a colour, a pixel of the outline here and there.
    assert (abs(shown - made) <= 1).all(axis=2).mean() > 0.999
