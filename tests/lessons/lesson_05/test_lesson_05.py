"""Lesson 05: its exercises, image features, measured figures, the figures, the explorer."""

import json

import numpy as np
import pytest
from lesson_files import said

from segkit import photos, reference
from segkit.errors import SegkitError
from segkit.lessons.lesson_05 import figures
from segkit.lessons.lesson_05.explorer import NOTHING, OWN, explorer
from segkit.masks import labels
from segkit.models import entries, measured
from segkit.networks.aspp import Aspp
from segkit.networks.heads import Trunk
from segkit.networks.segmenter import Segmentation
from segkit.plots import folding


@pytest.mark.parametrize("name, answer", [
    ("image-pooling", lambda x: x * 0 + x.mean(axis=(0, 1), keepdims=True)),
    ("fold-batch-norm", lambda kernel, *norm: list(reference.fold_batch_norm(kernel, None, *norm))),
    ("cost-at-stride-8", 3.8),
])
def test_other_ways_to_the_right_answer_count(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


def test_folding_needs_two_arrays(capsys):
    assert "return two arrays" in said("fold-batch-norm", lambda kernel, *_: kernel, capsys)


def test_doubled_rates_leave_the_weights():
    head = Aspp("v3")
    twin = head.doubled()
    rates = [branch.rate for branch in head.branches.values()]
    assert [branch.rate for branch in twin.branches.values()] == [2 * r if r > 1 else r for r in rates]
    for name, branch in twin.branches.items():
        assert name in ("1x1", f"rate {branch.rate}", "image")
        assert branch.rate < 2 or [layer.rate for layer in branch.layers] == [branch.rate, 1]
    for one, two in zip(head.branches.values(), twin.branches.values()):
        assert all(a.kernel is b.kernel and a.bias is b.bias for a, b in zip(one.layers, two.layers))


def test_without_image_features_the_mask_is_another_one():
    photo = photos.sample("hopper")
    head, high = Aspp("v3"), Trunk(16).features(photo).high
    responses = head.responses(high)
    silent = {**responses, "image": head.branches["image"](np.zeros_like(high))}
    assert (head.mask(responses, (257, 257)) != head.mask(silent, (257, 257))).mean() > 0.01


# --- measured figures ---------------------------------------------------------------


@pytest.mark.parametrize("photo_set", measured.SETS)
def test_measured_heads_have_their_figures(photo_set):
    heads = measured.heads(photo_set)
    assert {"v1", "v2", "v3", "v3plus", "v3-os8"} <= set(heads)
    for row in heads.values():
        low, high = row["interval"]
        assert row["photos"] > 0 and 0 <= low <= row["figure"] <= high <= 1
        assert all(0 <= row[name] <= 1 for name in ("person", "trimap", "boundary_f"))


def test_another_set_of_photos_names_those_that_there_are():
    with pytest.raises(SegkitError, match="there are .*person200"):
        measured.heads("coco")


@pytest.mark.parametrize("content", [None, "no json", "[]", json.dumps({"models": {}})])
def test_a_damaged_file_is_a_sentence(content, tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "DATA", tmp_path)
    (tmp_path / "models").mkdir()
    if content is not None:
        (tmp_path / "models" / "measured.json").write_text(content)
    with pytest.raises(SegkitError, match="measured.json cannot be read"):
        measured.heads()


# --- figures and explorer -----------------------------------------------------------


def test_the_least_and_the_most_alike_photos_are_named():
    vector = np.arange(128.0)
    alt = figures.alike({"a": vector, "b": 127 - vector, "c": vector ** 2}).alt
    assert "128 image features of 3 photos" in alt
    assert "least alike a and b with -1.0, most alike a and c with 1.0" in alt


def test_switched_names_the_median_and_the_most_changed_photo():
    alt = figures.switched({"1x1": {"cat": 0.1, "hopper": 0.3, "voc": 0.2},
                            "image": {"cat": 0, "hopper": 0.001, "voc": 0.5}}).alt
    assert "median of 3 photos: 1x1 20 % (most on hopper, 30 %)" in alt
    assert "image under 1 % (most on voc, 50 %)" in alt


@pytest.mark.parametrize("error, words", [(0, "by less than 0.001"), (0.05, "by up to 0.05"), (0.5, "by up to 0.5")])
def test_folding_states_the_difference(error, words):
    alone = np.linspace(-1, 1, 9).reshape(3, 3)
    alt = folding.folding(alone, 2 * alone, 2 * alone + error).alt
    assert "alone it runs from -1.0 to 1.0; after the batch norm from -2.0 to 2.0" in alt
    assert alt.endswith(f"differs from that {words}.")


def test_paths_count_what_is_read():
    alt = figures.paths({"even": reference.gridding((2, 2, 2)), "dense": reference.gridding((1, 2))}).alt
    assert "even: 13 x 13 cells, 49 of them read (29 %)" in alt
    assert "dense: 7 x 7 cells, 49 of them read (100 %)" in alt


def test_heard_counts_changed_pixels():
    photo, mask = photos.sample("cat"), np.full((300, 451), 8, np.uint8)
    other = mask.copy()
    other[:150] = 0
    alt = figures.heard(Segmentation(photo, mask, labels.VOC, {}),
                        Segmentation(photo, other, labels.VOC, {}), "no image features").alt
    assert "As it is: cat 100 %" in alt and "50 % of the pixels changed" in alt


def test_explorer_follows_its_controls():
    shown = explorer()
    assert shown.still is not None and "With no image features" in shown.alt
    shown.controls["heard"].value = OWN
    assert "; 0&nbsp;% of the pixels changed" in shown.words.value
    seen = {shown.words.value}
    for control, value in (("heard", "cat"), ("photo", "hopper"), ("stride", 8), ("heard", NOTHING)):
        shown.controls[control].value = value
        assert shown.message.value == "" and shown.words.value not in seen
        seen.add(shown.words.value)


def test_section_8_says_which_masks_mind_other_image_features():
    """Its folded answer: coffee minds nearly every other photo's; hopper those of cat most of all, and few others.

    The features of coffee change voc least, and those of astronaut more than those of motorcycle.
    """
    head, trunk = Aspp("v3"), Trunk(16)
    seen = {name: head.responses(trunk.features(photos.sample(name)).high) for name in photos.names()}

    def changed(name, other):
        mask = head.join(seen[name]).argmax(axis=2)
        return (head.join({**seen[name], "image": seen[other]["image"]}).argmax(axis=2) != mask).mean()

    moved = {name: [changed(name, other) for other in seen if other != name] for name in ("coffee", "hopper")}
    assert np.sum(np.array(moved["coffee"]) > 0.2) >= 4 > 3 > np.sum(np.array(moved["hopper"]) > 0.2)
    assert changed("hopper", "cat") > max(moved["coffee"])
    by_change = sorted((changed("voc", other), other) for other in seen if other != "voc")
    assert [other for _, other in by_change[:3]] == ["coffee", "motorcycle", "astronaut"]
