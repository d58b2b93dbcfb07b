"""What the tests of translations share: the tools, and functions that find what is wrong with one message."""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import polib
from markdown_it import MarkdownIt
from scripts import scripts

ROOT = Path(__file__).resolve().parents[1]
with scripts("tools", "fonts", "languages") as (fonts, tool):
    pass

LANGUAGES, SOURCES = tool.LANGUAGES, tool.sources()
CODE, TARGET, ADDRESS = re.compile(r"`[^`]+`"), re.compile(r"(?<=\])\([^)]*\)"), re.compile(r"(?a)https?://[\w./%#?=&~:+@-]*[\w/]")
# What a translation has as it stands in English.
KEPT = {"code": CODE, "link": TARGET, "address": ADDRESS, "formula": re.compile(r"\$[^$\n]+\$"),
        "command": re.compile(r"\\[a-zA-Z]+"),
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
    """The text as it is rendered; what is between dollar signs, where stars are no marks, as a place for a formula."""
    return MarkdownIt("commonmark").enable("table").render(re.sub(r"\$[^$\n]+\$", "<x-equation>", markdown))


def form(markdown):
    """(kinds of blocks in their order, how often each kind of mark within them) of a Markdown text, as it is rendered."""
    tags = re.findall(r"<(/?[\w-]+)((?: href=\"[^\"]*\")?)", html(markdown))
    inner = ("a", "em", "strong", "code", "x-equation", "/a", "/em", "/strong", "/code", "br")
    return [tag for tag, _ in tags if tag not in inner], Counter(tag for tag in tags if tag[0] in inner)
