"""What a phone has measured: a row of text -> a :class:`segkit.benchmark.Report`, and the file of all rows.

The page (phone/row.js) writes a row as one JSON object. Its form is data/benchmarks/phone-row.schema.json;
whatever does not fit is refused with a reason, because a row may come from anybody in the network.
"""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from statistics import median
from threading import Lock

from segkit import models
from segkit.benchmark.agreement import WRONG_BELOW
from segkit.benchmark.results import Report, Result
from segkit.benchmark.settings import Setting
from segkit.errors import SegkitError, one_line, user_file

MOST_BYTES = 200_000  # of a row; 32 settings with 40 runs each have a tenth of it
REMEDY = "copy the whole text from the page"
DELEGATES = {"wasm": "xnnpack", "webgpu": "gpu"}
_WRITING = Lock()


def read_phone_row(text):
    """The report that a row stands for.

    Args:
        text: the row, as the page shows it (str or UTF-8 bytes).

    Returns:
        a :class:`segkit.benchmark.Report`: its machine has "device" (the reader's words), "system" (the
        browser), "date" and "id". A setting that asked for "wasm" has the delegate "xnnpack", one that
        asked for "webgpu" has "gpu".

    Raises:
        SegkitError: it is no row; the sentence says what is wrong with it.
    """
    return _report(_checked(text))


def add_phone_row(text, file=None):
    """Read a row and keep it; a row that is there already is not added again.

    Args:
        text: as for :func:`read_phone_row`.
        file: where rows are kept; None: see :func:`rows_file`.

    Returns:
        the report, see :func:`read_phone_row`.

    Raises:
        SegkitError: it is no row, or the file cannot be written or read.
    """
    row, file = _checked(text), Path(file or rows_file())
    with _WRITING:
        if all(one.machine["id"] != row["id"] for one in phone_rows(file)):
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with open(file, "a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
            except OSError as error:
                raise SegkitError(f"{one_line(file)} cannot be written: {error.strerror}") from error
    return _report(row)


def phone_rows(file=None):
    """The reports of the rows that were kept, in the order in which they came; [] before the first.

    Args:
        file: as for :func:`add_phone_row`.

    Raises:
        SegkitError: the file cannot be read, or a line of it is no row.
    """
    file, found = Path(file or rows_file()), []
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise SegkitError(f"{one_line(file)} cannot be read: {one_line(error)}") from error
    for number, line in enumerate(lines, 1):
        try:
            found.append(read_phone_row(line))
        except SegkitError as error:
            raise SegkitError(f"{one_line(file)}, line {number}: {error}; remove that line") from error
    return found


def rows_file():
    """Where rows are kept: what SEGKIT_PHONES names, else a file of this user, outside the project."""
    return user_file("phone-rows.jsonl", "SEGKIT_PHONES")


@lru_cache(maxsize=1)
def _validator():
    from jsonschema import Draft202012Validator  # takes a while to import

    schema = models.DATA / "benchmarks" / "phone-row.schema.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _checked(text):
    """The row as a dictionary that fits the schema."""
    try:
        text = text if isinstance(text, str) else bytes(text).decode("utf-8")
        if len(text) > MOST_BYTES:
            raise SegkitError(f"a row has at most {MOST_BYTES} characters, not {len(text)}")
        row = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise SegkitError(f"this is no row: it is no JSON text ({one_line(error, 120)}); {REMEDY}") from error
    from jsonschema.exceptions import best_match

    wrong = best_match(_validator().iter_errors(row))
    if wrong is not None:
        where = ".".join(map(str, wrong.absolute_path)) or "the row"
        raise SegkitError(f"this is no row: {one_line(where, 80)}: {one_line(wrong.message, 160)}; {REMEDY}")
    try:
        datetime.fromisoformat(row["date"][:19])
    except ValueError as error:
        raise SegkitError(f"this is no row: date: {one_line(error, 120)}; {REMEDY}") from error
    return row


def _no_number(word):
    raise ValueError(f"{word} is no number")


def _report(row):
    machine = {"device": one_line(row["device"]), "cpu": None, "system": one_line(row["browser"]),
               "date": row["date"], "id": row["id"], "cores": {}, "browser_cores": row["cores"],
               "runtimes": dict([row["runtime"].split(" ", 1)])}
    results = [_result(row, one) for one in row["results"]]
    return Report(machine, results, {**row["options"], "tool": "the page for phones"})


def _result(row, one):
    asked, rounds = one["asked"], one["rounds"]
    setting = Setting(row["model"], "litert", "compiled", DELEGATES[asked["accelerator"]], asked["threads"])
    result = Result(setting, status=one["status"], reason=one["reason"], tool="the page for phones")
    if not result.ok:
        return result
    runtime, version = row["runtime"].split(" ", 1)
    result.applied = {"runtime": runtime, "version": version, "delegate": one["applied"]["delegate"],
                      "threads": one["applied"]["threads"], "operators_taken": None, "operators": None,
                      "timed": one["applied"]["timed"]}
    result.batches = [{name: each[name] for name in ("load_ms", "first_ms", "warmup")} for each in rounds]
    result.load_ms, result.first_ms = (median(each[name] for each in rounds)
                                       for name in ("load_ms", "first_ms"))
    result.runs_ms = [ms for each in rounds for ms in each["runs_ms"]]
    result.rounds = [len(each["runs_ms"]) for each in rounds]
    result.agreement = {"equal": one["equal"], "max_abs": None, "wrong": one["equal"] < WRONG_BELOW}
    if one["applied"]["adapter"]:
        result.notes.append(f"graphics card: {one_line(one['applied']['adapter'])}")
    result.complete = len(rounds) == row["options"]["rounds"]
    result.finish()
    return result
