"""The one error type of segkit, native libraries' standard error, and where and how files are written."""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from segkit.languages import say

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


def scratch_file():
    """A nameless binary file for reading and writing.

    Where no folder for temporary files can be written to, as on a full or read-only disk, it is
    one that forgets: a lost line of a log is no reason to stop.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")


def user_file(name, variable):
    """Where a file of this user is kept, outside the project; it need not exist yet.

    Args:
        name: of the file in the user's data folder.
        variable: of the environment; what it names goes before.

    Returns:
        pathlib.Path
    """
    if os.environ.get(variable):
        return Path(os.path.expanduser(os.environ[variable]))
    import platformdirs  # takes a while to import

    return Path(platformdirs.user_data_path("segkit", appauthor=False), name)


@contextmanager
def whole_file(path):
    """Write a file whole or not at all: what stood at ``path`` before stays until the new one is complete.

    Args:
        path: where the file goes. A link or a device, as /dev/stdout, is written in place.

    Yields:
        pathlib.Path of a draft beside it, with the same suffix, to be written in the block.

    Raises:
        SegkitError: the block or the renaming raised OSError or ValueError; no draft is left.
    """
    path = Path(path)
    in_place = os.path.islink(path) or os.path.exists(path) and not os.path.isfile(path)
    draft = path if in_place else path.with_name(f".segkit-{os.getpid()}-{path.name}")
    try:
        yield draft
        if not in_place:
            draft.replace(path)
    except (OSError, ValueError) as error:
        raise SegkitError(say("{file} cannot be written: {why}; make room and allow writing there, or name "
                              "another place", file=one_line(path),
                              why=getattr(error, "strerror", None) or error)) from error
    finally:
        if not in_place:
            with suppress(OSError):
                draft.unlink()


@contextmanager
def enough_memory(what):
    """Turn a lack of memory in the block into a SegkitError about ``what``, as "the photo ..."."""
    try:
        yield
    except Exception as error:
        if isinstance(error, MemoryError) or "Insufficient memory" in str(error):  # OpenCV has its own error
            raise SegkitError(say("{what} does not fit into memory; make it smaller, or close other programs",
                                  what=what)) from error
        raise


@contextmanager
def captured_stderr():
    """Catch what C and C++ code writes to standard error.

    LiteRT logs with ``fprintf(stderr, ...)``. In a notebook such lines would
    land in the output of a cell; in a terminal they would stand beside our own
    one-line errors. Yields a list that holds the text as its only item after
    the block.
    """
    text = []
    with _LOCK, scratch_file() as sink:
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
