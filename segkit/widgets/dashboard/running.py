"""A sweep in a thread of its own, so that the kernel and the page go on."""

import threading

from segkit.benchmark import sweep
from segkit.errors import SegkitError, one_line
from segkit.languages import say


class Run(threading.Thread):
    """A running sweep. Only one runs at a time in a kernel: two would disturb each other.

    Args:
        settings: a list of :class:`segkit.benchmark.Setting`.
        options: for :func:`segkit.benchmark.sweep`: "runs" and "seconds".
        tell: a function that takes each :class:`segkit.benchmark.Progress`.
        end: a function that takes the :class:`segkit.benchmark.Report` and "", or None and
            a sentence after an error. Both are called in this thread.

    Attributes:
        cancelled: a threading.Event; set, it stops the sweep within a second or two.
    """

    _current, _lock = None, threading.Lock()

    def __init__(self, settings, options, tell, end):
        super().__init__(name="segkit-benchmark", daemon=True)  # no kernel waits for it at its end
        self._settings, self._options, self._tell, self._end = settings, options, tell, end
        self.cancelled = threading.Event()

    @classmethod
    def current(cls):
        """The run that goes on in this kernel, or None."""
        return cls._current

    def reserve(self):
        """Become the one that runs; call it before start. SegkitError: another run goes on."""
        with Run._lock:
            if Run._current is not None:
                raise SegkitError(say("a dashboard in this notebook is measuring already, and two at once "
                                      "would disturb each other: wait, or press Cancel to stop it"))
            Run._current = self

    def run(self):
        """Measure, and say how it ended: never with an exception that nobody sees."""
        report, problem = None, ""
        try:
            report = sweep(self._settings, **self._options, progress=self._tell,
                           cancel=self.cancelled)
        except SegkitError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the buttons must come back whatever happened
            problem = say("the measurement ended early: {name}: {why}", name=type(error).__name__,
                          why=one_line(error))
        finally:
            Run._current = None
        self._end(report, problem)
