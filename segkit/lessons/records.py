"""Which exercises this reader answered right: a local file without names or answers, and a table of it.

The file has one JSON object on each line: the name of an exercise and the day of its first right
answer. Lines are only added, each with one call to the system, so that two notebooks can write at
the same time, and a line that is cut off spoils no other.
"""

import json
from datetime import date, datetime
from html import escape

from segkit.errors import SegkitError, one_line, user_file
from segkit.languages import message, say


def records_file():
    """Where right answers are noted: what SEGKIT_PROGRESS names, else a file of this user."""
    return user_file("progress.jsonl", "SEGKIT_PROGRESS")


def answered():
    """({name of an exercise: day of its first right answer, such as "2026-03-01"}, number of damaged lines).

    Raises:
        SegkitError: the file is there and cannot be read.
    """
    file, days, damaged = records_file(), {}, 0
    try:
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    except OSError as error:
        raise _unusable(file, say("read"), error) from error
    for line in filter(str.strip, text.splitlines()):
        try:
            row = json.loads(line)
            name, day = row["exercise"], row["day"]
            datetime.strptime(day, "%Y-%m-%d")
            days.setdefault(one_line(name), day)
        except (ValueError, TypeError, KeyError, RecursionError):
            damaged += 1
    return days, damaged


def note(name):
    """Note that an exercise was answered right; only its first right answer adds a line.

    Raises:
        SegkitError: the file cannot be read or written.
    """
    file = records_file()
    if name in answered()[0]:
        return
    # The line break in front: what comes before may be a line that was cut off.
    line = "\n" + json.dumps({"exercise": name, "day": date.today().isoformat()}) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "ab", buffering=0) as stream:
            stream.write(line.encode("utf-8"))
    except OSError as error:
        raise _unusable(file, say("written"), error) from error


class Progress:
    """What is done: rows of (number, title, names done, names open), and a sentence about the file.

    Prints as text; a notebook shows it as a table.

    Attributes:
        rows: list of (number of the lesson, its title, exercises answered right, the others).
        remark: one sentence where something is wrong with the file, else "".
    """

    HEAD = (message("lesson"), message("right"), message("done"), message("open"))

    def __init__(self, rows, remark=""):
        self.rows, self.remark = rows, remark

    @property
    def done(self):
        """How many exercises were answered right."""
        return sum(len(right) for _, _, right, _ in self.rows)

    @property
    def total(self):
        """How many exercises there are."""
        return self.done + sum(len(open_) for *_, open_ in self.rows)

    def _cells(self):
        return [(f"{number} {title}", say("{done} of {total}", done=len(right), total=len(right) + len(open_)),
                 ", ".join(right) or "-", ", ".join(open_) or "-") for number, title, right, open_ in self.rows]

    def _sentences(self):
        said = say("{done} of {total} exercises are answered right.", done=self.done, total=self.total)
        return [said, self.remark] if self.remark else [said]

    def __repr__(self):
        lines = [f"{lesson:32}{right:9}" + say("open: {names}",
                                               names=open_) for lesson, right, _, open_ in self._cells()]
        return "\n".join([*lines, *self._sentences()])

    def _repr_html_(self):
        left = 'style="text-align:left"'
        head = "".join(f'<th scope="col" {left}>{say(word)}</th>' for word in self.HEAD)
        rows = "".join("<tr>" + "".join(f"<td {left}>{escape(cell)}</td>" for cell in row) + "</tr>"
                       for row in self._cells())
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}"


def _unusable(file, done, error):
    return SegkitError(say("{file} cannot be {done}: {why}; let SEGKIT_PROGRESS name a file in a folder of "
                           "yours", file=one_line(file), done=done, why=one_line(error.strerror or error)))
