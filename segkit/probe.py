"""A trial in a process of its own, for files that may crash native code.

``python -m segkit.probe JSON`` loads a model, runs it once on zeros and prints
what went wrong, if anything did. Measured on 160 damaged copies of one model:
tflite-runtime died on 45 % of them, LiteRT's interpreter on none.
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

SECONDS = 120  # after which a trial is given up


def try_in_a_process(file, settings):
    """Load and run ``file`` in another process.

    Args:
        file: path of a .tflite file.
        settings: a :class:`segkit.runtime.Settings`.

    Raises:
        SegkitError: the trial failed, crashed or did not end; one line with the cause.
    """
    try:
        key = models.sha256(file)
    except OSError as error:
        raise SegkitError(f"{one_line(file)} cannot be read: {error.strerror}") from error
    problem = _problem(str(Path(file).resolve()), key, json.dumps(asdict(settings)))
    if problem:
        raise SegkitError(problem)


@lru_cache(maxsize=256)
def _problem(file, digest, settings):
    """The trial's one-line problem, or "" (remembered per content, not per name)."""
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        filter(None, [root, os.environ.get("PYTHONPATH")]))}
    try:
        trial = subprocess.run([sys.executable, "-m", "segkit.probe", file, settings],
                               capture_output=True, timeout=SECONDS, env=environment,
                               stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"{file} did not finish one run within {SECONDS} seconds; it is probably damaged"
    if trial.returncode < 0:
        name = signal.Signals(-trial.returncode).name
        return (f"{file} crashes {json.loads(settings)['runtime']} ({name}), so it was not loaded "
                "here; the model or the delegate library is damaged or does not fit")
    if trial.returncode:
        lines = trial.stdout.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"{file} cannot be loaded (exit {trial.returncode})"
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
    """Load and run one model; 0 if that went well, 3 (and one printed line) if not."""
    _limit()
    try:
        session = runtime.load(Path(file), None, None, runtime.Settings(**json.loads(settings)))
        session.run(*(np.zeros(tensor.shape, tensor.dtype) for tensor in session.inputs))
    except SegkitError as error:
        print(error)
        return 3
    except MemoryError:
        print(f"{file} asks for more memory than this machine has; it is probably damaged")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
