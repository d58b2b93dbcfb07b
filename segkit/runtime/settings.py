"""Which runtime, how many threads, which delegate: what may be asked, and what is there."""

import ctypes
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import numpy as np
import psutil

from segkit.errors import SegkitError, one_line

# name -> (module with the Interpreter class, distribution that brings it)
RUNTIMES = {"litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
            "tflite": ("tflite_runtime.interpreter", "tflite-runtime")}
DELEGATES = ("xnnpack", "none", "reference")
MOST_THREADS = 4
# What multiplies small numbers fast, and how Linux calls it in /proc/cpuinfo.
INSTRUCTIONS = {"avx2": "avx2", "avx512_vnni": "avx512_vnni", "avx_vnni": "avx_vnni",
                "asimddp": "dotprod", "i8mm": "i8mm"}
_APPLE = {"hw.optional.avx2_0": "avx2", "hw.optional.arm.FEAT_DotProd": "dotprod",
          "hw.optional.arm.FEAT_I8MM": "i8mm"}
_WINDOWS = {40: "avx2", 43: "dotprod"}  # PF_AVX2_..., PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE


@dataclass(frozen=True)
class Resolved:
    """The settings that are tried: "auto" and None have become a runtime and a number."""

    runtime: str
    threads: int
    delegate: str


def runtimes():
    """The runtimes installed here: a dictionary from name to version."""
    return {name: _version(package) for name, (module, package) in RUNTIMES.items()
            if util.find_spec(module.split(".")[0])}


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # the module came in a package of another name
        return "unknown"


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
    busy = round(sum(psutil.cpu_percent(interval=0.1, percpu=True)) / 100)
    return max(1, allowed_cores() - busy)


def working_threads(asked, before):
    """How many threads work for a model: the calling one, and those that were started since.

    Args:
        asked: how many were asked for; more are not counted.
        before: how many this process had before the model was loaded or first run.
    """
    return min(asked, 1 + max(0, psutil.Process().num_threads() - before))


def instructions(cpuinfo="/proc/cpuinfo"):
    """Which instructions for many small numbers at once the processor has.

    A model of 8 bits gains most where one instruction multiplies bytes and adds up the products:
    "avx512_vnni" and "avx_vnni" (Intel, AMD), "dotprod" and "i8mm" (Arm). With "avx2" alone the
    bytes are first widened to 16 bits.

    Args:
        cpuinfo: the file in which Linux lists them.

    Returns:
        a tuple of those names, () where it has none of them; None where the system does not tell.
        Windows tells of avx2 and dotprod only.
    """
    if sys.platform == "darwin":
        return tuple(name for key, name in _APPLE.items() if _sysctl(key) == "1")
    if os.name == "nt":
        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return tuple(name for number, name in _WINDOWS.items() if present(number))
    try:
        text = Path(cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    lines = (line.partition(":") for line in text.splitlines())
    flags = next((value.split() for key, _, value in lines
                  if key.strip() in ("flags", "Features")), None)
    return None if flags is None else tuple(
        name for flag, name in INSTRUCTIONS.items() if flag in flags)


def _sysctl(key):
    done = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def checked_runtime(runtime):
    """The runtime's name, "auto" resolved. SegkitError: unknown or not installed."""
    installed = runtimes()
    if runtime == "auto" and installed:
        return next(name for name in RUNTIMES if name in installed)
    if runtime not in ("auto", *RUNTIMES):
        raise SegkitError(f"unknown runtime {runtime!r}; choose auto, {' or '.join(RUNTIMES)}")
    if runtime not in installed:
        package = RUNTIMES.get(runtime, RUNTIMES["litert"])[1]
        where = (" (it exists for Linux and Python up to 3.11)" if runtime == "tflite" else "")
        raise SegkitError(f"the runtime {runtime!r} is not installed: pip install {package}{where}")
    return runtime


def checked_threads(threads):
    """The number of threads, None resolved to free cores. SegkitError: no number from 1 to 1024."""
    if threads is None:
        return min(MOST_THREADS, free_cores())
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise SegkitError(f"threads must be a whole number of at least 1, not {threads!r}")
    if threads > 1024:
        raise SegkitError(f"threads must be at most 1024, not {threads}")
    return int(threads)


def checked_delegate(delegate):
    """A delegate's name or the full path of its library. SegkitError: unknown or missing."""
    if str(delegate) in DELEGATES:
        return str(delegate)
    library = Path(os.path.expanduser(str(delegate)))
    if not library.suffix and len(library.parts) == 1:
        raise SegkitError(f"unknown delegate {str(delegate)!r}; choose {', '.join(DELEGATES)} "
                          "or give the path of a delegate library")
    try:
        if library.is_file():
            return str(library.resolve())
    except (OSError, ValueError) as error:  # a name that no file can have
        raise SegkitError(f"the delegate library {one_line(library)} is no usable path: "
                          f"{one_line(error)}") from error
    raise SegkitError(f"there is no delegate library {library}")
