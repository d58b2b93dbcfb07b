"""The page for phones as a folder: all of its files, none that asks another host, a reference answer for each model."""

import json
import re

import numpy as np
import pytest
from benchmark.conftest import tiny_content
from conftest import ROOT, complaint
from tiny_models import run

from segkit import __main__, photos
from segkit.benchmark.agreement import SAMPLE
from segkit.benchmark.phones import build
from segkit.errors import SegkitError
from segkit.masks import resize

SOURCES = [path for path in (ROOT / "phone").iterdir() if path.suffix in (".html", ".css", ".js")]


@pytest.fixture
def litert(tmp_path, monkeypatch):
    """A folder that looks like LiteRT.js."""
    folder = tmp_path / "@litertjs"
    for name in build.MODULES:
        for end in ("js", "wasm"):
            file = folder / "core" / "wasm" / f"{name}.{end}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
    for file, text in {"core/dist/index.js": 'import { a } from "@litertjs/wasm-utils";', "wasm-utils/dist/index.js": "",
                       "core/package.json": '{"version": "2.5.3"}'}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    monkeypatch.setenv("SEGKIT_LITERT_JS", str(folder))
    return folder


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "tiny.tflite"
    file.write_bytes(tiny_content())
    return file


def test_the_folder_holds_what_is_named_and_nothing_else(litert, model, tmp_path, capsys):
    page = tmp_path / "site" / "phone"
    files = build.build(page, [model])
    assert files == sorted(path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file())
    assert '"@litertjs' not in (page / "litert" / "core" / "index.js").read_text()
    described, = json.loads((page / "page.json").read_text())["models"]
    assert (described["name"], described["file"], described["bytes"]) == ("tiny", "tiny.tflite", model.stat().st_size)
    assert described["input"]["dtype"] == described["output"]["dtype"] == "float32"
    pixels = np.frombuffer((page / "reference" / "tiny.pixels").read_bytes(), np.uint8).reshape(32, 32, 3)
    np.testing.assert_array_equal(pixels, resize.resize_bilinear(photos.sample(SAMPLE), 32, 32))
    answer = run(tiny_content(), (pixels[None].astype(np.float32) - 127.5) / 127.5, reference=True)
    classes = np.frombuffer((page / "reference" / "tiny.classes").read_bytes(), np.uint8).reshape(32, 32)
    np.testing.assert_array_equal(classes, answer[0].argmax(axis=-1))

    (page / "reference" / "tiny.classes").write_bytes(b"as it was")
    assert build.build(page, [model]) == files
    assert (page / "reference" / "tiny.classes").read_bytes() == b"as it was"  # known: not calculated again
    (page / "reference" / "tiny.pixels").unlink()
    assert __main__.main(["phone", "--write", str(page), "--model", str(model)]) == 0
    assert capsys.readouterr().out.startswith(f"{len(files)} files in ")
    assert (page / "reference" / "tiny.classes").read_bytes() == classes.tobytes()


@pytest.mark.parametrize("name, words", [("head-classify", "no model that segments"), ("no-such-model", "no model is called")])
def test_a_model_that_the_page_cannot_show(litert, tmp_path, name, words):
    with pytest.raises(SegkitError) as raised:
        build.build(tmp_path / "page", [name])
    assert words in complaint(raised)


def test_a_folder_that_cannot_be_written(litert, model, tmp_path):
    (tmp_path / "page").write_text("a file")
    with pytest.raises(SegkitError) as raised:
        build.build(tmp_path / "page", [model])
    assert "cannot be written" in complaint(raised)


def test_every_source_is_part_of_the_page():
    assert sorted(build.PAGE) == sorted(path.name for path in SOURCES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_asks_another_host(path):
    code = re.sub(r"(?m)^\s*(//|\*|/\*).*$", "", path.read_text(encoding="utf-8"))
    assert not re.search(r"(https?:)?//[\w-]+\.|@import|url\(", code)
    for target in re.findall(r'(?:from|import\()\s*"([^"]+)"', code):
        assert target.startswith("./") and target[2:] in build.files([]), target


def test_the_package_is_pinned_by_its_hash_and_by_no_address():
    lock = json.loads((ROOT / "phone" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    wanted = json.loads((ROOT / "phone" / "package.json").read_text())["dependencies"]
    assert {f"node_modules/{name}": version for name, version in wanted.items()}.items() <= {
        name: entry["version"] for name, entry in packages.items()}.items()
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values())
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "phone" / ".npmrc").read_text()
    assert not re.search(r"https?://", (ROOT / "phone" / "package-lock.json").read_text())
