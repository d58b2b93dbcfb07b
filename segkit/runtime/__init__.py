"""A .tflite file -> Session, on LiteRT or tflite-runtime; the trial of a file that may crash."""

from segkit.runtime.session import Applied, Asked, Session, TensorInfo, load, open_session
from segkit.runtime.settings import (
    DELEGATES,
    RUNTIMES,
    Settings,
    allowed_cores,
    checked_delegate,
    checked_runtime,
    checked_threads,
    free_cores,
    instructions,
    runtimes,
    working_threads,
)

__all__ = ["Applied", "Asked", "DELEGATES", "RUNTIMES", "Session", "Settings", "TensorInfo",
           "allowed_cores", "checked_delegate", "checked_runtime", "checked_threads", "free_cores",
           "instructions", "load", "open_session", "runtimes", "working_threads"]
