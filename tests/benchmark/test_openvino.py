"""OpenVINO: run where it is installed, and told in one sentence where it is not."""

import re

import pytest

from segkit.benchmark import Setting, accelerators

LOG = """INFO: [compiler_plugin.cc:742] Partitioned subgraph<0>, selected 7 ops, from a total of 9 ops.
"""


def test_what_the_log_tells():
    applied = {"operators": 9, "delegate": "openvino"}
    judge = accelerators.judge_openvino
    assert judge(applied, LOG)[1:] == ["OpenVINO took 7 of 9 operators, LiteRT's own kernels the rest"]
    assert (applied["operators_taken"], applied["fell_back"], applied["delegate"]) == (7, False, "openvino")
    assert "did not do the work" in judge(applied, "INFO: Created TensorFlow Lite XNNPACK delegate.")[0]
    assert (applied["operators_taken"], applied["fell_back"], applied["delegate"]) == (0, True, "xnnpack")


def test_a_machine_without_openvino_is_told_what_to_install(tiny, measure, monkeypatch, tmp_path):
    """A sitecustomize that hides the package stands for a machine without it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'openvino' else find(name, *a)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (row,) = measure(Setting(tiny, api="compiled", delegate="openvino"))
    assert row.status == "unavailable"
    assert re.search(r"pip install openvino|brings no plugin", row.reason)


def test_openvino_runs_where_it_is_installed(tiny, measure):
    if accelerators.openvino_lacks():
        pytest.skip(accelerators.openvino_lacks())
    (row,) = measure(Setting(tiny, api="compiled", delegate="openvino"))
    assert row.ok and row.agreement["equal"] > 0.97, row.reason
    assert row.applied["operators_taken"] == row.applied["operators"] == 3
