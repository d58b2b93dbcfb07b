"""Lesson 04: its exercises, the branches of the heads, fields of view, the figures, the explorer."""

import numpy as np
import pytest
from lesson_files import said

from segkit import photos, reference
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.lessons.lesson_04 import experiments, figures, toy, toy_figures
from segkit.lessons.lesson_04.explorer import ALL, explorer
from segkit.masks import labels, metrics
from segkit.models import confusions
from segkit.networks.aspp import HEADS, Aspp, over_background
from segkit.networks.heads import SegmentationHead, Trunk


@pytest.fixture(scope="module")
def features():
    """{output stride: Features} of one photo."""
    return {stride: Trunk(stride).features(photos.sample("motorcycle")) for stride in (16, 8)}


@pytest.mark.parametrize("name, answer", [
    ("aspp-span", np.int64(80)),
    ("aspp-sum", lambda f, b: np.stack([g(f) for g in b]).mean(axis=0).argmax(axis=2)),
    ("valid-weights", lambda size, rate: (experiments.valid_weights(size, rate) == 9).mean()),
])
def test_other_ways_to_the_right_answer_count(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


# --- the branches -----------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS)
def test_branches_give_the_scores_and_the_mask_of_the_head(head, features):
    seen = features[8 if head == "v3-os8" else 16]
    aspp, original = Aspp(head), SegmentationHead(head)
    responses = aspp.responses(seen.high)
    assert np.abs(aspp.logits(responses) - original.logits(seen)).max() < 1e-3
    mask = aspp.mask(responses, seen.photo.shape[:2])
    assert mask.dtype == np.uint8 and (mask == original.segment(seen).mask).mean() > 0.999


def test_branches_have_rising_rates_and_the_order_of_the_paper():
    assert [branch.rate for branch in Aspp("v2").branches.values()] == sorted(
        branch.rate for branch in Aspp("v2").branches.values())
    v3, dense = (list(Aspp(head).branches.values()) for head in ("v3", "v3-os8"))
    assert [branch.name for branch in v3][::4] == ["1x1", "image"]
    assert [branch.rate for branch in dense] == [2 * branch.rate if branch.rate > 1 else branch.rate
                                                 for branch in v3]


def test_a_response_of_v2_is_scores_and_of_v3_is_channels(features):
    high = features[16].high
    assert {r.shape for r in Aspp("v2").responses(high).values()} == {(17, 17, 21)}
    (shape,) = {r.shape for r in Aspp("v3").responses(high).values()}
    assert shape[:2] == (17, 17) and shape[2] > 21


def test_the_image_branch_says_the_same_everywhere(features):
    response = Aspp("v3").branches["image"](features[16].high)
    assert np.ptp(response, axis=(0, 1)).max() == 0 and np.ptp(response) > 0


def test_a_branch_of_v2_can_be_left_out(features):
    aspp = Aspp("v2")
    responses = aspp.responses(features[16].high)
    all_four = aspp.join(responses)
    left_out = responses.pop(list(responses)[1])
    assert np.allclose(aspp.join(responses) + left_out, all_four, atol=1e-4)


@pytest.mark.parametrize("head", ["v1", "v3plus", "classify", 2])
def test_other_heads_are_refused(head):
    with pytest.raises(SegkitError, match="there are v2, v3, v3-os8"):
        Aspp(head)


def test_over_background_is_the_lead_over_background():
    scores = np.zeros((2, 3, 21), np.float32)
    scores[..., 0], scores[0, 1, 8] = 1, 4
    assert over_background(scores, 8).tolist() == [[-1, 3, -1], [-1, -1, -1]]


# --- sizes and fields of view -------------------------------------------------------


def test_shrunk_keeps_the_photo_in_the_middle():
    photo = photos.sample("cat")
    assert (experiments.shrunk(photo, 1) == photo).all()
    small = experiments.shrunk(photo, 0.5)
    top, left, height, width = experiments.window(photo.shape[:2], 0.5)
    assert small.shape == photo.shape and (height, width) == (150, 226)
    assert (small[0] == experiments.GREY).all() and (small[:, -1] == experiments.GREY).all()
    inner = small[top:top + height, left:left + width]
    assert abs(inner.mean() - photo.mean()) < 1


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_that_cannot_be(scale):
    with pytest.raises(SegkitError, match="over 0 and at most 1"):
        experiments.shrunk(photos.sample("cat"), scale)


def test_object_at_follows_the_photo_and_never_vanishes():
    mask = np.zeros((300, 400), bool)
    mask[100:200, 100:300] = True
    assert experiments.object_at(1, mask, 300, 400).sum() == mask.sum()
    assert experiments.object_at(0.5, mask, 300, 400).sum() == pytest.approx(mask.sum() / 4, rel=0.05)
    assert experiments.object_at(0.01, mask, 17, 17).sum() == 1
    assert not experiments.object_at(1, np.zeros((300, 400), bool), 17, 17).any()


@pytest.mark.parametrize("size, rate", [(17, 1), (17, 6), (17, 9), (17, 17), (65, 32), (65, 40), (5, 2)])
def test_valid_weights_by_counting(size, rate):
    counts = experiments.valid_weights(size, rate)
    for row in range(size):
        for column in range(size):
            assert counts[row, column] == experiments.taps(row, column, rate, (size, size))[1].sum()


def test_with_the_rate_of_the_map_a_kernel_is_its_middle_weight():
    x = np.random.default_rng(0).normal(size=(17, 17, 4)).astype(np.float32)
    kernel = np.random.default_rng(1).normal(size=(3, 3, 4, 2)).astype(np.float32)
    wide = reference.conv2d(x, kernel, rate=17)
    assert np.allclose(wide, reference.conv2d(x, kernel[1:2, 1:2]), atol=1e-5)


# --- figures and explorer -----------------------------------------------------------


def test_sizes_state_what_is_found():
    photo, whole = photos.sample("cat"), np.zeros((300, 451), np.uint8)
    whole[100:200, 100:300] = 8
    half = 8 * experiments.object_at(0.5, whole == 8, 300, 451).astype(np.uint8)
    half[:150] = 0
    alt = figures.sizes(photo, {1: whole, 0.5: half}, 8).alt
    assert "same cat at 2 sizes: scale 1 (7 cells wide), the reference" in alt
    assert "scale 0.5 (4 cells wide), 50 % found" in alt


def test_fields_count_the_weights_on_the_map():
    alt = figures.fields(photos.sample("cat"), (2, 9), 8, 8).alt
    assert "rate 2 spans 5 cells, 9 of 9" in alt and "rate 9 spans 19 cells, 1 of 9" in alt


def test_maps_and_votes_state_their_numbers():
    values = np.full((17, 17), -3.0)
    values[4, 4] = 2.04
    alt = figures.maps(photos.sample("cat"), {"rate 2": values, "rate 4": -values}, 8).alt
    assert "Scores of cat" in alt and "rate 2 -3.0 to 2.0, rate 4 -2.0 to 3.0 and sum 0.0 to 0.0" in alt
    alt = figures.votes({1: {"rate 2": 1.5}, 0.25: {"rate 2": -0.01}}, 8).alt
    assert "rate 2 with 1.5 at scale 1 and 0.0 at scale 0.25" in alt


def test_valid_says_from_where_on_nothing_is_left():
    alt = figures.valid({65: (6, 12), 17: (2, 9)}).alt
    for size, gone in ((65, 33), (17, 9)):
        assert f"on {size} x {size} cells" in alt
        assert f"no place from rate {gone} on, and only the middle one is from rate {size} on" in alt


# --- what a branch sees, and the toy --------------------------------------------------


def test_the_receptive_field_of_a_trunk_is_that_of_its_layers():
    graph = Graph("trunk")
    field = experiments.receptive_field(graph)
    assert field.stride == 16 and field.size > 257


class Sharp:
    """A trunk whose only feature at a cell is the mean of 4 x 4 pixels of the photo."""

    def features(self, photo):
        high = photo[:68, :68, :1].reshape(17, 4, 17, 4).mean(axis=(1, 3))[..., None]
        return type("Features", (), {"high": high})()


def test_what_matters_is_where_the_branch_looks():
    photo = np.random.default_rng(0).integers(0, 255, (68, 68, 3)).astype(np.uint8)
    far = {"here": lambda high: high, "right": lambda high: np.roll(high, -8, axis=1)}
    changes = experiments.what_matters(Sharp(), far, photo, (8, 4), places=17)
    assert np.argwhere(changes["here"]).tolist() == [[8, 4]]
    assert np.argwhere(changes["right"]).tolist() == [[8, 12]]
    assert experiments.half_of(changes["here"]) == 1 / 289
    assert experiments.half_of(np.ones((10, 10))) == 0.5
    assert "here under 1 %" in figures.what_matters(photo, changes, (8, 4)).alt


def test_taps_of_the_toy_are_the_atrous_ones():
    discs, _ = toy.pictures(1)
    taps = toy.seen(discs, 3)
    assert (taps[..., 4] == discs).all()
    assert taps[0, 10, 10, 0] == discs[0, 7, 7] and taps[0, 10, 10, 8] == discs[0, 13, 13]
    assert not taps[0, 0, :, :3].any(), "outside of the map there is nothing"


def test_the_gradient_of_the_toy_is_that_of_its_loss():
    rng = np.random.default_rng(0)
    network = toy.Network((2, 4), [rng.normal(size=s) for s in ((9, 3), 3, (3, 6)) * 2])
    taps, wanted = {rate: rng.random((50, 9)) for rate in (2, 4)}, rng.integers(0, 6, 50)

    def loss():
        scores = network.scores(taps)[0]
        return float((np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(50), wanted]).mean())

    for place, gradient in enumerate(toy._gradients(network, taps, wanted)):
        before, array = loss(), network.parameters[place]
        array.flat[1] += 1e-6
        assert (loss() - before) / 1e-6 == pytest.approx(gradient.flat[1], abs=1e-4)
        array.flat[1] -= 1e-6


def test_in_the_toy_several_rates_beat_each_single_one():
    known, unknown = toy.pictures(40, 0), toy.pictures(10, 1)
    quality = {}
    for rates in ((2,), (4,), (9,), (2, 4, 6, 9)):
        guess = toy.train(rates, *known, steps=150).classes(unknown[0])
        table = metrics.confusion_matrix(unknown[1], guess, classes=6)
        quality[rates] = metrics.mean_iou(table)
    *single, several = quality.values()
    assert several > max(single) + 0.15
    alt = toy_figures.known_sizes({"only rate 2": table}).alt
    assert alt.startswith("IoU of the 5 sizes") and "only rate 2: 0." in alt
    assert "all 100 %" in toy_figures.discs(unknown[1][0], {"all": unknown[1][0]}).alt


# --- the explorer ---------------------------------------------------------------------


def test_explorer_follows_its_controls():
    shown = explorer()
    assert shown.still is not None and shown.alt.startswith("Rate 2: motorbike minus background")
    seen = {shown.words.value}
    for control, value in (("branch", "rate 9"), ("scale", 0.25), ("shown", "person"),
                           ("photo", "hopper"), ("branch", ALL)):
        shown.controls[control].value = value
        assert shown.message.value == "" and shown.words.value not in seen
        seen.add(shown.words.value)
    assert "All branches: person minus" in shown.words.value and "of 9" not in shown.words.value


def test_explorer_offers_classes_that_there_are():
    assert set(dict(explorer().controls)["shown"].options) <= set(labels.VOC)


def test_section_8_says_where_v3_gains_over_v1():
    """Its folded answer: on both sets of VOC photos, not on people."""
    shown = {photo_set.words: photo_set.gain("head-v3", over="head-v1").low > 0 for photo_set in confusions.photo_sets()}
    assert list(shown.values()) == ["VOC" in words for words in shown]
