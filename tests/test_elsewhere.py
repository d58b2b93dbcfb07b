"""Ways to the lessons without an install of one's own: Binder, Google Colab, a development container."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import jsonschema
import nbformat
import pytest
from packaging.specifiers import SpecifierSet
from scripts import scripts

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "https://github.com/someone/segkit"
PYTHONS = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"])


# --- Binder ------------------------------------------------------------------

def test_binder_installs_as_the_readme_does():
    steps = (ROOT / ".binder" / "postBuild").read_text(encoding="utf-8")
    assert steps.startswith("#!/bin/sh\n") and "\nset -eu\n" in steps
    readme = re.findall(r"^\.venv/bin/(python -m pip install .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    done = re.findall(r"^python -m pip install .*$", steps.replace(" --no-cache-dir", ""), re.MULTILINE)
    assert done == readme and len(done) == 2
    assert os.name == "nt" or os.access(ROOT / ".binder" / "postBuild", os.X_OK)
    kind, _, version = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip().partition("-")
    assert kind == "python" and version in PYTHONS


# --- a development container --------------------------------------------------

# The fields that the file uses, from https://containers.dev/implementors/json_reference/, with what they may be.
SIZE = {"type": "string", "pattern": r"^\d+([tgmk]b)?$"}
FIELDS = {
    "type": "object", "additionalProperties": False, "required": ["image"],
    "properties": {
        "name": {"type": "string"}, "image": {"type": "string", "pattern": r"^[^\s:]+:[\w.-]+$"},
        "postCreateCommand": {"type": ["string", "array", "object"]},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "maximum": 65535, "minimum": 0}},
        "portsAttributes": {"type": "object", "patternProperties": {r"^\d+$": {
            "type": "object", "additionalProperties": False, "properties": {"label": {"type": "string"}}}},
            "additionalProperties": False},
        "hostRequirements": {"type": "object", "additionalProperties": False, "properties": {
            "cpus": {"type": "integer", "minimum": 1}, "memory": SIZE, "storage": SIZE}},
        "customizations": {"type": "object", "additionalProperties": False, "properties": {"vscode": {"type": "object"}}},
    },
}


def test_the_development_container_does_what_make_does():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    jsonschema.validate(settings, FIELDS)
    assert settings["postCreateCommand"] == "make setup"
    assert settings["image"].rpartition(":")[2] in PYTHONS
    assert list(map(str, settings["forwardPorts"])) == list(settings["portsAttributes"])
    assert settings["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")


# --- Colab -------------------------------------------------------------------

@pytest.fixture(scope="module")
def launch():
    """The module site/launch.py."""
    with scripts("site", "launch") as module:
        yield module


@pytest.fixture
def copies(launch, tmp_path, monkeypatch):
    """The folder of the copies for Colab."""
    monkeypatch.setenv("SEGKIT_REPOSITORY", REPOSITORY)
    monkeypatch.delenv("SEGKIT_BRANCH", raising=False)
    assert launch.main(tmp_path / "copies") == 0
    return tmp_path / "copies"


def test_a_copy_is_the_lesson_after_one_cell_more(copies):
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [path.name for path in sorted((copies / "notebooks").iterdir())] == [path.name for path in lessons]
    firsts = set()
    for path in lessons:
        lesson, copy = (nbformat.read(folder / path.name, as_version=4).cells for folder in (path.parent, copies / "notebooks"))
        nbformat.validate(nbformat.read(copies / "notebooks" / path.name, as_version=4))
        assert [cell.id for cell in copy[1:]] == [cell.id for cell in lesson]
        assert [cell.source for cell in copy[1:] if cell.cell_type == "code"] == \
            [cell.source for cell in lesson if cell.cell_type == "code"]
        firsts.add(copy[0].source)
        for cell in copy:
            text = re.sub(r"```.*?```|`[^`\n]*`", "", cell.source, flags=re.DOTALL) if cell.cell_type == "markdown" else ""
            assert not re.search(r"(?<![!\\])\]\((?!https?:|#)", text), text
    assert len(firsts) == 1 and f"git+{REPOSITORY}@main" in firsts.pop()
    page = (copies / "README.md").read_text(encoding="utf-8")
    for path in lessons:
        assert f"https://colab.research.google.com/github/someone/segkit/blob/colab/notebooks/{path.name})" in page
        assert f"https://mybinder.org/v2/gh/someone/segkit/main?urlpath=lab/tree/notebooks/{path.name})" in page


def test_links_of_a_copy_lead_to_copies_and_to_the_repository(launch, monkeypatch):
    monkeypatch.setenv("SEGKIT_REPOSITORY", REPOSITORY)
    text = "[a](05-deeplab-v3.ipynb) [b](glossary.md#mask) [c](https://example.org) `f[0](x)` [d](#start)"
    notebook = {"cells": [{"cell_type": "markdown", "source": [text]}]}
    launch.copy_for_colab(notebook, "notebooks/04-deeplab-v2.ipynb")
    assert notebook["cells"][1]["source"] == (
        "[a](https://colab.research.google.com/github/someone/segkit/blob/colab/notebooks/05-deeplab-v3.ipynb) "
        f"[b]({REPOSITORY}/blob/main/notebooks/glossary.md#mask) [c](https://example.org) `f[0](x)` [d](#start)")


@pytest.mark.parametrize("address", ["", "https://example.org/someone/segkit", "https://github.com/someone"])
def test_without_the_public_address_nothing_is_written(launch, tmp_path, monkeypatch, capsys, address):
    monkeypatch.setenv("SEGKIT_REPOSITORY", address)
    assert launch.main(tmp_path / "copies") == 2 and not (tmp_path / "copies").exists()
    assert len(capsys.readouterr().err.splitlines()) == 1


RUN = """
import json, sys, types
if {on_colab}:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
first, second = json.loads(sys.argv[1])
shell.run_cell(first).raise_error()
print("installed:", __import__("importlib.util").util.find_spec("segkit") is not None)
if {on_colab}:
    shell.run_cell(second).raise_error()
    import segkit, pathlib
    print("here:", pathlib.Path(segkit.__file__).is_relative_to(sys.prefix))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt" or not shutil.which("git"), reason="needs git, and the folders of a Unix")
def test_the_first_cell_installs_on_colab_and_does_nothing_elsewhere(launch, tmp_path, monkeypatch):
    """Colab is imitated: an environment without segkit that has all it needs, and a repository on this machine."""
    source = tmp_path / "segkit-source"
    for name in ("segkit", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    author = ("-c", "user.name=segkit", "-c", "user.email=segkit@example.org")
    for command in (("init", "-q", "-b", "main"), ("add", "."), (*author, "commit", "-qm", "A copy")):
        subprocess.run(["git", *command], cwd=source, check=True, timeout=60)
    monkeypatch.setenv("SEGKIT_REPOSITORY", source.as_uri())
    name = launch.lessons()[0]
    notebook = json.loads((ROOT / name).read_text(encoding="utf-8"))
    launch.copy_for_colab(notebook, name)
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]

    venv.create(tmp_path / "colab", with_pip=False)
    packages, = (tmp_path / "colab").glob("lib/python*/site-packages")
    # A line in a .pth file adds a folder, and not what the .pth files in there would add: this clone's segkit.
    ours = Path(pytest.__file__).resolve().parents[1]
    (packages / "ours.pth").write_text(f"{ours}\n")
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_REQUIRE_HASHES": "0", "HOME": str(tmp_path),
        "IPYTHONDIR": str(tmp_path / "ipython")}
    for on_colab, said in ((False, "installed: False\n"), (True, "here: True\n")):
        done = subprocess.run([tmp_path / "colab" / "bin" / "python", "-c", RUN.format(on_colab=on_colab), json.dumps(cells[:2])],
                              capture_output=True, text=True, timeout=300, cwd=tmp_path, env=settings)
        assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr
        assert on_colab or done.stdout + done.stderr == said
