"""The diagram of a DeepLab version says what stands in the files, and marks where the reader is."""

import io

import numpy as np
import pytest
from PIL import Image

from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.plots import DPI, WIDTH, diagram


@pytest.mark.parametrize("version", diagram.NAMES)
def test_every_convolution_of_the_head_is_in_a_box_with_its_shape(version):
    boxes = diagram.layers(version)
    head = Graph(f"head-{version}")
    convolutions = [op for op in head.operators if op.multiply_adds]
    assert sum(box.words.count("1 x 1") + box.words.count("3 x 3") for box in boxes) == len(convolutions)
    rates = {op.rate[0] for op in convolutions if op.is_atrous}
    assert {int(box.words.split("rate ")[1].split()[0]) for box in boxes if "rate" in box.words} == rates
    assert boxes[-2].shape == tuple(head.outputs[0].shape[1:]) and boxes[-1].shape == boxes[-2].shape[:2]


@pytest.mark.parametrize("version", diagram.NAMES)
def test_boxes_stand_below_what_they_read_and_never_on_each_other(version):
    boxes = diagram.layers(version)
    assert all(one.row < box.row for box in boxes for one in box.inputs)
    places = [(box.row, box.lane) for box in boxes]
    assert len(set(places)) == len(places)


def test_v2_adds_all_branches_at_once_and_v3_plus_reads_early_features():
    add, = (box for box in diagram.layers("v2") if box.words == "add")
    assert len(add.inputs) == sum("rate" in box.words for box in diagram.layers("v2"))
    boxes = diagram.layers("v3plus")
    early = next(box for box in boxes if box.words == "trunk, to stride 4")
    assert sum(early in box.inputs for box in boxes) == 2


def test_you_are_here_is_told_and_drawn():
    plain, marked = diagram.network("v1"), diagram.network("v1", "enlarge", more=["dense CRF"])
    assert "You are here" not in plain.alt
    assert "dense CRF: 257 x 257 x 21" in marked.alt
    assert marked.alt.endswith("You are here: enlarge, bilinear.")
    colours = np.asarray(Image.open(io.BytesIO(marked.png)).convert("RGB"))
    assert colours.shape[1] == round(WIDTH * DPI)
    warm = np.abs(colours.astype(int) - (255, 227, 168)).max(axis=-1) < 3
    assert 0.01 < warm.mean() < 0.2


def test_what_is_not_there_is_a_sentence():
    with pytest.raises(SegkitError, match="'v4'; there are v1, v2, v3, v3plus"):
        diagram.network("v4")
    with pytest.raises(SegkitError, match="no box of DeepLab v1 says 'mean'; they say photo; trunk"):
        diagram.network("v1", "mean")


def test_what_is_new_is_what_the_version_before_lacks():
    def new(version):
        return diagram.news(version).alt.partition(" New against ")[2].rstrip(".").partition(": ")[2].split("; ")

    rates = {box.words for box in diagram.layers("v2") if "rate" in box.words}
    old = {box.words for box in diagram.layers("v1") if "rate" in box.words}
    assert "add" in new("v2") and {words for words in new("v2") if "rate" in words} == rates - old
    assert "mean of all cells" in new("v3") and "3 x 3 + 1 x 1" in new("v3plus")
    assert not any("rate" in words or "mean" in words or "photo" in words for words in new("v3plus"))
    for version in ("v1", "v9"):
        with pytest.raises(SegkitError):
            diagram.news(version)
