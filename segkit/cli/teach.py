"""The work behind ``segkit teach``: photos and scribbles in, a .tflite file with one class more out."""

import sys
from pathlib import Path

from segkit import photos
from segkit.errors import SegkitError, one_line
from segkit.networks.teaching.features import BASE
from segkit.networks.teaching.many import pairs, teach_many
from segkit.networks.teaching.teacher import teach as teach_few


def teach(options):
    """Teach what the command line names, write the file, and say what was learned.

    Args:
        options: the parsed arguments of ``segkit teach``.

    Returns:
        0.

    Raises:
        SegkitError: anything is wrong with a photo, its scribbles, the name or the file.
    """
    target, given, marks = _target(options.out), options.photo, options.scribbles
    if len(given) != len(marks):
        raise SegkitError(f"{len(given)} photos and {len(marks)} scribbles are named; each --photo needs its "
                          "--scribbles")
    settings = {"model": options.model or BASE, "background": _background(options.background),
                "seed": options.seed, "alone": options.alone}
    if len(given) == 1 and Path(given[0]).is_dir():
        taught, report = _many(options, pairs(given[0], marks[0]), target, settings)
    else:
        if options.resume:
            raise SegkitError("--resume is for folders of photos; leave it out")
        taught = teach_few(options.name, [(photo(one), Path(s)) for one, s in zip(given, marks)],
                           **settings)
        report = {"photos": len(given), "iou": None}
    taught.save(target)
    size = target.stat().st_size
    count = report["photos"] - report.get("held_out", 0)
    print(f"{options.name}: learned from {count} photo{'' if count == 1 else 's'}")
    if report["iou"] is not None:
        print(f"IoU {report['iou']:.3f} on {report['held_out']} other photos")
    print(f"{target}: {size:,} bytes; label a photo with: segkit segment PHOTO --model {target}")
    return 0


def _many(options, examples, target, settings):
    from tqdm import tqdm

    def progress(items):
        # disable=None: the bar shows in a terminal only, so that a pipe stays clean.
        return tqdm(items, unit="photo", disable=None, file=sys.stderr)

    kept = target.with_name(f".{target.stem}.features")
    try:
        found = teach_many(options.name, examples, kept, options.resume, progress, **settings)
    except KeyboardInterrupt:
        raise SegkitError("stopped; the same command with --resume goes on from here") from None
    for file in kept.glob("*.npz"):
        file.unlink()
    kept.rmdir()
    return found


def photo(name):
    """The photo at a path, or the sample photo of that name."""
    return photos.sample(name) if name in photos.SAMPLES and not Path(name).exists() else photos.load(name)


def _background(named):
    """Photos that do not show the class; None where nothing was said."""
    if named is None:
        return None
    return [] if named == ["none"] else [photo(name) for name in named]


def _target(out):
    """The path to write. SegkitError: no .tflite file in a folder that is there."""
    target = Path(out).expanduser()
    if target.suffix.lower() != ".tflite" or target.is_dir():
        raise SegkitError(f"--out {one_line(target)} must be a file that ends in .tflite")
    if not target.absolute().parent.is_dir():
        raise SegkitError(f"--out: there is no folder {one_line(target.parent)}")
    return target
