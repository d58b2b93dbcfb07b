"""The fonts of languages whose signs Matplotlib's own font lacks: parts of Noto Sans CJK, in ``data/fonts``."""

from dataclasses import replace
from functools import lru_cache

import matplotlib
from matplotlib import font_manager

from segkit import languages

OURS = "segkit CJK"  # how the names of the families begin, see tools/fonts.py

def ready():
    """Let Matplotlib draw the reader's language. Latin letters and digits stay in the font that they were in.

    The font joins the end of ``rcParams["font.family"]``, so a reader's own figures have it as well.
    """
    family = _family(languages.language())
    if family and family not in matplotlib.rcParams["font.family"]:
        others = [one for one in matplotlib.rcParams["font.family"] if not one.startswith(OURS)]
        matplotlib.rcParams["font.family"] = [*others, family]


@lru_cache
def _family(language):
    """The name of a language's font, made known to Matplotlib; None where the language needs none."""
    file = languages.DATA / "fonts" / f"{language}.otf"
    if not file.is_file():
        return None
    known = font_manager.fontManager
    known.addfont(file)
    # Bold words are drawn with it too; without this entry Matplotlib says each time that there is no bold one.
    known.ttflist.append(replace(known.ttflist[-1], weight=700))
    return known.ttflist[-1].name
