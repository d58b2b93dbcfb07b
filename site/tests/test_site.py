"""The site: built once, read as files, and opened in a browser that reaches no other host."""

import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REPOSITORY = "https://github.com/someone/segkit"
MOST_SECONDS = 180  # of a processor's time, for the pages of all languages
MOST_BYTES = 2_000_000  # of a lesson's page with its pictures
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OTHERS = ["index.html", "README.html", "CONTRIBUTING.html", "CHANGELOG.html", "notebooks/glossary.html",
          "data/models/README.html", "data/teaching/README.html", "phone/README.html", "hub/README.html", "api/segkit/index.html",
          "api/segkit/masks/metrics/index.html",
          "api/segkit/networks/segmenter/index.html", "search.html?q=atrous"]
# Of each other language one lesson, and the first page of one language.
TRANSLATED = [f"{language}/notebooks/{path.stem}.html" for language, path in zip(("es", "ja", "pt_BR", "zh_CN"), LESSONS[4:])]
PAGES = [*(f"notebooks/{path.stem}.html" for path in LESSONS), *OTHERS, *TRANSLATED, "ja/index.html"]


def _load():
    spec = importlib.util.spec_from_file_location("site_build", HERE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _load()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built as a public host builds it."""
    out, phone = tmp_path_factory.mktemp("site") / "site", tmp_path_factory.mktemp("phone")
    (phone / "index.html").write_text("the page for phones")
    teach = tmp_path_factory.mktemp("teach")
    for name in ("README", "00"):
        (teach / f"{name}.md").write_text("# For the teacher\n\n[Open the lesson](../../notebooks/00-start-here.ipynb)")
    begin = seconds_of_children()
    done = subprocess.run([sys.executable, HERE / "build.py", out, "--phone", phone, "--teach", teach],
                          capture_output=True, text=True, env={**os.environ, "SEGKIT_REPOSITORY": REPOSITORY})
    assert done.returncode == 0, done.stderr
    assert seconds_of_children() - begin < MOST_SECONDS
    return out


def seconds_of_children():
    """The processor time of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


@functools.cache
def page(file):
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(file):
    return {tag["id"] for tag in page(file).select("[id]")}


def pictures(path):
    """[(words, it is an explorer)] of the pictures that a notebook stores."""
    outputs = [output.get("data", {}) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
               for output in cell.get("outputs", [])]
    return [("".join(data["text/plain"]), build.WIDGET in data) for data in outputs if "image/png" in data]


# --- the files -------------------------------------------------------------

@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_a_lesson_keeps_its_pictures_with_their_words(site, path):
    shown = page(site / "notebooks" / f"{path.stem}.html")
    stored = pictures(path)
    assert [" ".join(image["alt"].split()) for image in shown.select(".cell_output img")] == \
        [" ".join(words.split()) for words, _ in stored]
    told = [" ".join(part.get_text().split()) for part in shown.select(".segkit-explorer")]
    assert len(told) == sum(explorer for _, explorer in stored)
    assert all("".join(words.split()) in "".join("".join(told).split()) for words, explorer in stored if explorer)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_a_lesson_is_small(site, path):
    file = site / "notebooks" / f"{path.stem}.html"
    shown = {file, *((file.parent / unquote(image["src"])).resolve() for image in page(file).select("img[src]")
                     if not image["src"].startswith("data:"))}
    assert len(shown) > 3
    assert sum(one.stat().st_size for one in shown) < MOST_BYTES


def test_no_internal_link_is_broken(site):
    broken, seen = [], 0
    for file in site.rglob("*.html"):
        if "_static" in file.parts:
            continue
        for tag in page(file).select("[href], [src]"):
            address = tag.get("href") or tag.get("src") or ""
            if urlsplit(address).scheme or address in ("", "#"):
                continue
            seen += 1
            target, anchor = urldefrag(address)
            wanted = (file.parent / unquote(urlsplit(target).path)).resolve() if target else file
            if not wanted.is_file() or (anchor and wanted.suffix == ".html" and unquote(anchor) not in anchors(wanted)):
                broken.append(f"{file.relative_to(site)}: {address}")
    assert seen > 1000 and not broken


@pytest.mark.parametrize("language", build.languages.LANGUAGES)
def test_a_lesson_is_there_in_each_language(site, language):
    code, lesson = language.replace("_", "-"), f"notebooks/{LESSONS[0].stem}.html"
    shown = page(site / language / lesson)
    assert shown.html["lang"] == code
    title = build.languages.lesson(language, LESSONS[0]).cells[0].source.partition("\n")[0].removeprefix("# ")
    assert shown.h1.get_text().startswith(title) and "Start here" not in title
    others = {link["hreflang"]: link["href"] for link in shown.select("link[rel=alternate][hreflang]")}
    assert len(others) == 5 and others[code] == f"../../{language}/{lesson}"
    for switch in (shown, page(site / lesson)):
        links = switch.select("details.segkit-languages a")
        assert len(links) == 4 and all(link["lang"] == link["hreflang"] for link in links)
    assert (site / language / "notebooks" / f"{LESSONS[11].stem}.html").is_file() and not (site / language / "api").exists()


def test_a_font_goes_with_the_languages_that_need_one(site):
    assert (site / "ja/_static/cjk.otf").is_file() and "cjk.otf" in (site / "ja/_static/segkit.css").read_text()
    assert not (site / "es/_static/cjk.otf").exists() and "cjk.otf" not in (site / "_static/segkit.css").read_text()


def test_the_library_is_explained(site):
    text = page(site / "api/segkit/networks/segmenter/index.html").get_text()
    assert "class segkit.networks.segmenter.Segmenter" in " ".join(text.split())
    assert (site / "api/segkit/photos/index.html").is_file() and not (site / "api/segkit/lessons").exists()


def test_the_first_page_leads_to_the_page_for_phones_where_it_was_made(site, tmp_path):
    assert page(site / "index.html").select_one("a[href='phone/index.html']")
    assert (site / "phone/index.html").read_text() == "the page for phones" and (site / "phone/README.html").is_file()
    build.lay_out(tmp_path / "without", phone=False)
    assert "phone/index.html" not in (tmp_path / "without/index.md").read_text()


def test_buttons_start_the_lesson_where_the_repository_is_public(site, monkeypatch):
    monkeypatch.setenv("SEGKIT_REPOSITORY", REPOSITORY)
    links = [tag["href"] for tag in page(site / "notebooks" / f"{LESSONS[5].stem}.html").select("a[href]")]
    for start in ("https://mybinder.org/v2/gh/someone/segkit/main",
                  "https://colab.research.google.com/github/someone/segkit/blob/colab/"):  # where the copies are
        assert any(link.startswith(start) and LESSONS[5].name in unquote(link) for link in links), start
    links = [tag["href"] for tag in page(site / "README.html").select("a[href]")]
    assert {build.launch.on_binder(build.launch.lessons()[0]), build.launch.on_colab(build.launch.lessons()[0])} <= set(links)


def test_the_first_page_leads_to_the_sheets_for_teachers_where_they_were_made(site, tmp_path):
    assert page(site / "index.html").select_one("a[href='build/teach/README.html']")
    assert page(site / "build/teach/00.html").select_one("a[href='../../notebooks/00-start-here.html']")
    build.lay_out(tmp_path / "without", phone=False)
    assert build.SHEETS not in (tmp_path / "without/index.md").read_text()


def test_without_a_public_address_no_page_offers_one(monkeypatch):
    monkeypatch.delenv("SEGKIT_REPOSITORY", raising=False)
    assert build.with_a_start("# A\n\n## Start\n") == "# A\n\n## Start\n"


# --- how the pages are prepared --------------------------------------------

@pytest.mark.parametrize("repository, text, said", [
    ("", "[L](CHANGELOG.md)", "[L](CHANGELOG.md)"),
    ("", "[a](segkit/masks) [b](segkit/photos.py)", "[a](api/segkit/masks/index.rst) [b](api/segkit/photos/index.rst)"),
    ("", "[t](tests/test_house.py), [l](segkit/lessons)", "t, l"),
    (REPOSITORY, "[t](tests/test_house.py)", f"[t]({REPOSITORY}/tree/main/tests/test_house.py)"),
    ("", "[out](https://example.org) [here](#start) ![p](docs/x.png)",
     "[out](https://example.org) [here](#start) ![p](docs/x.png)"),
])
def test_every_link_leads_somewhere(monkeypatch, repository, text, said):
    monkeypatch.setenv("SEGKIT_REPOSITORY", repository)
    assert build.with_links(text, "README.md", {"README.md", "CHANGELOG.md"}) == said


@pytest.mark.parametrize("text, said", [
    ("[a](glossary.md#mask) [b](../data/models/README.md)",
     '[a](glossary.md#m%C3%A1scara) <a href="../../data/models/README.html">b</a>'),
    ("[c](01-x.ipynb) [d](https://example.org) [e](#here)", "[c](01-x.ipynb) [d](https://example.org) [e](#here)")])
def test_a_link_of_a_translated_page_leads_somewhere(text, said):
    assert build.in_language(text, "notebooks/", {"#mask": "#m%C3%A1scara"}) == said


# --- in a browser ----------------------------------------------------------

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium or Chrome is installed on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Reader:
    """A page that reaches the site and no other host.

    Attributes:
        page: Playwright's page.
        outside: the addresses that it asked other hosts for.
        complaints: errors that it wrote to the console, and answers that were none.
    """

    def __init__(self, browser, address, scheme, width):
        self.outside, self.complaints, self.width = [], [], width
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.address = address
        self.page.route("**/*", self._answer)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", lambda got: self.complaints.append(got.url) if got.status >= 400 else None)

    def _answer(self, route):
        if route.request.url.startswith(self.address):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def open(self, name):
        self.outside.clear()
        self.complaints.clear()
        self.page.goto(self.address + name)
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("script[src*=mathjax]").count():
            self.page.evaluate("MathJax.startup.promise")


@pytest.fixture(scope="module")
def readers(chromium, address):
    """Two of them: a window by day and a phone by night."""
    return {scheme: Reader(chromium, address, scheme, width) for scheme, width in (("light", 1280), ("dark", 390))}


@pytest.fixture
def reader(readers):
    return readers["light"]


# Turn by turn, because axe takes seconds for a long page: every second lesson in the dark.
@pytest.mark.parametrize("name, scheme", [(name, ("light", "dark")[turn % 2]) for turn, name in enumerate(PAGES)])
def test_a_page_is_whole_alone_and_open_to_all(readers, name, scheme):
    import axe_playwright_python

    reader = readers[scheme]
    reader.open(name)
    assert reader.outside == [] and reader.complaints == []
    assert reader.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= reader.width
    assert reader.page.locator("mjx-merror").count() == 0
    reader.page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = reader.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_formulas_are_drawn(reader):
    reader.open(f"notebooks/{LESSONS[5].stem}.html")
    assert reader.page.locator("mjx-container").count() > 5


def test_the_search_finds_a_word_of_the_glossary(reader):
    reader.open("search.html?q=trimap")
    reader.page.get_by_role("link", name="Glossary").locator("visible=true").first.wait_for()
    assert "notebooks/02-masks-and-metrics" in " ".join(
        link.get_attribute("href") for link in reader.page.locator("#search-results a").all())


def test_another_host_and_a_missing_file_would_be_noticed(reader):
    reader.open("index.html")
    reader.page.evaluate("fetch('http://192.0.2.1/font.woff2').catch(() => 0)")
    reader.page.evaluate("fetch('no-such-file.png')")
    reader.page.wait_for_load_state("networkidle")
    assert reader.outside == ["http://192.0.2.1/font.woff2"]
    assert any("no-such-file" in complaint for complaint in reader.complaints)
