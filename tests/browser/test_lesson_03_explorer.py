"""Lesson 03's explorer as a reader meets it: a touched button is the output that the picture explains."""

import pytest
from explorer_cells import cells

from segkit.lessons.lesson_03 import explorer

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=30_000)


def test_touching_an_output_presses_its_button_and_changes_the_picture(open_page):
    index, = (i for i, cell in enumerate(cells()) if cell.explorer is explorer.explorer)
    lesson = open_page("explorers.ipynb")
    lesson.run(index)
    cell = lesson.cell(index)
    buttons, pressed = cell.locator(".segkit-touch button"), cell.locator(".segkit-touch .mod-active")
    expect(buttons).to_have_count(81)
    expect(pressed).to_have_attribute("title", "row 4, column 4")
    buttons.nth(80).click()
    expect(pressed).to_have_attribute("title", "row 8, column 8")
    expect(cell.get_by_text("The output at row 8, column 8 is")).to_be_visible()
    first, other = buttons.nth(80).bounding_box(), buttons.nth(71).bounding_box()
    assert first["x"] == other["x"] and first["y"] > other["y"], "the buttons do not stand as the pixels do"
    assert not lesson.complaints
