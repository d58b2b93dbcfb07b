"""The dashboard of the benchmark as a reader meets it: in JupyterLab, and as a web page (Voila)."""

import json
import re

import pytest

from segkit.benchmark import Report

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=30_000)

CELL = 2  # of widgets.ipynb, see conftest.py
SWEEP = 60_000  # milliseconds that one setting may take on a machine that is busy
GROUPS = ("deeplab", "litert: ai-edge-litert", "xnnpack", "1 thread")


class Dashboard:
    """The dashboard on a page; ``complaints``: errors in the page's console and requests that left the machine."""

    def __init__(self, page, place, complaints):
        self.page, self.place, self.complaints = page, place, complaints
        expect(self.image).to_be_visible(timeout=SWEEP)

    @property
    def image(self):
        return self.place.get_by_role("img")

    def button(self, name):
        return self.place.get_by_role("button", name=name)

    def box(self, name):
        return self.place.get_by_role("checkbox", name=re.compile(rf"^{re.escape(name)}(?![\w-])"))

    def plot(self, name):
        self.place.get_by_label("Plot", exact=True).select_option(label=name)

    def fill(self, label, number):
        field = self.place.get_by_label(label)
        field.fill(str(number))
        field.press("Tab")

    def says(self, words, **options):
        expect(self.place.get_by_text(words)).to_be_visible(**options)

    def shows(self, pattern):
        """The plot's alt text, which is on the page as well."""
        expect(self.image).to_have_attribute("alt", re.compile(pattern))
        expect(self.place.locator(".widget-html").filter(has_text=re.compile(pattern)).first).to_be_visible()

    def table(self, name):
        return self.place.get_by_role("region", name=re.compile(name))

    def choose(self, *names):
        """Tick these boxes and no others."""
        for box in self.place.get_by_role("checkbox").all():
            box.uncheck()
        for name in names:
            self.box(name).check()


@pytest.fixture(scope="module", params=["jupyterlab", "voila"])
def opened(request):
    if request.param == "jupyterlab":
        lab = request.getfixturevalue("notebook")
        lab.run(CELL)
        return Dashboard(lab.page, lab.cell(CELL).locator(".segkit"), lab.complaints)
    address = request.getfixturevalue("voila")
    page, complaints = request.getfixturevalue("chromium").new_page(viewport={"width": 1280, "height": 1000}), []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith((address, "data:", "blob:", "ws://127.0.0.1"))
            or complaints.append(f"the page asks for {asked.url}"))
    page.goto(address)
    return Dashboard(page, page.locator(".segkit"), complaints)


@pytest.fixture
def dashboard(opened):
    """The dashboard, at rest; fails a test during which the page complained."""
    expect(opened.button("Run")).to_be_enabled(timeout=SWEEP)
    yield opened
    assert opened.complaints == []


def test_the_first_page_shows_published_times_and_measures_nothing(dashboard):
    dashboard.shows(r"^6 published times: DeepLab v3, Pixel 3 .* 0 measured on this machine: none\.$")
    expect(dashboard.table("Published and measured times").get_by_role("row")).to_have_count(7)
    expect(dashboard.button("Cancel")).to_be_disabled()
    expect(dashboard.table("Settings on this machine")).to_have_count(0)


def test_choose_by_keyboard_run_see_the_plots_and_download(dashboard, tmp_path):
    page = dashboard.page
    dashboard.choose(*GROUPS[:3])
    dashboard.says("nothing is chosen under Threads")
    dashboard.box("1 thread").focus()
    page.keyboard.press("Space")
    dashboard.says("1 setting chosen")
    dashboard.fill("Runs of each setting", 3)
    before = dashboard.image.get_attribute("src")
    dashboard.button("Run").focus()
    page.keyboard.press("Enter")
    expect(dashboard.button("Run")).to_be_disabled()
    expect(dashboard.box("deeplab")).to_be_disabled()
    dashboard.says("1 of 1 settings have times", timeout=SWEEP)
    expect(dashboard.table("Settings on this machine")).to_contain_text(
        re.compile(r"deeplab\s*litert\s*xnnpack\s*1\s*measured\s*\d"))
    expect(dashboard.image).not_to_have_attribute("src", before)
    dashboard.shows("^Bars of the median time of a run for 1 setting: deeplab, litert, xnnpack, 1 thread")
    for plot, words, numbers in (("time against threads", "^Lines of the median", "numbers of the lines"),
                                 ("time against quality", r"mean IoU .* deeplab 0\.\d\d", "numbers of the dots"),
                                 ("stages of a photo", r"prepare \d.* invoke \d", "numbers of the stages"),
                                 ("beside published times", "1 measured on this machine: deeplab", "Published and")):
        dashboard.plot(plot)
        dashboard.shows(words)
        expect(dashboard.table(numbers)).to_be_visible()
    for kind, read in (("json", Report.from_json), ("csv", Report.from_csv)):
        with page.expect_download() as download:
            dashboard.place.get_by_role("link", name=f"segkit-benchmark.{kind}").click()
        assert download.value.suggested_filename == f"segkit-benchmark.{kind}"
        file = tmp_path / f"result.{kind}"
        download.value.save_as(file)
        (result,) = read(file).results
        assert (result.asked.model, result.status, len(result.runs_ms)) == ("deeplab", "ok", 3)
    assert json.loads((tmp_path / "result.json").read_text())["kind"] == "measured"


def test_cancel(dashboard):
    """A run that would take many minutes; page and kernel answer all the time."""
    dashboard.choose(GROUPS[0], GROUPS[1], "reference", GROUPS[3])
    dashboard.fill("Runs of each setting", 1000)
    dashboard.fill("in at most so many seconds", 600)
    dashboard.button("Run").click()
    dashboard.says(re.compile("^step .*round 1 of 3$"), timeout=SWEEP)
    dashboard.plot("bars with spread")
    dashboard.says("No setting has times yet")
    dashboard.plot("beside published times")
    dashboard.shows("0 measured on this machine")
    dashboard.button("Cancel").click()
    dashboard.says("0 of 1 settings have times; stopped before the end")
    expect(dashboard.table("Settings on this machine")).to_contain_text("failed")
    dashboard.says("the sweep was stopped before this setting's runs")
    expect(dashboard.button("Cancel")).to_be_disabled()
    expect(dashboard.button("Run")).to_be_enabled()
