"""The first bytes of a .tflite file, byte by byte: a FlatBuffer's root, its identifier, its tables.

A FlatBuffer is made of tables that name each other by offsets. A table begins with the way back to
its *vtable*, a list that says where in the table each field lies; 0: the field is not there.
Sources: https://flatbuffers.dev/internals/ (the format); the schema of the model file,
https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs (its fields).
"""

from struct import unpack_from
from typing import NamedTuple

# The fields of the main table, Model, in the schema's order, and whether each is an offset.
MODEL = (("version", False), ("operator codes", True), ("graphs", True), ("description", True),
         ("buffers", True), ("metadata buffers", True), ("metadata", True), ("signatures", True))


class Part(NamedTuple):
    """Some bytes of a file: from ``start`` to before ``stop``, what they are, and their value."""

    start: int
    stop: int
    name: str
    value: str


def parts(content):
    """What the first bytes of a model file are, in the order of the file.

    Args:
        content: the bytes of a .tflite file.

    Returns:
        list of :class:`Part`: the root offset, the identifier, the vtable of the main table, and
        the main table's fields.
    """
    root = _number(content, "I", 0)
    vtable = root - _number(content, "i", root)
    size, fields = _number(content, "H", vtable), _fields(content, vtable)
    found = [Part(0, 4, "root offset", f"the main table is at {root}"),
             Part(4, 8, "identifier", content[4:8].decode("ascii", "replace")),
             Part(vtable, vtable + size, "vtable",
                  f"places of {sum(place > 0 for place in fields)} fields in the main table"),
             Part(root, root + 4, "way back", f"the vtable is {root - vtable} bytes before")]
    for place, (name, is_offset) in zip(fields, MODEL):
        if place:
            at = root + place
            value = _number(content, "I", at)
            words = f"{name}: at {at + value:,}" if is_offset else f"{name}: {value}"
            found.append(Part(at, at + 4, "field", words))
    return sorted(found)


def _fields(content, vtable):
    """The place of each field in its table; 0: it is not there."""
    count = (_number(content, "H", vtable) - 4) // 2
    return [_number(content, "H", vtable + 4 + 2 * number) for number in range(count)]


def _number(content, kind, at):
    """A little-endian number: "H" and "I" without a sign in 2 and 4 bytes, "i" with one in 4."""
    return unpack_from("<" + kind, content, at)[0]
