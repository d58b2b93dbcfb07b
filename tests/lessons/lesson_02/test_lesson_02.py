"""Lesson 02: each wrong answer gets its own hint, each figure states what it shows, the explorer follows."""

import base64
import io

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_02 import exercises, experiments, figures, measure_figures
from segkit.lessons.lesson_02.explorer import AMOUNTS, damage_explorer
from segkit.masks import labels, metrics
from segkit.plots import DPI, WIDTH


@pytest.mark.parametrize("name, answer", [
    ("read-mask", lambda data: np.array(Image.open(io.BytesIO(data)).convert("P")).astype(np.int64)),
    ("known-accuracy", lambda t, p: metrics.pixel_accuracy(metrics.confusion_matrix(t, p))),
    ("one-iou", lambda t, p, i: metrics.iou_per_class(metrics.confusion_matrix(t, p))[i]),
    ("data-set-iou", lambda m: np.nanmean(metrics.iou_per_class(m.sum(axis=0)))),
])
def test_other_ways_to_the_right_answer_count(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


def test_the_thin_rim_is_hidden_from_all_but_the_right_answer():
    """The exercise calls one way to measure right: the measures themselves have to agree."""
    truth = metrics.ignore_around(photos.voc_truth())
    whole = metrics.fill_ignored(truth)
    rim = experiments.grown(whole, exercises.RIM)
    seen = {"A": metrics.pixel_accuracy(metrics.confusion_matrix(truth, rim)),
            "B": metrics.pixel_accuracy(metrics.confusion_matrix(whole, rim)),
            "C": metrics.boundary_f(truth, rim, pixels=exercises.RIM),
            "D": metrics.boundary_f(truth, rim, pixels=exercises.RIM - 1)}
    assert seen.pop("D") < 0.8 and min(seen.values()) > 0.95


# --- figures ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene():
    """(photo, truth with a band, a mask with outlines too far out)."""
    truth = metrics.ignore_around(photos.voc_truth())
    return photos.sample("voc"), truth, experiments.grown(metrics.fill_ignored(truth), 8)


def a_matrix():
    """A matrix whose figures can be computed by hand: IoU 60 / 90 and 30 / 60."""
    matrix = np.zeros((21, 21), int)
    matrix[0, 0], matrix[0, 15], matrix[15, 15], matrix[15, 0] = 60, 10, 30, 20
    return matrix


def test_class_map_counts_the_numbers_it_shows():
    mask = np.zeros((40, 60), np.uint8)
    mask[:, 30:] = 15
    words = figures.class_map(np.zeros((40, 60, 3), np.uint8), mask, top=10, left=28, size=4).alt
    assert "60 x 40" in words and "2 classes" in words
    assert "16 pixels of the map as numbers: 0 = background on 8 and 15 = person on 8" in words


def test_palettes_name_the_colours():
    words = figures.palettes(photos.voc_truth()).alt
    assert "(192, 128, 128)" in words and "(238, 170, 34)" in words and "147 of 255" in words


def test_ignored_tells_the_share():
    mask = np.zeros((40, 60), np.uint8)
    mask[:10] = 255
    words = figures.ignored(np.zeros((40, 60, 3), np.uint8), mask, (0, 0, 20, 30)).alt
    assert "25 % of all pixels, and 50 % of the part of 30 x 20" in words


def test_resized_tells_that_only_bilinear_makes_classes_up():
    words = figures.resized(photos.voc_truth(), 8, (120, 0, 200, 300)).alt
    assert "no new class" in words and "11 classes that are not in the mask" in words


def test_quarters_state_their_figures(scene):
    words = figures.quarters(scene[0], scene[2], (0.1, 0.2, 0.3, 0.4, 0.25, 0.22)).alt
    assert "0.10, 0.20, 0.30 and 0.40, 0.25 on average" in words and "mean IoU 0.22" in words


def test_confusion_names_what_was_predicted():
    matrix = a_matrix()
    matrix[5, 15] = 3
    words = measure_figures.confusion(matrix).alt
    assert "person for bottle (100 % of its pixels)" in words
    assert "background for background (86 %" in words and "person for person (60 %" in words


def test_overlap_states_the_iou(scene):
    words = measure_figures.overlap(*scene, 15).alt
    expected = metrics.iou_per_class(metrics.confusion_matrix(*scene[1:]))[15]
    assert f"IoU is {expected:.2f}" in words and "0 % missed" in words


def test_weighted_states_both_means():
    words = measure_figures.weighted(a_matrix()).alt
    assert "background 0.67 on 58 % and person 0.50 on 42 %" in words
    assert "Mean IoU 0.58, frequency-weighted IoU 0.60" in words


def test_compare_states_every_value():
    words = measure_figures.compare({"one": {"a": 0.5, "b": 1}, "two": {"a": 0.25, "b": 0}}).alt
    assert words == "one: a 0.50 and b 1.00; two: a 0.25 and b 0.00."


def test_outlines_state_precision_and_recall():
    truth = np.zeros((60, 60), np.uint8)
    truth[20:40, 20:40] = 15
    photo = np.zeros((60, 60, 3), np.uint8)
    near = measure_figures.outlines(photo, truth, np.roll(truth, 2, 1), 15, 2, (0, 0, 30, 30)).alt
    assert "100 % of the predicted outline" in near and "100 % of the true outline" in near
    assert "100 %" not in measure_figures.outlines(photo, truth, np.roll(truth, 9, 1), 15, 2, (0, 0, 30, 30)).alt


def test_trimap_curve_rises_to_the_whole_photo(scene):
    words = measure_figures.trimap(*scene[:2], {"large": scene[2]}, (3, 10, 30)).alt
    first, last, whole = (f"{figure:.2f}" for figure in (
        metrics.trimap_iou(*scene[1:], 3), metrics.trimap_iou(*scene[1:], 30),
        metrics.mean_iou(metrics.confusion_matrix(*scene[1:]))))
    assert f"large from {first} to {last}, on the whole photo {whole}" in words and first < last


@pytest.mark.drawn
def test_figures_have_the_usual_width_and_nothing_is_cut_off(scene):
    photo, truth, large = scene
    part, six = (120, 0, 255, 340), metrics.summary(truth, large)
    for picture in (figures.class_map(photo, truth, 286, 213, 12), figures.palettes(truth),
                    figures.ignored(photo, truth, (225, 190, 140, 140)),
                    figures.resized(photos.voc_truth(), 8, part),
                    figures.quarters(photo, large, (0.5,) * 6), measure_figures.confusion(a_matrix()),
                    measure_figures.overlap(photo, truth, large, 15), measure_figures.weighted(a_matrix()),
                    measure_figures.compare({"one": six, "two": six}),
                    measure_figures.outlines(photo, truth, large, 15, 2, part),
                    measure_figures.trimap(photo, truth, {"large": large}, (2, 5, 9)),
                    measure_figures.measured(photo, large, six, "A mask")):
        image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L"))
        assert image.shape[1] == round(WIDTH * DPI)
        assert min(edge.min() for edge in (image[0], image[-1], image[:, 0], image[:, -1])) > 180, picture.alt


def test_what_cannot_be_shown_is_a_sentence(scene):
    photo, truth, large = scene
    with pytest.raises(SegkitError, match="row 370 and column 0 on, 10 x 10 pixels.*500 x 375"):
        figures.class_map(photo, truth, 370, 0)
    with pytest.raises(SegkitError, match="cat is neither in the truth nor in the prediction"):
        measure_figures.overlap(photo, truth, large, labels.VOC.index("cat"))
    with pytest.raises(SegkitError, match="cat has no outline"):
        measure_figures.outlines(photo, truth, large, labels.VOC.index("cat"), 2, (0, 0, 9, 9))


def test_many_masks_are_all_named(scene):
    photo, truth, large = scene
    titles = [f"mask {letter}" for letter in "abcdef"]
    for words in (measure_figures.trimap(photo, truth, dict.fromkeys(titles, large), (2, 5)).alt,
                  measure_figures.compare(dict.fromkeys(titles, {"a": 0.5})).alt):
        assert all(title in words for title in titles)


def test_background_is_white_and_ignored_pixels_are_dark():
    colours = figures.in_colours(np.array([[0, 255, 15]], np.uint8))[0]
    assert colours[0].min() == 255 and colours[1].max() < 60
    assert tuple(colours[2]) == tuple(labels.screen_palette()[15])


# --- the explorer -----------------------------------------------------------------


@pytest.fixture
def explorer():
    return damage_explorer()


@pytest.mark.drawn
def test_explorer_has_a_still_and_words(explorer):
    data, about = explorer._repr_mimebundle_()
    assert data["text/plain"] == about["image/png"]["alt"] == explorer.alt
    assert "moved to the right by 4 pixels, 13 % of the pixels not counted" in explorer.alt
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).width == 760


def test_explorer_follows_its_controls(explorer):
    explorer.controls["amount"].value = 0
    assert explorer.words.value.count("1.00") == 6
    explorer.controls["kind"].value = "without small objects"
    explorer.controls["amount"].value = 32
    assert "pixel accuracy 0.23" in explorer.words.value and "boundary F 0.00" in explorer.words.value
    explorer.controls["amount"].value = 1
    assert "under 1&nbsp;% of the photo" in explorer.words.value
    explorer.controls["kind"].value = "shrunk"
    assert "by 1 pixel," in explorer.words.value and explorer.words.value.count("1.00") == 6
    explorer.controls["band"].value = 0
    assert "0&nbsp;% of the pixels not counted" in explorer.words.value
    assert explorer.words.value.count("1.00") < 6


@pytest.mark.parametrize("kind", experiments.KINDS)
def test_explorer_takes_every_damage(kind, explorer):
    explorer.controls["kind"].value = kind
    explorer.controls["amount"].value = AMOUNTS[-1]
    assert explorer.message.value == "" and f"true mask {kind} " in explorer.words.value
