"""A trial in a process of its own, for model files and delegates that may crash native code.

Measured on damaged copies of one model: tflite-runtime died on 45 % of 160, LiteRT's
interpreter on 7 of 1861.
"""

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from segkit import models
from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.runtime.isolated import Gone, Isolated, limit_memory
from segkit.runtime.session import load
from segkit.runtime.settings import DELEGATES, Resolved

SECONDS = 120  # after which a trial is given up
TRIED = "<what was tried>"  # stands in a problem for the names, which are not remembered
DAMAGED = "the model or the delegate library is damaged or does not fit"


class Trial:
    """What is done in the other process."""

    def run(self, file, settings):
        """Load a model and run it once on zeros.

        Args:
            file: its path, as text.
            settings: a :class:`segkit.runtime.Resolved` as a dictionary.
        """
        limit_memory()
        session = load(Path(file), None, None, Resolved(**settings))
        session.run(*(np.zeros(tensor.shape, tensor.dtype) for tensor in session.inputs))


def try_in_a_process(file, settings, target="segkit.runtime.trial:Trial"):
    """Load and run ``file`` in another process.

    Args:
        file: path of a .tflite file.
        settings: a :class:`segkit.runtime.Resolved`.
        target: the class with the method that runs there.

    Raises:
        SegkitError: the trial failed, crashed or did not end; one line with the cause.
    """
    library = None if settings.delegate in DELEGATES else settings.delegate
    try:
        key = tuple(models.sha256(part) for part in (file, library) if part)
    except OSError as error:
        raise SegkitError(say("{name} cannot be read: {why}",
                              name=one_line(error.filename or file), why=error.strerror)) from error
    tried = f"{file} with the delegate {library}" if library else str(file)
    found = problem(str(Path(file).resolve()), key, settings, target)
    if found:
        raise SegkitError(found.replace(TRIED, tried))


@lru_cache(maxsize=256)
def problem(file, digests, settings, target):
    """A trial's problem, or "" (remembered for the content, which ``digests`` name)."""
    try:
        with Isolated(target) as process:
            process.ask("run", SECONDS, file=file, settings=asdict(settings))
    except Gone as gone:
        if gone.status == "refused":
            return gone.reason
        if gone.end == "late":
            return (f"{TRIED} did not finish one run within {SECONDS} seconds; it is probably "
                    "damaged")
        if gone.end is None:
            return f"{TRIED} {gone.reason}; it is probably damaged"
        if gone.end.startswith("exit"):  # native code may call exit, even with 0
            return f"{TRIED} ended before its trial was over ({gone.end}); {DAMAGED}"
        return (f"{TRIED} crashes {settings.runtime} ({gone.end}), so it was not loaded here; "
                f"{DAMAGED}")
    return ""
