"""Numbers and lists as words, the same in every figure, widget and alt text."""


def percent(share):
    """A share from 0 to 1 in whole percent, "under 1 %" and "over 99 %" at the ends."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def sentence(parts):
    """Join words: "a, b and c"."""
    parts = list(parts)
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
