"""Lesson 06: hints of the exercises, words of the figures, and the explorer."""

import numpy as np
import pytest
from lesson_files import said

from segkit import photos, plots, reference
from segkit.errors import SegkitError
from segkit.lessons.lesson_06 import explorer, figures, number_figures
from segkit.networks import heads


@pytest.fixture
def present():
    if not heads.present():
        pytest.skip("the trunk and the heads are not here: put them into a folder named in SEGKIT_MODELS")


# --- exercises ----------------------------------------------------------------


def test_another_way_to_the_separable_cost_counts(capsys):
    answer = lambda h, w, k, i, o: (reference.multiply_adds(h, w, (k, k, i))  # noqa: E731
                                    + reference.multiply_adds(h, w, (1, 1, i, o)))
    assert said("separable-cost", answer, capsys).startswith("right: ")


def test_maps_that_cannot_be_joined_are_a_hint(capsys):
    answer = lambda low, high, kernel: np.concatenate([low, high], axis=2)  # noqa: E731
    assert "stopped with ValueError" in said("decoder-join", answer, capsys)


# --- figures ------------------------------------------------------------------


@pytest.fixture
def scene():
    """A photo of 100 x 60 pixels, a truth with an ignored line, and a mask that is 5 pixels off."""
    photo = np.full((60, 100, 3), 90, np.uint8)
    truth, mask = np.zeros((60, 100), np.uint8), np.zeros((60, 100), np.uint8)
    truth[20:, 30:], mask[20:, 35:] = 15, 15
    truth[20:, 30] = 255
    return photo, truth, mask


def test_grid_counts_the_places_inside(scene):
    photo, truth, mask = scene
    alt = figures.grid(photo, mask, truth, np.s_[0:60, 0:100], places=5, side=101).alt
    assert "5 x 5 places" in alt and "25 x 15 pixels" in alt
    # The first and the last row and column lie on the edges, half a pixel or less inside.
    assert "9 of them" in alt


def test_outlines_state_boundary_f(scene):
    photo, truth, mask = scene
    alt = figures.outlines(photo, {"off": mask, "right": np.where(truth == 255, 15, truth)},
                           [np.s_[0:30, 20:50], np.s_[30:60, 20:50]], truth).alt
    assert "2 parts of a photo, 30 x 30 pixels each" in alt
    assert "right 1.00" in alt and "off 1.00" not in alt


def test_outlines_have_their_titles_once(scene, monkeypatch):
    photo, truth, mask = scene
    titles, real = [], plots.panel
    monkeypatch.setattr(plots, "panel", lambda axes, image, title, **options: (
        titles.append(title), real(axes, image, title, **options)))
    figures.outlines(photo, {"v3": mask}, [np.s_[0:30, 20:50], np.s_[30:60, 20:50]], truth)
    assert titles == ["v3", ""]


def test_side_by_side_counts_what_differs_in_the_part(scene):
    photo, truth, mask = scene
    other = np.where(mask == 15, 8, mask).astype(np.uint8)
    whole = figures.side_by_side("made up", photo, {"v3": mask, "v3+": other}).alt
    assert "The photo made up with the masks of v3 and v3+" in whole
    assert "differ on 43 %" in whole and "v3+: background 57 % and cat 43 %" in whole
    part = figures.side_by_side("made up", photo, {"v3": mask, "v3+": other}, np.s_[0:20, 0:50],
                                scores={"v3": "good", "v3+": "better"}).alt
    assert "a part of 50 x 20 pixels" in part and "differ on 0 %" in part and "100 %, better" in part


def test_maps_and_steps_state_shapes(scene):
    small = np.arange(12.0).reshape(3, 4)
    assert "4 x 3 places" in figures.maps(scene[0], {"low": small}).alt
    assert "low 3 x 4 x 7" in figures.steps({"low": (small, (3, 4, 7)), "high": (small, (3, 4, 2))}).alt


def test_costs_state_totals_and_their_ratio():
    alt = number_figures.costs({"dense": {"dense": 9e6}, "separable": {"one": 1e6, "two": 2e6}},
                                [4, 16], {"3 x 3": [2.0, 5.76]}).alt
    assert "dense 9 and separable 3, a ratio of 3.0" in alt and "at 16 of them it is, for 3 x 3 5.8" in alt


def test_bands_grow_with_their_width(scene):
    photo, truth, _ = scene
    alt = number_figures.bands(photo, truth, [1, 100]).alt
    assert "100 % within 100 pixels" in alt
    few = int(alt.split("boundary: ")[1].split(" %")[0])
    assert 1 < few < 10


def test_trimap_states_both_ends():
    alt = number_figures.trimap({"v3": {1: 0.2, 9: 0.4}, "v3+": {1: 0.3, 9: 0.6}}).alt
    assert "within 1 and within 9 pixels of the true boundaries: v3 20 % and 40 %; v3+ 30 % and 60 %" in alt


def test_trade_states_work_and_quality_and_has_one_legend():
    alt = number_figures.trade({"ours": {"a": (0.75, 0.431)}, "paper": {"a": (81, 0.7885), "b": (90, 0.8)}}).alt
    assert "ours: a 43.1 % for 0.75 billion; paper: a 78.8 % for 81 billion and b 80.0 %" in alt


def test_components_have_objects_at_their_high_end():
    x = np.random.default_rng(0).normal(size=(6, 8, 5))
    objects = np.zeros((60, 80), bool)
    objects[:30] = True
    x[:3] -= 4  # the largest variance lies between the upper and the lower half
    for turned in (objects, ~objects):
        values = figures.component(x, turned)
        assert values.shape == (6, 8) and (values[:3].mean() > values[3:].mean()) == turned[0, 0]
    other = figures.component(x, objects, 1)
    assert abs(np.corrcoef(other.ravel(), values.ravel())[0, 1]) < 1e-6


def test_heads_state_every_measure():
    alt = number_figures.heads({"v1": {"things": 1200, "mean IoU": 0.5}, "v2": {"things": 3, "mean IoU": 0.25}}).alt
    assert "2 heads" in alt and "v1: things 1,200 and mean IoU 0.50; v2: things 3 and mean IoU 0.25" in alt


# --- the explorer -------------------------------------------------------------


def test_most_different_finds_the_places_and_does_not_overlap():
    first = np.zeros((100, 200), np.uint8)
    second = first.copy()
    second[10:30, 20:60] = 1
    second[70:75, 150:155] = 1
    parts = explorer.most_different(first, second, count=3, share=0.3)
    assert len(parts) == 2
    for part, there in zip(parts, (np.s_[10:30, 20:60], np.s_[70:75, 150:155])):
        changed = np.zeros_like(first)
        changed[there] = 1
        assert changed[part].sum() == changed.sum()
        assert first[part].shape == (30, 60)
    seen = np.zeros_like(first)
    for part in explorer.most_different(first, 1 - first, count=9, share=0.3):
        seen[part] += 1
    assert seen.max() == 1


def test_most_different_where_nothing_differs():
    mask = np.zeros((10, 10), np.uint8)
    assert explorer.most_different(mask, mask) == []
    with pytest.raises(SegkitError, match="one size"):
        explorer.most_different(mask, mask[1:])
    with pytest.raises(SegkitError, match="share"):
        explorer.most_different(mask, mask, share=0)


@pytest.mark.drawn
def test_explorer_shows_what_is_chosen(present):
    shown = explorer.side_by_side("motorcycle")
    assert shown.alt.startswith("The photo motorcycle, a part of 259 x 175 pixels, with the masks of v3 and v3+")
    assert set(shown._repr_mimebundle_()[0]) >= {"image/png", "text/plain"}
    controls = shown.controls
    controls["zoom"].value = 0
    assert "The photo motorcycle with the masks" in shown.words.value
    controls["left"].value = "v1"
    assert "masks of v1 and v3+" in shown.words.value
    before = shown.picture.value
    controls["opacity"].value = 0.0
    assert shown.picture.value != before
    controls["photo"].value = "voc"
    assert shown.words.value.count("mean IoU") == 2 and shown.words.value.count("boundary F") == 2


def test_explorer_wants_two_heads(present):
    shown = explorer.side_by_side("cat", "v2", "v3")
    shown.controls["left"].value = "v3"
    assert "both sides show v3" in shown.message.value and shown.picture.value == ""
    shown.controls["right"].value = "v3plus"
    assert shown.message.value == "" and "v3 and v3+" in shown.words.value


def test_a_place_that_is_not_there_is_the_whole_photo(present):
    shown = explorer.side_by_side("rocket", "v1", "v2")
    shown.controls["zoom"].value = 3
    parts = explorer.most_different(explorer._mask("rocket", "v1"), explorer._mask("rocket", "v2"))
    assert ("a part of" in shown.words.value) == bool(parts)


def test_explorers_masks_are_those_of_the_heads(present):
    features = heads.Trunk(16).features(photos.sample("cat"))
    assert (explorer._mask("cat", "v3") == heads.SegmentationHead("v3").segment(features).mask).all()


def test_the_diagrams_of_the_versions_can_be_gone_through(present):
    shown = explorer.versions()
    assert "New against DeepLab v1" in shown.words.value
    shown.controls["version"].value = "v3"
    assert "New against DeepLab v2: mean of all cells" in shown.words.value
    shown.controls["step"].value = "where branches meet"
    assert "You are here: concatenate" in shown.words.value
    shown.controls["version"].value = "v1"
    assert "DeepLab v1 has no box for: where branches meet" in shown.message.value
    shown.controls["step"].value = explorer.NEW
    assert "DeepLab v1 as our files hold it" in shown.words.value and "New" not in shown.words.value
