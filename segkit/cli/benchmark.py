"""The work behind ``segkit benchmark``."""

import os
import sys
from pathlib import Path

from segkit import models
from segkit.benchmark.measure import sweep
from segkit.benchmark.report import lines
from segkit.benchmark.results import Report
from segkit.benchmark.settings import DELEGATES, combinations
from segkit.errors import SegkitError, one_line
from segkit.runtime.settings import RUNTIMES, checked_delegate, runtimes


def benchmark(options):
    """Measure what the command line names, print a table, write the files.

    Args:
        options: the parsed arguments of ``segkit benchmark``.

    Returns:
        0, also where rows could not run: they say so.

    Raises:
        SegkitError: an option is wrong, or the sweep was stopped.
    """
    for file in filter(None, (options.json, options.csv)):
        if not Path(file).absolute().parent.is_dir() or Path(file).is_dir():
            raise SegkitError(f"{one_line(file)} cannot be written: "
                              + ("it is a folder" if Path(file).is_dir() else "no such folder"))
    settings = _settings(options)
    before = Report.from_json(options.resume) if options.resume else None
    report = _with_bar(settings, options, before)
    for line in lines(report, getattr(sys.stdout, "encoding", None) or "ascii"):
        print(line)
    if options.json:
        report.to_json(options.json)
    if options.csv:
        report.to_csv(options.csv)
    if not report.complete:
        raise SegkitError(f"stopped; --resume {options.json} goes on from here" if options.json else
                          "stopped; with --json FILE the finished rounds would have been kept")
    return 0


def _settings(options):
    names = options.model or [models.default()]
    for name in names:
        if name not in models.catalogue() and not os.path.isfile(os.path.expanduser(name)):
            models.resolve(name)  # says what is wrong
    settings = combinations(names, options.runtime or list(runtimes()) or list(RUNTIMES)[:1],
                            options.delegate or ["xnnpack", "none"], _numbers(options.threads),
                            options.api, [_size(options.size)])
    for delegate in options.delegate or ():
        if delegate not in DELEGATES:
            checked_delegate(delegate)  # says what is wrong with a library's path
    return settings


def _numbers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise SegkitError(f"--threads takes whole numbers with commas between them, such as 1,2,4, "
                          f"not {one_line(text)!r}") from error


def _size(text):
    if text is None:
        return None
    try:
        height, width = text.lower().split("x")
        return int(height), int(width)
    except ValueError as error:
        raise SegkitError(f"--size takes height x width, such as 257x257, not "
                          f"{one_line(text)!r}") from error


def _with_bar(settings, options, before):
    from tqdm import tqdm

    # disable=None: the bar shows in a terminal only, so that a pipe stays clean.
    with tqdm(total=1, disable=None, bar_format="{l_bar}{bar}| {elapsed}{postfix}") as bar:
        def show(step):
            bar.total, bar.n = step.total, step.done
            bar.set_postfix_str(f"{step.setting.label}: {step.stage}")

        return sweep(settings, runs=options.runs, seconds=options.seconds or None, progress=show,
                     resume=before)
