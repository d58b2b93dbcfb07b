"""Make the site: lay the lessons, the README and other pages out in one folder, and let Sphinx turn it into a book.

    python site/build.py build/site --phone build/phone --teach build/teach     # both only if they were made

The pages keep their places in the repository, so links between them are the same in the site. Nothing is executed.
The lessons in other languages are made of their messages (tools/languages.py), each language in a folder of its own.
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
sys.path[:0] = [str(HERE), str(ROOT / "tools")]

import languages  # noqa: E402

import launch  # noqa: E402 - the tests load this file by its path

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/models/README.md", "data/teaching/README.md",
         "phone/README.md", "hub/README.md", "notebooks/glossary.md")
PICTURES = ("docs/cat-overlay.png", "data/models/examples.jpg")
# What systems bring for a language, as CSS names it; where none of these is there, the browser loads ours.
LOCAL = {"ja": ("HiraginoSans-W3", "Yu Gothic Regular", "Noto Sans CJK JP", "Noto Sans JP"),
         "zh_CN": ("PingFangSC-Regular", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC")}
FONT = """html {
  --pst-font-family-base: "segkit CJK", var(--pst-font-family-base-system);
  --pst-font-family-heading: "segkit CJK", var(--pst-font-family-base-system);
  --pst-font-family-monospace: var(--pst-font-family-monospace-system), "segkit CJK";
}
"""
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
{} {}
:::"""
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>[^)#:]+)\)")
WITH_PLACE = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>[^)#:]*)(?P<place>#[^)]*)?\)")
# What the first page of another language shows of the English one, without the parts that have no translation.
DIRECTIVE = re.compile(r"(^```\{.*?^```\n)", re.DOTALL | re.MULTILINE)
CAPTION = re.compile(r"(?<=^:caption: ).+$", re.MULTILINE)
# In their own words, short enough for the head of a page on a phone; the others' names are the CLDR's.
NAMES = {"en": "English", "pt_BR": "Português", "zh_CN": "简体中文"}


def main(out, phone=None, teach=None, chosen=("en", *languages.LANGUAGES)):
    """Build the site into the folder ``out``, which is emptied first, with the page for phones in ``out/phone``.

    Args:
        out: a path. English is in it, each other language in a folder of its name there.
        phone: the folder with the page for phones, or None where it was not made.
        teach: the folder with the teacher's sheets, or None where they were not made.
        chosen: the languages, "en" first.

    Exits with Sphinx's status where Sphinx fails.
    """
    shutil.rmtree(out, ignore_errors=True)
    for language in chosen:
        with tempfile.TemporaryDirectory() as folder:
            laid_out = Path(folder) / "pages"
            if language == "en":
                lay_out(laid_out, phone is not None, teach)
            else:
                lay_out_translated(laid_out, language)
            run_sphinx(folder, laid_out, out if language == "en" else out / language, language, chosen)
    if phone:
        shutil.copytree(phone, out / "phone", dirs_exist_ok=True)
    for file in out.glob("**/_static/**/*.map"):  # for those who change the theme
        file.unlink()
    # Without this file GitHub Pages leaves out folders whose names begin with an underscore.
    (out / ".nojekyll").touch()
    print(f"segkit: the site is in {out}: {sum(1 for _ in out.rglob('*.html'))} pages,"
          f" {sum(file.stat().st_size for file in out.rglob('*') if file.is_file()) / 1e6:.0f} MB")


def run_sphinx(folder, pages, out, language, chosen):
    """Let Sphinx make the pages of one language. Exits with its status where it fails."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto", "-b", "html",
               "-d", f"{folder}/doctrees", pages, f"{folder}/html"]
    names = {one: NAMES.get(one) or own_name(one) for one in chosen}
    settings = {"SEGKIT_ROOT": str(ROOT), "SEGKIT_SITE": json.dumps({"language": language, "names": names})}
    status = subprocess.run(command, env={**os.environ, **settings}).returncode
    if status:
        sys.exit(status)
    # Made aside, since myst-nb writes a folder of its own beside the pages.
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(f"{folder}/html", out)


def own_name(language):
    """What the speakers of a language call it: "Español"."""
    from babel import Locale

    name = Locale.parse(language).get_display_name(language)
    return name[0].upper() + name[1:]


def lay_out(folder, phone, teach=None):
    """Copy what becomes a page, and what the pages show, into ``folder``; notebooks and links are prepared.

    ``phone`` says whether there will be a page for phones, to which the first page then leads; ``teach`` is the folder with
    the teacher's sheets, or None.
    """
    lessons = languages.lesson_files()
    pages = {*PAGES, *(f"notebooks/{path.name}" for path in lessons)}
    copy_settings(folder)
    shutil.copy(HERE / "index.md", folder)
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


def lay_out_translated(folder, language):
    """Copy the pages of another language into ``folder``: its lessons, its glossary and a first page."""
    copy_settings(folder)
    (folder / "notebooks").mkdir()
    (folder / "docs").mkdir()
    shutil.copy(ROOT / PICTURES[0], folder / "docs")
    words = languages.translations(language, "site")
    first, entries = languages.glossary(language)
    # Sphinx knows a heading by the address that it makes of it.
    places = {f"#{address}": f"#{languages.address(heading)}" for address, (heading, _) in entries.items()}
    glossary = first + "".join(f"## {heading}{said}" for heading, said in entries.values())
    (folder / "notebooks" / "glossary.md").write_text(in_language(glossary, "notebooks/", places), encoding="utf-8")
    listed = []
    for path in languages.lesson_files():
        notebook = languages.with_own_outputs(languages.lesson(language, path),
                                              languages.BUILT / language / "notebooks" / path.name)
        title, _, promise = notebook.cells[0].source.partition("\n\n")
        promise = WITH_PLACE.sub(lambda link: link["words"], promise)
        listed.append(f"- [{title.removeprefix('# ')}](notebooks/{path.name}): {promise}\n")
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = in_language(cell.source, "notebooks/", places)
        prepare(notebook, words)
        (folder / "notebooks" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    index = []
    for part in DIRECTIVE.split((HERE / "index.md").read_text(encoding="utf-8")):
        if part.startswith("```{include}"):
            index += listed
        elif part.startswith("```"):
            index.append(contents(part, words))
        else:
            index.append(in_language(languages.translated(part, words), "", places))
    (folder / "index.md").write_text("\n".join(index), encoding="utf-8")
    if (font := ROOT / "data" / "fonts" / f"{language}.otf").is_file():
        shutil.copy(font, folder / "static" / "cjk.otf")
        with (folder / "static" / "segkit.css").open("a", encoding="utf-8") as style:
            installed = "".join(f'local("{name}"), ' for name in LOCAL.get(language, ()))
            style.write(languages.FACE.format(local=installed) + FONT)


def contents(directive, words):
    """A table of contents of the first page in another language; "" where all its pages are English."""
    kept = [line for line in directive.splitlines() if line.startswith(("```", ":", "notebooks/")) or not line]
    if not any(line.startswith("notebooks/") for line in kept):
        return ""
    return CAPTION.sub(lambda found: words.get(found[0], found[0]), "\n".join(kept)) + "\n"


def in_language(text, folder, places):
    """The text of a page in another language: a link to a page that is English alone leads to the English site.

    Args:
        text: Markdown.
        folder: where the page is, "" or "notebooks/".
        places: {"#address" in the English glossary: that in this one}.
    """
    def link(match):
        path = os.path.normpath(folder + match["target"]).replace(os.sep, "/") if match["target"] else ""
        place = match["place"] or ""
        if path == "notebooks/glossary.md":
            return f"[{match['words']}]({match['target']}{places.get(place, place)})"
        if path in PAGES:
            up = "../" * (1 + folder.count("/"))
            return f'<a href="{up}{path.removesuffix(".md")}.html{place}">{match["words"]}</a>'
        return match[0]

    return WITH_PLACE.sub(link, text)


def copy_settings(folder):
    """What Sphinx needs for any language: settings, styles, templates, and MathJax."""
    for name in ("static", "templates"):
        shutil.copytree(HERE / name, folder / name)
    shutil.copy(HERE / "conf.py", folder)
    shutil.copy(ROOT / "data" / "fonts" / "names.otf", folder / "static")
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


def prepare(notebook, words=None):
    """Let each picture keep its words as alt text, and each explorer become its picture and its words.

    Args:
        notebook: as json gives it; changed in place.
        words: {message: translation} of this folder's texts.
    """
    still = languages.translated((HERE / "explorer.md").read_text(encoding="utf-8"), words or {}).strip()
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" not in data:
                continue
            said = "".join(data["text/plain"])
            cell["metadata"]["mystnb"] = {"image": {"alt": said}}
            if data.pop(WIDGET, None) is not None:
                cells.append({"cell_type": "markdown", "id": f"still-{cell['id']}", "metadata": {},
                              "source": STILL.format(still, escaped(said))})
    notebook["cells"] = cells


def escaped(words):
    """Plain words as Markdown that shows them as they are."""
    return re.sub(r"([\\`*_{}\[\]<>$#|~:])", r"\\\1", words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, words in (("out", "where the site goes"), ("--phone", "the page for phones"), ("--teach", "the teacher's sheets")):
        parser.add_argument(name, type=lambda given: Path(given).resolve(), metavar="FOLDER", help=words)
    main(**vars(parser.parse_args()))
