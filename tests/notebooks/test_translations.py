"""The lessons' translations: none missing, nothing lost in them, the terms obeyed, no English sentence left.

`make messages` brings the files up to date where a message is said to be stale or missing.
"""

import csv
import importlib
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import md4c
import nbformat
import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
try:
    fonts, tool = importlib.import_module("fonts"), importlib.import_module("languages")
finally:
    sys.path.remove(str(ROOT / "tools"))
    del sys.modules["fonts"], sys.modules["languages"]

LANGUAGES, SOURCES = tool.LANGUAGES, tool.sources()
CODE, TARGET, ADDRESS = re.compile(r"`[^`]+`"), re.compile(r"(?<=\])\([^)]*\)"), re.compile(r"(?a)https?://[\w./%#?=&~:+@-]*[\w/]")
# What a translation has as it stands in English.
KEPT = {"code": CODE, "link": TARGET, "address": ADDRESS, "formula": re.compile(r"\$[^$\n]+\$"),
        "tag": re.compile(r"</?\w+[^>]*>|<!--.*?-->"), "place": re.compile(r"\{[a-zA-Z_][\w.]*(?::[^{}]*)?\}")}
# Words that stand in nearly every English sentence, and in none of the other languages.
ENGLISH = re.compile(r"(?i)\b(the|of|and|is|are|with|that|this|which|it|from|each|by|you|your|was|were|their|they|not|what|how)\b")
TITLE = re.compile(r"(?<!\*)\*[^*]+ [^*]+\*(?!\*)")


@cache
def entries(language):
    """[(file, entry)] of the lessons and the glossary in a language."""
    return [(name, entry) for name in SOURCES
            for entry in polib.pofile(str(tool.LOCALE / language / f"{name}.po"), wrapwidth=0)]


@cache
def wanted(name):
    return tool.messages_of(SOURCES[name])


@cache
def terms(language):
    """[(expression for an English term, the ways to say it)], the longest first."""
    with (tool.LOCALE / language / "terms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and all(row["term"] and row["translation"] and row["source"] for row in rows), language
    return [(re.compile(rf"(?i)(?<![\w-]){re.escape(row['term'])}(?:s|es)?(?![\w-])"), row["term"],
             [row["translation"], *filter(None, row["also"].split("|"))])
            for row in sorted(rows, key=lambda row: -len(row["term"]))]


def titles(message, translation):
    """The titles of works in a message: words in italics, with a capital, that the translation has unchanged."""
    return [found[0] for found in TITLE.finditer(message) if found[0][1].isupper() and found[0] in translation]


def prose(text, without=()):
    """A message without code, addresses and the titles that it names."""
    for part in without:
        text = text.replace(part, " ")
    for pattern in (KEPT["formula"], KEPT["tag"], CODE, TARGET, ADDRESS):
        text = pattern.sub(" ", text)
    return text


def lost(message, translation):
    """What a translation leaves out or adds of code, links, formulas, tags and places for values."""
    found = []
    for kind, pattern in KEPT.items():
        one, other = Counter(pattern.findall(message)), Counter(pattern.findall(translation))
        found += [f"{kind} {text} is missing" for text in one - other] + [f"{kind} {text} is new" for text in other - one]
    return found


def disobeyed(language, message, translation):
    """The terms of terms.csv in a message that its translation says in another way."""
    kept = titles(message, translation)
    left, said, found = prose(message, kept), prose(translation, kept).casefold(), []
    for pattern, term, ways in terms(language):
        left, count = pattern.subn(" ", left)
        if count and not any(way.casefold() in said for way in ways):
            found.append(f"{term!r} is not {' or '.join(map(repr, ways))}")
    return found


def english(message, translation):
    """The English sentences that a translation has left; also a message that was not translated at all."""
    left = prose(translation, titles(message, translation))
    found = [part.strip() for part in re.split(r"[.!?:;。！？：；\n|]", left) if len(ENGLISH.findall(part)) >= 3]
    same = prose(message, titles(message, translation)) == left and len(re.findall(r"\b[a-z]{2,}\b", left)) >= 3
    return found or [translation] * (same and bool(ENGLISH.search(left)))


def html(markdown):
    return md4c.HTMLRenderer(md4c.MD_FLAG_TABLES | md4c.MD_FLAG_LATEXMATHSPANS).parse(markdown)


def form(markdown):
    """(kinds of blocks in their order, how often each kind of mark within them) of a Markdown text, as it is rendered."""
    tags = re.findall(r"<(/?[\w-]+)((?: href=\"[^\"]*\")?)", html(markdown))
    inner = ("a", "em", "strong", "code", "x-equation", "/a", "/em", "/strong", "/code", "/x-equation", "br")
    return [tag for tag, _ in tags if tag not in inner], Counter(tag for tag in tags if tag[0] in inner)


def faults(language, check):
    """A line for each fault that check(message, translation) finds in a language."""
    return [f"{language}/{name}.po: {fault}; in: {entry.msgid[:90]}" for name, entry in entries(language)
            if entry.msgstr for fault in check(entry.msgid, entry.msgstr)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language):
    found = {name: [] for name in SOURCES}
    for name, entry in entries(language):
        found[name].append(entry.msgid)
    stale = {name: set(there) ^ set(wanted(name)) for name, there in found.items() if there != list(wanted(name))}
    assert not stale, f"run `make messages`: {stale}"
    left = [f"{name}.po: {entry.msgid[:90]}" for name, entry in entries(language) if entry.fuzzy or not entry.msgstr]
    assert not left, f"{language}: {len(left)} messages to translate or to look at, such as {left[:5]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_links_and_formulas_stay(language):
    assert faults(language, lost) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terms_are_obeyed(language):
    assert faults(language, lambda message, translation: disobeyed(language, message, translation)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stays_english(language):
    assert faults(language, english) == []


@pytest.mark.parametrize("message, translation, fault", [
    ("Use `a` now.", "Usa b.", "code `a` is missing"), ("See [this](x.md).", "Mira [esto](y.md).", "link (y.md) is new"),
    ("It is $x^2$.", "Es $x^3$.", "formula $x^2$ is missing"), ("{n} cells", "{m} celdas", "place {n} is missing")])
def test_something_lost_is_found(message, translation, fault):
    assert fault in lost(message, translation) and not lost(message, message)


@pytest.mark.parametrize("message, translation, left", [
    ("The mask is large. It is green.", "La máscara es grande. It is what you see.", ["It is what you see"]),
    ("The mask is large.", "The mask is large.", ["The mask is large."]),
    ("Choose the photo, then look.", "Choose the photo, then look.", ["Choose the photo, then look."]),
    ("See *The Art of the Mask*, 2017.", "Véase *The Art of the Mask*, 2017.", []),
    ("`the of and` is code.", "`the of and` 是代码。", []), ("DeepLab v3+", "DeepLab v3+", [])])
def test_an_english_sentence_is_found(message, translation, left):
    assert english(message, translation) == left


def test_another_word_for_a_term_is_found(monkeypatch):
    rows = [("feature map", ["mapa de características"]), ("feature", ["característica"])]
    patterns = [(re.compile(rf"(?i)(?<![\w-]){term}(?:s|es)?(?![\w-])"), term, ways) for term, ways in rows]
    monkeypatch.setitem(globals(), "terms", lambda language: patterns)
    assert disobeyed("es", "The *feature maps* are small.", "Los mapas de rasgos son pequeños.")
    assert not disobeyed("es", "The *feature maps* are small.", "Cada *mapa de características* es pequeño.")
    assert not disobeyed("es", "`feature` is code, feature-rich another word.", "Código.")


@pytest.mark.parametrize("name", SOURCES)
def test_without_translations_a_text_stays_the_same(name):
    path = SOURCES[name]
    texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else \
        [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for text in texts:
        assert re.sub(r"\s", "", html(tool.translated(text, {}))) == re.sub(r"\s", "", html(text)), text[:80]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_lesson_differs_in_its_words_only(language):
    for path in [path for path in SOURCES.values() if path.suffix == ".ipynb"]:
        one, other = nbformat.read(path, 4), tool.lesson(language, path)
        assert other.metadata.pop("segkit") == {"language": language}
        one.metadata.pop("segkit", None)
        assert one.metadata == other.metadata and len(one.cells) == len(other.cells)
        for old, new in zip(one.cells, other.cells):
            if old.cell_type == "code":
                assert old == new, (path.name, old.id)
            else:
                assert old.id == new.id and form(old.source) == form(new.source), (language, path.name, old.id, new.source)


@pytest.mark.parametrize("language", fonts.SETS)
def test_the_fonts_have_every_character(language):
    missing = fonts.missing(language)
    assert not missing, f"data/fonts/{language}.otf lacks {''.join(missing)}: run tools/fonts.py, its head says how"


def test_the_fonts_are_small_and_have_their_licence():
    assert sum(file.stat().st_size for file in fonts.FONTS.iterdir()) < 3_000_000
    assert "SIL OPEN FONT LICENSE" in (fonts.FONTS / "OFL.txt").read_text(encoding="utf-8")
