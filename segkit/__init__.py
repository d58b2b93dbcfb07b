"""segkit: semantic segmentation with DeepLab on a device-sized runtime.

The public face is small::

    from segkit import Segmenter, photos, models, open_session

Everything is loaded on first use (PEP 562), so that ``import segkit`` costs
milliseconds and brings neither NumPy nor a runtime into the process.
"""

import os
import sys
from importlib import import_module

__version__ = "0.1.0"


def lazily(package, folders, homes=None):
    """``__getattr__`` and ``__dir__`` for a package whose modules are loaded on first use.

    Args:
        package: its name and
        folders: its place, as ``__name__`` and ``__path__`` give them.
        homes: dictionary from a module in it to the list of those of its names that the package has as well.
    """
    home = {name: module for module, names in (homes or {}).items() for name in names}
    names = {name.removesuffix(".py") for folder in folders for name in os.listdir(folder)
             if name[0] not in "._" and (name.endswith(".py") or "." not in name)}

    def load(name):
        if name in home:
            return getattr(import_module("." + home[name], package), name)
        if name in names:
            return import_module("." + name, package)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load, lambda: sorted({*vars(sys.modules[package]), *names, *home})


__all__ = ["Segmenter", "models", "open_session", "photos"]
__getattr__, __dir__ = lazily(__name__, __path__, {
    "networks.segmenter": ["Segmenter", "Segmentation"], "runtime.opening": ["open_session"]})
