"""tools/languages.py: messages follow the English text, built lessons stand on their own, a reader's changes stay."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import polib
import pytest
from translations import ROOT, tool


@pytest.fixture
def page(tmp_path):
    """A function that writes an English page and updates its Spanish messages: (messages, how many are not valid)."""
    def write(text):
        (tmp_path / "page.md").write_text(text, encoding="utf-8")
        left = tool.update("es", "page", tmp_path / "page.md", tmp_path)
        return polib.pofile(str(tmp_path / "es" / "page.po"), wrapwidth=0), left

    return write


def test_a_changed_sentence_is_fuzzy_and_another_stays(page, tmp_path):
    messages, left = page("# Title\n\nA mask has one class for each pixel.\n\nGone for good, with nothing like it.")
    assert left == 3
    for entry, words in zip(messages, ("Título", "Una máscara tiene una clase por píxel.", "Se fue.")):
        entry.msgstr = words
    messages.save()
    messages, left = page("# Title\n\nA mask has one class index for each pixel.\n\nNew.")
    assert left == 2 and [entry.msgstr for entry in messages] == ["Título", "Una máscara tiene una clase por píxel.", ""]
    assert messages[1].fuzzy and messages[1].previous_msgid == "A mask has one class for each pixel."
    assert tool.translations("es", "page", tmp_path) == {"Title": "Título"}
    before = (tmp_path / "es" / "page.po").read_bytes()
    page("# Title\n\nA mask has one class index for each pixel.\n\nNew.")
    assert (tmp_path / "es" / "page.po").read_bytes() == before


def test_blocks_of_all_kinds_are_translated():
    text = ("# One\n\nTwo `code` [three](x.md) $y$:\n\n$$z$$\n\n| four | five |\n| --- | --- |\n| six | 7 |\n\n1. eight\n"
            "2. nine\n\n<details>\n<summary>Ten</summary>\n\nEleven\n\n```python\ntwelve = 12\n```\n\n</details>")
    messages = {block: re.sub(r"[a-zA-Z]+(?![^`]*`|[^(]*\))", lambda word: word[0].upper() + "!", block)
                for block in tool.blocks(text)}
    said = tool.translated(text, messages)
    assert set(messages) >= {"One", "four", "five", "six", "eight", "nine", "Ten", "Eleven"}
    for kept in ("`code`", "(x.md)", "```python\ntwelve = 12\n```", "<details>", "<summary>TEN!</summary>", "$$"):
        assert kept in said
    assert "ELEVEN!" in said and "SIX!" in said and "NINE!" in said


def test_the_links_of_built_lessons_lead_to_files_and_words(tmp_path):
    folder = tmp_path / "es" / "notebooks"
    assert tool.build("es", folder) == []
    glossary = (folder / "glossary.md").read_text(encoding="utf-8")
    places = set(re.findall(r'<a id="([^"]+)"></a>\n\n## ', glossary))
    assert len(places) == glossary.count("\n## ")
    seen = 0
    for file in sorted(folder.iterdir()):
        texts = [file.read_text(encoding="utf-8")] if file.suffix == ".md" else \
            [cell.source for cell in nbformat.read(file, 4).cells if cell.cell_type == "markdown"]
        for target, place in re.findall(r"\]\(([\w./-]*\.(?:md|ipynb))(?:#([^)]*))?\)", "\n".join(texts)):
            seen += 1
            assert (folder / target).is_file(), f"{file.name}: {target}"
            assert not place or place in places, f"{file.name}: {target}#{place}"
    assert seen > 200


def test_what_a_reader_changed_stays_and_an_executed_lesson_keeps_its_outputs(tmp_path):
    folder = tmp_path / "notebooks"
    tool.build("ja", folder)
    mine, run = folder / "01-classify-detect-segment.ipynb", folder / "02-masks-and-metrics.ipynb"
    mine.write_text(mine.read_text(encoding="utf-8").replace("answer = None", "answer = 3"), encoding="utf-8")
    notebook = nbformat.read(run, 4)
    notebook.metadata["segkit"]["executed"] = True
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.outputs = [nbformat.v4.new_output("stream", text="実行済み")]
    assert nbformat.read(run, 4).cells == tool.lesson("ja", ROOT / "notebooks" / run.name).cells
    assert tool.with_own_outputs(tool.lesson("ja", ROOT / "notebooks" / run.name), run).metadata["segkit"] == {"language": "ja"}
    nbformat.write(notebook, run)
    kept = tool.with_own_outputs(tool.lesson("ja", ROOT / "notebooks" / run.name), run)
    assert next(cell for cell in kept.cells if cell.cell_type == "code").outputs == first.outputs
    assert tool.build("ja", folder) == [mine.name, run.name] and "answer = 3" in mine.read_text(encoding="utf-8")


@pytest.mark.parametrize("asked, name", [("es", "es"), ("pt", "pt_BR"), ("pt-BR", "pt_BR"), ("zh", "zh_CN"), ("JA", "ja")])
def test_a_language_has_more_than_one_name(asked, name):
    assert tool.known(asked) == name


@pytest.mark.parametrize("target", ["lab", "lessons"])
@pytest.mark.skipif(shutil.which("make") is None, reason="no make is installed")
def test_make_takes_the_language_of_its_command_alone(target):
    def recipe(*arguments, **variables):
        done = subprocess.run(["make", "-n", target, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
                              env={"PATH": "/usr/bin:/bin", **variables})
        return done.stdout

    assert 'if [ -n "ja" ]' in recipe("LANGUAGE=ja")
    assert 'if [ -n "" ]' in recipe(LANGUAGE="de_DE:en") and 'if [ -n "" ]' in recipe("LANGUAGE=en")


def test_an_unknown_language_is_one_line():
    done = subprocess.run([sys.executable, ROOT / "tools" / "languages.py", "run", "xx"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"segkit: there is no language 'xx'; there are en, {', '.join(tool.LANGUAGES)}\n"


def test_jupyterlab_is_asked_for_its_own_words(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "BUILT", tmp_path)
    tool.settings_for_jupyter("es")
    file = tmp_path / "es" / "jupyter" / "labconfig" / "default_setting_overrides.json"
    assert json.loads(file.read_text()) == {"@jupyterlab/translation-extension:plugin": {"locale": "es_ES"}}
    assert not (tmp_path / "es" / "jupyter" / "custom").exists()
    tool.settings_for_jupyter("ja")
    custom = tmp_path / "ja" / "jupyter" / "custom"
    assert "cjk.otf" in (custom / "custom.css").read_text() and (custom / "cjk.otf").stat().st_size > 100_000
