"""segkit: semantic segmentation with DeepLab on a device-sized runtime.

The public face is small::

    from segkit import Segmenter, photos, models

The names are loaded on first use (PEP 562), so that ``import segkit`` costs
milliseconds and brings neither NumPy nor a runtime into the process.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "Segmenter": "segkit.segmentation",
    "Segmentation": "segkit.segmentation",
    "open_session": "segkit.runtime",
}
_ROOMS = ("benchmark", "graph", "heads", "labels", "lessons", "metrics", "models", "photos",
          "plots", "reference", "runtime", "segmentation", "widgets")
__all__ = ["Segmenter", "photos", "models"]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"segkit.{name}")
    raise AttributeError(f"module 'segkit' has no attribute {name!r}")


def __dir__():
    return sorted(["__version__", *_HOME, *_ROOMS])
