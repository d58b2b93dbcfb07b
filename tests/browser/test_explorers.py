"""Every explorer of every lesson as a reader meets it: JupyterLab, a browser, the keyboard.

The layout is tested twice, in a wide window and in a narrow one with JupyterLab's list of
files open, which leaves an explorer some 330 pixels.
"""

import re

import pytest
from explorer_cells import cells, explorers
from PIL import Image

from segkit import photos
from segkit.lessons.lesson_10 import explorer

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=30_000)

WIDTHS = (1280, 700)  # of the window, in CSS pixels
# Dials that may leave the words as they are: rounded shares, or pieces, may happen to be the same.
ONLY_THE_PICTURE = ("Opacity", "Fit", "Gap", "Mask by", "Stride", "Scales", "Near", "Alike", "Draw")
NO_NAME = (explorer.bits, "Photo")  # the words of this explorer do not name the photo
# The photo "voc" has many classes; its own image features change nothing; scales have no effect
# on float32, and none on 3 bits, where all is background anyway.
# A rectangle in the last corner would be cut off there, whatever its size.
KEYS = {"Photo": "v", "Image": "ArrowDown", "Weights": "ArrowLeft", "Left": "ArrowLeft", "Top": "ArrowLeft"}
# The explorer of the CRF begins with "voc"; its pixel stays near, because in a corner all is sure.
OWN_KEYS = {("crf_explorer", "Photo"): "ArrowDown", ("crf_explorer", "Row"): "ArrowRight",
            ("crf_explorer", "Column"): "ArrowRight"}
# What stands in an explorer lies inside it, is not cut off, and covers nothing else.
FAULTS = """output => {
  const kinds = 'label, select, button, img, table, [role=slider], .widget-readout, '
    + '.widget-html-content > div';
  const parts = [...output.querySelectorAll(kinds)].filter(part => part.offsetHeight);
  const name = part => `${part.localName} "${(part.alt || part.innerText).slice(0, 40)}"`;
  const boxes = parts.map(part => part.getBoundingClientRect());
  const outer = output.getBoundingClientRect(), faults = [];
  parts.forEach((part, i) => {
    const box = boxes[i], style = getComputedStyle(part);
    if (box.left < outer.left - 1 || box.right > outer.right + 1)
      faults.push(`${name(part)} sticks out`);
    if (style.overflowX != 'visible' && part.scrollWidth > part.clientWidth + 1)
      faults.push(`${name(part)} is cut off`);
    if (part.selectedIndex < 0)
      faults.push(`${name(part)} shows no option`);
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = style.font;
    for (const option of part.options ?? [])
      if (pen.measureText(option.text).width > part.clientWidth - 20)  // 20: the arrow
        faults.push(`option "${option.text}" is cut off`);
    for (let j = 0; j < i; j++)
      if (!parts[j].contains(part)
          && Math.min(box.right, boxes[j].right) - Math.max(box.left, boxes[j].left) > 1
          && Math.min(box.bottom, boxes[j].bottom) - Math.max(box.top, boxes[j].top) > 1)
        faults.push(`${name(part)} lies over ${name(parts[j])}`);
  });
  for (const part of [output, ...output.querySelectorAll('.segkit, .segkit *')])
    if (part.scrollWidth > part.clientWidth + 1
        && ['auto', 'scroll'].includes(getComputedStyle(part).overflowX))
      faults.push(`${part.className} scrolls sideways`);
  return faults;
}"""


class Shown:
    """An explorer in JupyterLab.

    Attributes:
        page: Playwright's page.
        explorer: the function that made it.
        output: the locator of the cell's output.
        picture: the locator of the picture.
    """

    def __init__(self, notebook, index):
        self.notebook, self.page, self.explorer = notebook, notebook.page, cells()[index].explorer
        notebook.run(index)
        self.output = notebook.cell(index).locator(".jp-OutputArea-output:has(.segkit)")
        self.picture = self.output.get_by_role("img")
        expect(self.picture).to_be_visible()

    def controls(self):
        """The locators of the dials; of the buttons, the first one."""
        buttons = self.output.locator("button")
        dials = self.output.locator("select, [role=slider]").all()
        return dials + ([buttons.first] if buttons.count() else [])

    def label(self, control):
        """The words beside a dial, or on a button."""
        return control.evaluate("""c => (c.localName == 'button' ? c
                                   : c.closest('.widget-inline-hbox').querySelector('label')).innerText""")

    def agrees(self):
        """The page says what the picture's alt text says."""
        words = " ".join(self.picture.get_attribute("alt").split())
        expect(self.output.locator(".widget-html").filter(has_text=words)).to_be_visible()
        return words


@pytest.fixture(scope="module")
def notebook(open_page):
    """``explorers.ipynb``, open in a window of the first width."""
    opened = open_page("explorers.ipynb", WIDTHS[0])
    # Playwright catches choosers of files only while somebody listens, and is slow to begin.
    opened.page.on("filechooser", lambda chooser: None)
    return opened


@pytest.fixture(scope="module", params=range(len(cells())), ids=[cell.name for cell in cells()])
def shown(request, notebook):
    """One explorer, which the tests below use one after the other."""
    notebook.complaints.clear()
    return Shown(notebook, request.param)


def test_no_explorer_is_forgotten():
    """Each lesson has an explorer, and its notebook shows each of them."""
    known = explorers()
    assert known and all(known.values()), known
    assert {cell.explorer for cell in cells()} == {one for found in known.values() for one in found}


def test_keys_are_ours_before_any_other_explorer_was_shown(open_page):
    """A page in which the first picture is a figure, and no dial was moved."""
    notebook = open_page("explorers.ipynb", WIDTHS[0], fresh=True)
    assert notebook.page.evaluate("window.segkitKeys === undefined")
    index = [cell.explorer.__name__ for cell in cells()].index("damage_explorer")
    test_keys_belong_to_the_control_that_has_the_focus(Shown(notebook, index))


def test_the_first_state(shown):
    assert len(shown.agrees()) > 40
    assert shown.picture.evaluate("image => image.naturalWidth") >= 400
    assert shown.controls()
    expect(shown.output.get_by_role("alert")).to_have_count(0)


def test_keys_belong_to_the_control_that_has_the_focus(shown):
    """JupyterLab would cut the cell at "x", delete it at "d" twice, and add one at "b"."""
    shown.page.wait_for_function("window.segkitKeys")
    cells_of_the_notebook = shown.page.locator(".jp-Notebook .jp-CodeCell")
    for control in shown.controls():
        control.focus()
        for key in "xddb":
            control.press(key)
        expect(control).to_be_focused()
    expect(cells_of_the_notebook).to_have_count(len(cells()))


def test_nothing_is_cut_off_or_covered(shown):
    faults = {}
    for width in reversed(WIDTHS):
        shown.page.set_viewport_size({"width": width, "height": 1000})
        for _ in range(10):  # JupyterLab takes a moment to settle
            shown.page.wait_for_timeout(100)
            faults[width] = shown.output.evaluate(FAULTS)
            if not faults[width]:
                break
    assert not any(faults.values()), faults


def test_each_control_changes_picture_and_words(shown, tmp_path):
    for control in shown.controls():
        label = shown.label(control)
        picture, words = shown.picture.get_attribute("src"), shown.agrees()
        control.focus()
        if "Upload" in label:
            _upload(shown.page, control, tmp_path / "mine.png")
        else:
            control.press(OWN_KEYS.get((shown.explorer.__name__, label)) or KEYS.get(label)
                          or _key(control))
        expect(shown.picture).not_to_have_attribute("src", picture)
        if label not in ONLY_THE_PICTURE and (shown.explorer, label) != NO_NAME:
            expect(shown.picture).not_to_have_attribute("alt", re.compile(f"^{re.escape(words)}$"))
        shown.agrees()
        expect(control).to_be_focused()
    expect(shown.output.get_by_role("alert")).to_have_count(0)


def test_nothing_was_complained_about(shown):
    assert shown.notebook.complaints == []


def _key(control):
    """The option before, or the next one where there is none before; a slider's far end."""
    kind, is_there = control.evaluate("""c => [c.localName, c.localName == 'select'
        ? c.selectedIndex == 0 : c.ariaValueNow == c.ariaValueMax]""")
    keys = {"select": ("ArrowUp", "ArrowDown"), "div": ("End", "Home"), "button": ("Enter",) * 2}
    return keys[kind][is_there]


def _upload(page, button, file):
    Image.fromarray(photos.sample("cat")).save(file)
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(file)
