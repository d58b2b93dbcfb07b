"""The first bytes of a .tflite file, byte by byte: a FlatBuffer's root, its identifier, its tables.

A FlatBuffer is made of tables that name each other by offsets. A table begins with the way back to
its *vtable*, a list that says where in the table each field lies; 0: the field is not there.
Sources: https://flatbuffers.dev/internals/ (the format); the schema of the model file,
https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs (its fields).
"""

from struct import unpack_from
from typing import NamedTuple

from segkit.languages import message, say

# The fields of the main table, Model, in the schema's order, and whether each is an offset.
MODEL = ((message("version"), False), (message("operator codes"), True), (message("graphs"), True),
         (message("description"), True), (message("buffers"), True), (message("metadata buffers"), True),
         (message("metadata"), True), (message("signatures"), True))


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
    found = [Part(0, 4, message("root offset"), say("the main table is at {root}", root=root)),
             Part(4, 8, message("identifier"), content[4:8].decode("ascii", "replace")),
             Part(vtable, vtable + size, message("vtable"),
                  say("places of {count} fields in the main table", count=sum(place > 0 for place in fields))),
             Part(root, root + 4, message("way back"),
                  say("the vtable is {count} bytes before", count=root - vtable))]
    for place, (name, is_offset) in zip(fields, MODEL):
        if place:
            at = root + place
            value = _number(content, "I", at)
            words = (say("{name}: at {place:,}", name=say(name), place=at + value) if is_offset
                     else f"{say(name)}: {value}")
            found.append(Part(at, at + 4, message("field"), words))
    return sorted(found)


def _fields(content, vtable):
    """The place of each field in its table; 0: it is not there."""
    count = (_number(content, "H", vtable) - 4) // 2
    return [_number(content, "H", vtable + 4 + 2 * number) for number in range(count)]


def _number(content, kind, at):
    """A little-endian number: "H" and "I" without a sign in 2 and 4 bytes, "i" with one in 4."""
    return unpack_from("<" + kind, content, at)[0]
