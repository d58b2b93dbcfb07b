"""Shares as words, the same in every figure, widget and alt text."""

from segkit.languages import say


def percent(share):
    """A share from 0 to 1 in whole percent, "under 1 %" and "over 99 %" at the ends."""
    if 0 < share < 0.005:
        return say("under 1 %")
    if 0.995 <= share < 1:
        return say("over 99 %")
    return say("{share:.0f} %", share=100 * share)
