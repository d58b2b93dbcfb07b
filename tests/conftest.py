"""What several test modules share: models, an empty cache, Hypothesis' settings, and who runs what at the same time."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis.configuration
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run, and nothing left behind in the clone. To look for new ones:
# HYPOTHESIS_PROFILE=search make test ARGS="-k photos"
hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "segkit-hypothesis")
_COMMON = {"database": None, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("repeatable", derandomize=True, max_examples=60, **_COMMON)
settings.register_profile("search", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


# English, whatever the language of this machine; a test of another one says so itself.
os.environ["SEGKIT_LANG"] = "en"
# The same default model on every processor; tests/models tests the choice itself.
os.environ["SEGKIT_DEFAULT"] = "deeplab"
# No rows of a reader's phone in the tables, and none of ours in the reader's.
os.environ["SEGKIT_PHONES"] = str(Path(tempfile.gettempdir(), "segkit-tests-no-phones", "rows.jsonl"))
# The right answers of the tests are not the reader's. Each worker has a file of its own, which goes with it.
_PROGRESS = tempfile.mkdtemp(prefix="segkit-tests-progress-")
atexit.register(shutil.rmtree, _PROGRESS, ignore_errors=True)
os.environ["SEGKIT_PROGRESS"] = str(Path(_PROGRESS, "progress.jsonl"))

# What `make quick` leaves out: whole folders and files of tests, and the lessons. Longest first: `make test` begins
# with them, so that at the end no worker waits long for another. What opens the same notebook stands together.
SLOW = ("tests/browser/test_explorers.py", "tests/browser/test_lesson_03", "tests/browser/", "notebooks/",
        "tests/notebooks/test_without_model.py", "tests/notebooks/test_nbval.py",
        "tests/notebooks/test_in_languages.py", "tests/notebooks/test_lessons_tool.py",
        "tests/notebooks/test_translations.py", "tests/notebooks/test_languages_tool.py", "tests/robustness/",
        "tests/benchmark/test_damaged.py",
        "tests/benchmark/test_sweep.py", "tests/benchmark/test_machine.py", "tests/widgets/test_dashboard.py",
        "tests/models/test_shipped_models.py", "tests/widgets/", "tests/lessons/lesson", "tests/cli/test_folder.py",
        "tests/cli/test_teach.py", "tests/networks/teaching", "tests/networks/test_segmenter.py", "tests/runtime/",
        "tests/graph/test_graph.py", "tests/models/test_download.py", "tests/benchmark/test_command.py",
        "tests/benchmark/test_compare.py", "tests/benchmark/test_gpu.py", "tests/benchmark/test_official.py",
        "tests/benchmark/test_operators.py", "tests/benchmark/test_phone", "tests/plots/", "tests/test_offline_kit.py")


def pytest_collection_modifyitems(items):
    def place(item):
        file = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
        return next((number for number, slow in enumerate(SLOW) if file.startswith(slow)), len(SLOW))

    items.sort(key=place)
    for item in items:
        if place(item) < len(SLOW):
            item.add_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One worker more than there are cores, because the tests in a browser mostly wait; at most 8."""
    from segkit.runtime import allowed_cores

    return min(8, allowed_cores() + 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker runs a whole file, because its tests share fixtures; files that share a JupyterLab go together."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            if "in_languages" in file:  # lessons in many languages, which share nothing
                return nodeid
            return "browser" if "browser/" in file and "phone" not in file else file

    return ByFile(config, log)


@pytest.fixture(scope="session")
def model_path():
    """A function from a model's name to its file; where a published one is not here the test skips."""
    from segkit import models

    def find(name):
        file, damaged = models.find(name)
        if file is None:
            wrong = f" ({', '.join(map(str, damaged))} is damaged)" if damaged else ""
            if not models.get(name).urls:
                pytest.fail(f"the model {name} comes with the project and is not here{wrong}")
            pytest.skip(f"the model {name} is not here{wrong}: put {models.get(name).file} into a "
                        "folder named in SEGKIT_MODELS")
        return file

    return find


@pytest.fixture(params=["litert", "tflite"])
def runtime_name(request):
    """Each runtime in turn; the test skips where it is not installed."""
    from segkit import runtime

    if request.param not in runtime.runtimes():
        pytest.skip(f"the runtime {request.param} is not installed")
    return request.param


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """In tests of lessons and widgets, which read words, a single pixel stands for each figure.

    A test that looks at figures is marked "drawn". All are drawn when the lessons run, and in the browser.
    """
    words_only = any(request.path.is_relative_to(ROOT / "tests" / name) for name in ("lessons", "widgets"))
    if words_only and not request.node.get_closest_marker("drawn"):
        from matplotlib.figure import Figure
        from PIL import Image

        monkeypatch.setattr(Figure, "savefig", lambda self, file, **_: Image.new("RGB", (1, 1)).save(file, "PNG"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and no other folder in which a model could be found."""
    from segkit.models import entries

    catalogue = (entries.DATA / "models" / "catalogue.json").read_bytes()
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / "catalogue.json").write_bytes(catalogue)
    monkeypatch.setattr(entries, "DATA", tmp_path / "data")
    monkeypatch.setenv("SEGKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEGKIT_MODELS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def offer(cache):
    """A function that replaces the catalogue by one small model: offer(content, urls)."""
    import hashlib

    from segkit import models
    from segkit.models import entries

    def put(content, *urls):
        entry = {"name": "tiny", "file": "tiny.tflite", "task": "segment", "about": "a test",
                 "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
                 "licence": "Apache-2.0", "source": "https://example.org/tiny", "urls": urls,
                 "input": {"height": 8, "width": 8, "dtype": "float32", "mean": 0, "std": 1},
                 "output": "logits", "labels": "pascal-voc"}
        file = entries.DATA / "models" / "catalogue.json"
        file.write_text(json.dumps({"default": "tiny", "models": [entry]}))
        entries.read.cache_clear()
        return models.get("tiny")

    yield put
    entries.read.cache_clear()


@pytest.fixture
def run_python(tmp_path):
    """A function that runs Python code in a process of its own, in an empty folder."""
    def run(code, *arguments, **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 120, **options}
        return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], **options)

    return run


def complaint(raised):
    """The message of a SegkitError that pytest.raises caught; it must be one line."""
    message = str(raised.value)
    assert message and message == " ".join(message.splitlines()), message
    return message
