"""``segkit teach``: from a scribbled PNG, and from folders of photos with masks; what it refuses."""

import numpy as np
import pytest
from conftest import complaint
from PIL import Image

from segkit import Segmenter, photos
from segkit.__main__ import main
from segkit.errors import SegkitError
from segkit.networks.teaching import many, save_scribbles
from segkit.networks.teaching.outlines import drawn, points


@pytest.fixture
def scribbles(tmp_path):
    return save_scribbles(points(drawn("helmet", "astronaut"), 20), tmp_path / "s.png")


def test_one_photo_with_scribbles_becomes_a_file(tmp_path, scribbles, capsys):
    out = tmp_path / "mine.tflite"
    assert main(["teach", "--name", "helmet", "--photo", "astronaut", "--scribbles", str(scribbles),
                 "--out", str(out), "--background", "rocket", "--alone"]) == 0
    said = capsys.readouterr()
    assert said.err == "" and "learned from 1 photo\n" in said.out and f"{out.stat().st_size:,} bytes" in said.out
    found = Segmenter(out).segment(photos.sample("astronaut")).mask == 1
    truth = drawn("helmet", "astronaut")
    assert (found & truth).sum() / (found | truth).sum() > 0.75


@pytest.mark.parametrize("changes, said", [
    ({"--name": "cat"}, "has a class 'cat' already"),
    ({"--photo": "cat"}, "512 x 512 pixels, but the photo has 451 x 300"),
    ({"--out": "mine.png"}, "must end in .tflite"),
    ({"--out": "no/folder/mine.tflite"}, "there is no folder"),
    ({"--model": "deeplab"}, "cannot be taught"),
    ({"--scribbles": "nothing.png"}, "nothing.png"),
    ({"--resume": None}, "--resume is for folders"),
])
def test_what_is_wrong_is_said_in_one_line(tmp_path, scribbles, capsys, changes, said):
    options = {"--name": "helmet", "--photo": "astronaut", "--scribbles": scribbles, "--out": tmp_path / "mine.tflite",
               "--background": "none"}
    given = [str(part) for pair in {**options, **changes}.items() for part in pair if part is not None]
    assert main(["teach", *given]) == 2
    error = capsys.readouterr().err
    assert error.startswith("segkit: ") and error.count("\n") == 1
    if said != "must end in .tflite":
        assert said in error
    assert not (tmp_path / "mine.tflite").exists()


def test_marks_of_one_kind_are_not_enough(tmp_path, capsys):
    only = np.zeros(photos.sample("astronaut").shape[:2], np.uint8)
    only[400, 400] = 1
    file = save_scribbles(only, tmp_path / "s.png")
    assert main(["teach", "--name", "helmet", "--photo", "astronaut", "--scribbles", str(file), "--out",
                 str(tmp_path / "mine.tflite")]) == 2
    assert "no pixel is marked as helmet" in capsys.readouterr().err


@pytest.fixture
def folders(tmp_path):
    """Six small cut-outs of the astronaut and the whole masks of the flag on them."""
    truth, photo = drawn("flag", "astronaut"), photos.sample("astronaut")
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for number in range(6):
        top, left = 30 * number, 10 * (number % 2)
        cut = (slice(top, top + 320), slice(left, left + 320))
        Image.fromarray(photo[cut]).save(tmp_path / "photos" / f"{number}.jpg")
        save_scribbles((truth[cut] + 1).astype(np.uint8), tmp_path / "masks" / f"{number}.png")
    return tmp_path


def test_folders_are_held_out_interrupted_and_resumed(folders, capsys, monkeypatch):
    out, seen = folders / "flag.tflite", []
    read = many.Teacher.see

    def count(self, photo):
        if not isinstance(photo, np.ndarray):
            if len(seen) == count.stop:
                raise KeyboardInterrupt
            seen.append(photo)
        return read(self, photo)

    command = ["teach", "--name", "flag", "--photo", str(folders / "photos"), "--scribbles", str(folders / "masks"),
               "--out", str(out), "--background", "none"]
    monkeypatch.setattr(many.Teacher, "see", count)
    count.stop = 2
    assert main(command) == 2 and "--resume" in capsys.readouterr().err and not out.exists()
    count.stop = None
    assert main([*command, "--resume"]) == 0
    assert len(seen) == 4 == len(set(seen))  # two of six are held out, two were there before
    said = capsys.readouterr().out
    assert "learned from 4 photos" in said
    assert float(said.split("IoU ")[1].split()[0]) > 0.8 and "on 2 other photos" in said
    assert not (folders / ".flag.features").exists()


def test_a_photo_without_its_mask_is_named(folders):
    (folders / "masks" / "3.png").unlink()
    with pytest.raises(SegkitError) as raised:
        many.pairs(folders / "photos", folders / "masks")
    assert "3.png" in complaint(raised) and "1 of 6" in str(raised.value)
