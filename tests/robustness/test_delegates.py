"""External delegates: libraries that work, that fail, and that are none. The caller survives them all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import complaint

from segkit import open_session
from segkit.errors import SegkitError

SOURCE = Path(__file__).with_name("delegate.c")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A function from a kind of delegate to its library, built with the system's compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None or sys.maxsize < 2**32 or os.name == "nt":
        pytest.skip("building a delegate needs a C compiler on a 64-bit system that is not Windows")
    folder, built = tmp_path_factory.mktemp("delegates"), {}

    def build(kind):
        if kind not in built:
            built[kind] = folder / f"lib{kind}.so"
            subprocess.run([compiler, "-shared", "-fPIC", f"-DKIND_{kind.upper()}", str(SOURCE), "-o",
                            str(built[kind])], check=True)
        return built[kind]

    return build


def run(session):
    shape = session.inputs[0].shape
    return session.run(np.random.default_rng(3).normal(size=shape).astype(np.float32))


def test_a_delegate_that_takes_some_operators_is_reported_with_their_number(library, model_path, runtime_name):
    model_path("deeplabv3")
    plain = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate="none")
    additions = sum(node["op_name"] == "ADD" for node in plain.interpreter._get_ops_details())
    session = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=library("adds"))
    assert session.asked.delegate == str(library("adds"))
    assert session.applied.delegate == str(library("adds"))
    assert (session.applied.operators_taken, session.applied.operators) == (additions, 70)
    assert additions == 10
    np.testing.assert_allclose(run(session), run(plain), atol=1e-4)


def test_a_delegate_that_takes_nothing_is_reported_as_none(library, model_path, runtime_name):
    model_path("deeplabv3")
    session = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=library("nothing"))
    assert session.asked.delegate == str(library("nothing"))
    assert (session.applied.delegate, session.applied.operators_taken) == ("none", 0)
    assert session.applied.operators == 70
    plain = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate="none")
    np.testing.assert_array_equal(run(session), run(plain))


def test_a_delegate_that_finds_nothing_of_its_kind_is_reported_as_none(library, model_path, runtime_name):
    model_path("mobilenet-v1-025")  # an 8-bit model: nothing for a delegate of floats
    session = open_session("mobilenet-v1-025", runtime=runtime_name, threads=1, delegate=library("adds"))
    assert (session.applied.delegate, session.applied.operators_taken) == ("none", 0)


@pytest.mark.parametrize("kind, cause", [
    ("create_fails", "the accelerator is not plugged in"),
    ("create_crashes", "SIGSEGV"),
    ("create_exits", "ended before its trial was over"),
    ("prepare_crashes", "SIGSEGV"),
])
def test_a_delegate_that_fails_is_one_line_with_its_name(kind, cause, library, model_path, runtime_name, capfd):
    model_path("deeplabv3")
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=library(kind))
    assert cause in complaint(raised)
    assert f"lib{kind}.so" in complaint(raised)
    assert capfd.readouterr() == ("", "")


def test_a_delegate_whose_preparation_fails_is_refused_or_left_out(library, model_path, runtime_name, capfd):
    """A runtime may go on without it; then nothing was delegated, and the session says so."""
    model_path("deeplabv3")
    try:
        session = open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=library("prepare_fails"))
    except SegkitError as error:
        assert "libprepare_fails.so" in str(error) and len(str(error).splitlines()) == 1
    else:
        assert (session.applied.delegate, session.applied.operators_taken) == ("none", 0)
        assert np.isfinite(run(session)).all()
    assert capfd.readouterr() == ("", "")


def test_a_library_that_is_no_delegate_is_one_line(library, model_path, runtime_name, tmp_path):
    model_path("deeplabv3")
    (tmp_path / "empty.c").write_text("int answer = 42;")
    subprocess.run([shutil.which(os.environ.get("CC", "cc")), "-shared", "-fPIC", str(tmp_path / "empty.c"),
                    "-o", str(tmp_path / "libempty.so")], check=True)
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=tmp_path / "libempty.so")
    assert "libempty.so cannot be used as a delegate" in complaint(raised)


def test_a_file_that_is_no_library_is_one_line(model_path, runtime_name, tmp_path):
    model_path("deeplabv3")
    for content in (b"just text", b"", b"\x7fELF" + bytes(60)):
        (tmp_path / "libtext.so").write_bytes(content)
        with pytest.raises(SegkitError) as raised:
            open_session("deeplabv3", runtime=runtime_name, threads=1, delegate=tmp_path / "libtext.so")
        assert "libtext.so cannot be used as a delegate" in complaint(raised)


@pytest.mark.parametrize("wrong", ["missing.so", "./missing", "no/such/library.so", "gpu", "XNNPACK", "", None,
                                   "a\0b.so", "~nobody/lib.so", 5000 * "a" + ".so", "two\nlines.so"])
def test_a_delegate_that_does_not_exist_is_one_line(wrong):
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", threads=1, delegate=wrong)
    assert "delegate" in complaint(raised)


def test_a_folder_is_no_delegate(tmp_path):
    (tmp_path / "lib.so").mkdir()
    with pytest.raises(SegkitError) as raised:
        open_session("deeplabv3", threads=1, delegate=tmp_path / "lib.so")
    assert "there is no delegate library" in complaint(raised)
