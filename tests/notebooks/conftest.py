"""Cells that need a published model which is not here are skipped, with the reason."""

import pytest


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
