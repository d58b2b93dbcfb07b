"""Make the fonts in data/fonts, with which figures and pages show Chinese and Japanese where no such font is installed.

    apt-get download fonts-noto-cjk && dpkg -x fonts-noto-cjk_*.deb noto          # Debian's package, 57 MB
    python tools/fonts.py noto/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

Each is a part of Noto Sans CJK, under the SIL Open Font License 1.1: kana, punctuation, the common characters of the
language's national standard, and every character that its translations in data/locale have beside them. So a changed
sentence seldom needs this again; tests/notebooks/test_translations.py says when it does. Latin letters are left to other
fonts. A third, names.otf, has the signs of the languages' own names, for the switch on the pages of all languages.
"""

import argparse
import sys
from pathlib import Path

import polib
from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "data" / "fonts"
# Language: the family's number in the file of Noto Sans CJK, the codec of a national standard, and the rows of it with
# the common characters: the first levels of JIS X 0208 and of GB 2312.
SETS = {"ja": (0, "euc_jp", range(16, 48)), "zh_CN": (2, "gb2312", range(16, 56))}
# General punctuation, CJK punctuation, kana, half- and full-width forms.
BLOCKS = (range(0x2010, 0x2040), range(0x3000, 0x3100), range(0xFF00, 0xFFF0))
NAMES = "日本語简体中文"
LATIN = 0x250  # below, every font has the letters


def common(codec, rows):
    """The characters in some rows of a national standard of 94 x 94 places."""
    places = (bytes((0xA0 + row, 0xA0 + cell)) for row in rows for cell in range(1, 95))
    return {place.decode(codec, errors="ignore") for place in places} - {""}


def used(language):
    """The characters of all translations into a language, without those of Latin letters."""
    texts = "".join(text for file in sorted((ROOT / "data" / "locale" / language).glob("*.po"))
                    for entry in polib.pofile(str(file))
                    for text in (entry.msgstr, *entry.msgstr_plural.values()))
    return {sign for sign in texts if ord(sign) >= LATIN}


def family(language):
    """The name under which Matplotlib and pages know a language's font."""
    return f"segkit CJK {language}"


def make(source, language):
    """Write the font of a language. Gives its size in bytes.

    Args:
        source: NotoSansCJK-Regular.ttc.
        language: a key of SETS, or "names".
    """
    number, signs = 0, set(NAMES)
    if language in SETS:
        number, codec, rows = SETS[language]
        signs = common(codec, rows) | used(language) | {chr(code) for block in BLOCKS for code in block}
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 3, 4, 6, 13, 14], notdef_outline=True,
                             drop_tables=["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "DSIG"])
    font = TTFont(source, fontNumber=number)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=map(ord, signs))
    worker.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4):
            record.string = family(language)
        elif record.nameID == 6:
            record.string = family(language).replace(" ", "-").replace("_", "-")
    # The same bytes from the same characters: no time of this run.
    font.recalcTimestamp = False
    FONTS.mkdir(exist_ok=True)
    file = FONTS / f"{language}.otf"
    font.save(file)
    return file.stat().st_size


def missing(language):
    """The characters of the translations into a language that its font lacks, in their order."""
    there = TTFont(FONTS / f"{language}.otf").getBestCmap()
    return sorted(sign for sign in used(language) if ord(sign) not in there)


def main(arguments=None):
    """Make the fonts. Gives 1 where Noto Sans CJK itself lacks a character."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("source", type=Path, help="NotoSansCJK-Regular.ttc")
    source, lacking = parser.parse_args(arguments).source, ""
    make(source, "names")
    for language in SETS:
        size = make(source, language)
        print(f"data/fonts/{language}.otf: {size / 1e6:.2f} MB, {len(TTFont(FONTS / f'{language}.otf').getBestCmap())} characters")
        lacking += "".join(missing(language))
    if lacking:
        print(f"not in Noto Sans CJK: {lacking} ({', '.join(f'U+{ord(sign):04X}' for sign in lacking)})", file=sys.stderr)
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
