"""The canvas for scribbles without a browser: strokes, undo, files, several photos, pointers; what is refused."""

import numpy as np
import pytest
from PIL import Image

from segkit import photos, widgets
from segkit.errors import SegkitError
from segkit.networks.teaching.strokes import Strokes
from segkit.widgets.scribbles import LONGEST, Scribbles


@pytest.fixture(scope="module")
def shared():
    return Scribbles("helmet", {"astronaut": photos.sample("astronaut"), "hopper": photos.sample("hopper")})


@pytest.fixture
def pad(shared):
    """The widget without any mark, on its first photo."""
    shared.chosen.value = "astronaut"
    for name in ("astronaut", "hopper"):
        shared.load(np.zeros(photos.sample(name).shape[:2], np.uint8), name)
    return shared


def test_strokes_teach_and_undo_takes_them_back(pad):
    assert "0 strokes: no mask yet" in pad.alt and "no pixel is marked as helmet" in pad.message.value
    pad.stroke([(300, 430), (450, 430)], 2)
    pad.stroke([(60, 400), (180, 320)], 1)
    one = pad.alt
    assert "2 strokes: helmet on" in one and pad.message.value == ""
    pad.stroke([(200, 60), (300, 60)], 1)
    assert "3 strokes" in pad.alt
    pad.buttons["Undo"].click()
    assert pad.alt == one
    for _ in range(4):
        pad.undo()
    assert not pad.marks().any() and pad.still.size == (190, 190)


def test_a_pointer_draws_what_code_draws(pad):
    scale = LONGEST / 512
    pad.kind.value, pad.width.value = 2, 7
    for work, x, y in ((pad._begin, 300, 430), (pad._go, 380, 430), (pad._go, 450, 430)):
        work(x * scale, y * scale)
    assert not pad.marks().any()  # only when the pointer is lifted
    pad._end(0, 0)
    expected = Strokes((512, 512))
    expected.add([(300, 430), (380, 430), (450, 430)], 2, 7)
    np.testing.assert_array_equal(pad.marks(), expected.marks())
    pad._go(100, 100)
    pad._end(100, 100)  # no button is held
    np.testing.assert_array_equal(pad.marks(), expected.marks())
    pad.kind.value = 0
    pad._begin(380 * scale, 430 * scale)
    pad._end()
    assert pad.marks()[430, 380] == 0 and pad.marks()[430, 310] == 2


def test_marks_are_saved_and_loaded(pad, tmp_path):
    pad.stroke([(300, 430), (450, 430)], 2)
    pad.stroke([(60, 400)], 1, 9)
    pad.file.value = str(tmp_path / "s.png")
    pad.buttons["Save"].click()
    assert "Saved as" in pad.message.value
    before = pad.marks()
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "s.png")), before)
    pad.undo()
    pad.buttons["Load"].click()
    np.testing.assert_array_equal(pad.marks(), before)
    pad.chosen.value = "hopper"
    pad.buttons["Load"].click()
    assert "512 x 512 pixels, but the photo has 512 x 600" in pad.message.value and not pad.marks().any()


def test_marks_of_several_photos_count_together(pad):
    pad.stroke([(300, 430), (450, 430)], 2)
    pad.chosen.value = "hopper"
    assert pad.photo == "hopper" and "no pixel is marked as not helmet" in pad.message.value
    pad.stroke([(100, 100), (400, 500)], 1)
    assert "hopper with 1 strokes: helmet on" in pad.alt
    assert pad.canvas.width / pad.canvas.height == pytest.approx(512 / 600, abs=0.01)
    assert pad.marks("astronaut").max() == 2 and pad.marks("hopper").max() == 1


def test_a_photo_of_the_reader_can_be_painted_on(pad):
    import io

    stream = io.BytesIO()
    Image.fromarray(photos.sample("cat")).save(stream, "PNG")
    for content, name in ((stream.getvalue(), "mine.png"), (b"no picture", "bad.png")):
        pad.upload.value = ({"name": name, "type": "image/png", "size": len(content), "content": content,
                             "last_modified": __import__("datetime").datetime.now()},)
    assert pad.photo == "mine.png" and "bad.png" in pad.message.value
    assert pad.marks().shape == photos.sample("cat").shape[:2]


@pytest.mark.parametrize("points, kind, width", [([], 2, 5), ([(1, float("nan"))], 2, 5), ("line", 2, 5), ([(1, 2)], 3, 5),
                                                 ([(1, 2)], 2, 0)])
def test_a_wrong_stroke_is_refused(points, kind, width):
    with pytest.raises(SegkitError, match="a stroke"):
        Strokes((4, 4)).add(points, kind, width)


@pytest.mark.parametrize("name, given, said", [("cat", {"cat": photos.sample("cat")}, "has a class 'cat'"),
                                               ("cup", {}, "no photo")])
def test_what_will_not_do_is_a_sentence(name, given, said):
    assert said in widgets.scribble(name, given).alt
