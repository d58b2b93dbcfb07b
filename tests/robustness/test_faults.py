"""The fault table: what can go wrong around segkit, what is done then, and what must be said.

No row may crash, lose a file or leave half of one. On the command line a fault is one line and exit status 2, in Python
a SegkitError. ROWS run a process under a condition, ARRAYS call a function with NaN, ELSEWHERE names the tests that hold
a fault already.
"""

import ast
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import psutil
import pytest
from benchmark.conftest import tiny_content
from conftest import complaint
from PIL import Image
from tiny_models import TinyModel

from segkit import Segmenter, models, photos
from segkit.errors import SegkitError, whole_file
from segkit.masks import bootstrap, boxes, metrics, paint, resize, scores

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="makes the fault as Linux does")

# --- conditions: code that runs before the command line, variables, or a command around it --------

Condition = namedtuple("Condition", "code around variables", defaults=("", (), {}))
LIMIT = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.{}, ({},) * 2)"
HIDE = "import importlib.util as u; find = u.find_spec; u.find_spec = lambda name, *a: None if name in {} else find(name, *a)"
READ_ONLY = ("unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -o remount,ro,bind / && exec "$@"', "sh")
NO_PLACE = {"HOME": "/no/such/home", "TMPDIR": "/no/such/folder"}
ASCII = {"PYTHONIOENCODING": "ascii", "SEGKIT_CACHE": "{out}/Zwischen speicher ä"}
NETWORK_OFF = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

UNDER = {
    "nothing": Condition(),
    "a full disk behind the answer": Condition("import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"),
    "no room for any file": Condition(LIMIT.format("RLIMIT_FSIZE", 0)),
    "a disk that is read-only, all of it": Condition(around=READ_ONLY),
    "a read-only disk, no model": Condition(around=READ_ONLY, variables={"SEGKIT_MODELS": "", **NETWORK_OFF}),
    "no home, no folder for temporary files": Condition(variables=NO_PLACE),
    "a terminal that knows ASCII only": Condition(variables=ASCII),
    "LiteRT absent": Condition(HIDE.format(["ai_edge_litert"])),
    "tflite-runtime absent": Condition(HIDE.format(["tflite_runtime"])),
    "both runtimes absent": Condition(HIDE.format(["ai_edge_litert", "tflite_runtime"])),
    "one core": Condition("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"),
    "512 MiB": Condition(LIMIT.format("RLIMIT_AS", 512 << 20)),
    "200 MB": Condition(LIMIT.format("RLIMIT_AS", 200_000_000)),
}

# --- the table: {out} is an empty folder, {in} one with the files of the fixture `inputs` -----------

ROWS = [  # condition, arguments of segkit, exit status, words that must be said, files that must be there afterwards
    ("a full disk behind the answer", "segment cat", 2, ["No space left on device", "make room"], []),
    ("no room for any file", "segment cat --mask {out}/m.png", 2, ["m.png cannot be written", "name another place"], []),
    ("a disk that is read-only, all of it", "segment {in}/own.tflite.jpg --model {in}/own.tflite", 0, ["litert"], []),
    ("a disk that is read-only, all of it", "segment cat --mask {out}/m.png", 2, ["Read-only", "name another place"], []),
    ("a read-only disk, no model", "segment cat --model deeplabv3", 2, ["Read-only", "Put the file", "SEGKIT_MODELS"], []),
    ("no home, no folder for temporary files", "segment cat --mask {out}/m.png", 0, ["cat"], ["m.png"]),
    ("a terminal that knows ASCII only", "segment '{in}/k ö 写.jpg' --model '{in}/modell ü.tflite' --mask '{out}/maske é ß.png'", 0,
     [r"modell \xfc.tflite on"], ["maske é ß.png"]),
    ("a terminal that knows ASCII only", "segment '{in}/no ö.jpg'", 2, ["there is no file", r"no \xf6.jpg"], []),
    ("LiteRT absent", "segment cat --runtime litert", 2, ["litert", "pip install ai-edge-litert"], []),
    ("tflite-runtime absent", "segment cat --runtime tflite", 2, ["tflite", "pip install tflite-runtime"], []),
    ("tflite-runtime absent", "segment cat", 0, ["on litert"], []),
    ("both runtimes absent", "segment cat", 2, ["pip install ai-edge-litert"], []),
    ("one core", "segment cat rocket --workers 2 --mask {out}/m", 0, ["cat", "rocket"], ["cat.png", "rocket.png"]),
    ("512 MiB", "segment {in}/own.tflite.jpg --model {in}/own.tflite --mask {out}/m.png", 0, ["litert"], ["m.png"]),
    ("512 MiB", "segment {in}/large.png", 2, ["large.png does not fit into memory", "make it smaller"], []),
    ("200 MB", "segment cat", 2, ["free some memory"], []),
    ("nothing", "segment {in}/wide.png --mask {out}/m.png --overlay {out}/o.jpg", 0, ["65000 x 2 pixels"], ["m.png", "o.jpg"]),
    ("nothing", "segment {in}/wide.png --overlay {out}/o.webp", 2, ["at most 16383 pixels", "choose PNG"], []),
    ("nothing", "segment {in}/moving.gif --mask {out}/m.png", 0, ["40 x 30 pixels"], ["m.png"]),
]

ELSEWHERE = {  # the fault: the tests that hold it
    "a disk that fills up during a download": ["models/test_download.py::test_a_full_disk_is_one_line_and_leaves_nothing",
                                               "models/test_download.py::test_a_write_that_finds_no_space_is_one_line"],
    "a cache that may not be written": ["models/test_download.py::test_a_cache_folder_without_write_permission_is_one_line"],
    "no home": ["models/test_models.py::test_a_home_that_does_not_exist_is_no_crash"],
    "two processes and more on one cache": ["models/test_download.py::test_eight_processes_at_once_end_with_one_good_file"],
    "a runtime that is absent, in a sweep": ["benchmark/test_sweep.py::test_a_runtime_that_is_not_installed_is_unavailable"],
    "an interrupt among many photos": ["cli/test_folder.py::test_an_interrupt_stops_the_workers_and_leaves_whole_files",
                                       "cli/test_folder.py::test_resume_does_what_is_left"],
    "an interrupt in a sweep from Python": ["benchmark/test_sweep.py::test_cancel_and_resume"],
    "a bomb of pixels": ["test_photos.py::test_a_bomb_is_refused_with_little_memory"],
    "an animation": ["test_photos.py::test_of_an_animation_the_first_frame_counts"],
    "a zip bomb in a model": ["models/test_models.py::test_labels_that_unpack_to_millions_of_lines_are_left_out"],
    "NaN as a photo": ["test_photos.py::test_an_array_that_is_no_photo_is_one_line"],
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The folder of files that the rows name."""
    folder = tmp_path_factory.mktemp("in put ä")
    cat = Image.fromarray(photos.sample("cat")[::3, ::3])
    for name in ("own.tflite.jpg", "k ö 写.jpg"):
        cat.save(folder / name)
    for name in ("own.tflite", "modell ü.tflite"):  # one that the catalogue does not know is tried in a process of its own
        (folder / name).write_bytes(tiny_content())
    Image.new("1", (11000, 9000)).save(folder / "large.png")  # 12 MB, and 300 MB in colours
    Image.fromarray(np.zeros((2, 65000, 3), np.uint8)).save(folder / "wide.png")
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    return folder


def in_a_process(condition, arguments, out):
    """The command line under a condition: a finished process."""
    if condition.around:
        shutil.which(condition.around[0]) or pytest.skip(f"there is no program {condition.around[0]}")
        if subprocess.run([*condition.around, "true"], capture_output=True).returncode:
            pytest.skip("this system lets us make no read-only view of the disk")
    code = f"{condition.code}\nimport sys; from segkit.__main__ import main; sys.exit(main(sys.argv[1:]))"
    added = {name: value.format(out=out) for name, value in condition.variables.items()}
    return subprocess.run([*condition.around, sys.executable, "-c", code, *arguments], cwd=out, capture_output=True, text=True,
                          timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT), **added})


@linux
@pytest.mark.parametrize("under, command, status, said, files", ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_a_fault_of_the_table(under, command, status, said, files, inputs, tmp_path):
    arguments = [part.format(**{"in": inputs, "out": tmp_path}) for part in shlex.split(command)]
    done = in_a_process(UNDER[under], arguments, tmp_path)
    assert done.returncode == status, done.stderr
    if status:
        assert done.stdout == "" and done.stderr.startswith("segkit: ") and done.stderr.count("\n") == 1, done.stderr
        assert "unexpected" not in done.stderr
    for words in said:
        assert words in done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)  # no draft, nothing lost


def installed():
    from segkit.runtime import runtimes

    return runtimes()


def test_every_condition_is_in_the_table():
    assert {row[0] for row in ROWS} == set(UNDER)


@pytest.mark.parametrize("fault", ELSEWHERE)
def test_a_fault_that_another_test_holds(fault):
    for place in ELSEWHERE[fault]:
        file, _, name = place.partition("::")
        names = {node.name for node in ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8")).body
                 if isinstance(node, ast.FunctionDef)}
        assert name in names, f"{place} is gone: {fault}"


# --- NaN ------------------------------------------------------------------------------

NAN, COUNTS = np.full((8, 8), np.nan), np.full((3, 3), np.nan)
MASK, PHOTO = np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8)
ARRAYS = {
    "segment": (lambda: Segmenter("deeplab", threads=1).segment(np.full((8, 8, 3), np.nan)), "outside 0 to 1"),
    "mean": (lambda: Segmenter("deeplab", threads=1, mean=np.nan), "finite number"),
    "std": (lambda: Segmenter("deeplab", threads=1, std=np.inf), "finite number"),
    "scores": (lambda: scores.class_map(np.full((8, 8, 3), np.nan)), "the scores hold NaN"),
    "one score": (lambda: scores.Argmax((3, 3))(np.where(np.arange(243).reshape(9, 9, 3) == 100, np.nan, 1.0)), "hold NaN"),
    "true mask": (lambda: metrics.confusion_matrix(NAN, MASK), "class indices"),
    "predicted mask": (lambda: metrics.summary(MASK, NAN), "class indices"),
    "matrix": (lambda: metrics.mean_iou(COUNTS), "holds NaN"),
    "accuracy": (lambda: metrics.pixel_accuracy(COUNTS), "holds NaN"),
    "a distance": (lambda: metrics.dilate(MASK, np.nan), "0 or more"),
    "matrices of photos": (lambda: bootstrap.estimate(COUNTS[None]), "hold NaN"),
    "painted mask": (lambda: paint.paint(PHOTO, NAN), "give uint8"),
    "painted photo": (lambda: paint.paint(np.full((8, 8, 3), np.nan), MASK), "give uint8"),
    "opacity": (lambda: paint.paint(PHOTO, MASK, np.nan), "between 0 and 1"),
    "boxes": (lambda: boxes.mask_boxes(NAN, [1]), "no cell"),
    "part of a mask": (lambda: resize.resize_nearest(MASK, 4, 4, (np.nan, 0, 1, 1)), "finite"),
}


@pytest.mark.parametrize("where", ARRAYS)
def test_nan_is_one_line(where):
    call, words = ARRAYS[where]
    with pytest.raises(SegkitError) as raised:
        call()
    assert words in complaint(raised)


def test_a_model_with_weights_that_are_no_numbers_is_one_line(tmp_path):
    """Without a word, every pixel of such a mask would be background."""
    model = TinyModel()
    photo, weights = model.input((1, 8, 8, 3)), model.constant(np.full((1, 1, 1, 3), np.nan, np.float32))
    (tmp_path / "nan.tflite").write_bytes(model.build(model.operator("ADD", [photo, weights], (1, 8, 8, 3))))
    with pytest.raises(SegkitError) as raised:
        Segmenter(tmp_path / "nan.tflite").segment(photos.sample("cat"))
    assert "hold NaN" in complaint(raised)


# --- files --------------------------------------------------------------------------------


def test_a_result_stays_where_a_newer_one_finds_no_room(run_python, tmp_path):
    """--resume FILE --json FILE: the old result must not go before the new one is there."""
    (tmp_path / "r.json").write_text("the old one")
    done = run_python("from segkit.benchmark.results import Report; from segkit.errors import SegkitError\n"
                      + LIMIT.format("RLIMIT_FSIZE", 1) + "\nfor write in (Report.to_json, Report.to_csv):\n"
                      "    try: write(Report({}, [], {}), 'r.json')\n    except SegkitError as error: print(error)")
    assert done.stdout.count("r.json cannot be written: File too large") == 2 and done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"] and (tmp_path / "r.json").read_text() == "the old one"


@linux
def test_links_and_devices_are_written_in_place(tmp_path):
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in (tmp_path / "link", "/dev/null"):
        with whole_file(name) as draft:
            assert draft == Path(name)  # else /dev/null would become a file
            draft.write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"


@linux
def test_an_interrupted_sweep_goes_on(tmp_path):
    (tmp_path / "tiny.tflite").write_bytes(tiny_content())
    name = next(iter(installed()))
    command = [sys.executable, "-m", "segkit", "benchmark", "--model", "tiny.tflite", "--runtime", name, "--delegate", "none",
               "--threads", "1", "--runs", "6", "--json", "r.json"]
    options = {"cwd": tmp_path, "text": True, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    end = time.monotonic() + 60
    while not psutil.Process(run.pid).children() and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGINT)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 2 and error.splitlines() == ["segkit: stopped; --resume r.json goes on from here"]
    assert json.loads((tmp_path / "r.json").read_text())["complete"] is False
    again = subprocess.run([*command, "--resume", "r.json"], capture_output=True, timeout=120, **options)
    assert again.returncode == 0, again.stderr
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["complete"] and len(result["settings"][0]["runs_ms"]) == 6


@pytest.mark.parametrize("packing, many", [(zipfile.ZIP_BZIP2, 1), (zipfile.ZIP_LZMA, 1), (zipfile.ZIP_DEFLATED, 40)],
                         ids=["bzip2", "lzma", "40 files"])
def test_label_files_that_unpack_to_much_are_left_out(packing, many, tmp_path):
    """Python unpacks bzip2 and LZMA whole, whatever size the archive gives; and many small files are much as well."""
    with zipfile.ZipFile(tmp_path / "bomb.tflite", "w", packing) as archive:
        for number in range(many):
            archive.writestr(f"{number}.txt", b"\n" * (30_000_000 if many == 1 else 500_000))
    content = (tmp_path / "bomb.tflite").read_bytes().replace((30_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    (tmp_path / "bomb.tflite").write_bytes(content)  # it claims 1000 bytes
    tracemalloc.start()
    try:
        assert models.label_files(tmp_path / "bomb.tflite") == {} and len(content) < 100_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_cache_of_any_name_is_used(offer, monkeypatch, tmp_path):
    offer(b"a model", "http://127.0.0.1:9/tiny.tflite")
    cache = tmp_path / "Zwischen speicher ä 写 %20'"
    cache.mkdir()
    (cache / "tiny.tflite").write_bytes(b"a model")
    monkeypatch.setenv("SEGKIT_CACHE", str(cache))
    assert models.path("tiny") == cache / "tiny.tflite"


def test_a_name_that_is_no_text_is_a_photo(inputs, tmp_path):
    try:
        shutil.copy(inputs / "moving.gif", os.fsencode(tmp_path) + b"/not \xff utf-8.gif")
    except OSError:
        pytest.skip("this system wants names that are text")
    done = in_a_process(UNDER["a terminal that knows ASCII only"], ["segment", str(next(tmp_path.iterdir()))], tmp_path)
    assert done.returncode == 0 and r"not \udcff utf-8.gif: 40 x 30 pixels" in done.stdout, done.stderr


def test_figures_need_no_font_of_the_system(monkeypatch, recwarn, caplog):
    import matplotlib
    from matplotlib import font_manager

    from segkit import plots

    fonts = font_manager.fontManager
    own = [font for font in fonts.ttflist if font.fname.startswith(matplotlib.get_data_path())]
    assert own
    monkeypatch.setattr(fonts, "ttflist", own)
    picture = plots.result(Segmenter("deeplab", threads=1).segment(photos.sample("cat")))
    assert picture.png and not caplog.records
    assert [str(said.message) for said in recwarn] == []
