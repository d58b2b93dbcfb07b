"""The lessons in other languages: messages out of the English notebooks, and notebooks out of the messages.

data/locale/<language>/lesson-NN.po has one message for each block of a Markdown cell. mdpo finds the blocks and puts
the translated ones in their places; code, outputs and cell ids stay as they are.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import polib
from mdpo.md2po import markdown_to_pofile
from mdpo.po2md import pofile_to_markdown

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "data" / "locale"
LANGUAGES = ("es", "pt_BR", "zh_CN", "ja")
# mdpo leaves out an HTML block at the very end; so a paragraph stands there meanwhile.
END = "\n\nEND"
# The line that opens a folded answer stands in an HTML block, which mdpo leaves as it is.
SUMMARY = re.compile(r"(?<=<summary>).*?(?=</summary>)")


def blocks(markdown):
    """The messages of a Markdown text, in their order: its blocks without markers of headings and lists.

    A formula that stands alone and a number alone are none.
    """
    found = [entry.msgid for entry in markdown_to_pofile(markdown + END) if entry.msgid != "END"]
    found = [text for text in found if not re.fullmatch(r"\$\$.*\$\$|[\d\s.,%|+-]*", text, re.DOTALL)]
    return [*SUMMARY.findall(markdown), *found]


def translated(markdown, messages):
    """The Markdown text with its blocks replaced by `messages` ({block: translation}); others stay."""
    pofile = polib.POFile(wrapwidth=0)
    for block in dict.fromkeys([*(entry.msgid for entry in markdown_to_pofile(markdown + END))]):
        pofile.append(polib.POEntry(msgid=block, msgstr=messages.get(block) or block))
    with tempfile.NamedTemporaryFile("w", suffix=".po", encoding="utf-8") as file:
        file.write(str(pofile))
        file.flush()
        text = pofile_to_markdown(markdown + END, [file.name], wrapwidth=float("inf"))
    text = text.removesuffix("\n").removesuffix(END.strip()).rstrip("\n")
    return SUMMARY.sub(lambda match: messages.get(match[0]) or match[0], text)


def sources():
    """{name of the .po file without its ending: English file}: the lessons, and the glossary."""
    lessons = {f"lesson-{path.name[:2]}": path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))}
    return {**lessons, "glossary": ROOT / "notebooks" / "glossary.md"}


def messages_of(path):
    """{message: [where it stands]} of an English notebook or Markdown file, in the order of the text."""
    found = {}
    if path.suffix == ".md":
        texts = [("", path.read_text(encoding="utf-8"))]
    else:
        texts = [(cell.id, cell.source) for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for place, text in texts:
        for block in blocks(text):
            found.setdefault(block, []).append(place)
    return found


def update(language, name, path):
    """Bring one .po file up to date with its English source; translations stay, and what is gone from the source goes."""
    file = LOCALE / language / f"{name}.po"
    old = polib.pofile(str(file), wrapwidth=0) if file.exists() else polib.POFile(wrapwidth=0)
    known = {entry.msgid: entry for entry in old}
    new = polib.POFile(wrapwidth=0)
    new.metadata = {"Language": language, "MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8",
                    "Content-Transfer-Encoding": "8bit"}
    for message, places in messages_of(path).items():
        before = known.get(message)
        new.append(polib.POEntry(msgid=message, msgstr=before.msgstr if before else "",
                                 occurrences=[(f"{path.name}:{place}" if place else path.name, "") for place in places]))
    file.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(file))
    return sum(not entry.msgstr for entry in new)


def main(arguments=None):
    """Bring the .po files of all languages, or of one, up to date."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--language", choices=LANGUAGES)
    chosen = parser.parse_args(arguments).language
    for language in (chosen,) if chosen else LANGUAGES:
        missing = sum(update(language, name, path) for name, path in sources().items())
        print(f"{language}: {missing} messages have no translation")


if __name__ == "__main__":
    sys.exit(main())
