"""Figures of atrous convolution: which inputs an output sees, and what that costs.

See :mod:`segkit.plots` for the rules. Positions are (row, column), in pixels of a map.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segkit import plots
from segkit.languages import say, say_many, sentence
from segkit.plots import BLUE, GREEN, INK, ORANGE
from segkit.reference import effective_kernel, gridding, receptive_field

MAP, PALE, GREY = "cividis", "#DDDDDD", "#888888"
MIDDLE = {"ha": "center", "va": "center", "color": INK}


def by(shape):
    """The size of a map: "17 x 17"."""
    return f"{shape[0]} x {shape[1]}"


def pooling(first, second):
    """Two dots, and what is left of them after each max pooling.

    Args:
        first, second: lists of (H, W, 1) maps, the input first, then one map after each pooling.
    """
    new, axes = plots.figure(len(first), 3.4, 2)
    for line, maps, name in zip(axes, (first, second), (say("one dot"), say("the dot moved"))):
        for place, values in zip(line, maps):
            plots.panel(place, values[..., 0], by(values.shape), cmap="Greys", vmin=0, vmax=1.3)
            for edge in range(1, len(values)):
                place.axhline(edge - 0.5, color=PALE, linewidth=0.5)
                place.axvline(edge - 0.5, color=PALE, linewidth=0.5)
        line[0].set_ylabel(name, fontsize=9, color=INK)
    dots = [say("row {row}, column {column}", row=row, column=column) for row, column, _ in
            (np.argwhere(maps[0])[0] for maps in (first, second))]
    same = [count for count, (a, b) in enumerate(zip(first, second)) if np.array_equal(a, b)]
    told = (say("After {first} poolings, both maps are the same.", first=same[0]) if same
            else say("After {first} poolings, the maps still differ.", first=len(first) - 1))
    return plots.show(new, say("A dot at {first}, and one at {second}, of a map of {size} pixels. Each max "
                               "pooling halves the sides. {told}", first=dots[0], second=dots[1],
                               size=by(first[0].shape), told=told))


def trees(stacks, width=13):
    """Along one axis: the inputs that one output sees, through the layers between them.

    Args:
        stacks: dictionary from title to a list of (kernel, stride, rate), from input to output,
            with odd kernels.
        width: how many inputs are drawn.
    """
    new, axes = plots.figure(len(stacks), 2.3)
    told = []
    for place, (title, layers) in zip(axes[0], stacks.items()):
        _tree(place, layers, width)
        place.set_title(say(title), fontsize=9, color=INK)
        size, pace = receptive_field(layers)
        name = say(title)
        told.append(say_many("{name}: it sees {size} inputs, and there is an output for every single input.",
                             "{name}: it sees {size} inputs, and there is an output for every group of "
                             "{count} inputs.",
                             int(pace), name=f"{name[0].upper()}{name[1:]}", size=size))
    return plots.show(new, say("What one output sees through its layers, along one axis. ")
                           + " ".join(told))


def _tree(place, layers, width):
    """One stack: a row of dots for each map, and lines from an output down to what it sees."""
    middle, top = width // 2, len(layers)
    pace = np.cumprod([1, *(stride for _, stride, _ in layers)])  # input pixels between two dots
    for level, step in enumerate(pace):
        dots = np.arange(middle % step, width, step)
        place.scatter(dots, [level] * len(dots), s=34, facecolor="white", edgecolor=GREY, zorder=2)
    seen = {middle}
    for level, (kernel, _, rate) in reversed(list(enumerate(layers))):
        reach = [(tap - kernel // 2) * rate * pace[level] for tap in range(kernel)]
        for one in seen:
            for away in reach:
                place.plot((one, one + away), (level + 1, level), color=BLUE, linewidth=0.9)
        seen = {one + away for one in seen for away in reach}
        place.scatter(sorted(seen), [level] * len(seen), s=34, color=BLUE, zorder=3)
    place.scatter([middle], [top], s=60, color=ORANGE, edgecolor=INK, zorder=3)
    names = [say("input"), *(say("layer {number}", number=number) for number in range(1, top + 1))]
    place.set_yticks(range(top + 1), names, fontsize=8)
    place.set(xticks=[], ylim=(-0.4, top + 0.4), xlim=(-0.7, width - 0.3))
    place.spines[:].set_visible(False)
    place.tick_params(length=0)


def responses(photo, maps, kernel=3):
    """A photo and the answers of one kernel at several atrous rates.

    Args:
        photo: (H, W), what the kernel reads.
        maps: dictionary from rate to the (H, W) answer; shown without its sign.
        kernel: the size of the kernel.
    """
    columns = len(maps) + 1
    new, axes = plots.figure(columns, plots.WIDTH / columns * len(photo) / len(photo[0]) + 0.3)
    plots.panel(axes[0, 0], photo, say("input"), cmap="gray")
    spans = {rate: effective_kernel(kernel, rate) for rate in maps}
    for place, (rate, values) in zip(axes[0, 1:], maps.items()):
        top = np.percentile(np.abs(values), 98)  # the padding's edge answers louder than all else
        plots.panel(place, np.abs(values), say("rate {rate}, {spans} pixels wide", rate=rate,
                                               spans=spans[rate]), cmap=MAP,
                    vmin=0, vmax=top)
    told = sentence(say("rate {rate} spans {span} pixels", rate=rate,
                        span=span) for rate, span in spans.items())
    return plots.show(new, say("One kernel of {kernel} x {kernel} weights finds vertical edges in a photo. "
                               "With the same {kernel2} weights, {told}. The two sides of the kernel answer "
                               "to one edge at two places, as far apart as the kernel spans: the wider it is, "
                               "the more double images.", kernel=kernel, kernel2=kernel * kernel, told=told))


def fields(ways, size):
    """Receptive field against weights, for several ways to see far.

    Args:
        ways: dictionary from name to a list of (receptive field in pixels, weights), rising.
        size: the field, in pixels, for which the alt text compares the ways.
    """
    new, axes = plots.figure(1, 2.9)
    place = axes[0, 0]
    looks = zip(ways.items(), (INK, ORANGE, BLUE, GREEN), "soD^", ("-", "--", "-.", ":"))
    for (name, points), colour, mark, line in looks:
        place.plot(*zip(*points), color=colour, marker=mark, markersize=5, linestyle=line,
                   label=say(name))
    place.axvline(size, color=PALE, linewidth=1, zorder=0)
    place.set_yscale("log")
    place.set_yticks([10, 100, 1000], ["10", "100", "1,000"])
    place.minorticks_off()
    place.set_xlabel(say("receptive field, pixels"), fontsize=8)
    place.set_ylabel(say("weights"), fontsize=8)
    plots.plain(place)
    new.legend(loc="outside right upper", fontsize=8, frameon=False)
    told = "; ".join(f"{say(name)}: {dict(points)[size]:,}" for name, points in ways.items())
    return plots.show(new, say("Weights for one input channel and one output channel, against the receptive "
                               "field. To see {size} pixels takes so many weights. {told}.", size=size,
                               told=told))


def holes(stacks):
    """Which inputs one output sees through stacks of 3x3 kernels, and through how many paths.

    Args:
        stacks: list of lists of atrous rates.
    """
    counts = {", ".join(map(str, rates)): gridding(rates) for rates in stacks}
    new, axes = plots.figure(len(counts), 3.0)
    most = np.sqrt(max(paths.max() for paths in counts.values()))
    told = []
    for place, (name, paths) in zip(axes[0], counts.items()):
        # The square root, so that a pixel with one path does not look like one with none.
        shown = np.ma.masked_equal(np.sqrt(paths), 0)
        plots.panel(place, shown, say("rates {name}", name=name), cmap=MAP + "_r", vmin=0, vmax=most)
        place.set_facecolor("white")
        seen = say("{sum} of {size} pixels", sum=(paths > 0).sum(), size=paths.size)
        place.set_xlabel(say("{seen} seen", seen=seen), fontsize=8)
        told.append(say("Rates {name}: {seen}.", name=name, seen=seen))
    ticks = np.unique(np.rint(np.linspace(1, most, 5)).astype(int))
    bar = new.colorbar(place.images[0], ax=list(axes[0]), ticks=ticks, shrink=0.8, pad=0.02)
    bar.set_ticklabels([f"{tick ** 2}" for tick in ticks])
    bar.set_label(say("paths from the pixel to the output"), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return plots.show(new, say("The pixels that one output of a stack of 3x3 kernels sees, darker where "
                               "more paths lead to it, and white where none does. ")
                           + " ".join(told))


def multiplied(values, kernel, output, rate, stride, chosen, taps):
    """One output and the inputs and weights that made it: the picture of the explorer.

    Args:
        values: (H, W) whole numbers.
        kernel: (k, k) whole numbers.
        output: (H_out, W_out) whole numbers, what the convolution gives.
        rate, stride: of the convolution.
        chosen: (row, column) in the output.
        taps: what :func:`segkit.lessons.lesson_03.explorer.contributions` returns.
    """
    # Not plots.figure: its layout draws everything twice, and here a reader waits for each touch.
    new = Figure(figsize=(plots.WIDTH, 3.3))
    left, centre, right = new.subplots(1, 3, width_ratios=(1.3, 1, 1), gridspec_kw={
        "left": 0.005, "right": 0.995, "bottom": 0.07, "top": 0.93, "wspace": 0.06})
    total = _signed(sum(tap.value * tap.weight for tap in taps))
    _input(left, values, taps, rate * (len(kernel) // 2))
    _products(centre, len(kernel), taps)
    _numbers(right, output)
    _frame(right, chosen, ORANGE, 3)
    for place, title in ((left, say("input, {size}", size=by(values.shape))), (centre, say("input x weight")),
                         (right, say("output, {size}", size=by(output.shape)))):
        place.set_title(title, fontsize=9, color=INK)
    centre.set_xlabel(say("sum: {total}", total=total), fontsize=10, color=INK, weight="bold")
    span, padded = effective_kernel(len(kernel), rate), sum(not tap.inside for tap in taps)
    wide = say_many("{count} pixel", "{count} pixels", span)
    end = say("; {padded} of its inputs are padding.", padded=padded) if padded else "."
    return plots.show(new, say("Input {input}, kernel {kernel} at rate {rate}, so {wide} wide, stride "
                               "{stride}: output {output}. The output at row {row}, column {column} is {sum} "
                               "= {total}{end}", input=by(values.shape), kernel=by(kernel.shape), rate=rate,
                               wide=wide, stride=stride, output=by(output.shape), row=chosen[0],
                               column=chosen[1], sum=_sum_in_words(taps), total=total, end=end))


def _signed(number):
    """A whole number with a real minus sign."""
    return f"{number}".replace("-", "\u2212")


def _sum_in_words(taps):
    """The products that are not zero by their weight; only their number where they are many."""
    products = [tap for tap in taps if tap.weight]
    if len(products) > 9:
        return say("the sum of {products} products", products=len(products))
    return " + ".join(f"{tap.value} x {_signed(tap.weight)}" for tap in products)


def _frame(place, pixel, colour, width, sides=(1, 1), line="-"):
    """Frame a pixel, or so many rows and columns from it on."""
    place.add_patch(Rectangle((pixel[1] - 0.5, pixel[0] - 0.5), *sides[::-1], fill=False,
                              edgecolor=colour, linewidth=width, linestyle=line, zorder=4))


def _input(place, values, taps, margin):
    """The input map inside its padding, and the taps framed."""
    outer = [size + 2 * margin for size in values.shape]
    small = max(outer) > 16  # no room for every number
    _numbers(place, values, write=not small)
    for row, column in () if small else np.ndindex(*outer):
        row, column = row - margin, column - margin
        if not (0 <= row < values.shape[0] and 0 <= column < values.shape[1]):
            place.text(column, row, "0", fontsize=7, ha="center", va="center", color=GREY)
    for tap in taps:
        _frame(place, (tap.row, tap.column), ORANGE, 2)
        if small:
            place.text(tap.column, tap.row, tap.value, fontsize=7, **MIDDLE)
    _frame(place, (0, 0), GREY, 1, values.shape)
    _frame(place, (-margin, -margin), GREY, 0.8, outer, ":")
    place.set(xlim=(-0.6 - margin, outer[1] - margin - 0.4),
              ylim=(outer[0] - margin - 0.4, -0.6 - margin))


def _numbers(place, values, write=True):
    """A map, with the number of each pixel written in it."""
    low, high = values.min(), values.max()
    spread = max(high - low, 1)
    place.imshow(values, cmap="Greys", vmin=low - 0.1 * spread, vmax=high + spread)
    for (row, column), value in np.ndenumerate(values) if write else ():
        place.text(column, row, _signed(value), fontsize=7.5, **MIDDLE)
    place.set(xticks=[], yticks=[])
    place.spines[:].set_visible(False)


def _products(place, side, taps):
    """The kernel's places, each with its input, its weight and their product."""
    size = 9 if side < 5 else 7
    for tap, (row, column) in zip(taps, np.ndindex(side, side)):
        place.add_patch(Rectangle((column, row), 1, 1, edgecolor=ORANGE, linewidth=1.5,
                                  facecolor="#FFF4DC" if tap.weight else "white"))
        product = f"{tap.value} x {_signed(tap.weight)}"
        place.text(column + 0.5, row + 0.34, product, fontsize=size, **MIDDLE)
        place.text(column + 0.5, row + 0.7, _signed(tap.value * tap.weight), fontsize=size,
                   weight="bold", **MIDDLE)
    place.set(xlim=(-0.05, side + 0.05), ylim=(side + 0.05, -0.05), xticks=[], yticks=[])
    place.set_aspect("equal")
    place.spines[:].set_visible(False)
