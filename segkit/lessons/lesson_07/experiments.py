"""A graph taken apart: each operator as a model file of its own, to see what it costs alone."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from segkit import runtime
from segkit.benchmark.timing import median_ms
from segkit.graph.cutting import cut
from segkit.runtime.settings import Resolved

WARM = 2  # runs that are not counted


def apart(graph):
    """Each operator of a graph as a model file with only this operator.

    Its weights stay what they are. The tensors that other operators compute become its inputs. A
    DEQUANTIZE of weights is no operator of its own here; it goes with the one that needs them.

    Returns:
        list of (:class:`segkit.graph.Operator`, bytes of a .tflite file)
    """
    pieces = cut(graph.path.read_bytes())
    return [(operator, piece) for operator, piece in zip(graph.operators, pieces) if piece]


def milliseconds(graph, runs=7):
    """How long each operator takes alone, on LiteRT, with one thread.

    The sum is not quite the time of the whole graph: alone, each operator has to copy its input
    and its output, and finds its input in the processor's cache.

    Args:
        graph: a :class:`segkit.graph.Graph`.
        runs: how often each is run; the median counts.

    Returns:
        dictionary from an operator's index to milliseconds.

    Raises:
        SegkitError: the runtime does not take one of the operators.
    """
    rng, times = np.random.default_rng(0), {}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "operator.tflite"
        for operator, content in apart(graph):
            file.write_bytes(content)
            # No trial in a process of its own: whoever has this graph has read the file.
            session = runtime.load(file, None, None, Resolved("litert", 1, "xnnpack"))
            for tensor in session.inputs:
                values = rng.normal(0, 20 if tensor.dtype.kind == "i" else 1, tensor.shape)
                session.interpreter.set_tensor(tensor.index, values.astype(tensor.dtype))
            times[operator.index] = median_ms(session.interpreter.invoke, runs, WARM)
    return times
