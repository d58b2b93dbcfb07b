"""The messages of segkit: takes them from the code and brings data/locale/*/segkit.po up to date.

Babel reads the calls of `say`, `say_many` and `message` (segkit/languages.py). Translations stay; what the code no longer
says goes. A second run changes nothing: no dates, no line numbers, messages in the order of the files.
"""

import argparse
import ast
import io
import json
import re
import sys
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from segkit import languages, models
from segkit.masks import labels

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "data" / "locale"
LANGUAGES = languages.LANGUAGES[1:]  # the code itself is English
KEYWORDS = {"say": None, "say_many": (1, 2), "message": None}
HEADER = ("Language:", "MIME-Version:", "Content-Type:", "Content-Transfer-Encoding:", "Plural-Forms:")


@cache
def template():
    """The messages without translations, as a Catalog: those of the code, classes, models, titles in lessons."""
    found = Catalog()
    for file, _, text, comments, _ in extract_from_dir(ROOT / "segkit", [("**.py", "python")], keywords=KEYWORDS,
                                                       comment_tags=("Translators:",), strip_comment_tags=True):
        found.add(text, None, [(f"segkit/{Path(file).as_posix()}", 1)], auto_comments=comments)
    for text in labels.VOC:
        found.add(text, None, [("segkit/masks/labels.py", 1)], auto_comments=["The name of a class of things"])
    for model in models.catalogue().values():
        found.add(model.about, None, [("data/models/catalogue.json", 1)])
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        for title in titles(path):
            found.add(title, None, [(f"notebooks/{path.name}", 1)])
    return found


def titles(path):
    """What a lesson's code names its panels, bars and boxes: the keys of its dictionaries, and lists called `more`."""
    code = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"]
    nodes = [node for cell in code for node in ast.walk(ast.parse(cell))]
    named = [key for node in nodes if isinstance(node, ast.Dict) for key in node.keys]
    named += [one for node in nodes if isinstance(node, ast.keyword) and node.arg == "more" for one in node.value.elts]
    keys = [one.value for one in named if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [key for key in dict.fromkeys(keys) if re.search("[A-Za-z]{2}", key) and key not in models.catalogue()]


def updated(language):
    """The text of a language's file, brought up to date."""
    file = LOCALE / language / "segkit.po"
    old = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as stream:
            old = read_po(stream, locale=language)
    old.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    stream = io.BytesIO()
    write_po(stream, old, width=0, include_lineno=False, ignore_obsolete=True)
    head, _, rest = stream.getvalue().decode("utf-8").partition("\n\n")
    head = [line for line in head.splitlines() if line.startswith(("msg", *(f'"{key}' for key in HEADER)))]
    return "\n".join(head) + "\n\n" + rest.rstrip("\n") + "\n"


def missing(language):
    """How many messages of a language's file have no translation."""
    with (LOCALE / language / "segkit.po").open("rb") as stream:
        found = read_po(stream, locale=language)
    return sum(bool(one.id) and not all([one.string] if isinstance(one.string, str) else one.string) for one in found)


def main(arguments=None):
    """Bring the files of all languages, or of one, up to date."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--language", choices=LANGUAGES)
    chosen = parser.parse_args(arguments).language
    for language in (chosen,) if chosen else LANGUAGES:
        text = updated(language)
        (LOCALE / language).mkdir(parents=True, exist_ok=True)
        (LOCALE / language / "segkit.po").write_text(text, encoding="utf-8")
        print(f"{language}: {missing(language)} of {len(template())} messages have no translation")


if __name__ == "__main__":
    sys.exit(main())
