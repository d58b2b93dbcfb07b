"""The training loop: rates, going on, and a run of all stages."""

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the training has an environment of its own: make test-train")

from segkit.errors import SegkitError
from training import __main__ as command
from training import confusions, halves, loop
from training.train import segmentation_loss


def test_the_rate_rises_stays_and_falls():
    settings = loop.Settings(steps=100, cooldown=20, warm=10)
    levels = [loop.level(step, settings) for step in range(100)]
    assert levels[0] == pytest.approx(0.1) and set(levels[10:80]) == {1.0}
    assert levels[80:] == sorted(levels[80:], reverse=True) and levels[-1] < 0.1


def run(folder, steps, seen):
    """A model of one weight that learns to be 3; `seen` collects the steps that were taken."""
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1, bias=False)
    settings = loop.Settings(steps=steps, cooldown=10, warm=1, average=0.5, head_rate=0.1, decay=0, threads=1)
    optimiser = loop.Optimiser(list(model.parameters()), [], settings)

    def loss_of(model, x):
        seen.append(int(x))
        return (model.weight - 3).pow(2).sum()

    return loop.fit(model, optimiser, lambda step: (torch.tensor(step),), loss_of, folder, settings)


def test_a_run_learns_and_a_longer_one_goes_on_before_the_fall(tmp_path):
    seen = []
    run(tmp_path, 60, seen)
    again = []
    run(tmp_path, 60, again)
    longer = []
    model = run(tmp_path, 100, longer)
    assert seen == list(range(60)) and again == [] and longer == list(range(50, 100))
    assert float(model.weight.detach()) == pytest.approx(3, abs=0.2)
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    with pytest.raises(SegkitError, match="more --steps"):
        run(tmp_path, 40, [])


def test_pretrained_weights_take_steps_of_their_size():
    small, large = (torch.nn.Parameter(torch.full((4,), value)) for value in (0.05, 5.0))
    optimiser = loop.Optimiser([], [small, large], loop.Settings(steps=1000, warm=1, trunk_rate=1e-3))
    for weight in (small, large):
        weight.grad = torch.ones(4)
    optimiser.step(5)
    assert 0.05 - small.detach().numpy() == pytest.approx(np.full(4, 1e-3), rel=0.01)
    assert 5.0 - large.detach().numpy() == pytest.approx(np.full(4, 2e-3), rel=0.01)


def test_an_error_while_preparing_is_raised_where_it_is_used():
    def make(number):
        if number == 2:
            raise SegkitError("no second batch")
        return number

    got = []
    with pytest.raises(SegkitError, match="no second batch"):
        for item in loop.ahead(make, 0, 5):
            got.append(item)
    assert got == [0, 1]


def test_the_loss_ignores_what_the_teacher_does_not_know():
    opinion = torch.full((1, 2, 2, 21), 1 / 21)
    opinion[0, 0, 0] = torch.nn.functional.one_hot(torch.tensor(15), 21).float()
    logits = torch.zeros(1, 21, 2, 2, requires_grad=True)
    segmentation_loss(logits, opinion).backward()
    assert logits.grad[0, :, 0, 0].abs().max() > 0.1
    assert logits.grad[0, :, 1, 1].abs().max() < 1e-6


def some_matrices(random, count, right):
    return np.stack([np.diag(random.integers(1, right, 21)) + random.integers(0, 3, (21, 21)) for _ in range(count)])


def test_bootstrap_interval_holds_the_figure_and_narrows():
    few = some_matrices(np.random.default_rng(1), 5, 50)
    low, high = confusions.interval(few, "voc")
    lower, higher = confusions.interval(np.concatenate([few] * 20), "voc")
    assert low < confusions.figure(few.sum(0), "voc") < high
    assert higher - lower < high - low


def test_a_paired_interval_leaves_out_what_makes_photos_hard():
    better, photos = some_matrices(np.random.default_rng(1), 40, 50), np.arange(40) % 7 + 1
    better = better * photos[:, None, None]
    worse = better.copy()
    worse[:, 3, 4] += 2 * photos
    low, high = confusions.interval(better, "voc", worse)
    assert 0 < low < high < np.ptp(confusions.interval(better, "voc")) / 2
    assert confusions.interval(better, "voc", better) == [0, 0]


def test_confusion_matrices_come_back_from_the_file(tmp_path):
    matrices = some_matrices(np.random.default_rng(1), 3, 50)
    photos = [("voc40", "choose", "a"), ("vocval", "report", "b"), ("person200", "report", "c")]
    confusions.write(tmp_path / "c.npz", photos, {"one@257": dict(enumerate(matrices)), "two@257": {1: matrices[0]}})
    found, sets, parts = confusions.read(tmp_path / "c.npz")
    assert (found["one@257"] == matrices).all() and (found["two@257"][1] == matrices[0]).all()
    assert not found["two@257"][0].any()
    assert confusions.members(sets, parts, "voc", "report").tolist() == [False, True, False]


def test_halves_are_dealt_by_class_and_hash(tmp_path):
    random = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(tmp_path / f"{number}.jpg")
        Image.fromarray(np.full((8, 8), 8 if number < 6 else 12, np.uint8)).save(tmp_path / f"{number}.png")
    dealt = halves.deal(tmp_path)
    assert sorted(dealt["choose"] + dealt["report"]) == sorted(map(str, range(12)))
    assert [sum(int(stem) < 6 for stem in dealt[half]) for half in halves.HALVES] == [3, 3]
    split = tmp_path / "split.json"
    split.write_text(json.dumps({tmp_path.name: dealt}))
    assert [photo.stem for photo, _ in halves.half_of(tmp_path, "report", split)] == sorted(dealt["report"])
    assert len(halves.half_of(tmp_path, "report")) == 12               # a folder that the project's split does not know


@pytest.mark.parametrize("arguments, words", [
    (["label", "--photos", "/no/such", "--work", "w", "--teacher", "t"], "no folder of photos"),
    (["features", "--photos", "/no/such", "--work", "/no/such"], "run `python -m training train` first"),
    (["evaluate", "--work", "/no/such", "--out", "/no/such", "--labelled", "x"], "holds no .tflite file"),
    (["card", "--work", "/no/such", "--out", "/no/such"], "is missing"),
])
def test_wrong_input_is_one_line(arguments, words, capsys):
    assert command.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("segkit: ") and words in error and error.count("\n") == 1


def test_all_stages_on_generated_pictures(tmp_path):
    converter = os.environ.get("SEGKIT_CONVERTER", "")
    if not converter or not Path(converter).exists():
        pytest.skip("SEGKIT_CONVERTER does not name the Python of the converter's environment")
    from training import smoke

    figures = smoke.run(converter, str(tmp_path))
    assert figures["miou"] > 0.6 and figures["loss"][1] < 0.5 * figures["loss"][0]
    assert figures["bias"] < 0.25
    card = (tmp_path / "models" / "README.md").read_text()
    assert "published" in card and "deeplab.tflite" in card
    if sys.platform == "linux" and sys.version_info < (3, 12):
        assert set(figures["runtimes"]) == {"litert", "tflite"}
