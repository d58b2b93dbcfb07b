"""Sessions: what was asked, what was applied, and one line for everything that cannot be."""

import json
import sys
import threading

import numpy as np
import pytest
from conftest import complaint

from segkit import models, open_session, runtime
from segkit.errors import SegkitError
from segkit.runtime import settings, trial


def zeros(session):
    return [np.zeros(tensor.shape, tensor.dtype) for tensor in session.inputs]


def noise(session):
    rng = np.random.default_rng(7)
    return [rng.integers(0, 256, t.shape).astype(t.dtype) if t.dtype.kind in "iu"
            else rng.normal(size=t.shape).astype(t.dtype) for t in session.inputs]


# --- what was asked and what was applied ----------------------------------------


@pytest.mark.parametrize("delegate, taken", [("xnnpack", 70), ("none", 0), ("reference", 0)])
def test_a_float_model_reports_its_delegate_and_operators(delegate, taken, model_path, runtime_name):
    model_path("deeplabv3")
    session = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=delegate)
    assert session.applied == runtime.Applied(runtime_name, runtime.runtimes()[runtime_name], 1, delegate, taken, 70)
    assert session.asked == runtime.Asked("deeplabv3", runtime_name, 1, delegate)
    assert session.report() == {
        "asked": {"model": "deeplabv3", "runtime": runtime_name, "threads": 1, "delegate": delegate},
        "applied": {"runtime": runtime_name, "version": runtime.runtimes()[runtime_name], "threads": 1,
                    "delegate": delegate, "operators_taken": taken, "operators": 70}}
    json.dumps(session.report())
    assert f"{taken} of 70 operators" in repr(session)


@pytest.mark.parametrize("delegate", ["xnnpack", "none"])
def test_as_many_threads_work_as_were_asked(delegate, model_path, runtime_name):
    model_path("deeplabv3")
    for threads in (1, 2, 3):
        session = open_session("deeplabv3", runtime=runtime_name, threads=threads, delegate=delegate)
        session.run(*zeros(session))
        assert session.applied.threads == threads


def test_the_reference_kernels_ignore_threads_and_say_so(model_path, runtime_name):
    model_path("mobilenet-v1-025")
    session = open_session("mobilenet-v1-025", runtime=runtime_name, threads=3, delegate="reference")
    assert session.applied.threads is None  # not known before the first run
    session.run(*zeros(session))
    assert (session.asked.threads, session.applied.threads) == (3, 1)


def test_threads_of_another_session_are_not_counted(model_path, runtime_name):
    model_path("mobilenet-v1-025")
    reference, builtin = (open_session("mobilenet-v1-025", runtime=runtime_name, threads=3, delegate=delegate)
                          for delegate in ("reference", "none"))
    builtin.run(*zeros(builtin))  # starts its threads between the other's opening and first run
    reference.run(*zeros(reference))
    assert (builtin.applied.threads, reference.applied.threads) == (3, 1)


def test_an_8_bit_model_on_litert_is_taken_by_xnnpack(model_path):
    model_path("deeplabv3-dm05-quant")
    if "litert" not in runtime.runtimes():
        pytest.skip("the runtime litert is not installed")
    applied = open_session("deeplabv3-dm05-quant", runtime="litert", threads=1).applied
    assert (applied.delegate, applied.operators) == ("xnnpack", 72)
    assert 60 <= applied.operators_taken < 72


def test_an_8_bit_model_on_tflite_is_not_taken_by_xnnpack_and_that_is_said(model_path):
    model_path("deeplabv3-dm05-quant")
    if "tflite" not in runtime.runtimes():
        pytest.skip("the runtime tflite is not installed")
    session = open_session("deeplabv3-dm05-quant", runtime="tflite", threads=1, delegate="xnnpack")
    assert session.asked.delegate == "xnnpack"
    assert (session.applied.delegate, session.applied.operators_taken) == ("none", 0)


def test_without_wishes_a_session_gets_the_defaults(model_path):
    model_path("deeplabv3")
    session = open_session("deeplabv3")
    assert session.asked == runtime.Asked("deeplabv3", "auto", None, "xnnpack")
    assert session.applied.runtime == next(name for name in settings.RUNTIMES if name in runtime.runtimes())
    assert session.applied.delegate == "xnnpack"
    session.run(*zeros(session))
    assert 1 <= session.applied.threads <= 4


def test_the_three_delegates_agree_on_the_answer(model_path, runtime_name):
    model_path("deeplabv3")
    answers = []
    for delegate in ("xnnpack", "none", "reference"):
        session = open_session("deeplabv3", runtime=runtime_name, threads=2, delegate=delegate)
        answers.append(session.run(*noise(session)))
    np.testing.assert_allclose(answers[0], answers[2], atol=1e-3)
    np.testing.assert_allclose(answers[1], answers[2], atol=1e-3)
    assert np.ptp(answers[0]) > 1


# --- tensors -----------------------------------------------------------------------


def test_tensors_tell_shape_dtype_and_quantisation(model_path, runtime_name):
    model_path("deeplabv3")
    model_path("deeplabv3-dm05-quant")
    session = open_session("deeplabv3", runtime=runtime_name, threads=1)
    (given,), (result,) = session.inputs, session.outputs
    assert (given.shape, given.dtype, given.scale, given.zero_point) == ((1, 257, 257, 3), np.float32, None, None)
    assert (result.shape, result.dtype, result.upsampled_from) == ((1, 257, 257, 21), np.float32, (33, 33))
    session = open_session("deeplabv3-dm05-quant", runtime=runtime_name, threads=1)
    (given,), (result,) = session.inputs, session.outputs
    assert (given.shape, given.dtype, given.scale, given.zero_point) == ((1, 513, 513, 3), np.uint8, 1 / 128, 128)
    assert (result.shape, result.dtype, result.scale) == ((1, 513, 513), np.int64, None)
    assert result.upsampled_from is None


def test_a_model_with_several_outputs_answers_with_a_tuple(model_path, runtime_name):
    model_path("ssd-mobilenet-v1")
    session = open_session("ssd-mobilenet-v1", runtime=runtime_name, threads=1)
    results = session.run(*noise(session))
    assert isinstance(results, tuple) and len(results) == len(session.outputs) == 4
    assert [result.dtype for result in results] == [tensor.dtype for tensor in session.outputs]
    assert results[0].shape[-1] == 4  # boxes


# --- running -------------------------------------------------------------------------


@pytest.fixture
def session(model_path, runtime_name):
    model_path("mobilenet-v1-025")
    return open_session("mobilenet-v1-025", runtime=runtime_name, threads=1)


def test_a_copied_answer_survives_the_next_run(session):
    first = session.run(*noise(session))
    kept = first.copy()
    session.run(*zeros(session))
    np.testing.assert_array_equal(first, kept)


def test_a_view_must_be_dropped_before_the_next_run(session):
    copied = session.run(*noise(session))
    view = session.run(*noise(session), copy=False)
    np.testing.assert_array_equal(view, copied)
    assert not view.flags.owndata
    with pytest.raises(SegkitError) as raised:
        session.run(*zeros(session))
    assert "failed while running" in complaint(raised)
    del view
    session.run(*zeros(session))


@pytest.mark.parametrize("array", [
    np.zeros((1, 224, 224, 3), np.float32), np.zeros((1, 224, 224, 3), np.int8), np.zeros((224, 224, 3), np.uint8),
    np.zeros((2, 224, 224, 3), np.uint8), np.zeros((1, 3, 224, 224), np.uint8), np.zeros((0,), np.uint8),
    None, "photo.jpg", 5, [[1, 2], [3]],
], ids=lambda value: f"{value.dtype}-{value.shape}" if isinstance(value, np.ndarray) else repr(value))
def test_an_array_of_the_wrong_shape_or_type_is_one_line(array, session):
    with pytest.raises(SegkitError) as raised:
        session.run(array)
    assert "mobilenet_v1_0.25_224_quant.tflite takes" in complaint(raised)


def test_bytes_in_the_other_order_are_refused(model_path):
    model_path("deeplabv3")
    session = open_session("deeplabv3", threads=1)
    with pytest.raises(SegkitError, match="takes float32"):
        session.run(zeros(session)[0].astype(">f4"))


@pytest.mark.parametrize("count", [0, 2])
def test_the_wrong_number_of_arrays_is_one_line(count, session):
    with pytest.raises(SegkitError) as raised:
        session.run(*zeros(session) * count)
    assert f"has 1 inputs, not {count}" in complaint(raised)


def test_arrays_that_do_not_lie_in_one_piece_are_taken(session):
    (array,) = noise(session)
    np.testing.assert_array_equal(session.run(array), session.run(np.asfortranarray(array)))
    np.testing.assert_array_equal(session.run(array[:, ::-1]), session.run(array[:, ::-1].copy()))


def test_sessions_run_at_the_same_time_without_disturbing_each_other(model_path, runtime_name):
    model_path("mobilenet-v1-025")
    model_path("deeplabv3")
    jobs = []
    for name in ("mobilenet-v1-025", "deeplabv3", "mobilenet-v1-025"):
        session = open_session(name, runtime=runtime_name, threads=2)
        jobs.append((session, noise(session), session.run(*noise(session)), []))

    def work(session, given, _, results):
        results.extend(session.run(*given) for _ in range(5))

    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for *_, expected, results in jobs:
        assert len(results) == 5
        for result in results:
            np.testing.assert_array_equal(result, expected)


# --- what the runtime itself writes -----------------------------------------------------


QUIET = """
import sys, numpy as np
from segkit import open_session
for delegate in ("xnnpack", "none", "reference"):
    session = open_session(sys.argv[1], runtime=sys.argv[2], threads=2, delegate=delegate)
    session.run(*(np.zeros(t.shape, t.dtype) for t in session.inputs))
    print(repr(session.log))
"""


def test_log_lines_of_the_runtime_do_not_reach_standard_error(model_path, runtime_name, run_python):
    done = run_python(QUIET, model_path("deeplabv3"), runtime_name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "XNNPACK" in done.stdout.splitlines()[0]  # but they are kept for the curious


def test_a_session_opens_where_there_is_no_standard_error(model_path, runtime_name, tmp_path):
    import subprocess

    code = QUIET + "\nassert sys.stderr is None"
    done = subprocess.run([sys.executable, "-c", "import os, sys; os.close(2); os.execv(sys.executable, sys.argv[1:])",
                           sys.executable, "-c", code, str(model_path("deeplabv3")), runtime_name],
                          stdout=subprocess.PIPE, cwd=tmp_path, timeout=120)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3


def test_what_a_library_writes_is_caught_and_what_others_write_is_not(capfd):
    import os

    from segkit.errors import captured_stderr

    with captured_stderr() as log:
        os.write(2, b"from the library\n")
    os.write(2, b"from the reader\n")
    assert log == ["from the library\n"]
    assert capfd.readouterr().err == "from the reader\n"


def test_standard_error_comes_back_after_an_exception(capfd):
    import os

    from segkit.errors import captured_stderr

    with pytest.raises(KeyError), captured_stderr() as log:
        os.write(2, b"inside\n")
        raise KeyError
    os.write(2, b"outside\n")
    assert log == ["inside\n"] and capfd.readouterr().err == "outside\n"


# --- wrong wishes ------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [0, -1, True, False, "2", 1.5, 2.0, [1], 1025, 10**30, float("nan")], ids=repr)
def test_a_wrong_number_of_threads_is_one_line(threads):
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", threads=threads)
    assert "threads must be" in complaint(raised)


def test_a_numpy_number_of_threads_is_taken(model_path):
    model_path("mobilenet-v1-025")
    assert open_session("mobilenet-v1-025", threads=np.int64(1)).applied.threads == 1


@pytest.mark.parametrize("name", ["onnx", "", None, 3, "LITERT"])
def test_an_unknown_runtime_is_one_line(name):
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", runtime=name)
    assert "unknown runtime" in complaint(raised) and "auto, litert or tflite" in complaint(raised)


@pytest.mark.parametrize("name", ["gpu", "XNNPACK", None, "delegate"])
def test_an_unknown_delegate_is_one_line(name):
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", delegate=name)
    assert "unknown delegate" in complaint(raised) and "xnnpack, none, reference" in complaint(raised)


@pytest.mark.parametrize("name, package", [("litert", "ai-edge-litert"), ("tflite", "tflite-runtime")])
def test_a_runtime_that_is_not_installed_comes_with_its_command(name, package, monkeypatch):
    monkeypatch.setattr(settings, "installed", list)
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", runtime=name, threads=1)
    assert f"pip install {package}" in complaint(raised)


def test_no_runtime_at_all_comes_with_a_command(monkeypatch):
    monkeypatch.setattr(settings, "installed", list)
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", threads=1)
    assert "pip install ai-edge-litert" in complaint(raised)


def test_the_second_runtime_is_taken_where_the_first_is_absent(monkeypatch):
    monkeypatch.setattr(settings, "installed", lambda: ["tflite"])
    assert settings.checked_runtime("auto") == "tflite"


@pytest.mark.parametrize("error", [ImportError("numpy.core.multiarray failed\nto import"), AttributeError("_ARRAY_API"),
                                   OSError("libc.so.6: version `GLIBC_2.99' not found"), SystemError("no details")])
def test_a_runtime_that_does_not_import_is_one_line(error, model_path, monkeypatch, runtime_name):
    model_path("deeplabv3")

    class Broken:
        @staticmethod
        def find_spec(name, *_):
            if name == settings.RUNTIMES[runtime_name][0]:
                raise error

    monkeypatch.delitem(sys.modules, settings.RUNTIMES[runtime_name][0], raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", runtime=runtime_name, threads=1)
    assert f"the runtime '{runtime_name}' is installed but does not import" in complaint(raised)


# --- files that are no models ----------------------------------------------------------------


NO_MODELS = {"nothing": b"", "text": b"This is not a model.\n", "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
             "only the mark": b"\0\0\0\0TFL3", "the mark and zeros": b"\0\0\0\0TFL3" + bytes(1000),
             "the mark and ones": b"\xff\xff\xff\xffTFL3" + b"\xff" * 1000}


@pytest.mark.parametrize("content", NO_MODELS.values(), ids=NO_MODELS.keys())
def test_a_file_that_is_no_model_is_one_line(content, runtime_name, tmp_path, capfd):
    (tmp_path / "odd.tflite").write_bytes(content)
    with pytest.raises(SegkitError) as raised:
        open_session(tmp_path / "odd.tflite", runtime=runtime_name, threads=1)
    assert str(tmp_path / "odd.tflite") in complaint(raised)
    assert capfd.readouterr() == ("", "")


def test_a_good_model_that_the_catalogue_does_not_know_opens(model_path, runtime_name, tmp_path):
    odd = tmp_path / "meine Übung\n.tflite"
    odd.write_bytes(model_path("mobilenet-v1-025").read_bytes() + b"!")
    session = open_session(odd, runtime=runtime_name, threads=1, delegate="none")
    assert session.model is None and session.path == odd
    known = open_session("mobilenet-v1-025", runtime=runtime_name, threads=1, delegate="none")
    np.testing.assert_array_equal(session.run(*noise(session)), known.run(*noise(known)))


def test_an_error_about_a_file_with_a_line_break_in_its_name_is_one_line(runtime_name, tmp_path):
    for content in (b"no model", b"\0\0\0\0TFL3" + bytes(1000)):
        (tmp_path / "two\nlines.tflite").write_bytes(content)
        with pytest.raises(SegkitError) as raised:
            open_session(tmp_path / "two\nlines.tflite", runtime=runtime_name, threads=1)
        assert "two lines.tflite" in complaint(raised)


# --- the trial in a process of its own ------------------------------------------------------


@pytest.fixture
def tried(monkeypatch, model_path, tmp_path):
    """A function that opens a model whose trial ends as its last line says; and the trials."""
    trial.problem.cache_clear()
    started, one = [], trial.try_in_a_process
    monkeypatch.setattr(trial, "try_in_a_process", lambda file, settings: one(
        file, settings, "runtime.stand_ins:Ends"))
    process = trial.Isolated
    monkeypatch.setattr(trial, "Isolated", lambda target: started.append(target) or process(target))
    content = model_path("mobilenet-v1-025").read_bytes()

    def attempt(end):
        (tmp_path / "own.tflite").write_bytes(content + b"\n" + end)
        return open_session(tmp_path / "own.tflite", threads=1)

    yield attempt, started
    trial.problem.cache_clear()


@pytest.mark.parametrize("end, cause", [
    (b"exit", "ended before its trial was over (exit 0)"),
    (b"exit_3", "ended before its trial was over (exit 3)"), (b"raises", "SystemError: no details"),
    (b"kill", "crashes litert (SIGSEGV)"), (b"killed", "SIGKILL"), (b"refuses", "two lines"),
    (b"eats", "more memory than this machine has")])
def test_however_a_trial_ends_the_cause_is_one_line(end, cause, tried):
    with pytest.raises(SegkitError) as raised:
        tried[0](end)
    assert cause in complaint(raised)


def test_a_trial_that_does_not_end_is_given_up(tried, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    with pytest.raises(SegkitError) as raised:
        tried[0](b"hangs")
    assert "did not finish one run within 0.2 seconds" in complaint(raised)


def test_a_trial_is_remembered_for_the_content_and_not_for_the_name(tried):
    attempt, started = tried
    for end, trials in ((b"well", 1), (b"well", 1), (b"echo", 2), (b"well", 2)):
        try:
            attempt(end)
        except SegkitError as error:
            assert "echo" in str(error)  # it lacks its argument
        assert len(started) == trials


def test_a_known_file_needs_no_trial(tried, model_path):
    open_session(model_path("mobilenet-v1-025"), threads=1)
    assert tried[1] == []
    assert models.identify(model_path("mobilenet-v1-025"))
