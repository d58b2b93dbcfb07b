"""What a reader sees, in the reader's language: messages, plural forms, numbers and lists.

A message stands in the code in English, and its translations in ``data/locale/LANGUAGE/segkit.po``
(`tools/messages.py` takes the messages there from the code). English is what remains where there is
no translation. Only what is shown is translated: keys, options and names in code stay English.

The way of GNU gettext, https://www.gnu.org/software/gettext/manual, with Babel's reader of .po files
and its signs and lists of each language, which are those of the Unicode CLDR, https://cldr.unicode.org.
Babel is loaded for other languages than English only.
"""

import gettext
import io
import json
import os
import string
from contextlib import contextmanager
from functools import lru_cache
from numbers import Number
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# A clone keeps data/ beside the package; an installed wheel carries it inside.
DATA = next((d for d in (_PACKAGE.parent / "data", _PACKAGE / "data")
             if (d / "models" / "catalogue.json").is_file()), _PACKAGE.parent / "data")

LANGUAGES = ("en", "es", "pt_BR", "zh_CN", "ja")
TRADITIONAL = ("hant", "tw", "hk", "mo")  # Chinese in other characters than ours
_chosen = []  # the language of this process, once it is known; in tests, on top, that of a block


def language():
    """The language of this process, one of :data:`LANGUAGES`; decided at the first call.

    The first of these that names a language: SEGKIT_LANG; the metadata of the notebook that runs
    here, ``{"segkit": {"language": "ja"}}``; the system's LC_ALL, LC_MESSAGES or LANG, of which the
    first that is set counts. A language that we do not have is English.
    """
    if not _chosen:
        system = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        asked = os.environ.get("SEGKIT_LANG") or _of_notebook() or next(filter(None, system), "")
        _chosen.append(nearest(asked))
    return _chosen[-1]


def nearest(name):
    """The language of ours for a name such as "es_MX.UTF-8", "pt-BR" or "zh"; "en" where there is none."""
    first, *rest = str(name).partition(".")[0].replace("-", "_").lower().split("_")
    if first == "zh" and any(word in TRADITIONAL for word in rest):
        return "en"
    return next((one for one in LANGUAGES if one.partition("_")[0] == first), "en")


def _of_notebook():
    """The language in the metadata of the notebook whose kernel this is, or None.

    Jupyter names the notebook in JPY_SESSION_NAME:
    https://github.com/jupyter-server/jupyter_server/blob/main/jupyter_server/services/sessions/sessionmanager.py
    """
    try:
        text = Path(os.environ.get("JPY_SESSION_NAME", "")).read_text(encoding="utf-8")
        return json.loads(text)["metadata"]["segkit"]["language"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


@contextmanager
def reading(name):
    """For tests: the language of this process inside a block."""
    language()
    _chosen.append(nearest(name))
    try:
        yield
    finally:
        _chosen.pop()


def say(text, /, **values):
    """A message in the reader's language.

    Args:
        text: in English, with places for values by the rules of :meth:`str.format`; it stands here
            as one plain string, or was marked by :func:`message`.
        values: go into the places; numbers get the language's signs. Without values, braces are
            braces.

    Returns:
        str
    """
    # In a catalogue the empty message is the file's own head.
    found = text if language() == "en" or not text else _messages(language()).gettext(text)
    return _filled(found, values, plain=found is text)


def say_many(one, many, count, /, **values):
    """A message with the form of the plural that its count asks for.

    Args:
        one: the message in English for a count of 1.
        many: for all others.
        count: a whole number; both messages may use it as ``{count}``.
        values: as for :func:`say`.
    """
    english = one if count == 1 else many
    found = english if language() == "en" else _messages(language()).ngettext(one, many, int(count))
    return _filled(found, {"count": count, **values}, plain=found is english)


def message(text):
    """Mark a text that :func:`say` will be given later, so that it is translated: the text itself."""
    return text


def digits(value, spec=""):
    """A number as ``format(value, spec)`` writes it, with the reader's decimal and group signs."""
    return _signs(format(value, spec)) if language() != "en" else format(value, spec)


def sentence(parts):
    """Words in a row: "a, b and c"."""
    parts = [str(part) for part in parts]
    if language() == "en":
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
    from babel.lists import format_list

    return format_list([part for part in parts if part], locale=language())


class _Local(string.Formatter):
    """str.format with the reader's signs in numbers."""

    def format_field(self, value, spec):
        text = super().format_field(value, spec)
        return _signs(text) if isinstance(value, Number) and not isinstance(value, bool) else text


def _filled(text, values, plain):
    if not values:
        return text
    return text.format(**values) if plain else _Local().vformat(text, (), values)


def _signs(text):
    """A number in English signs with those of the reader."""
    return text.translate(_table(language()))


@lru_cache
def _table(name):
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return str.maketrans({".": get_decimal_symbol(name), ",": get_group_symbol(name)})


@lru_cache
def _messages(name):
    """The translations of a language; without a file, none."""
    file = DATA / "locale" / name / "segkit.po"
    if not file.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
