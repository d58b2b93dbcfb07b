"""The lessons in other languages: messages out of the English notebooks, and notebooks out of the messages.

    python tools/languages.py update                 # .po files and README.*.md follow the English text: `make messages`
    python tools/languages.py new fr                 # empty files for another language
    python tools/languages.py build ja               # the lessons in Japanese, in build/locale/ja/notebooks
    python tools/languages.py run ja 05 06           # and these two executed: `make lessons LANGUAGE=ja ONLY="05 06"`

data/locale/<language>/lesson-NN.po has one message for each block of a Markdown cell. markdown-it finds the blocks; the
translated ones take their places, and all else stays, code, outputs and cell ids among it. A block whose translation is
missing or fuzzy stays English.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import polib
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "data" / "locale"
BUILT = ROOT / "build" / "locale"
LANGUAGES = tuple(sorted(path.name for path in LOCALE.iterdir() if (path / "glossary.po").is_file()))
# The line that opens a folded answer stands in an HTML block, which is no paragraph.
SUMMARY = re.compile(r"(?<=<summary>).*?(?=</summary>)")
NO_WORDS = re.compile(r"\$\$.*\$\$|[\d\s.,%|+-]*", re.DOTALL)
CAPTION = re.compile(r"(?<=^:caption: ).+$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
# How alike an old message must be for its translation to be offered for a new one.
ALIKE = 0.6


class UnknownLanguage(Exception):
    """What was asked for, and what there is, in one line."""


def known(language):
    """The name of a language's folder in data/locale; "pt-BR" and "pt" are pt_BR. Raises UnknownLanguage."""
    wanted = language.replace("-", "_").lower()
    for name in LANGUAGES:
        if wanted in (name.lower(), name.partition("_")[0]):
            return name
    raise UnknownLanguage(f"there is no language {language!r}; there are en, {', '.join(LANGUAGES)}")


# --- messages ----------------------------------------------------------------

def blocks(markdown):
    """The messages of a Markdown text, in their order: its blocks without markers of headings and lists.

    A number alone is none, nor a formula that stands alone.
    """
    return [*SUMMARY.findall(markdown), *(one_line(text) for _, text in places(markdown) if not NO_WORDS.fullmatch(text))]


def places(markdown):
    """((first line, line after the last), text as it stands there) of each paragraph, heading, item and cell of a table."""
    return [(token.map, token.content) for token in MarkdownIt("commonmark").enable("table").parse(markdown)
            if token.type == "inline" and token.content.strip()]


def one_line(text):
    """A block's lines as one, which is how the messages have them."""
    return " ".join(line.strip() for line in text.split("\n"))


def translated(markdown, messages):
    """The Markdown text with its blocks replaced by `messages` ({block: translation}); all else stays as it is."""
    lines, done = markdown.split("\n"), {}
    for (first, after), text in reversed(places(markdown)):
        new = messages.get(one_line(text))
        if not new:
            continue
        old = "\n".join(lines[first:after])
        # The last one that is not yet replaced: a row of a table may say the same twice.
        found = [*re.finditer(r"[ \t]*\n[ \t]*".join(map(re.escape, text.split("\n"))), old[:done.get(first)])][-1]
        done[first] = found.start()
        lines[first:after] = [old[:found.start()] + new + old[found.end():], *[None] * (after - first - 1)]
    text = "\n".join(line for line in lines if line is not None)
    return SUMMARY.sub(lambda match: messages.get(match[0]) or match[0], text)


def sources():
    """{name of the .po file without its ending: English file or folder}: lessons, glossary, the web site's own words."""
    return {**{f"lesson-{path.name[:2]}": path for path in lesson_files()},
            "glossary": ROOT / "notebooks" / "glossary.md", "readme": ROOT / "README.md", "site": ROOT / "site"}


def lesson_files():
    """The English notebooks, in the order of the course."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))


def readme(language):
    """README.md in another language, as README.<language>.md has it. Its links are the same: both lie in the same folder."""
    return translated(sources()["readme"].read_text(encoding="utf-8"), translations(language, "readme"))


def messages_of(path):
    """{message: [where it stands]} of an English notebook, Markdown file or folder of them, in the order of the text.

    The captions of Sphinx's tables of contents are messages as well.
    """
    found = {}
    if path.is_dir():
        for file in sorted(path.glob("*.md")):
            for message in [*messages_of(file), *CAPTION.findall(file.read_text(encoding="utf-8"))]:
                found.setdefault(message, []).append("")
        return found
    if path.suffix == ".md":
        texts = [("", path.read_text(encoding="utf-8"))]
    else:
        texts = [(cell.id, cell.source) for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for place, text in texts:
        for block in blocks(text):
            found.setdefault(block, []).append(place)
    return found


def translations(language, name, locale=LOCALE):
    """{message: its translation} of one .po file, without those that are missing or fuzzy."""
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(locale / language / f"{name}.po"), wrapwidth=0)
            if entry.msgstr and not entry.fuzzy and not entry.obsolete}


def update(language, name, path, locale=LOCALE):
    """Bring one .po file up to date with its English source. Gives how many messages have no valid translation.

    Translations stay. A message that is gone goes, and its translation becomes the fuzzy one of a new message that is
    much like it: somebody has to look at it.
    """
    file = locale / language / f"{name}.po"
    old = polib.pofile(str(file), wrapwidth=0) if file.exists() else polib.POFile(wrapwidth=0)
    before = {entry.msgid: entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=0)
    new.metadata = {"Language": language, "MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8",
                    "Content-Transfer-Encoding": "8bit"}
    wanted = messages_of(path)
    gone = [text for text, entry in before.items() if text not in wanted and entry.msgstr]
    for message, places in wanted.items():
        entry = polib.POEntry(msgid=message, occurrences=[(f"{path.name}:{place}" if place else path.name, "")
                                                          for place in places])
        kept = before.get(message)
        if kept is None and (alike := difflib.get_close_matches(message, gone, 1, ALIKE)):
            entry.msgstr, entry.flags, entry.previous_msgid = before[alike[0]].msgstr, ["fuzzy"], alike[0]
            gone.remove(alike[0])
        elif kept is not None:
            entry.msgstr, entry.flags, entry.previous_msgid = kept.msgstr, kept.flags, kept.previous_msgid
            entry.tcomment = kept.tcomment
        new.append(entry)
    file.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(file))
    return sum(entry.fuzzy or not entry.msgstr for entry in new)


# --- notebooks ---------------------------------------------------------------

def lesson(language, path):
    """An English notebook in another language: its Markdown cells are translated, all else stays as it is."""
    notebook = nbformat.read(path, 4)
    messages = translations(language, f"lesson-{path.name[:2]}")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = translated(cell.source, messages)
    notebook.metadata["segkit"] = {"language": language}
    return notebook


def glossary(language):
    """The glossary in another language: (the lines before, {address of a word: (its heading, what is said of it)}).

    The addresses are those of the English headings, to which the lessons' links lead.
    """
    english = sources()["glossary"].read_text(encoding="utf-8")
    text = translated(english, translations(language, "glossary"))
    addresses = [address(heading) for heading in HEADING.findall(english)]
    first, *parts = HEADING.split(text)
    return first, dict(zip(addresses, zip(parts[::2], parts[1::2])))


def address(heading):
    """The part of a link after "#" that leads to a heading, as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def with_links(markdown, folder):
    """The text of a page of notebooks/ for `folder`: links to files that have no translation lead there from it."""
    translations_here = {"glossary.md", *(path.name for path in lesson_files())}

    def link(match):
        target = ROOT / "notebooks" / match["path"]
        if target.name in translations_here or not target.exists():
            return match[0]
        return Path(os.path.relpath(target, folder)).as_posix()

    return LINK.sub(link, markdown)


def build(language, folder=None):
    """Write the lessons and the glossary in a language. Gives the names of files that stay: somebody changed them.

    The outputs of a lesson that was executed in the language stay as well.

    Args:
        language: a name of LANGUAGES.
        folder: where; None: build/locale/<language>/notebooks.
    """
    folder = Path(folder or BUILT / language / "notebooks")
    folder.mkdir(parents=True, exist_ok=True)
    record = folder.parent / "written.json"
    written = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    first, entries = glossary(language)
    text = first + "".join(f'<a id="{address}"></a>\n\n## {heading}{said}' for address, (heading, said) in entries.items())
    pages, changed = {"glossary.md": with_links(text, folder) + "\n"}, []
    for path in lesson_files():
        notebook = lesson(language, path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = with_links(cell.source, folder)
        pages[path.name] = nbformat.writes(with_own_outputs(notebook, folder / path.name)) + "\n"
    for name, text in pages.items():
        file = folder / name
        if file.exists() and name in written and _mark(file.read_bytes()) != written[name]:
            changed.append(name)
            continue
        file.write_bytes(text.encode())
        written[name] = _mark(text.encode())
    record.write_text(json.dumps(written, indent=1), encoding="utf-8")
    return changed


def say(changed, folder):
    """Print one line on files that stayed as they are, where there are some."""
    if changed:
        print(f"segkit: in {os.path.relpath(folder, ROOT)} you changed {', '.join(changed)}: that stays."
              " Delete a file to have it made again.")


def _mark(content):
    return hashlib.sha256(content).hexdigest()


def with_own_outputs(notebook, file):
    """The notebook, with the outputs of the file where it was executed in the notebook's language."""
    if not file.exists():
        return notebook
    old = nbformat.read(file, 4)
    if not old.metadata.get("segkit", {}).get("executed") or _code(old) != _code(notebook):
        return notebook
    there = {cell.id: cell for cell in old.cells if cell.cell_type == "code"}
    notebook.cells = [deepcopy(there.get(cell.id, cell)) if cell.cell_type == "code" else cell for cell in notebook.cells]
    notebook.metadata = old.metadata
    return notebook


def _code(notebook):
    return [(cell.id, cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def run(language, only=()):
    """Build the lessons in a language and execute them, all or those whose names begin so. Gives 1 where one failed."""
    import lessons  # beside this file; it needs segkit, and the messages do not

    folder = BUILT / language / "notebooks"
    say(build(language), folder)
    os.environ["SEGKIT_LANG"] = language
    failed = 0
    try:
        paths = lessons.chosen(folder, only)
    except lessons.Failure as failure:
        print(f"lessons: {failure}", file=sys.stderr)
        return 1
    record = folder.parent / "written.json"
    for path in paths:
        if lessons.main([path.stem, "--redraw", "--folder", str(folder)]):
            failed = 1
            continue
        notebook = nbformat.read(path, 4)
        notebook.metadata["segkit"]["executed"] = True
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
        written = json.loads(record.read_text(encoding="utf-8")) | {path.name: _mark(path.read_bytes())}
        record.write_text(json.dumps(written, indent=1), encoding="utf-8")
    return failed


# Ours for Chinese and Japanese signs alone, from a file beside the style; Latin letters stay in the page's own font.
FACE = """@font-face {{
  font-family: "segkit CJK";
  src: {local}url(cjk.otf);
  unicode-range: U+2E80-9FFF, U+F900-FAFF, U+FF00-FFEF;
}}
"""
IN_JUPYTER = """body {
  --jp-ui-font-family: "segkit CJK", system-ui, sans-serif;
  --jp-content-font-family: "segkit CJK", system-ui, sans-serif;
  --jp-code-font-family: "segkit CJK", ui-monospace, monospace;
}
"""


def settings_for_jupyter(language):
    """Write the folder that `make lab` makes JUPYTER_CONFIG_DIR: JupyterLab's own words and a font, for this start.

    The words are seen where JupyterLab's language pack is installed, and where the user has not chosen a language there;
    the font where data/fonts has one for the language.
    """
    folder = BUILT / language / "jupyter"
    territory = {"es": "es_ES", "ja": "ja_JP"}.get(language, language)
    (folder / "labconfig").mkdir(parents=True, exist_ok=True)
    (folder / "labconfig" / "default_setting_overrides.json").write_text(
        json.dumps({"@jupyterlab/translation-extension:plugin": {"locale": territory}}), encoding="utf-8")
    font = ROOT / "data" / "fonts" / f"{language}.otf"
    if font.exists():
        (folder / "custom").mkdir(exist_ok=True)
        (folder / "custom" / "cjk.otf").write_bytes(font.read_bytes())
        (folder / "custom" / "custom.css").write_text(FACE.format(local="") + IN_JUPYTER, encoding="utf-8")


def main(arguments=None):
    """Run the command. Gives 0, 1 where a lesson failed, or 2 for a language that is not there."""
    parser = argparse.ArgumentParser(prog="languages", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=("update", "new", "build", "run", "name"))
    parser.add_argument("language", nargs="?", help=f"en, {', '.join(LANGUAGES)}")
    parser.add_argument("only", nargs="*", help="beginnings of lessons' names, such as 05")
    options = parser.parse_args(arguments)
    try:
        if options.command == "new" and options.language:
            options.command, chosen = "update", [options.language]
        else:
            chosen = [known(options.language)] if options.language else LANGUAGES
    except UnknownLanguage as error:
        print(f"segkit: {error}", file=sys.stderr)
        return 2
    if options.command == "run":
        return max(run(language, options.only) for language in chosen)
    for language in chosen:
        if options.command == "name":
            print(language)
        elif options.command == "build":
            say(build(language), BUILT / language / "notebooks")
            settings_for_jupyter(language)
        else:
            missing = sum(update(language, name, path) for name, path in sources().items())
            (ROOT / f"README.{language}.md").write_text(readme(language), encoding="utf-8")
            print(f"{language}: {missing} messages have no valid translation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
