"""The published classifier and detector, where their files are here."""

import pytest

from segkit import models, open_session, photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_01 import published


@pytest.fixture(scope="module")
def mobilenet(model_path):
    model_path("mobilenet-v2")
    return open_session("mobilenet-v2", threads=1)


@pytest.fixture(scope="module")
def ssd(model_path):
    model_path("ssd-mobilenet-v1")
    return open_session("ssd-mobilenet-v1", threads=1)


@pytest.mark.parametrize("photo, name", [("cat", "Egyptian cat"), ("coffee", "espresso"),
                                         ("hopper", "military uniform")])
def test_mobilenet_names_a_photo(mobilenet, photo, name):
    best = published.classify(mobilenet, photos.sample(photo))
    assert best[0].name == name and best[0].score > 0.6
    assert models.class_names(mobilenet.path, mobilenet.model)[best[0].index].startswith(name)


def test_scores_of_all_names_sum_to_one(mobilenet):
    every = published.classify(mobilenet, photos.sample("cat"), count=2000)
    assert sum(s.score for s in every) == pytest.approx(1, abs=0.1)  # each is rounded to 8 bits
    assert [s.score for s in every] == sorted((s.score for s in every), reverse=True)
    assert all(s.score > 0 for s in every) and len(every) < 1001


def test_as_many_names_as_asked_for(mobilenet):
    assert len(published.classify(mobilenet, photos.sample("voc"), count=3)) == 3


def test_ssd_boxes_the_cup(ssd):
    photo = photos.sample("coffee")
    cup = next(box for box in published.detect(ssd, photo) if box.name == "cup")
    # The cup without its saucer, looked up in the photo.
    for edge, place in zip(cup[3:], (178, 12, 420, 320)):
        assert edge == pytest.approx(place, abs=30)


def test_ssd_counts_people_and_sorts_by_score(ssd):
    photo = photos.sample("voc")
    boxes = published.detect(ssd, photo, least=0.6)
    assert sum(box.name == "person" for box in boxes) >= 4
    assert [b.score for b in boxes] == sorted((b.score for b in boxes), reverse=True)
    height, width = photo.shape[:2]
    assert all(0 <= b.left < b.right <= width and 0 <= b.top < b.bottom <= height for b in boxes)
    assert min(b.score for b in boxes) >= 0.6
    assert published.detect(ssd, photo, least=1.01) == []


@pytest.mark.parametrize("function, task", [(published.classify, "classify"),
                                            (published.detect, "detect")])
def test_a_model_for_another_task_is_refused(function, task):
    with pytest.raises(SegkitError, match=f"no published model that can {task}: its task is to segment"):
        function(open_session("deeplab", threads=1), photos.sample("cat"))


def test_a_head_is_no_published_model():
    with pytest.raises(SegkitError, match="its task is to head"):
        published.classify(open_session("head-classify", threads=1), photos.sample("cat"))
