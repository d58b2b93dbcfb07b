"""One setting in a process of its own: ``python -m segkit.benchmark.worker``.

Reads a request a line on standard input and answers each with a line on standard output, both
JSON. It is silent in between: it waits for the next line, and nothing of it runs. Native code
that crashes, hangs or writes to file descriptors 1 and 2 troubles nobody but this process.
"""

import gc
import json
import os
import sys
from importlib import import_module
from time import perf_counter_ns

import numpy as np
import psutil

from segkit.benchmark.engines import Refused, Unavailable, open_engine
from segkit.errors import SegkitError, one_line
from segkit.runtime import session, trial
from segkit.runtime.settings import checked_runtime


class Worker:
    """What a worker can be asked for: each method takes and gives plain values."""

    def load(self, file, setting):
        """Load the model. Times are nanoseconds."""
        if not setting["delegate"].startswith("gpu"):  # drivers map more than there is
            trial._limit()  # no core file, and no more memory than the machine has
        import_runtime(setting)
        before = resident_memory()
        start = perf_counter_ns()
        self.engine = open_engine(file, setting)
        return {"load_ns": perf_counter_ns() - start, "base_bytes": before,
                "applied": self.engine.applied, "inputs": self.engine.inputs,
                "outputs": self.engine.outputs}

    def first(self, arrays):
        """The first run, on arrays that lie in .npy files."""
        self.engine.write([np.load(file) for file in arrays])
        start = perf_counter_ns()
        self.engine.run()
        taken = perf_counter_ns() - start
        self.engine.after_first_run()
        return {"first_ns": taken, "applied": self.engine.applied}

    def time(self, runs, warmup, seconds):
        """``warmup`` runs, then up to ``runs`` timed ones, at least one, within ``seconds``."""
        run = self.engine.run
        for _ in range(warmup):
            run()
        end = perf_counter_ns() + int(seconds * 1e9)
        gc.collect()
        gc.disable()  # no pause in the middle of a run
        try:
            taken = timed(run, runs, end)
        finally:
            gc.enable()
        return {"ns": taken, "peak_bytes": peak_memory()}

    def output(self, folder):
        """Write the outputs of the last run to .npy files."""
        files = []
        for number, array in enumerate(self.engine.read()):
            files.append(os.path.join(folder, f"{os.getpid()}-{number}.npy"))
            np.save(files[-1], array)
        return {"files": files, "outputs": self.engine.outputs}

    def doubt(self):
        """Whether an accelerator really works, where that is not certain."""
        return self.engine.doubt() if hasattr(self.engine, "doubt") else {}


def timed(run, runs, end, clock=perf_counter_ns):
    """Nanoseconds of each run; stops early after the time ``end``. Nothing else happens here."""
    taken = []
    for _ in range(runs):
        start = clock()
        run()
        stop = clock()
        taken.append(stop - start)
        if stop > end:
            break
    return taken


def import_runtime(setting):
    """Import the runtime now, so that the import is not counted as loading the model."""
    try:
        session._module(checked_runtime(setting["runtime"]))
        if setting["api"] == "compiled":
            import_module("ai_edge_litert.compiled_model")
    except (SegkitError, ImportError) as error:
        raise Unavailable(one_line(error)) from error


def resident_memory():
    """Bytes of memory that this process occupies now."""
    return psutil.Process().memory_info().rss


def peak_memory():
    """The most bytes that this process has occupied, or None where the system does not say.

    On Linux not ``ru_maxrss``: that one starts from the parent's size.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    except ImportError:
        return getattr(psutil.Process().memory_info(), "peak_wset", None)


def answer(worker, request):
    """The answer to one request, or a dictionary that says what went wrong."""
    try:
        return getattr(worker, request.pop("do"))(**request)
    except Unavailable as error:
        return {"status": "unavailable", "reason": str(error)}
    except (Refused, SegkitError) as error:
        return {"status": "refused", "reason": str(error)}
    except MemoryError:
        return {"status": "failed", "reason": "asks for more memory than this machine has"}
    except Exception as error:  # noqa: BLE001 - of a damaged file anything can come
        return {"status": "failed", "reason": f"{type(error).__name__}: {one_line(error)}"}


def main():
    """Serve until standard input ends."""
    # What native code prints must not come between the answers: it goes where its errors go.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.unraisablehook = lambda _: None  # a delegate that failed complains when it is deleted
    worker = Worker()
    for line in sys.stdin:
        print(json.dumps(answer(worker, json.loads(line))), file=out, flush=True)
    os._exit(0)  # unloading a damaged model or a broken driver may crash: nobody needs it


if __name__ == "__main__":
    main()
