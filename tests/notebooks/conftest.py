"""Published models and the lessons under nbval: a cell has one only if its first line says so.

A marked cell is skipped where its model is not here, with the reason. From every other cell the published models are
hidden, so that a lesson which needs one without saying so fails on a machine that has it, too.
"""

import pytest

HIDE = """
import os as _os
_os.environ.update(SEGKIT_MODELS="", SEGKIT_CACHE=_os.devnull)
"""
SHOW = """
import os as _os
_os.environ.update({put!r})
[_os.environ.pop(name, None) for name in {drop!r}]
"""


def pytest_collection_modifyitems(items):
    cells = [item for item in items if type(item).__name__ == "IPyNbCell"]
    if not cells:
        return
    from segkit import lessons, models

    for cell in cells:
        name = lessons.needed(cell.cell.source)
        if name and models.find(name)[0] is None:
            cell.add_marker(pytest.mark.skip(
                reason=f"the model {name} is not here: put it into a folder named in SEGKIT_MODELS"))
        _before(cell, HIDE if name is None else _show())


def _show():
    """Code that gives a kernel back where the models are."""
    import os

    names = ("SEGKIT_MODELS", "SEGKIT_CACHE")
    return SHOW.format(put={name: os.environ[name] for name in names if name in os.environ},
                       drop=[name for name in names if name not in os.environ])


def _before(cell, code):
    """Let the kernel run some code, unseen, before a cell."""
    setup = cell.setup

    def both():
        setup()
        cell.parent.kernel.kc.execute(code, silent=True)

    cell.setup = both
