"""What native libraries write past Python, straight to file descriptor 2."""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager

# One redirection at a time: file descriptor 2 belongs to the whole process.
_LOCK = threading.RLock()


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
