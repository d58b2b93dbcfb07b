"""A phone in the table: the official ``benchmark_model``, run through Android's adb.

The binary is TensorFlow Lite's own, built for Android; see
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/tools/benchmark/README.md
for where to get it. The project downloads neither it nor adb.
"""

import shutil
import subprocess
from pathlib import Path

from segkit.benchmark.official import read_benchmark_model
from segkit.benchmark.results import Report, Result
from segkit.benchmark.settings import model_file
from segkit.errors import SegkitError, one_line

FOLDER = "/data/local/tmp/segkit"
FLAGS = {"xnnpack": ["--use_xnnpack=true"], "none": ["--use_xnnpack=false"],
         "gpu": ["--use_gpu=true"]}


def phone(settings, binary="benchmark_model", adb="adb", serial=None, runs=50, timeout=600):
    """Measure settings on an Android phone that is connected to this machine.

    Args:
        settings: a list of :class:`Setting`; delegates are "xnnpack", "none" and "gpu".
        binary: the file of ``benchmark_model`` for Android.
        adb: the program adb; ``serial`` the number of the phone where several are connected.
        runs: timed runs of each setting.
        timeout: seconds for one setting.

    Returns:
        a :class:`segkit.benchmark.Report` whose machine is the phone. A setting that does not
        run there is a row with a reason.

    Raises:
        SegkitError: adb, the binary or the phone is missing.
    """
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
             "cores": None, "runtimes": {"benchmark_model": "unknown"}}
    device.run("shell", "mkdir", "-p", FOLDER)
    device.run("push", str(binary), f"{FOLDER}/benchmark_model")
    device.run("shell", "chmod", "755", f"{FOLDER}/benchmark_model")
    return Report(facts, [_measured(device, setting, runs) for setting in settings],
                  {"runs": runs, "tool": "benchmark_model"})


def _measured(device, setting, runs):
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
        text = device.run("shell", f"{FOLDER}/benchmark_model", f"--graph={there}",
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
