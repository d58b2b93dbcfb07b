"""The one error type that segkit raises for wrong input or a missing piece."""


class SegkitError(Exception):
    """Something a person can mend: a bad file, a wrong value, a missing model.

    The message is one line. It says what was wrong, with which file or value,
    and what to do next. The command line prints it and exits with 2.
    """

    def __init__(self, message):
        super().__init__(one_line(message, 1000))


def one_line(text, limit=300):
    """Join the lines of ``text`` (str or exception) into one, at most ``limit`` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
