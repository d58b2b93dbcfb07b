"""The command line as people and scripts meet it: its output, its exit status; three times as a process."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from segkit import models, photos
from segkit.__main__ import main


@pytest.fixture
def segkit(capfd, monkeypatch):
    """A function that runs the command line in this process: (exit status, standard output, standard error).

    The files below Python's streams are read too: the runtimes write to them from C.
    """
    def run(*arguments, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # what --help and --version do
            status = ended.code
        return status, *capfd.readouterr()

    return run


def in_a_process(*arguments):
    """The same from ``python -m segkit`` in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "segkit", *map(str, arguments)], capture_output=True, text=True,
                          timeout=120)
    return done.returncode, done.stdout, done.stderr


def assert_one_line_error(answer, *parts):
    """Exit status 2, nothing on standard output, one line of ours on standard error."""
    status, output, error = answer
    assert status == 2 and output == ""
    assert error.startswith("segkit: ") and error.count("\n") == 1 and error.endswith("\n")
    assert "Traceback" not in error
    for part in parts:
        assert part in error


@pytest.fixture
def photo(tmp_path):
    """A file with an EXIF orientation: stored lying, upright 300 wide and 451 high."""
    lying = Image.fromarray(photos.sample("cat"))  # 451 x 300
    exif = lying.getexif()
    exif[0x0112] = 6  # turn by 90 degrees
    path = tmp_path / "my cat.jpg"
    lying.save(path, exif=exif)
    return path


def test_segment_prints_the_classes():
    status, output, error = in_a_process("segment", "cat")
    assert (status, error) == (0, "")
    assert "cat: 451 x 300 pixels" in output
    assert re.search(r"\((\d+) of \1 operators\)", output)


def test_json_has_the_promised_fields(photo, segkit):
    status, output, error = segkit("segment", photo, "--json", "--threads", 1, "--runtime", "litert")
    assert (status, error) == (0, "")
    answer = json.loads(output)
    assert set(answer) >= {"model", "runtime", "asked", "applied", "size", "classes",
                           "milliseconds"}
    assert answer["model"] == models.default() and answer["runtime"] == "litert"
    assert answer["size"] == [300, 451]
    assert answer["asked"]["threads"] == 1 and answer["applied"]["threads"] == 1
    assert answer["applied"]["operators_taken"] == answer["applied"]["operators"] > 60
    assert set(answer["milliseconds"]) == {"prepare", "invoke", "finish"}
    assert all({"index", "name", "share"} == set(c) for c in answer["classes"])
    assert sum(c["share"] for c in answer["classes"]) == pytest.approx(1)
    shares = [c["share"] for c in answer["classes"]]
    assert shares == sorted(shares, reverse=True)


def test_asked_keeps_what_was_asked(photo, segkit):
    answer = json.loads(segkit("segment", photo, "--json")[1])
    assert answer["asked"] == {"model": models.default(), "runtime": "auto", "threads": None,
                               "delegate": "xnnpack"}
    assert answer["applied"]["runtime"] in ("litert", "tflite")


def test_mask_is_paletted_and_upright(photo, tmp_path, segkit):
    out, over = tmp_path / "mask.png", tmp_path / "over.png"
    answer = json.loads(segkit("segment", photo, "--mask", out, "--overlay", over, "--json")[1])
    with Image.open(out) as mask, Image.open(over) as overlay:
        mask.load()
        assert mask.mode == "P" and mask.size == (300, 451) == overlay.size
    values = set(np.unique(np.asarray(mask)).tolist())
    assert values == {c["index"] for c in answer["classes"]}
    assert mask.getpalette()[15 * 3:15 * 3 + 3] == [192, 128, 128]  # VOC's colour of a person
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mask.png", "my cat.jpg", "over.png"]


def test_a_bad_photo_does_not_stop_the_others(tmp_path, segkit):
    for name in ("astronaut", "rocket"):
        Image.fromarray(photos.sample(name)).save(tmp_path / f"{name}.png")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not looked at")
    out = tmp_path / "masks"
    status, output, error = segkit("segment", tmp_path, "--mask", out, "--json")
    assert status == 1
    answers = [json.loads(line) for line in output.splitlines()]
    assert [os.path.basename(a["photo"]) for a in answers] == ["astronaut.png", "rocket.png"]
    assert error.startswith("segkit: ") and "bad.jpg" in error and error.count("\n") == 1
    assert sorted(p.name for p in out.iterdir()) == ["astronaut.png", "rocket.png"]


def test_photos_of_one_name_get_outputs_of_their_own(tmp_path, segkit):
    photo = Image.fromarray(photos.sample("rocket"))
    photo.save(tmp_path / "a.png")
    photo.save(tmp_path / "a.jpg")
    out = tmp_path / "out"
    assert segkit("segment", tmp_path / "a.png", tmp_path / "a.jpg", "--overlay", out)[0] == 0
    assert sorted(p.name for p in out.iterdir()) == ["a.jpg.png", "a.png.png"]


def test_model_may_be_a_file(tmp_path, segkit):
    own = tmp_path / "own.tflite"
    own.write_bytes(models.path(models.default()).read_bytes() + b" ")  # unknown to the catalogue
    answer = json.loads(segkit("segment", "cat", "--model", own, "--json")[1])
    assert answer["model"] == str(own)
    assert answer["classes"][0]["name"] == "cat"  # names come from the label file inside


@pytest.mark.parametrize(("options", "part"), [
    (["--model", "deeplabv33"], "did you mean"),
    (["--model", "missing.tflite"], "there is no file missing.tflite"),
    (["--model", "ssd-mobilenet-v1"], "ssd"),
    (["--runtime", "torch"], "unknown runtime"),
    (["--threads", "0"], "threads"),
    (["--threads", "many"], "many"),
    (["--delegate", "gpu9"], "gpu9"),
    (["--delegate", "./nothing.so"], "nothing.so"),
    (["--fit", "crop"], "stretch or letterbox"),
    (["--mask", "mask.jpg"], "must end in .png"),
    (["--mask", "no/such/folder/m.png"], "there is no folder"),
    (["--overlay", "o.xyz"], "must end in"),
    (["--colour"], "--colour"),
])
def test_wrong_options_give_one_line(options, part, tmp_path, monkeypatch, segkit):
    monkeypatch.chdir(tmp_path)
    assert_one_line_error(segkit("segment", "cat", *options), part)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "part"), [
    ([], "choose a command"), (["dance"], "dance"), (["segment"], "PHOTO"),
])
def test_wrong_commands_give_one_line(arguments, part, segkit):
    assert_one_line_error(segkit(*arguments), part)


def test_a_wrong_command_ends_a_process_the_same_way(segkit):
    answer = in_a_process("dance")
    assert_one_line_error(answer, "dance")
    assert answer == segkit("dance")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_files_that_are_no_pictures_give_one_line(content, tmp_path, segkit):
    bad, out = tmp_path / "bad.jpg", tmp_path / "mask.png"
    bad.write_bytes(content)
    assert_one_line_error(segkit("segment", bad, "--mask", out), "bad.jpg")
    assert not out.exists()


def test_a_photo_is_never_overwritten(tmp_path, segkit):
    photo = tmp_path / "photo.png"
    Image.fromarray(photos.sample("rocket")).save(photo)
    before = photo.read_bytes()
    assert_one_line_error(segkit("segment", photo, "--mask", photo), "overwrite")
    assert photo.read_bytes() == before


def test_a_mask_that_cannot_be_written_leaves_nothing(tmp_path, segkit):
    (tmp_path / "mask.png").mkdir()
    assert_one_line_error(segkit("segment", "cat", "--mask", tmp_path / "mask.png"), "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["mask.png"]


def test_without_a_published_model_one_sentence_says_the_cure(tmp_path, segkit):
    away = {"SEGKIT_MODELS": "", "SEGKIT_CACHE": str(tmp_path)}
    if os.environ.get("SEGKIT_OFFLINE") != "1":
        away |= {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    assert_one_line_error(segkit("segment", "cat", "--model", "deeplabv3", **away), "SEGKIT_MODELS", "deeplabv3.tflite")
    assert list(tmp_path.iterdir()) == []


def test_models_lists_the_whole_catalogue(segkit):
    status, output, error = segkit("models", "--json")
    rows = json.loads(output)
    assert (status, error) == (0, "")
    assert [row["name"] for row in rows] == list(models.catalogue())
    assert all({"task", "bytes", "licence", "here"} <= set(row) for row in rows)
    status, output, error = segkit("models")
    assert status == 0 and len(output.splitlines()) == len(rows)


def test_models_says_which_are_here(tmp_path, segkit):
    rows = json.loads(segkit("models", "--json", SEGKIT_MODELS="",
                             SEGKIT_CACHE=str(tmp_path))[1])
    for row in rows:
        assert row["here"] == (models.DATA / "models" / models.get(row["name"]).file).is_file()


def test_doctor_says_that_all_is_well(segkit):
    status, output, error = segkit("doctor", "--json")
    found = json.loads(output)
    assert (status, error) == (0, "")
    assert found["self_test"]["ok"] and "person" in found["self_test"]["verdict"]
    assert found["cores"]["free"] >= 1 and found["runtimes"]
    for runtime in found["runtimes"]:
        assert set(found["delegates"][runtime]) == {"xnnpack", "none", "reference"}
    status, output, error = segkit("doctor")
    assert status == 0 and "self-test" in output and "works" in output


def test_doctor_without_published_models_says_so_and_is_content(tmp_path, segkit):
    status, output, error = segkit("doctor", SEGKIT_MODELS="", SEGKIT_CACHE=str(tmp_path))
    assert (status, error) == (0, "")
    assert "self-test" in output and "works" in output and re.search(r"deeplabv3 +not here", output)


def test_version_and_help(segkit):
    from segkit import __version__

    assert segkit("--version") == (0, f"segkit {__version__}\n", "")
    for command in ("segment", "models", "doctor"):
        status, output, error = segkit(command, "--help")
        assert (status, error) == (0, "") and "usage:" in output


def test_a_fault_of_our_own_is_one_line_too(monkeypatch, capsys):
    from segkit import __main__
    from segkit.cli import doctor

    monkeypatch.setattr(doctor, "report", lambda: 1 / 0)
    assert __main__.main(["doctor"]) == 2
    output, error = capsys.readouterr()
    assert output == "" and error.startswith("segkit: unexpected ZeroDivisionError")
    assert error.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_output_cut_off_by_its_reader_is_no_error():
    command = f"{sys.executable} -m segkit models | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0" and done.stderr == ""
