"""Numbers in the prose of a lesson agree with what its cells printed, or name the table they come from.

In a Markdown cell a measured number is followed by a comment, which no page shows:

- ``0.43<!-- from: v3 has mean IoU # -->``: some stored output of the lesson contains "v3 has mean IoU 0.43";
- ``70.9 %<!-- paper: arXiv 1802.02611, table 2 -->``: the number is somebody else's, and this is where it stands;
- ``0.5<!-- given -->``: a number that the text itself sets, such as a threshold;
- ``1.4<!-- card: v3 minus v2, vocval, shown -->``: so many points gain all trainings of the heads together, by the models'
  card, and the interval leaves 0 out (``not shown``: it does not); ``card: spread, vocval``: so far apart lie, at most, the
  trainings of one head.

A sentence without a number, in a folded answer too, names what it rests on: ``<!-- says: WORDS -->`` for words of a
stored output of the lesson, ``<!-- card says: WORDS -->`` for words of the card. Where these words have changed, the
sentence has to be read again.
"""

import re

import pytest
from lesson_files import LESSONS, ROOT, read

COMMENT = re.compile(r"<!--\s*(from|paper|given|card says|card|says):?\s*(.*?)\s*-->", re.DOTALL)
# What looks like a measurement: a number with a decimal point, a per cent, a number of times.
MEASURED = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?= ?%| times\b)|(?<![\w.])\d[\d,]*\.\d+(?!\w|\.\d)")
NUMBER_BEFORE = re.compile(r"(\d[\d,]*(?:\.\d+)?)( ?%| times)?\**$")
NO_PROSE = re.compile(r"\b[Ss]ections? \d+\.\d+|```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+|\$[^$]*\$|^\|[^\n]*|<details>.*?</details>",
                      re.DOTALL | re.MULTILINE)


def outputs(notebook):
    """All text that the cells of a notebook left, with single spaces."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return re.sub(r"\s+", " ", " ".join(texts))


def card():
    """The models' card as one line, and what each `card` comment may name, with its number."""
    text = (ROOT / "data" / "models" / "README.md").read_text(encoding="utf-8")
    named, spreads = {}, {}
    for line in text.partition("The heads' seeds on the half that was looked at once")[2].splitlines():
        row = [field.strip() for field in line.strip("| ").split("|")]
        if " minus " in row[0]:
            low, high = row[3].split(" to ")  # the sign stays where an end is rounded to 0.000
            named[f"{row[0]}, {row[1]}, {'shown' if low[0] == high[0] else 'not shown'}"] = f"{100 * float(row[2]):.1f}"
        elif row[0].startswith("head v"):
            spreads.setdefault(row[1], []).append(float(row[-1]))
    named |= {f"spread, {photos}": f"{100 * max(found):.1f}" for photos, found in spreads.items()}
    return re.sub(r"\s+", " ", text), named


def problems(notebook):
    """Sentences on every number of the prose that no output bears out and no source covers."""
    found, printed = [], outputs(notebook)
    told, named = card()
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or cell.source.startswith(("## References", "## Needs")):
            continue
        for comment in COMMENT.finditer(cell.source):  # folded answers, too
            where = {"says": printed, "card says": told}.get(comment[1])
            if where and (not comment[2] or comment[2] not in where):
                found.append(f"{comment[0]} holds no longer: read its sentence again")
        text = NO_PROSE.sub(" ", cell.source)
        for comment in COMMENT.finditer(text):
            number = NUMBER_BEFORE.search(text[:comment.start()])
            if comment[1] in ("says", "card says"):
                continue
            if not number:
                found.append(f"no number stands before {comment[0]}")
            elif comment[1] == "from" and comment[2].count("#") != 1:
                found.append(f"{comment[0]} needs one # in place of the number")
            elif comment[1] == "from" and not re.search(
                    rf"(?<![\d.]){re.escape(comment[2].replace('#', number[1]))}(?!\.?\d)", printed):
                found.append(f"no output says {comment[2].replace('#', number[1])!r}")
            elif comment[1] == "paper" and not re.search(r"(arXiv|doi|https://)", comment[2]):
                found.append(f"{comment[0]} names no paper")
            elif comment[1] == "card" and named.get(comment[2]) != number[1]:
                found.append(f"{number[0]}: the card says {comment[2]}: {named.get(comment[2])}")
        text = COMMENT.sub("<!---->", text)
        for number in MEASURED.finditer(text):
            if not re.match(r"( ?%| times)?\**<!--", text[number.end():]):
                found.append(f"{number[0]} has no comment that says where it comes from: "
                             f"…{text[max(0, number.start() - 40):number.end() + 20]!r}…")
    return found


@pytest.mark.parametrize("path", [p for p in LESSONS if p.stem[:2] not in ("00", "08")], ids=lambda path: path.stem)
def test_numbers_in_the_prose_agree_with_the_outputs(path):
    assert problems(read(path)) == []


def made_up(prose, printed="v3 has mean IoU 0.43 here\n"):
    import nbformat

    output = nbformat.v4.new_output("stream", text=printed)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(prose),
                                           nbformat.v4.new_code_cell("1", outputs=[output])])


@pytest.mark.parametrize("prose", [
    "It reaches 0.43<!-- from: mean IoU # -->.", "**0.43**<!-- from: v3 has mean IoU # here -->",
    "The paper has 77.2 %<!-- paper: arXiv 1706.05587, table 5 -->.", "Take 0.5<!-- given --> as the threshold.",
    "It gains.<!-- says: v3 has mean IoU 0.43 -->", "<details>So it does.<!-- card says: | heads | photos | -->\n</details>",
    "The input has 257 pixels, 3 branches and 21 classes.", "See `x / 127.5`, section 3.2 of the paper.",
])
def test_numbers_with_a_source_pass(prose):
    assert problems(made_up(prose)) == []


@pytest.mark.parametrize("prose, why", [
    ("It reaches 0.44<!-- from: mean IoU # -->.", "no output says 'mean IoU 0.44'"),
    ("It reaches 0.4<!-- from: mean IoU # -->.", "no output says"),
    ("It reaches 0.43.", "has no comment"), ("It reaches 43 %.", "has no comment"),
    ("It is 12 times faster.", "has no comment"), ("0.43<!-- from: mean IoU -->", "needs one #"),
    ("<details>It gains.<!-- says: v3 has mean IoU 0.44 -->\n</details>", "read its sentence again"),
    ("<!-- card says: | v1 minus v0 | -->", "read its sentence again"), ("<!-- says: -->", "read its sentence again"),
    ("It gains 99.9<!-- card: v3 minus v2, vocval, shown --> points.", "the card says v3 minus v2, vocval, shown"),
    ("It gains 1<!-- card: v1 minus v0, vocval, shown -->.", "vocval, shown: None"),
    ("about<!-- given -->", "no number"), ("77.2 %<!-- paper: table 5 -->", "names no paper"),
])
def test_numbers_without_one_are_found(prose, why):
    found = problems(made_up(prose))
    assert len(found) == 1 and why in found[0]
