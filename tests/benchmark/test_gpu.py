"""The GPU's way through LiteRT's compiled model, on a software Vulkan; and what is told without one."""

import ctypes
import sys

import numpy as np
import pytest
from tiny_models import TinyModel, conv_options, schema

from segkit.benchmark import Setting, accelerators, combinations, sweep

LOG = """I0000 00:00:1 5186 environment.cc:532] Selected adapter: Some Card, arch=x, vendor=y, backend=Vulkan
ERROR: Following operations are not supported by GPU delegate:
ARG_MAX: Tensor type(INT64) is not supported. tensor_5
7 operations will run on the GPU, and the remaining 3 operations will run on the CPU.
"""


@pytest.fixture(scope="module")
def driver():
    """Variables that make a software Vulkan the one in use; the test skips where there is none."""
    found = accelerators.software_driver()
    if found is None:
        pytest.skip("no software Vulkan driver is installed (Debian: chromium brings one)")
    try:
        ctypes.CDLL("libvulkan.so.1")
    except OSError:
        pytest.skip("the Vulkan loader is not installed (Debian: libvulkan1)")
    return found


@pytest.fixture(scope="module")
def class_map(tmp_path_factory):
    """A model whose last operator the GPU does not take: a convolution, then ARG_MAX to int64."""
    rng, model = np.random.default_rng(0), TinyModel()
    photo = model.input((1, 32, 32, 3))
    kernel = model.constant(rng.normal(size=(5, 3, 3, 3)).astype(np.float32))
    bias = model.constant(rng.normal(size=5).astype(np.float32))
    scores = model.operator("CONV_2D", [photo, kernel, bias], (1, 32, 32, 5), conv_options())
    axis = model.constant(np.array(3, np.int32))
    classes = model.operator("ARG_MAX", [scores, axis], (1, 32, 32),
                             schema.ArgMaxOptionsT(outputType=schema.TensorType.INT64), dtype=np.int64)
    file = tmp_path_factory.mktemp("models") / "classes.tflite"
    file.write_bytes(model.build(classes))
    return str(file)


def test_the_gpu_takes_a_whole_model(tiny, driver):
    rows = sweep(combinations([tiny], delegates=["gpu", "gpu+cpu"]), runs=3, rounds=1,
                 environment=driver).results
    for row in rows:
        assert row.ok, row.reason
        assert row.applied["delegate"] == row.asked.delegate and row.applied["adapter"]
        assert (row.applied["operators_taken"], row.applied["operators"]) == (3, 3)
        assert row.applied["timed"] == "run and read" and row.agreement["equal"] == 1
        assert any("software" in note for note in row.notes)
    assert rows[1].applied["fell_back"] is False


def test_what_the_gpu_does_not_take_is_refused_or_goes_to_the_cpu(class_map, driver):
    alone, both = sweep(combinations([class_map], delegates=["gpu", "gpu+cpu"]), runs=3, rounds=1,
                        environment=driver).results
    assert alone.status == "refused" and "ARG_MAX" in alone.reason
    assert both.ok and both.agreement == {"equal": 1.0, "max_abs": None, "wrong": False}, both.reason
    assert (both.applied["operators_taken"], both.applied["operators"]) == (1, 2)
    assert "the GPU took 1 of 2 operators, the CPU the rest" in both.notes


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere graphics cards have no Vulkan driver to hide")
def test_no_card_is_one_sentence_that_says_what_to_install(tiny):
    nowhere = {"VK_DRIVER_FILES": "/no/such.json", "VK_ICD_FILENAMES": "/no/such.json"}
    rows = sweep(combinations([tiny], delegates=["gpu", "gpu+cpu"]), runs=1, environment=nowhere).results
    for row in rows:
        assert row.status == "unavailable", row
        assert "install" in row.reason and len(row.reason) < 400


def test_what_the_log_tells():
    applied = {"operators": 10, "operators_taken": None, "delegate": "gpu+cpu"}
    notes = accelerators.judge_gpu(applied, LOG)
    assert notes == ["the GPU took 7 of 10 operators, the CPU the rest"]
    assert applied["adapter"].startswith("Some Card") and applied["delegate"] == "gpu+cpu"
    notes = accelerators.judge_gpu(applied, "No operations will run on the GPU, and all 10 operations "
                                            "will run on the CPU.")
    assert "did not do the work" in notes[0]
    assert (applied["operators_taken"], applied["fell_back"], applied["delegate"]) == (0, True, "xnnpack")
    assert accelerators.gpu_lacks("all is well") is None


@pytest.mark.parametrize("log, words", [
    ("Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file\nNo adapters found",
     "libvulkan1"),
    ("Warning: vkCreateInstance: Found no drivers!\nERROR: No adapters found", "mesa-vulkan-drivers")])
def test_each_missing_piece_has_its_sentence(log, words, monkeypatch):
    monkeypatch.setattr(accelerators.sys, "platform", "linux")
    status, reason = accelerators.gpu_lacks(log)
    assert status == "unavailable" and words in reason
    monkeypatch.setattr(accelerators.sys, "platform", "win32")
    assert "newest driver" in accelerators.gpu_lacks(log)[1]


@pytest.mark.parametrize("delegate", ["xnnpack", "none"])
def test_the_compiled_model_on_the_cpu(tiny, measure, delegate):
    (row,) = measure(Setting(tiny, api="compiled", delegate=delegate, threads=2))
    assert row.ok and row.agreement["equal"] == 1, row.reason
    assert (row.applied["threads"], row.applied["timed"]) == (2 if delegate == "xnnpack" else 1, "run")
    assert row.applied["operators"] == 3


def test_kernels_that_are_not_those_asked_for_are_told(measure):
    """LiteRT 2.3's compiled model takes its built-in kernels where the reference kernels are asked for."""
    (row,) = measure(Setting("head-v1", api="compiled", delegate="reference"))
    assert row.ok, row.reason
    differs = any("other kernels than the reference" in note for note in row.notes)
    assert differs == (row.applied["delegate"] == "none") == (row.agreement["max_abs"] > 0)


def test_a_compiled_model_of_another_size(tiny, measure):
    (row,) = measure(Setting(tiny, api="compiled", size=(16, 48)))
    assert row.status == "ok" and row.agreement["equal"] == 1, row.reason
