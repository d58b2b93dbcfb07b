"""Make the site: lay the lessons, the README and other pages out in one folder, and let Sphinx turn it into a book.

    python site/build.py build/site --phone build/phone --teach build/teach     # both only if they were made

The pages keep their places in the repository, so links between them are the same in the site. Nothing is executed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
import launch  # noqa: E402 - the tests load this file by its path

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/models/README.md", "data/teaching/README.md",
         "phone/README.md", "hub/README.md", "notebooks/glossary.md")
PICTURES = ("docs/cat-overlay.png", "data/models/examples.jpg")
WIDGET = "application/vnd.jupyter.widget-view+json"
# What MathJax needs for formulas in TeX, of all that its package holds.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")
# What the first page says where the page for phones is here. Sphinx does not know that page, so the link is HTML.
PHONE = """
## Your own phone

<p><a href="phone/index.html">Run the models in this browser</a>: open that page on a phone, and it paints the classes over
a photo or what the camera sees, and measures how fast this device is. Photos stay on the device.</p>
"""
# Where the teacher's sheets are laid out: as `make teach` does, so that their links to the lessons lead there as well.
SHEETS = "build/teach"
TEACH = f"""
## For teachers

[A sheet for each lesson, and plans for a workshop]({SHEETS}/README.md)

```{{toctree}}
:caption: For teachers
:hidden:

{SHEETS}/README
```
"""
# Below the overview of the sheets, so that the list of all pages stays short.
EACH_SHEET = """
```{toctree}
:glob:
:hidden:

[0-9]*
```
"""
# What the README says below its picture where the lessons can be started without an install. Words in place of the usual
# badges, which are pictures on other hosts.
START = """
Without an install: [open the first lesson in Colab]({colab}), or [start all lessons on Binder]({binder}); that takes some
minutes.

## Start
"""
# What stands under the picture of an explorer.
STILL = """:::{{container}} segkit-explorer
*Here the explorer stands still. Where the lesson runs, you can move it.* {}
:::"""
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>[^)#:]+)\)")


def main(out, phone=None, teach=None):
    """Build the site into the folder ``out``, which is emptied first, with the page for phones in ``out/phone``.

    Args:
        out: a path.
        phone: the folder with the page for phones, or None where it was not made.
        teach: the folder with the teacher's sheets, or None where they were not made.

    Exits with Sphinx's status where Sphinx fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        laid_out = Path(folder) / "pages"
        lay_out(laid_out, phone is not None, teach)
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto", "-b", "html",
                   "-d", f"{folder}/doctrees", laid_out, out]
        status = subprocess.run(command, env={**os.environ, "SEGKIT_ROOT": str(ROOT)}).returncode
    if status:
        sys.exit(status)
    if phone:
        shutil.copytree(phone, out / "phone", dirs_exist_ok=True)
    for file in out.glob("_static/**/*.map"):  # for those who change the theme
        file.unlink()
    # Without this file GitHub Pages leaves out folders whose names begin with an underscore.
    (out / ".nojekyll").touch()
    print(f"segkit: the site is in {out}: {sum(1 for _ in out.rglob('*.html'))} pages,"
          f" {sum(file.stat().st_size for file in out.rglob('*') if file.is_file()) / 1e6:.0f} MB")


def lay_out(folder, phone, teach=None):
    """Copy what becomes a page, and what the pages show, into ``folder``; notebooks and links are prepared.

    ``phone`` says whether there will be a page for phones, to which the first page then leads; ``teach`` is the folder with
    the teacher's sheets, or None.
    """
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    pages = {*PAGES, *(f"notebooks/{path.name}" for path in lessons)}
    shutil.copytree(HERE / "static", folder / "static")
    for name in ("conf.py", "index.md"):
        shutil.copy(HERE / name, folder)
    if phone:
        with (folder / "index.md").open("a", encoding="utf-8") as index:
            index.write(PHONE)
    if teach is not None:
        shutil.copytree(teach, folder / SHEETS)
        for name, more in (("index.md", TEACH), (f"{SHEETS}/README.md", EACH_SHEET)):
            with (folder / name).open("a", encoding="utf-8") as page:
                page.write(more)
    for name in (*PAGES, *PICTURES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md"):
            text = with_links((ROOT / name).read_text(encoding="utf-8"), name, pages)
            if name == "README.md":
                text = with_a_start(text)
            (folder / name).write_text(text, encoding="utf-8")
        else:
            shutil.copy(ROOT / name, folder / name)
    for path in lessons:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        prepare(notebook)
        (folder / "notebooks" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    for name in MATHJAX:
        kept = folder / "static" / "mathjax" / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (mathjax / name).is_dir() else shutil.copy)(mathjax / name, kept)


def with_links(text, name, pages):
    """The text of a page whose links lead somewhere in the site.

    A link to a file of the repository that is no page leads to the public repository where its address is known
    (SEGKIT_REPOSITORY), for the code of the library to its page under "api", and else becomes plain words.

    Args:
        text: Markdown.
        name: the page's path in the repository.
        pages: the paths of all pages in the repository.
    """
    def link(match):
        path = os.path.normpath(Path(name).parent / match["target"]).replace(os.sep, "/")
        if path in pages:
            return match[0]
        if path.startswith("segkit") and (page := api_page(path)):
            return f"[{match['words']}]({os.path.relpath(page, Path(name).parent)})"
        repository, branch = launch.public()
        return f"[{match['words']}]({repository}/tree/{branch}/{path})" if repository else match["words"]

    return LINK.sub(link, text)


def with_a_start(text):
    """The README with the ways to start a lesson without an install, where the public address is known."""
    if not launch.public()[0]:
        return text
    first = launch.lessons()[0]
    return text.replace("\n## Start\n", START.format(colab=launch.on_colab(first), binder=launch.on_binder(first)), 1)


def api_page(path):
    """The page in the site for a file or folder of the library; None for the rooms that have none."""
    room = path.removesuffix(".py")
    return None if room.endswith(("lessons", "cli", "widgets", "__main__")) else f"api/{room}/index.rst"


def prepare(notebook):
    """Let each picture keep its words as alt text, and each explorer become its picture and its words.

    Args:
        notebook: as json gives it; changed in place.
    """
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" not in data:
                continue
            words = "".join(data["text/plain"])
            cell["metadata"]["mystnb"] = {"image": {"alt": words}}
            if data.pop(WIDGET, None) is not None:
                cells.append({"cell_type": "markdown", "id": f"still-{cell['id']}", "metadata": {},
                              "source": STILL.format(escaped(words))})
    notebook["cells"] = cells


def escaped(words):
    """Plain words as Markdown that shows them as they are."""
    return re.sub(r"([\\`*_{}\[\]<>$#|~:])", r"\\\1", words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, words in (("out", "where the site goes"), ("--phone", "the page for phones"), ("--teach", "the teacher's sheets")):
        parser.add_argument(name, type=lambda given: Path(given).resolve(), metavar="FOLDER", help=words)
    main(**vars(parser.parse_args()))
