"""What a graph costs, by kind of operator, and what the bytes of its file are."""

from zipfile import BadZipFile, ZipFile

from segkit.languages import message

KINDS = (message("1x1 convolutions"), message("other convolutions"), message("depthwise convolutions"),
         message("resizes"), message("the rest"))


def kind(operator):
    """Which of :data:`KINDS` an operator belongs to."""
    if operator.name == "CONV_2D":
        return KINDS[0] if operator.parameters["kernel"] == (1, 1) else KINDS[1]
    if operator.name == "DEPTHWISE_CONV_2D":
        return KINDS[2]
    return KINDS[3] if operator.name.startswith("RESIZE") else KINDS[4]


def by_kind(operators, cost):
    """The sum of a cost over the operators of each kind.

    Args:
        operators: of a :class:`segkit.graph.Graph`.
        cost: a function from an operator to a number.

    Returns:
        dictionary from each of :data:`KINDS` to its sum.
    """
    sums = dict.fromkeys(KINDS, 0)
    for operator in operators:
        sums[kind(operator)] += cost(operator)
    return sums


def bytes_of_file(graph):
    """What the bytes of a model file are.

    Returns:
        dictionary from words to bytes; the values add up to the file's size. "weights" are all
        stored tensors, biases included; "scales and zero points" those of all quantised tensors;
        "tables" is what is left: the operators, the shapes, and how all of it hangs together.
    """
    quantised = [tensor.quantisation for tensor in graph.tensors if tensor.quantisation]
    size = graph.path.stat().st_size
    found = {
        "weights": sum(tensor.bytes for tensor in graph.tensors),
        "scales and zero points": sum(q.scale.nbytes + q.zero_point.nbytes for q in quantised),
        "names of tensors": sum(len(tensor.name.encode()) for tensor in graph.tensors),
        "packed files": size - _start_of_archive(graph.path, size),
    }
    return {**found, "tables": size - sum(found.values())}


def _start_of_archive(file, size):
    """Where the zip archive at the end of a model file begins; ``size`` where there is none."""
    try:
        with ZipFile(file) as archive:
            return min((entry.header_offset for entry in archive.infolist()), default=size)
    except BadZipFile:
        return size
