"""The catalogue of models, their files and downloads, and what was measured of each.

>>> from segkit import models
>>> models.get("deeplab").file
'deeplab.tflite'
>>> models.path("deeplab").name      # looked for, checked against its SHA-256
'deeplab.tflite'

The names below are loaded on first use: the processor's instructions, for one, are told without NumPy.
"""

from itertools import chain

from segkit import lazily
from segkit.languages import DATA

_HOMES = {
    "entries": ["Model", "catalogue", "default", "get"],
    "files": ["cache_folder", "class_names", "content", "find", "folders", "identify", "label_files", "path",
              "resolve", "sha256"],
}
__all__ = ["DATA", *chain(*_HOMES.values())]
__getattr__, __dir__ = lazily(__name__, __path__, _HOMES)
