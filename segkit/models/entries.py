"""The catalogue: which models exist, and what is known of each.

The catalogue itself is data: ``data/models/catalogue.json``.
"""

import json
import os
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from segkit.errors import SegkitError, one_line
from segkit.languages import DATA, say
from segkit.models.processor import multiplies_bytes


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue.

    ``mean`` and ``std`` say how pixels become inputs: (pixel - mean) / std.
    ``task`` is "segment", "detect", "classify", or "trunk" and "head" for the two
    parts of a network (see :mod:`segkit.networks.heads`; a head takes features as its input).
    ``output`` is "logits", "classes", "boxes", "scores" or "features"; ``labels``
    is "pascal-voc" or the name of a label file inside the model file.
    """

    name: str
    file: str
    task: str
    about: str
    bytes: int
    sha256: str
    licence: str
    source: str
    urls: tuple
    height: int
    width: int
    dtype: str
    mean: float
    std: float
    output: str
    labels: str

    @classmethod
    def from_entry(cls, entry):
        """Make a Model of one JSON object of the catalogue."""
        flat = {key: value for key, value in entry.items() if key != "input"}
        return cls(**{**flat, **entry["input"], "urls": tuple(entry["urls"])})


@lru_cache
def read(file):
    """One file of the catalogue (a path): (dictionary of defaults, dictionary of models).

    SegkitError: it cannot be read, or an entry is not complete.
    """
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        entries = [Model.from_entry(entry) for entry in content["models"]]
        defaults = {None: content["default"], **content.get("default_for", {})}
        return defaults, {model.name: model for model in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SegkitError(say("the catalogue {file} cannot be read ({why}); get a fresh copy of the "
                              "project", file=file, why=one_line(error))) from error


def catalogue():
    """All known models: a dictionary from name to :class:`Model`. SegkitError as :func:`read`."""
    return read(DATA / "models" / "catalogue.json")[1]


def default(runtime=None):
    """The name of the model that is used when none is named. SegkitError as :func:`read`.

    The catalogue decides: its "default", or an entry of "default_for" where another file is
    quicker: that of the runtime, or "float" on a processor without instructions for products of
    bytes. The environment variable ``SEGKIT_DEFAULT`` names another one for the processor's part.

    Args:
        runtime: "litert" or "tflite"; None: whichever.
    """
    defaults = read(DATA / "models" / "catalogue.json")[0]
    if runtime in defaults and runtime is not None:
        return defaults[runtime]
    chosen = os.environ.get("SEGKIT_DEFAULT")
    if chosen:
        return get(chosen).name
    return defaults[None] if multiplies_bytes() else defaults.get("float", defaults[None])


def get(name):
    """The catalogue's entry of that name.

    Raises:
        SegkitError: no such name; the message suggests a near one.
    """
    known = catalogue()
    if name not in known:
        near = get_close_matches(str(name).lower(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known models: {', '.join(known)}"
        raise SegkitError(say("no model is called {name!r} and no such file exists; {hint}",
                              name=one_line(name), hint=hint))
    return known[name]
