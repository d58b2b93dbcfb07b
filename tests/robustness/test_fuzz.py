"""The fuzzer's own work, without atheris: its seeds are read, a fault gets out, and what it found stays mended."""

import sys

import pytest
from robustness import fuzz
from tiny_models import TinyModel, conv_options

from segkit import photos


@pytest.fixture(scope="module")
def readers():
    path = list(sys.path)
    yield fuzz.readers()
    sys.path[:] = path


@pytest.mark.parametrize("name", fuzz.LIMITS)
def test_seeds_and_halves_of_them_are_read_or_refused(name, readers):
    read, seeds = readers[name]
    for seed in seeds:
        assert len(seed) <= int(fuzz.LIMITS[name][0].partition("=")[2])
        for content in (seed, seed[:len(seed) // 2], b""):
            read(content)


def test_an_error_of_another_kind_is_a_finding(readers, monkeypatch):
    monkeypatch.setattr(photos, "load", lambda content, max_pixels: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        readers["photo"][0](b"")


def test_a_rate_of_millions_asks_for_no_gigabytes(readers, tmp_path):
    """Found by the fuzzer: the padding of such a convolution filled the memory."""
    import numpy as np

    from segkit.errors import SegkitError
    from segkit.graph import Graph

    model = TinyModel()
    kernel, bias = model.constant(np.ones((2, 3, 3, 3), np.float32)), model.constant(np.ones(2, np.float32))
    photo = model.input((1, 8, 8, 3))
    made = model.operator("CONV_2D", [photo, kernel, bias], (1, 8, 8, 2), conv_options(rate=(1 << 24, 1)))
    (tmp_path / "far.tflite").write_bytes(model.build(made))
    with pytest.raises(SegkitError, match="reaches far beyond a map of 8 positions"):
        Graph(tmp_path / "far.tflite").run(np.zeros((1, 8, 8, 3), np.float32))
