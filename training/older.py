"""Times on this processor without its newer instructions: what a processor with AVX2 only would run.

A runtime asks the processor for its instructions once, and picks its kernels by the answer. `older.c` changes the
answer, so the kernels are those of a processor with AVX2 only; clock, caches and memory stay this machine's. That needs
Linux on x86_64 with "CPUID faulting" (the flag cpuid_fault in /proc/cpuinfo) and a C compiler.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CODE = Path(__file__).with_suffix(".c")


def possible() -> bool:
    """Whether this machine can hide its instructions."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split("flags", 1)[1].split("\n", 1)[0].split()
    except (OSError, IndexError):
        return False
    return "cpuid_fault" in flags and "avx2" in flags and shutil.which("cc") is not None


def run(command: list[str]) -> str:
    """What a command prints to standard output while the newer instructions are hidden from it."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "older.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, CODE], check=True)
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "LD_PRELOAD": str(library)}).stdout


def ratios(files: list[Path], starter: Path, runtime: str = "litert") -> dict[str, float]:
    """{file name: its time / the starter's} without the newer instructions; empty where that cannot be had."""
    if not possible():
        return {}
    return json.loads(run([sys.executable, "-m", "training.older", runtime, str(starter), *map(str, files)]))


def measure(runtime: str, starter: str, *files: str) -> dict[str, float]:
    """The same, in a process that sees what it sees."""
    from training import timing

    found = {}
    for file in map(Path, files):
        ours, other = timing.times([file, Path(starter)], runtime)
        found[file.name] = timing.fast(ours) / timing.fast(other)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
