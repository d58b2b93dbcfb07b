"""Folders of photos: all cores, the photos' order, resume, broken files, formats of the overlay."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from segkit import photos
from segkit.__main__ import main
from segkit.cli import folder
from segkit.errors import SegkitError

NAMES = [f"{number:02}" for number in range(6)]


@pytest.fixture
def album(tmp_path):
    """A folder of six small photos; the third is damaged."""
    place = tmp_path / "album"
    place.mkdir()
    for name in NAMES:
        Image.fromarray(photos.sample("cat")[::4, ::4]).save(place / f"{name}.jpg")
    (place / "02.jpg").write_bytes((place / "03.jpg").read_bytes()[:200])
    return place


def segkit(capfd, *arguments):
    status = main(["segment", *map(str, arguments)])
    return status, *capfd.readouterr()


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_order_and_a_broken_photo_is_one_line(album, tmp_path, capfd, workers):
    out = tmp_path / "out"
    status, output, error = segkit(capfd, album, "--mask", out, "--json", "--workers", workers)
    found = [os.path.basename(json.loads(line)["photo"]) for line in output.splitlines()]
    assert status == 1 and found == ["00.jpg", "01.jpg", "03.jpg", "04.jpg", "05.jpg"]
    assert error.count("\n") == 1 and error.startswith("segkit: ") and "02.jpg" in error
    assert sorted(p.name for p in out.iterdir()) == [f"{name}.png" for name in NAMES if name != "02"]


def test_workers_give_the_masks_of_one_process(album, tmp_path, capfd):
    for workers in (1, 2):
        segkit(capfd, album, "--mask", tmp_path / str(workers), "--workers", workers, "--threads", 1)
    for file in (tmp_path / "1").iterdir():
        assert file.read_bytes() == (tmp_path / "2" / file.name).read_bytes()


def test_the_process_that_hands_out_the_photos_starts_without_numpy(album):
    code = ("import sys; from segkit.__main__ import main; "
            f"print(main(['segment', {str(album)!r}, '--workers', '2']), 'numpy' in sys.modules, 'cv2' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "1 False False" and done.stdout.count("\n") == 6


def test_a_worker_that_ends_by_itself_is_one_line_and_no_endless_wait(monkeypatch):
    monkeypatch.setattr(folder, "WORKER", "runtime.stand_ins:Leaves")
    with pytest.raises(SegkitError, match=r"exit 3.*--resume and --workers 1"):
        list(folder.run(list("abcdefgh"), {}, as_json=False, workers=2))


@pytest.mark.parametrize("ending, kind", [("jpg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")])
def test_the_format_of_overlays(album, tmp_path, capfd, ending, kind):
    out = tmp_path / "over"
    segkit(capfd, album, "--overlay", out, "--overlay-format", ending)
    with Image.open(out / f"00.{ending}") as image:
        assert image.format == kind and image.size == (113, 75)


def test_resume_does_what_is_left(album, tmp_path, capfd):
    out = tmp_path / "out"
    segkit(capfd, album, "--mask", out)
    kept = (out / "00.png").stat().st_mtime_ns
    (out / "04.png").unlink()
    os.utime(album / "05.jpg")  # a newer photo than its mask
    os.utime(out / "05.png", (1, 1))
    status, output, error = segkit(capfd, album, "--mask", out, "--resume")
    assert [line.split(":")[0][-6:] for line in output.splitlines()] == ["04.jpg", "05.jpg"]
    assert error.startswith("3 of 6 photos were done before") and status == 1  # 02 is still broken
    assert (out / "00.png").stat().st_mtime_ns == kept and (out / "04.png").is_file()


def test_an_interrupted_run_is_resumed_with_its_own_settings_only(album, tmp_path):
    jobs = [(album / "00.jpg", {"mask": tmp_path / "out" / "00.png", "overlay": None})]
    folder.stamp(jobs, {"model": "deeplab", "fit": "stretch", "threads": 1})
    assert folder.unfinished(jobs, {"model": "deeplab", "fit": "stretch", "threads": 2}) == jobs
    with pytest.raises(SegkitError, match="made with model deeplab, fit stretch"):
        folder.unfinished(jobs, {"model": "deeplab", "fit": "letterbox"})
    folder.unstamp(jobs)
    assert folder.unfinished(jobs, {"model": "other"}) == jobs and not list((tmp_path / "out").iterdir())


def test_an_interrupt_stops_the_workers_and_leaves_whole_files(tmp_path):
    if sys.platform == "win32":
        pytest.skip("an interrupt is sent in another way on Windows")
    import signal

    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    for number in range(400):
        Image.fromarray(photos.sample("cat")).save(album / f"{number:03}.jpg")
    run = subprocess.Popen(
        [sys.executable, "-m", "segkit", "segment", album, "--mask", out, "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # A shell that runs the tests in the background lets them ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    run.stdout.readline()  # a first photo is done
    os.killpg(run.pid, signal.SIGINT)
    _, error = run.communicate(timeout=120)
    assert run.returncode == 2 and error.strip() == "segkit: stopped"
    assert (out / folder.STAMP).is_file()
    for file in out.glob("*.png"):
        Image.open(file).load()
    assert len(list(out.glob("*.png"))) < 400


@pytest.mark.parametrize("options, part", [
    (["cat", "--resume"], "several photos"), (["cat", "--workers", "2"], "several photos"),
    (["cat", "rocket", "--workers", "0"], "1 or more"), (["cat", "rocket", "--resume"], "--mask or --overlay"),
    (["cat", "rocket", "--workers", "2", "--model", "no-such"], "no-such"),
    (["cat", "--overlay-format", "gif"], "gif"),
])
def test_wrong_options_are_one_line(options, part, capfd):
    status, output, error = segkit(capfd, *options)
    assert status == 2 and output == "" and error.count("\n") == 1 and part in error
