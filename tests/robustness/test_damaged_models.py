"""300 damaged models: each becomes a session or one line, and none takes the caller with it."""

import json

import pytest
from robustness.damage import damaged

MODEL = "mobilenet-v1-025"  # the smallest one: quick to load

# One process loads many files, as a lesson would, and says after each what came of it.
LOAD = """
import json, sys, warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from segkit import open_session, runtime
from segkit.runtime import settings, trial
from segkit.errors import SegkitError

how, name = sys.argv[1:3]

def outcome(file):
    try:
        if how == "trial":
            session = open_session(file, runtime=name, threads=1)
        else:
            session = runtime.load(Path(file), None, None, settings.Resolved(name, 1, how))
        session.run(*(np.zeros(t.shape, t.dtype) for t in session.inputs))
        return "session", ""
    except SegkitError as error:
        return "SegkitError", str(error)
    except BaseException as error:
        return type(error).__name__, repr(error)

with ThreadPoolExecutor(2 if how == "trial" else 1) as pool:
    files = sys.stdin.read().split()
    if len(files) > 1:
        trial.SECONDS = 5  # some damaged models would compute for ever
    for file, result in zip(files, pool.map(outcome, files)):
        print(json.dumps([file, *result]), flush=True)
"""


def tables(content):
    """The parts of the model's file that are no weights: its head, and the tables around the tensors' names."""
    word = b"MobilenetV1"
    return [(content.index(word) - 500, content.rindex(word) + 500), (0, 64)]


def written(folder, copies):
    """The copies as files: a list of paths."""
    files = []
    for what, content in copies:
        files.append(folder / f"{len(files)}-{what.split()[-1]}.tflite")
        files[-1].write_bytes(content)
    return files


def outcomes(run_python, files, how, runtime):
    """What came of each file, "session" or "SegkitError", until one killed the process: (kinds, exit status)."""
    done = run_python(LOAD, how, runtime, input="\n".join(map(str, files)), timeout=500)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode <= 0, done.stderr
    assert done.stderr == ""
    assert len(results) == len(files) or done.returncode
    for file, kind, message in results:
        assert kind in ("session", "SegkitError"), (file, kind, message)
        if kind == "SegkitError":
            assert message and len(message.splitlines()) == 1 and len(message) < 1500, (file, message)
            assert file.rsplit("/")[-1] in message, message
    return [kind for _, kind, _ in results], done.returncode


@pytest.mark.parametrize("delegate, seed", [("xnnpack", 1003), ("none", 1009)])
def test_of_300_damaged_models_none_kills_the_caller(delegate, seed, model_path, run_python, tmp_path):
    """A trial for each would take minutes. So one process loads them without a trial, which very few
    files kill; those go the whole way, and then the trial must have died in the caller's place."""
    from segkit.runtime.settings import runtimes

    if "litert" not in runtimes():
        pytest.skip("the runtime litert is not installed")
    content = model_path(MODEL).read_bytes()
    files = written(tmp_path, damaged(content, 150, seed, tables(content)))
    kinds, deadly, rest = [], [], files
    while rest:
        some, status = outcomes(run_python, rest, delegate, "litert")
        kinds += some
        if status:
            deadly.append(rest[len(some)])
        rest = rest[len(some) + bool(status):]
    assert len(kinds) + len(deadly) == 150 and len(deadly) < 15
    assert kinds.count("SegkitError") > 40 and kinds.count("session") > 10  # the damage is neither nothing nor all
    if deadly:
        assert outcomes(run_python, deadly, "trial", "litert")[1] == 0


def test_damaged_models_are_tried_in_a_process_of_their_own(runtime_name, model_path, run_python, tmp_path):
    """The whole way, which must hold for tflite-runtime too: many of these files crash it."""
    content = model_path(MODEL).read_bytes()
    files = written(tmp_path, damaged(content, {"litert": 8, "tflite": 40}[runtime_name], 3, tables(content)))
    kinds, status = outcomes(run_python, files, "trial", runtime_name)
    assert status == 0, f"killed by {files[len(kinds)].name}"
    assert kinds.count("SegkitError") >= len(files) // 4


def test_an_undamaged_copy_becomes_a_session_each_way(model_path, runtime_name, run_python, tmp_path):
    content = model_path(MODEL).read_bytes() + b"!"
    for how in ("trial", "xnnpack", "none"):
        (file,) = written(tmp_path, [("0: none", content)])
        assert outcomes(run_python, [file], how, runtime_name) == (["session"], 0)
