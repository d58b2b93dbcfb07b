"""A process of its own: from wherever it is started, and however it ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from segkit.runtime.isolated import Cancelled, Gone, Isolated, with_answers

ENDS = "runtime.stand_ins:Ends"
ORDINARY = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals and limits")


def test_values_go_there_and_back():
    with Isolated(ENDS) as process:
        for values in (3, {"a": [1, None]}, "äöü\n漢字"):
            assert process.ask("echo", 60, values=values) == values
        arrays = [np.arange(3_000_000, dtype=np.int16)]
        np.testing.assert_array_equal(process.ask("echo", 60, values=arrays)[0], arrays[0])
    assert not psutil.pid_exists(process.pid)


def test_questions_may_be_sent_ahead_and_several_processes_waited_for():
    with Isolated(ENDS) as first, Isolated(ENDS) as second:
        for values in range(3):
            first.post("echo", values=values)
        while with_answers([first, second]) != [first]:
            pass
        assert [first.answer(60) for _ in range(3)] == [0, 1, 2]
        second.post("exit_3")
        assert with_answers([first, second]) == [second]  # one that has ended is no longer waited for
        with pytest.raises(Gone, match="exit 3"):
            second.answer(60)
        with pytest.raises(Gone):
            second.post("echo", values=1)


@pytest.mark.parametrize("do, status, reason, end", [
    ("exit", "failed", "the process ended (exit 0)", "exit 0"),
    ("exit_3", "failed", "the process ended (exit 3)", "exit 3"),
    ("raises", "failed", "SystemError: no details", None),
    ("refuses", "refused", "two lines", None), ("lacks", "unavailable", "pip install it", None),
    ("eats", "failed", "asks for more memory than this machine has", None),
    pytest.param("kill", "failed", "the process ended (SIGSEGV)", "SIGSEGV", marks=ORDINARY),
    pytest.param("killed", "failed", "the process ended (SIGKILL)", "SIGKILL", marks=ORDINARY)])
def test_however_it_ends_the_caller_is_told(do, status, reason, end):
    process = Isolated(ENDS)
    with pytest.raises(Gone) as raised:
        process.ask(do, 60)
    gone = raised.value
    assert (gone.status, gone.reason, gone.end) == (status, reason, end)
    assert not psutil.pid_exists(process.pid)


def test_a_process_that_hangs_is_stopped():
    process = Isolated(ENDS)
    process.ask("echo", 60, values=1)
    start = time.monotonic()
    with pytest.raises(Gone) as raised:
        process.ask("hangs", 0.3)
    assert raised.value.end == "late" and "within 0.3 s" in raised.value.reason
    assert time.monotonic() - start < 20 and not psutil.pid_exists(process.pid)


def test_the_caller_may_stop_waiting():
    wish = []
    with Isolated(ENDS, cancelled=lambda: bool(wish)) as process:
        process.ask("echo", 60, values=1)
        wish.append(1)
        with pytest.raises(Cancelled):
            process.ask("hangs", 60)


def test_a_target_that_does_not_exist_is_an_end_with_words():
    process = Isolated("no_such_module:Thing")
    with pytest.raises(Gone) as raised:
        process.ask("echo", 60, values=1)
    assert raised.value.end == "exit 1" and "no_such_module" in process.words


@ORDINARY
def test_what_it_writes_is_kept_from_the_caller(capfd):
    with Isolated(ENDS, {"SEGKIT_TEST": "seen"}) as process:
        process.ask("shout", 60)
        variable, own_group, path = process.ask("where", 60, name="SEGKIT_TEST")
        assert process.ask("core", 60) == (0, 0)
    assert process.words == "to one\nto two\n" and capfd.readouterr() == ("", "")
    assert (variable, own_group) == ("seen", True)  # Ctrl+C reaches the caller alone
    assert path == sys.path and "SEGKIT_TEST" not in os.environ


@pytest.mark.skipif(sys.platform != "linux", reason="the loader's variable has this name on Linux")
def test_a_variable_is_there_before_the_loader_reads_it(tmp_path):
    """multiprocessing's spawn takes none: the reason why the process is a plain Python."""
    with Isolated(ENDS, {"LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(tmp_path / "loader")}) as process:
        process.ask("echo", 60, values=1)
    assert list(tmp_path.glob("loader.*"))


SCRIPT = """
from segkit.runtime.isolated import Isolated
print("begins")
with Isolated("runtime.stand_ins:Ends") as process:
    print(process.ask("echo", 60, values="answered"))
"""


@pytest.mark.parametrize("how", ["script", "-c", "-m", "standard input"])
def test_no_main_is_run_a_second_time(how, tmp_path):
    """A script without a guard: multiprocessing's spawn would run it again, and fail."""
    (tmp_path / "unguarded.py").write_text(SCRIPT)
    words = {"script": ["unguarded.py"], "-c": ["-c", SCRIPT], "-m": ["-m", "unguarded"],
             "standard input": ["-"]}[how]
    roots = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path,
                          input=SCRIPT, timeout=120,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)})
    assert (done.stdout, done.stderr) == ("begins\nanswered\n", "")


POOL = """
from multiprocessing import get_context
from segkit.runtime.isolated import Isolated

def work(value):
    with Isolated("runtime.stand_ins:Ends") as process:
        return process.ask("echo", 60, values=value)

if __name__ == "__main__":
    with get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [7]))
"""


def test_it_starts_inside_a_worker_of_a_pool(tmp_path):
    """There multiprocessing's own processes do not start."""
    (tmp_path / "pool.py").write_text(POOL)
    roots = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]
    done = subprocess.run([sys.executable, "pool.py"], capture_output=True, text=True, cwd=tmp_path,
                          timeout=120, env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)})
    assert (done.stdout, done.stderr) == ("[7]\n", "")


def test_it_starts_in_a_notebook(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    roots = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]
    code = f"import sys; sys.path[:0] = {roots!r}\n{SCRIPT}"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert "".join(o["text"] for o in notebook.cells[0].outputs) == "begins\nanswered\n"
