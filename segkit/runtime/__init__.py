"""A .tflite file -> Session, on LiteRT or tflite-runtime; the trial of a file that may crash."""

from segkit import lazily
from segkit.runtime.opening import open_session
from segkit.runtime.session import Applied, Asked, Session, TensorInfo, load
from segkit.runtime.settings import (
    DELEGATES,
    RUNTIMES,
    Resolved,
    allowed_cores,
    checked_delegate,
    checked_runtime,
    checked_threads,
    free_cores,
    instructions,
    runtimes,
    working_threads,
)

__all__ = ["Applied", "Asked", "DELEGATES", "RUNTIMES", "Session", "Resolved", "TensorInfo",
           "allowed_cores", "checked_delegate", "checked_runtime", "checked_threads", "free_cores",
           "instructions", "load", "open_session", "runtimes", "working_threads"]
__getattr__, __dir__ = lazily(__name__, __path__)
