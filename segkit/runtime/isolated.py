"""A process of its own for what may crash, hang or ask for too much memory: foreign files.

The pipe is ``multiprocessing``'s, the process is a plain Python. Its "spawn" would run the
caller's script once more where that has no ``if __name__ == "__main__"``, does not start inside a
worker of a Pool, and cannot set a variable that the dynamic loader reads before Python begins;
tests/runtime/test_isolated.py holds all three. An answer comes back pickled: the process guards
against crashes, and it is no wall against an enemy, since it runs as the same user.
"""

import os
import signal
import subprocess
import sys
from importlib import import_module
from multiprocessing import Pipe, connection
from time import monotonic

from segkit.errors import SegkitError, one_line, scratch_file

_START = ("import sys; sys.path[:] = {path!r}; from segkit.runtime.isolated import _serve; "
          "_serve({handle}, {target!r})")


class Gone(Exception):
    """The process gave no answer; it is closed.

    Attributes:
        status: "refused" or "unavailable" (it said so), or "failed".
        reason: one sentence.
        end: how it ended: "SIGSEGV", "exit 3", or "late" where it was stopped; None where it
            could still say what was wrong.
    """

    def __init__(self, status, reason, end=None):
        super().__init__(reason)
        self.status, self.reason, self.end = status, reason, end


class Cancelled(Exception):
    """The caller does not want to wait any longer."""


class Unavailable(SegkitError):
    """Something is missing on this machine; the message says what and how to get it."""

    status = "unavailable"


class Isolated:
    """A process in which an object lives, whose methods can be called from here.

    Close it, or use it in a ``with`` statement.

    Args:
        target: "module:class" of the object; it is made without arguments.
        environment: variables that the process gets in addition.
        cancelled: a function that says whether to stop waiting.

    Attributes:
        pid: the process's number.
        words: what it wrote to file descriptors 1 and 2; known after closing.
    """

    def __init__(self, target, environment=None, cancelled=lambda: False):
        self._cancelled, self.words = cancelled, ""
        self._log = scratch_file()  # lives as long as the process
        self._pipe, there = Pipe()
        handle = there.fileno()
        alone = {"start_new_session": True, "pass_fds": [handle]}  # Ctrl+C is the caller's alone
        if os.name == "nt":
            os.set_handle_inheritable(handle, True)
            alone = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP,
                     "startupinfo": subprocess.STARTUPINFO(
                         lpAttributeList={"handle_list": [handle]})}
        code = _START.format(path=sys.path, handle=handle, target=target)
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, **alone)
        there.close()  # so that the pipe ends with the process
        self.pid = self._process.pid

    def ask(self, do, timeout, **values):
        """What the object's method ``do`` returns.

        Args:
            do: the method's name; ``values`` are its arguments.
            timeout: seconds to wait.

        Raises:
            Gone: the method raised, the process crashed, or it did not answer in time.
            Cancelled: the caller's wish came first.
        """
        self.post(do, **values)
        return self.answer(timeout)

    def post(self, do, **values):
        """Send the question of :meth:`ask` and do not wait. Several may be sent before they are answered."""
        try:
            self._pipe.send((do, values))
        except OSError:
            raise self._died() from None

    def answer(self, timeout):
        """The answer to the question that was sent first, of those without one; as :meth:`ask`."""
        try:
            self._wait(timeout)
            status, answer = self._pipe.recv()
        except (EOFError, OSError):
            raise self._died() from None
        if status != "ok":
            self.close()
            raise Gone(status, answer)
        return answer

    def _wait(self, timeout):
        end = monotonic() + timeout
        while not self._pipe.poll(max(0.0, min(0.1, end - monotonic()))):
            if self._cancelled():
                raise Cancelled
            if monotonic() >= end:
                self.close()
                raise Gone("failed", f"did not answer within {timeout:g} s", "late")

    def _died(self):
        code = self._process.wait()
        self.close()
        try:
            end = signal.Signals(-code).name if code < 0 else f"exit {code}"
        except ValueError:
            end = f"signal {-code}"
        return Gone("failed", f"the process ended ({end})", end)

    def close(self):
        """End the process, however busy it is, and keep what it has written."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._pipe.close()
        if not self._log.closed:  # only now: both processes share one position in this file
            self._log.seek(0)
            self.words = self._log.read().decode("utf-8", "replace")
            self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def with_answers(processes):
    """Wait until some of several :class:`Isolated` have an answer, or have ended; a list of these."""
    owners = {process._pipe: process for process in processes}
    return [owners[pipe] for pipe in connection.wait(list(owners))]


def limit_memory():
    """In the process: no more memory than the machine has. A damaged size may ask for any."""
    if sys.platform == "linux":
        import resource

        import psutil

        most, (soft, hard) = psutil.virtual_memory().total, resource.getrlimit(resource.RLIMIT_AS)
        allowed = [most, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_AS, (min(allowed), min(allowed)))


def _serve(handle, target):
    """Be the process: answer until the caller is gone."""
    pipe = getattr(connection, "PipeConnection" if os.name == "nt" else "Connection")(handle)
    sys.unraisablehook = lambda _: None  # a delegate that failed complains when it is deleted
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no file beside the reader's notebooks
    except ImportError:  # Windows writes none
        pass
    module, _, name = target.partition(":")
    served = getattr(import_module(module), name)()
    try:
        while True:
            do, values = pipe.recv()
            pipe.send(_answer(served, do, values))
    except (EOFError, OSError):
        os._exit(0)  # unloading a damaged model or a broken driver may crash: nobody needs it


def _answer(served, do, values):
    """("ok", what the method returned), or (status, one line that says what went wrong)."""
    try:
        return "ok", getattr(served, do)(**values)
    except SegkitError as error:
        return getattr(error, "status", "refused"), str(error)
    except MemoryError:
        return "failed", "asks for more memory than this machine has"
    except Exception as error:  # noqa: BLE001 - of a damaged file anything can come
        return "failed", f"{type(error).__name__}: {one_line(error)}"
