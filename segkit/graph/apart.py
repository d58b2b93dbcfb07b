"""A graph taken apart: each operator as a model file of its own, to see what it costs alone."""

from copy import copy
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from segkit import runtime
from segkit.graph.schema import schema
from segkit.settings import Settings

WARM = 2  # runs that are not counted


def apart(graph):
    """Each operator of a graph as a model file with only this operator.

    Its weights stay what they are. The tensors that other operators compute become its inputs. A
    DEQUANTIZE of weights is no operator of its own here; it goes with the one that needs them.

    Yields:
        (:class:`segkit.graph.Operator`, bytes of a .tflite file)
    """
    module = schema()
    whole = module.ModelT.InitFromPackedBuf(graph.path.read_bytes(), 0)
    unpack = {operator.outputs[0].index: operator for operator in graph.operators
              if operator.name == "DEQUANTIZE" and operator.inputs[0].data is not None}
    for operator in graph.operators:
        if operator not in unpack.values():
            first = [unpack[t.index] for t in operator.inputs if t and t.index in unpack]
            yield operator, _file(module, whole, [*first, operator])


def _file(module, whole, operators):
    """The bytes of a model of a few operators; the last one makes its outputs."""
    import flatbuffers  # comes with ai-edge-litert, as the schema does

    main = module.SubGraphT(name="main", tensors=[], operators=[], inputs=[], outputs=[])
    model = module.ModelT(version=whole.version, operatorCodes=[], subgraphs=[main],
                          description="one operator", buffers=[module.BufferT()])
    places = {-1: -1}  # index of a tensor in the whole graph -> in this one
    made = {tensor.index for operator in operators for tensor in operator.outputs}
    for tensor in {t.index: t for o in operators for t in (*o.inputs, *o.outputs) if t}.values():
        places[tensor.index] = len(main.tensors)
        own = copy(whole.subgraphs[0].tensors[tensor.index])
        own.buffer = 0 if tensor.data is None else len(model.buffers)
        if tensor.data is not None:
            model.buffers.append(module.BufferT(data=tensor.data))
        elif tensor.index not in made:
            main.inputs.append(places[tensor.index])
        main.tensors.append(own)
    for number, operator in enumerate(operators):
        own = copy(whole.subgraphs[0].operators[operator.index])
        model.operatorCodes.append(whole.operatorCodes[own.opcodeIndex])
        own.opcodeIndex = number
        own.inputs = [places[index] for index in own.inputs]
        own.outputs = [places[index] for index in own.outputs]
        main.operators.append(own)
    main.outputs = list(main.operators[-1].outputs)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


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
            session = runtime.load(file, None, None, Settings("litert", 1, "xnnpack"))
            for tensor in session.inputs:
                values = rng.normal(0, 20 if tensor.dtype.kind == "i" else 1, tensor.shape)
                session.interpreter.set_tensor(tensor.index, values.astype(tensor.dtype))
            times[operator.index] = _milliseconds(session, runs)
    return times


def _milliseconds(session, runs):
    spent = []
    for _ in range(WARM + runs):
        start = perf_counter()
        session.interpreter.invoke()
        spent.append((perf_counter() - start) * 1e3)
    return median(spent[WARM:])
