"""TensorFlow Lite's schema as Python classes, and its names for operators, types and settings.

A .tflite file is a FlatBuffer: tables that name each other by offsets. The classes that read them
are generated from the schema and come with ai-edge-litert, which segkit needs anyway; so they know
every operator that the runtime beside them knows. They read a field when it is asked for and copy
no weights, so a damaged length costs an error, not gigabytes.
Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
"""

from functools import cache
from importlib import import_module

from segkit.errors import SegkitError, one_line
from segkit.languages import say

# What a setting is called here, and the fields of the schema that hold it: one, or (vertical,
# horizontal). Each operator has some of them.
_FIELDS = {
    "kernel": ("FilterHeight", "FilterWidth"),
    "stride": ("StrideH", "StrideW"),
    "dilation": ("DilationHFactor", "DilationWFactor"),
    "padding": "Padding",
    "activation": "FusedActivationFunction",
    "align_corners": "AlignCorners",
    "half_pixel_centers": "HalfPixelCenters",
    "axis": "Axis",
    "keep_dims": "KeepDims",
    "beta": "Beta",
}
_ENUMERATIONS = {"padding": "Padding", "activation": "ActivationFunctionType"}


@cache
def schema():
    """The module of generated classes; SegkitError where ai-edge-litert is not installed."""
    try:
        return import_module("ai_edge_litert.schema_py_generated")
    except ImportError as error:
        raise SegkitError(say("the schema of model files is missing ({why}); pip install ai-edge-litert",
                              why=one_line(error))) from error


@cache
def name_of(enumeration, number):
    """The name that an enumeration of the schema has for a number; an unknown "99" stays "99"."""
    names = {value: name for name, value in vars(getattr(schema(), enumeration)).items()
             if isinstance(value, int)}
    return names.get(number, str(number))


def settings(operator):
    """What an operator's own table says, as a dictionary; {} for an operator without one."""
    kind = name_of("BuiltinOptions", operator.BuiltinOptionsType())
    raw = operator.BuiltinOptions()
    if raw is None or not hasattr(schema(), kind):
        return {}
    table = getattr(schema(), kind)()
    table.Init(raw.Bytes, raw.Pos)
    found = {}
    for key, fields in _FIELDS.items():
        if isinstance(fields, tuple) and hasattr(table, fields[0]):
            found[key] = tuple(getattr(table, field)() for field in fields)
        elif isinstance(fields, str) and hasattr(table, fields):
            found[key] = getattr(table, fields)()
            if key in _ENUMERATIONS:
                found[key] = name_of(_ENUMERATIONS[key], found[key]).lower()
    return found
