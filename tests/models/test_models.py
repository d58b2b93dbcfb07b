"""The catalogue: what it promises, where a file is looked for, and which file is believed."""

import errno
import hashlib
import os
import re
import shutil
import sys
import zipfile
from urllib.parse import urlsplit

import pytest
from conftest import complaint

from segkit import models
from segkit.errors import SegkitError
from segkit.masks import labels
from segkit.models import entries, files, processor

# name: file, task, bytes, first digits of the SHA-256, input size, dtype, (mean, std), output, labels.
# The facts are those of the files: published by tensorflow/tflite-support, google-coral/test_data and
# floe/backscrub under Apache-2.0.
PUBLISHED = {
    "deeplabv3": ("deeplabv3.tflite", "segment", 2780051, "9711334db2b01d58", (257, 257), "float32",
                  (127.5, 127.5), "logits", "pascal-voc"),
    "deeplabv3-gpu": ("deeplabv3_257_mv_gpu.tflite", "segment", 2779264, "68a539782c2c6a72", (257, 257),
                      "float32", (127.5, 127.5), "logits", "pascal-voc"),
    "deeplabv3-dm05-quant": ("deeplabv3_mnv2_dm05_pascal_quant.tflite", "segment", 760904,
                             "0470d2a782aa54ee", (513, 513), "uint8", (128, 128), "classes", "pascal-voc"),
    "deeplabv3-quant": ("deeplabv3_mnv2_pascal_quant.tflite", "segment", 2193224, "350af47fd346ea6d",
                        (513, 513), "uint8", (128, 128), "classes", "pascal-voc"),
    "ssd-mobilenet-v1": ("coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", "detect", 4185023,
                         "61d598093ed03ed4", (300, 300), "uint8", (128, 128), "boxes", "labelmap.txt"),
    "mobilenet-v2": ("mobilenet_v2_1.0_224_quant.tflite", "classify", 3610798, "7aad0c74c5e3c06e",
                     (224, 224), "uint8", (128, 128), "scores", "imagenet_labels.txt"),
    "mobilenet-v1-025": ("mobilenet_v1_0.25_224_quant.tflite", "classify", 508786, "e480eb15572f86d3",
                         (224, 224), "uint8", (128, 128), "scores", "labels.txt"),
}


# --- the catalogue -----------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_catalogue_has_each_published_model_with_its_facts(name):
    file, task, size, digits, shape, dtype, normalisation, output, label = PUBLISHED[name]
    model = models.get(name)
    assert (model.name, model.file, model.task, model.bytes) == (name, file, task, size)
    assert model.sha256.startswith(digits)
    assert ((model.height, model.width), model.dtype) == (shape, dtype)
    assert (model.mean, model.std) == normalisation
    assert (model.output, model.labels, model.licence) == (output, label, "Apache-2.0")


@pytest.mark.parametrize("name", models.catalogue())
def test_every_entry_of_the_catalogue_is_complete(name):
    model = models.get(name)
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", model.name)
    assert re.fullmatch(r"[\w.-]+\.tflite", model.file)
    assert model.about and model.licence and model.bytes > 0 and model.std > 0
    assert model.task in ("segment", "classify", "detect", "trunk", "head")
    assert model.output in ("logits", "classes", "scores", "boxes", "features")
    for address in (model.source, *model.urls):
        parts = urlsplit(address)
        assert parts.scheme == "https" and parts.netloc and parts.path, address
    assert len(set(model.urls)) == len(model.urls)


def test_names_files_and_hashes_are_unique():
    for field in ("name", "file", "sha256"):
        values = [getattr(model, field) for model in models.catalogue().values()]
        assert len(set(values)) == len(values), field


def test_the_default_models_are_in_the_catalogue_and_segment():
    assert (models.default(), models.default("litert"), models.default("tflite")) == ("deeplab", "deeplab", "deeplab-w8")
    for runtime in (None, "litert", "tflite"):
        assert models.get(models.default(runtime)).task == "segment"


@pytest.mark.parametrize("known, quickest", [
    (("avx2",), "float"), ((), "float"), (("avx2", "avx512_vnni"), None), (("avx_vnni",), None),
    (("dotprod",), None), (None, None)])
def test_the_default_model_follows_from_the_processor(known, quickest, monkeypatch):
    monkeypatch.delenv("SEGKIT_DEFAULT", raising=False)
    monkeypatch.setattr(processor, "instructions", lambda: known)
    defaults = entries.read(models.DATA / "models" / "catalogue.json")[0]
    assert models.default() == models.default("litert") == defaults[quickest]
    assert models.default("tflite") == "deeplab-w8"
    monkeypatch.setenv("SEGKIT_DEFAULT", "deeplabv3")
    assert models.default() == "deeplabv3" and models.default("tflite") == "deeplab-w8"
    monkeypatch.setenv("SEGKIT_DEFAULT", "deeplab4")
    with pytest.raises(SegkitError, match="deeplab4"):
        models.default()


WHOLE = [model.name for model in models.catalogue().values() if model.task not in ("trunk", "head")]


@pytest.mark.parametrize("name", WHOLE)
def test_a_model_file_is_what_the_catalogue_says(name, model_path):
    from segkit import open_session

    file = model_path(name)
    entry = models.get(name)
    assert file.name == entry.file
    assert hashlib.sha256(file.read_bytes()).hexdigest() == entry.sha256 == models.sha256(file)
    session = open_session(name, threads=1, delegate="none")
    assert session.inputs[0].shape == (1, entry.height, entry.width, 3)
    assert session.inputs[0].dtype == entry.dtype
    assert len(session.outputs) == (4 if entry.output == "boxes" else 1)
    shape = session.outputs[0].shape
    if entry.output == "logits":
        assert shape == (1, entry.height, entry.width, 21)
    if entry.output == "classes":
        assert shape == (1, entry.height, entry.width)
    if entry.labels != "pascal-voc":
        assert entry.labels in models.label_files(file)


def test_a_broken_catalogue_is_named_with_its_cure(cache):
    for content in (b"", b"{}", b"[1", b'{"default": "a", "models": [{}]}', b"\xff\xfe", b'{"default": 1, "models": 3}'):
        (entries.DATA / "models" / "catalogue.json").write_bytes(content)
        entries.read.cache_clear()
        with pytest.raises(SegkitError) as raised:
            models.catalogue()
        assert "catalogue.json cannot be read" in complaint(raised)
        assert "get a fresh copy" in complaint(raised)


# --- where a file is looked for ------------------------------------------------


def test_folders_are_searched_in_the_documented_order(cache, offer, tmp_path, monkeypatch):
    content = b"the one good file"
    offer(content)
    monkeypatch.setenv("SEGKIT_MODELS", os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")]))
    folders = [entries.DATA / "models", tmp_path / "a", tmp_path / "b", cache]
    assert models.folders() == folders
    for folder in reversed(folders):  # the file appears in one folder after the other, the last one first
        folder.mkdir(exist_ok=True)
        (folder / "tiny.tflite").write_bytes(content)
        assert models.path("tiny") == folder / "tiny.tflite"
        assert models.find("tiny") == (folder / "tiny.tflite", [])


def test_a_relative_folder_counts_from_here_or_from_the_project(monkeypatch, tmp_path):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGKIT_MODELS", os.pathsep.join(["mine", "data"]))
    here, project = models.folders()[1:3]
    assert here.resolve() == tmp_path / "mine" and project == entries.DATA.parent / "data"


def test_folders_may_start_with_the_home_sign(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SEGKIT_MODELS", "~/mine")
    monkeypatch.setenv("SEGKIT_CACHE", "~/cache")
    assert models.folders()[1:] == [tmp_path / "mine", tmp_path / "cache"]


def test_a_home_that_does_not_exist_is_no_crash(cache, offer, monkeypatch):
    offer(b"content")
    monkeypatch.setenv("SEGKIT_MODELS", "~nobody-of-this-name/models")
    monkeypatch.setenv("SEGKIT_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(SegkitError) as raised:
        models.path("tiny", download=False)
    assert "tiny.tflite" in complaint(raised)


def test_without_settings_the_cache_is_the_systems_own(monkeypatch):
    monkeypatch.delenv("SEGKIT_CACHE", raising=False)
    folder = models.cache_folder()
    assert folder.is_absolute() and folder.parts[-1] == "models" and "segkit" in folder.parts


def test_a_file_with_the_right_name_and_other_bytes_is_never_used(cache, offer, tmp_path, monkeypatch):
    content = b"what the catalogue promises"
    offer(content)
    folders = [entries.DATA / "models", tmp_path / "extra", cache]
    monkeypatch.setenv("SEGKIT_MODELS", str(folders[1]))
    changed = bytes([content[0] ^ 1]) + content[1:]
    for folder, wrong in zip(folders, (changed, content[:-1], content + b"\n")):
        folder.mkdir(exist_ok=True)
        (folder / "tiny.tflite").write_bytes(wrong)
    with pytest.raises(SegkitError) as raised:
        models.path("tiny", download=False)
    message = complaint(raised)
    for folder in folders:
        assert f"{folder / 'tiny.tflite'} has the wrong SHA-256" in message
    assert models.find("tiny")[0] is None
    # A good one further down the list is found behind the bad ones, and they are still named.
    (cache / "tiny.tflite").write_bytes(content)
    found, damaged = models.find("tiny")
    assert found == cache / "tiny.tflite"
    assert damaged == [folder / "tiny.tflite" for folder in folders[:2]]


def test_a_folder_in_the_place_of_a_model_is_passed_over(cache, offer):
    content = b"content"
    offer(content)
    (entries.DATA / "models" / "tiny.tflite").mkdir()
    cache.mkdir()
    (cache / "tiny.tflite").write_bytes(content)
    assert models.path("tiny") == cache / "tiny.tflite"


def test_an_absent_model_is_named_with_its_cure(cache, offer):
    model = offer(b"content", "https://192.0.2.1/tiny.tflite")
    with pytest.raises(SegkitError) as raised:
        models.path("tiny", download=False)
    message = complaint(raised)
    assert not cache.exists()
    for part in ("tiny.tflite", "not downloaded yet", model.sha256[:12], str(cache), "SEGKIT_MODELS"):
        assert part in message
    offer(b"content")
    with pytest.raises(SegkitError, match="it comes with the project"):
        models.path("tiny")


# --- which file is meant ---------------------------------------------------------


def test_a_model_is_known_by_its_content_and_not_by_its_name(model_path, tmp_path):
    copy = tmp_path / "something else.bin"
    shutil.copyfile(model_path("mobilenet-v1-025"), copy)
    assert models.identify(copy) == models.get("mobilenet-v1-025")
    assert models.resolve(copy) == (copy, models.get("mobilenet-v1-025"))
    other = tmp_path / "mobilenet_v1_0.25_224_quant.tflite"
    other.write_bytes(copy.read_bytes()[:-1] + b"?")
    assert models.identify(other) is None
    assert models.resolve(str(other)) == (other, None)


def test_a_name_wins_over_a_file_of_that_name(cache, offer, tmp_path, monkeypatch):
    content = b"content"
    offer(content)
    (entries.DATA / "models" / "tiny.tflite").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").write_bytes(b"a file that is called like a model")
    assert models.resolve("tiny") == (entries.DATA / "models" / "tiny.tflite", models.get("tiny"))
    assert models.resolve("./tiny")[1] is None


@pytest.mark.parametrize("wrong, near", [("deeplab3", "deeplabv3"), ("mobilenetv2", "mobilenet-v2"),
                                         ("DEEPLABV3-quant", "deeplabv3-quant")])
def test_a_mistyped_name_brings_a_suggestion(wrong, near):
    for ask in (models.get, models.path, models.resolve):
        with pytest.raises(SegkitError) as raised:
            ask(wrong)
        assert f"did you mean {near}?" in complaint(raised)


def test_a_name_that_is_like_no_other_brings_the_list():
    with pytest.raises(SegkitError) as raised:
        models.resolve("zzzzzz")
    assert all(name in complaint(raised) for name in models.catalogue())


WRONG_PATHS = {
    "missing": "no/such/file.tflite",
    "over-long": "x" * 5000,
    "over-long folder": "a/" * 5000 + "b.tflite",
    "with a line break": "first line\nsecond line.tflite",
    "with a null byte": "a\0b.tflite",
    "with half a character": "a\udcff\ud800.tflite",
    "of nobody": "~nobody-of-this-name/model.tflite",
    "empty": "",
    "a dot": ".",
    "none": None,
    "a number": 5,
    "bytes": b"model.tflite",
    "a list": ["model.tflite"],
}


@pytest.mark.parametrize("wrong", WRONG_PATHS.values(), ids=WRONG_PATHS.keys())
def test_a_path_that_leads_nowhere_is_one_short_line(wrong):
    with pytest.raises(SegkitError) as raised:
        models.resolve(wrong)
    assert len(complaint(raised)) < 1000


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(SegkitError) as raised:
        models.resolve(tmp_path)
    assert f"{tmp_path} is a folder, not a model" in complaint(raised)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_no_model_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.tflite")
    with pytest.raises(SegkitError) as raised:
        models.resolve(tmp_path / "pipe.tflite")
    assert "pipe.tflite" in complaint(raised)


def test_a_file_that_may_not_be_read_is_one_line(cache, offer, tmp_path, monkeypatch):
    offer(b"content")
    file = tmp_path / "locked.tflite"
    file.write_bytes(b"CONTENT")  # the size of a known model, so that its hash is wanted

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(files, "sha256", refuse)
    with pytest.raises(SegkitError) as raised:
        models.resolve(file)
    assert f"{file} cannot be read: Permission denied" in complaint(raised)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/self/mem, a file that nobody can read")
def test_a_file_whose_reading_fails_is_one_line():
    from segkit import open_session

    with pytest.raises(SegkitError) as raised:
        open_session("/proc/self/mem", threads=1)
    assert "/proc/self/mem cannot be read" in complaint(raised)


# --- labels inside a model ---------------------------------------------------------


def test_label_files_inside_a_model_are_read(model_path):
    inside = models.label_files(model_path("deeplabv3"))
    assert list(inside) == ["labelmap.txt"]
    assert len(inside["labelmap.txt"]) == 21
    assert inside["labelmap.txt"][15] == "person"
    assert len(models.label_files(model_path("mobilenet-v2"))["imagenet_labels.txt"]) == 1001


def test_a_model_without_an_archive_has_no_label_files(model_path, tmp_path):
    assert models.label_files(model_path("deeplabv3-gpu")) == {}
    assert models.label_files(tmp_path / "missing") == {}


def packed(file, **entries):
    """A file that looks like a model with label files packed behind it."""
    file.write_bytes(b"\x1c\0\0\0TFL3" + b"\0" * 100)
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file


def test_class_names_come_from_the_catalogue_or_from_the_file(model_path, tmp_path):
    deeplab = model_path("deeplabv3")
    assert models.class_names(deeplab, models.get("deeplabv3")) == labels.VOC
    assert models.class_names(deeplab)[15] == "person"
    own = packed(tmp_path / "own.tflite", **{"classes.txt": "sky\nsea\n", "notes.md": "not labels"})
    assert models.class_names(own) == ("sky", "sea")
    bare = packed(tmp_path / "bare.tflite", **{"notes.md": "not labels"})
    assert models.class_names(bare) == ()
    ssd = models.class_names(model_path("ssd-mobilenet-v1"), models.get("ssd-mobilenet-v1"))
    assert "person" in ssd


def test_a_damaged_archive_means_no_names_and_no_crash(tmp_path):
    good = packed(tmp_path / "good.tflite", **{"labels.txt": "sky\nsea\nland\n" * 50}).read_bytes()
    assert models.label_files(tmp_path / "good.tflite") == {"labels.txt": ["sky", "sea", "land"] * 50}
    damaged = tmp_path / "damaged.tflite"
    for position in range(108, len(good)):  # every byte of the archive in turn
        damaged.write_bytes(good[:position] + bytes([good[position] ^ (1, 255)[position % 2]]) + good[position + 1:])
        assert isinstance(models.label_files(damaged), dict)
    for length in range(0, len(good), 7):
        damaged.write_bytes(good[:length])
        assert isinstance(models.label_files(damaged), dict)


def test_labels_that_are_no_text_are_left_out(tmp_path):
    assert models.label_files(packed(tmp_path / "a.tflite", **{"labels.txt": b"\xff\xfe\x00"})) == {}


def test_labels_that_unpack_to_millions_of_lines_are_left_out(tmp_path):
    file = tmp_path / "bomb.tflite"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, \
            archive.open("labels.txt", "w", force_zip64=True) as stream:
        for _ in range(8):
            stream.write(b"\n" * (1 << 20))
    assert file.stat().st_size < 100_000
    assert len(models.label_files(file)) == 0


# --- what importing costs ------------------------------------------------------------


def test_importing_the_catalogue_brings_no_runtime_and_no_plots(run_python):
    done = run_python("import sys; from segkit import models, photos; models.catalogue();"
                      "print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert done.returncode == 0, done.stderr
    brought = set(done.stdout.split())
    assert "segkit" in brought
    assert not brought & {"ai_edge_litert", "tflite_runtime", "matplotlib", "ipywidgets", "pooch", "requests"}
