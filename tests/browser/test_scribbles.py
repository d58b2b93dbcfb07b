"""The canvas for scribbles as a reader meets it: drawn with a mouse and a finger, undone, saved, loaded."""

import re

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=30_000)
SIDE = 512  # pixels of the photo along each side
TOUCH = """(canvas, [points, scale]) => {
  const box = canvas.getBoundingClientRect();
  const send = (kind, [x, y]) => {
    const touch = new Touch({identifier: 1, target: canvas, clientX: box.left + x * scale, clientY: box.top + y * scale});
    const touches = kind == 'touchend' ? [] : [touch];
    canvas.dispatchEvent(new TouchEvent(kind, {touches, targetTouches: touches, changedTouches: [touch],
                                              bubbles: true, cancelable: true}));
  };
  send('touchstart', points[0]);
  for (const point of points) send('touchmove', point);
  send('touchend', points.at(-1));
}"""


def test_a_pointer_draws_undoes_saves_and_loads(open_page):
    notebook = open_page("widgets.ipynb")
    notebook.run(3)
    page, output = notebook.page, notebook.cell(3).locator(".jp-OutputArea-output:has(.segkit)")
    canvas = output.locator("canvas").last
    expect(canvas).to_be_visible()

    def strokes(count):
        expect(output.get_by_text(re.compile(rf"astronaut with {count} strokes"))).to_be_visible()

    def draw(*points):
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        places = [(box["x"] + x * box["width"] / SIDE, box["y"] + y * box["width"] / SIDE) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=5)
        page.mouse.up()

    strokes(0)
    draw((310, 440), (450, 440))
    strokes(1)
    output.get_by_role("button", name="the rest").click()
    canvas.evaluate(TOUCH, [[[60, 400], [120, 360], [180, 330]], canvas.bounding_box()["width"] / SIDE])
    strokes(2)
    expect(output.get_by_text(re.compile(r"helmet on \d+"))).to_be_visible()
    draw((200, 60), (300, 60))
    strokes(3)
    output.get_by_role("button", name="Undo", exact=True).click()
    strokes(2)
    output.get_by_role("button", name="Save", exact=True).click()
    expect(output.get_by_text("Saved as helmet.png")).to_be_visible()
    for _ in range(2):
        output.get_by_role("button", name="Undo", exact=True).click()
    strokes(0)
    expect(output.get_by_text("no pixel is marked as helmet")).to_be_visible()
    output.get_by_role("button", name="Load", exact=True).click()
    expect(output.get_by_text(re.compile(r"helmet on \d+"))).to_be_visible()  # both kinds of marks are back
    assert not notebook.complaints
