"""Lesson 09: its figures, its explorer; its exercises are in tests/lessons/test_exercises.py."""

import re

import cv2
import numpy as np
import pytest

from segkit.benchmark import Comparison, Result, Setting
from segkit.benchmark.phones import server
from segkit.graph import Graph
from segkit.lessons.lesson_09 import explorer as explorers
from segkit.lessons.lesson_09 import figures as timing
from segkit.lessons.lesson_09 import phone
from segkit.plots import benchmark as figures
from segkit.plots import results as words

TIME = re.compile(r"\d ms|milliseconds \d")


# --- results in words ------------------------------------------------------------------------------


def result(middle, *setting, equal=None, **options):
    """A result with 30 runs around a time in milliseconds, quiet and finished."""
    found = Result(Setting(*setting, **options))
    found.runs_ms, found.rounds = list(middle * np.linspace(0.98, 1.02, 30)), [15, 15]
    found.finish()
    if equal is not None:
        found.agreement = {"equal": equal, "max_abs": 1.0, "wrong": equal < 0.9}
    return found


def unavailable(*setting, **options):
    return Result(Setting(*setting, **options), "unavailable", "there is no such thing here")


def test_names_keep_what_differs():
    rows = [result(20, "deeplab-f32", delegate=d) for d in ("xnnpack", "none")]
    assert words.names(rows) == ["xnnpack", "none"]
    assert words.shared_words(rows) == "deeplab-f32, litert, 1 thread"
    assert words.names(rows[:1]) == ["deeplab-f32, litert, xnnpack, 1 thread"]
    assert words.names([rows[0], rows[0]]) == ["deeplab-f32, litert, xnnpack, 1 thread"] * 2


def test_lines_by_threads():
    rows = [result(20, "deeplab", runtime, threads=n) for runtime in ("litert", "tflite")
            for n in (2, 1)]
    lines = words.by_threads([*rows, unavailable("deeplab", threads=4)])
    assert {name: [r.asked.threads for r in line] for name, line in lines.items()} == {
        "litert": [1, 2], "tflite": [1, 2]}
    assert list(words.by_threads(rows[:2])) == ["deeplab, litert, xnnpack"]
    assert words.by_threads([]) == {}


def test_front():
    assert words.front(dict(enumerate([(10, 0.5), (20, 0.7), (15, 0.4), (30, 0.7), (5, 0.1)]))) == [4, 0, 1]
    assert words.front({"worse": (10, 0.5), "better": (10, 0.6)}) == ["better"]
    assert words.front({}) == []


def test_a_mean_stands_where_a_tool_gives_no_more():
    row = Result(Setting("deeplab"), tool="benchmark_model", given={"mean_ms": 12.0})
    assert words.times_of(row) == (12.0, 12.0, 12.0)
    assert words.timed([row, unavailable("deeplab")]) == [row]
    assert "12.0 ms mean" in figures.bars([row], times=True).alt


# --- the figures ------------------------------------------------------------------------------------


def rows():
    return [result(20, "deeplab-f32", equal=1.0), result(90, "deeplab-f32", delegate="none"),
            result(9, "deeplab-f32", delegate="reference", equal=0.3),
            unavailable("deeplab-f32", api="compiled", delegate="gpu")]


def test_bars_name_settings_and_states_and_leave_times_out():
    alt = figures.bars(rows()).alt
    assert alt == ("Bars of the median time of a run for 4 settings (all deeplab-f32, litert, "
                   "1 thread): xnnpack; none; reference (wrong answer); compiled, gpu "
                   "(unavailable).")
    told = figures.bars(rows(), times=True).alt
    assert "xnnpack (20.0 ms, 90 % of the runs from 19.6 ms to 20.4 ms)" in told
    assert "wrong answer" in told and "noisy" not in told


def test_bars_of_rows_without_any_time():
    assert "(unavailable)" in figures.bars([unavailable("deeplab"), unavailable("deeplab-f32")]).alt


def test_noise_is_told_with_the_times():
    loud = result(20, "deeplab")
    loud.notes.append("noisy: other programs kept 2.0 of 2 cores busy")
    assert "noisy" in figures.bars([loud], times=True).alt and "noisy" not in figures.bars([loud]).alt


def test_scaling_says_times_only_when_asked():
    some = [result(20 / n, "deeplab", threads=n) for n in (1, 2)]
    alts = {figures.scaling(found, 2, free).alt for found in (some, some[:1], []) for free in (None, 1)}
    assert len(alts) == 1 and not TIME.search(*alts)
    told = figures.scaling(some, 2, times=True).alt
    assert told.endswith("deeplab, litert, xnnpack: 1 thread 20.0 ms and 2 threads 10.0 ms.")


def test_pareto_leaves_out_wrong_answers_and_unknown_models():
    some = [result(20, "deeplab-f32"), result(10, "deeplab"), result(5, "deeplab-w8", equal=0.1),
            result(1, "head-v1")]
    quality = {"deeplab-f32": 0.72, "deeplab": 0.7, "deeplab-w8": 0.71}
    alt = figures.pareto(some, quality, times=True).alt
    assert alt.startswith("3 settings") and "deeplab-f32 0.72, deeplab 0.70" in alt
    assert alt.endswith("On the front: deeplab; deeplab-f32.")
    assert "On the front" not in figures.pareto(some, quality).alt
    assert figures.pareto([], quality).alt.startswith("0 settings")


def test_stages():
    parts = {"small": {"prepare": 1.0, "invoke": 20.0, "finish": 4.0}}
    assert "small: prepare 1.00 ms (4 %), invoke 20.0 ms (80 %) and finish 4.00 ms (16 %)" in \
        figures.stages(parts, times=True).alt
    assert not TIME.search(figures.stages(parts).alt)
    assert "the 3 stages prepare, invoke and finish" in figures.stages(parts).alt
    parts["small"]["read"] = 5.0
    assert "the 4 stages read, prepare, invoke and finish" in figures.stages(parts).alt


def test_published_times_come_first_and_are_always_told():
    published = {"kind": "published", "model": "DeepLab v3", "device": "Pixel 3", "processor": "GPU",
                 "threads": None, "milliseconds": 16.0}
    measured = {"kind": "measured", "model": "deeplab", "device": "Some CPU", "processor": "CPU",
                "threads": 2, "milliseconds": 9.876}
    alt = figures.beside([measured, published]).alt
    assert alt == ("1 published times: DeepLab v3, Pixel 3, GPU 16 ms. 1 measured on this machine: "
                   "deeplab, this machine, CPU, 2 threads.")
    assert "2 threads 9.88 ms" in figures.beside([measured], times=True).alt
    assert figures.beside([published]).alt.endswith("0 measured on this machine: none.")


def test_runs_tell_what_is_left_out_and_what_was_disturbed():
    taken = [50.0] + [20.0] * 29 + [40.0] * 10
    alt = timing.runs(taken, 10, 1).alt
    assert alt == ("40 runs in their order, each a dot, the first 1 left out, the last 10 while other "
                   "programs kept the cores busy. Lines: the median and the mean.")
    assert "the median 20.0 ms and the mean 25.1 ms" in timing.runs(taken, 10, 1, times=True).alt
    assert timing.runs(taken[:30], statistics=["fastest"]).alt.endswith("Lines: the fastest.")


def test_clocks():
    found = {"litert, 1 thread": (20.0, 19.5), "tflite, 4 threads": (900.0, 1800.0)}
    assert "tflite, 4 threads, 900 ms and 1800 ms" in timing.clocks(found, times=True).alt
    assert timing.clocks(found).alt == timing.clocks({"other": (1.0, 1.0)}).alt


def test_latency_and_throughput():
    found = {"one": (20.0, 50.0), "two": (25.0, 80.0)}
    assert timing.two_needs(found).alt == "Bars of latency and throughput for 2 ways: one; two."
    assert "two: 25.0 ms and 80 photos in a second" in timing.two_needs(found, times=True).alt


def test_turns():
    one, other = Setting("deeplab-f32"), Setting("deeplab")
    found = Comparison(one, other, 0.5, 0.48, 0.53, [[20.0, 21.0]] * 4, [[10.0, 10.5]] * 4)
    assert timing.turns(found).alt == ("4 batches of 2 runs each, in turns: "
                                       f"{one.label}; {other.label}.")
    assert "0.50, 95 % interval 0.48 to 0.53" in timing.turns(found, times=True).alt


def test_operators_count_what_was_timed():
    graph = Graph("deeplab-f32")
    spent = {operator.index: 0.1 for operator in graph.operators}
    alt = timing.operators(graph, {**spent, 0: None}).alt
    small = sum(o.name == "CONV_2D" and o.inputs[1].shape[1:3] == (1, 1) for o in graph.operators)
    assert alt.startswith(f"{len(graph.operators) - 1} operators") and f"1x1 convolutions: {small}" in alt
    assert not TIME.search(alt)


@pytest.mark.drawn
def test_figures_keep_their_width():
    from io import BytesIO

    from PIL import Image

    shown = [figures.bars(rows()), figures.scaling([]), timing.runs([1.0, 2.0]),
             timing.clocks({"a": (1.0, 2.0)})]
    assert {Image.open(BytesIO(picture.png)).width for picture in shown} == {760}


# --- the explorer -----------------------------------------------------------------------------------


@pytest.mark.drawn
def test_the_explorer_counts_what_the_reader_chooses():
    view = explorers.summary([50.0] + [20.0] * 29 + [40.0] * 12, 12)
    assert "Lines: the 95th percentile" in view.alt and view.still.width == 760
    view.controls["statistic"].value = "mean"
    assert "the mean 26.4 ms" in view.words.value
    view.controls["disturbed"].value = 0
    assert "30 runs" in view.words.value and "the mean 21.0 ms" in view.words.value
    view.controls["left_out"].value = 1
    assert "the first 1 left out" in view.words.value and "the mean 20.0 ms" in view.words.value
    assert view.message.value == ""


def test_the_explorer_takes_runs_without_disturbance():
    view = explorers.summary([20.0, 21.0, 22.0])
    assert list(view.controls["left_out"].options) == [0, 1, 2]
    assert list(view.controls["disturbed"].options) == [0]
    assert "3 runs" in view.alt


# --- the reader's phone ----------------------------------------------------------------------------


def test_the_code_for_a_phone_while_a_page_is_given_out(tmp_path, capsys):
    file = tmp_path / "rows.jsonl"
    assert phone.code(file) is None
    assert "run `make phone`" in capsys.readouterr().out
    with server.PhoneServer(tmp_path, [], "127.0.0.1", file=file) as page:
        shown = phone.code(file)
    assert page.address in shown.alt and re.search(r"\d\d x \d\d squares", shown.alt)
    # The library's own picture, read again by another library.
    pixels = cv2.imdecode(np.frombuffer(shown.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == page.address
