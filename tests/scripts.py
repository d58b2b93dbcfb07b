"""The files of tools/, hub/ and site/ as modules: these folders are no packages, and their files import each other."""

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def scripts(folder, *names):
    """Modules of a folder, which is on the path meanwhile; one alone comes by itself. Afterwards none of its files is loaded."""
    place = ROOT / folder
    sys.path.insert(0, str(place))
    try:
        found = [importlib.import_module(name) for name in names]
        yield found[0] if len(found) == 1 else found
    finally:
        sys.path.remove(str(place))
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "").parent == place:
                del sys.modules[name]
