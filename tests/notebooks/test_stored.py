"""What the lessons store is light, and depends neither on the processor nor on how busy it is."""

import base64
import io
import re
from pathlib import Path

import pytest
from lesson_files import LESSONS, read
from PIL import Image

MOST_BYTES, MOST_COLOURS = 8 * 2 ** 20, 256  # of all lessons together; of a picture
SANITIZE = Path(__file__).with_name("sanitize.cfg").read_text(encoding="utf-8")
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
# A time, what an instruction set is called, or a verdict on which of two times is shorter.
FACT = re.compile(r"\d ?(ns|µs|us|ms|s|sec|seconds?|[GM]Hz)\b|\b(AVX\w*|VNNI|SSE\d\w*|NEON)\b"
                  r"|\b(faster|slower|quicker|difference was shown)\b[^\n]*: *(True|False|yes|no)\b"
                  r"|\d ?(times|x|%) (faster|slower|quicker)", re.IGNORECASE)
AGAIN = "run `make lessons`"

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def test_all_lessons_together_are_light():
    assert sum(path.stat().st_size for path in LESSONS) <= MOST_BYTES, AGAIN


@every_lesson
def test_pictures_have_a_palette(path):
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            for text in [shown.get("image/png"), *PICTURE.findall(shown.get("text/html", ""))]:
                if text:
                    image = Image.open(io.BytesIO(base64.b64decode(text)))
                    assert image.mode in ("P", "L", "1") and len(image.getcolors()) <= MOST_COLOURS, f"{cell.id}: {AGAIN}"


def facts(text):
    """What a stored text says of times and processors, where nbval compares it."""
    for expression, replacement in re.findall(r"^regex: (.*)$\n^replace: (.*)$", SANITIZE, re.MULTILINE):
        text = re.sub(expression, replacement, text)
    return [found[0] for found in FACT.finditer(text)]


@every_lesson
def test_nothing_that_is_compared_depends_on_the_processor(path):
    for cell in read(path).cells:
        if cell.cell_type == "code" and "NBVAL_IGNORE_OUTPUT" not in cell.source:
            for output in cell.outputs:
                text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
                assert facts(text) == [], f"{cell.id}: {text}"


@pytest.mark.parametrize("text", [
    "a difference was shown: True", "8 bits faster: False", "it is 1.7 times faster", "40 % slower", "this takes 3 s",
    "0.5 seconds", "with AVX2", "at 2.4 GHz"])
def test_facts_are_found(text):
    assert facts(text)


@pytest.mark.parametrize("text", [
    "median 3.21 ms", "1.7 times the time", "10 Smaller and faster", "192 channels, 8 steps", "the last 12 kept the cores busy",
    "a path of 3 sections"])
def test_other_words_pass(text):
    assert facts(text) == []
