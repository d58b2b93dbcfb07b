"""The benchmark's dashboard without a browser: boxes are ticked and buttons pressed from Python."""

import base64
import json
import re
import threading
import time

import psutil
import pytest
from benchmark.conftest import tiny_content
from benchmark.phone_rows import row

from segkit import widgets
from segkit.benchmark import DELEGATES, Report, Result, Setting, add_phone_row, machine
from segkit.benchmark.timing import milliseconds
from segkit.errors import SegkitError
from segkit.widgets.dashboard import choices, downloads, page, running, stages, tables, views

TIMES = re.compile(r"\d ms")
PATIENCE = 120  # seconds; a healthy machine needs two or three


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A small model's file; its name would be markup if nobody escaped it."""
    file = tmp_path_factory.mktemp("models") / "a<b>tiny.tflite"
    file.write_bytes(tiny_content())
    return str(file)


@pytest.fixture
def dashboard(tiny):
    """A dashboard for the tiny model: one setting, few runs. Whatever runs is stopped afterwards."""
    made = widgets.benchmark_dashboard([tiny])
    tick(made, runtimes=["litert"], delegates=["xnnpack"], threads=[1])
    made.choices.runs.value = 6
    yield made
    made.cancel.click()
    wait(lambda: running.Run.current() is None and not made.run.disabled)


def tick(dashboard, **groups):
    for group, wanted in groups.items():
        for value, box in dashboard.choices.boxes[group].items():
            box.value = value in wanted


def wait(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def run(dashboard):
    dashboard.run.click()
    assert dashboard.message.value == ""
    wait(lambda: not dashboard.run.disabled)
    return dashboard.report


def text(html):
    return " ".join(re.sub("<[^>]*>", " ", getattr(html, "value", html)).replace("&nbsp;", " ").split())


def alt(dashboard):
    return re.search(r'alt="([^"]*)"', dashboard.picture.value)[1]


def workers():
    return [child for child in psutil.Process().children(recursive=True)
            if "segkit.runtime.isolated" in " ".join(child.cmdline())]


def result(model="deeplab", runtime="litert", delegate="xnnpack", threads=1, times=(4.0, 5.0, 6.0), **more):
    made = Result(Setting(model, runtime, "interpreter", delegate, threads), runs_ms=list(times),
                  rounds=[len(times)], complete=True, **more)
    if times:
        made.finish()
    return made


def report(*results):
    return Report({**machine.facts(), "cores": {"allowed": 2}}, list(results), {"runs": 3, "seconds": None,
                                                                               "rounds": 1, "warmup": 3})


# --- before anything is measured ---------------------------------------------------------------


def test_the_still_is_the_same_on_every_machine(dashboard, monkeypatch):
    data, about = dashboard._repr_mimebundle_()
    monkeypatch.setattr(choices, "runtimes", lambda: {"litert": "9.9"})
    monkeypatch.setattr(choices, "allowed_cores", lambda: 64)
    monkeypatch.setattr(choices, "present", lambda: ["deeplab"])
    other, _ = widgets.benchmark_dashboard()._repr_mimebundle_()
    for kind in ("text/plain", "image/png"):
        assert data[kind] == other[kind]
    assert about["image/png"]["alt"] == data["text/plain"] == dashboard.alt
    assert "press Run" in dashboard.alt and dashboard.alt.endswith("0 measured on this machine: none.")


def test_still_and_words_stay_those_of_the_first_state(dashboard):
    before = dashboard._repr_mimebundle_()
    run(dashboard)
    assert alt(dashboard) != dashboard.alt and dashboard._repr_mimebundle_() == before


def test_what_is_on_offer(monkeypatch):
    monkeypatch.setattr(choices, "runtimes", lambda: {"litert": "2.1"})
    monkeypatch.setattr(choices, "allowed_cores", lambda: 6)
    offered = choices.Choices()
    words = {group: [box.description for box in boxes.values()] for group, boxes in offered.boxes.items()}
    assert {"deeplab", "deeplab-f32"} <= set(words["models"]) and "trunk" not in words["models"]
    assert words["runtimes"] == ["litert: ai-edge-litert 2.1", "tflite: tflite-runtime (not on this machine)"]
    assert [word.partition(":")[0] for word in words["delegates"]] == list(DELEGATES)
    assert words["threads"] == ["1 thread", "2 threads", "4 threads", "6 threads (every core here)", "8 threads"]
    chosen = offered.settings()
    assert {(s.model, s.runtime) for s in chosen} == {("deeplab", "litert")} and len(chosen) == 4


def test_every_combination_is_chosen_once(dashboard, tiny):
    tick(dashboard, runtimes=["litert", "tflite"], delegates=["xnnpack", "gpu"], threads=[1, 4])
    dashboard.choices.model_file.value = f" {tiny} "  # the same file once more
    chosen = dashboard.choices.settings()
    assert len(chosen) == len(set(chosen)) == 8
    assert {(s.delegate, s.api) for s in chosen} == {("xnnpack", "interpreter"), ("gpu", "compiled")}
    assert text(dashboard.state) == "8 settings chosen"
    dashboard.choices.library.value = "/some/where/delegate.so"
    assert text(dashboard.state) == "12 settings chosen"


@pytest.mark.parametrize("group", ["models", "runtimes", "delegates", "threads"])
def test_nothing_chosen_is_a_sentence_and_no_run(dashboard, group):
    tick(dashboard, **{group: []})
    assert f"nothing is chosen under {group.capitalize()}" in text(dashboard.state)
    dashboard.run.click()
    assert 'role="alert"' in dashboard.message.value and "tick a box" in dashboard.message.value
    assert running.Run.current() is None and not dashboard.run.disabled


def test_a_library_that_is_no_path_is_a_sentence(dashboard):
    dashboard.choices.library.value = "<fast>"
    dashboard.run.click()
    assert "unknown delegate &#x27;&lt;fast&gt;&#x27;" in dashboard.message.value


@pytest.mark.parametrize("plot", ["bars", "scaling", "pareto", "stages"])
def test_a_plot_without_results_says_what_to_do(dashboard, plot):
    dashboard.plot.value = plot
    assert dashboard.picture.value == dashboard.numbers.value == ""
    assert text(dashboard.words) == views.NOTHING


# --- a run ---------------------------------------------------------------------------------------


def test_a_run_fills_rows_plot_table_and_downloads(dashboard):
    seen, bars = [], []
    dashboard.rows.observe(lambda change: seen.append(text(change["new"])), "value")
    dashboard.bar.observe(lambda change: bars.append(change["new"]), "value")
    made = run(dashboard)
    stages = [stage for row in seen for stage in re.findall(r"waits|load|round \d of 3|measured", row)]
    assert list(dict.fromkeys(stages)) == ["waits", "load", "round 1 of 3", "round 2 of 3", "round 3 of 3", "measured"]
    assert bars == sorted(bars) and dashboard.bar.value == dashboard.bar.max
    assert text(dashboard.state) == "1 of 1 settings have times"
    (row,) = made.results
    assert row.ok and len(row.runs_ms) == 6 and made.complete
    shown = milliseconds(row.median_ms, "")
    assert shown in text(dashboard.rows) and shown in text(dashboard.numbers)
    assert dashboard.plot.value == "bars" and alt(dashboard).startswith("Bars of the median")
    assert text(dashboard.words).startswith("Bars of the median") and TIMES.search(alt(dashboard))
    assert "<b>" not in dashboard.rows.value and "a&lt;b&gt;tiny.tflite" in dashboard.rows.value


def test_downloads_hold_the_report(dashboard, tmp_path):
    assert dashboard.export.value == ""
    made = run(dashboard)
    found = dict(re.findall(r'download="segkit-benchmark\.(\w+)"[^>]* href="data:[\w/]+;base64,([^"]*)"',
                            dashboard.export.value))
    assert set(found) == {"json", "csv"}
    for kind, read in (("json", Report.from_json), ("csv", Report.from_csv)):
        file = tmp_path / kind
        file.write_bytes(base64.b64decode(found[kind]))
        assert read(file).as_dict() == json.loads(json.dumps(made.as_dict()))


def test_rows_that_cannot_run_say_why(dashboard, tmp_path):
    dashboard.choices.model_file.value = str(tmp_path / "no-such.tflite")
    dashboard.choices.library.value = str(tmp_path / "no-such.so")
    made = run(dashboard)
    assert [r.status for r in made.results] == ["ok", "unavailable", "unavailable", "unavailable"]
    assert text(dashboard.state) == "1 of 4 settings have times"
    told = text(dashboard.rows)
    assert "there is no delegate library" in told and told.count("unavailable") == 3
    assert all(r.reason in told.replace("&lt;b&gt;", "<b>") for r in made.results[1:])
    assert alt(dashboard).count("unavailable") == 3


def test_cancel_ends_the_run_and_its_processes(dashboard):
    dashboard.choices.runs.value, dashboard.choices.seconds.value = 1000, 600
    tick(dashboard, delegates=["reference"])
    dashboard._told, told = lambda step: (told_stages.append(step.stage), told(step)), dashboard._told
    told_stages = []
    dashboard.run.click()
    wait(lambda: "round 1 of 3" in told_stages)
    assert dashboard.run.disabled and not dashboard.cancel.disabled
    assert all(control.disabled for control in dashboard.choices.controls)
    dashboard.cancel.click()
    assert dashboard.cancel.disabled
    wait(lambda: not dashboard.run.disabled)
    assert not dashboard.report.complete and workers() == []
    assert text(dashboard.state).endswith("stopped before the end")
    assert not any(control.disabled for control in dashboard.choices.controls)
    assert "Download" in dashboard.export.value
    dashboard.choices.runs.value = 3
    assert run(dashboard).complete


def test_the_kernel_goes_on_while_a_sweep_runs(dashboard, monkeypatch):
    """The sweep is held in its thread; plots change all the same, and no second run begins."""
    held, begun = threading.Event(), []

    def slow(settings, **options):
        begun.append(settings)
        assert held.wait(PATIENCE)
        return report(result())

    monkeypatch.setattr(running, "sweep", slow)
    dashboard.run.click()
    wait(lambda: begun)
    dashboard.published.value = "SqueezeNet"
    assert "8 published times: SqueezeNet" in alt(dashboard)
    dashboard.plot.value = "bars"
    assert text(dashboard.words) == views.NOTHING
    dashboard.run.click()
    assert len(begun) == 1 and "is measuring already" in dashboard.message.value
    held.set()
    wait(lambda: not dashboard.run.disabled)
    assert alt(dashboard).startswith("Bars of the median")


def test_another_dashboard_cannot_measure_meanwhile_but_can_stop_it(dashboard, tiny):
    dashboard.choices.runs.value, dashboard.choices.seconds.value = 1000, 600
    tick(dashboard, delegates=["reference"])
    dashboard.run.click()
    other = widgets.benchmark_dashboard([tiny])
    other.run.click()
    assert "is measuring already" in other.message.value and not other.cancel.disabled
    other.cancel.click()
    wait(lambda: not dashboard.run.disabled)
    assert not dashboard.report.complete and other.report is None


@pytest.mark.parametrize("error, words", [(SegkitError("no <room>"), "no &lt;room&gt;"),
                                          (ZeroDivisionError("by 0"), "ended early: ZeroDivisionError: by 0")])
def test_an_error_of_the_sweep_is_a_sentence_and_the_buttons_come_back(dashboard, monkeypatch, error, words):
    def fails(settings, **options):
        raise error

    monkeypatch.setattr(running, "sweep", fails)
    dashboard.run.click()
    wait(lambda: not dashboard.run.disabled)
    assert words in dashboard.message.value and dashboard.cancel.disabled
    assert running.Run.current() is None


# --- plots and tables -------------------------------------------------------------------------------


def test_every_plot_has_words_and_a_table_of_its_numbers(model_path):
    model_path("deeplab")
    made = report(result(), result(threads=2, times=(2.0, 2.5, 3.0)), result(delegate="none", times=(9.0, 10.0, 11.0)),
                  result(delegate="gpu", times=(), status="unavailable", reason="no card"))
    for plot in page.PLOTS.values():
        shown = getattr(views, plot)(made, "DeepLab v3")
        numbers = text(shown.numbers)
        assert "<caption" in shown.numbers and 'scope="col"' in shown.numbers
        for median in ("5.00", "2.50", "10.0"):
            assert median in numbers and f"{median} ms" in shown.picture.alt or plot == "pareto"
    assert "no card" not in numbers


def test_threads_are_compared_with_the_fewest():
    shown = views.scaling(report(result(), result(threads=2, times=(2.0, 2.5, 3.0)), result(threads=4, times=[10.0])))
    assert re.findall(r"(\d) (\d+\.\d+) \d\S* to \S+ ms (\d\.\d\d)", text(shown.numbers)) == [
        ("1", "5.00", "1.00"), ("2", "2.50", "2.00"), ("4", "10.0", "0.50")]


def test_the_front_and_the_stages_are_those_of_the_model(model_path):
    model_path("deeplab")
    made = report(result(), result(delegate="none", times=(90.0, 91.0, 92.0)))
    rows = text(views.pareto(made).numbers)
    assert rows.count("on the front") == 1 and re.search(r"xnnpack 5\.00 4\.10 to 5\.90 ms 0\.\d{3} on the front", rows)
    prepare, invoke, finish, total = map(float, re.search(
        r"xnnpack (\S+) (\S+) (\S+) (\S+) none", text(views.stages(made).numbers)).groups())
    # Each number is rounded to three digits.
    assert invoke == 5 and prepare > 0 and finish > 0 and prepare + invoke + finish == pytest.approx(total, rel=0.01)


@pytest.mark.parametrize("plot", ["pareto", "stages"])
def test_a_model_without_masks_has_no_quality_and_no_stages(plot, tmp_path):
    with pytest.raises(SegkitError, match="choose a segmentation model"):
        getattr(views, plot)(report(result(model=str(tmp_path / "gone.tflite"))))


def test_no_foreign_library_is_loaded_into_the_kernel(monkeypatch):
    """It has run in a process of its own, which it may end; the page's process is the reader's kernel."""
    asked = []
    monkeypatch.setattr(stages, "on_photo", lambda *setting: asked.append(setting))
    foreign = [result(delegate=delegate) for delegate in ("/some/where/delegate.so", "gpu")]
    assert stages.by_model(foreign) == {} and asked == [("deeplab", "litert", "xnnpack", 1)]


def test_published_rows_are_marked_and_never_downloaded():
    made = report(result())
    shown = views.beside(made, "DeepLab v3")
    assert text(shown.numbers).count("published DeepLab v3") == 6
    assert re.search(r"measured deeplab, litert, xnnpack, 1 thread .* CPU 1 5\.00 median", text(shown.numbers))
    assert 'href="https://www.tensorflow.org/' in shown.numbers
    found = re.findall(r"base64,([^\"]*)", downloads.links(made))
    assert len(found) == 2 and not any(b"published" in base64.b64decode(data) for data in found)


def test_rows_of_phones_stand_between_published_and_measured_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_PHONES", str(tmp_path / "rows.jsonl"))
    add_phone_row(row())
    shown = views.beside(report(result()), "DeepLab v3")
    told = text(shown.numbers)
    assert told.index("published DeepLab v3") < told.index("phone deeplab-w8 A test phone") < told.index("measured deeplab")
    assert "2 measured on phones" in shown.picture.alt


def test_a_wrong_answer_and_a_fall_back_are_marked():
    row = result(applied={"delegate": "none", "threads": 1},
                 agreement={"equal": 0.4, "max_abs": 9.0, "wrong": True}, notes=["noisy: a", "noisy: b", "c"])
    told = text(tables.progress_rows([row.asked], {row.asked: row}))
    assert "xnnpack -&gt; none" in told and "WRONG: 40.0 %" in told
    assert "c; noisy: a, b" in told
    assert "wrong answer" in text(views.bars(report(row)).numbers)


def test_equal_remarks_stand_once():
    rows = [result(threads=n, times=(), status="failed", reason="no <way>") for n in (1, 2, 3)]
    told = tables.progress_rows([row.asked for row in rows], {row.asked: row for row in rows})
    assert told.count("no &lt;way&gt;") == 1 and told.count("<li>") == 1
