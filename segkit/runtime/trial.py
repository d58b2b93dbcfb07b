"""A trial in a process of its own, for files that may crash native code.

``python -m segkit.runtime.trial FILE JSON`` loads a model, runs it once on zeros and
prints what went wrong, or that it went well. Measured on damaged copies of one
model: tflite-runtime died on 45 % of 160, LiteRT's interpreter on 7 of 1861.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from segkit import models, runtime
from segkit.errors import SegkitError, one_line
from segkit.runtime.settings import DELEGATES

SECONDS = 120  # after which a trial is given up
WENT_WELL, FAILED = "loaded and ran", 3  # a trial's last line, and its exit status
TRIED = "<what was tried>"  # stands in a problem for the names, which are not remembered


def try_in_a_process(file, settings):
    """Load and run ``file`` in another process.

    Args:
        file: path of a .tflite file.
        settings: a :class:`segkit.runtime.settings.Settings`.

    Raises:
        SegkitError: the trial failed, crashed or did not end; one line with the cause.
    """
    library = None if settings.delegate in DELEGATES else settings.delegate
    try:
        key = tuple(models.sha256(part) for part in (file, library) if part)
    except OSError as error:
        raise SegkitError(f"{one_line(error.filename or file)} cannot be read: "
                          f"{error.strerror}") from error
    tried = f"{file} with the delegate {library}" if library else str(file)
    problem = _problem(str(Path(file).resolve()), key, json.dumps(asdict(settings)))
    if problem:
        raise SegkitError(problem.replace(TRIED, tried))


@lru_cache(maxsize=256)
def _problem(file, digests, settings):
    """The trial's problem, or "" (remembered per content, not per name)."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape",
                   "PYTHONPATH": os.pathsep.join(
                       filter(None, [root, os.environ.get("PYTHONPATH")]))}
    try:
        trial = subprocess.run([sys.executable, "-m", "segkit.runtime.trial", file, settings],
                               capture_output=True, timeout=SECONDS, env=environment,
                               stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"{TRIED} did not finish one run within {SECONDS} seconds; it is probably damaged"
    damaged = "the model or the delegate library is damaged or does not fit"
    if trial.returncode < 0:
        name = signal.Signals(-trial.returncode).name
        return (f"{TRIED} crashes {json.loads(settings)['runtime']} ({name}), so it was not "
                f"loaded here; {damaged}")
    lines = trial.stdout.decode("utf-8", "surrogateescape").splitlines()
    if trial.returncode == FAILED and lines:
        return lines[-1]
    if trial.returncode or lines[-1:] != [WENT_WELL]:  # native code may call exit, even with 0
        return f"{TRIED} ended before its trial was over (exit {trial.returncode}); {damaged}"
    return ""


def _limit():
    """No core file, and no more memory than the machine has: a damaged size may ask for it."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    import psutil

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        most = psutil.virtual_memory().total
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(file, settings):
    """Load and run one model; 0 if that went well, else FAILED and a line that says why."""
    _limit()
    try:
        session = runtime.load(Path(file), None, None, runtime.Settings(**json.loads(settings)))
        session.run(*(np.zeros(tensor.shape, tensor.dtype) for tensor in session.inputs))
    except SegkitError as error:
        print(error)
    except MemoryError:
        print(f"{TRIED} asks for more memory than this machine has; it is probably damaged")
    except Exception as error:  # noqa: BLE001 - of a damaged file anything can come
        print(f"{TRIED} cannot be used: {one_line(error)}")
    else:
        print(WENT_WELL)
        return 0
    return FAILED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
