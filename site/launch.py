"""Start a lesson without an install: addresses on Binder and Colab, and the copies of the lessons that Colab opens.

    SEGKIT_REPOSITORY=https://github.com/someone/segkit python site/launch.py build/colab

Binder builds an image of the repository from .binder/. Colab opens one notebook and has no files beside it, so a first cell
has to install segkit there. That cell needs the public address, which only the host knows, and says nothing to a reader
who has the lessons installed: so it is in copies, on a branch of their own, and not in the lessons.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "colab"  # where .github/workflows/site.yml puts the copies
FIRST = """# Google Colab comes without segkit: there, this cell installs it and what it needs. It takes about a minute.
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and not find_spec("segkit"):
    %pip install -q git+{repository}@{branch}"""
README = """# The lessons for Google Colab

`make colab` of the branch `{branch}` made these copies of the [lessons]({repository}). The first cell of each installs what
Colab lacks; the rest is the same. Binder runs the lessons themselves; its start takes some minutes.

| lesson | Colab | Binder |
| --- | --- | --- |
{rows}
"""
COLAB_BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({})"
BINDER_BADGE = "[![Launch on Binder](https://mybinder.org/badge_logo.svg)]({})"
LINK = re.compile(r"(?<![!\\])\]\((?![a-z]+:|#)(?P<target>[^)]+)\)")


def public():
    """(address, branch) of the public repository, from SEGKIT_REPOSITORY and SEGKIT_BRANCH; the address is "" without one."""
    return os.environ.get("SEGKIT_REPOSITORY", "").rstrip("/"), os.environ.get("SEGKIT_BRANCH") or "main"


def on_binder(name):
    """The address that starts a notebook of the public repository on Binder; ``name`` is its path there."""
    repository, branch = public()
    return f"https://mybinder.org/v2/gh/{'/'.join(repository.split('/')[-2:])}/{branch}?urlpath=lab/tree/{name}"


def on_colab(name):
    """The address that opens the copy of a notebook in Colab."""
    return f"https://colab.research.google.com/github/{'/'.join(public()[0].split('/')[-2:])}/blob/{BRANCH}/{name}"


def lessons():
    """The lessons' paths in the repository, in their order."""
    return [f"notebooks/{path.name}" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def copy_for_colab(notebook, name):
    """Change a notebook, as json gives it, into what Colab opens: a first cell installs, links lead to public pages.

    ``name`` is its path in the repository, from which its links are read.
    """
    repository, branch = public()

    def link(match):
        path, _, anchor = match["target"].partition("#")
        path = os.path.normpath(Path(name).parent / path).replace(os.sep, "/")
        there = on_colab(path) if path in lessons() else f"{repository}/blob/{branch}/{path}"
        return f"]({there}{'#' + anchor if anchor else ''})"

    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            pieces = re.split(r"(```.*?```|`[^`\n]*`)", "".join(cell["source"]), flags=re.DOTALL)  # a[0](b) is no link there
            cell["source"] = "".join(piece if turn % 2 else LINK.sub(link, piece) for turn, piece in enumerate(pieces))
    notebook["cells"].insert(0, {"cell_type": "code", "id": "on-colab", "metadata": {}, "execution_count": None,
                                 "outputs": [], "source": FIRST.format(repository=repository, branch=branch)})


def main(out):
    """Write the copies and a page with their badges into the folder ``out``; gives 2 where the address is not known."""
    repository, branch = public()
    if not re.fullmatch(r"https://github\.com/[^/]+/[^/]+", repository):
        print("launch: SEGKIT_REPOSITORY has to be the public address, https://github.com/NAME/REPOSITORY: Colab opens"
              f" notebooks from there; it is {repository!r}", file=sys.stderr)
        return 2
    rows = []
    for name in lessons():
        notebook = json.loads((ROOT / name).read_text(encoding="utf-8"))
        title = "".join(notebook["cells"][0]["source"]).partition("\n")[0].removeprefix("# ")
        copy_for_colab(notebook, name)
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        rows.append(f"| {title} | {COLAB_BADGE.format(on_colab(name))} | {BINDER_BADGE.format(on_binder(name))} |")
    (out / "README.md").write_text(README.format(repository=repository, branch=branch, rows="\n".join(rows)), encoding="utf-8")
    print(f"launch: {len(rows)} lessons for Colab are in {out}; put them on the branch {BRANCH}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
