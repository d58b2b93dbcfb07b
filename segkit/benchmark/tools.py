"""The official tools beside ours, and a phone in the table.

``litert-benchmark`` comes with ai-edge-litert. TensorFlow Lite's ``benchmark_model`` runs on a
phone through Android's adb; the project downloads neither. Sources: the help of
``litert-benchmark``, and, with where to get the binary,
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/tools/benchmark/README.md
"""

import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from segkit.benchmark.results import Report, Result
from segkit.benchmark.settings import Setting, model_file
from segkit.benchmark.steps import Row, Steps
from segkit.errors import SegkitError, one_line

# What litert-benchmark calls each statistic, and what we do.
_LITERT = {"Inference (median)": "median_ms", "Inference (avg)": "mean_ms",
           "Inference (min)": "min_ms", "Inference (p5)": "p05_ms", "Inference (p95)": "p95_ms"}
_MODEL = {"min": "min_ms", "avg": "mean_ms", "p5": "p05_ms", "median": "median_ms", "p95": "p95_ms"}
_NUMBER = r"([\d.]+(?:e[+-]?\d+)?)"


def read_litert_benchmark(text):
    """What ``litert-benchmark`` printed.

    Returns:
        dictionary: "given" (see :class:`segkit.benchmark.Result`), "load_ms", "first_ms".

    Raises:
        SegkitError: this is no such output.
    """
    lines = dict(re.findall(rf"^([A-Z][\w ()]+?):\s+{_NUMBER} ms", text, re.MULTILINE))
    if "Inference (median)" not in lines:
        raise SegkitError(f"litert-benchmark printed no times: {one_line(text[-300:])}")
    given = {name: float(lines[said]) for said, name in _LITERT.items() if said in lines}
    runs = re.search(r"Inference \(avg\):.*\((\d+) runs\)", text)
    return {"given": {**given, "runs": int(runs.group(1)) if runs else None},
            "load_ms": _float(lines.get("Model initialization")),
            "first_ms": _float(lines.get("Warmup (first)"))}


def read_benchmark_model(text):
    """What ``benchmark_model`` printed, in a shell or in Android's log.

    Older versions print a mean only, newer ones also a median and percentiles.

    Returns:
        dictionary: "given", "load_ms", "first_ms", "operators_taken" and "operators" (None where
        no delegate reported them), "bytes".

    Raises:
        SegkitError: this is no such output.
    """
    counts = re.findall(r"count=(\d+) (.*)", text)
    summary = re.search(rf"timings in us: (?:Warmup: {_NUMBER}, )?Init: {_NUMBER}"
                        rf"(?:, First inference: {_NUMBER}, Warmup \(avg\): {_NUMBER})?"
                        rf", Inference(?: \(avg\))?: {_NUMBER}", text)
    if not summary:
        raise SegkitError(f"benchmark_model printed no times: {one_line(text[-300:])}")
    given = {"mean_ms": float(summary.group(5)) / 1e3}
    if counts:  # the last such line is that of the timed runs, those before it warm up
        said = dict(re.findall(rf"(\w+)={_NUMBER}", counts[-1][1]))
        given |= {name: float(said[word]) / 1e3 for word, name in _MODEL.items() if word in said}
        given["runs"] = int(counts[-1][0])
    taken = re.search(r"Replacing (\d+) out of (\d+) node\(s\) with delegate", text)
    size = re.search(rf"input model file size \(MB\): {_NUMBER}", text)
    return {"given": given, "load_ms": float(summary.group(2)) / 1e3,
            "first_ms": _float(summary.group(3), 1e3),
            "operators_taken": int(taken.group(1)) if taken else None,
            "operators": int(taken.group(2)) if taken else None,
            "bytes": round(float(size.group(1)) * 1e6) if size else None}


def _float(text, divisor=1):
    return None if text is None else float(text) / divisor


def litert_benchmark(model, threads=1, runs=50, timeout=600):
    """Measure a model with LiteRT's own tool (compiled model, XNNPACK).

    Returns:
        a :class:`segkit.benchmark.Result` whose ``tool`` is "litert-benchmark".

    Raises:
        SegkitError: the tool is not installed, or it failed.
    """
    setting = Setting(model, api="compiled", threads=threads)
    file, _ = model_file(setting.model)
    command = [sys.executable, "-m", "ai_edge_litert.tools.benchmark_litert_model",
               f"--model={file}", f"--num_threads={threads}", f"--num_runs={runs}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, encoding="utf-8",
                              errors="replace", stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise SegkitError(f"litert-benchmark did not end within {timeout} s") from error
    if done.returncode:
        raise SegkitError(f"litert-benchmark failed (exit {done.returncode}): "
                          f"{one_line(done.stderr[-300:])}")
    return Result(setting, bytes=file.stat().st_size, complete=True, tool="litert-benchmark",
                  applied={"runtime": "litert", "delegate": "xnnpack", "threads": threads,
                           "timed": "run"}, **read_litert_benchmark(done.stdout))


@dataclass
class CrossCheck:
    """Our times beside LiteRT's own tool.

    Attributes:
        ours_ms, theirs_ms: medians, one for each pair of processes that ran one after the other.
        ratio: median of the pairs' ratios, ours divided by theirs; ``low`` and ``high`` the
            smallest and largest of them.
    """

    ours_ms: list
    theirs_ms: list

    @property
    def ratios(self):
        """Ours divided by theirs, pair by pair."""
        return [ours / theirs for ours, theirs in zip(self.ours_ms, self.theirs_ms)]

    @property
    def ratio(self):
        """The median of the ratios."""
        return statistics.median(self.ratios)

    def __str__(self):
        return (f"ours / litert-benchmark: {self.ratio:.3f} ({min(self.ratios):.3f} to "
                f"{max(self.ratios):.3f} in {len(self.ratios)} pairs)")


def crosscheck(model, threads=1, pairs=5, runs=50, timeout=600, cancel=None):
    """Measure a model with our loop and with LiteRT's own tool, in turns.

    Args:
        model: a name in the catalogue or a file.
        pairs: how often both run, each time in new processes.
        runs: timed runs in each process.

    Returns:
        a :class:`CrossCheck`.

    Raises:
        SegkitError: one of the two cannot measure this model.
    """
    check = CrossCheck([], [])
    for _ in range(pairs):
        work = Steps(runs, warmup=5, timeout=timeout, cancel=cancel)
        row = Row(Result(Setting(model, api="compiled", threads=threads)))
        work.one_batch(row, 0, "the cross-check")
        check.ours_ms.append(row.result.median_ms)
        check.theirs_ms.append(litert_benchmark(model, threads, runs, timeout).median_ms)
    return check


FOLDER = "/data/local/tmp/segkit"
FLAGS = {"xnnpack": ["--use_xnnpack=true"], "none": ["--use_xnnpack=false"],
         "gpu": ["--use_gpu=true"]}


def phone(settings, binary="benchmark_model", adb="adb", serial=None, runs=50, timeout=600,
          cores=None):
    """Measure settings on an Android phone that is connected to this machine.

    Args:
        settings: a list of :class:`Setting`; delegates are "xnnpack", "none" and "gpu".
        binary: the file of ``benchmark_model`` for Android.
        adb: the program adb; ``serial`` the number of the phone where several are connected.
        runs: timed runs of each setting.
        timeout: seconds for one setting.
        cores: None, or the mask of the cores to which Android's ``taskset`` pins the runs, in
            hexadecimal: "f0" are cores 4 to 7, on many phones the big ones. The machine's facts
            keep it as "pinned".

    Returns:
        a :class:`segkit.benchmark.Report` whose machine is the phone. A setting that does not
        run there is a row with a reason.

    Raises:
        SegkitError: adb, the binary or the phone is missing, or the mask is none.
    """
    if cores is not None and not re.fullmatch("[0-9a-fA-F]*[1-9a-fA-F][0-9a-fA-F]*", str(cores)):
        raise SegkitError(f"cores is a mask in hexadecimal, such as f0 for cores 4 to 7, not "
                          f"{one_line(cores)}")
    program = shutil.which(adb)
    if program is None:
        raise SegkitError(f"{adb} is not installed: it comes with Android's platform tools "
                          "(Debian, Ubuntu: apt install adb)")
    if not Path(binary).is_file():
        raise SegkitError(f"there is no file {one_line(binary)}: get TensorFlow Lite's "
                          "benchmark_model for Android, see its README")
    device = _Device([program, *(["-s", serial] if serial else [])], timeout)
    facts = {"cpu": device.property("ro.soc.model") or device.property("ro.hardware"),
             "device": device.property("ro.product.model"),
             "system": f"Android {device.property('ro.build.version.release')}",
             "cores": None, "pinned": cores, "runtimes": {"benchmark_model": "unknown"}}
    device.run("shell", "mkdir", "-p", FOLDER)
    device.run("push", str(binary), f"{FOLDER}/benchmark_model")
    device.run("shell", "chmod", "755", f"{FOLDER}/benchmark_model")
    pinned = [] if cores is None else ["taskset", str(cores)]
    return Report(facts, [_measured(device, setting, runs, pinned) for setting in settings],
                  {"runs": runs, "tool": "benchmark_model"})


def _measured(device, setting, runs, pinned):
    result = Result(setting, complete=True, tool="benchmark_model")
    if setting.delegate not in FLAGS or setting.size:
        result.status = "refused"
        result.reason = ("benchmark_model is run with the delegates xnnpack, none and gpu, at the "
                         "model's own size")
        return result
    try:
        file, _ = model_file(setting.model)
    except SegkitError as error:
        result.status, result.reason = "unavailable", str(error)
        return result
    result.bytes = file.stat().st_size
    there = f"{FOLDER}/model.tflite"
    try:
        device.run("push", str(file), there)
        text = device.run("shell", *pinned, f"{FOLDER}/benchmark_model", f"--graph={there}",
                          f"--num_threads={setting.threads}", f"--num_runs={runs}",
                          *FLAGS[setting.delegate])
        found = read_benchmark_model(text)
    except SegkitError as error:
        result.status, result.reason = "failed", str(error)
        return result
    taken = found["operators_taken"]
    result.given, result.load_ms, result.first_ms = (found[name] for name in
                                                     ("given", "load_ms", "first_ms"))
    # Without a report of the delegate nothing is known, and the built-in kernels may have worked.
    result.applied = {"runtime": "tflite", "threads": setting.threads, "timed": "invoke",
                      "delegate": setting.delegate if taken or setting.delegate == "none" else None,
                      "operators_taken": taken, "operators": found["operators"]}
    if taken is not None and taken < found["operators"]:
        result.notes.append(f"the delegate took {taken} of {found['operators']} operators")
    return result


class _Device:
    """Commands to one phone."""

    def __init__(self, command, timeout):
        self._command, self._timeout = command, timeout

    def run(self, *arguments):
        """What adb printed. SegkitError: it failed."""
        try:
            done = subprocess.run([*self._command, *arguments], capture_output=True,
                                  timeout=self._timeout, encoding="utf-8", errors="replace",
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise SegkitError(f"the phone did not answer within {self._timeout} s") from error
        text = done.stdout + done.stderr
        if done.returncode:
            raise SegkitError(f"adb {arguments[0]} failed (exit {done.returncode}): "
                              f"{one_line(text[-300:])}; is the phone connected, with USB "
                              "debugging allowed?")
        return text

    def property(self, name):
        """A property of the phone, or None."""
        return self.run("shell", "getprop", name).strip() or None
