"""The kit for rooms without a network: what a system needs, a small kit from a folder of wheels, what goes wrong."""

import base64
import hashlib
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from scripts import scripts

from segkit import models

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def kit():
    """tools/offline_kit.py as a module."""
    with scripts("tools", "offline_kit") as module:
        yield module


LOCK = """#    made by a test
both==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
windows-only==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:cc
older==1.0 ; python_full_version < '3.11.5' \\
    --hash=sha256:dd
older==2.0 ; python_full_version >= '3.11.5' \\
    --hash=sha256:ee
"""


@pytest.mark.parametrize("system, python, names", [
    ("linux-x86_64", "3.11", ["both==1.0", "older==1.0", "older==2.0"]),  # 3.11.2 and 3.11.9 are both Python 3.11
    ("windows-x86_64", "3.12", ["both==1.0", "windows-only==2.0", "older==2.0"]),
    ("macos-arm64", "3.10", ["both==1.0", "older==1.0"])])
def test_a_system_and_a_python_decide_what_is_needed(kit, system, python, names):
    found = kit.needed(LOCK, system, python)
    assert [line.split()[0] for line in found] == names
    assert found[0] == "both==1.0 --hash=sha256:aa --hash=sha256:bb" and ";" not in "".join(found)


@pytest.mark.parametrize("system", ["linux-x86_64", "linux-aarch64", "macos-arm64", "windows-x86_64"])
def test_the_lock_itself_can_be_read(kit, system):
    lines = kit.needed((ROOT / "requirements.lock").read_text(encoding="utf-8"), system, "3.11")
    assert len(lines) > 100 and all(" --hash=sha256:" in line for line in lines)
    assert any(line.startswith("tflite-runtime") for line in lines) == system.startswith("linux")


def wheel(folder, name, tag="py3-none-any"):
    """A wheel without content; its line of a lock."""
    file = folder / f"{name}-1.0-{tag}.whl"
    record = []
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {f"{name}.py": "",
                           f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
                           f"{name}-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"}.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(text)}")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "\n".join([*record, f"{name}-1.0.dist-info/RECORD,,", ""]))
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


@pytest.fixture
def small(kit, tmp_path, monkeypatch):
    """A function that makes a kit of a lock from a folder of wheels: (exit status, names in the archive or None)."""
    (tmp_path / "offered").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "offered"))
    monkeypatch.delenv("SEGKIT_MODELS", raising=False)
    monkeypatch.setattr(kit, "project_files", lambda: [Path("requirements.lock"), Path("notebooks/00-start-here.ipynb")])
    # The real size of a kit is no matter of this test.
    monkeypatch.setattr(kit, "SYSTEMS", {name: (*facts[:2], 1) for name, facts in kit.SYSTEMS.items()})

    def run(lock, *arguments):
        (tmp_path / "lock").write_text(lock)
        status = kit.main([*arguments, "--python", "3.11", "--lock", str(tmp_path / "lock"), "--folder", str(tmp_path / "kit")])
        archives = list((tmp_path / "kit").glob("*.tar.gz"))
        if not archives:
            return status, None
        with tarfile.open(archives[0]) as tar:
            return status, sorted(name.partition("/")[2] for name in tar.getnames())

    return run


def test_a_kit_holds_wheels_lessons_and_words_and_goes_on(small, tmp_path, capsys):
    offered, kept = tmp_path / "offered", tmp_path / "kit" / "wheels"
    lock = wheel(offered, "first") + wheel(offered, "second", "cp311-cp311-manylinux_2_28_x86_64")
    second = offered / "second-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    content = second.read_bytes()
    second.unlink()
    status, names = small(lock, "linux-x86_64")
    said, error = capsys.readouterr()
    assert (status, names) == (2, None) and error.count("\n") == 1
    assert "Python 3.11, could not be downloaded" in error and "run the same command again" in error
    assert re.search(r"about \d+ MB, of which 0 MB are here; \d+ MB are free in", said)

    second.write_bytes(content)
    kept.mkdir(exist_ok=True)
    (offered / "first-1.0-py3-none-any.whl").replace(kept / "first-1.0-py3-none-any.whl")
    (offered / "first-1.0-py3-none-any.whl").write_bytes((kept / "first-1.0-py3-none-any.whl").read_bytes())
    before = (kept / "first-1.0-py3-none-any.whl").stat().st_mtime_ns
    status, names = small(lock, "linux-x86_64")
    assert status == 0 and (kept / "first-1.0-py3-none-any.whl").stat().st_mtime_ns == before
    published = {f"models/{models.get(name).file}" for name in models.catalogue()}
    assert [name for name in names if name not in published] == [
        "START.txt", "notebooks/00-start-here.ipynb", "requirements.lock", "wheels/first-1.0-py3-none-any.whl",
        f"wheels/{second.name}"]
    assert "2 of 2 packages" in capsys.readouterr().out


def test_wheels_of_another_system_do_not_count(small, tmp_path, capsys):
    lock = wheel(tmp_path / "offered", "only", "cp311-cp311-win_amd64")
    assert small(lock, "macos-arm64") == (2, None)
    assert "macos-arm64" in capsys.readouterr().err


def test_wheels_that_lie_there_from_before_stay_out(kit, tmp_path):
    inside = ["both-1.0-py3-none-any.whl", "both-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
              "both-1.0-cp38-abi3-macosx_10_9_universal2.whl"]
    outside = ["both-0.9-py3-none-any.whl", "other-1.0-py3-none-any.whl", "both-1.0-cp312-cp312-manylinux2014_x86_64.whl",
               "both-1.0-cp311-cp311-win_amd64.whl", "both-1.0-cp311-cp311-macosx_11_0_x86_64.whl"]
    for name in inside + outside:
        (tmp_path / name).write_bytes(b"")
    found = kit.fitting(tmp_path, LOCK, ["linux-x86_64", "macos-arm64"], ["3.11"])
    assert {file.name for file in found} == set(inside)


@pytest.mark.parametrize("arguments, words", [(["amiga"], "choose of linux-x86_64"), (["linux-x86_64", "x"], "no kit for x")])
def test_an_unknown_system_is_one_line(small, arguments, words, capsys):
    assert small("", *arguments) == (2, None)
    said, error = capsys.readouterr()
    assert said == "" and error.count("\n") == 1 and words in error


def test_a_disk_that_is_too_small_is_said_before_anything_starts(kit, small, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(kit.shutil, "disk_usage", lambda folder: kit.shutil._ntuple_diskusage(10, 9, 1_000_000))
    monkeypatch.setattr(kit, "download", lambda *_: pytest.fail("it started"))
    assert small("", "linux-x86_64") == (2, None)
    assert "make room, or ask for fewer systems" in capsys.readouterr().err


def test_what_make_made_is_no_part_of_the_kit(kit):
    names = {path.as_posix() for path in kit.project_files()}
    assert {"Makefile", "requirements.lock", "data/models/catalogue.json", "segkit/__init__.py"} <= names
    assert not [name for name in names if name.startswith(("build/", ".venv", ".git/")) or "__pycache__" in name]
    assert sys.prefix not in names
