"""The lessons' translations: none missing, nothing lost in them, the terms obeyed, no English sentence left.

`make messages` brings the files up to date where a message is said to be stale or missing.
"""

import re

import nbformat
import pytest
import translations
from translations import LANGUAGES, SOURCES, disobeyed, english, entries, form, html, lost


def faults(language, check):
    """A line for each fault that check(message, translation) finds in a language."""
    return [f"{language}/{name}.po: {fault}; in: {entry.msgid[:90]}" for name, entry in entries(language)
            if entry.msgstr for fault in check(entry.msgid, entry.msgstr)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language):
    found = {name: [] for name in SOURCES}
    for name, entry in entries(language):
        found[name].append(entry.msgid)
    wanted = {name: list(translations.tool.messages_of(path)) for name, path in SOURCES.items()}
    stale = {name: set(there) ^ set(wanted[name]) for name, there in found.items() if there != wanted[name]}
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
    monkeypatch.setattr(translations, "terms", lambda language: patterns)
    assert disobeyed("es", "The *feature maps* are small.", "Los mapas de rasgos son pequeños.")
    assert not disobeyed("es", "The *feature maps* are small.", "Cada *mapa de características* es pequeño.")
    assert not disobeyed("es", "`feature` is code, feature-rich another word.", "Código.")


@pytest.mark.parametrize("name", [name for name, path in SOURCES.items() if path.is_file()])
def test_all_but_the_messages_stays_as_it_is(name):
    path, tool = SOURCES[name], translations.tool
    texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else \
        [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for text in texts:
        assert tool.translated(text, {}) == text
        same = tool.translated(text, {block: block for block in tool.blocks(text)})
        assert same.split() == text.split() and html(same).split() == html(text).split()


def test_each_kind_of_block_gets_its_translation():
    text = ("# A title\n\nA paragraph\non two lines.\n\n1. one\n2. two\n   lines\n\n> quoted\n\n| a | a |\n|---|---|\n| b | 1 |\n\n"
            "$$x$$\n\n<details>\n<summary>Fold</summary>\n\nInside.\n\n</details>\n\n```\none\n```")
    upper = {block: block.upper() for block in translations.tool.blocks(text)}
    assert translations.tool.translated(text, upper) == (
        "# A TITLE\n\nA PARAGRAPH ON TWO LINES.\n\n1. ONE\n2. TWO LINES\n\n> QUOTED\n\n| A | A |\n|---|---|\n| B | 1 |\n\n"
        "$$x$$\n\n<details>\n<summary>FOLD</summary>\n\nINSIDE.\n\n</details>\n\n```\none\n```")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_readme_is_made_of_its_messages(language):
    text = (translations.ROOT / f"README.{language}.md").read_text(encoding="utf-8")
    assert text == translations.tool.readme(language), "run `make messages`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_lesson_differs_in_its_words_only(language):
    for path in [path for path in SOURCES.values() if path.suffix == ".ipynb"]:
        one, other = nbformat.read(path, 4), translations.tool.lesson(language, path)
        assert other.metadata.pop("segkit") == {"language": language}
        one.metadata.pop("segkit", None)
        assert one.metadata == other.metadata and len(one.cells) == len(other.cells)
        for old, new in zip(one.cells, other.cells):
            if old.cell_type == "code":
                assert old == new, (path.name, old.id)
            else:
                assert old.id == new.id and form(old.source) == form(new.source), (language, path.name, old.id, new.source)


@pytest.mark.parametrize("language", translations.fonts.SETS)
def test_the_fonts_have_every_character(language):
    missing = translations.fonts.missing(language)
    assert not missing, f"data/fonts/{language}.otf lacks {''.join(missing)}: run tools/fonts.py, its head says how"


def test_the_fonts_are_small_and_have_their_licence():
    assert sum(file.stat().st_size for file in translations.fonts.FONTS.iterdir()) < 3_000_000
    assert "SIL OPEN FONT LICENSE" in (translations.fonts.FONTS / "OFL.txt").read_text(encoding="utf-8")
