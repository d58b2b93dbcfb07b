"""What stage `evaluate` measures of a file alone: size, work, time beside the starter's, and nearness to PyTorch."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from time import perf_counter

import numpy as np

from segkit import open_session
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.runtime.settings import runtimes
from training import older

ROUNDS, WARM = 25, 2
#: Heads that are compared in pairs: (the older paper's, the newer one's).
PAIRS = (("v1", "v2"), ("v2", "v3"), ("v3", "v3plus"), ("v1", "v3plus"), ("v3", "v3-os8"))
#: Instructions that decide what is faster, as Linux calls them.
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")


def machine() -> dict:
    """The processor's name and those of its instructions that matter here."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {"processor": platform.processor() or platform.machine(), "instructions": []}
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    lines = {name.strip(): value.strip() for name, value in lines.items()}
    has = (lines.get("flags") or lines.get("Features") or "").split()
    return {"processor": lines.get("model name", platform.machine()), "instructions": [f for f in FLAGS if f in has]}


def usable(file: Path) -> dict[str, str]:
    """The runtimes, with versions, that can really open a file here."""
    found = {}
    for name, version in runtimes().items():
        try:
            open_session(str(file), runtime=name, threads=1)
            found[name] = version
        except SegkitError:
            continue
    return found


def largest_error(file: Path, check: Path, runtime: str) -> float:
    """Largest difference between a float file's answers and PyTorch's on the inputs that `export` kept."""
    with np.load(check) as kept:
        inputs = [kept[name] for name in sorted(kept.files) if name.startswith("input")]
        truth = [kept[name] for name in sorted(kept.files) if name.startswith("output")]
    session = open_session(str(file), runtime=runtime, threads=1)
    ordered = [next(x for x in inputs if x.shape == tensor.shape) for tensor in session.inputs]
    answers = session.run(*ordered)
    answers = answers if isinstance(answers, tuple) else (answers,)
    return max(float(np.abs(next(a for a in answers if a.shape == t.shape) - t).max()) for t in truth)


def largest_bias(graph: Graph) -> float | None:
    """The largest whole number among an 8-bit graph's biases, as a share of 2^31; None where there are none."""
    biases = [np.abs(operator.inputs[2].stored().astype(np.int64)).max() for operator in graph.operators
              if "CONV" in operator.name and len(operator.inputs) > 2 and operator.inputs[2] is not None
              and operator.inputs[2].dtype == "int32"]
    return float(max(biases)) / 2 ** 31 if biases else None


def times(files: list[Path], runtime: str, rounds: int = ROUNDS) -> list[list[float]]:
    """Milliseconds of `invoke` on one thread, for each file and round, in the order 1, 2, ..., n, n, ..., 2, 1.

    So what warms up or slows down hits all.
    """
    sessions = [open_session(str(file), runtime=runtime, threads=1) for file in files]
    for session in sessions:
        for tensor in session.inputs:
            session.interpreter.set_tensor(tensor.index, np.zeros(tensor.shape, tensor.dtype))
    logs: list[list[float]] = [[] for _ in sessions]
    for _ in range(rounds + WARM):
        order = list(zip(sessions, logs))
        for session, log in [*order, *reversed(order)]:
            start = perf_counter()
            session.interpreter.invoke()
            log.append((perf_counter() - start) * 1e3)
    return [log[2 * WARM:] for log in logs]


def fast(log: list[float]) -> float:
    """The time that the fastest tenth of the rounds took at most."""
    return float(np.percentile(log, 10))


def files(paths: list[Path], checks: Path, starter: str | None = None) -> dict:
    """{file name, or "starter": facts}; times are those of the fastest tenth of the rounds, which other work disturbs least.

    `ratio` is by runtime; "avx2" is LiteRT without this processor's newer instructions, where `older` can hide them.
    """
    name_of = {path: "starter" if starter and path == Path(starter) else path.name for path in paths}
    facts, running = {}, usable(paths[0])
    for path, name in name_of.items():
        content, graph = path.read_bytes(), Graph(str(path))
        facts[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
                       "multiply_adds": graph.multiply_adds, "side": graph.inputs[0].shape[1],
                       "milliseconds": {}, "ratio": {}, "bias": largest_bias(graph)}
        check = checks / f"{path.stem}.npz"
        if check.exists() and name not in ("starter", "deeplab.tflite"):
            facts[name]["error"] = {runtime: largest_error(path, check, runtime) for runtime in running}
    for runtime in running:
        for path, name in name_of.items():
            pair = times([path, Path(starter)] if starter and name != "starter" else [path], runtime)
            facts[name]["milliseconds"][runtime] = fast(pair[0])
            if starter:
                facts[name]["ratio"][runtime] = fast(pair[0]) / fast(pair[-1])
    whole = [path for path in paths if path.name.startswith("deeplab") and name_of[path] != "starter"]
    for name, ratio in (older.ratios(whole, Path(starter)) if starter else {}).items():
        facts[name]["ratio"]["avx2"] = ratio
    return facts
