"""Many photos of ``segkit segment``: read, label and write them on all cores at once.

Each worker is a process with a model session of its own, on one thread. It does a photo's whole
way, from the file to the written overlay, so that nothing large passes between processes, and
memory does not grow with the folder. The workers are started first of all: this process needs no
NumPy, and for two hundred photos the start is a sixth of the whole time.

After an interrupt, ``--resume`` goes on: a photo is skipped if its files are there and no older
than the photo. Files are written whole or not at all, so one that is there is complete. While a
run is not finished, a hidden file beside the outputs says with which settings, and others are
refused.
"""

import json
from collections import deque
from contextlib import ExitStack, suppress
from math import inf

from segkit.errors import SegkitError
from segkit.runtime.isolated import Gone, Isolated, with_answers
from segkit.runtime.settings import allowed_cores

AHEAD = 2  # so that a worker need not wait for its next photo
WORKER = "segkit.cli.answers:Worker"
# For the processes: the cores belong to the workers, and Pillow keeps its memory for the next photo.
SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1", "PILLOW_BLOCKS_MAX": "16"}
FEW = 8  # photos that one process finishes sooner than a second one starts
STAMP = ".segkit.json"


def run(jobs, settings, as_json, workers=None):
    """Segment several photos; their answers come in the order of the photos.

    Args:
        jobs: list of (source, targets) as :func:`segkit.cli.answers.answer` takes them.
        settings: dictionary of arguments for :class:`segkit.Segmenter`.
        as_json: whether an answer is a JSON object.
        workers: how many processes; None: one for each core that may be used, and no more than
            the photos are worth. 1: this process.

    Yields:
        for each photo (answer, None), or (None, a line that says what was wrong with it).

    Raises:
        SegkitError: the model cannot be had, or a worker ended by itself.
    """
    if workers is None:
        workers = min(allowed_cores(), max(1, len(jobs) // FEW))
    if workers == 1 or len(jobs) < 2:
        yield from _here(jobs, settings, as_json)
        return
    settings = {**settings, "threads": settings.get("threads") or 1}
    with ExitStack() as stack:
        crew = {stack.enter_context(Isolated(WORKER, SETTINGS)): deque() for _ in range(workers)}
        try:
            yield from _shared(jobs, crew, settings, as_json)
        except Gone as gone:
            raise SegkitError(gone.reason if gone.status == "refused" else
                              f"a worker gave up: {gone.reason}, perhaps for lack of memory; go on with "
                              "--resume and --workers 1") from gone
        finally:  # after an interrupt, photos under way are finished
            for worker, under_way in crew.items():
                with suppress(Gone):
                    for _ in under_way:
                        worker.answer(inf)


def _here(jobs, settings, as_json):
    """All photos in this process."""
    from segkit.cli.answers import Worker

    worker = Worker()
    worker.start(settings, as_json)
    for job in jobs:
        yield worker.one(job)


def _shared(jobs, crew, settings, as_json):
    """All photos in other processes.

    Args:
        jobs, settings, as_json: as for :func:`run`.
        crew: dictionary from :class:`Isolated` to a deque; it holds the numbers of the jobs under way there.
    """
    left, done = iter(range(len(jobs))), {}

    def hand_out(worker):
        number = next(left, None)
        if number is not None:
            worker.post("one", job=jobs[number])
            crew[worker].append(number)

    for worker in crew:
        worker.post("start", settings=settings, as_json=as_json)
    for worker in list(crew) * AHEAD:
        hand_out(worker)
    for worker in crew:
        worker.answer(inf)  # a wrong model or option is one error, not one for each photo
    for number in range(len(jobs)):
        while number not in done:
            for worker in with_answers(worker for worker, under_way in crew.items() if under_way):
                done[crew[worker][0]] = worker.answer(inf)
                crew[worker].popleft()
                hand_out(worker)
        yield done.pop(number)


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
