"""The trunk and the heads of data/models: shapes, answers on the sample photos, and wrong pairs refused."""

import numpy as np
import pytest

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.masks import labels
from segkit.networks import heads
from segkit.networks.heads import Classifier, Detector, SegmentationHead, Trunk
from segkit.runtime.settings import runtimes


@pytest.fixture(scope="module")
def cat():
    """The features of the photo "cat" at both output strides."""
    return {stride: Trunk(stride, threads=1).features(photos.sample("cat")) for stride in (16, 8)}


def test_features_have_the_shapes_that_the_lessons_name(cat):
    assert cat[16].low.shape == cat[8].low.shape == (65, 65, 24)
    assert (cat[16].high.shape, cat[8].high.shape) == ((17, 17, 192), (33, 33, 192))
    assert cat[16].high.dtype == np.float32 and cat[16].milliseconds > 0


def test_low_features_do_not_depend_on_the_output_stride(cat):
    np.testing.assert_allclose(cat[16].low, cat[8].low, atol=1e-3)


@pytest.mark.parametrize("name", heads.SEGMENTING)
def test_each_head_finds_the_cat(name, cat):
    result = SegmentationHead(name, threads=1).segment(cat[16])
    assert result.mask.shape == photos.sample("cat").shape[:2] and result.mask.dtype == np.uint8
    assert (result.mask == labels.VOC.index("cat")).mean() > 0.3
    assert set(result.milliseconds) == {"trunk", "head", "finish"}


def test_the_head_at_output_stride_8_finds_the_cat(cat):
    result = SegmentationHead("v3-os8", threads=1).segment(cat[8])
    assert (result.mask == labels.VOC.index("cat")).mean() > 0.3


def test_a_mask_is_the_argmax_of_the_logits():
    features = Trunk(threads=1).features(np.asarray(photos.sample("voc"))[:257, :257])
    head = SegmentationHead("v3plus", threads=1)
    assert np.array_equal(head.segment(features).mask, head.logits(features).argmax(-1))


def test_features_of_the_wrong_output_stride_are_refused(cat):
    with pytest.raises(SegkitError, match="output stride 8"):
        SegmentationHead("v3", threads=1).run(cat[8])
    with pytest.raises(SegkitError, match="output stride 16"):
        SegmentationHead("v3-os8", threads=1).run(cat[16])


@pytest.mark.parametrize("wrong", ["v4", "classify", ""])
def test_a_head_that_is_none(wrong):
    with pytest.raises(SegkitError, match="v1, v2, v3, v3plus"):
        SegmentationHead(wrong)


def test_a_trunk_at_an_output_stride_that_is_not_there():
    with pytest.raises(SegkitError, match="16 or 8, not 32"):
        Trunk(32)


def test_the_classifier_names_the_cat_first(cat):
    answers = Classifier(threads=1).classify(cat[16])
    assert (answers[0].name, len(answers)) == ("cat", 20)
    assert answers[0].score > 0.5 > answers[1].score
    assert all(labels.VOC[a.index] == a.name for a in answers)


def test_the_detector_boxes_the_cat(cat):
    found = Detector(threads=1).detect(cat[16], least=0.2)
    assert found[0].name == "cat"
    height, width = photos.sample("cat").shape[:2]
    assert 0 <= found[0].left < found[0].right <= width and 0 <= found[0].top < found[0].bottom <= height
    assert (found[0].right - found[0].left) * (found[0].bottom - found[0].top) > 0.4 * height * width
    assert Detector(threads=1).detect(cat[16], least=1.1) == []


@pytest.mark.parametrize("runtime", runtimes())
def test_every_runtime_gives_the_same_classes(runtime):
    features = Trunk(threads=1, runtime=runtime).features(photos.sample("astronaut"))
    assert Classifier(threads=1, runtime=runtime).classify(features)[0].name == "person"


def test_the_parts_are_present():
    assert heads.present() and models.get("trunk").task == "trunk"
