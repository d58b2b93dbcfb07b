"""Many photos of ``segkit segment``: read, label and write them on all cores at once.

Each worker is a process with a model session of its own, on one thread. It does a photo's whole
way, from the file to the written overlay, so that nothing large passes between processes. At most
:data:`WAITING` photos a worker are under way: memory does not grow with the folder.

After an interrupt, ``--resume`` goes on: a photo is skipped if its files are there and no older
than the photo. Files are written whole or not at all, so one that is there is complete. While a
run is not finished, a hidden file beside the outputs says with which settings, and others are
refused.
"""

import json
import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import cv2

from segkit.cli.answers import answer
from segkit.errors import SegkitError
from segkit.networks.segmenter import Segmenter
from segkit.runtime.settings import free_cores

WAITING = 4
FEW = 8  # photos that one process finishes sooner than a second one starts
STAMP = ".segkit.json"


def run(jobs, settings, as_json, workers=None):
    """Segment several photos; their answers come in the order of the photos.

    Args:
        jobs: list of (source, targets) as :func:`segkit.cli.answers.answer` takes them.
        settings: dictionary of arguments for :class:`segkit.Segmenter`.
        as_json: whether an answer is a JSON object.
        workers: how many processes; None: as many as cores are free, and no more than the photos
            are worth. 1: this process.

    Yields:
        for each photo (answer, None), or (None, a line that says what was wrong with it).

    Raises:
        SegkitError: the model cannot be had, or a worker ended by itself.
    """
    if workers is None:
        workers = min(free_cores(), max(1, len(jobs) // FEW))
    if workers == 1 or len(jobs) < 2:
        yield from _here(jobs, settings, as_json)
        return
    settings = {**settings, "threads": settings.get("threads") or 1}
    # Not a fork: the runtime has threads, and a copied process would lack them.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start,
                               (settings, as_json))
    try:
        under_way = deque(pool.submit(_one, job) for job in jobs[:WAITING * workers])
        Segmenter(**settings)  # a wrong model or option is one error, not one for each photo
        for job in jobs[len(under_way):]:
            yield under_way.popleft().result()
            under_way.append(pool.submit(_one, job))
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise SegkitError("a worker process ended by itself, perhaps for lack of memory; go on "
                          "with --resume and --workers 1") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _here(jobs, settings, as_json):
    """All photos in this process."""
    segmenter = Segmenter(**settings)
    for job in jobs:
        yield _answered(segmenter, job, as_json)


_worker = {}  # in a worker process: its segmenter and whether it answers in JSON


def _start(settings, as_json):
    """Make a worker ready. What is wrong with the settings, the parent process says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt ends the parent, and that ends us
    cv2.setNumThreads(1)
    try:
        _worker.update(segmenter=Segmenter(**settings), as_json=as_json)
    except SegkitError as error:
        _worker.update(error=str(error))


def _one(job):
    if "error" in _worker:
        return None, _worker["error"]
    return _answered(_worker["segmenter"], job, _worker["as_json"])


def _answered(segmenter, job, as_json):
    try:
        return answer(segmenter, *job, as_json, several=True), None
    except SegkitError as error:
        return None, str(error)


def unfinished(jobs, settings):
    """The jobs that are left to do, after the outputs' settings were compared with these.

    Args:
        jobs, settings: as for :func:`run`.

    Raises:
        SegkitError: the outputs were made with other settings.
    """
    for folder in _folders(jobs):
        try:
            found = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # no run was interrupted here: the files alone decide
        if found != _stamp(settings):
            raise SegkitError(f"--resume: the files in {folder} were made with {_words(found)}; "
                              "give the same options, or leave out --resume to make all anew")
    return [job for job in jobs if not _done(*job)]


def stamp(jobs, settings):
    """Note in each folder of outputs what makes them; where that fails, the photos will say so."""
    for folder in _folders(jobs):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / STAMP).write_text(json.dumps(_stamp(settings)) + "\n", encoding="utf-8")
        except OSError:
            continue


def unstamp(jobs):
    """Take the notes of :func:`stamp` away: the run is finished."""
    for folder in _folders(jobs):
        (folder / STAMP).unlink(missing_ok=True)


def _folders(jobs):
    return sorted({path.parent for _, targets in jobs for path in targets.values() if path})


def _stamp(settings):
    """What decides how a mask looks; not threads, which do not."""
    return {name: settings.get(name) for name in ("model", "fit", "runtime", "delegate")}


def _words(found):
    return (", ".join(f"{name} {value}" for name, value in found.items() if value)
            if isinstance(found, dict) else "something else")


def _done(source, targets):
    """Whether all files of a photo are there and no older than it."""
    wanted = [path for path in targets.values() if path]
    try:
        made = source.stat().st_mtime
        return bool(wanted) and all(path.stat().st_mtime >= made for path in wanted)
    except OSError:
        return False
