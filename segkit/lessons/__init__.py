"""What a lesson needs around its text: a start, the map of the course, checked exercises, and what is done.

Answers are computed here wherever they can be, so that an exercise stays right
when a model or a photo changes.
"""

import os
import pkgutil
import re
from collections import namedtuple
from functools import lru_cache
from importlib import import_module

from segkit import models
from segkit.errors import SegkitError
from segkit.languages import message, say
from segkit.lessons import records
from segkit.lessons.exercise import Exercise  # before the function of the module's name

MARK = "# needs the model"  # and its name: the first line of a cell that cannot run without it
_SKIPPED = message("skipped: this cell needs the model {name}, which is not here. With a network, "
                   "models.path('{name}') brings it; without one, put {file} into a folder that "
                   "SEGKIT_MODELS names.")

COURSE = {
    "00-start-here": message("Start here"),
    "01-classify-detect-segment": message("Three tasks"),
    "02-masks-and-metrics": message("Masks and metrics"),
    "03-deeplab-v1": message("DeepLab v1"),
    "04-deeplab-v2": message("DeepLab v2"),
    "05-deeplab-v3": message("DeepLab v3"),
    "06-deeplab-v3-plus": message("DeepLab v3+"),
    "07-inside-the-model-file": message("Inside the model file"),
    "08-on-device-inference": message("On-device inference"),
    "09-benchmark": message("The benchmark"),
    "10-smaller-and-faster": message("Smaller and faster"),
    "11-teach-it-a-new-class": message("Teach it a new class"),
}
Lesson = namedtuple("Lesson", "number file title here minutes needs", defaults=(None, ()))
Lesson.__doc__ = """One lesson: its number, its file, its title, and whether the file is here.

minutes: how long it takes, and needs: tuple of the numbers of the lessons that it builds on, both as
its slot "Needs and minutes" says; None and () where the file is not here.
"""


def course():
    """The lessons in their order, as :class:`Lesson`; all but the title is looked up on the disk."""
    folder = models.DATA.parent / "notebooks"
    return [Lesson(name[:2], f"{name}.ipynb", say(title), file.is_file(), *_said_of_needs(file))
            for name, title in COURSE.items() for file in [folder / f"{name}.ipynb"]]


def _said_of_needs(file):
    """(minutes, numbers of lessons) from the slot "Needs and minutes" of a notebook."""
    if not file.is_file():
        return None, ()
    text = file.read_text(encoding="utf-8")
    start = text.find("## Needs and minutes")
    slot = text[start:text.find('"cell_type"', start)]
    minutes = re.search(r"about (\d+) minutes", slot)
    return int(minutes[1]) if minutes else None, tuple(re.findall(r"\[(\d\d)\]\(", slot))


def start(model=None):
    """Find the model of a lesson; where it cannot be had, say what to do.

    From here on, a cell whose first line is "# needs the model NAME" is skipped
    while that model is not on this machine: it prints one line in place of its
    result. That is for the published models, which the project does not ship.

    On every machine the lessons use the catalogue's first default, so that what they print is the
    same; elsewhere the processor may decide for another file (:func:`segkit.models.default`).

    Args:
        model: a name in the catalogue; None: the default model.
    """
    os.environ.setdefault("SEGKIT_DEFAULT", "deeplab")
    name = models.default() if model is None else model
    try:
        models.path(name)
    except SegkitError as error:
        print(f"{error}.")
    else:
        print(say("The model {name} is here: {about}", name=name, about=say(models.get(name).about)))
    _watch_cells()


def _watch_cells():
    """Let :func:`_skip` see every cell before IPython runs it."""
    try:
        from IPython import get_ipython
    except ImportError:  # a plain Python has no cells
        return
    shell = get_ipython()
    if shell is not None and _skip not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_skip)


def needed(source):
    """The name of the model that a cell says it needs, or None."""
    first = source.lstrip().partition("\n")[0]
    return first[len(MARK):].strip() or None if first.startswith(MARK) else None


def _skip(lines):
    """The lines of a cell, or one that says why the cell is skipped."""
    name = needed("".join(lines))
    if name in models.catalogue() and models.find(name)[0] is None:
        return [f"print({say(_SKIPPED, name=name, file=models.get(name).file)!r})\n"]
    return lines


def check(name, answer):
    """Compare an answer with the right one, and print "right" with a reason, or a hint.

    A right answer is noted for :func:`progress`, on this machine alone: the name of the exercise
    and the day.

    Args:
        name: of the exercise.
        answer: the reader's answer; None means that there is none yet.

    Raises:
        SegkitError: no exercise has this name.
    """
    if name not in exercises():
        raise SegkitError(say("no exercise is called {name!r}; there are {listed}", name=name,
                              listed=", ".join(exercises())))
    if answer is None:
        print(say("not answered yet: write your answer in place of None and run the cell again"))
        return
    try:
        right, text = exercise(name).verdict(answer)
    except SegkitError as error:  # the exercise itself needs a model that is not here
        right, text = False, str(error)
    print(say("right: {why}", why=text) if right else say("hint: {why}", why=text))
    if right:
        try:
            records.note(name)
        except SegkitError as error:
            print(say("This is not noted for lessons.progress(): {error}.", error=error))


def progress():
    """Which exercises of which lesson were answered right on this machine, as a table.

    The notes are in a file in the user's data folder, or where SEGKIT_PROGRESS says. Delete the
    file to begin anew.

    Returns:
        A :class:`segkit.lessons.records.Progress`.
    """
    try:
        days, damaged = records.answered()
        remark = say("Damaged lines in {file}, left out: {damaged}.",
                     file=records.records_file(), damaged=damaged) if damaged else ""
    except SegkitError as error:
        days, remark = {}, f"{error}."
    rows = []
    for lesson in course():
        names = exercises(lesson.number)
        rows.append((lesson.number, lesson.title, [name for name in names if name in days],
                     [name for name in names if name not in days]))
    return records.Progress(rows, remark)


def exercises(number=None):
    """The names of the exercises, in the order of the lessons; with a number ("05"), those of that lesson."""
    return [name for name, maker in _makers().items()
            if number is None or maker.__module__.startswith(f"{__name__}.lesson_{number}.")]


@lru_cache
def exercise(name) -> Exercise:
    """The exercise of that name."""
    return _makers()[name]()


@lru_cache
def _makers():
    """{name of an exercise: the function that makes it}, from the folder of every lesson."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("lesson_"))
    rooms = [import_module(f"{__name__}.{name}.exercises") for name in names]
    return {name: maker for room in rooms for name, maker in room.EXERCISES.items()}
