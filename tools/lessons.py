"""Runs the lessons and stores what they show, so that a second run changes nothing: `make lessons`.

A stored output stays where it says the same as the new one: where its words are equal, once tests/notebooks/sanitize.cfg
has replaced what differs from run to run. Its picture then stays too, byte for byte. New pictures get a palette of at
most 256 colours (tools/pictures.py).
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from pictures import compressed

from segkit import lessons, models

ROOT = Path(__file__).resolve().parents[1]
SANITIZE = ROOT / "tests" / "notebooks" / "sanitize.cfg"
MOST_SECONDS = 600  # for one cell
# Cells that nbval does not compare (https://nbval.readthedocs.io): a comment, or a tag of the same name.
NOT_COMPARED = {"nbval_ignore_output", "nbval_skip"}
WIDGET = "application/vnd.jupyter.widget-view+json"


class Failure(Exception):
    """What was wrong, with the notebook's name, in one line."""


def chosen(folder, only=()):
    """The lessons in a folder whose names begin with one of the words in `only`; without words, all of them.

    Raises Failure where a word fits no lesson.
    """
    here = sorted(Path(folder).glob("*.ipynb"))
    for word in only:
        if not any(path.stem.startswith(word) for path in here):
            raise Failure(f"no lesson begins with {word!r}; here are {', '.join(path.stem[:2] for path in here)}")
    return [path for path in here if not only or path.stem.startswith(tuple(only))]


def executed(path, notebook):
    """A copy of a notebook, executed in a new kernel of this Python, in the folder of the file.

    Raises Failure where a cell raises an error, writes to stderr or does not end, and where the kernel dies.
    """
    copy, begun = deepcopy(notebook), []
    os.environ["SEGKIT_LANG"] = notebook.metadata.get("segkit", {}).get("language", "en")  # the kernel inherits it
    client = NotebookClient(copy, timeout=MOST_SECONDS, kernel_name="python3", store_widget_state=False,
                            record_timing=False, coalesce_streams=True,
                            on_cell_start=lambda cell, cell_index: begun.append(cell),
                            resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        why = f"{error.ename}: {' '.join(error.evalue.split())}" if isinstance(error, CellExecutionError) \
            else _last_line(str(error)) or type(error).__name__
        raise Failure(f"{_place(path, begun[-1])}: {why}") from error
    for cell in copy.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise Failure(f"{_place(path, cell)}: wrote to stderr: {_last_line(output.text)}")
    return copy


def _place(path, cell):
    first = (cell.source.strip().splitlines() or [""])[0]
    return f"{path.name}, cell {cell.id} ({first[:60]})"


def _last_line(text):
    return (text.strip().splitlines() or [""])[-1]


def _replacements():
    """[(expression, replacement)] of nbval's file."""
    return re.findall(r"^regex: (.*)$\n^replace: (.*)$", SANITIZE.read_text(encoding="utf-8"), re.MULTILINE)


def words(output):
    """What nbval compares of an output, as one string: its kinds and its sanitised text, without pictures."""
    if output.output_type == "stream":
        shown = {output.name: output.text}
    else:
        shown = {kind: "" if kind.startswith("image/") or kind == WIDGET else str(data)
                 for kind, data in output.get("data", {}).items()}
    # Line by line, as nbval sees it: an expression such as "runtimes: .*" ends where its line ends.
    text = "\n".join([output.output_type, *(f"{kind}\n{shown[kind]}" for kind in sorted(shown))])
    for expression, replacement in _replacements():
        text = re.sub(expression, replacement, text)
    return text


def joined(old, new, redraw=False):
    """(outputs to store, number of new ones): each of `new`, or the one of `old` that says the same.

    With `redraw` all are the new ones, so that pictures and numbers are of one run.
    """
    left, stored, fresh = list(old), [], 0
    for output in new:
        same = next((one for one in left if words(one) == words(output)), None)
        if same is not None:
            left.remove(same)
        if same is None or redraw:
            stored.append(output)
            fresh += 1
            continue
        kept = deepcopy(same)
        if "execution_count" in output:
            kept.execution_count = output.execution_count
        if output.get("data", {}).get("text/plain") == same.get("data", {}).get("text/plain") and "metadata" in output:
            kept.metadata = output.metadata
        stored.append(kept)
    return stored, fresh


def is_compared(cell):
    """Whether nbval compares the outputs of a cell."""
    comments = {comment.strip().lower() for comment in re.findall(r"#(.*)", cell.source)}
    tags = {tag.lower().replace("-", "_") for tag in cell.metadata.get("tags", [])}
    return not NOT_COMPARED & (comments | tags)


def missing_model(cell):
    """The name of the model that a cell needs and that is not here, or None."""
    name = lessons.needed(cell.source)
    return name if name in models.catalogue() and models.find(name)[0] is None else None


def refresh(path, notebook, redraw=False):
    """Executes a notebook and updates its outputs in place. Gives sentences on what was kept in spite of the run.

    Cells, their ids and all metadata stay. Cells that nbval does not compare keep the outputs they have.
    """
    said, fresh, kept = [], 0, 0
    for cell, new in zip(notebook.cells, executed(path, notebook).cells):
        if cell.cell_type != "code":
            continue
        cell.execution_count = new.execution_count
        if missing_model(cell):
            said.append(f"{_place(path, cell)}: the model {missing_model(cell)} is not here, the old outputs stay")
        elif redraw or is_compared(cell) or not cell.outputs:
            cell.outputs, changed = joined(cell.outputs, new.outputs, redraw)
            fresh, kept = fresh + changed, kept + len(cell.outputs) - changed
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = new.execution_count
    return [*said, f"{path.name}: {fresh} outputs are new, {kept} say the same and stay"]


def write(path, notebook):
    """Writes a notebook, unless the file holds the same already. An interruption leaves the old file."""
    notebook.metadata.pop("widgets", None)
    text = nbformat.writes(notebook)
    text += "" if text.endswith("\n") else "\n"
    if text.encode() == path.read_bytes():
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    os.chmod(name, path.stat().st_mode)
    os.replace(name, path)


def main(arguments=None):
    """Runs the command. Gives 1 where a lesson failed; its file is as before, and the others are done."""
    parser = argparse.ArgumentParser(prog="make lessons", description=__doc__)
    parser.add_argument("only", nargs="*", help="beginnings of names, such as 05; without one, all lessons")
    parser.add_argument("--redraw", action="store_true", help="replace every output, so that all are of one run")
    parser.add_argument("--pictures-only", action="store_true", help="run nothing; give the stored pictures a palette")
    parser.add_argument("--folder", type=Path, default=ROOT / "notebooks")
    options = parser.parse_args(arguments)
    # The rows of somebody's phone belong to nobody else's lesson, and neither does what somebody answered.
    os.environ["SEGKIT_PROGRESS"] = str(Path(tempfile.gettempdir(), "segkit-lessons-no-progress", "progress.jsonl"))
    os.environ["SEGKIT_PHONES"] = str(Path(tempfile.gettempdir(), "segkit-lessons-no-phones", "rows.jsonl"))
    failed = False
    try:
        paths = chosen(options.folder, options.only)
    except Failure as failure:
        print(f"lessons: {failure}", file=sys.stderr)
        return 1
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        try:
            said = [] if options.pictures_only else refresh(path, notebook, options.redraw)
        except Failure as failure:
            print(f"lessons: {failure}", file=sys.stderr)
            failed = True
            continue
        for cell in notebook.cells:
            cell.update({"outputs": [compressed(one) for one in cell.outputs]} if cell.cell_type == "code" else {})
        write(path, notebook)
        print(*said, f"{path.name}: {path.stat().st_size / 1e6:.2f} MB", sep="\n", flush=True)
    return int(failed)


if __name__ == "__main__":
    if sys.platform == "win32":  # the kernel's sockets need it: https://github.com/zeromq/pyzmq/issues/1423
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    sys.exit(main())
