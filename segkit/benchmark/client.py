"""The caller's side of a worker: ask it, wait no longer than agreed, learn how it died."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import monotonic

from segkit.errors import one_line

ROOT = str(Path(__file__).resolve().parents[2])


class Gone(Exception):
    """A setting that cannot be measured (any further): its status and the reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


class Cancelled(Exception):
    """The caller does not want to wait any longer."""


class Client:
    """A worker process. Close it, or use it in a ``with`` statement.

    Attributes:
        pid: the process's number.
        words: what native code wrote to file descriptors 1 and 2; known after closing.

    Args:
        environment: variables that the worker gets in addition.
        cancelled: a function that says whether to stop waiting.
    """

    def __init__(self, environment=None, cancelled=lambda: False):
        self._cancelled = cancelled
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        variables = {**os.environ, **(environment or {}), "PYTHONIOENCODING": "utf-8",
                     "PYTHONPATH": os.pathsep.join(
                         filter(None, [ROOT, os.environ.get("PYTHONPATH")]))}
        alone = ({"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt"
                 else {"start_new_session": True})  # Ctrl+C is the caller's alone
        self._process = subprocess.Popen(
            [sys.executable, "-m", "segkit.benchmark.worker"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._log, env=variables, encoding="utf-8", **alone)
        self.pid = self._process.pid
        self.words = ""
        self._lines = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)  # the worker is gone

    def ask(self, do, timeout, **values):
        """The answer to a request.

        Args:
            do: a method of :class:`segkit.benchmark.worker.Worker`; ``values`` its arguments.
            timeout: seconds to wait.

        Raises:
            Gone: the worker refused, crashed, or did not answer in time; it is closed then.
            Cancelled: the caller's wish came first.
        """
        try:
            self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
            self._process.stdin.flush()
            line = self._wait(timeout)
        except OSError:  # it died before it could read
            line = None
        except queue.Empty:
            self.close()
            raise Gone("failed", self._with_words(
                f"did not answer within {timeout:g} s ({STEPS[do]}), so it was stopped")) from None
        if line is None:
            self._died(do)
        answer = json.loads(line)
        if "reason" in answer:
            self.close()
            raise Gone(answer["status"], self._with_words(answer["reason"]))
        return answer

    def _wait(self, timeout):
        end = monotonic() + timeout
        while True:
            try:
                return self._lines.get(timeout=max(0.0, min(0.1, end - monotonic())))
            except queue.Empty:
                if self._cancelled():
                    raise Cancelled from None
                if monotonic() >= end:
                    raise

    def _died(self, do):
        code = self._process.wait()
        self.close()
        try:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
        except ValueError:
            how = f"was killed by signal {-code}"
        raise Gone("failed", self._with_words(f"the process ended {STEPS[do]} ({how})"))

    def _with_words(self, reason):
        words = native_words(self.words)
        return one_line(f"{reason}; the library says: {words}" if words else reason, 600)

    def close(self):
        """End the worker, however busy it is, and keep what its native code has written."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        _quietly(self._process.stdin.close)
        self._listener.join()
        self._process.stdout.close()
        if not self._log.closed:  # only now: both processes share one position in this file
            self._log.seek(0)
            self.words = self._log.read().decode("utf-8", "replace")
            self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


STEPS = {"load": "while it loaded the model", "first": "in the first run",
         "time": "in the timed runs", "output": "while it handed over its answer",
         "doubt": "while it was checked for a fall-back"}
# Lines of a log that inform, and marks at the start of the others that say nothing to a reader.
_NOISE = re.compile(r"^(INFO|VERBOSE|I\d{4}|WARNING: Logging before|=== Source|\s*at |\s*$)|"
                    r"npu_registry|[Pp]lugin")
_MARK = re.compile(r"^[EW]\d{4} [\d:.]+ +\d+ ")


def native_words(text, limit=300):
    """The last lines of a native library's log that are more than mere information."""
    lines = [_MARK.sub("", line.strip()) for line in text.splitlines() if not _NOISE.search(line)]
    return one_line(" ".join(list(dict.fromkeys(lines))[-4:]), limit)


def _quietly(close):
    """Close a pipe to a process that may be gone."""
    try:
        close()
    except OSError:
        pass
