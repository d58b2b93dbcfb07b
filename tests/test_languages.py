"""The reader's language: how it is found, messages, plural forms, numbers, and the catalogues."""

import ast
import json
import string
from pathlib import Path

import numpy as np
import pytest
from scripts import scripts

from segkit import languages
from segkit.languages import LANGUAGES, digits, reading, say, say_many, sentence

ROOT = Path(__file__).resolve().parents[1]
SYSTEM = ("SEGKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "JPY_SESSION_NAME")


@pytest.fixture
def process(monkeypatch):
    """A function that gives the language of a process with these variables alone."""
    def start(**variables):
        for name in SYSTEM:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(languages, "_chosen", [])
        return languages.language()

    return start


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """A small Spanish catalogue in place of ours, and an empty one for the others."""
    folder = tmp_path / "locale" / "es"
    folder.mkdir(parents=True)
    (folder / "segkit.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "{name} takes {time:,.1f} ms"\nmsgstr "{time:,.1f} ms tarda {name}"\n\n'
        'msgid "{count} thread"\nmsgid_plural "{count} threads"\nmsgstr[0] "{count} hilo"\nmsgstr[1] "{count} hilos"\n\n'
        '#, fuzzy\nmsgid "doubtful"\nmsgstr "dudoso"\n', encoding="utf-8")
    monkeypatch.setattr(languages, "DATA", tmp_path)
    languages._messages.cache_clear()
    yield
    languages._messages.cache_clear()


def notebook(path, metadata):
    path.write_text(json.dumps({"metadata": metadata, "cells": []}))
    return path


def test_the_first_that_names_a_language_decides(process, tmp_path):
    japanese = notebook(tmp_path / "a.ipynb", {"segkit": {"language": "ja"}})
    english = notebook(tmp_path / "b.ipynb", {"segkit": {"language": "en"}})
    others = {"LANG": "es_ES.UTF-8"}
    assert process(SEGKIT_LANG="pt_BR", JPY_SESSION_NAME=japanese, **others) == "pt_BR"
    assert process(JPY_SESSION_NAME=japanese, **others) == "ja"
    assert process(JPY_SESSION_NAME=english, **others) == "en"
    assert process(LC_ALL="zh_CN.UTF-8", LC_MESSAGES="ja_JP", **others) == "zh_CN"
    assert process(LC_ALL="", LC_MESSAGES="ja_JP", **others) == "ja"
    assert process(LC_ALL="C.UTF-8", **others) == "en"
    assert process(**others) == "es"
    assert process() == "en"


def test_it_is_decided_once(process, monkeypatch):
    assert process(SEGKIT_LANG="ja") == "ja"
    monkeypatch.setenv("SEGKIT_LANG", "es")
    assert languages.language() == "ja"


@pytest.mark.parametrize("name, ours", [("es_MX.UTF-8", "es"), ("PT-br", "pt_BR"), ("pt", "pt_BR"), ("zh", "zh_CN"),
                                        ("zh_Hans_SG", "zh_CN"), ("zh_TW.UTF-8", "en"), ("zh-Hant", "en"),
                                        ("klingon", "en"), ("", "en"), ("estonian", "en"), ("\x00", "en")])
def test_names_of_languages(name, ours):
    assert languages.nearest(name) == ours


@pytest.mark.parametrize("metadata", [{}, [], {"segkit": 3}, {"segkit": {"language": None}}])
def test_a_notebook_that_says_nothing_leaves_it_to_the_system(process, tmp_path, metadata):
    path = notebook(tmp_path / "a.ipynb", metadata)
    assert process(JPY_SESSION_NAME=path, LANG="es") == "es"
    path.write_bytes(b"\xff{")
    assert process(JPY_SESSION_NAME=path, LANG="es") == "es"
    assert process(JPY_SESSION_NAME=tmp_path / "none.ipynb", LANG="es") == "es"


def test_english_is_what_the_code_says_and_loads_no_babel(run_python):
    code = ("import sys; from segkit.languages import *\n"
            "print(say('{a:.2f} of {b!r}, {c:>4}', a=1234.5, b='x', c=7), say('{braces}'), digits(0.5, '.3f'))\n"
            "print(say_many('{count} run', '{count} runs', 1), say_many('{count} run', '{count} runs', 0))\n"
            "print(sentence('abc'), sentence('a'), sentence([]), 'babel' in sys.modules)")
    assert run_python(code).stdout.splitlines() == ["1234.50 of 'x',    7 {braces} 0.500", "1 run 0 runs",
                                                    "a, b and c a  False"]


def test_messages_and_numbers_in_spanish(catalogue):
    with reading("es"):
        said = say("{name} takes {time:,.1f} ms", name="a.b", time=np.float32(1234.5))
        assert said == "1.234,5 ms tarda a.b"
        counts = [say_many("{count} thread", "{count} threads", count) for count in (1, 2, 0)]
        assert counts == ["1 hilo", "2 hilos", "0 hilos"]
        assert digits(0.25, ".2f") == "0,25" and sentence("abc") == "a, b y c"
        # Without a translation, or with one that somebody doubts, all of it stays English.
        assert say("{time:.1f} s", time=1.5) == "1.5 s" and say("doubtful") == "doubtful"
    assert say("{name} takes {time:,.1f} ms", name="a.b", time=1234.5) == "a.b takes 1,234.5 ms"


@pytest.mark.parametrize("name, figure, words", [("es", "1.234,5", "a, b y c"), ("pt_BR", "1.234,5", "a, b e c"),
                                                 ("zh_CN", "1,234.5", "a、b和c"), ("ja", "1,234.5", "a、b、c")])
def test_signs_and_lists_of_each_language(name, figure, words):
    with reading(name):
        assert (digits(1234.5, ",.1f"), sentence("abc")) == (figure, words)


# --- the catalogues ----------------------------------------------------------


@pytest.fixture(scope="module")
def tool():
    with scripts("tools", "messages") as module:
        yield module


@pytest.mark.parametrize("name", LANGUAGES[1:])
def test_a_catalogue_has_the_messages_of_the_code(tool, name):
    text = (tool.LOCALE / name / "segkit.po").read_text(encoding="utf-8")
    assert tool.updated(name) == text, f"run tools/messages.py, then translate what is new in {name}"


def places(text):
    """The places for values in a message, each with its format: "{share:.0f}" is ("share", ".0f", None)."""
    return {part[1:] for part in string.Formatter().parse(text) if part[1] is not None}


def calls():
    """(file:line, texts, names of the values) of each call of say and say_many that has its text in place."""
    for path in sorted((ROOT / "segkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            first = {"say": 1, "say_many": 2}.get(name, 0)
            texts = [one.value for one in node.args[:first] if isinstance(one, ast.Constant)] if first else []
            if texts and path.name != "languages.py":
                given = {keyword.arg for keyword in node.keywords}
                yield f"{path.name}:{node.lineno}", texts, given | ({"count"} if first == 2 else set())


def test_a_message_gets_the_values_that_it_has_places_for():
    found = list(calls())
    assert len(found) > 1000
    for where, texts, given in found:
        asked = {place[0] for text in texts for place in places(text)} if given else set()
        assert asked == given or asked | {"count"} == given, where


@pytest.mark.parametrize("name", LANGUAGES[1:])
def test_a_translation_has_the_places_of_its_message(tool, name):
    from babel.messages.pofile import read_po

    with (tool.LOCALE / name / "segkit.po").open("rb") as stream:
        found = [one for one in read_po(stream, locale=name) if one.id and one.string]
    for one in found:
        forms, told = ([one.id], [one.string]) if isinstance(one.id, str) else (one.id, one.string)
        for text in filter(None, told):
            wanted = [places(form) for form in forms]
            assert set.intersection(*wanted) <= places(text) <= set.union(*wanted), f"{name}: {text}"
