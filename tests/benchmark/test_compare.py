"""Comparisons: turns, an interval, and what stops them."""

import pytest
from conftest import complaint

from segkit.benchmark import Setting, compare
from segkit.benchmark.measure import Comparison
from segkit.errors import SegkitError


def test_two_settings_take_turns(tiny):
    first, second = Setting(tiny), Setting(tiny, delegate="reference")
    result = compare(first, second, batches=4, runs=2)
    assert [len(batch) for batch in result.first_ms] == [len(b) for b in result.second_ms] == [2] * 4
    assert result.low <= result.ratio <= result.high
    assert result.ratio > 1.5 and str(result).endswith(f"to {result.high:.2f})")  # ten times slower


@pytest.mark.parametrize("low, high, different", [(1.1, 1.3, True), (0.9, 1.1, False), (0.7, 0.9, True),
                                                  (1.0, 1.2, False)])
def test_different_only_where_the_interval_says_so(low, high, different):
    result = Comparison(Setting("a.tflite"), Setting("b.tflite"), 1.0, low, high, [], [])
    assert result.different == different
    assert ("no difference was shown" in str(result)) != different


@pytest.mark.parametrize("other, word", [(Setting("no.tflite"), "no file"),
                                         (Setting("x.tflite", "tflite", "compiled"), "only LiteRT")])
def test_what_cannot_run_cannot_be_compared(tiny, other, word):
    with pytest.raises(SegkitError) as raised:
        compare(Setting(tiny), other, batches=2, runs=1)
    assert word in complaint(raised)


def test_a_comparison_can_be_stopped_and_needs_two_batches(tiny):
    with pytest.raises(SegkitError) as raised:
        compare(Setting(tiny), Setting(tiny), cancel=lambda: True)
    assert "stopped" in complaint(raised)
    with pytest.raises(SegkitError):
        compare(Setting(tiny), Setting(tiny), batches=1)
