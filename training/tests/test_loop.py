"""The training loop: rates, going on, and a run of all stages."""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training has an environment of its own: make test-train")

from segkit.errors import SegkitError
from training import __main__ as command
from training import evaluate, loop
from training.train import segmentation_loss


def test_the_rate_rises_stays_and_falls():
    settings = loop.Settings(steps=100, cooldown=20, warm=10)
    levels = [loop.level(step, settings) for step in range(100)]
    assert levels[0] == pytest.approx(0.1) and set(levels[10:80]) == {1.0}
    assert levels[80:] == sorted(levels[80:], reverse=True) and levels[-1] < 0.1
    assert loop.level(30, settings, start=31) == 0 and loop.level(31, settings, start=31) == pytest.approx(0.1)


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


def test_pretrained_weights_are_pulled_back():
    weight = torch.nn.Parameter(torch.ones(4))
    settings = loop.Settings(steps=1000, warm=1, trunk_from=0, trunk_rate=0.1, pull=1.0)
    optimiser = loop.Optimiser([], [weight], settings)
    weight.data += 1
    weight.grad = torch.zeros(4)
    optimiser.step(5)
    assert weight.detach() == pytest.approx(np.full(4, 1.9), abs=1e-4)


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
    segmentation_loss(logits, opinion, torch.ones(21)).backward()
    assert logits.grad[0, :, 0, 0].abs().max() > 0.1
    assert logits.grad[0, :, 1, 1].abs().max() < 1e-6


def test_bootstrap_interval_holds_the_figure_and_narrows():
    random = np.random.default_rng(1)
    few = np.stack([np.diag(random.integers(1, 50, 21)) + random.integers(0, 3, (21, 21)) for _ in range(5)])
    low, high = evaluate.bootstrap(few)
    lower, higher = evaluate.bootstrap(np.concatenate([few] * 20))
    assert low < evaluate.metrics.mean_iou(few.sum(0)) < high
    assert higher - lower < high - low


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
    card = (tmp_path / "models" / "README.md").read_text()
    assert "pseudo-labels" in card.lower() and "deeplab.tflite" in card
    if sys.platform == "linux" and sys.version_info < (3, 12):
        assert set(figures["runtimes"]) == {"litert", "tflite"}
