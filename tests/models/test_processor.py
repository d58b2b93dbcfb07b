"""Which instructions the processor has, as the system tells it."""

import sys

import pytest

from segkit.models import processor


@pytest.mark.parametrize("text, names", [
    ("processor : 0\nflags\t\t: fpu avx2 avx_vnni\n", ("avx2", "avx_vnni")),
    ("flags : sse2 avx2 avx512_vnni\nflags : sse2\n", ("avx2", "avx512_vnni")),
    ("Features\t: fp asimd asimddp i8mm\n", ("dotprod", "i8mm")), ("flags : sse2\n", ()),
    ("nothing of the kind\n", None)])
@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="Linux has this file")
def test_instructions_are_read_from_the_system(text, names, tmp_path):
    (tmp_path / "cpuinfo").write_text(text)
    assert processor.instructions(tmp_path / "cpuinfo") == names
    assert processor.instructions(tmp_path / "none") is None
    assert set(processor.instructions() or ()) <= set(processor.INSTRUCTIONS.values())
