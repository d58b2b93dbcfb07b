"""Labels, hints and views: what the teacher said must come out where it was said."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the training has an environment of its own: make test-train")

from segkit import models
from segkit.errors import SegkitError
from segkit.masks import boxes
from training import hints, label, objects, teacher, views

CAT, DOG, COW, HORSE, PERSON = 8, 12, 10, 13, 15


def codes_of(*classes, size=33):
    """Certain codes (n, size, size, 21): photo i is all of class i, but its left half is background."""
    codes = np.full((len(classes), size, size, 21), 200, np.uint8)
    for place, index in enumerate(classes):
        codes[place, :, size // 2:, index] = 0
        codes[place, :, :size // 2, 0] = 0
    return codes


def test_interpolation_reads_between_cells():
    weights = teacher.interpolation(np.array([0, 0.25, 2, 5.0]), 3)
    assert weights @ np.array([10.0, 20, 40]) == pytest.approx([10, 12.5, 40, 40])


def test_place_keeps_the_aspect_ratio():
    canvas, (left, top, width, height) = teacher.place(Image.new("RGB", (200, 100), "red"), 0.5, False, 101)
    assert (width, height) == (50, 25) and canvas.shape == (101, 101, 3)
    assert (canvas[top + 5, left + 5] == (255, 0, 0)).all() and (canvas[0, 0] == 127).all()


def test_codes_are_log_probabilities():
    probabilities = np.array([1.0, 0.5, 1e-30])
    assert label.encode(probabilities).tolist() == [0, 14, 255]


@pytest.mark.parametrize("name, classes, group", [
    ("animal_cow_co1.jpg", [COW], "animals"),
    ("animal_cat-dog_2008_000001.jpg", [CAT, DOG], "animals"),
    ("imagenet_n02088364_beagle.jpg", [DOG], "animals"),
    ("imagenet_n02129165_lion.jpg", [], "animals"),
    ("imagenet_n04146614_school_bus.jpg", [6], "vehicles"),
    ("caltech_Motorbikes_0001.jpg", [14], "vehicles"),
])
def test_hints_read_file_names(name, classes, group):
    found = hints.hint(name, hints.rules())
    assert found == (classes, [hints.INDEX[kind] for kind in hints.GROUPS[group]])


def test_no_hint_where_the_name_says_nothing():
    assert hints.hint("coco_000000000009.jpg", hints.rules()) is None


def test_a_hint_renames_the_outline_and_leaves_the_rest():
    codes = codes_of(DOG)
    codes[0, 0, -1] = 200
    codes[0, 0, -1, PERSON] = 0
    hints.apply(np.array(["animal_cow_x.jpg"]), codes)
    best = codes[0].argmin(-1)
    assert (best[1:, 20:] == COW).all() and (best[:, :16] == 0).all() and best[0, -1] == PERSON


def test_a_wild_animal_carries_no_label():
    codes = codes_of(DOG)
    hints.apply(np.array(["imagenet_n02129165_lion.jpg"]), codes)
    assert (codes[0, :, 20:] == 0).all() and (codes[0, :, :10].argmin(-1) == 0).all()


@pytest.fixture
def data(tmp_path):
    """Two photos, each white where its object is and black elsewhere."""
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[:, 45:] = 255
    for name in ("a.png", "b.png"):
        Image.fromarray(picture).save(tmp_path / name)
    return views.Labelled([tmp_path], np.array(["a.png", "b.png"]), codes_of(PERSON, CAT))


def test_labels_follow_the_pixels(data):
    """Whatever was cropped, mirrored and pasted: white pixels are labelled as objects, black ones are not."""
    viewer = views.Viewer(data, 129)
    agreements = []
    for number in range(30):
        pixels, opinion = viewer.view(number)
        assert pixels.shape == (129, 129, 3) and opinion.shape == (33, 33, 21)
        assert opinion.sum(-1) == pytest.approx(np.ones((33, 33)), abs=1e-4)
        light = pixels[::4, ::4].mean(-1)
        sure = opinion.max(-1) > 0.95
        objects_there = np.isin(opinion.argmax(-1), (CAT, PERSON))
        if (sure & objects_there).any() and (sure & ~objects_there).any():
            # Colours were shifted, so the two are compared with each other. The outline itself may be off by a cell.
            inside, outside = light[sure & objects_there], light[sure & ~objects_there]
            agreements.append(np.mean(inside > np.median(outside) + 40))
    assert len(agreements) > 10 and np.mean(agreements) > 0.95


def test_drawn_masks_come_before_the_teacher(tmp_path):
    """The mask says cow on the right, and nothing in a band; the teacher, and the file's name, say something else."""
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.zeros((60, 90, 3), np.uint8)).save(tmp_path / "animal_dog_1.png")
    mask = np.zeros((60, 90), np.uint8)
    mask[:, 45:], mask[:, 40:45] = COW, 255
    Image.fromarray(mask).save(tmp_path / "masks" / "animal_dog_1.png")
    codes = label.codes_of_mask(mask)[None]
    assert codes.shape == (1, 33, 33, 21)
    assert codes[0, 5, 2].argmin() == 0 and codes[0, 5, 30].argmin() == COW and not codes[0, 5, 15].any()
    data = views.Labelled([tmp_path], np.array(["animal_dog_1.png"]), codes, tmp_path / "masks")
    assert data.drawn.tolist() == [0] and data.drawn_by_class[COW].tolist() == [0] and not len(data.by_class[DOG])
    opinion = data.opinion(0, np.array([0.5]), np.array([0.1, 0.47, 0.9]))[0]
    assert opinion[0].argmax() == 0 and opinion[2].argmax() == COW and not opinion[1].any()
    assert data.inside(0, np.array([0.5]), np.array([0.1, 0.47, 0.9]), COW)[0].tolist() == [False, False, True]


def test_a_view_is_the_same_again(data):
    first, again, other = (views.Viewer(data, 65, seed).view(7) for seed in (0, 0, 1))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_missing_and_broken_photos_are_named(tmp_path):
    with pytest.raises(SegkitError, match="no folder"):
        label.photos_in([tmp_path / "absent"])
    with pytest.raises(SegkitError, match="no photo"):
        label.photos_in([tmp_path])
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    with pytest.raises(SegkitError, match="broken.jpg"):
        label.open_photo(tmp_path / "broken.jpg")
    with pytest.raises(SegkitError, match="run `python -m training label` first"):
        label.load(tmp_path)


def test_boxes_survive_target_and_decode():
    real = np.array([[CAT, 1, 0.1, 0.2, 0.45, 0.7], [PERSON, 1, 0.5, 0.1, 0.95, 0.9]], np.float32)
    centres, edges, _ = objects.detection_target(real, 17)
    logits = np.log(np.clip(centres, 1e-6, 1 - 1e-6) / (1 - np.clip(centres, 1e-6, 1 - 1e-6)))
    found = boxes.decode(np.concatenate([logits, edges]).transpose(1, 2, 0), least=0.9)
    assert sorted(found[:, 0]) == [CAT, PERSON]
    for box in found:
        truth = real[real[:, 0] == box[0]][0]
        assert boxes.box_iou(box[2:], truth[2:]) > 0.9


def test_photo_labels_leave_out_what_is_doubtful():
    cells = np.zeros((3, 21), int)
    cells[0, CAT], cells[1, CAT] = 300, 3
    boxes = np.array([[2, DOG, 0.9, 0, 0, 1, 1]], np.float32)
    truth, counted = objects.photo_classes(cells, boxes, 14)
    assert truth[0, CAT - 1] == 1 and truth[1, CAT - 1] == 0 and counted[1, CAT - 1] == 0
    assert truth[2, DOG - 1] == 0 and counted[2, DOG - 1] == 0 and counted[2, CAT - 1] == 1


def test_the_published_teachers_logits_are_cut_out():
    try:
        file = models.path("deeplabv3-quant", download=False)
    except SegkitError as error:
        pytest.skip(f"the published teacher is not here: {error}")
    asked = teacher.Teacher(file)
    photo = Image.effect_noise((120, 80), 60).convert("RGB")
    probabilities = asked.probabilities(photo)
    assert probabilities.shape == (33, 33, 21)
    assert probabilities.sum(-1) == pytest.approx(np.ones((33, 33)), abs=1e-4)
    with pytest.raises(SegkitError, match="no .tflite file"):
        teacher.cut_after_logits(__file__)
