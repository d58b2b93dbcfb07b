"""A report as lines of text, with a bar for each row."""

from pathlib import Path

from segkit.benchmark.agreement import TOLD_BELOW
from segkit.benchmark.settings import DELEGATES

WIDTH = 24  # characters of the longest bar
EIGHTHS = " ▏▎▍▌▋▊▉"


def lines(report, encoding="utf-8"):
    """The report as lines of text.

    Args:
        report: a :class:`segkit.benchmark.Report`.
        encoding: of the terminal; bars are made of what it can print.

    Returns:
        a list of lines: the machine, the table, and the notes that belong to its rows.
    """
    bar = _bars(encoding)
    longest = max((typical(r)[0] for r in report.results if typical(r)), default=1)
    header = ("model", "runtime", "delegate", "threads", "median", "90 % of runs", "")
    rows, notes = [], []
    for result in report.results:
        told = _notes(result) if result.ok else result.reason
        if told and told not in notes:
            notes.append(told)
        rows.append(_row(result, bar, longest, f" [{notes.index(told) + 1}]" if told else ""))
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    table = ["  ".join(_aligned(cell, width, i) for i, (cell, width) in
                       enumerate(zip(row, widths))).rstrip() for row in (header, *rows)]
    return [_machine(report.machine), "", *table, *([""] if notes else []),
            *(f"[{number}] {note}" for number, note in enumerate(notes, 1))]


def _aligned(cell, width, column):
    return f"{cell:>{width}}" if 3 <= column <= 5 else f"{cell:<{width}}"


def _row(result, bar, longest, number):
    asked, applied = result.asked, result.applied or {}
    runtime = asked.runtime + (" compiled" if asked.api == "compiled" else "")
    name = Path(asked.model).name + ("" if asked.size is None else " {}x{}".format(*asked.size))
    first = [name, runtime, _changed(_short(asked.delegate), _short(applied.get("delegate"))),
             _changed(asked.threads, applied.get("threads"))]
    if not result.ok:
        return [*first, "", "", f"{result.status}{number}"]
    if not typical(result):
        return [*first, "", "", number.strip()]
    value, kind = typical(result)
    spread = (f"{_three(result.p05_ms)} to {_three(result.p95_ms)} ms"
              if result.p05_ms is not None else "")
    wrong = " WRONG ANSWER" if result.wrong else ""
    return [*first, f"{_three(value)} ms", spread,
            bar(value / longest) + wrong + (" (mean)" if kind == "mean" else "") + number]


def typical(result):
    """(milliseconds, "median" or "mean") of a result, or None: some tools print a mean only."""
    if result.median_ms is not None:
        return result.median_ms, "median"
    return (result.mean_ms, "mean") if result.mean_ms is not None else None


def _notes(result):
    found, agreement = list(result.notes), result.agreement or {}
    equal = agreement.get("equal")
    if equal is not None and equal < TOLD_BELOW:
        found.insert(0, f"{equal:.1%} of its pixels get the class that the reference kernels give")
    elif result.wrong:
        found.insert(0, "its answer differs from the reference kernels' by up to "
                        f"{agreement['max_abs']}")
    return "; ".join(found[:1] + [note.removeprefix("noisy: ") for note in found[1:]])


def _changed(asked, applied):
    """What was asked for, and what was applied where that is another thing."""
    return str(asked) if applied in (None, asked) else f"{asked} -> {applied}"


def _short(delegate):
    return delegate if delegate is None or delegate in DELEGATES else Path(delegate).name


def _three(milliseconds):
    """Three figures: 0.123, 1.23, 12.3, 123, 1234."""
    return f"{milliseconds:.{max(0, min(3, 3 - len(str(int(milliseconds)))))}f}"


def _bars(encoding):
    try:
        f"█{EIGHTHS}".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return lambda share: "#" * max(1, round(share * WIDTH))

    def bar(share):
        whole, part = divmod(max(1, round(share * WIDTH * 8)), 8)
        return "█" * whole + EIGHTHS[part].strip()

    return bar


def _machine(facts):
    cores = facts.get("cores") or {}
    parts = [facts.get("cpu") or "unknown processor"]
    if cores:
        parts[0] += f", {cores['allowed']} cores, {cores['free']} free at the start"
    parts.append(facts.get("system") or "unknown system")
    parts += [f"{name} {version}" for name, version in (facts.get("runtimes") or {}).items()]
    return "; ".join(parts)
