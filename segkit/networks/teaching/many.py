"""Whole masks of many photos: features once, kept on the disk; then one head for all of them."""

import io
from pathlib import Path

import numpy as np

from segkit import photos
from segkit.errors import SegkitError, one_line
from segkit.graph.writing import write
from segkit.languages import say
from segkit.networks.teaching.scribbles import CLASS, UNMARKED, load_scribbles
from segkit.networks.teaching.teacher import Teacher

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
HELD_OUT = 5  # every so many photos one is kept aside, to measure on
FEWEST = 5  # photos: with fewer none is kept aside


def pairs(photo_folder, scribble_folder):
    """The photos of a folder, and their scribbles or masks: PNG files of the same stem.

    Returns:
        list of (path, path), sorted.

    Raises:
        SegkitError: no folder, no photos, or a photo without scribbles.
    """
    photo_folder, scribble_folder = Path(photo_folder), Path(scribble_folder)
    for folder in (photo_folder, scribble_folder):
        if not folder.is_dir():
            raise SegkitError(say("{file} is no folder; photos and scribbles are both files or both "
                                  "folders", file=one_line(folder)))
    found = sorted(path for path in photo_folder.iterdir() if path.suffix.lower() in PICTURES
                   and (photo_folder != scribble_folder or path.suffix.lower() != ".png"))
    if not found:
        raise SegkitError(say("the folder {file} holds no photos", file=one_line(photo_folder)))
    marks = [scribble_folder / f"{path.stem}.png" for path in found]
    lacking = [path for path in marks if not path.is_file()]
    if lacking:
        raise SegkitError(say("{file} is not there, and {lacking} of {found} photos have no scribbles; "
                              "their file has the photo's name and ends in .png", file=one_line(lacking[0]),
                              lacking=len(lacking), found=len(found)))
    return list(zip(found, marks))


def teach_many(name, examples, kept, resume=False, progress=iter, **options):
    """Teach a class from many photos, most of them with whole masks.

    Args:
        name: of the class.
        examples: list of (path of a photo, path of its scribbles).
        kept: a folder for what was computed of each photo; it is made.
        resume: take from there what is there and no older than photo and scribbles.
        progress: a function around each list that is worked on, such as tqdm.
        options: model, background, seed, alone: see :func:`segkit.networks.teaching.teach`.

    Returns:
        (:class:`segkit.networks.teaching.Taught`, a dictionary with "photos", "held_out" and the
        "iou" of the class over all pixels of the held-out photos that are marked; None where
        there are fewer than five photos).

    Raises:
        SegkitError: see :class:`segkit.networks.teaching.Teacher`; nobody marked the class.
    """
    teacher = Teacher(name, **options)
    kept, order = Path(kept), np.random.default_rng(teacher.seed).permutation(len(examples))
    aside = set(order[::HELD_OUT].tolist()) if len(examples) >= FEWEST else set()
    most = teacher.share(len(examples) - len(aside))
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SegkitError(say("{file} cannot be made: {why}", file=one_line(kept),
                              why=error.strerror)) from error
    chosen = [pair for number, pair in enumerate(examples) if number not in aside]
    for number, (photo, marks) in enumerate(progress(chosen)):
        file = kept / f"{number:04d}-{photo.stem}.npz"
        stamp = f"{photo}|{marks}|{teacher.reader.graph.path}|{teacher.seed}|{most}"
        if not (resume and _fresh(file, stamp, photo, marks)):
            seen = teacher.see(photo)
            part = teacher.learned(seen, load_scribbles(marks, seen.photo.shape[:2]), most)
            _keep(file, stamp, part)
        with np.load(file) as stored:
            teacher.add_learned([stored[f"part{n}"] for n in range(4)])
    taught = teacher.fit()
    return taught, {"photos": len(examples), "held_out": len(aside),
                    "iou": _held_out(taught, [examples[n] for n in sorted(aside)], progress)}


def _fresh(file, stamp, *sources):
    """Whether a kept file was made of just these sources."""
    try:
        with np.load(file) as stored:
            return str(stored["stamp"]) == stamp and all(
                file.stat().st_mtime >= source.stat().st_mtime for source in sources)
    except (OSError, ValueError, KeyError, EOFError):
        return False


def _keep(file, stamp, part):
    stream = io.BytesIO()
    np.savez(stream, stamp=stamp, **{f"part{n}": column for n, column in enumerate(part)})
    write(file, stream.getvalue())


def _held_out(taught, examples, progress):
    """The class's IoU over the marked pixels of photos that it was not learned from; None without."""
    both = either = 0
    for photo, marks in progress(examples):
        photo = photos.load(photo)
        marks = load_scribbles(marks, photo.shape[:2])
        found, truth, counts = taught.mask(photo), marks == CLASS, marks != UNMARKED
        both += (found & truth & counts).sum()
        either += ((found | truth) & counts).sum()
    return float(both / either) if either else None
