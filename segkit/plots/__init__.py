"""Figures of one size and one palette, each with alt text that states the finding.

A :class:`Picture` is what a lesson shows: the image, and the alt text as its
plain text. nbval compares plain text, so the numbers in an alt text are tested
each time a lesson runs. They are rounded so far that the last digits of
floating-point arithmetic, which differ between machines, do not show.
"""

import base64
import io
from html import escape

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segkit import photos
from segkit.errors import SegkitError
from segkit.masks import labels, metrics
from segkit.masks.paint import paint
from segkit.masks.words import percent, sentence

WIDTH, DPI = 7.6, 100  # inches, dots per inch: every figure is 760 pixels wide
INK = "#222222"
# Okabe and Ito's palette, safe for colour-blind readers
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, SKY, PURPLE = "#D55E00", "#56B4E9", "#CC79A7"
SMALLEST = 0.01  # a class with a smaller share is not named: machines may differ on it


class Picture:
    """An image and its alt text, as Jupyter shows them.

    Attributes:
        png: the image as the bytes of a PNG file.
        alt: what it shows, in one or two sentences.
        gif: the bytes of an animated GIF, or None.
    """

    def __init__(self, png, alt, gif=None):
        if not str(alt).strip():
            raise SegkitError("a picture needs an alt text that says what it shows")
        self.png, self.alt, self.gif = png, str(alt), gif

    def _repr_mimebundle_(self, include=None, exclude=None):
        """All forms at once; nbconvert reads the "alt" of the metadata."""
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.alt}
        if self.gif:  # no front end ranks image/gif above image/png, but all rank HTML above it
            code = base64.b64encode(self.gif).decode()
            data["text/html"] = f'<img src="data:image/gif;base64,{code}" alt="{escape(self.alt)}">'
        return data, {"image/png": {"alt": self.alt}}

    def __repr__(self):
        return self.alt


def show(figure, alt):
    """Turn a Matplotlib figure into a :class:`Picture`; ``alt`` says what it shows."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return Picture(file.getvalue(), alt)


def shares_in_words(segmentation):
    """The classes of a mask and their shares: "person 46 % and background 54 %"."""
    return sentence(f"{c.name} {percent(c.share)}" for c in segmentation.classes
                    if c.share >= SMALLEST)


def size_in_words(photo):
    """Width x height of a photo."""
    return f"{photo.shape[1]} x {photo.shape[0]}"


def figure(columns=1, height=2.8, rows=1, **grid):
    """An empty figure of the usual width.

    Args:
        columns, rows: how many axes.
        height: in inches.
        grid: for :meth:`matplotlib.figure.Figure.subplots`.

    Returns:
        (figure, (rows, columns) array of axes)
    """
    new = Figure(figsize=(WIDTH, height), layout="constrained")
    return new, new.subplots(rows, columns, squeeze=False, **grid)


def panel(axes, image, title, **options):
    """Show an image without ticks, its title above it."""
    axes.imshow(image, interpolation="nearest", **options)
    axes.set_title(title, fontsize=9, color=INK)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#BBBBBB")


def plain(axes):
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)


def class_colour(index):
    """(red, green, blue) from 0 to 1 as bars and patches show a class; background is white."""
    if index == labels.BACKGROUND:
        return (1, 1, 1)  # overlays leave the background as it is
    return tuple(labels.screen_palette()[index] / 255)


def result(segmentation, opacity=0.5):
    """A segmentation: the photo, the mask over it, and each class with colour, name and share."""
    new, axes = figure(3, 2.8, width_ratios=(1, 1, 0.8))
    photo_axes, overlay_axes, bar_axes = axes[0]
    panel(photo_axes, segmentation.photo, f"photo, {size_in_words(segmentation.photo)}")
    panel(overlay_axes, segmentation.overlay(opacity), "mask over the photo")
    _share_bars(bar_axes, [c for c in segmentation.classes if c.share >= SMALLEST])
    return show(new, f"A photo of {size_in_words(segmentation.photo)} pixels, its mask over it, and "
                     f"the share of each class: {shares_in_words(segmentation)}.")


def _share_bars(axes, classes):
    places = np.arange(len(classes))
    axes.barh(places, [100 * c.share for c in classes], height=0.6, edgecolor=INK, linewidth=0.8,
              color=[class_colour(c.index) for c in classes])
    for place, c in zip(places, classes):
        axes.text(100 * c.share + 2, place, percent(c.share), va="center", fontsize=8, color=INK)
    axes.set_yticks(places, [c.name for c in classes])
    axes.set(xlim=(0, 122), xticks=(0, 50, 100), ylim=(max(len(classes), 2) - 0.5, -0.5))
    axes.set_title("share of the pixels, %", fontsize=9, color=INK)
    plain(axes)


def gallery(names=None):
    """Sample photos with their names and sizes."""
    names = photos.names() if names is None else list(names)
    pictures = [photos.sample(name) for name in names]
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    new, axes = figure(columns, 1.75 * rows, rows)
    for place, name, picture in zip(axes.flat, names, pictures):
        panel(place, picture, f"{name}, {size_in_words(picture)}")
    for place in axes.flat[len(names):]:
        place.set_axis_off()
    listed = sentence(f"{name} ({size_in_words(p)})" for name, p in zip(names, pictures))
    return show(new, f"{len(names)} sample photos with their width x height in pixels: {listed}.")


def compare(photo, masks, truth=None, flat=False):
    """Masks for one photo, side by side.

    Args:
        photo: (H, W, 3) uint8 RGB.
        masks: dictionary from title to (H, W) class indices of PASCAL VOC.
        truth: (H, W) true class indices, 255 = ignore. With it, each mask gets its
            mean IoU; without, the share of pixels in which it differs from the first.
        flat: paint the masks almost opaque over a pale grey photo, so that dark clothes do not
            change the colours.
    """
    first = next(iter(masks.values()))
    if truth is None:
        notes = {title: f"{percent((mask != first).mean())} changed" for title, mask in masks.items()}
        told = f"Masks over one photo; compared with {next(iter(masks))}"
    else:
        notes = {title: f"mean IoU {metrics.mean_iou(metrics.confusion_matrix(truth, mask)):.2f}"
                 for title, mask in masks.items()}
        masks, told = {**masks, "the true mask": truth}, "Masks over one photo, and its true mask"
    new = _overlays(_pale(photo) if flat else photo, masks, notes, 0.85 if flat else 0.5)
    return show(new, f"{told}: {sentence(f'{title}, {note}' for title, note in notes.items())}.")


def _pale(photo):
    """The photo in light greys, on which every class keeps its colour."""
    grey = (photo @ np.float32([0.299, 0.587, 0.114]) / 4 + 190).astype(np.uint8)
    return np.dstack([grey] * 3)


def _overlays(photo, masks, notes, opacity=0.5):
    """A figure with one panel for each mask, and a legend below."""
    columns = 2 if len(masks) == 4 else min(3, len(masks))
    rows = -(-len(masks) // columns)
    tall = WIDTH / columns * photo.shape[0] / photo.shape[1]
    new, axes = figure(columns, rows * (tall + 0.55) + 0.4, rows)
    new.get_layout_engine().set(h_pad=0.1)  # room above the titles
    for place, (title, mask) in zip(axes.flat, masks.items()):
        uncounted = "light grey: not counted" if (mask == labels.IGNORE).any() else " "
        panel(place, paint(photo, mask, opacity), f"{title}\n{notes.get(title, uncounted)}")
    for place in axes.flat[len(masks):]:
        place.set_axis_off()
    used = sorted({int(i) for mask in masks.values() for i in np.unique(mask)
                   if (mask == i).mean() >= SMALLEST} - {labels.BACKGROUND, labels.IGNORE})
    if used:
        boxes = [Rectangle((0, 0), 1, 1, facecolor=class_colour(i), edgecolor=INK) for i in used]
        new.legend(boxes, [labels.VOC[i] for i in used], loc="outside lower center", fontsize=8,
                   ncols=min(len(used), 7), frameon=False)
    return new


def course(lessons):
    """The map of the course: which lesson builds on which, and how long each takes.

    Args:
        lessons: what :func:`segkit.lessons.course` returns; lessons that are not here are dotted.
    """
    places, columns = _course_places(
        {lesson.number: _direct(lesson.number, lessons) for lesson in lessons})
    new, axes = figure(1, 2.9)
    place = axes[0, 0]
    for lesson in lessons:
        x, y = places[lesson.number]
        colour = BLUE if lesson.here else "#999999"
        place.add_patch(Rectangle((x, y - 0.36), 0.8, 0.72, edgecolor=colour, linewidth=1.2, zorder=2,
                                  facecolor="#D6EAF5" if lesson.here else "white",
                                  linestyle="-" if lesson.here else ":"))
        words = f"{lesson.minutes} minutes" if lesson.minutes else "coming"
        place.text(x + 0.4, y, f"{lesson.number}\n{lesson.title.replace(' ', chr(10), 1)}\n{words}",
                   fontsize=7, ha="center", va="center", color=INK, zorder=3, linespacing=1.1)
        for need in _direct(lesson.number, lessons):
            left, low = places[need]
            place.annotate("", (x, y), (left + 0.8, low), zorder=1, arrowprops={
                "arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0})
    lowest = max(y for _, y in places.values())
    place.set(xlim=(-0.03, columns - 0.17), ylim=(lowest + 0.4, -0.4))
    place.set_axis_off()
    here = [lesson for lesson in lessons if lesson.here]
    told = "; ".join(f"{lesson.number} {lesson.title}" + (f", {lesson.minutes} minutes" * bool(
        lesson.minutes)) + (f", needs {sentence(lesson.needs)}" * bool(lesson.needs)) for lesson in here)
    return show(new, f"The course has {len(lessons)} lessons. Here now: {len(here)} of them. {told}. "
                     f"Coming: {len(lessons) - len(here)}.")


def _course_places(needs):
    """({lesson: (column, row)}, number of columns): a lesson stands right of all that it needs."""
    places, taken = {}, {}
    for number, before in needs.items():
        before = [places[one] for one in before if one in places]
        column = 1 + max((x for x, _ in before), default=-1)
        near = sum(y for _, y in before) / len(before) if column > 1 else 0
        row = max(taken.get(column, 0), near)
        places[number], taken[column] = (column, row), row + 1
    return places, 1 + max((x for x, _ in places.values()), default=0)


def _direct(number, lessons):
    """The lessons that one needs, without those that another one of them needs already."""
    needs = {lesson.number: set(lesson.needs) for lesson in lessons}

    def behind(one):
        return needs.get(one, set()).union(*(behind(other) for other in needs.get(one, ())))

    own = needs[number] & set(needs)
    return sorted(own - set().union(*(behind(one) for one in own)))


def classes(names):
    """Class indices, colours and names of a model."""
    columns = 4
    rows = -(-len(names) // columns)
    new, axes = figure(1, 0.26 * rows + 0.3)
    for index, name in enumerate(names):
        left, top = index // rows, -(index % rows)
        axes[0, 0].add_patch(Rectangle((left, top - 0.3), 0.12, 0.6, facecolor=class_colour(index),
                                       edgecolor=INK, linewidth=0.8))
        axes[0, 0].text(left + 0.16, top, f"{index}  {name}", va="center", fontsize=9, color=INK)
    axes[0, 0].set(xlim=(-0.05, columns), ylim=(-rows + 0.4, 0.6))
    axes[0, 0].set_axis_off()
    return show(new, f"{len(names)} classes with their colours, from 0 = {names[0]} to "
                     f"{len(names) - 1} = {names[-1]}; 15 = {names[15]}." if len(names) > 15 else
                     f"{len(names)} classes with their colours: {sentence(names)}.")
