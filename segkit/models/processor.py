"""What the processor multiplies fast: it decides which file of a network is the quickest.

A model of 8 bits gains most where one instruction multiplies bytes and adds up the products.
Where there is none, float32 arithmetic is quicker (data/models/README.md has the ratios).
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

# What multiplies small numbers fast, and how Linux calls it in /proc/cpuinfo.
INSTRUCTIONS = {"avx2": "avx2", "avx512_vnni": "avx512_vnni", "avx_vnni": "avx_vnni",
                "asimddp": "dotprod", "i8mm": "i8mm"}
_APPLE = {"hw.optional.avx2_0": "avx2", "hw.optional.arm.FEAT_DotProd": "dotprod",
          "hw.optional.arm.FEAT_I8MM": "i8mm"}
_WINDOWS = {40: "avx2", 43: "dotprod"}  # PF_AVX2_..., PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE
DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "dotprod", "i8mm"}


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


def multiplies_bytes():
    """Whether 8-bit arithmetic is fast here: True also where the system does not tell."""
    known = instructions()
    return known is None or bool(DOT_PRODUCTS & set(known))
