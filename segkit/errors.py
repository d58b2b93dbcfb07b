"""The one error type of segkit, and what native libraries write to standard error."""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager

# One redirection at a time: file descriptor 2 belongs to the whole process.
_LOCK = threading.RLock()


class SegkitError(Exception):
    """Something a person can mend: a bad file, a wrong value, a missing model.

    The message is one line. It says what was wrong, with which file or value,
    and what to do next. The command line prints it and exits with 2.
    """

    def __init__(self, message):
        super().__init__(one_line(message, 1000))


def one_line(text, limit=300):
    """Join the lines of ``text`` (str or exception) into one, at most ``limit`` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


@contextmanager
def captured_stderr():
    """Catch what C and C++ code writes to standard error.

    LiteRT logs with ``fprintf(stderr, ...)``. In a notebook such lines would
    land in the output of a cell; in a terminal they would stand beside our own
    one-line errors. Yields a list that holds the text as its only item after
    the block.
    """
    text = []
    with _LOCK, tempfile.TemporaryFile() as sink:
        try:
            sys.stderr.flush()
            keep = os.dup(2)
        except (OSError, ValueError, AttributeError):
            yield text  # no standard error at all, as in a windowed Python
            text.append("")
            return
        try:
            os.dup2(sink.fileno(), 2)
            yield text
        finally:
            os.dup2(keep, 2)
            os.close(keep)
            sink.seek(0)
            text.append(sink.read().decode("utf-8", "replace"))
