"""A limit for each test in a browser: evaluate(), close() and other calls of Playwright have none of their own.

A conftest.py that imports the three functions gives it to the tests of its folder. After the limit the browser is ended,
so the call that waits raises and the test fails. Where that does not help, this process ends and says where it stood.
"""

import faulthandler
import os
import shutil
import sys
import threading

import psutil
import pytest

SECONDS = 300  # a healthy test takes far less, its servers included
MORE = 30  # for a test whose browser is gone
LIMIT = pytest.StashKey()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Limit:
    """Counts from the first fixture of a test to the end of its last one.

    Attributes:
        said: what happened, or "" where the test ended in time.
    """

    def __init__(self, item):
        self.item, self.said = item, ""
        self._start(SECONDS, self._end_the_browser)

    def stop(self):
        self.timer.cancel()

    def _start(self, seconds, then):
        self.timer = threading.Timer(seconds, then)
        self.timer.daemon = True
        self.timer.start()

    def _end_the_browser(self):
        self.said = (f"{self.item.nodeid} did not end within {SECONDS:g} s, so its browser was ended; look for a call of "
                     "Playwright that waits for the page without a limit, such as evaluate()")
        self.item.add_report_section("call", "limit", self.said)
        self._start(MORE, self._end_this_process)
        _kill(lambda name: "chrom" in name)

    def _end_this_process(self):
        capture = self.item.config.pluginmanager.getplugin("capturemanager")
        if capture:
            capture.suspend_global_capture(in_=True)
        print(f"\n{self.said}; that did not help, so the tests of this process end here:", file=sys.__stderr__, flush=True)
        faulthandler.dump_traceback(file=sys.__stderr__)
        _kill(lambda name: True)
        os._exit(1)


def _kill(fits):
    """End what this process started, and what that started, by name."""
    for child in psutil.Process().children(recursive=True):
        try:
            if fits(child.name().lower()):
                child.kill()
        except psutil.Error:  # it has ended meanwhile
            pass


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[LIMIT] = Limit(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    yield
    item.stash[LIMIT].stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test whose browser was ended has failed, whatever it noticed of that."""
    report = (yield).get_result()
    if LIMIT in item.stash and item.stash[LIMIT].said and report.passed:
        report.outcome, report.longrepr = "failed", item.stash[LIMIT].said
