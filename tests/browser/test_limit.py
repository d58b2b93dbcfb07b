"""A test in a browser that never ends is ended, and named: tests that hang on purpose, in a process of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from browser_limit import CHROMIUM

TESTS = Path(__file__).resolve().parents[1]
HANGING = """
import threading

import browser_limit
import pytest
from playwright.sync_api import sync_playwright

@pytest.fixture(scope="module")
def page():
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]).new_page()

def test_before(page):
    browser_limit.SECONDS, browser_limit.MORE = 2, 90  # from here on: a busy machine may start a browser slowly

def test_a_page_that_never_answers(page):
    page.evaluate("new Promise(() => {})")

def test_a_lock_that_nobody_opens():
    browser_limit.MORE = 0.1
    threading.Event().wait()  # here
"""


def test_a_test_that_hangs_is_ended_and_named(chromium, tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from browser_limit import pytest_runtest_makereport, pytest_runtest_setup, pytest_runtest_teardown")
    (tmp_path / "test_hanging.py").write_text(HANGING.replace("CHROMIUM", repr(CHROMIUM)))
    settings = {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    done = subprocess.run([sys.executable, "-m", "pytest", "-v", "-rN", "-p", "no:cacheprovider", tmp_path],
                          capture_output=True, text=True, timeout=240, cwd=tmp_path, env={**os.environ, **settings})
    said = done.stdout + done.stderr
    assert "::test_before PASSED" in said and "::test_a_page_that_never_answers FAILED" in said, said
    # Without a browser there is none to be ended: the process ends, and shows the line that waits.
    line = HANGING.splitlines().index("    threading.Event().wait()  # here") + 1
    assert done.returncode == 1 and "test_a_lock_that_nobody_opens did not end within 2 s" in said, said
    assert "that did not help" in said and re.search(rf'File ".*test_hanging.py", line {line} ', said), said
