"""The processor without its newer instructions."""

import sys

import pytest

from training import older

NEWER = "import numpy; from numpy._core._multiarray_umath import __cpu_features__ as has; "
if int(__import__("numpy").__version__[0]) < 2:
    NEWER = NEWER.replace("_core", "core")

pytestmark = pytest.mark.skipif(not older.possible(), reason="this processor or system cannot hide its instructions, or there "
                                "is no C compiler")


def test_avx2_stays_and_what_is_newer_goes():
    told = older.run([sys.executable, "-c", NEWER + "print(has['AVX2'], has['AVX512F'], has['AVX512VNNI'])"])
    assert told.split() == ["True", "False", "False"]


def test_a_real_fault_still_ends_the_process():
    told = older.run([sys.executable, "-c", "import subprocess, sys; print(subprocess.run([sys.executable, '-c', "
                      "'import ctypes; ctypes.string_at(0)'], stderr=subprocess.DEVNULL).returncode)"])
    assert told.split() == ["-11"]
