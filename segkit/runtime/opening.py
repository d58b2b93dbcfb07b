"""A .tflite file -> Session: what is asked is checked, a file that may crash is tried first."""

from segkit import models
from segkit.runtime.session import Asked, load
from segkit.runtime.settings import (
    DELEGATES,
    Resolved,
    checked_delegate,
    checked_runtime,
    checked_threads,
)


def open_session(path_or_name, runtime="auto", threads=None, delegate="xnnpack"):
    """Load a model and make it ready to run.

    Args:
        path_or_name: a .tflite file, or a name in the catalogue.
        runtime: "litert", "tflite", or "auto" (LiteRT where it is installed).
        threads: how many CPU threads; None: as many as there are free cores, at most 4.
        delegate: "xnnpack" (fast CPU kernels), "none" (the runtime's built-in
            kernels), "reference" (kernels written for clarity), or the path of
            an external delegate library.

    Returns:
        a :class:`segkit.runtime.Session`.

    Raises:
        SegkitError: a wrong value, a file that is no model, a library that is no
            delegate, a runtime that is not installed; one line with the cause.

    A file that the catalogue does not know, and a delegate library, are first
    tried in a process of their own: native code that crashes takes only that
    process with it.
    """
    asked = Asked(str(path_or_name), str(runtime), threads, str(delegate))
    settings = Resolved(checked_runtime(runtime), checked_threads(threads),
                        checked_delegate(delegate))
    file, model = models.resolve(path_or_name)
    if model is None or settings.delegate not in DELEGATES:
        from segkit.runtime import trial  # what starts processes takes a while to import

        trial.try_in_a_process(file, settings)
    return load(file, model, asked, settings)
