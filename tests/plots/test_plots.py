"""Figures: size, words that state the numbers, and what Jupyter gets of them."""

import base64
import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from segkit import lessons, photos, plots
from segkit.errors import SegkitError
from segkit.languages import sentence
from segkit.lessons.lesson_08 import figures
from segkit.masks import labels
from segkit.masks.words import percent
from segkit.networks.segmenter import Segmentation
from segkit.plots import overviews, thumbnails


def segmentation(person=0.25):
    """A made-up result: the left part of the photo is a person."""
    photo = photos.sample("cat")
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, :round(person * photo.shape[1])] = 15
    return Segmentation(photo, mask, labels.VOC, {})


def opened(picture):
    return Image.open(io.BytesIO(picture.png))


@pytest.mark.parametrize("share, words", [
    (0, "0 %"), (0.0049, "under 1 %"), (0.2501, "25 %"), (0.9951, "over 99 %"), (1, "100 %")])
def test_percent(share, words):
    assert percent(share) == words


def test_percent_does_not_show_the_last_digits_of_a_float():
    assert percent(0.1 + 0.2) == percent(0.3) == "30 %"


@pytest.mark.parametrize("parts, words", [([], ""), (["a"], "a"), (["a", "b"], "a and b"),
                                          (["a", "b", "c"], "a, b and c")])
def test_sentence(parts, words):
    assert sentence(parts) == words


def test_picture_is_png_with_its_words_in_both_places():
    picture = plots.result(segmentation())
    data, metadata = picture._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]) == picture.png
    assert data["text/plain"] == metadata["image/png"]["alt"] == picture.alt == repr(picture)


def test_picture_without_words_is_refused():
    with pytest.raises(SegkitError, match="alt text"):
        plots.Picture(b"", "  ")


def test_words_are_escaped_in_html():
    data, _ = plots.Picture(b"", 'a "b" < c', gif=b"GIF")._repr_mimebundle_()
    assert 'alt="a &quot;b&quot; &lt; c"' in data["text/html"]


def test_figures_have_one_width():
    result = segmentation()
    for picture in (plots.result(result), plots.gallery(["cat"]), plots.course(lessons.course()),
                    plots.classes(labels.VOC), plots.compare(result.photo, {"one": result.mask})):
        assert opened(picture).width == round(plots.WIDTH * plots.DPI)


def test_result_states_shares():
    assert "background 75 % and person 25 %" in plots.result(segmentation(0.25)).alt
    assert "background 60 % and person 40 %" in plots.result(segmentation(0.40)).alt


def test_result_does_not_name_a_class_of_a_few_pixels():
    result = segmentation()
    result.mask[:2, -2:] = 3
    assert "bird" not in plots.result(result).alt


def test_painted_leaves_the_background_alone_and_mixes_the_rest():
    result = segmentation()
    painted = plots.paint(result.photo, result.mask, 1)
    assert (painted[result.mask == 15] == labels.screen_palette()[15]).all()
    assert (painted[result.mask == 0] == result.photo[result.mask == 0]).all()
    assert np.abs(plots.paint(result.photo, result.mask, 0.5).astype(int)
                  - np.asarray(result.overlay(0.5))).max() <= 1


def test_flat_masks_have_their_colours_on_every_photo():
    mask = np.array([[0, 11], [15, 255]], np.uint8)
    dark, bright = (plots.paint_flat(np.full((2, 2, 3), level, np.uint8), mask).astype(int) for level in (0, 255))
    assert dark[0, 0].min() > 180  # the background is pale, and
    assert np.abs(bright - dark)[mask > 0].max() <= 10  # clothes do not change a colour
    assert np.abs(dark - labels.screen_palette()[mask])[mask > 0].max() <= 40


def test_a_legend_names_the_classes_that_some_mask_shows():
    mask = np.zeros((20, 20), np.uint8)
    mask[:10], mask[10], mask[11, 0] = 15, 255, 3  # the bird is too small
    new, _ = plots.figure()
    plots.legend(new, [mask, np.full_like(mask, 8), 0 * mask])
    plots.legend(new, [mask], {15: "thing"})
    plots.legend(new, [0 * mask])
    assert [[text.get_text() for text in one.get_texts()] for one in new.legends] == [["cat", "person"], ["thing"]]


def test_compare_counts_changed_pixels():
    result = segmentation(0.5)
    other = np.zeros_like(result.mask)
    alt = plots.compare(result.photo, {"left": result.mask, "empty": other}).alt
    assert "left, 0 % changed and empty, 50 % changed" in alt


def test_compare_with_the_truth_gives_mean_iou():
    result = segmentation(0.5)
    truth = result.mask.copy()
    truth[:5] = labels.IGNORE
    alt = plots.compare(result.photo, {"same": result.mask, "empty": np.zeros_like(truth)}, truth).alt
    assert "same, mean IoU 1.00" in alt and "empty, mean IoU 0.25" in alt


def test_course_counts_the_lessons_that_are_here():
    here = lessons.Lesson("00", "00.ipynb", "One", True)
    coming = lessons.Lesson("01", "01.ipynb", "Two", False)
    alt = plots.course([here, coming]).alt
    assert "2 lessons. Here now: 1 of them. 00 One. Coming: 1." in alt


def test_course_says_minutes_and_needs_and_draws_each_need_once():
    three = [lessons.Lesson("00", "", "One", True, 15), lessons.Lesson("01", "", "Two", True, 20, ("00",)),
             lessons.Lesson("02", "", "Three", True, 25, ("00", "01"))]
    assert "01 Two, 20 minutes, needs 00; 02 Three, 25 minutes, needs 00 and 01" in plots.course(three).alt
    assert overviews._direct("02", three) == ["01"] and overviews._course_places({"00": (), "01": ("00",)})[1] == 2


def test_every_lesson_has_a_thumbnail_of_its_own():
    drawn = {}
    for name in (*lessons.COURSE, "99-not-there"):
        axes = Figure().subplots()
        thumbnails.draw(axes, name[:2])
        drawn[name[:2]] = str([(str(patch), patch.get_facecolor()) for patch in axes.patches])
    assert drawn.pop("99") == "[]" and "[]" not in drawn.values()
    assert len(set(drawn.values())) == len(drawn)


def test_values_state_the_range():
    photo = photos.sample("cat")
    alt = figures.values(photo, photo / np.float32(127.5) - 1).alt
    assert f"from {photo.min()} to {photo.max()}" in alt
    assert f"from {photo.min() / 127.5 - 1:.1f} to {photo.max() / 127.5 - 1:.1f}" in alt


def test_scores_and_pixel_name_the_winner():
    scores = np.zeros((1, 4, 4, 21), np.float32)
    scores[..., 15] = 7
    scores[0, 0, 0, 8] = 9
    assert "person has the highest score on 94 %" in figures.scores(scores, labels.VOC).alt
    assert "highest is cat with 9.0, the next is person with 7.0" in figures.pixel(
        scores, 0, 0, labels.VOC).alt


def test_moving_crop_has_a_frame_for_each_step_and_is_small():
    photo = photos.sample("motorcycle")
    seen, steps = np.zeros(photo.shape[:2], np.uint8), []
    for left in (0, 100, 200, 300):
        seen[100:300, left:left + 200] = 14
        steps.append(((left, 100, left + 200, 300), seen.copy()))
    picture = figures.moving_crop(photo, steps)
    animation = Image.open(io.BytesIO(picture.gif))
    assert (animation.format, animation.n_frames, animation.info["loop"]) == ("GIF", 4, 0)
    assert len(picture.gif) < 1_500_000
    assert "4 frames" in picture.alt and "from 11 % to 27 %" in picture.alt
    assert "text/html" in picture._repr_mimebundle_()[0]


def test_pipeline_states_the_shapes(model_path):
    from segkit import Segmenter

    alt = figures.pipeline(Segmenter(model_path("deeplabv3")), photos.sample("cat")).alt
    for shape in ("(300, 451, 3)", "(1, 257, 257, 3)", "(1, 257, 257, 21)", "(257, 257)"):
        assert shape in alt


def test_pyplot_is_not_loaded():
    """Nothing opens a window, and no figure stays in memory."""
    code = "import sys, segkit.plots, segkit.lessons.lesson_08.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_title_that_is_too_wide_gets_another_line():
    _, axes = plots.figure(4)
    wide = "escala 0,125, 2 celdas de ancho, o algo más\n0 %"
    lines = plots.style.fitted(wide, axes[0, 3], 9).split("\n")
    assert " ".join(lines) == wide.replace("\n", " ") and len(lines) > 2 and lines[-1] == "0 %"
    assert plots.style.fitted("scale 1\n0 %", axes[0, 3], 9) == "scale 1\n0 %"
    assert plots.style.fitted("x" * 60, axes[0, 3], 9) == "x" * 60
    assert plots.style.fitted(wide, plots.figure()[1][0, 0], 9) == wide


@pytest.mark.parametrize("language, words", [("ja", "畳み込みの層"), ("zh_CN", "空洞卷积")])
@pytest.mark.filterwarnings("error:Glyph")
def test_a_figure_has_the_signs_of_the_language(language, words):
    from segkit.languages import reading

    with reading(language):
        figure, axes = plots.figure()
        axes[0, 0].set_title(words, weight="bold")
        assert plots.show(figure, words).png
