"""The official tools: what they print is read, and LiteRT's own really runs."""

import os
import stat
import sys

import pytest
from conftest import complaint

from segkit.benchmark import Report, Setting, crosscheck, litert_benchmark, phone
from segkit.benchmark.report import lines
from segkit.benchmark.tools import CrossCheck, read_benchmark_model, read_litert_benchmark
from segkit.errors import SegkitError

# Written for this test in the form that TensorFlow's README and source of benchmark_model give:
# https://github.com/tensorflow/tensorflow/tree/master/tensorflow/lite/tools/benchmark
OLDER = """STARTING!
Log parameter values verbosely: [0]
Num threads: [4]
Graph: [/data/local/tmp/segkit/model.tflite]
Loaded model /data/local/tmp/segkit/model.tflite
Initialized session in 4.108ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=6 first=99123 curr=90011 min=89502 max=99123 avg=91471 std=3300

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=80312 curr=80700 min=79000 max=1.2e+05 avg=80660.1 std=900

Inference timings in us: Init: 4108, First inference: 99123, Warmup (avg): 91471, Inference (avg): 80660.1
"""
NEWER = """INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
VERBOSE: Replacing 69 out of 70 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 3 partitions.
INFO: The input model file size (MB): 2.78
INFO: Initialized session in 12.5ms.
INFO: count=20 first=30000 curr=24000 min=23000 max=30000 avg=24500 std=1400 p5=23100 median=24200 p95=28000

INFO: count=50 first=24100 curr=23900 min=22900 max=26000 avg=23800 std=400 p5=23000 median=23750 p95=24900

INFO: Inference timings in us: Init: 12500, First inference: 30000, Warmup (avg): 24500, Inference (avg): 23800
"""
# Recorded by somebody else on a phone: https://github.com/tensorflow/tensorflow/issues/42507
RECORDED = """Loaded model /data/local/tmp/espcn_harmonic_2x_slim_w_cl.tflite
The input model file size (MB): 0.004448
Initialized session in 0.855ms.
count=15 first=49060 curr=33682 min=32825 max=49060 avg=34825.1 std=3930

count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450

Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 34825.1, Inference (avg): 33209.4
Peak memory footprint (MB): init=0 overall=12.8672
"""
LOGCAT = "... tflite  : Average inference timings in us: Warmup: 91471, Init: 4108, Inference: 80660.1\n"
LITERT = """
========================================
 BENCHMARK RESULTS
========================================
Model initialization:  12.34 ms
Warmup (first):        45.60 ms
Warmup (avg):          30.10 ms (5 runs)
Inference (avg):       29.90 ms (50 runs)
Inference (min):       28.00 ms
Inference (max):       40.00 ms
Inference (median):    29.50 ms
Inference (std):       1.23 ms
Inference (p5):        28.30 ms
Inference (p95):       33.00 ms
Fully accelerated:     True
"""


def test_older_output_has_a_mean_only():
    found = read_benchmark_model(OLDER)
    assert found["given"] == {"mean_ms": pytest.approx(80.6601), "min_ms": 79.0, "runs": 50}
    assert (found["load_ms"], found["first_ms"]) == (4.108, 99.123)
    assert found["operators_taken"] is None and found["bytes"] is None


def test_a_phone_s_output_that_was_recorded_is_read():
    found = read_benchmark_model(RECORDED)
    assert found["given"] == {"mean_ms": pytest.approx(33.2094), "min_ms": 32.641, "runs": 50}
    assert (found["load_ms"], found["first_ms"], found["bytes"]) == (0.855, 49.06, 4448)


def test_newer_output_has_percentiles_and_what_the_delegate_took():
    found = read_benchmark_model(NEWER)
    assert found["given"] == {"mean_ms": 23.8, "min_ms": 22.9, "p05_ms": 23.0, "median_ms": 23.75,
                              "p95_ms": 24.9, "runs": 50}
    assert (found["operators_taken"], found["operators"], found["bytes"]) == (69, 70, 2780000)


def test_the_app_s_line_in_android_s_log_is_read():
    found = read_benchmark_model(LOGCAT)
    assert found["given"] == {"mean_ms": pytest.approx(80.6601)}
    assert (found["load_ms"], found["first_ms"]) == (4.108, None)


def test_output_of_litert_benchmark_is_read():
    found = read_litert_benchmark(LITERT)
    assert found["given"] == {"median_ms": 29.5, "mean_ms": 29.9, "min_ms": 28.0, "p05_ms": 28.3,
                              "p95_ms": 33.0, "runs": 50}
    assert (found["load_ms"], found["first_ms"]) == (12.34, 45.6)


@pytest.mark.parametrize("read", [read_benchmark_model, read_litert_benchmark])
@pytest.mark.parametrize("text", ["", "ERROR: no such file\n", "count=3 first=2\n"])
def test_other_output_is_one_line(read, text):
    with pytest.raises(SegkitError) as raised:
        read(text)
    assert "printed no times" in complaint(raised)


def test_litert_s_own_tool_runs_beside_ours(tiny):
    row = litert_benchmark(tiny, runs=5)
    assert row.tool == "litert-benchmark" and row.given["runs"] == 5 and row.runs_ms == []
    assert row.min_ms <= row.median_ms <= row.p95_ms and row.median_ms < 1000
    check = crosscheck(tiny, pairs=2, runs=5)
    assert len(check.ours_ms) == len(check.theirs_ms) == 2 and "pairs" in str(check)


def test_the_ratio_of_a_cross_check_is_that_of_its_pairs():
    check = CrossCheck([10.0, 30.0, 11.0], [10.0, 20.0, 10.0])
    assert check.ratios == [1.0, 1.5, 1.1] and check.ratio == 1.1
    assert str(check) == "ours / litert-benchmark: 1.100 (1.000 to 1.500 in 3 pairs)"


def test_litert_s_own_tool_says_what_it_cannot_do(tmp_path):
    (tmp_path / "text.tflite").write_text("no model")
    with pytest.raises(SegkitError) as raised:
        litert_benchmark(str(tmp_path / "text.tflite"))
    assert "litert-benchmark failed" in complaint(raised)


@pytest.fixture
def adb(tmp_path):
    """A program that stands for adb: it writes down its arguments and prints recorded output."""
    (tmp_path / "newer.txt").write_text(NEWER)
    (tmp_path / "older.txt").write_text(OLDER)
    program = tmp_path / "adb"
    program.write_text(f"""#!{sys.executable}
import sys
from pathlib import Path
here, words = Path({str(tmp_path)!r}), sys.argv[1:]
with open(here / "calls", "a") as calls:
    print(*words, file=calls)
words = words[2:] if words[0] == "-s" else words
if words[:2] == ["shell", "getprop"]:
    print({{"ro.product.model": "Pixel 99", "ro.build.version.release": "16",
           "ro.soc.model": "Some chip"}}.get(words[2], ""))
elif words[0] == "shell" and any(word.endswith("benchmark_model") for word in words[1:4:2]):
    if "--num_threads=3" in words:
        print("Segmentation fault")
        sys.exit(139)
    print((here / ("newer.txt" if "--use_xnnpack=true" in words else "older.txt")).read_text())
""")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    (tmp_path / "benchmark_model").write_text("a binary")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no script as a program")
def test_a_phone_is_measured(adb, tiny, tmp_path):
    settings = [Setting(tiny, threads=4), Setting(tiny, threads=4, delegate="gpu", api="compiled"),
                Setting(tiny, threads=3), Setting(tiny, delegate="reference"), Setting("no.tflite")]
    report = phone(settings, adb / "benchmark_model", str(adb / "adb"), serial="X1")
    assert report.machine["device"] == "Pixel 99" and report.machine["system"] == "Android 16"
    cpu, gpu, crashed, refused, missing = report.results
    assert (cpu.median_ms, cpu.mean_ms, cpu.load_ms) == (23.75, 23.8, 12.5)
    assert cpu.applied["operators_taken"] == 69 and "69 of 70" in cpu.notes[0]
    assert gpu.median_ms is None and gpu.mean_ms == pytest.approx(80.66, abs=0.01)
    assert gpu.applied["delegate"] is None  # it did not say that the GPU took anything
    assert [r.status for r in (crashed, refused, missing)] == ["failed", "refused", "unavailable"]
    assert "Segmentation fault" in crashed.reason
    calls = (adb / "calls").read_text().splitlines()
    assert all(call.startswith("-s X1 ") for call in calls)
    assert any(f"push {tiny} /data/local/tmp/segkit/model.tflite" in call for call in calls)
    assert any("--use_gpu=true" in call and "--num_threads=4" in call for call in calls)
    table = "\n".join(lines(report))
    assert "Some chip; Android 16" in table and "(mean)" in table and "23.8 ms" in table
    for kind in ("json", "csv"):
        getattr(report, f"to_{kind}")(tmp_path / kind)
        assert getattr(Report, f"from_{kind}")(tmp_path / kind) == report


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no script as a program")
def test_a_phone_can_be_pinned_to_some_cores(adb, tiny):
    report = phone([Setting(tiny)], adb / "benchmark_model", str(adb / "adb"), cores="f0")
    assert report.results[0].ok and report.machine["pinned"] == "f0"
    assert "shell taskset f0 /data/local/tmp/segkit/benchmark_model " in (adb / "calls").read_text()
    assert "pinned to the cores of the mask f0" in lines(report)[0]
    with pytest.raises(SegkitError) as raised:
        phone([Setting(tiny)], adb / "benchmark_model", str(adb / "adb"), cores="4-7")
    assert "mask in hexadecimal" in complaint(raised)


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no script as a program")
def test_what_a_phone_needs_is_told(adb, tiny):
    with pytest.raises(SegkitError) as raised:
        phone([Setting(tiny)], adb / "benchmark_model", "no-adb-here")
    assert "not installed" in complaint(raised)
    with pytest.raises(SegkitError) as raised:
        phone([Setting(tiny)], adb / "no", str(adb / "adb"))
    assert "benchmark_model" in complaint(raised)
    (adb / "adb").write_text("#!/bin/sh\necho 'error: no devices/emulators found' >&2\nexit 1\n")
    with pytest.raises(SegkitError) as raised:
        phone([Setting(tiny)], adb / "benchmark_model", str(adb / "adb"))
    assert "no devices" in complaint(raised)
