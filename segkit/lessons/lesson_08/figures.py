"""Figures of the single steps of inference; see :mod:`segkit.plots` for the rules."""

import io

import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from segkit import plots
from segkit.languages import sentence
from segkit.masks import labels
from segkit.masks.words import percent
from segkit.plots import BLUE, GREEN, INK, ORANGE, VERMILION, size_in_words

SCORES = "cividis"  # a colour map that colour-blind readers see as others do
COLOURS = 96  # in an animated GIF: enough for a photo, and the file stays small


def pipeline(segmenter, photo):
    """The way of a photo through a model: photo, input, best score, class map, mask.

    Args:
        segmenter: a :class:`segkit.Segmenter` whose model answers with scores.
        photo: (H, W, 3) uint8 RGB.
    """
    values, region = segmenter.prepare(photo)
    scores = segmenter.session.run(values)
    small = scores[0].argmax(axis=-1).astype(np.uint8)
    mask = segmenter.finish(scores, region, photo.shape[:2])
    visible = (values[0] - values.min()) / (values.max() - values.min())
    new, axes = plots.figure(5, 2.1)
    panels = ((photo, f"photo\n{photo.shape}"), (visible, f"input\n{values.shape}"),
              (scores[0].max(axis=-1), f"highest score\nof {scores.shape}"),
              (plots.paint(np.full((*small.shape, 3), 255, np.uint8), small, 1),
               f"class map\n{small.shape}"),
              (plots.paint(photo, mask), f"mask over photo\n{mask.shape}"))
    for place, (image, title) in zip(axes[0], panels):
        plots.panel(place, image, title, cmap=SCORES)
    return plots.show(new, f"Five steps. A photo of shape {photo.shape} becomes an input of shape "
                           f"{values.shape}; the model answers with scores of shape "
                           f"{scores.shape}; the highest score gives a class map of shape "
                           f"{small.shape}; the mask over the photo has shape {mask.shape}.")


def values(photo, prepared):
    """Histograms of a photo's pixels and of the numbers that a model gets.

    Args:
        photo: (H, W, 3) uint8 RGB.
        prepared: the model's input, any shape that ends in 3.
    """
    new, axes = plots.figure(2, 2.4)
    for place, numbers, title, ends in ((axes[0, 0], photo, "pixels of the photo", (0, 255)),
                                        (axes[0, 1], prepared, "numbers for the model", (-1, 1))):
        for channel, name, colour, line in zip(range(3), ("red", "green", "blue"),
                                               (VERMILION, GREEN, BLUE), ("-", "--", ":")):
            counts, edges = np.histogram(numbers[..., channel], bins=40, range=ends)
            place.stairs(100 * counts / counts.sum(), edges, color=colour, label=name,
                         linestyle=line, linewidth=1.6)
        place.set_title(title, fontsize=9, color=INK)
        place.set_xlabel("value", fontsize=8)
        place.set_ylabel("share of the pixels, %", fontsize=8)
        plots.plain(place)
    axes[0, 1].legend(fontsize=8, frameon=False)
    return plots.show(new, f"Two histograms. The pixels of the photo run from {photo.min()} to "
                           f"{photo.max()} with mean {photo.mean():.0f}; the numbers for the model "
                           f"run from {prepared.min():.1f} to {prepared.max():.1f} with mean "
                           f"{prepared.mean():.1f}.")


def scores(output, names, count=3):
    """Score maps of the classes whose scores rise highest.

    Args:
        output: (1, H, W, C) scores.
        names: the C class names.
        count: how many maps.
    """
    output = output[0]
    wins = np.bincount(output.argmax(axis=-1).ravel(), minlength=output.shape[-1])
    best = np.argsort(-output.max(axis=(0, 1)), kind="stable")[:count]
    low, high = output[..., best].min(), output[..., best].max()
    new, axes = plots.figure(count, 2.6)
    for place, index in zip(axes[0], best):
        plots.panel(place, output[..., index], f"scores for {names[index]}", cmap=SCORES,
                    vmin=low, vmax=high)
    bar = new.colorbar(axes[0, -1].images[0], ax=list(axes[0]), shrink=0.8)
    bar.set_label("score", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    told = sentence(f"{names[i]} has the highest score on {percent(wins[i] / wins.sum())}"
                    for i in best if wins[i] >= plots.SMALLEST * wins.sum())
    return plots.show(new, f"Maps of the scores for {count} of {output.shape[-1]} classes: {told} "
                           "of the pixels.")


def pixel(output, row, column, names):
    """The scores of every class at one pixel, the winner marked.

    Args:
        output: (1, H, W, C) scores.
        row, column: the pixel.
        names: the C class names.
    """
    here = output[0, row, column]
    first, second = np.argsort(-here, kind="stable")[:2]
    new, axes = plots.figure(1, 2.6)
    place = axes[0, 0]
    place.bar(np.arange(len(here)), here, edgecolor=INK, linewidth=0.6,
              color=[ORANGE if i == first else "#DDDDDD" for i in range(len(here))])
    place.axhline(0, color=INK, linewidth=0.8)
    place.set_xticks(np.arange(len(here)), names, rotation=55, ha="right")
    place.set_ylabel("score", fontsize=8)
    place.set_title(f"row {row}, column {column}: the highest score is that of {names[first]}",
                    fontsize=9, color=INK)
    plots.plain(place)
    return plots.show(new, f"Scores of {len(here)} classes at row {row}, column {column}: the "
                           f"highest is {names[first]} with {here[first]:.1f}, the next is "
                           f"{names[second]} with {here[second]:.1f}.")


def mistakes(rows):
    """What mistakes cost: one line for each, one dot for each photo.

    Args:
        rows: what :func:`segkit.lessons.lesson_08.experiments.measure` returns.
    """
    new, axes = plots.figure(1, 0.42 * len(rows) + 1.0)
    place = axes[0, 0]
    for height, row in enumerate(rows):
        shares = 100 * np.array(list(row.changed.values()))
        place.plot((0, shares.max()), (height, height), color="#CCCCCC", linewidth=1, zorder=1)
        place.scatter(shares, [height] * len(shares), s=26, facecolor="white", edgecolor=BLUE,
                      zorder=2, label="one photo" if height == 0 else None)
        place.scatter([np.median(shares)], [height], s=60, marker="D", color=ORANGE, edgecolor=INK,
                      zorder=3, label="middle of the photos (median)" if height == 0 else None)
    place.set_yticks(range(len(rows)), [row.mistake for row in rows])
    place.set_xlabel("pixels whose class changed, %", fontsize=8)
    place.set(ylim=(len(rows) - 0.5, -0.5))
    place.margins(x=0.02)
    plots.plain(place)
    new.legend(loc="outside upper right", fontsize=8, frameon=False, ncols=2)
    told = sentence(f"{row.mistake} {percent(np.median(list(row.changed.values())))} (most on "
                    f"{max(row.changed, key=row.changed.get)})" for row in rows)
    return plots.show(new, f"Pixels whose class changed on {len(rows[0].changed)} photos, in the "
                           f"median: {told}.")


def whole_numbers(segmenter, photo, inputs):
    """What an 8-bit model sees and finds for several inputs of the same photo.

    Args:
        segmenter: a :class:`segkit.Segmenter` whose input and output are 8-bit numbers.
        photo: (H, W, 3) uint8 RGB.
        inputs: dictionary from title to the model's input, (1, h, w, 3) of its type.
    """
    tensor, told, used = segmenter.session.inputs[0], [], set()
    region = segmenter.prepare(photo)[1]
    new, axes = plots.figure(2 * len(inputs), 2.6)
    for place, (title, stored) in enumerate(inputs.items()):
        real = tensor.real(stored[0])
        mask = segmenter.finish(segmenter.session.run(stored), region, photo.shape[:2])
        plots.panel(axes[0, 2 * place], np.clip(real / 2 + 0.5, 0, 1), f"input, {title}")
        plots.panel(axes[0, 2 * place + 1], plots.paint(photo, mask), f"mask, {title}")
        shares = np.bincount(mask.ravel(), minlength=256) / mask.size
        largest = [int(n) for n in np.argsort(-shares, kind="stable")[:4]
                   if shares[n] >= plots.SMALLEST]
        used |= {*largest} - {labels.BACKGROUND}
        found = sentence(f"{segmenter.names[n]} {percent(shares[n])}" for n in largest)
        told.append(f"{title}: stored numbers from {stored.min()} to {stored.max()}, which stand "
                    f"for {real.min():.2f} to {real.max():.2f}; found: {found}")
    boxes = [Rectangle((0, 0), 1, 1, facecolor=plots.class_colour(n), edgecolor=INK)
             for n in sorted(used)]
    new.legend(boxes, [segmenter.names[n] for n in sorted(used)], loc="outside lower center",
               fontsize=8, ncols=len(used) or 1, frameon=False)
    return plots.show(new, f"{len(inputs)} inputs of type {stored.dtype} from one photo. "
                           f"{'. '.join(told)}.")


def moving_crop(photo, steps, width=380, milliseconds=350):
    """An animation: a crop moves over a photo, and the mask grows behind it.

    Args:
        photo: (H, W, 3) uint8 RGB.
        steps: list of ((left, top, right, bottom), (H, W) mask of what was seen so far).
        width: of the frames, in pixels.
        milliseconds: for each frame.

    Returns:
        a :class:`segkit.plots.Picture` with a GIF; its PNG is the last frame.
    """
    frames = [_frame(photo, box, mask, width) for box, mask in steps]
    gif, png = io.BytesIO(), io.BytesIO()
    # One palette for all frames: it is stored once, and colours do not flicker.
    palette = frames[-1].quantize(COLOURS)
    small = [frame.quantize(COLOURS, palette=palette, dither=Image.Dither.NONE) for frame in frames]
    small[0].save(gif, "GIF", save_all=True, append_images=small[1:], loop=0, optimize=True,
                  duration=[milliseconds] * (len(small) - 1) + [4 * milliseconds])
    small[-1].save(png, "PNG", optimize=True)
    (left, top, right, bottom), first = steps[0]
    start, end = ((mask != labels.BACKGROUND).mean() for mask in (first, steps[-1][1]))
    return plots.Picture(png.getvalue(),
                         f"Animation of {len(steps)} frames: a crop of {right - left} x "
                         f"{bottom - top} pixels moves over a photo of {size_in_words(photo)}, "
                         "and the labelled part of the photo "
                         f"grows from {percent(start)} to {percent(end)}.", gif.getvalue())


def _frame(photo, box, mask, width):
    """One frame: the mask so far over the photo, dark outside the crop, the crop framed."""
    picture = plots.paint(photo, mask, 0.55)
    dark = (picture * 0.55).astype(np.uint8)
    left, top, right, bottom = box
    dark[top:bottom, left:right] = picture[top:bottom, left:right]
    scale = width / photo.shape[1]
    frame = Image.fromarray(dark).resize((width, round(photo.shape[0] * scale)))
    ends = [round(edge * scale) - (place > 1) for place, edge in enumerate(box)]
    ImageDraw.Draw(frame).rectangle(ends, outline="white", width=2)
    return frame
