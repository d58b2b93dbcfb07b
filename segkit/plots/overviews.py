"""Overviews: the lessons of the course, the sample photos, the classes of a model."""

from matplotlib.patches import Rectangle

from segkit import photos
from segkit.languages import say, sentence
from segkit.masks.labels import shown
from segkit.plots import thumbnails
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
    return show(new, say("{count} sample photos with their width x height in pixels: {listed}.",
                         count=len(names), listed=listed))


def course(lessons):
    """The map of the course: which lesson builds on which, and how long each takes.

    Args:
        lessons: what :func:`segkit.lessons.course` returns; lessons that are not here are dotted.
    """
    places, columns = _course_places(
        {lesson.number: _direct(lesson.number, lessons) for lesson in lessons})
    new, axes = figure(1, 4.6)
    place = axes[0, 0]
    for lesson in lessons:
        x, y = places[lesson.number][0], -places[lesson.number][1]
        colour = BLUE if lesson.here else "#999999"
        place.add_patch(Rectangle((x, y - 0.43), 0.8, 0.86, edgecolor=colour, linewidth=1.2, zorder=2,
                                  facecolor="#D6EAF5" if lesson.here else "white",
                                  linestyle="-" if lesson.here else ":"))
        words = say("{minutes} minutes", minutes=lesson.minutes) if lesson.minutes else say("coming")
        place.text(x + 0.4, y - 0.39, f"{lesson.number}\n{lesson.title.replace(' ', chr(10), 1)}\n{words}",
                   fontsize=7, ha="center", va="bottom", color=INK, zorder=3, linespacing=1.1)
        above = place.inset_axes((x + 0.12, y + 0.06, 0.56, 0.31), transform=place.transData)
        thumbnails.draw(above, lesson.number)
        for need in _direct(lesson.number, lessons):
            left, low = places[need]
            place.annotate("", (x, y), (left + 0.8, -low), zorder=1, arrowprops={
                "arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0})
    lowest = max(y for _, y in places.values())
    place.set(xlim=(-0.03, columns - 0.17), ylim=(-lowest - 0.46, 0.46))
    place.set_axis_off()
    here = [lesson for lesson in lessons if lesson.here]
    return show(new, say("The course has {lessons} lessons. Here now: {here} of them. {told}. Coming: "
                         "{coming}.", lessons=len(lessons), here=len(here), told="; ".join(map(_told, here)),
                         coming=len(lessons) - len(here)))


def _told(lesson):
    minutes = say(", {minutes} minutes", minutes=lesson.minutes) if lesson.minutes else ""
    needs = say(", needs {lessons}", lessons=sentence(lesson.needs)) if lesson.needs else ""
    return f"{lesson.number} {lesson.title}{minutes}{needs}"


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
    columns, names = 4, [shown(name) for name in names]
    rows = -(-len(names) // columns)
    new, axes = figure(1, 0.26 * rows + 0.3)
    for index, name in enumerate(names):
        left, top = index // rows, -(index % rows)
        axes[0, 0].add_patch(Rectangle((left, top - 0.3), 0.12, 0.6, facecolor=class_colour(index),
                                       edgecolor=INK, linewidth=0.8))
        axes[0, 0].text(left + 0.16, top, f"{index}  {name}", va="center", fontsize=9, color=INK)
    axes[0, 0].set(xlim=(-0.05, columns), ylim=(-rows + 0.4, 0.6))
    axes[0, 0].set_axis_off()
    return show(new, say("{count} classes with their colours, from 0 = {first} to {end} = {last}; 15 = {name}.",
                         count=len(names), first=names[0], end=len(names) - 1, last=names[-1],
                         name=names[15]) if len(names) > 15 else
                     say("{count} classes with their colours: {listed}.", count=len(names),
                         listed=sentence(names)))
