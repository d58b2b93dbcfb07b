"""Writes a sheet for the teacher of each lesson, and plans for a workshop: `make teach`.

Everything in a sheet is read from the notebook (goals, questions to ask, folded answers, exercises, solutions) and from
the data of the exercises (right answers, reasons, what readers typically get wrong), so that a sheet cannot say something
else than the lesson. The plans alone are chosen here: which lessons fit into half a day, and which into two days.
"""

import argparse
import os
import re
import sys
from pathlib import Path

import nbformat

from segkit import lessons
from segkit.errors import SegkitError

ROOT = Path(__file__).resolve().parents[1]
START, LUNCH, LUNCH_FROM = 9 * 60, 60, 12 * 60  # minutes since midnight, minutes, minutes since midnight
BREAK, WORK = 10, 50  # minutes of a break, and of work that call for one
LONG = 240  # a day with more minutes of lessons has a lunch
# Title, what it is good for, and the lessons of each day.
PLANS = (
    ("Half a day", "What a mask is, how good one is, and how a device makes it.", (("00", "01", "02", "08"),)),
    ("Two days", "From the atrous convolution to a model that is smaller, faster and measured.",
     (("00", "02", "03", "04", "05"), ("06", "07", "08", "09", "10"))),
)


def slots(notebook):
    """[(heading of level 1 or 2, [cells up to the next one])] of a notebook, in their order."""
    parts = []
    for cell in notebook.cells:
        found = re.match(r"##? (.*)", cell.source) if cell.cell_type == "markdown" else None
        if found:
            parts.append((found[1].strip(), []))
        parts[-1][1].append(cell)
    return parts


def prose(text, to_notebooks):
    """Markdown of a lesson as it reads elsewhere: links lead to the lessons' folder, comments are gone.

    Code stays as it is: `branches[0](features)` is no link.
    """
    text = re.sub(r"\s*<!--.*?-->", "", text, flags=re.DOTALL)
    pieces = re.split(r"(```.*?```|`[^`\n]*`)", text, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"(?<!\\)\]\((?![a-z]+:|#)([^)]+)\)", rf"]({to_notebooks}/\1)", piece) for piece in pieces[::2]]
    return "".join(pieces).strip()


def unfolded(text):
    """What is between a <details> and its end, without the line that is clicked."""
    inside = re.search(r"<details>\s*<summary>.*?</summary>(.*?)</details>", text, re.DOTALL)
    return inside[1].strip() if inside else ""


def plain(text):
    """A text without markup, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>$|#])", r"\\\1", " ".join(text.split()))


def alt_text(cell):
    """The words of the first picture that a cell shows; "" where it shows none."""
    for output in cell.get("outputs", []):
        words = output.get("metadata", {}).get("image/png", {}).get("alt")
        if words:
            return words
    return ""


def section(title, cells):
    """The part of a sheet on one section: the guess, what comes out, and the thing to move with its answer."""
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    guess = next(re.search(r"\*\*Guess first[.:]\*\*\s*(.*?)(?:\n\n|\Z)", text, re.DOTALL)[1]
                 for text in texts if "**Guess first" in text)
    after, _, move = texts[-1].partition("**Move it.**")
    between = "\n\n".join(text for text in (*texts[1:-1], after) if text.strip() and "**Guess first" not in text)
    picture = next(filter(None, map(alt_text, cells)), "")
    return [f"### {title}", f"**Ask before the cell is run:** {guess}",
            f"**The stored picture says:** {plain(picture)}" if picture else "", between.strip(),
            f"**Then let them move something:** {move.partition('<details>')[0].strip()}",
            f"**What they should see, and why:** {unfolded(move)}"]


def said(answer):
    """An answer as a reader would write it; None where it is a function."""
    if callable(answer):
        return None
    return f"`{float(answer):g}`" if hasattr(answer, "__float__") and not isinstance(answer, int) else f"`{answer!r}`"


def exercise(question, solution, name):
    """The part of a sheet on one exercise: question, right answer with its reason, solution, typical mistakes."""
    data = lessons.exercise(name)
    right = said(data.right)
    lines = [re.sub(r"^#+ Exercises?\b\s*$", "", question, flags=re.MULTILINE).strip(),
             f"**Right:** {right + ', because ' if right else ''}{data.why}",
             "**Solution:**", unfolded(solution), "**What goes wrong usually:**"]
    hints = [f"- {said(wrong)}: {hint}" if said(wrong) else f"- {hint}" for wrong, hint in data.mistakes]
    return [*lines, "\n".join(dict.fromkeys(hints))]


def exercises(cells):
    """[(question, solution, name)] of the cells under "Exercises"."""
    return [(cells[place - 1].source, cells[place + 1].source, re.search(r'lessons\.check\("([^"]+)"', cell.source)[1])
            for place, cell in enumerate(cells) if cell.cell_type == "code" and "lessons.check(" in cell.source]


def sheet(lesson, notebook, to_notebooks):
    """The sheet of a lesson, as Markdown.

    Args:
        lesson: segkit.lessons.Lesson.
        notebook: what nbformat read of its file.
        to_notebooks: the way from the sheet to the folder of the lessons.
    """
    parts = slots(notebook)
    by_title = dict(parts)
    first = notebook.cells[0].source.partition("\n")[2].strip()

    def body(title):
        return by_title[title][0].source.partition("\n")[2].strip()

    needs = ", ".join(lesson.needs) or "none"
    blocks = [f"# For the teacher: {lesson.number} {lesson.title}", first,
              f"{lesson.minutes} minutes. Lessons that come before: {needs}. "
              f"[Open the lesson]({lesson.file}).", "## Goals", body("What you will be able to do"),
              "## Before you begin", body("Needs and minutes"), "## Questions to ask"]
    for title, cells in parts:
        if re.match(r"\d+\. ", title):
            blocks += section(title, cells)
    blocks += ["## Exercises"]
    for one in exercises(by_title.get("Exercises") or by_title["Exercise"]):
        blocks += exercise(*one)
    blocks += ["## What to take away", body("Take-away"), "## If somebody asks for more", body("What was left out")]
    return prose("\n\n".join(filter(None, blocks)), to_notebooks) + "\n"


def timetable(numbers, minutes):
    """[(from, to, what)] of a day, in minutes since midnight; what is the number of a lesson, "break" or "lunch".

    Args:
        numbers: of the lessons, in their order.
        minutes: {number: minutes of the lesson}.
    """
    clock, worked, rows = START, 0, []
    lunch = sum(minutes[number] for number in numbers) > LONG
    for place, number in enumerate(numbers):
        rows.append((clock, clock + minutes[number], number))
        clock, worked = clock + minutes[number], worked + minutes[number]
        if place + 1 == len(numbers):
            break
        if lunch and clock + minutes[numbers[place + 1]] / 2 > LUNCH_FROM:
            pause, lunch = ("lunch", LUNCH), False
        elif worked >= WORK:
            pause = ("break", BREAK)
        else:
            continue
        rows.append((clock, clock + pause[1], pause[0]))
        clock, worked = clock + pause[1], 0
    return rows


def plan(title, purpose, days, course):
    """A plan as Markdown: a table with clock times for each day, and the lessons that are left for later.

    Args:
        course: {number: segkit.lessons.Lesson}.
    """
    blocks = [f"## {title}", purpose]
    for number, day in enumerate(days, 1):
        rows = ["| time | what |", "| --- | --- |"]
        for begin, end, what in timetable(day, {one: course[one].minutes for one in day}):
            words = f"[{what} {course[what].title}]({what}.md)" if what in course else what
            rows.append(f"| {begin // 60}:{begin % 60:02} to {end // 60}:{end % 60:02} | {words} |")
        blocks += [f"Day {number}:" if len(days) > 1 else "", "\n".join(rows)]
    left = [f"{one.number} {one.title}" for one in course.values() if not any(one.number in day for day in days)]
    return [*blocks, f"For later, or for those who are ahead: {', '.join(left)}."]


def overview(course):
    """The first page: all sheets with their minutes, and the plans."""
    table = ["| lesson | minutes | comes after | exercises |", "| --- | --- | --- | --- |"]
    table += [f"| [{one.number} {one.title}]({one.number}.md) | {one.minutes} | {', '.join(one.needs) or '-'} | "
              f"{len(lessons.exercises(one.number))} |" for one in course.values()]
    blocks = ["# For the teacher", "Each sheet has the goals of a lesson, the questions to ask with their answers, the "
              "exercises with solutions, and what goes wrong usually. `make teach` writes the sheets from the lessons.",
              "\n".join(table), f"All lessons together: {sum(one.minutes for one in course.values())} minutes.",
              "The minutes are those that the lessons name themselves. Where one takes longer in your room, leave its "
              "last exercises for later."]
    for one in PLANS:
        blocks += plan(*one, course)
    return "\n\n".join(filter(None, blocks)) + "\n"


def main(arguments=None):
    """Runs the command; gives 2 where a sheet cannot be written or a model is not here."""
    parser = argparse.ArgumentParser(prog="make teach", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "teach")
    out = parser.parse_args(arguments).out.resolve()
    os.environ["SEGKIT_LANG"] = "en"  # as the notebooks are
    course = {lesson.number: lesson for lesson in lessons.course() if lesson.here}
    folder = ROOT / "notebooks"
    try:
        way = Path(os.path.relpath(folder, out)).as_posix()
        out.mkdir(parents=True, exist_ok=True)
        for number, lesson in course.items():
            notebook = nbformat.read(folder / lesson.file, as_version=4)
            (out / f"{number}.md").write_text(sheet(lesson, notebook, way), encoding="utf-8")
        (out / "README.md").write_text(overview(course), encoding="utf-8")
    except (OSError, SegkitError) as error:
        print(f"teach: {error}", file=sys.stderr)
        return 2
    print(f"{len(course)} sheets are written; begin with {out / 'README.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
