"""The lessons' own copy of a learner, and the start of a container: copy the lessons, then become a command.

    python hub/own_copy.py jupyterhub-singleuser        # copies into the folder in which it is started
"""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def own_copy(folder):
    """Give a learner the lessons that are not in the folder yet; what is there stays as the learner left it."""
    for source in sorted((ROOT / "notebooks").rglob("*")):
        target = folder / "notebooks" / source.relative_to(ROOT / "notebooks")
        if source.is_file() and ".ipynb_checkpoints" not in source.parts and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


if __name__ == "__main__":
    own_copy(Path.cwd())
    if sys.argv[1:]:
        os.execvp(sys.argv[1], sys.argv[1:])
