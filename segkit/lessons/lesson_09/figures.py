"""Figures of lesson 09: single runs, two clocks, settings in turns, single operators.

As in :mod:`segkit.plots.benchmark`, alt texts say what was measured, and leave times to the cell
below the figure unless ``times`` is set.
"""

import numpy as np
from matplotlib.lines import Line2D

from segkit import plots
from segkit.benchmark.timing import milliseconds
from segkit.graph.costs import KINDS, kind
from segkit.languages import digits, message, say, sentence
from segkit.plots import BLUE, INK, ORANGE, plain
from segkit.plots.operators import KIND_COLOURS

STATISTICS = {message("median"): np.median, message("mean"): np.mean, message("fastest"): np.min,
              message("95th percentile"): lambda values: np.percentile(values, 95)}
LINES = dict(zip(STATISTICS, ("-", "--", ":", "-.")))
MARKERS = dict(zip(KINDS, "osD^v"))
NAMED = 3  # of how many kinds the slowest operator is named: number, height, width, channels
NONE = 0.01  # million multiply-adds: where operators without any stand on a logarithmic axis


def runs(taken, busy=0, left_out=0, statistics=("median", "mean"), times=False):
    """Runs in their order, each a dot, and what sums them up as lines.

    Args:
        taken: milliseconds of each run.
        busy: how many runs at the end were made while other programs kept the cores busy.
        left_out: how many runs at the start do not count.
        statistics: names in :data:`STATISTICS`.
        times: whether the alt text gives the times.
    """
    taken = np.asarray(taken, float)
    order, counted = np.arange(1, len(taken) + 1), np.arange(len(taken)) >= left_out
    alone = np.arange(len(taken)) < len(taken) - busy
    new, axes = plots.figure(1, 3.0)
    place = axes[0, 0]
    for some, colour, marker, label in ((alone, BLUE, "o", say("run")),
                                        (~alone, ORANGE, "s", say("run while others work"))):
        if some.any():
            place.plot(order[some & counted], taken[some & counted], marker, color=colour,
                       markeredgecolor=INK, ms=5, label=label)
            place.plot(order[some & ~counted], taken[some & ~counted], marker, color="white",
                       markeredgecolor=INK, ms=5, label=say("left out") if left_out and some is alone
                       else None)
    values = {name: float(STATISTICS[name](taken[counted])) for name in statistics}
    for name, value in values.items():
        place.axhline(value, color=INK, linestyle=LINES[name], linewidth=1.2, label=say(name))
    place.set_ylim(0, 1.05 * taken.max())
    place.set_xlabel(say("run, in the order of time"), fontsize=8)
    place.set_ylabel(say("milliseconds"), fontsize=8)
    plain(place)
    new.legend(loc="outside lower center", fontsize=8, frameon=False, ncols=5)
    return plots.show(new, _runs_in_words(len(taken), busy, left_out, values, times))


def _runs_in_words(count, busy, left_out, values, times):
    told = [say("{count} runs in their order, each a dot", count=count)]
    told += [say("the first {left_out} left out", left_out=left_out)] if left_out else []
    told += [say("the last {busy} while other programs kept the cores busy", busy=busy)] if busy else []
    lines = sentence(say("the {name}", name=say(name)) + (f" {milliseconds(value)}" if times else "")
                     for name, value in values.items())
    return ", ".join(told) + (say(". Lines: {lines}.", lines=lines) if lines else ".")


def clocks(rows, times=False):
    """Two clocks: how long a run takes (wall time), and how long all cores work (CPU time).

    Args:
        rows: dictionary from a row's name to (milliseconds on the wall clock, milliseconds of
            all cores).
        times: whether the alt text gives the rows and their times.
    """
    new, axes = plots.figure(1, 0.36 * len(rows) + 1.2)
    place = axes[0, 0]
    for height, (wall, cores) in enumerate(rows.values()):
        place.plot((wall, cores), (height, height), color="#BBBBBB", linewidth=2, zorder=1)
        place.scatter([cores], [height], s=60, marker="D", facecolor=ORANGE, edgecolor=INK,
                      zorder=2)
        place.scatter([wall], [height], s=45, marker="o", facecolor=BLUE, edgecolor=INK, zorder=3)
    place.set_xscale("log")
    _plain_numbers(place)
    place.set_yticks(range(len(rows)), [say(name) for name in rows])
    place.set_ylim(len(rows) - 0.5, -0.5)
    place.set_xlabel(say("milliseconds a run"), fontsize=8)
    plain(place)
    marks = [Line2D([], [], linestyle="", marker=marker, color=colour, markeredgecolor=INK,
                    label=label) for marker, colour, label in
             (("o", BLUE, say("wall time")), ("D", ORANGE, say("CPU time, all cores together")))]
    new.legend(handles=marks, loc="outside lower center", fontsize=8, frameon=False, ncols=2)
    told = (": " + "; ".join(say("{name}, {wall} and {cores}", name=name, wall=milliseconds(wall),
                                 cores=milliseconds(cores))
                             for name, (wall, cores) in rows.items())) if times else ""
    return plots.show(new, say("2 dots a row: the wall time of a run, and its CPU time, which is the work of "
                               "all cores together{told}.", told=told))


def _plain_numbers(place):
    """1, 2, 5, 10 and so on along a logarithmic axis."""
    low, high = place.get_xlim()
    steps = [s * 10.0 ** e for e in range(-3, 6) for s in (1, 2, 5)]
    steps = [s for s in steps if low <= s <= high]
    place.set_xticks(steps, [digits(s, "g") for s in steps])
    place.minorticks_off()


def two_needs(rows, times=False):
    """Latency and throughput, side by side: what is good for the one need not be for the other.

    Args:
        rows: dictionary from a row's name to (milliseconds of a run, photos in a second).
        times: whether the alt text gives the numbers.
    """
    new, axes = plots.figure(2, 0.5 * len(rows) + 0.9)
    titles = say("latency: milliseconds for one photo"), say("throughput: photos in a second")
    for number, (place, title) in enumerate(zip(axes[0], titles)):
        values = [row[number] for row in rows.values()]
        place.barh(range(len(rows)), values, height=0.55, edgecolor=INK, linewidth=0.6,
                   color=(BLUE, ORANGE)[number])
        for height, value in enumerate(values):
            place.text(value + 0.02 * max(values), height, digits(value, ".0f") if number else
                       milliseconds(value), va="center", fontsize=8)
        place.set_yticks(range(len(rows)), [say(name) for name in rows] if number == 0 else [""] * len(rows))
        place.set(xlim=(0, 1.25 * max(values)), ylim=(len(rows) - 0.5, -0.5))
        place.set_xlabel(title, fontsize=8)
        plain(place)
    told = "; ".join(name + (say(": {ms} and {rate:.0f} photos in a second", ms=milliseconds(ms),
                                 rate=rate) if times
                             else "") for name, (ms, rate) in rows.items())
    return plots.show(new, say("Bars of latency and throughput for {rows} ways: {told}.", rows=len(rows),
                               told=told))


def turns(comparison, times=False):
    """Two settings in turns: the median of each batch.

    Args:
        comparison: a :class:`segkit.benchmark.Comparison`.
        times: whether the alt text gives the ratio.
    """
    batches = comparison.first_ms, comparison.second_ms
    settings = comparison.first, comparison.second
    new, axes = plots.figure(1, 2.8)
    place = axes[0, 0]
    for number, (side, setting, colour, marker) in enumerate(
            zip(batches, settings, (BLUE, ORANGE), "os")):
        # A B B A: in every second pair the second setting goes first.
        places = [2 * i + (number + i) % 2 + 1 for i in range(len(side))]
        for at, batch in zip(places, side):
            place.plot([at] * len(batch), batch, marker, color=colour, alpha=0.35, ms=4)
        place.plot(places, [np.median(batch) for batch in side], "-", color=colour, marker=marker,
                   markeredgecolor=INK, label=setting.label)
    place.set_ylim(bottom=0)
    place.set_xlabel(say("batch, in the order of time"), fontsize=8)
    place.set_ylabel(say("milliseconds a run"), fontsize=8)
    plain(place)
    new.legend(loc="outside lower center", fontsize=8, frameon=False, ncols=2)
    ratio = (say(" Ratio of the times {ratio:.2f}, 95 % interval {low:.2f} to {high:.2f}.",
                 ratio=comparison.ratio, low=comparison.low, high=comparison.high)) if times else ""
    return plots.show(new, say("{batches} batches of {runs} runs each, in turns: {first}; {second}.{ratio}",
                               batches=len(batches[0]), runs=len(batches[0][0]), first=settings[0].label,
                               second=settings[1].label, ratio=ratio))


def operators(graph, spent):
    """Each operator a dot: its multiply-adds against its time; the slowest ones are named.

    Args:
        graph: a :class:`segkit.graph.Graph`.
        spent: dictionary from an operator's index to milliseconds; None or 0 is left out.
    """
    shown = [operator for operator in graph.operators if spent.get(operator.index)]
    new, axes = plots.figure(1, 3.6)
    place = axes[0, 0]
    for name in KINDS:
        some = [operator for operator in shown if kind(operator) == name]
        if some:
            place.plot([operator.multiply_adds / 1e6 or NONE for operator in some],
                       [spent[operator.index] for operator in some], MARKERS[name], ms=6,
                       color=KIND_COLOURS[name], markeredgecolor=INK, markeredgewidth=0.6,
                       label=say(name))
    place.set(xscale="log", yscale="log")
    low, high = place.get_ylim()
    for speed in (1, 10, 100):  # multiply-adds in a nanosecond
        ends = np.array((0.3, 300))
        place.plot(ends, ends / speed, ":", color="#999999", linewidth=1, zorder=0)
        start = max(0.3 / speed, 1.5 * low)
        place.text(start * speed, start, say("{speed} a nanosecond ", speed=speed), fontsize=7, color="#666666",
                   ha="right", va="center")
    for name in KINDS[:NAMED]:
        slowest = max((o for o in shown if kind(o) == name), default=None,
                      key=lambda o: spent[o.index])
        if slowest:
            made = " x ".join(map(str, slowest.outputs[0].shape[1:]))
            at = slowest.multiply_adds / 1e6 or NONE, spent[slowest.index]
            aside, anchor = (("left", 7), ("center", 0), ("right", -7))[KINDS.index(name)][::-1]
            place.annotate(f"{slowest.index}: {made}", at, (aside, 0 if aside else 7), fontsize=7,
                           textcoords="offset points", color=INK, ha=anchor)
    high *= 1.5
    place.set_ylim(low, high)
    ticks = (0.1, 1, 10, 100)
    place.set_xticks((NONE, *ticks), (say("none"), *(digits(tick, "g") for tick in ticks)))
    place.minorticks_off()
    place.yaxis.set_major_formatter("{x:g}")
    place.set_xlabel(say("multiply-adds, million"), fontsize=8)
    place.set_ylabel(say("milliseconds alone"), fontsize=8)
    plain(place)
    new.legend(loc="outside lower center", fontsize=8, frameon=False, ncols=5)
    counts = "; ".join(f"{say(name)}: {sum(kind(o) == name for o in shown)}" for name in KINDS)
    most = max(shown, key=lambda operator: operator.multiply_adds)
    return plots.show(new, say("{shown} operators, each a dot, multiply-adds against time: {counts}. The most "
                               "multiply-adds are {multiply_adds:.0f} million; the dotted lines are 1, 10 and "
                               "100 multiply-adds in a nanosecond.", shown=len(shown), counts=counts,
                               multiply_adds=most.multiply_adds / 1000000.0))
