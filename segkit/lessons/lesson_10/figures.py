"""Figures of fewer bits, other input sizes and what they cost; see :mod:`segkit.plots`."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from segkit import plots
from segkit.errors import SegkitError
from segkit.languages import digits, message, say, sentence
from segkit.lessons.lesson_10 import quantisation
from segkit.masks import metrics
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, VERMILION, results, style

STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (VERMILION, ":", "D"), (GREEN, "-.", "^"))
# Label, unit, and the words of an alt text: without times, which differ from run to run.
COSTS = {"bytes": (message("million bytes of the files"), 1e6, lambda value: f"{digits(value, '.2f')} MB, "),
         "multiply_adds": (message("million multiply-adds"), 1e6,
                           lambda value: say("{number:,.0f} million, ", number=value)),
         "milliseconds": (message("milliseconds on this machine"), 1, lambda value: "")}


def files(rows):
    """The bytes of several files of one network.

    Args:
        rows: dictionary from name to (bytes, type of the weights, type of the activations).
    """
    new, axes = plots.figure(1, 0.42 * len(rows) + 0.7)
    place, largest = axes[0, 0], max(size for size, *_ in rows.values())
    told = []
    for height, (name, (size, weights, activations)) in enumerate(rows.items()):
        place.barh(height, size / 1e6, height=0.6, color=BLUE, edgecolor=INK, linewidth=0.8)
        place.text(size / 1e6, height, say("  weights {weights}, activations {activations}", weights=weights,
                                           activations=activations),
                   va="center", fontsize=8, color=INK)
        told.append(say("{name} {size:.2f} MB ({largest} of the largest; weights {weights}, activations "
                        "{activations})", name=name, size=size / 1e6, largest=percent(size / largest),
                        weights=weights, activations=activations))
    place.set_yticks(range(len(rows)), [say(name) for name in rows])
    place.set(xlim=(0, 1.75 * largest / 1e6), ylim=(len(rows) - 0.5, -0.5))
    place.set_xticks([tick for tick in place.get_xticks() if tick <= 1.05 * largest / 1e6])
    place.set_xlabel(say("million bytes"), fontsize=8)
    plots.plain(place)
    return plots.show(new, say("{count} files of one network: {listed}.", count=len(rows),
                               listed=sentence(told)))


def steps(values, few):
    """Real numbers against what is left of them after rounding, and the error of each.

    Args:
        values: array of real numbers.
        few: dictionary from a number of bits to the :class:`segkit.graph.Quantisation`, with one
            scale.
    """
    new, axes = plots.figure(2, 2.9)
    flat, told = values.ravel(), []
    line_of = np.linspace(flat.min(), flat.max(), 2000)
    for (bits, q), (colour, line, _) in zip(few.items(), STYLES):
        scale = float(q.scale[0])
        error = np.abs(quantisation.rounded(flat, q, bits) - flat)
        axes[0, 0].plot(line_of, quantisation.rounded(line_of, q, bits), line, color=colour,
                        label=say("{bits} bits", bits=bits))
        axes[0, 1].semilogy(flat, np.maximum(error, scale / 1e3), ".", ms=2.5, color=colour)
        axes[0, 1].axhline(scale / 2, color=colour, linewidth=1.2, linestyle=":",
                           label=say("half a step, {bits} bits", bits=bits))
        told.append(say("with {bits} bits the step is {scale:.3g} and the largest error {error:.2g}",
                        bits=bits, scale=scale, error=error.max()))
    for place, label in zip(axes[0], (say("rounded weight"), say("error of the rounded weight"))):
        place.set_xlabel(say("weight"), fontsize=8)
        place.set_ylabel(label, fontsize=8)
        plots.plain(place)
        place.legend(fontsize=8, frameon=False, loc="upper left")
    axes[0, 1].set_ylim(None, 30 * axes[0, 1].get_ylim()[1])  # room for the legend
    return plots.show(new, say("{size:,} weights from {lowest:.2f} to {highest:.2f}, before and after "
                               "rounding: {listed}.", size=flat.size, lowest=flat.min(), highest=flat.max(),
                               listed=sentence(told)))


def bits(curves, background):
    """Agreement with the network that was not rounded, against the bits of a weight.

    Args:
        curves: dictionary from name to a dictionary from bits to the share of equal pixels.
        background: the share that a mask of nothing but background would have.
    """
    new, axes = plots.figure(1, 2.7)
    place = axes[0, 0]
    for (name, curve), (colour, line, marker) in zip(curves.items(), STYLES):
        place.plot(list(curve), [100 * share for share in curve.values()], line, color=colour,
                   marker=marker, markersize=6, label=say(name))
    place.axhline(100 * background, color=INK, linewidth=1, linestyle=":",
                  label=say("a mask of background only"))
    place.set_xticks(list(next(iter(curves.values()))))
    place.set_ylim(None, 101)
    place.set_xlabel(say("bits of a weight"), fontsize=8)
    place.set_ylabel(say("pixels with the same class, %"), fontsize=8)
    place.grid(axis="y", color="#DDDDDD")
    place.legend(fontsize=8, frameon=False, loc="center right")
    plots.plain(place)
    told = "; ".join(f"{say(name)}: " + sentence(say("{share} at {n} bits", share=percent(share), n=n)
                                            for n, share in curve.items())
                     for name, curve in curves.items())
    return plots.show(new, say("Share of the pixels that keep the class which the network without rounding "
                               "gives them. {told}. A mask of background only would have {background}.",
                               told=told, background=percent(background)))


def changed(shares):
    """Which share of the pixels several ways of rounding change.

    Args:
        shares: dictionary from name to that share, 0 to 1.
    """
    new, axes = plots.figure(1, 0.36 * len(shares) + 0.7)
    place = axes[0, 0]
    for height, share in enumerate(shares.values()):
        place.barh(height, 100 * share, height=0.6, color=VERMILION, edgecolor=INK, linewidth=0.8)
        place.text(100 * share, height, f"  {percent(share)}", va="center", fontsize=8, color=INK)
    place.set_yticks(range(len(shares)), [say(name) for name in shares])
    place.set(ylim=(len(shares) - 0.5, -0.5))
    place.margins(x=0.1)
    place.set_xlim(0, None)
    place.set_xlabel(say("pixels that change their class, %"), fontsize=8)
    plots.plain(place)
    # Processors calculate a little differently, and rounding makes more of it: so the words are coarse.
    told = sentence(f"{say(name)} {percent(round(20 * share) / 20)}" for name, share in shares.items())
    words = say("Pixels that change their class, compared with float32, to the nearest 5 %: {told}.", told=told)
    return plots.show(new, words)


def ranges(graph, sets):
    """The range of each activation that no ReLU6 bounds, as several calibrations saw it.

    Args:
        graph: a :class:`segkit.graph.Graph`.
        sets: dictionary from name to what :func:`quantisation.calibrate` returned.
    """
    free = [o for o in graph.operators if o.parameters.get("activation") == "none"]
    new, axes = plots.figure(1, 2.9)
    place, told, first = axes[0, 0], [], None
    for number, ((name, found), (colour, _, _)) in enumerate(zip(sets.items(), STYLES)):
        low, high = np.transpose([found[o.outputs[0].index] for o in free])
        width = high - low
        first = width if first is None else first
        place.vlines(np.arange(len(free)) + 0.26 * (number - (len(sets) - 1) / 2), low, high,
                     color=colour, linewidth=4, label=say(name))
        if number:
            told.append(say("{name}: on average {share} as wide", name=name,
                            share=percent((width / first).mean())))
    place.axhline(0, color=INK, linewidth=0.8)
    place.set_xticks(range(len(free)), [str(o.index) for o in free], fontsize=7)
    place.set_xlabel(say("operator"), fontsize=8)
    place.set_ylabel(say("lowest to highest value"), fontsize=8)
    place.legend(fontsize=8, frameon=False, loc="upper left", ncols=len(sets))
    place.margins(y=0.18)
    plots.plain(place)
    return plots.show(new, say("Ranges of the activations of {free} operators without ReLU6. Compared with "
                               "{first}, {listed}.", free=len(free), first=next(iter(sets)),
                               listed=sentence(told)))


def changes(photo, before, after, margins):
    """Which pixels change their class: where they are, and how sure the network was of them.

    Args:
        photo: (H, W, 3) uint8 RGB, stretched to the size of the masks.
        before, after: (H, W) class indices.
        margins: (H, W) distance of the two best scores before.
    """
    changed = before != after
    far = quantisation.outline_distance(before)
    new, axes = plots.figure(3, 3.4, width_ratios=(2, 1, 1))
    seen = photo // 4 + 185  # pale, so that the pixels that count stand out
    seen[metrics.boundary(before)] = 130
    seen[changed] = plots.rgb(VERMILION)
    plots.panel(axes[0, 0], seen, say("outlines (grey), changed pixels (orange)"))
    edges = np.arange(0, 13, 2)
    _shares(axes[0, 1], far, changed, edges, say("distance to an outline, pixels"))
    wide = np.linspace(0, max(float(np.percentile(margins[changed], 99)), 0.1)
                       if changed.any() else 1, 7)
    _shares(axes[0, 2], margins, changed, wide, say("best score minus second"))
    top = max(place.get_ylim()[1] for place in axes[0, 1:])
    for place in axes[0, 1:]:  # one scale, so that the two can be compared
        place.set_ylim(0, top)
    axes[0, 1].set_ylabel(say("changed, % of such pixels"), fontsize=8)
    near = (far <= 2)
    told = say("No pixel changes") if not changed.any() else (
        say("{changed} of the pixels change; {near} of these lie at most 2 pixels from an outline, where only "
            "{all} of all pixels lie. The two best scores of a pixel that changes are {median:.1f} apart "
            "(median), of all pixels {usual:.1f}", changed=percent(changed.mean()),
            near=percent(near[changed].mean()), all=percent(near.mean()), median=np.median(margins[changed]),
            usual=np.median(margins)))
    return plots.show(new, say("A mask of {columns} x {rows} pixels before and after quantisation. {told}.",
                               columns=before.shape[1], rows=before.shape[0], told=told))


def _shares(place, values, changed, edges, label):
    """Bars: which share of the pixels in each interval changed."""
    all_of, of_changed = (np.histogram(v, edges)[0] for v in (values, values[changed]))
    share = 100 * of_changed / np.maximum(all_of, 1)
    place.bar(edges[:-1], share, width=np.diff(edges), align="edge", color=VERMILION,
              edgecolor="white")
    place.set_xlabel(style.fitted(label, place, 8, share=0.7), fontsize=8)
    place.xaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 5, 10)))
    plots.plain(place)


def times(spent):
    """All times of several files, round by round; the alt text leaves out what a machine needs.

    Args:
        spent: what :func:`segkit.lessons.lesson_10.experiments.by_turns` returned.
    """
    new, axes = plots.figure(1, 0.42 * len(spent) + 0.75)
    place = axes[0, 0]
    for height, one in enumerate(spent.values()):
        away = np.linspace(-0.16, 0.16, len(one))
        place.plot(one, height + away, "o", color=BLUE, markersize=3.5, alpha=0.7)
        place.plot([np.median(one)] * 2, [height - 0.3, height + 0.3], color=ORANGE, linewidth=3)
    place.set_yticks(range(len(spent)), [say(name) for name in spent])
    place.set(ylim=(len(spent) - 0.5, -0.5), xlim=(0, None))
    place.set_xlabel(say("milliseconds on this machine; bar: median"), fontsize=8)
    place.grid(axis="x", color="#DDDDDD")
    place.set_axisbelow(True)
    plots.plain(place)
    return plots.show(new, say("Times of {count} files on this machine, {listed}: {runs} runs of each, "
                               "by turns, and their median.", count=len(spent), listed=sentence(spent),
                               runs=len(one)))


def front(choices, cost="multiply_adds", quality=message("mean IoU on the photo"), family=None):
    """Cost against quality, and the choices that no other one beats.

    Qualities count in whole per cent: a smaller difference is none.

    Args:
        choices: list of :class:`experiments.Choice`; those without this quality are left out.
        cost: "bytes", "multiply_adds" or "milliseconds".
        quality: a name in :attr:`segkit.lessons.lesson_10.experiments.Choice.quality`.
        family: the only one that is shown, in the colour that it has among all; None: all.

    Raises:
        SegkitError: no choice has this quality and this cost.
    """
    label, unit, words = COSTS[cost]
    label, what = say(label), in_words(quality)
    here = {c.name: (getattr(c, cost) / unit, round(100 * c.quality[quality]) / 100)
            for c in choices if quality in c.quality
            and getattr(c, cost) is not None and family in (None, c.family)}
    if not here:
        raise SegkitError(say("the {quality} and the {label} of these choices were not measured; choose "
                              "another measure", quality=what, label=label))
    best = results.front(here)
    new, axes = plots.figure(1, 4.0)
    place = axes[0, 0]
    families = list(dict.fromkeys(c.family for c in choices))
    for one, (colour, _, marker) in zip(families, STYLES):
        points = [here[c.name] for c in choices if c.name in here and c.family == one]
        if points:
            x, y = np.transpose(points)
            place.plot(x, 100 * y, marker, color=colour, markeredgecolor=INK, markersize=8,
                       label=say(one))
    x, y = np.transpose(sorted({here[name] for name in best}))
    place.plot(x, 100 * y, color=INK, linewidth=1, drawstyle="steps-post", zorder=0)
    _label(place, here, best)
    place.set_xlabel(label, fontsize=8)
    place.set_ylabel(f"{what}, %", fontsize=8)
    place.margins(y=0.14)
    place.set_xlim(0, 1.12 * max(x for x, _ in here.values()))
    place.legend(fontsize=8, frameon=False, loc="lower right")
    plots.plain(place)
    named = sentence(f"{say(name)} ({words(here[name][0])}{percent(here[name][1])})" for name in best)
    return plots.show(new, say("{count} choices by {label} and {quality}. No other choice beats {best} of "
                               "them: {named}.", count=len(here), label=label, quality=what,
                               best=len(best), named=named))


def in_words(quality):
    """The name of a quality in the reader's language: "mean IoU, 113 VOC photos, 7 classes"."""
    measure, *rest = quality.split(", ")
    return ", ".join(map(say, (measure, *rest)))


def _label(place, here, best):
    """Name every point of :func:`front`; points that lie close together share a label."""
    far_x = 0.04 * max(x for x, _ in here.values())
    far_y = 0.1 * (np.ptp([y for _, y in here.values()]) or 1)
    groups = []
    for name in sorted(here, key=here.get):
        x, y = here[name]
        near = [group for group in groups if abs(here[group[0]][0] - x) < far_x
                and abs(here[group[0]][1] - y) < far_y]
        (near[0] if near else groups.append([]) or groups[-1]).append(name)
    for group in groups:  # a choice that is beaten must not look like one of the front: two labels
        for on_front in (True, False):
            if names := [name for name in group if (name in best) == on_front]:
                x, y = here[names[0]]
                left = on_front and x > 6 * far_x
                place.annotate("\n".join(names), (x, 100 * y), (-8, 4) if left else (8, -4), fontsize=8,
                               color=INK if on_front else "#777777", textcoords="offset points",
                               ha="right" if left else "left", va="bottom" if left else "top")
