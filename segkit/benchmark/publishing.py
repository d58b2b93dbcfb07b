"""Published measurements, each with its source: data/benchmarks/published.csv.

They never mix with what was measured here: the file has a column "kind" that says "published",
and so has every row of :func:`rows`. What a published table does not say stays empty.
"""

import csv
from dataclasses import dataclass, fields

from segkit import models
from segkit.errors import SegkitError, one_line

KIND = "published"


@dataclass(frozen=True)
class Published:
    """One published number.

    Attributes:
        kind: always "published".
        model, size: as the source prints them ("2.7 Mb").
        device, system: what it ran on.
        processor: "CPU", "GPU" or "NNAPI".
        threads: CPU threads, or None where the source names none.
        milliseconds: for one run; which statistic this is, the sources do not say.
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
            found = [_row(row) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SegkitError(f"{one_line(file)} cannot be read ({one_line(error)}); get a fresh copy "
                          "of the project") from error
    return [row for row in found if model is None or model.lower() in row.model.lower()]


def _row(cells):
    values = {field.name: cells[field.name] for field in fields(Published)}
    if values["kind"] != KIND:
        raise ValueError(f"a row says {values['kind']!r}")
    values["threads"] = int(values["threads"]) if values["threads"] else None
    values["milliseconds"] = float(values["milliseconds"])
    return Published(**values)


def rows(report=None, model=None):
    """Published and measured numbers in one list, for a table or a plot.

    Args:
        report: a :class:`segkit.benchmark.Report`, or None for the published rows alone.
        model: as for :func:`published`.

    Returns:
        a list of dictionaries: "kind" ("published" or "measured"), "model", "device",
        "processor", "threads", "milliseconds", "statistic" ("median", "mean", "not stated")
        and "note".
    """
    from segkit.benchmark.table import typical

    found = [{"kind": row.kind, "model": row.model, "device": f"{row.device} ({row.system})",
              "processor": row.processor, "threads": row.threads,
              "milliseconds": row.milliseconds, "statistic": "not stated",
              "note": row.footnote} for row in published(model)]
    for result in report.results if report else ():
        if typical(result):
            milliseconds, statistic = typical(result)
            device = report.machine.get("device") or report.machine.get("cpu") or "this machine"
            found.append({"kind": "measured", "model": result.asked.model, "device": device,
                          "processor": "GPU" if result.asked.delegate in ("gpu", "gpu+cpu")
                          else "CPU", "threads": result.asked.threads,
                          "milliseconds": milliseconds, "statistic": statistic,
                          "note": "; ".join(result.notes)})
    return found
