"""Lessons whose model is not here are skipped, with the reason; see test_without_model.py for what they do then."""

import pytest


def pytest_collection_modifyitems(items):
    cells = [item for item in items if type(item).__name__ == "IPyNbCell"]
    if not cells:
        return
    from segkit import models

    missing = sorted(name for name in {models.default(), "deeplabv3"} if models.find(name)[0] is None)
    if missing:
        reason = (f"{', '.join(missing)} is not here: put it into a folder named in SEGKIT_MODELS")
        for cell in cells:
            cell.add_marker(pytest.mark.skip(reason=reason))
