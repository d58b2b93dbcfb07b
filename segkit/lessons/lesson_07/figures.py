"""Figures of what stands in a model file; see :mod:`segkit.plots` for the rules."""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter

from segkit import plots
from segkit.graph.costs import KINDS, by_kind, bytes_of_file, kind
from segkit.graph.tensors import symmetric
from segkit.languages import digits, message, say, say_many, sentence
from segkit.masks.words import percent
from segkit.plots import BLACK, BLUE, GREEN, INK, ORANGE, PURPLE, plain
from segkit.plots.operators import KIND_COLOURS

PARTS = {message("weights"): BLUE, message("scales and zero points"): ORANGE,
         message("names of tensors"): GREEN, message("tables"): PURPLE, message("packed files"): BLACK}

LARGEST = 65  # cells: the side from which on a map is shown thinned out, since it is small anyway


def _size(count):
    """A number of bytes in words: "2.63 MB", "390 kB", "268 bytes"."""
    if count >= 1e6:
        return digits(count / 1e6, ".2f") + " MB"
    if count >= 1e4:
        return digits(count / 1e3, ".0f") + " kB"
    return say_many("{count} byte", "{count} bytes", count)


def _counted(name, count):
    """A number of operators of one kind in words."""
    words = dict(zip(KINDS, (
        lambda: say_many("{count} 1x1 convolution", "{count} 1x1 convolutions", count),
        lambda: say_many("{count} other convolution", "{count} other convolutions", count),
        lambda: say_many("{count} depthwise convolution", "{count} depthwise convolutions", count),
        lambda: say_many("{count} resize", "{count} resizes", count),
        lambda: say("{count} the rest", count=count))))
    return words[name]()


def _legend(figure, colours, columns=5):
    boxes = [Rectangle((0, 0), 1, 1, facecolor=colour) for colour in colours.values()]
    figure.legend(boxes, [say(name) for name in colours], loc="outside lower center", fontsize=8, ncols=columns,
                  frameon=False)


def _bars(axes, graph, heights, title):
    """A bar for each operator in its place, in the colour of its kind."""
    axes.bar([operator.index for operator in graph.operators], heights, width=0.9,
             color=[KIND_COLOURS[kind(operator)] for operator in graph.operators])
    axes.set_title(title, fontsize=9, color=INK, loc="left")
    axes.set_xlim(-1, len(graph.operators))
    plain(axes)


def profile(graph):
    """The graph from its first operator to its last: the side of each map, and its channels.

    Args:
        graph: a :class:`segkit.graph.Graph` whose operators make maps.
    """
    shapes = [operator.outputs[0].shape for operator in graph.operators]
    sides, channels = [shape[1] for shape in shapes], [shape[-1] for shape in shapes]
    new, axes = plots.figure(1, 3.8, 2, sharex=True)
    above, below = axes[:, 0]
    _bars(below, graph, channels, say("channels"))
    # Dots, not bars: on a logarithmic scale a bar has no beginning.
    above.scatter([operator.index for operator in graph.operators], sides, s=26,
                  color=[KIND_COLOURS[kind(operator)] for operator in graph.operators])
    above.set_title(say("side of the map, pixels"), fontsize=9, color=INK, loc="left")
    plain(above)
    above.set_yscale("log", base=2)
    above.set_yticks(sorted({1, *sides}), [str(side) for side in sorted({1, *sides})])
    above.minorticks_off()
    begins = stages(graph)
    for (name, start), end in zip(begins.items(), [*list(begins.values())[1:], len(sides)]):
        above.text((start + end - 1) / 2, 1.7 * max(sides), say(name), ha="center", fontsize=9,
                   color=INK)
        if start:
            for place in (above, below):
                place.axvline(start - 0.5, color=INK, lw=0.8, ls=":")
    above.set_ylim(0.7, 2.8 * max(sides))
    below.set_xlabel(say("operator, in the order of execution"), fontsize=8)
    _legend(new, KIND_COLOURS)
    counts = by_kind(graph.operators, lambda operator: 1)
    smallest = min(side for side in sides if side > 1)
    starts = sentence(say("{name} from operator {start} on", name=say(name),
                          start=start) for name, start in begins.items())
    return plots.show(new, say("The {count} operators of {name} in their order: {listed}; {starts}. The side "
                               "of the map falls from {side} to {smallest} pixels and ends at {last}; the "
                               "channels grow from {colours} to {channels} and end at {end}.", count=len(sides),
                               name=graph.path.name,
                               listed=sentence(_counted(name, n) for name, n in counts.items()),
                               starts=starts, side=graph.inputs[0].shape[1], smallest=smallest,
                               last=sides[-1], colours=graph.inputs[0].shape[-1], channels=max(channels),
                               end=channels[-1]))


def stages(graph):
    """Where the parts of a DeepLab v3+ begin: {"trunk": 0, "ASPP": index, "decoder": index}.

    The trunk ends with the map whose mean the image pooling takes; the decoder begins with the
    first resize to a larger map than that. A graph without image pooling is one part.
    """
    pooled = next((o.inputs[0] for o in graph.operators if o.name == "MEAN"), None)
    if pooled is None:
        return {message("network"): 0}
    aspp = 1 + next(o.index for o in graph.operators if o.outputs[0] is pooled)
    decoder = next(o.index for o in graph.operators
                   if o.name == "RESIZE_BILINEAR" and o.outputs[0].shape[1] > pooled.shape[1])
    return {message("trunk"): 0, "ASPP": aspp, message("decoder"): decoder}


def bytes_of_files(graphs):
    """What the bytes of several model files are, one bar for each file."""
    found = {graph.path.name: bytes_of_file(graph) for graph in graphs}
    new, axes = plots.figure(1, 0.5 * len(found) + 1.2)
    place = axes[0, 0]
    for row, parts in enumerate(found.values()):
        left = 0
        for name, colour in PARTS.items():
            place.barh(row, parts[name] / 1e6, left=left, height=0.62, color=colour)
            left += parts[name] / 1e6
        place.text(left, row, f"  {digits(left, '.2f')} MB", va="center", fontsize=8, color=INK)
    largest = max(sum(parts.values()) for parts in found.values()) / 1e6
    place.set(xlim=(0, 1.13 * largest), ylim=(len(found) - 0.5, -0.5))
    place.set_yticks(range(len(found)), [say(name) for name in found])
    place.set_xlabel(say("million bytes"), fontsize=8)
    plain(place)
    _legend(new, PARTS)
    told = "; ".join(say("{name} has {size}: ", name=name, size=_size(sum(parts.values()))) + sentence(
        say("{size} of {part}", size=_size(parts[part]), part=say(part)) for part in PARTS if parts[part])
        for name, parts in found.items())
    return plots.show(new, say("The bytes of {count} files. {told}.", count=len(found), told=told))


def scales(weights, axis):
    """Why each channel has a scale of its own: how wide each one is, and what rounding costs it.

    Args:
        weights: array of a layer's real weights.
        axis: the axis of its channels.
    """
    others = tuple(n for n in range(weights.ndim) if n != axis)
    order = np.argsort(-np.abs(weights).max(axis=others))
    widest = np.abs(weights).max(axis=others)[order]
    live = widest > 1e-4 * widest[0]
    own, common = (_rounding(weights, symmetric(weights, one), others)[order][live] / widest[live]
                   for one in (axis, None))
    new, axes = plots.figure(2, 2.7)
    axes[0, 0].bar(range(len(widest)), widest, color=[BLUE if on else INK for on in live])
    if not live.all():
        axes[0, 0].plot(np.flatnonzero(~live), [widest[0] / 40] * (~live).sum(), "x", color=INK,
                        ms=5, label=say("all its weights are 0, or nearly so"))
        axes[0, 0].legend(fontsize=8, frameon=False)
    axes[0, 0].set_title(say("largest weight of each channel"), fontsize=9, color=INK)
    for errors, colour, mark, label in ((common, ORANGE, "s", say("one scale for all channels")),
                                        (own, BLUE, "o", say("a scale for each channel"))):
        axes[0, 1].plot(100 * errors, mark, color=colour, ms=4, label=label)
    axes[0, 1].set_yscale("log")
    axes[0, 1].yaxis.set_major_formatter("{x:g}")
    axes[0, 1].yaxis.set_minor_formatter(NullFormatter())
    axes[0, 1].set_title(say("largest rounding error, % of that weight"), fontsize=9, color=INK)
    axes[0, 1].legend(fontsize=8, frameon=False)
    for place in axes[0]:
        place.set_xlabel(say("channels, the widest first"), fontsize=8)
        plain(place)
    return plots.show(new, say("{channels} channels of one layer, {count} of them with weights that are 0 or "
                               "nearly so. The largest weight is {widest:.2g} in the widest channel and "
                               "{narrowest:.2g} in the narrowest of the others. Rounded to 8 bits with one "
                               "scale for all, the narrowest is off by up to {common:.0f} % of its largest "
                               "weight; with a scale of its own, by {own:.1f} %.", channels=len(widest),
                               count=(~live).sum(), widest=widest[0], narrowest=widest[live][-1],
                               common=100 * common[-1], own=100 * own[-1]))


def _rounding(weights, quantisation, others):
    """The largest rounding error in each channel."""
    scale, _ = quantisation.spread(weights.ndim)
    scale = np.where(scale > 0, scale, 1)  # of a channel whose weights are all 0
    return np.abs(np.rint(weights / scale) * scale - weights).max(axis=others)


def kernels(operators):
    """Convolutions on their maps: the taps of the kernel when it sits over the middle of the map.

    Args:
        operators: convolutions with quadratic maps, see :class:`segkit.graph.Operator`.
    """
    new, axes = plots.figure(len(operators), 1.95)
    told = []
    for place, operator in zip(axes[0], operators):
        side, taps = operator.inputs[0].shape[1], operator.parameters["kernel"][0]
        rate = operator.rate[0]
        places = side // 2 + rate * (np.arange(taps) - taps // 2)
        on_map = int(((places >= 0) & (places < side)).sum()) ** 2
        place.add_patch(Rectangle((-0.5, -0.5), side, side, facecolor="white", edgecolor="#999999"))
        place.set_facecolor("#E5E5E5")
        rows, columns = np.meshgrid(places, places)
        place.plot(columns, rows, "s", color=BLUE, ms=350 / len(operators) / (side + 5))
        place.set(xlim=(-3, side + 2), ylim=(side + 2, -3), xticks=(), yticks=(), aspect="equal")
        place.set_title(say("operator {index}\n{taps}x{taps}, rate {rate}", index=operator.index, taps=taps,
                            rate=rate), fontsize=9,
                        color=INK)
        everywhere = ((side - (taps - 1) * rate) / side) ** 2 if (taps - 1) * rate < side else 0
        told.append(say("operator {index} ({taps}x{taps}, rate {rate}) spans {span} cells and has {on_map} "
                        "of its {all} taps on the map there, and all of them at {everywhere} of the places",
                        index=operator.index, taps=taps, rate=rate, span=(taps - 1) * rate + 1, on_map=on_map,
                        all=taps ** 2, everywhere=percent(everywhere)))
    return plots.show(new, say("{count} atrous kernels over the middle of a map of {side} x {side} cells: "
                               "{listed}.", count=len(operators), side=side, listed=sentence(told)))


def costs(graph, times):
    """What each operator costs: multiply-adds, bytes of weights, and time.

    Args:
        graph: a :class:`segkit.graph.Graph`.
        times: dictionary from an operator's index to milliseconds, of this machine; the alt text
            leaves it out, since it differs from run to run.
    """
    rows = ((say("multiply-adds, million"), lambda operator: operator.multiply_adds / 1e6),
            (say("bytes of weights, thousand"), lambda operator: operator.weight_bytes / 1e3),
            (say("time alone on this machine, milliseconds"), lambda o: times.get(o.index, 0)))
    new, axes = plots.figure(1, 4.6, 3, sharex=True)
    for place, (title, cost) in zip(axes[:, 0], rows):
        _bars(place, graph, [cost(operator) for operator in graph.operators], title)
    axes[-1, 0].set_xlabel(say("operator, in the order of execution"), fontsize=8)
    _legend(new, KIND_COLOURS)
    adds, stored = (by_kind(graph.operators, cost) for _, cost in rows[:2])
    most, heaviest = (max(graph.operators, key=cost) for _, cost in rows[:2])
    told = sentence(say("{adds} and {stored} for {name}", adds=percent(adds[name] / sum(adds.values())),
                        stored=percent(stored[name] / sum(stored.values())), name=say(name))
                    for name in KINDS if adds[name])
    return plots.show(new, say("Multiply-adds, bytes of weights and time of {count} operators. Shares of "
                               "the multiply-adds and of the bytes: {told}. Most multiply-adds: operator "
                               "{index}; most bytes: operator {heaviest}.", count=len(graph.operators),
                               told=told, index=most.index, heaviest=heaviest.index))


def between(photo, operator, made, columns=6, rows=2):
    """What an operator makes: its maps of some channels, those that vary most first.

    Args:
        photo: (H, W, 3) uint8 RGB, for comparison.
        operator: a :class:`segkit.graph.Operator`.
        made: its output, (1, height, width, C) real numbers, as :meth:`Graph.trace` gives it.
    """
    maps = made[0]
    step = -(-maps.shape[0] // LARGEST)
    order = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:columns * rows]
    new, axes = plots.figure(2, 2.3, width_ratios=(1, 2.6))
    plots.panel(axes[0, 0], photo, say("photo"))
    axes[0, 1].imshow(_tiles(maps[::step, ::step, order], columns, rows), cmap="cividis",
                      interpolation="nearest", aspect="auto" if maps.shape[0] == 1 else "equal")
    axes[0, 1].set_title(say("operator {index}, {name}: {shown} of {channels} channels", index=operator.index,
                             name=operator.name, shown=len(order),
                             channels=maps.shape[2]), fontsize=9, color=INK)
    axes[0, 1].set_axis_off()
    window = ""
    if "kernel" in operator.parameters:
        high, wide = operator.parameters["kernel"]
        window = (say(" ({high}x{wide}, stride {stride}, rate {rate})", high=high, wide=wide,
                      stride=operator.parameters["stride"][0], rate=operator.rate[0]))
    return plots.show(new, say("Operator {index}, {name}{window}, makes {shape}: {multiply_adds:.1f} million "
                               "multiply-adds, {weight_bytes:,} bytes of weights. Its numbers run from "
                               "{lowest:.1f} to {highest:.1f}; {zeros} of them are 0.", index=operator.index,
                               name=operator.name, window=window, shape="x".join(map(str, maps.shape)),
                               multiply_adds=operator.multiply_adds / 1e6,
                               weight_bytes=operator.weight_bytes, lowest=maps.min(), highest=maps.max(),
                               zeros=percent((maps == 0).mean())))


def _tiles(maps, columns, rows):
    """(h, w, n) maps side by side in one picture, each stretched over its own values."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    maps = (maps - low) / np.where(high > low, high - low, 1)
    height, width, count = maps.shape
    gap_y, gap_x = max(1, height // 16), max(1, width // 16)
    sheet = np.full((rows * (height + gap_y) - gap_y, columns * (width + gap_x) - gap_x), np.nan)
    for number in range(count):
        top, left = (number // columns) * (height + gap_y), (number % columns) * (width + gap_x)
        sheet[top:top + height, left:left + width] = maps[..., number]
    return sheet
