"""A real JupyterLab on loopback, and a page of the system's own Chromium that shows it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import nbformat
import pytest
from browser_limit import (  # noqa: F401 - three of them are hooks
    CHROMIUM,
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_runtest_teardown,
)
from explorer_cells import cells

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "only-for-tests"
# No graphics card, no sandbox (it refuses to run as root), and no connection of its own accord.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         # For the page on phones: WebGPU in software, and a camera that shows a test picture.
         "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--use-fake-device-for-media-stream",
         "--use-fake-ui-for-media-stream"]
CELLS = ["from segkit.lessons.lesson_08 import explorer\nexplorer.explorer()",
         "from segkit.lessons.lesson_00 import explorer\nexplorer.your_photo()",
         "from segkit import widgets\nwidgets.benchmark_dashboard()",
         "from segkit import photos, widgets\n"
         "pad = widgets.scribble('helmet', {'astronaut': photos.sample('astronaut')})\npad"]
PATIENCE = 30_000  # milliseconds that a page may take for one step; a healthy one takes far less


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


# Of this folder, not of the session: Playwright keeps an event loop running, which later tests may not stand.
@pytest.fixture(scope="package")
def chromium():
    """A headless Chromium, started once."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium or Chrome is installed on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(chromium, tmp_path_factory):
    """The address of a JupyterLab with the lessons, ``widgets.ipynb`` and ``explorers.ipynb``."""
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    _write_notebooks(folder)
    port = _free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
               "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
               "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
               f"--ServerApp.root_dir={folder}"]
    _ask_nothing(home / "jupyterlab_settings_dir")
    with _running(command, _environment(home), f"http://127.0.0.1:{port}/api/status?token={TOKEN}", home):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def voila(chromium, tmp_path_factory):
    """The address of the dashboard's web page, served as `make dashboard` does."""
    pytest.importorskip("voila", reason="voila is not installed")
    home, port, folder = tmp_path_factory.mktemp("home"), _free_port(), ROOT / "notebooks" / "dashboard"
    command = [sys.executable, "-m", "voila", str(folder / "dashboard.ipynb"), "--no-browser",
               f"--Voila.config_file_paths={folder}", "--Voila.ip=127.0.0.1", f"--port={port}"]
    environment = {**_environment(home), "JUPYTER_PATH": str(folder)}
    # Not the page itself: each look at it starts a kernel.
    with _running(command, environment, f"http://127.0.0.1:{port}/voila/api/shutdown/none", home):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command, environment, address, home):
    """A server that answers at ``address``; ends afterwards, and its kernels with it."""
    log = home / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
    try:
        _wait_until_ready(address, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _write_notebooks(folder):
    for name, sources in {"widgets": CELLS, "explorers": [cell.source for cell in cells()]}.items():
        code = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=code)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    for lesson in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(lesson, folder)


def _ask_nothing(settings):
    """Without this JupyterLab asks every new user about news, in a box over the notebook."""
    file = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text('{"fetchNews": "false", "checkForUpdates": false}')


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(home):
    """Settings under which Jupyter takes this environment's kernel, and no file of the user's."""
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
               "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    ours = {name: str(home / name.lower()) for name in folders}
    return {**os.environ, **ours, "HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1"}


def _wait_until_ready(address, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except HTTPError:  # it answers, if only to say no
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


class Lab:
    """A page of JupyterLab, in which one notebook after the other is opened; to load it costs the most of all.

    Attributes:
        page: Playwright's page.
        complaints: what the page wrote to the console as an error, and exceptions in it.
    """

    def __init__(self, browser, server):
        self.page, self._server, self._notebook = browser.new_page(), server, None
        self.page.set_default_timeout(PATIENCE)
        self.complaints = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, name, width, fresh):
        """The :class:`Notebook` of that name, in a window so wide; the one before it is closed, and its kernel ends.

        ``fresh``: in a page that has shown no other notebook.
        """
        from playwright.sync_api import expect

        self.page.set_viewport_size({"width": width, "height": 1000})
        before, self._notebook = self._notebook, None
        same = name == before and not fresh
        loaded = same or before and not fresh and self._closed()
        self.complaints.clear()
        if not loaded:
            self.page.goto(f"{self._server}/lab/tree/{name}?reset&token={TOKEN}")
        elif not same:
            self.page.get_by_role("listitem", name=re.compile(f"Name: {re.escape(name)}")).dblclick()
        # The status bar knows when the kernel is connected; what runs before that gets lost.
        expect(self._status("Idle$")).to_be_visible(timeout=PATIENCE)
        self._notebook = name
        return Notebook(self)

    def _status(self, kernel):
        return self.page.get_by_text(re.compile(r"Python 3 .*\| " + kernel))

    def _closed(self):
        """Close the notebook; False where that fails, because a test before left a dialog open, say."""
        from playwright.sync_api import Error, expect

        try:
            self.page.get_by_role("menuitem", name="File", exact=True).click()
            self.page.get_by_role("menuitem", name="Close and Shut Down Notebook").click()
            self.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
            expect(self.page.locator(".jp-CodeCell")).to_have_count(0)
            expect(self._status("")).to_be_hidden()
        except (Error, AssertionError):
            return False
        return True

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url')})")


class Notebook:
    """A notebook that is open in JupyterLab; ``page`` and ``complaints`` are its :class:`Lab`'s."""

    def __init__(self, lab):
        self.page, self.complaints = lab.page, lab.complaints

    def cell(self, index):
        """The code cell with that index, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(index)

    def run(self, index):
        """Run a cell by keyboard, as a reader does, and wait until it is done.

        Returns:
            the locator of its output.
        """
        from playwright.sync_api import expect

        cell = self.cell(index)
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        expect(cell.locator(".cm-content")).to_be_focused()
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(before, timeout=PATIENCE)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=PATIENCE)
        return cell.locator(".jp-OutputArea-output").first

    def choose(self, menu, item):
        """An entry of JupyterLab's menu."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def run_all(self):
        """Run every cell by the menu, and wait until the last one is done."""
        from playwright.sync_api import expect

        self.choose("Run", "Run All Cells")
        status = self.page.locator(".jp-Notebook-ExecutionIndicator")
        expect(status).to_have_attribute("data-status", "busy", timeout=PATIENCE)
        expect(status).to_have_attribute("data-status", "idle", timeout=2 * PATIENCE)


@pytest.fixture(scope="package")
def lab(chromium, server):
    """The :class:`Lab` of all files."""
    one = Lab(chromium, server)
    yield one
    one.page.close()


@pytest.fixture(scope="module")
def open_page(lab):
    """A function from a notebook's name, and a width, to the :class:`Notebook`, the only one that is open."""
    return lambda name, width=1280, fresh=False: lab.open(name, width, fresh)


@pytest.fixture(scope="module")
def notebook(open_page):
    """``widgets.ipynb``, open in a window 1280 pixels wide."""
    return open_page("widgets.ipynb")


@pytest.fixture
def quiet(notebook):
    """Fails a test during which the page complained."""
    notebook.complaints.clear()
    yield
    assert notebook.complaints == []
