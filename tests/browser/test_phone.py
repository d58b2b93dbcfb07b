"""The page for phones as a reader meets it: photo, camera, benchmark, row; with and without a server behind it."""

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from tiny_models import TinyModel, conv_options

from segkit import Segmenter, benchmark, photos
from segkit.benchmark.phones import build, server
from segkit.errors import SegkitError

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
PATIENCE = 60_000  # milliseconds; a step takes seconds at most on a machine that has time
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

# Whether WebGPU starts here. A driver of software may never answer, and evaluate() has no limit of its own.
CARD = """() => Promise.race([navigator.gpu?.requestAdapter().then((card) => card !== null),
                               new Promise((done) => setTimeout(() => done(false), 20000))])"""


@pytest.fixture(scope="module")
def folder(chromium, tmp_path_factory):
    """(folder, files) of the page, with the 8-bit model that ships and a tiny one of floats."""
    try:
        build.litert_js()
    except SegkitError as error:
        pytest.skip(str(error))
    place, model, rng = tmp_path_factory.mktemp("phone"), TinyModel(), np.random.default_rng(0)
    photo = model.input((1, 32, 32, 3))
    numbers = [model.constant(rng.normal(size=size).astype(np.float32)) for size in ((5, 3, 3, 3), 5)]
    (place / "tiny.tflite").write_bytes(model.build(
        model.operator("CONV_2D", [photo, *numbers], (1, 32, 32, 5), conv_options())))
    return place / "page", build.build(place / "page", ["deeplab", str(place / "tiny.tflite")])


@pytest.fixture(scope="module")
def served(folder, tmp_path_factory):
    with server.PhoneServer(*folder, "127.0.0.1", file=tmp_path_factory.mktemp("rows") / "rows.jsonl") as one:
        yield one


@pytest.fixture(scope="module")
def complaints():
    """Errors in a page's console, exceptions in it, and requests to another host."""
    return []


@pytest.fixture(scope="module")
def open_phone(chromium, complaints):
    """A function from an address to a page on a phone, with a model that is ready."""
    contexts = []

    def open_it(address, prepare=lambda page: None, **options):
        contexts.append(chromium.new_context(ignore_https_errors=True, **PHONE, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith((address, "data:", "blob:"))
                or complaints.append(f"the page asks for {asked.url}"))
        prepare(page)
        page.goto(address)
        says(page, "Ready:")
        return page

    yield open_it
    for one in contexts:
        one.close()


@pytest.fixture(autouse=True)
def quiet(complaints):
    """Fails a test during which a page complained, but for a server that was stopped on purpose."""
    yield
    found = [one for one in complaints if "ERR_CONNECTION_REFUSED" not in one]
    complaints.clear()
    assert found == []


@pytest.fixture(scope="module")
def phone(open_phone, served):
    """One page for several tests."""
    return open_phone(served.address)


@pytest.fixture
def page(phone):
    """That page, with the 8-bit model."""
    if phone.locator("#model").input_value() != "deeplab":
        phone.locator("#model").select_option("deeplab")
        says(phone, re.compile("Ready:|Done"))
    return phone


def says(page, words, place="#status"):
    expect(page.locator(place)).to_contain_text(words, timeout=PATIENCE)


def share(page, name):
    """The share of a class in the legend, 0 to 1."""
    text = page.locator("#legend li").filter(has_text=name).inner_text()
    return float(re.search(r"([\d.]+) %", text)[1]) / 100


def test_a_photo_gets_the_mask_that_python_gives_it(page):
    assert page.evaluate("crossOriginIsolated")
    page.get_by_role("button", name="Sample").tap()
    says(page, "Done.")
    right = {one.name: one.share for one in Segmenter("deeplab").segment(photos.sample("cat")).classes}
    assert share(page, "cat") == pytest.approx(right["cat"], abs=0.01)
    page.locator("#view").tap()
    says(page, "Here: cat", "#here")
    assert [float(cell) > 0 for cell in page.locator("#times td").all_inner_texts()] == [True] * 3
    says(page, re.compile(r"It ran on: CPU, \d threads?, XNNPACK"), "#applied")
    expect(page.locator("#view")).to_have_attribute("aria-label", re.compile(r"its mask: cat \d\d\.\d %"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    painted = page.evaluate(GREEN)
    page.locator("#opacity").fill("0")
    assert painted > page.evaluate(GREEN) + 20  # the cat's colour is green


GREEN = """() => { const view = document.getElementById('view');
    const [r, g, b] = view.getContext('2d').getImageData(view.width / 2, view.height / 2, 1, 1).data; return g - r; }"""


def test_a_photo_of_12_megapixels_that_was_held_upright(page, tmp_path):
    large = Image.fromarray(photos.sample("cat")).resize((4000, 3000)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    large.save(tmp_path / "large.jpg", exif=exif)
    page.locator("#photo").set_input_files(tmp_path / "large.jpg")
    says(page, "Done.")
    assert page.evaluate("[view.width, view.height]") == [1280, 960]
    assert share(page, "cat") > 0.5
    (tmp_path / "no.jpg").write_bytes(b"no photo")
    page.locator("#photo").set_input_files(tmp_path / "no.jpg")
    says(page, "choose a JPEG or PNG photo")
    page.get_by_role("button", name="Sample").tap()
    says(page, "Done.")


def test_the_camera_shows_masks_until_it_is_stopped(page):
    page.locator("#model").select_option("tiny")
    says(page, re.compile("Ready:|Done"))
    camera = page.get_by_role("button", name="Camera")
    camera.tap()
    says(page, "pictures a second")
    expect(camera).to_have_attribute("aria-pressed", "true")
    page.locator("#model").select_option("deeplab")  # while it runs
    expect(page.locator("#legend")).to_contain_text("background", timeout=PATIENCE)
    camera.tap()
    says(page, "the last picture stays")
    expect(camera).to_have_attribute("aria-pressed", "false")


def test_the_benchmark_says_what_was_applied_and_its_row_lands_in_the_table(page, served):
    page.locator("#model").select_option("tiny")
    page.get_by_role("button", name="Measure").tap()
    says(page, "Done.", "#progress")
    rows = page.locator("#results tbody tr").all_inner_texts()
    cores = page.evaluate("navigator.hardwareConcurrency")
    assert len(rows) >= 2 + (cores > 1)
    assert re.match(r"CPU, 1 thread\s+applied: CPU, 1 thread, XNNPACK\s.*100\.0 %", rows[0], re.DOTALL)
    page.get_by_role("button", name="Send").tap()
    says(page, "First name the device", "#sent")
    page.get_by_label("Device in words").fill("A phone of the tests")
    page.route("**/rows", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Send").tap()
    says(page, "the server does not answer", "#sent")
    page.unroute("**/rows")
    page.get_by_role("button", name="Send").tap()
    says(page, "now in the notebook's table", "#sent")
    report, = benchmark.phone_rows(served.file)
    assert report.machine["device"] == "A phone of the tests" and "Chrom" in report.machine["system"]
    on_cpu = [result for result in report.results if result.asked.delegate == "xnnpack"]
    assert [result.status for result in on_cpu] == ["ok"] * len(on_cpu)
    assert [result.applied["threads"] for result in on_cpu] == [result.asked.threads for result in on_cpu]
    assert all(result.agreement["equal"] == 1 and len(result.rounds) == 2 for result in on_cpu)
    card = report.results[-1]
    assert card.asked.delegate == "gpu"
    if page.evaluate(CARD):
        assert (card.status, card.applied["delegate"], card.applied["timed"]) == ("ok", "gpu", "run and read")
        assert card.agreement["equal"] > 0.99
    else:
        assert card.status == "unavailable" and "graphics card" in card.reason


def test_a_static_host_without_headers_and_a_row_to_copy(open_phone, folder):
    class Plain(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Plain, directory=folder[0])) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{host.server_port}/"
        page = open_phone(address)  # its service worker adds the headers
        assert page.evaluate("crossOriginIsolated")
        cores = page.evaluate("navigator.hardwareConcurrency")
        assert cores == 1 or "CPU, 2 threads" in page.locator("#where option").all_inner_texts()
        page = open_phone(address, service_workers="block")
        says(page, "needs the headers COOP and COEP", "#progress")
        assert page.locator("#where option").all_inner_texts()[0] == "CPU, 1 thread"
        assert not [words for words in page.locator("#where option").all_inner_texts() if "threads" in words]
        page.locator("#model").select_option("tiny")
        page.get_by_role("checkbox", name="graphics card").uncheck()
        page.get_by_role("button", name="Measure").tap()
        says(page, "Done.", "#progress")
        expect(page.get_by_role("button", name="Send")).to_be_hidden()
        page.get_by_label("Device in words").fill("Another one")
        text = page.locator("#text").input_value()
        host.shutdown()
    report = benchmark.read_phone_row(text)
    assert (report.machine["device"], [result.applied["threads"] for result in report.results]) == ("Another one", [1])


def test_a_browser_without_relaxed_simd_has_one_thread(open_phone, served):
    """As Safari on an iPhone: LiteRT.js takes another WebAssembly file there."""
    asked = []

    def without(route):
        text = route.fetch().text()
        start = "async function supportsFeature(feature) {"
        assert start in text
        route.fulfill(body=text.replace(start, f'{start} if (feature === "relaxedSimd") return false;'),
                      content_type="text/javascript", headers=server.HEADERS)

    def prepare(page):
        page.context.route("**/litert/core/index.js", without)
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))

    page = open_phone(served.address, prepare)
    says(page, "needs relaxed SIMD", "#progress")
    page.get_by_role("button", name="Sample").tap()
    says(page, "Done.")
    assert share(page, "cat") > 0.5
    assert [name for name in asked if name.endswith(".wasm")] == ["litert_wasm_compat_internal.wasm"]


def test_two_pages_at_once_and_a_server_that_stops_meanwhile(open_phone, folder, tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(photos.sample("astronaut")).save(photo)
    served = server.PhoneServer(*folder, "127.0.0.1", file=tmp_path / "rows.jsonl").start()
    pages = [open_phone(served.address) for _ in range(2)]
    for page in pages:
        page.get_by_role("button", name="Sample").tap()
    for page in pages:
        says(page, "Done.")
    served.stop()
    page, other = pages
    page.locator("#photo").set_input_files(photo)  # the model is here already
    says(page, "Done.")
    assert share(page, "person") > 0.2
    page.locator("#model").select_option("tiny")
    says(page, "does its server still run?")
    expect(page.locator("#status")).to_have_class("trouble")
    other.get_by_role("button", name="Sample").tap()
    says(other, "does the server still run?")
