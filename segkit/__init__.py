"""segkit: semantic segmentation with DeepLab on a device-sized runtime.

The public face is small::

    from segkit import Segmenter, photos, models, open_session

Everything is loaded on first use (PEP 562), so that ``import segkit`` costs
milliseconds and brings neither NumPy nor a runtime into the process.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "Segmenter": "segkit.networks.segmenter",
    "Segmentation": "segkit.networks.segmenter",
    "open_session": "segkit.runtime",
}
_ROOMS = ("benchmark", "cli", "errors", "graph", "lessons", "masks", "models", "networks",
          "photos", "plots", "reference", "runtime", "widgets")
__all__ = ["Segmenter", "models", "open_session", "photos"]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"segkit.{name}")
    raise AttributeError(f"module 'segkit' has no attribute {name!r}")


def __dir__():
    return sorted(["__version__", *_HOME, *_ROOMS])
