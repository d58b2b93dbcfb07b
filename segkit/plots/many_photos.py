"""Figures of models measured on sets of photos; see :mod:`segkit.plots` for the rules."""

from segkit import plots
from segkit.languages import digits, message, say, sentence
from segkit.plots import BLUE, INK, ORANGE


def gains(panels, figure=message("IoU")):
    """What one model gains over another on the same photos, a panel for each set of photos.

    Args:
        panels: dictionary from the words for a set to a dictionary from title ("v2 over v1") to
            :class:`segkit.masks.bootstrap.Estimate`; the titles of all sets are the same.
        figure: the words for what is measured.
    """
    titles = list(next(iter(panels.values())))
    new, axes = plots.figure(len(panels), 0.36 * len(titles) + 0.9, sharex=True)
    told = []
    for place, (words, found) in zip(axes[0], panels.items()):
        place.axvline(0, color=INK, linewidth=0.8)
        for height, gain in enumerate(found.values()):
            place.plot((100 * gain.low, 100 * gain.high), (height, height), color=BLUE,
                       linewidth=2.5, solid_capstyle="butt")
            place.plot(100 * gain.value, height, "D", color=ORANGE if gain.shown else "white",
                       markeredgecolor=INK, markersize=5)
        place.set(ylim=(len(titles) - 0.5, -0.5))
        place.set_yticks(range(len(titles)), map(say, titles) if place is axes[0, 0] else [])
        place.set_title(words, fontsize=9, color=INK)
        place.set_xlabel(say("gain in {figure}, points", figure=say(figure)), fontsize=8)
        place.grid(axis="x", color="#DDDDDD")
        place.set_axisbelow(True)
        plots.plain(place)
        told.append(say("on {words}: ", words=words) + sentence(f"{say(title)} {in_words(gain)}"
                                               for title, gain in found.items()))
    return plots.show(new, say("Gain in {figure} with its paired 95 % interval, {listed}.", figure=say(figure),
                               listed="; ".join(told)))


def in_words(gain):
    """A gain in points of per cent: "+2.1 points (+0.4 to +3.9), shown"."""
    value, low, high = (digits(100 * one, "+.1f") for one in (gain.value, gain.low, gain.high))
    if gain.shown:
        return say("{value} points ({low} to {high}), shown", value=value, low=low, high=high)
    return say("{value} points ({low} to {high}), not shown", value=value, low=low, high=high)
