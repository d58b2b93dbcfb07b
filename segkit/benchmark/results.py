"""What came out: one :class:`Result` a setting, a :class:`Report` for all of them."""

import csv
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from segkit.benchmark.settings import Setting
from segkit.benchmark.timing import batches_of, interval_of_median, milliseconds
from segkit.errors import SegkitError, one_line, whole_file

STATUSES = ("ok", "refused", "failed", "unavailable")
# Percentiles 5 and 95 that lie further apart than this share of the median are called noisy,
# and so are rounds whose medians do.
NOISY_SPREAD, NOISY_ROUNDS = 0.25, 0.10
BUSY = 0.25  # cores kept busy by other programs: less is no news


@dataclass
class Result:
    """The result of one setting.

    Attributes:
        asked: the :class:`Setting`.
        status: "ok", "refused" (the library said no), "failed" (it crashed, hung or gave up
            while running) or "unavailable" (something is missing on this machine).
        reason: one sentence for the last three, with the native library's own words.
        applied: what really ran, a dictionary: "runtime", "version", "delegate", "threads",
            "operators_taken" (None: the library does not tell), "operators", "timed".
        load_ms, first_ms, copy_ms: loading the model, its first run, and copying its inputs in
            and its outputs out, none of which is part of the timed runs; medians of the batches.
        runs_ms: the timed runs, in their order; ``rounds`` says how many each batch had: every
            round is a batch in a process of its own.
        batches: for each of them "load_ms", "first_ms", "copy_ms", "megahertz" (the processor's
            clock before and after) and "throttled" (how often a container was held back).
        interval_ms: 95 % interval of the typical time, (low, high), on the batches' medians.
        peak_mib, base_mib: most memory of the process; and what it had before it loaded the
            model (Python, NumPy and the runtime).
        bytes: size of the model's file.
        agreement: see :mod:`segkit.benchmark.agreement`; None where it could not be had.
        energy_joules: of the whole processor for one run; None where the machine does not say.
        other_load: how many of the allowed cores other programs kept busy in the timed runs;
            None where these were too short to tell.
        notes: sentences that a reader should see beside the numbers.
        complete: whether all runs that were asked for were made.
        tool: what measured: "segkit", "litert-benchmark" or "benchmark_model".
        given: statistics that another tool printed in place of its runs: "median_ms",
            "mean_ms", "min_ms", "p05_ms", "p95_ms", "runs", as far as it prints them.
    """

    asked: Setting
    status: str = "ok"
    reason: str = ""
    applied: dict | None = None
    load_ms: float | None = None
    first_ms: float | None = None
    copy_ms: float | None = None
    runs_ms: list = field(default_factory=list)
    rounds: list = field(default_factory=list)
    batches: list = field(default_factory=list)
    interval_ms: tuple = (None, None)
    peak_mib: float | None = None
    base_mib: float | None = None
    bytes: int | None = None
    agreement: dict | None = None
    energy_joules: float | None = None
    other_load: float | None = None
    notes: list = field(default_factory=list)
    complete: bool = False
    tool: str = "segkit"
    given: dict = field(default_factory=dict)

    def _at(self, percent, name):
        return float(np.percentile(self.runs_ms, percent)) if self.runs_ms else self.given.get(name)

    @property
    def min_ms(self):
        """The shortest run."""
        return self._at(0, "min_ms")

    @property
    def p05_ms(self):
        """5 % of the runs were shorter."""
        return self._at(5, "p05_ms")

    @property
    def median_ms(self):
        """Half of the runs were shorter."""
        return self._at(50, "median_ms")

    @property
    def p95_ms(self):
        """95 % of the runs were shorter."""
        return self._at(95, "p95_ms")

    @property
    def mean_ms(self):
        """The mean, which single slow runs pull up; some tools print no other number."""
        return float(np.mean(self.runs_ms)) if self.runs_ms else self.given.get("mean_ms")

    @property
    def typical(self):
        """(milliseconds, "median" or "mean"), or None: some tools print a mean only."""
        if self.median_ms is not None:
            return self.median_ms, "median"
        return None if self.mean_ms is None else (self.mean_ms, "mean")

    @property
    def statistic(self):
        """Which of the two the typical time is; None without times."""
        return self.typical and self.typical[1]

    @property
    def ok(self):
        """Whether there are times to show."""
        return self.status == "ok"

    @property
    def wrong(self):
        """Whether the answer differs too much from the reference kernels': see agreement."""
        return bool(self.agreement and self.agreement.get("wrong"))

    @property
    def noisy(self):
        """Why the times of this row deserve little trust: a list of sentences, mostly empty."""
        return [note for note in self.notes if note.startswith("noisy")]

    def finish(self, cores=None):
        """Calculate the interval of the median, and note what makes the times doubtful.

        Args:
            cores: how many cores this process may use, to judge other programs' load.
        """
        self.interval_ms = interval_of_median(self.runs_ms, self.rounds)
        if self.p95_ms - self.p05_ms > NOISY_SPREAD * self.median_ms:
            self.notes.append(f"noisy: 90 % of the runs took {milliseconds(self.p05_ms, '')} to "
                              f"{milliseconds(self.p95_ms)}")
        medians = [float(np.median(part)) for part in batches_of(self.runs_ms, self.rounds)]
        if len(medians) > 1 and max(medians) - min(medians) > NOISY_ROUNDS * self.median_ms:
            self.notes.append("noisy: the median of a round went from "
                              f"{milliseconds(min(medians), '')} to {milliseconds(max(medians))}")
        wanted = (self.applied or {}).get("threads") or 1
        if cores and (self.other_load or 0) > BUSY and cores - self.other_load < wanted:
            self.notes.append(f"noisy: other programs kept {self.other_load:.1f} of {cores} cores "
                              "busy")
        held = sum(batch.get("throttled") or 0 for batch in self.batches)
        if held:
            self.notes.append(f"noisy: the container was held back {held} times, since its share "
                              "of the cores was used up")

    def as_dict(self):
        """Plain values for JSON: every attribute, and the statistics of the runs."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**found, "asked": self.asked.as_dict(), "interval_ms": list(self.interval_ms),
                "min_ms": self.min_ms, "p05_ms": self.p05_ms, "median_ms": self.median_ms,
                "p95_ms": self.p95_ms, "mean_ms": self.mean_ms, "statistic": self.statistic,
                "noisy": self.noisy}

    @classmethod
    def from_dict(cls, values):
        """The result of :meth:`as_dict`; statistics are calculated anew."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        known["asked"] = Setting.from_dict(known["asked"])
        known["interval_ms"] = tuple(known.get("interval_ms", (None, None)))
        result = cls(**known)
        if result.status not in STATUSES:
            raise SegkitError(f"unknown status {one_line(result.status)!r} in a benchmark's result")
        return result


@dataclass
class Report:
    """The results of a sweep, and the machine that they belong to.

    Attributes:
        machine: see :func:`segkit.benchmark.machine.facts`.
        results: a list of :class:`Result`, in the order of the settings.
        options: how it was measured: "runs", "seconds", "rounds", "warmup".
    """

    machine: dict
    results: list
    options: dict = field(default_factory=dict)

    @property
    def complete(self):
        """Whether no setting was cut short."""
        return all(result.complete for result in self.results)

    def as_dict(self):
        """Plain values: "kind" ("measured"), "machine", "options" and "settings" (the results)."""
        return {"kind": "measured", "machine": self.machine, "options": self.options,
                "complete": self.complete, "settings": [r.as_dict() for r in self.results]}

    def to_json(self, file):
        """Write everything into a JSON file. SegkitError: it cannot be written."""
        with whole_file(file) as draft:
            draft.write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, file):
        """The report that :meth:`to_json` wrote. SegkitError: it is no such file."""
        try:
            content = json.loads(Path(file).read_text(encoding="utf-8"))
            return cls(content["machine"], [Result.from_dict(r) for r in content["settings"]],
                       content["options"])
        except OSError as error:
            raise SegkitError(f"{one_line(file)} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SegkitError(f"{one_line(file)} is no result of segkit benchmark: "
                              f"{one_line(error)}") from error

    def to_csv(self, file):
        """Write a table with one row for each setting. SegkitError: it cannot be written.

        The first column, "kind", says "measured". Lists and dictionaries are JSON in their cell.
        """
        rows = [_flat(self.machine, self.options, result) for result in self.results]
        with whole_file(file) as draft, open(draft, "w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, fieldnames=COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    @classmethod
    def from_csv(cls, file):
        """The report that :meth:`to_csv` wrote. SegkitError: it is no such file."""
        try:
            with open(file, newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            if not rows or any(row["kind"] != "measured" for row in rows):
                raise ValueError("there are no measured rows, or others among them")
            return cls(json.loads(rows[0]["machine"]), [_unflat(row) for row in rows],
                       json.loads(rows[0]["options"]))
        except OSError as error:
            raise SegkitError(f"{one_line(file)} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SegkitError(f"{one_line(file)} is no table of segkit benchmark: "
                              f"{one_line(error)}") from error


_ASKED = [f.name for f in fields(Setting)]
_PLAIN = [f.name for f in fields(Result) if f.name != "asked"]
_STATISTICS = ["min_ms", "p05_ms", "median_ms", "p95_ms", "mean_ms", "statistic"]
COLUMNS = ["kind", *_ASKED, *_STATISTICS, *_PLAIN, "machine", "options"]


def _flat(machine, options, result):
    values = {**asdict(result), **result.asked.as_dict(),
              **{name: getattr(result, name) for name in _STATISTICS}}
    row = {name: values[name] for name in (*_ASKED, *_STATISTICS, *_PLAIN)}
    row = {name: json.dumps(value) if not isinstance(value, str) else value
           for name, value in row.items()}
    return {"kind": "measured", **row, "machine": json.dumps(machine),
            "options": json.dumps(options)}


def _unflat(row):
    texts = {"model", "runtime", "api", "delegate", "status", "reason", "tool"}
    values = {name: row[name] if name in texts else json.loads(row[name])
              for name in (*_ASKED, *_PLAIN)}
    asked = {name: values.pop(name) for name in _ASKED}
    return Result.from_dict({**values, "asked": asked})
