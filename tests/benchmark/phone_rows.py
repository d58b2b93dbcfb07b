"""A row as the page for phones writes it, for the tests of what reads it."""

import json

ROUND = {"warmup": 10, "load_ms": 100.5, "first_ms": 80.25, "runs_ms": [20.0, 22.0, 21.0]}
APPLIED = {"accelerator": "wasm", "delegate": "xnnpack", "threads": 2, "timed": "run", "adapter": None}
ROW = {
    "format": "segkit-phone-row 1", "id": "0123456789abcdef" * 2, "date": "2026-11-21T18:00:00.123Z",
    "device": "A test phone", "browser": "Chrome 141, Android 16", "cores": 8, "runtime": "LiteRT.js 2.5.3",
    "model": "deeplab-w8", "sha256": "ab" * 32, "options": {"warmup": 10, "runs": 3, "seconds": 4, "rounds": 2},
    "results": [
        {"asked": {"accelerator": "wasm", "threads": 2}, "status": "ok", "reason": "", "applied": APPLIED,
         "equal": 0.998, "rounds": [ROUND, {**ROUND, "runs_ms": [19.0, 23.0, 22.0]}]},
        {"asked": {"accelerator": "webgpu", "threads": 1}, "status": "ok", "reason": "", "equal": 0.5,
         "applied": {**APPLIED, "accelerator": "webgpu", "delegate": "gpu", "threads": 1, "timed": "run and read",
                     "adapter": "a card"}, "rounds": [ROUND]},
        {"asked": {"accelerator": "wasm", "threads": 8}, "status": "failed", "reason": "stopped", "applied": None,
         "equal": None, "rounds": []},
    ],
}


def row(change=lambda row: None, **values):
    """The row as text; `change` gets a copy of it as a dictionary, `values` replace what is at its top."""
    new = json.loads(json.dumps({**ROW, **values}))
    change(new)
    return json.dumps(new)
