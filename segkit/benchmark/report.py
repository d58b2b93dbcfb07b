"""A report as people read it: lines of text with bars, and published times beside measured ones.

What a row says in words is made here once, for the command line and for the dashboard. Published
measurements come from data/benchmarks/published.csv, each with its source; they never mix with
what was measured here: the file has a column "kind" that says "published", and so has every row of
:func:`rows`. What a published table does not say stays empty.
"""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from segkit import models
from segkit.benchmark.agreement import TOLD_BELOW
from segkit.benchmark.settings import DELEGATES, GPU_DELEGATES
from segkit.benchmark.timing import milliseconds
from segkit.errors import SegkitError, one_line

WIDTH = 24  # characters of the longest bar
EIGHTHS = " ▏▎▍▌▋▊▉"
ALIGNED = range(3, 9)  # columns of numbers


def lines(report, encoding="utf-8"):
    """The report as lines of text.

    Args:
        report: a :class:`segkit.benchmark.Report`.
        encoding: of the terminal; bars are made of what it can print.

    Returns:
        a list of lines: the machine, the table, and the notes that belong to its rows.
    """
    bar = _bars(encoding)
    longest = max((r.typical[0] for r in report.results if r.typical), default=1)
    header = ("model", "runtime", "delegate", "threads", "median", "90 % of runs", "loading",
              "memory", "as reference", "")
    rows, notes = [], []
    for result in report.results:
        told = _notes(result) if result.ok else result.reason
        if told and told not in notes:
            notes.append(told)
        rows.append(_row(result, bar, longest, f" [{notes.index(told) + 1}]" if told else ""))
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    table = ["  ".join(f"{cell:>{width}}" if i in ALIGNED else f"{cell:<{width}}"
                       for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
             for row in (header, *rows)]
    return [_machine(report.machine), "", *table, *([""] if notes else []),
            *(f"[{number}] {note}" for number, note in enumerate(notes, 1))]


def _row(result, bar, longest, number):
    names = [*setting_in_words(result), *[""] * 5]
    if not result.ok:
        return [*names, f"{result.status}{number}"]
    if not result.typical:
        return [*names, number.strip()]
    value, kind = result.typical
    return [*names[:4], milliseconds(value), span(result.p05_ms, result.p95_ms), milliseconds(result.load_ms),
            memory_in_words(result), share_in_words(result),
            bar(value / longest) + (" WRONG ANSWER" if result.wrong else "")
            + (" (mean)" if kind == "mean" else "") + number]


def setting_in_words(result):
    """[model, runtime, delegate, threads] of a result, each with what was applied in its place."""
    asked, applied = result.asked, result.applied or {}
    size = "" if asked.size is None else " {}x{}".format(*asked.size)
    return [Path(asked.model).name + size,
            asked.runtime + (" compiled" if asked.api == "compiled" else ""),
            _changed(_short(asked.delegate), _short(applied.get("delegate"))),
            _changed(asked.threads, applied.get("threads"))]


def _changed(asked, applied):
    """What was asked for, and what was applied where that is another thing."""
    return str(asked) if applied in (None, asked) else f"{asked} -> {applied}"


def _short(delegate):
    """A delegate's name, or the file name of its library."""
    return delegate if delegate is None or delegate in DELEGATES else Path(delegate).name


def span(low, high):
    """Two times as a range, "4.10 to 5.90 ms"; nothing where one is None."""
    if low is None or high is None:
        return ""
    return f"{milliseconds(low, '')} to {milliseconds(high)}"


def memory_in_words(result):
    """The most memory of the process, "61 MiB"; nothing where it is not known."""
    return "" if result.peak_mib is None else f"{result.peak_mib:.0f} MiB"


def share_in_words(result):
    """How well the answer agrees with the reference kernels': "99.3 %", or the largest gap."""
    agreement = result.agreement or {}
    equal, gap = agreement.get("equal"), agreement.get("max_abs")
    if equal is not None:
        return f"{100 * equal:.1f} %"
    return "" if gap is None else f"off by {gap:.2g}"


def _notes(result):
    found, agreement = list(result.notes), result.agreement or {}
    equal = agreement.get("equal")
    if equal is not None and equal < TOLD_BELOW:
        found.insert(0, f"{equal:.1%} of its pixels get the class that the reference kernels give")
    elif result.wrong:
        found.insert(0, "its answer differs from the reference kernels' by up to "
                        f"{agreement['max_abs']}")
    return "; ".join(found[:1] + [note.removeprefix("noisy: ") for note in found[1:]])


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
    if facts.get("instructions"):
        parts[0] += f" ({', '.join(facts['instructions'])})"
    if cores:
        parts[0] += f", {cores['allowed']} cores, {cores['free']} free at the start"
        parts[0] += f", pinned to {cores['allowed']} of {cores['all']}" * bool(cores.get("pinned"))
    elif facts.get("pinned"):
        parts[0] += f", pinned to the cores of the mask {facts['pinned']}"
    battery = facts.get("battery") or {}
    if battery.get("plugged") is False:
        parts.append(f"on battery, {battery['percent']} %")
    parts.append(facts.get("system") or "unknown system")
    parts += [f"{name} {version}" for name, version in (facts.get("runtimes") or {}).items()]
    return "; ".join(parts)


# --- published times ------------------------------------------------------------

KIND = "published"
# The pages say that benchmark_model measured; its summary is an average ("Inference (avg)").
STATISTIC = "mean"


@dataclass(frozen=True)
class Published:
    """One published number.

    Attributes:
        kind: always "published".
        model, size: as the source prints them ("2.7 Mb").
        device, system: what it ran on.
        processor: "CPU", "GPU" or "NNAPI".
        threads: CPU threads, or None where the source names none.
        milliseconds: for one run, a mean, since benchmark_model and the iOS app print averages.
        footnote: the source's remark on this number, in our words.
        source: the address of the page; ``checked`` says where its text was read.
    """

    kind: str
    model: str
    size: str
    device: str
    system: str
    processor: str
    threads: int | None
    milliseconds: float
    footnote: str
    source: str
    checked: str


def published(model=None):
    """The published rows.

    Args:
        model: part of a model's name, such as "DeepLab", in any case; None for all.

    Returns:
        a list of :class:`Published`.

    Raises:
        SegkitError: the file is missing or damaged.
    """
    file = models.DATA / "benchmarks" / "published.csv"
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            found = [_read(row) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SegkitError(f"{one_line(file)} cannot be read ({one_line(error)}); get a fresh copy "
                          "of the project") from error
    return [row for row in found if model is None or model.lower() in row.model.lower()]


def _read(cells):
    values = {field.name: cells[field.name] for field in fields(Published)}
    if values["kind"] != KIND:
        raise ValueError(f"a row says {values['kind']!r}")
    values["threads"] = int(values["threads"]) if values["threads"] else None
    values["milliseconds"] = float(values["milliseconds"])
    return Published(**values)


def rows(report=None, model=None, phones=()):
    """Published and measured numbers in one list, for a table or a plot.

    Args:
        report: a :class:`segkit.benchmark.Report`, or None for the published rows alone.
        model: as for :func:`published`.
        phones: reports of readers' phones, as :func:`segkit.benchmark.phone_rows` gives them.

    Returns:
        a list of dictionaries: "kind" ("published", "phone" or "measured"), "model", "device",
        "processor", "threads", "milliseconds", "statistic" ("median" or "mean") and "note".
    """
    found = [{"kind": row.kind, "model": row.model, "device": f"{row.device} ({row.system})",
              "processor": row.processor, "threads": row.threads,
              "milliseconds": row.milliseconds, "statistic": STATISTIC,
              "note": row.footnote} for row in published(model)]
    for phone in phones:
        facts = phone.machine
        device = f"{facts['device']} ({facts['system'].partition(',')[0]}, {facts['date'][:10]})"
        found += _measured("phone", phone, device, [facts["system"]])
    if report:
        device = report.machine.get("device") or report.machine.get("cpu") or "this machine"
        found += _measured("measured", report, device)
    return found


def _measured(kind, report, device, remarks=()):
    for result in report.results:
        if result.typical:
            value, statistic = result.typical
            delegate = (result.applied or {}).get("delegate")  # a GPU may have fallen back
            gpu = delegate in GPU_DELEGATES
            yield {"kind": kind, "model": result.asked.model, "device": device,
                   "processor": "GPU" if gpu else "CPU",
                   "threads": None if gpu and kind == "phone" else result.asked.threads,
                   "milliseconds": value,
                   "statistic": statistic, "note": "; ".join([*remarks, *result.notes])}
