"""Which runtime, how many threads, which delegate: what may be asked, and what is there."""

import os
from dataclasses import dataclass
from importlib import import_module, util
from numbers import Integral
from pathlib import Path

from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.models.processor import instructions  # noqa: F401 - one of the facts of a machine

# name -> (module with the Interpreter class, distribution that brings it)
RUNTIMES = {"litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
            "tflite": ("tflite_runtime.interpreter", "tflite-runtime")}
DELEGATES = ("xnnpack", "none", "reference")
MOST_THREADS = 4


@dataclass(frozen=True)
class Resolved:
    """The settings that are tried: "auto" and None have become a runtime and a number."""

    runtime: str
    threads: int
    delegate: str


def runtimes():
    """The runtimes installed here: a dictionary from name to version."""
    return {name: _version(RUNTIMES[name][1]) for name in installed()}


def installed():
    """The names of the runtimes installed here, the one that "auto" takes first."""
    return [name for name, (module, _) in RUNTIMES.items() if util.find_spec(module.split(".")[0])]


def _version(package):
    from importlib import metadata  # takes a while to import

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # the module came in a package of another name
        return "unknown"


def loaded_version(runtime):
    """The version of a runtime that this process has imported."""
    package = import_module(RUNTIMES[runtime][0].split(".")[0])
    return getattr(package, "__version__", None) or runtimes()[runtime]


def allowed_cores():
    """How many cores this process may use: its affinity, and a container's quota."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    try:  # cgroup v2: "quota period" in microseconds, or "max period"
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):
        return cores


def free_cores():
    """How many of :func:`allowed_cores` nobody keeps busy (at least 1).

    Looks at the whole machine for a tenth of a second.
    """
    import psutil  # takes a while to import

    busy = round(sum(psutil.cpu_percent(interval=0.1, percpu=True)) / 100)
    return max(1, allowed_cores() - busy)


def threads_here():
    """How many threads this process has."""
    import psutil  # takes a while to import

    return psutil.Process().num_threads()


def working_threads(asked, before):
    """How many threads work for a model: the calling one, and those that were started since.

    Args:
        asked: how many were asked for; more are not counted, and for one nobody has to look.
        before: how many :func:`threads_here` were there before the model was loaded or first run.
    """
    return 1 if asked == 1 else min(asked, 1 + max(0, threads_here() - before))


def checked_runtime(runtime):
    """The runtime's name, "auto" resolved. SegkitError: unknown or not installed."""
    here = installed()
    if runtime == "auto" and here:
        return here[0]
    if runtime not in ("auto", *RUNTIMES):
        raise SegkitError(say("unknown runtime {runtime!r}; choose auto, {listed}", runtime=runtime,
                              listed=" or ".join(RUNTIMES)))
    if runtime not in here:
        package = RUNTIMES.get(runtime, RUNTIMES["litert"])[1]
        where = (" (it exists for Linux and Python up to 3.11)" if runtime == "tflite" else "")
        raise SegkitError(say("the runtime {runtime!r} is not installed: pip install {package}{where}",
                              runtime=runtime, package=package, where=where))
    return runtime


def checked_threads(threads):
    """The number of threads, None resolved to free cores. SegkitError: no number from 1 to 1024."""
    if threads is None:
        return min(MOST_THREADS, free_cores())
    if isinstance(threads, bool) or not isinstance(threads, Integral) or threads < 1:
        raise SegkitError(say("threads must be a whole number of at least 1, not {threads!r}", threads=threads))
    if threads > 1024:
        raise SegkitError(say("threads must be at most 1024, not {threads}", threads=threads))
    return int(threads)


def checked_delegate(delegate):
    """A delegate's name or the full path of its library. SegkitError: unknown or missing."""
    if str(delegate) in DELEGATES:
        return str(delegate)
    library = Path(os.path.expanduser(str(delegate)))
    if not library.suffix and len(library.parts) == 1:
        raise SegkitError(say("unknown delegate {delegate!r}; choose {listed} or give the path of a delegate "
                              "library", delegate=str(delegate), listed=", ".join(DELEGATES)))
    try:
        if library.is_file():
            return str(library.resolve())
    except (OSError, ValueError) as error:  # a name that no file can have
        raise SegkitError(say("the delegate library {file} is no usable path: {why}",
                              file=one_line(library), why=one_line(error))) from error
    raise SegkitError(say("there is no delegate library {library}", library=library))
