"""The widgets as a reader meets them: JupyterLab, a browser, mouse and keyboard."""

import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from explorer_cells import cells
from PIL import Image

from segkit import photos

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=30_000)

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def explorer(notebook):
    """The output of a new run of the cell with the explorer."""
    output = notebook.run(0)
    expect(output.get_by_role("img")).to_be_visible()
    return output


@pytest.fixture
def your_photo(notebook):
    """The output of a new run of the cell with the upload button."""
    output = notebook.run(1)
    expect(output.get_by_role("img")).to_be_visible()
    return output


@pytest.fixture
def cat(tmp_path):
    """A picture file with the sample photo of a cat."""
    file = tmp_path / "my cat.png"
    Image.fromarray(photos.sample("cat")).save(file)
    return file


@pytest.fixture
def letter(tmp_path):
    """A file that is no picture; its name would be markup if nobody escaped it."""
    file = tmp_path / "a <b>letter.jpg"
    file.write_text("Dear reader, this is no picture.")
    return file


def picker(output, label):
    return output.get_by_label(label, exact=True)


def pick(output, label, option):
    picker(output, label).select_option(label=option)


def chosen(output, label):
    return picker(output, label).locator("option:checked")


def source(output):
    return output.get_by_role("img").get_attribute("src")


def expect_another_picture(output, than):
    expect(output.get_by_role("img")).not_to_have_attribute("src", than)


def expect_words(output, pattern):
    """In the picture's alt text, and on the page."""
    expect(output.get_by_role("img")).to_have_attribute("alt", re.compile(pattern))
    expect(output.locator(".widget-html").filter(has_text=re.compile(pattern))).to_be_visible()


def upload(notebook, output, file):
    with notebook.page.expect_file_chooser() as chooser:
        output.get_by_role("button", name="Upload your photo").click()
    chooser.value.set_files(file)


def test_the_first_state(explorer):
    expect_words(explorer, r"photo astronaut .* person \d+\s%")
    expect(chosen(explorer, "Photo")).to_have_text("astronaut")
    expect(chosen(explorer, "Show")).to_have_text("all classes")
    expect(explorer.get_by_role("row", name=re.compile(r"person \d+\.\d %"))).to_be_visible()
    expect(explorer.get_by_text(re.compile(r"invoke \d+\.\d ms"))).to_be_visible()


def test_the_opacity_slider_by_keyboard(notebook, explorer):
    before = source(explorer)
    slider = explorer.get_by_role("slider")
    slider.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect_another_picture(explorer, before)
    expect(explorer.get_by_text("55%", exact=True)).to_be_visible()
    expect(slider).to_be_focused()  # and not the next cell of the notebook


def test_the_opacity_slider_by_mouse(notebook, explorer):
    before = source(explorer)
    handle = explorer.get_by_role("slider").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + 500, y, steps=5)
    notebook.page.mouse.up()
    expect(explorer.get_by_text("100%", exact=True)).to_be_visible()
    expect_another_picture(explorer, before)


def test_keys_belong_to_the_control_that_has_the_focus(notebook, explorer):
    """JupyterLab would cut the cell at "x", and delete it at "d" twice."""
    notebook.page.wait_for_function("window.segkitKeys")
    cells = notebook.page.locator(".jp-CodeCell")
    before = cells.count()
    for control in (picker(explorer, "Photo"), explorer.get_by_role("slider"),
                    explorer.get_by_role("button", name="Upload your photo")):
        for key in "xddb":
            control.focus()
            notebook.page.keyboard.press(key)
        expect(control).to_be_focused()
    picker(explorer, "Photo").focus()
    notebook.page.keyboard.press("r")
    expect_words(explorer, "photo rocket")
    notebook.page.keyboard.press("Shift+Enter")  # JupyterLab's own: run the cell
    expect_words(explorer, "photo astronaut")
    assert cells.count() == before


def test_another_photo(explorer):
    pick(explorer, "Photo", "cat")
    expect_words(explorer, r"photo cat .* cat \d+\s%")
    expect(explorer.get_by_role("row", name=re.compile("^ ?cat"))).to_be_visible()
    expect(picker(explorer, "Show").locator("option")).to_have_text(["all classes", "cat"])


def test_another_fit(explorer):
    pick(explorer, "Photo", "cat")
    expect_words(explorer, "photo cat")
    before = source(explorer)
    pick(explorer, "Fit", "letterbox: keep its shape, add bars")
    expect_another_picture(explorer, before)


def test_one_class(explorer):
    pick(explorer, "Photo", "voc")
    expect_words(explorer, "photo voc")
    before = source(explorer)
    pick(explorer, "Show", "person")
    expect_words(explorer, r"Only person is painted: \d+\s% of the pixels")
    expect_another_picture(explorer, before)
    expect(explorer.get_by_role("row", name=re.compile(r"^ ?(?!background)\w+ \(not painted\)")).first).to_be_visible()


def test_explore_a_photo_of_ones_own(notebook, explorer, cat):
    upload(notebook, explorer, cat)
    expect_words(explorer, r"Your photo my cat\.png .* cat \d+\s%")
    expect(chosen(explorer, "Photo")).to_have_text("yours: my cat.png")
    pick(explorer, "Photo", "coffee")
    expect_words(explorer, "photo coffee")
    upload(notebook, explorer, cat)  # the same file once more
    expect_words(explorer, r"Your photo my cat\.png")


def test_your_photo(notebook, your_photo, cat):
    expect_words(your_photo, r"sample photo astronaut .* takes its place")
    upload(notebook, your_photo, cat)
    expect_words(your_photo, r"Your photo my cat\.png .* cat \d+\s%")
    expect(your_photo.get_by_role("row", name=re.compile("^ ?cat"))).to_be_visible()


def test_a_photo_larger_than_what_a_jupyter_server_takes_of_itself(notebook, your_photo, tmp_path):
    if not Path(sys.prefix, "etc/jupyter/jupyter_server_config.json").is_file():
        pytest.skip("segkit is not installed here, and so its settings for Jupyter's server are not")
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 12 * 2**20
    upload(notebook, your_photo, tmp_path / "large.png")
    expect_words(your_photo, r"Your photo large\.png")


def test_a_file_that_is_no_picture(notebook, your_photo, letter, cat):
    upload(notebook, your_photo, letter)
    alert = your_photo.get_by_role("alert")
    expect(alert).to_contain_text("a <b>letter.jpg: the picture of 32 bytes is not a picture")
    expect(your_photo.get_by_role("img")).to_have_count(0)
    upload(notebook, your_photo, cat)  # and it goes on
    expect_words(your_photo, r"Your photo my cat\.png")
    expect(alert).to_have_count(0)
    expect(notebook.page.get_by_text("Traceback")).to_have_count(0)


def lesson_code_cells(name):
    return sum(cell.cell_type == "code" for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells)


def test_a_lesson_in_jupyterlab(open_page):
    """Every cell runs, no output is an error, and the lesson's widget is alive."""
    lesson = open_page("00-start-here.ipynb")
    lesson.run_all()
    expect_a_lesson(lesson, "00-start-here")


def test_the_explorer_of_a_lesson_in_jupyterlab(open_page):
    """As stored the lesson looks well; then its first cell and the explorer's run. nbval runs the cells between them."""
    cell, = (cell for cell in cells() if cell.lesson.startswith("08-"))
    lesson = open_page(cell.lesson)
    lesson.choose("Edit", "Clear Outputs of All Cells")
    expect(lesson.page.locator(".jp-OutputArea-output")).to_have_count(0)
    for index in (0, cell.index):
        lesson.run(index)
    expect_a_lesson(lesson, cell.lesson.removesuffix(".ipynb"))


def expect_a_lesson(lesson, name):
    widget = lesson.page.locator(".segkit")
    expect(widget.get_by_role("img")).to_be_visible()
    expect(widget.get_by_role("button", name="Upload your photo")).to_be_enabled()
    expect(lesson.page.locator(".jp-CodeCell")).to_have_count(lesson_code_cells(name))
    for unwanted in ("stderr", "error"):
        mime = f"application/vnd.jupyter.{unwanted}"
        expect(lesson.page.locator(f'[data-mime-type="{mime}"]')).to_have_count(0)
    assert lesson.complaints == []
