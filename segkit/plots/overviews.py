"""Overviews: the lessons of the course, the sample photos, the classes of a model."""

from matplotlib.patches import Rectangle

from segkit import photos
from segkit.masks.words import sentence
from segkit.plots.segmentations import size_in_words
from segkit.plots.style import BLUE, INK, class_colour, figure, panel, show


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


def course(lessons):
    """The map of the course: one box for each of :func:`segkit.lessons.course`'s lessons."""
    new, axes = figure(1, 2.2)
    place, columns = axes[0, 0], 4
    for number, lesson in enumerate(lessons):
        left, top = number % columns, -(number // columns)
        edge, face, line, weight, coming = (
            (BLUE, "#D6EAF5", "-", "bold", "") if lesson.here else
            ("#999999", "white", ":", "normal", "  (coming)"))
        place.add_patch(Rectangle((left, top), 0.94, 0.8, edgecolor=edge, facecolor=face,
                                  linewidth=1.2, linestyle=line))
        place.text(left + 0.05, top + 0.56, lesson.number + coming, fontsize=9, color=INK,
                   va="center", weight=weight)
        place.text(left + 0.05, top + 0.25, lesson.title, fontsize=8.5, color=INK, va="center")
    place.set(xlim=(-0.05, columns), ylim=(-((len(lessons) - 1) // columns) - 0.1, 0.9))
    place.set_axis_off()
    here = [f"{lesson.number} {lesson.title}" for lesson in lessons if lesson.here]
    return show(new, f"The course has {len(lessons)} lessons. Here now: {len(here)} of them, "
                     f"{sentence(here)}. Coming: {len(lessons) - len(here)}.")


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
