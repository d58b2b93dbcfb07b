"""What the benchmark's tests share: a tiny model, delegates in C, and short sweeps."""

import numpy as np
import pytest
from robustness.test_delegates import library  # noqa: F401 - a fixture
from tiny_models import TinyModel, conv_options

from segkit import benchmark
from segkit.benchmark import Setting


def tiny_content():
    """A model's bytes: a photo of 32 x 32 pixels, two convolutions that are added, 5 classes."""
    rng, model = np.random.default_rng(0), TinyModel()
    photo = model.input((1, 32, 32, 3))
    branches = []
    for _ in range(2):
        kernel = model.constant(rng.normal(size=(5, 3, 3, 3)).astype(np.float32))
        bias = model.constant(rng.normal(size=5).astype(np.float32))
        branches.append(model.operator("CONV_2D", [photo, kernel, bias], (1, 32, 32, 5),
                                       conv_options()))
    return model.build(model.operator("ADD", branches, (1, 32, 32, 5)))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The path of a tiny model, as text."""
    file = tmp_path_factory.mktemp("models") / "tiny.tflite"
    file.write_bytes(tiny_content())
    return str(file)


@pytest.fixture
def measure():
    """A function that sweeps over settings with few runs; a list of results."""
    def run(*settings, **options):
        return benchmark.sweep(list(settings), **{"runs": 4, "rounds": 2, **options}).results

    return run


@pytest.fixture
def one(tiny, measure):
    """A function that measures one setting of the tiny model; its result."""
    def run(**values):
        return measure(Setting(**{"model": tiny, **values}))[0]

    return run
