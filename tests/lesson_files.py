"""What the tests of the lessons share: the files, their cells, and the parts of a lesson."""

import re
from pathlib import Path

import nbformat

from segkit import lessons

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTION = re.compile(r"<details>.*?```python\n(.*?)```.*?</details>", re.DOTALL)


def read(path):
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)


def headings(notebook):
    """[(heading of level 2, [cells up to the next one])]; the first has the title as its heading."""
    parts = []
    for cell in notebook.cells:
        found = re.match(r"(# |## )(.*)", cell.source) if cell.cell_type == "markdown" else None
        if found:
            parts.append((found[2].strip(), []))
        parts[-1][1].append(cell)
    return parts


def sections(notebook):
    """The numbered parts of a lesson."""
    return [(title, cells) for title, cells in headings(notebook) if re.match(r"\d+\. ", title)]


def pictures(cell):
    """The outputs of a cell that hold an image."""
    return [output for output in cell.get("outputs", []) if "data" in output
            and ("<img" in output.data.get("text/html", "")
                 or any(kind.startswith("image/") for kind in output.data))]


def exercises(notebook):
    """[(name, source of the stub, source of the solution)] in their order."""
    found = []
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "lessons.check(" not in cell.source:
            continue
        name = re.search(r"lessons\.check\(\"([^\"]+)\"", cell.source)[1]
        solution = SOLUTION.search(notebook.cells[place + 1].source)
        found.append((name, cell.source, solution[1] if solution else None))
    return found


def said(name, answer, capsys):
    """What the check of an exercise prints for an answer."""
    lessons.check(name, answer)
    return capsys.readouterr().out
