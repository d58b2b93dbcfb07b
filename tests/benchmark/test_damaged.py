"""Damaged model files: each is a row with a reason, and none takes the caller with it.

SEGKIT_DAMAGED=200 make test ARGS="-k damaged_models_are_rows" tries more of them.
"""

import os

from robustness.damage import damaged

from segkit import models
from segkit.benchmark import Setting, sweep
from segkit.benchmark.results import STATUSES
from segkit.runtime.settings import runtimes

WAYS = [("litert", "interpreter"), ("tflite", "interpreter"), ("litert", "compiled")]


def test_damaged_models_are_rows(tmp_path):
    """Many files kill tflite-runtime and the compiled model; the interpreter of LiteRT seldom dies."""
    content = models.find("head-v1")[0].read_bytes()
    ways = [way for way in WAYS if way[0] in runtimes()]
    count, settings = int(os.environ.get("SEGKIT_DAMAGED", 20)), []
    tables = [(0, 64), (len(content) - 6000, len(content))]
    for number, (what, copy) in enumerate(damaged(content, count, 7, tables)):
        file = tmp_path / f"{number}-{what.split()[-1]}.tflite"
        file.write_bytes(copy)
        chosen = ways if count > 20 else [ways[number % len(ways)]]
        settings += [Setting(str(file), runtime, api) for runtime, api in chosen]
    rows = sweep(settings, runs=2, rounds=1, warmup=1, timeout=30).results
    assert [row.asked for row in rows] == settings
    for row in rows:
        assert row.status in STATUSES and row.complete
        assert (row.status == "ok") == bool(row.runs_ms) != bool(row.reason), row
        assert len(row.reason.splitlines()) <= 1 and len(row.reason) < 700
    statuses = [row.status for row in rows]
    assert statuses.count("ok") < len(rows) and statuses.count("refused") > len(rows) // 4
