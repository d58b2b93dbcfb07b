"""Damaged model files: segkit.graph reads and executes them, or says in one line what is wrong. It reads them in this
process, where a raw error, an endless loop or gigabytes would be the reader's."""

import tracemalloc
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import complaint
from robustness.damage import damaged

from segkit import models
from segkit.errors import SegkitError
from segkit.graph import Graph

FOLDER = models.DATA / "models"
MOST_MEMORY = 200_000_000  # bytes; an undamaged copy takes a tenth of it


def tables(content, graph):
    """The parts of the file that are no weights: its head, and all from the first tensor's name to the last's."""
    places = [content.find(tensor.name.encode()) for tensor in graph.tensors]
    return [(min(places) - 2000, min(max(places) + 500, len(content))), (0, 64)]


def outcome(file):
    """What came of a file: "ran", or the stage of its SegkitError."""
    try:
        graph = Graph(file)
    except SegkitError as error:
        assert file.name in complaint(SimpleNamespace(value=error))
        return "refused"
    text = [str(operator) for operator in graph.operators]
    assert len(text) == len(graph.operators) and repr(graph)
    arrays = []
    for tensor in graph.inputs:  # of no pixels at all, NumPy counts the other sides
        if tensor.dtype not in ("float32", "int8") or prod(n or 1 for n in tensor.shape) > 1e6:
            return "odd inputs"
        arrays.append(np.zeros(tensor.shape, tensor.dtype))
    try:
        graph.run(*arrays)
    except SegkitError as error:
        assert file.name in complaint(SimpleNamespace(value=error))
        return "stopped"
    return "ran"


@pytest.mark.parametrize("name, count, seed", [("head-v3plus", 120, 5), ("head-classify", 120, 11), ("deeplab", 16, 7)])
def test_damaged_files_become_a_graph_or_one_line(name, count, seed, tmp_path):
    content, graph = (FOLDER / f"{name}.tflite").read_bytes(), Graph(FOLDER / f"{name}.tflite")
    file, outcomes = tmp_path / "copy.tflite", []
    tracemalloc.start()
    try:
        for what, bad in damaged(content, count, seed, tables(content, graph)):
            file.write_bytes(bad)
            tracemalloc.reset_peak()
            outcomes.append(outcome(file))
            assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY, what
    finally:
        tracemalloc.stop()
    # The damage is neither nothing nor all.
    assert outcomes.count("refused") > count / 4 and outcomes.count("ran") > count / 20


def test_an_undamaged_copy_runs(tmp_path):
    (tmp_path / "copy.tflite").write_bytes((FOLDER / "head-v3plus.tflite").read_bytes())
    assert outcome(tmp_path / "copy.tflite") == "ran"
