"""The widgets without a browser: controls are set from Python, as a front end would."""

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from segkit import models, photos, widgets
from segkit.errors import SegkitError
from segkit.lessons.lesson_00 import explorer as own
from segkit.lessons.lesson_08 import explorer as explorers
from segkit.masks import labels
from segkit.networks.segmenter import Segmentation, Segmenter
from segkit.widgets import markup
from segkit.widgets.choices import present_models

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def model(model_path):
    """The name of the default model, which ships."""
    model_path(models.default())
    return models.default()


@pytest.fixture
def runs(monkeypatch):
    """A list that grows by one with each run of a model."""
    made, real = [], Segmenter.segment

    def counted(self, photo):
        made.append(self.fit)
        return real(self, photo)

    monkeypatch.setattr(Segmenter, "segment", counted)
    return made


@pytest.fixture
def explorer(model, runs):
    return explorers.explorer()


@pytest.fixture
def your_photo(model, runs):
    return own.your_photo()


def upload(button, name, content):
    """What a front end sends when a reader picks a file."""
    button.set_state({"value": [{"name": name, "type": "", "size": len(content),
                                 "content": memoryview(content), "last_modified": 0}]})


def png(photo):
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "png")
    return stream.getvalue()


def alt(panel):
    return re.search(r'alt="([^"]*)"', panel.picture.value)[1]


def pixels(panel):
    """The picture of a panel as an array."""
    data = re.search(r'src="data:image/jpeg;base64,([^"]*)"', panel.picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def a_result(*shares, size=1000):
    """A result with the given pixels of class 0, 1, 2 and so on."""
    mask = np.repeat(np.arange(len(shares), dtype=np.uint8), shares)
    mask = np.pad(mask, (0, size - len(mask)))[None]
    return Segmentation(np.zeros((1, size, 3), np.uint8), mask, labels.VOC, {"invoke": 1.25})


# --- words and pictures ---------------------------------------------------------


def test_words_give_whole_per_cents_and_leave_out_what_is_small():
    words = markup.describe(a_result(300, 4, 250, 5, 441), "the photo", "a model")
    assert words == ("The photo with the mask of a model painted over it. "
                     "Found: boat 44 %, bicycle 25 %, background 30 % of the pixels.")


def test_words_where_no_class_is_found():
    words = markup.describe(a_result(1000), "the photo", "a model")
    assert words.endswith("Found: background; no other class on 1 % of the pixels or more.")
    assert markup.describe(a_result(996, 4), "the photo", "a model") == words


@pytest.mark.parametrize("only, share", [(1, "under 1 %"), (2, "50 %")])
def test_words_for_one_class(only, share):
    words = markup.describe(a_result(496, 4, 500), "the photo", "a model", only)
    assert words.endswith(f"Only {labels.VOC[only]} is painted: {share} of the pixels.")


def test_one_class_alone_is_painted():
    result = a_result(400, 300, 300)
    both, one = markup.painted(result, 1.0), markup.painted(result, 1.0, only=2)
    colours = [tuple(int(v) for v in labels.screen_palette()[index]) for index in (1, 2)]
    assert [colour for _, colour in sorted(both.getcolors())] == [colours[0], colours[1], (0, 0, 0)]
    assert {colour for _, colour in one.getcolors()} == {colours[1], (0, 0, 0)}


@pytest.mark.parametrize("shape", [(3000, 4000), (4000, 3000), (20, 9000), (40, 30)])
def test_a_picture_for_the_screen_is_bounded(shape):
    mask = np.zeros(shape, np.uint8)
    mask[:, shape[1] // 2:] = 7
    result = Segmentation(np.zeros((*shape, 3), np.uint8), mask, labels.VOC, {})
    small = markup.smaller(result)
    assert max(small.mask.shape) == min(max(shape), markup.LARGEST)
    assert small.photo.shape == (*small.mask.shape, 3) and min(small.mask.shape) >= 1
    assert set(np.unique(small.mask)) == {0, 7}
    assert abs(small.classes[0].share - 0.5) < 0.02


def test_legend_and_facts_tell_what_the_mask_holds():
    legend = markup.legend(a_result(500, 500, 1, size=2000), only=1)
    assert "rgb(68, 153, 153)" in legend and "25.0 %" in legend
    assert "bicycle (not painted)" in legend and "under 0.1 %" in legend
    assert "1000 x 1 pixels\ninvoke 1.2 ms" in markup.facts(a_result(1))


def test_names_from_outside_are_no_markup():
    result = a_result(1, 999)
    result.names = ("<b>", "<script>")
    everything = (markup.legend(result) + markup.text("<i>") + markup.note("<u>")
                  + markup.picture(Image.new("RGB", (2, 2)), '"><s>'))
    assert not re.search("<(b|script|i|u|s)>", everything)


# --- the explorer -----------------------------------------------------------------


def test_explorer_first_state(explorer, model):
    assert alt(explorer.panel) == explorer.alt
    assert re.search(r"photo astronaut .* deeplab .* person [34]\d %",
                     explorer.alt)
    assert "person" in explorer.panel.legend.value and re.search(r"[34]\d\.\d", explorer.panel.legend.value)
    facts = explorer.panel.facts.value
    assert "512 x 512 pixels" in facts
    assert re.search(r"prepare [\d.]+ ms\ninvoke [\d.]+ ms\nfinish [\d.]+ ms", facts)
    assert [control.value for control in (explorer.photo, explorer.model, explorer.fit)] == [
        "astronaut", model, "stretch"]


def test_opacity_and_class_do_not_run_the_model_again(explorer, runs):
    seen = [pixels(explorer.panel)]
    for change in ({"opacity": 0.0}, {"opacity": 1.0}, {"only": 15}, {"only": markup.ALL}):
        for control, value in change.items():
            getattr(explorer, control).value = value
        seen.append(pixels(explorer.panel))
    assert runs == ["stretch"]
    photo = photos.sample("astronaut").astype(int)
    assert abs(seen[1] - photo).mean() < 3  # no colour at all, but for JPEG's own loss
    assert abs(seen[0] - seen[2].astype(int)).mean() > 10
    assert (seen[2] == seen[4]).all()


def test_photo_model_and_fit_run_the_model_once_each(explorer, model, runs):
    explorer.photo.value = "cat"
    assert "photo cat" in alt(explorer.panel) and "451 x 300" in explorer.panel.facts.value
    stretched = pixels(explorer.panel)
    explorer.fit.value = "letterbox"
    assert (pixels(explorer.panel) != stretched).any()
    others = [name for name in explorer.model.options if name != model]
    for name in others:
        explorer.model.value = name
        assert f"the mask of {name} " in alt(explorer.panel)
    assert runs == ["stretch", "stretch"] + ["letterbox"] * (1 + len(others))


def test_class_picker_follows_the_photo(explorer):
    explorer.only.value = 15
    assert re.search(r"Only person is painted: [34]\d % of the pixels", alt(explorer.panel))
    assert "(not painted)" in explorer.panel.legend.value
    explorer.photo.value = "hopper"  # a person as well: the choice stays
    assert explorer.only.value == 15 and "Only person" in alt(explorer.panel)
    explorer.photo.value = "cat"
    assert explorer.only.value == markup.ALL
    assert [name for name, _ in explorer.only.options] == ["all classes", "cat"]
    assert "Found: cat" in alt(explorer.panel)


def test_models_on_offer_are_those_that_segment_and_are_here(explorer):
    assert list(explorer.model.options) == present_models()
    for name in explorer.model.options:
        assert models.get(name).task == "segment" and models.find(name)[0]


def test_explorer_takes_an_upload_and_lets_go_of_it(explorer, runs):
    content = png(photos.sample("cat")[:, ::-1])
    upload(explorer.upload, "mine.png", content)
    assert explorer.photo.value == explorers.OWN
    assert alt(explorer.panel).startswith("Your photo mine.png with the mask")
    explorer.photo.value = "coffee"
    assert "photo coffee" in alt(explorer.panel)
    explorer.photo.value = explorers.OWN
    assert "Your photo mine.png" in alt(explorer.panel)
    upload(explorer.upload, "other.png", png(photos.sample("rocket")))
    assert "Your photo other.png" in alt(explorer.panel)
    explorer.photo.value = "coffee"
    upload(explorer.upload, "mine.png", content)
    assert "Your photo mine.png" in alt(explorer.panel)
    assert len(runs) == 7


def test_a_bad_upload_leaves_the_explorer_as_it_was(explorer, runs):
    before = explorer.panel.picture.value
    upload(explorer.upload, "notes.txt", b"no picture")
    assert "notes.txt: the picture of 10 bytes is not a picture" in explorer.panel.message.value
    assert explorer.panel.picture.value == before and explorer.photo.value == "astronaut"
    explorer.photo.value = "cat"
    assert explorer.panel.message.value == "" and len(runs) == 2


def test_a_photo_that_is_no_sample(model):
    explorer = explorers.explorer(photos.sample("cat"))
    assert explorer.alt.startswith("Your photo with the mask") and re.search(r"cat \d\d %", explorer.alt)
    assert explorer.photo.value == explorers.OWN


def test_a_model_that_fails_says_so_and_another_goes_on(explorer, monkeypatch):
    real = Segmenter.segment

    def fails_letterboxed(self, photo):
        if self.fit == "letterbox":
            raise SegkitError("the model <x> failed while running")
        return real(self, photo)

    monkeypatch.setattr(Segmenter, "segment", fails_letterboxed)
    explorer.fit.value = "letterbox"
    assert "the model &lt;x&gt; failed" in explorer.panel.message.value
    assert explorer.panel.picture.value == explorer.panel.legend.value == ""
    explorer.opacity.value = 0.8  # nothing to paint, and no error either
    assert "failed" in explorer.panel.message.value
    explorer.fit.value = "stretch"
    assert explorer.panel.message.value == "" and "person" in alt(explorer.panel)


def test_a_damaged_model_file_leaves_the_controls(model, tmp_path):
    file = tmp_path / "broken.tflite"
    file.write_bytes(b"\0\0\0\0TFL3" + b"\xff" * 100)
    explorer = explorers.explorer(model=file)
    assert "broken.tflite" in explorer.panel.message.value and "broken.tflite" in explorer.alt
    assert set(explorer._repr_mimebundle_()) == {VIEW, "text/plain"}
    explorer.model.value = model
    assert "person" in alt(explorer.panel) and explorer.panel.message.value == ""


# --- your photo -------------------------------------------------------------------


def test_your_photo_shows_a_sample_and_says_so(your_photo):
    assert re.match(r"The sample photo astronaut \(a photo that you upload takes its place\) with "
                    r"the mask of deeplab .* person [34]\d %", your_photo.alt)
    assert alt(your_photo.panel) == your_photo.alt


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_your_photo_of_every_kind(your_photo, kind):
    stream = io.BytesIO()
    Image.fromarray(photos.sample("cat")).save(stream, kind)
    upload(your_photo.upload, f"Kätzchen.{kind}", stream.getvalue())
    assert re.match(rf"Your photo Kätzchen\.{kind} .* cat \d\d %", alt(your_photo.panel))


def test_your_photo_after_a_bad_file(your_photo, runs):
    upload(your_photo.upload, "a.jpg", b"")
    assert "a.jpg: " in your_photo.panel.message.value and your_photo.panel.picture.value == ""
    upload(your_photo.upload, "b.png", png(photos.sample("hopper")))
    assert "person" in alt(your_photo.panel) and your_photo.panel.message.value == ""
    assert len(runs) == 2


# --- where widgets cannot run -----------------------------------------------------


@pytest.mark.parametrize("kind, size", [("explorer", (400, 400)), ("your_photo", (760, 280))])
@pytest.mark.drawn
def test_mimebundle_has_widget_picture_and_words(kind, size, request):
    shown = request.getfixturevalue(kind)
    data, about = shown._repr_mimebundle_()
    assert set(data) == {VIEW, "image/png", "text/plain"}
    assert data[VIEW]["model_id"] == shown.widget.model_id
    assert data["text/plain"] == about["image/png"]["alt"] == shown.alt
    assert not re.search(r"\bms\b|[\d.]+\d %\.\d", shown.alt)
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert (picture.format, picture.size) == ("PNG", size)
    assert len(data["image/png"]) < 200_000


def test_still_picture_stays_that_of_the_first_state(explorer):
    before = explorer._repr_mimebundle_()
    explorer.photo.value = "cat"
    assert explorer._repr_mimebundle_() == before


@pytest.mark.parametrize("kind", [explorers.explorer, own.your_photo])
def test_without_a_model_there_is_a_sentence(kind, cache, monkeypatch):
    def never(model, url, folder):
        pytest.fail("a model that ships has no address to ask")

    monkeypatch.setattr("segkit.models.files.fetch", never)
    shown = kind()
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/plain"}
    assert "deeplab.tflite" in bundle["text/plain"] and "SEGKIT_MODELS" in bundle["text/plain"]
    assert "\n" not in bundle["text/plain"]
    assert 'role="alert"' in shown.widget.value and "SEGKIT_MODELS" in shown.widget.value


@pytest.mark.parametrize("photo", ["dog", "/no/such/photo.jpg", 7])
def test_a_photo_that_cannot_be_had_is_a_sentence(model, photo):
    shown = explorers.explorer(photo)
    assert type(shown) is widgets.View and "\n" not in shown.alt
    assert set(shown._repr_mimebundle_()) == {VIEW, "text/plain"}


def test_widgets_do_without_matplotlib():
    code = "import sys; from segkit import widgets; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr
