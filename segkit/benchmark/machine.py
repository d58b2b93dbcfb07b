"""What this machine is, what else it is doing, and how much energy it has taken."""

import os
import platform
from collections import namedtuple
from pathlib import Path
from time import monotonic

import psutil

from segkit import __version__
from segkit.runtime.settings import allowed_cores, free_cores, instructions, runtimes

_CPUS = Path("/sys/devices/system/cpu")
_ENERGY = Path("/sys/class/powercap")
_GROUP = Path("/sys/fs/cgroup/cpu.stat")

Meanwhile = namedtuple("Meanwhile", "seconds others joules megahertz throttled")
Meanwhile.__doc__ = """What the machine did during a batch of runs.

seconds: on the clock; others: seconds of work of other programs; joules: of the whole processor;
megahertz: [before, after], the clock of the processor; throttled: how often a container was held
back because its share of the cores was used up. None where the machine does not say."""


def facts():
    """The machine as plain values, for JSON; what a system does not tell is None.

    Returns:
        dictionary: "cpu" (model), "instructions" (see :func:`segkit.runtime.instructions`),
        "cores" (all, allowed, free at the start; pinned: whether this process may use some of
        them only), "load" (processes that wanted to run, mean of the last minute), "governor" and
        "megahertz" (how the CPU picks its clock, and the clock now), "battery" (None without one,
        else its per cent and whether it is plugged in: many machines slow down on it),
        "memory_mib", "system", "python", "segkit", "runtimes" (name to version), "numpy".
    """
    import numpy

    known = instructions()
    return {"cpu": cpu_model(), "instructions": None if known is None else list(known),
            "cores": {"all": os.cpu_count(), "allowed": allowed_cores(), "free": free_cores(),
                      "pinned": _pinned()},
            "load": _load(), "governor": _read(_CPUS / "cpu0/cpufreq/scaling_governor"),
            "megahertz": megahertz(), "battery": _battery(), "memory_mib": psutil.virtual_memory().total >> 20,
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "python": platform.python_version(), "segkit": __version__,
            "runtimes": runtimes(), "numpy": numpy.__version__}


def cpu_model():
    """The processor's name as its maker gives it, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.lower().startswith(("model name", "hardware")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if platform.system() == "Darwin":
        import subprocess

        done = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True,
                              text=True, check=False)
        if done.stdout.strip():
            return done.stdout.strip()
    return platform.processor() or platform.machine() or None


def _load():
    try:
        return round(psutil.getloadavg()[0], 2)
    except OSError:
        return None


def _pinned():
    return (len(os.sched_getaffinity(0)) < os.cpu_count() if hasattr(os, "sched_getaffinity")
            else None)


def _battery():
    try:
        found = psutil.sensors_battery()
    except (OSError, NotImplementedError, AttributeError):
        return None
    return None if found is None else {"percent": round(found.percent), "plugged": found.power_plugged}


def throttled():
    """How often this process's container was held back so far (cgroup 2: nr_throttled), or None."""
    for line in (_read(_GROUP) or "").splitlines():
        name, _, value = line.partition(" ")
        if name == "nr_throttled":
            return int(value)
    return None


def megahertz():
    """The processor's clock now, in megahertz, or None."""
    try:
        clock = psutil.cpu_freq()
    except (OSError, NotImplementedError, AttributeError):
        return None
    return round(clock.current) if clock and clock.current else None


def _read(file):
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


class Meters:
    """What the machine does besides one process, from now on."""

    def __init__(self, pid):
        self._start = self._read(pid)

    @staticmethod
    def _read(pid):
        return (monotonic(), busy_seconds() - own_seconds(pid), energy_counters(), megahertz(),
                throttled())

    def since(self, pid):
        """A :class:`Meanwhile`."""
        (start, others, energy, clock, held), now = self._start, self._read(pid)
        return Meanwhile(now[0] - start, max(0.0, now[1] - others), energy_between(energy, now[2]),
                         [clock, now[3]], None if held is None else now[4] - held)


def busy_seconds():
    """Seconds of work of all programs since the start, on the cores that this process may use."""
    times = psutil.cpu_times(percpu=True)
    if hasattr(os, "sched_getaffinity"):
        mine = os.sched_getaffinity(0)
        times = [t for number, t in enumerate(times) if number in mine] or times
    # A guest's time is counted in user's already.
    return sum(t.user + t.system + getattr(t, "nice", 0) + getattr(t, "irq", 0)
               + getattr(t, "softirq", 0) + getattr(t, "steal", 0) for t in times)


def own_seconds(pid):
    """Seconds of work of one process; 0 where it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def energy_counters():
    """Energy meters that may be read here: {file: micro-joules}; empty where there are none.

    Linux's powercap shows what Intel's and AMD's processors count (RAPL). Only whole packages
    are read: the parts would be counted twice. Often only root may read them.
    Source: https://docs.kernel.org/power/powercap/powercap.html
    """
    found = {}
    for meter in sorted(_ENERGY.glob("*:*")):
        if meter.name.count(":") == 1:  # "intel-rapl:0" is a package, "intel-rapl:0:1" a part
            try:
                found[meter] = int((meter / "energy_uj").read_text())
            except (OSError, ValueError):
                continue
    return found


def energy_between(before, after):
    """Joules between two readings of :func:`energy_counters`; None without a meter."""
    if not before or before.keys() != after.keys():
        return None
    total = 0
    for meter, start in before.items():
        used = after[meter] - start
        if used < 0:  # the counter began again from 0
            used += int(_read(meter / "max_energy_range_uj") or 0)
        total += used
    return total / 1e6
