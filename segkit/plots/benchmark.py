"""Figures of measured times; see :mod:`segkit.plots` for the rules.

Times differ from run to run, so an alt text names what was measured and leaves the times to the
cell below it. With ``times=True`` it gives them, too: for live views, which no test compares.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from segkit import plots
from segkit.benchmark.timing import milliseconds
from segkit.languages import digits, message, say, say_many, sentence
from segkit.masks.words import percent
from segkit.plots import BLACK, BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, plain
from segkit.plots.results import by_threads, front, names, shared_words, timed, times_of

# Each series has a marker of its own as well as a colour.
SERIES = ((BLUE, "o", "-"), (ORANGE, "s", "-"), (GREEN, "^", "-"), (VERMILION, "D", "-"),
          (PURPLE, "v", "-"), (SKY, "P", "-"), (BLACK, "X", "-"))
STAGES = {message("read"): PURPLE, message("prepare"): ORANGE, message("invoke"): BLUE,
          message("finish"): GREEN}
GREY, PALE = "#888888", "#A9CCE3"


def _state(result, times):
    """What an alt text says of a result."""
    if not result.ok or not result.typical:
        return result.status if not result.ok else say("no runs")
    told = []
    if times:
        middle, statistic = result.typical
        told.append(milliseconds(middle) if statistic != "mean" else say(
            "{time} mean", time=milliseconds(middle)))
        if result.p05_ms is not None and result.p95_ms is not None:
            told.append(say("90 % of the runs from {low} to {high}", low=milliseconds(result.p05_ms),
                            high=milliseconds(result.p95_ms)))
        told += [say("noisy")] if result.noisy else []
    return ", ".join(told + ([say("wrong answer")] if result.wrong else []))


def bars(results, times=False):
    """A bar for each setting: the median, its interval, and where 90 % of the runs lie.

    Args:
        results: list of :class:`segkit.benchmark.Result`; rows without times are named as such.
        times: whether the alt text gives the times.
    """
    new, axes = plots.figure(1, 0.38 * len(results) + 1.15)
    place, shown = axes[0, 0], timed(results)
    farthest = max((_end(r) for r in shown), default=1)
    runtimes = list(dict.fromkeys(r.asked.runtime for r in results))
    for row, result in enumerate(results):
        if result not in shown:
            place.text(0.01 * farthest, row, _state(result, False), va="center", fontsize=8,
                       color=INK, style="italic")
            continue
        colour = SERIES[runtimes.index(result.asked.runtime)][0]
        _bar(place, row, result, colour)
        place.text(_end(result) + 0.015 * farthest, row, _told(result), va="center", fontsize=8,
                   color=INK)
    place.set_yticks(range(len(results)), names(results))
    place.set(xlim=(0, _room(shown) * farthest), ylim=(len(results) - 0.5, -0.5))
    place.set_xlabel(say("milliseconds a run"), fontsize=8)
    plain(place)
    marks = [Patch(facecolor=SERIES[i][0], alpha=0.75, label=say("median, {name}", name=name))
             for i, name in enumerate(runtimes)]
    marks += [Line2D([], [], color=INK, linewidth=4, label=say("95 % interval of the median")),
              Line2D([], [], color=INK, linewidth=1, label=say("90 % of the runs"))]
    new.legend(handles=marks, loc="outside lower center", fontsize=8, frameon=False,
               ncols=len(marks))
    return plots.show(new, say("Bars of the median time of a run for {settings}.",
                               settings=_settings(results, times)))


def _room(results):
    """How far an axis goes beyond the longest bar, so that the words beside the bars fit."""
    letters = max((len(_told(result)) for result in results), default=0)
    return 1 + 0.012 * (letters + 1)


def _end(result):
    """Where the marks of a bar end, in milliseconds."""
    return max(*times_of(result), result.interval_ms[1] or 0)


def _bar(place, row, result, colour):
    low, middle, high = times_of(result)
    place.barh(row, middle, height=0.6, facecolor=colour, edgecolor=INK, linewidth=0.6,
               alpha=0.75, hatch="xx" if result.wrong else None)
    place.plot((low, high), (row, row), color=INK, linewidth=1)
    if result.interval_ms[0] is not None:
        place.plot(result.interval_ms, (row, row), color=INK, linewidth=4, solid_capstyle="butt")


def _told(result):
    middle, statistic = result.typical
    return (milliseconds(middle) + (say(", mean") if statistic == "mean" else "")
            + (say(", WRONG ANSWER") if result.wrong else "") + (say(", noisy") if result.noisy else ""))


def _settings(results, times):
    """"2 settings (litert, 1 thread): xnnpack and none", with their states."""
    shared = shared_words(results) if len(results) > 1 else ""
    states = (_state(result, times) for result in results)
    told = "; ".join(name + (f" ({state})" if state else "")
                     for name, state in zip(names(results), states))
    return (say_many("{count} setting", "{count} settings", len(results))
            + (say(" (all {shared})", shared=shared) if shared else "") + f": {told}")


def scaling(results, cores=None, free=None, times=False):
    """Time against the number of threads: a line for each setting that differs in more than them.

    Args:
        results: list of :class:`segkit.benchmark.Result`; those without times are left out.
        cores: how many cores this process may use; a line marks them.
        free: how many of them no other program kept busy; another line, where it differs.
        times: whether the alt text gives the lines and their times; without, it only says
            what is plotted, since which runtimes there are differs between machines.
    """
    lines = by_threads(results)
    new, axes = plots.figure(1, 3.3)
    place = axes[0, 0]
    for (name, points), (colour, marker, style) in zip(lines.items(), _series(lines)):
        counts = [r.asked.threads for r in points]
        lows, medians, highs = np.array([times_of(r) for r in points]).T
        spread = np.maximum(0, (medians - lows, highs - medians))
        place.errorbar(counts, medians, spread, color=colour, marker=marker, linestyle=style,
                       capsize=6, elinewidth=1.5, ms=4, markeredgecolor=INK, label=name)
        place.plot(counts, medians[0] * counts[0] / np.array(counts), ":", color=colour)
    ticks = sorted({r.asked.threads for points in lines.values() for r in points})
    place.set_xscale("log", base=2)
    place.set_yscale("log")
    _plain_ticks(place, ticks)
    marked = {say("cores of this machine"): (cores, "--"),
              say("free cores"): (free if free != cores else None, "-.")}
    marked = {label: mark for label, mark in marked.items() if mark[0]}
    for count, style in marked.values():
        place.axvline(count, color=GREY, linestyle=style, linewidth=1)
    place.set_xlabel(say("threads"), fontsize=8)
    place.set_ylabel(say("milliseconds a run (median)"), fontsize=8)
    plain(place)
    _scaling_legend(new, lines, marked)
    told = (": " + "; ".join(f"{name}: " + sentence(
        f"{_threads(r.asked.threads)} {milliseconds(times_of(r)[1])}"
        for r in points) for name, points in lines.items())) if times and lines else ""
    return plots.show(new, say("Lines of the median time of a run against the number of threads, with 90 % of "
                               "the runs and, dotted, the time of 1 thread divided by the number of "
                               "threads{told}.", told=told))


def _threads(count):
    return say_many("{count} thread", "{count} threads", count)


def _series(lines):
    return [SERIES[number % len(SERIES)] for number in range(len(lines))]


def _plain_ticks(place, ticks):
    """Numbers as people write them, on axes that are logarithmic."""
    place.set_xticks(ticks, [str(tick) for tick in ticks])
    place.minorticks_off()
    low, high = place.get_ylim()
    steps = [s * 10.0 ** e for e in range(-2, 6) for s in (1, 2, 5)]
    fitting = [s for s in steps if low <= s <= high] or [low, high]
    place.set_yticks(fitting, [f"{s:g}" for s in fitting])


def _scaling_legend(new, lines, marked):
    marks = [Line2D([], [], color=colour, marker=marker, linestyle=style, markeredgecolor=INK,
                    label=name) for name, (colour, marker, style) in zip(lines, _series(lines))]
    marks.append(Line2D([], [], color=INK, linestyle=":", label=say("the ideal")))
    marks += [Line2D([], [], color=GREY, linestyle=style, label=label)
              for label, (_, style) in marked.items()]
    new.legend(handles=marks, loc="outside lower center", fontsize=8, frameon=False, ncols=5)


def pareto(results, quality, what=message("mean IoU"), times=False):
    """Time against quality: the front holds the settings that no other beats in both.

    Args:
        results: list of :class:`segkit.benchmark.Result`; those without times are left out.
        quality: dictionary from a setting's model to a number from 0 to 1, the more the better;
            results of other models are left out.
        what: what the number is, in English.
        times: whether the alt text gives times and names the front.
    """
    shown = [r for r in timed(results) if r.asked.model in quality]
    right = [number for number, r in enumerate(shown) if not r.wrong]  # a wrong answer is no rival
    best = front({n: (times_of(shown[n])[1], quality[shown[n].asked.model]) for n in right})
    half = max((times_of(r)[1] for r in shown), default=0) / 2
    new, axes = plots.figure(1, 3.4)
    place = axes[0, 0]
    ordered = [shown[i] for i in best]
    place.step([times_of(r)[1] for r in ordered], [quality[r.asked.model] for r in ordered],
               where="post", color=GREY, linewidth=1, zorder=1)
    for number, (result, name) in enumerate(zip(shown, names(shown) if shown else ())):
        (low, x, high), y = times_of(result), quality[result.asked.model]
        place.plot((low, high), (y, y), color=INK, linewidth=1, zorder=2)
        place.scatter([x], [y], s=60, marker="o", color=BLUE if number in best else "white",
                      edgecolor=INK, zorder=3)
        place.annotate(name + (say(", WRONG ANSWER") if result.wrong else ""), (x, y), (-5, 7) if
                       x > half else (5, 7), textcoords="offset points", fontsize=8, color=INK,
                       ha="right" if x > half else "left")
    place.margins(x=0.15, y=0.15)
    place.set_xlabel(say("milliseconds a run (median, 90 % of the runs)"), fontsize=8)
    place.set_ylabel(say(what), fontsize=8)
    plain(place)
    on_it = [names(shown)[i] for i in best] if shown else []
    told = say(" On the front: {listed}.", listed="; ".join(on_it)) if times and on_it else ""
    values = sentence(f"{model} {digits(quality[model], '.2f')}"
                      for model in dict.fromkeys(r.asked.model for r in shown))
    against = say("{what} of {values}", what=say(what), values=values) if values else say(what)
    return plots.show(new, say("{count} settings, each a dot: time of a run against {against}. Filled dots "
                               "are on the front: no other is faster and better.{told}", count=len(shown),
                               against=against, told=told))


def stages(rows, times=False):
    """Where the time of a photo goes: a stacked bar for each row.

    Args:
        rows: dictionary from a row's name to a dictionary from "prepare", "invoke" and "finish"
            to milliseconds, see :class:`segkit.Segmentation`; and "read", where a file was.
        times: whether the alt text gives the times.
    """
    new, axes = plots.figure(1, 0.45 * len(rows) + 1.1)
    place = axes[0, 0]
    longest = max(sum(parts.values()) for parts in rows.values())
    shown = {stage: colour for stage, colour in STAGES.items()
             if any(stage in parts for parts in rows.values())}
    for row, parts in enumerate(rows.values()):
        left = 0
        for stage, colour in shown.items():
            place.barh(row, parts[stage], left=left, height=0.6, color=colour, edgecolor="white")
            left += parts[stage]
        place.text(left + 0.01 * longest, row, milliseconds(left), va="center", fontsize=8,
                   color=INK)
    place.set_yticks(range(len(rows)), list(rows))
    place.set(xlim=(0, 1.15 * longest), ylim=(len(rows) - 0.5, -0.5))
    place.set_xlabel(say("milliseconds a photo"), fontsize=8)
    plain(place)
    new.legend([Patch(facecolor=colour) for colour in shown.values()], [say(stage) for stage in shown],
               loc="outside lower center", fontsize=8, frameon=False, ncols=len(shown))
    told = "; ".join(name + (": " + sentence(
        f"{say(stage)} {milliseconds(parts[stage])} ({percent(parts[stage] / sum(parts.values()))})"
        for stage in shown) if times else "") for name, parts in rows.items())
    return plots.show(new, say("Stacked bars of the {shown} stages {listed} for {rows} rows: {told}.",
                               shown=len(shown), listed=sentence(map(say, shown)), rows=len(rows), told=told))


def beside(rows, times=False):
    """Published times, readers' phones and measured ones, told apart by colour, hatch and words.

    Args:
        rows: dictionaries as :func:`segkit.benchmark.report.rows` gives them.
        times: whether the alt text gives the measured times; it always gives the published ones.
    """
    looks = {"published": ("white", "///", say("published: other machines")),
             "phone": (SKY, "...", say("phones, in a browser")),
             "measured": (BLUE, None, say("measured on this machine"))}
    rows = sorted(rows, key=lambda row: list(looks).index(row["kind"]))  # stable: the order stays
    new, axes = plots.figure(1, 0.34 * len(rows) + 1.1)
    place = axes[0, 0]
    longest = max((row["milliseconds"] for row in rows), default=1)
    for height, row in enumerate(rows):
        colour, hatch, _ = looks[row["kind"]]
        place.barh(height, row["milliseconds"], height=0.62, edgecolor=INK, linewidth=0.6,
                   facecolor=colour, hatch=hatch)
        place.text(row["milliseconds"] + 0.01 * longest, height,
                   _row_time(row), va="center", fontsize=8, color=INK)
    place.set_yticks(range(len(rows)), [_row_name(row) for row in rows])
    place.set(xlim=(0, 1.15 * longest), ylim=(len(rows) - 0.5, -0.5))
    place.set_xlabel(say("milliseconds a run"), fontsize=8)
    plain(place)
    kinds = {kind: [row for row in rows if row["kind"] == kind] for kind in looks}
    shown = [looks[kind] for kind in looks if kinds[kind] or kind != "phone"]
    new.legend([Patch(facecolor=colour, edgecolor=INK if hatch else None, hatch=hatch)
                for colour, hatch, _ in shown], [label for _, _, label in shown],
               loc="outside lower center", fontsize=8, frameon=False, ncols=len(shown))
    told = {kind: "; ".join(_row_name(row) + (
        f" {_row_time(row)}" if times or kind == "published" else "")
        for row in some) for kind, some in kinds.items()}
    phones = say("{count} measured on phones: {told}. ", count=len(kinds["phone"]),
                 told=told["phone"]) if kinds["phone"] else ""
    return plots.show(new, say("{published} published times: {told}. {phones}{measured} measured on this "
                               "machine: {ours}.", published=len(kinds["published"]), told=told["published"],
                               phones=phones, measured=len(kinds["measured"]),
                               ours=told["measured"] or say("none")))


def _row_name(row):
    known = row["threads"] and "thread" not in row["model"]  # the label of a setting has them
    threads = f", {_threads(row['threads'])}" if known else ""
    where = say("this machine") if row["kind"] == "measured" else row["device"]
    return f"{row['model']}, {where}, {row['processor']}{threads}"


def _row_time(row):
    """A published time as its source prints it, a measured one rounded."""
    if row["kind"] == "published":
        return digits(row["milliseconds"], "g") + " ms"
    return milliseconds(row["milliseconds"])
