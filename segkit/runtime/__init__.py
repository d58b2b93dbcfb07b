"""A .tflite file -> Session, on LiteRT or tflite-runtime; the trial of a file that may crash.

The names below are loaded on first use: a process of its own, for one, needs no NumPy to be started.
"""

from itertools import chain

from segkit import lazily

_HOMES = {
    "opening": ["open_session"],
    "session": ["Applied", "Asked", "Session", "TensorInfo", "load"],
    "settings": ["DELEGATES", "RUNTIMES", "Resolved", "allowed_cores", "checked_delegate", "checked_runtime",
                 "checked_threads", "free_cores", "instructions", "runtimes", "working_threads"],
}
__all__ = [*chain(*_HOMES.values())]
__getattr__, __dir__ = lazily(__name__, __path__, _HOMES)
