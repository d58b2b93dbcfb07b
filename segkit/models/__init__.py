"""The catalogue of models, their files and downloads, and what was measured of each.

>>> from segkit import models
>>> models.get("deeplab").file
'deeplab.tflite'
>>> models.path("deeplab").name      # looked for, checked against its SHA-256
'deeplab.tflite'
"""

from segkit import lazily
from segkit.languages import DATA
from segkit.models.entries import Model, catalogue, default, get
from segkit.models.files import (
    cache_folder,
    class_names,
    content,
    find,
    folders,
    identify,
    label_files,
    path,
    resolve,
    sha256,
)

__all__ = ["DATA", "Model", "cache_folder", "catalogue", "class_names", "content", "default",
           "find", "folders", "get", "identify", "label_files", "path", "resolve", "sha256"]
__getattr__, __dir__ = lazily(__name__, __path__)
