"""The dashboard's plots, each with a table of the same numbers."""

from dataclasses import dataclass
from html import escape

from segkit import plots
from segkit.benchmark import report as words
from segkit.benchmark.phones.rows import phone_rows
from segkit.benchmark.report import memory_in_words, span
from segkit.benchmark.timing import milliseconds
from segkit.errors import SegkitError
from segkit.languages import digits, message, say
from segkit.plots import benchmark as figures
from segkit.plots.results import by_threads, front, names
from segkit.widgets.dashboard.stages import PHOTOS, by_model
from segkit.widgets.dashboard.tables import table

NOTHING = message("No setting has times yet: choose settings above and press Run.")


@dataclass
class Shown:
    """A plot and its numbers.

    Attributes:
        picture: a :class:`segkit.plots.Picture`.
        numbers: HTML, a table of the numbers that the picture shows.
    """

    picture: plots.Picture
    numbers: str


def timed(report):
    """The results of a report that have times. SegkitError: there are none."""
    found = [r for r in report.results if r.ok and r.runs_ms] if report else []
    if not found:
        raise SegkitError(say(NOTHING))
    return found


def bars(report, published=None):
    """A bar for each setting, with its spread; settings that could not run say so."""
    timed(report)
    rows = [[name, milliseconds(r.median_ms, ''), span(*r.interval_ms), span(r.p05_ms, r.p95_ms),
             milliseconds(r.load_ms, ''), memory_in_words(r), len(r.runs_ms) or "",
             say("wrong answer") if r.wrong else "" if r.ok else r.status]
            for name, r in zip(names(report.results), report.results)]
    header = [say("setting"), say("median, ms"), say("95 % interval"), say("90 % of runs"), say("loading, ms"),
              say("memory"), say("runs"), say("state")]
    return Shown(figures.bars(report.results, times=True),
                 table(say("The numbers of the bars"), header, rows, header[1:7]))


def scaling(report, published=None):
    """Time against the number of threads."""
    lines = by_threads(timed(report))
    rows = [[name, r.asked.threads, milliseconds(r.median_ms, ''), span(r.p05_ms, r.p95_ms),
             digits(points[0].median_ms / r.median_ms, ".2f")]
            for name, points in lines.items() for r in points]
    header = [say("line"), say("threads"), say("median, ms"), say("90 % of runs"),
              say("times as fast as with the fewest threads")]
    cores = (report.machine.get("cores") or {}).get("allowed")
    return Shown(figures.scaling(report.results, cores, times=True),
                 table(say("The numbers of the lines"), header, rows, header[1:]))


def pareto(report, published=None):
    """Time against the mean IoU of the mask of one photo."""
    results = timed(report)
    quality = {model: seen.mean_iou for model, seen in by_model(results).items()}
    shown = [r for r in results if r.asked.model in quality]
    if not shown:
        raise SegkitError(say("None of the measured models makes masks of photos, so none has a mean IoU: "
                              "choose a segmentation model above."))
    best = front({n: (r.median_ms, quality[r.asked.model]) for n, r in enumerate(shown)})
    rows = [[name, milliseconds(r.median_ms, ''), span(r.p05_ms, r.p95_ms),
             digits(quality[r.asked.model], ".3f"), say("on the front") if number in best else ""]
            for number, (name, r) in enumerate(zip(names(shown), shown))]
    header = [say("setting"), say("median, ms"), say("90 % of runs"), say("mean IoU"), say("front")]
    what = message("mean IoU on the photo voc")
    return Shown(figures.pareto(shown, quality, what, times=True),
                 table(say("The numbers of the dots"), header, rows, header[1:4]))


def stages(report, published=None):
    """Where the time of a photo goes: prepare, invoke, finish."""
    results = timed(report)
    seen = by_model(results)
    shown = [r for r in results if r.asked.model in seen]
    if not shown:
        raise SegkitError(say("None of the measured models makes masks of photos, so a photo has no stages: "
                              "choose a segmentation model above."))
    parts = {name: {"prepare": seen[r.asked.model].prepare_ms, "invoke": r.median_ms,
                    "finish": seen[r.asked.model].finish_ms}
             for name, r in zip(names(shown), shown)}
    rows = [[name, *(milliseconds(value, '') for value in (*stage.values(), sum(stage.values())))]
            for name, stage in parts.items()]
    header = [say("setting"), say("prepare, ms"), say("invoke, ms"), say("finish, ms"), say("sum, ms")]
    caption = (say("The numbers of the stages; prepare and finish: median of up to {photos} runs on one photo "
                   "after the sweep", photos=PHOTOS))
    return Shown(figures.stages(parts, times=True), table(caption, header, rows, header[1:]))


def beside(report, published=None):
    """Published times, and beside them what readers' phones and this machine have measured.

    Args:
        report: a :class:`segkit.benchmark.Report`, or None.
        published: the model whose published rows are shown.
    """
    rows = words.rows(report, published, phone_rows())
    labels = iter([r.asked.label for r in report.results if r.typical] if report else ())
    for row in rows:  # one model may have many measured rows: their names must differ
        if row["kind"] == "measured":
            row["model"] = next(labels)
    remarks = list(dict.fromkeys(row["note"] for row in rows if row["note"]))
    cells = [[row["kind"], row["model"], row["device"], row["processor"], row["threads"] or "",
              digits(row["milliseconds"], "g") if row["kind"] == "published"
              else milliseconds(row["milliseconds"], ''), row["statistic"],
              remarks.index(row["note"]) + 1 if row["note"] else ""] for row in rows]
    header = [say("kind"), say("model"), say("device"), say("processor"), say("threads"), say("time, ms"),
              say("statistic"), say("remark")]
    numbers = table(say("Published and measured times"), header, cells,
                    (header[4], header[5], header[7]), remarks)
    pages = dict.fromkeys(row.source for row in words.published(published))
    links = ", ".join(f'<a href="{escape(page)}">{escape(page)}</a>' for page in pages)
    return Shown(figures.beside(rows, times=True),
                 f'{numbers}<div style="font-size:13px">{say("Published at")} {links}</div>')
