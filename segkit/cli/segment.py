"""The work behind ``segkit segment``: one photo, several, or folders of them."""

import json
import sys
from contextlib import suppress
from pathlib import Path

from segkit import photos
from segkit.errors import SegkitError
from segkit.networks.segmenter import Segmenter

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
OVERLAYS = {".png", ".jpg", ".jpeg", ".webp"}


def segment(options):
    """Segment what the command line names, print and write the answers.

    Args:
        options: the parsed arguments of ``segkit segment``.

    Returns:
        0, or 1 where some of several photos failed.

    Raises:
        SegkitError: anything is wrong with the only photo, the model or an option.
    """
    sources, several = _sources(options.photos)
    outputs = {kind: _outputs(getattr(options, kind), kind, sources, several)
               for kind in ("mask", "overlay")}
    segmenter = Segmenter(options.model, fit=options.fit, runtime=options.runtime,
                          threads=options.threads, delegate=options.delegate)
    if not several:
        _one(segmenter, sources[0], 0, outputs, options, several)
        return 0
    failed = _each(segmenter, sources, outputs, options)
    for line in failed:
        print(f"segkit: {line}", file=sys.stderr)
    return 1 if failed else 0


def _each(segmenter, sources, outputs, options):
    """Segment all sources; a line for each that failed."""
    from tqdm import tqdm

    failed = []
    # disable=None: the bar shows in a terminal only, so that a pipe stays clean.
    with tqdm(sources, unit="photo", disable=None) as bar:
        for number, source in enumerate(bar):
            try:
                with bar.external_write_mode(file=sys.stdout):
                    _one(segmenter, source, number, outputs, options, True)
            except SegkitError as error:
                failed.append(str(error))
    return failed


def _sources(named):
    """(list of paths or sample names, whether to treat them as several)."""
    sources, several = [], len(named) > 1
    for name in named:
        path = Path(name).expanduser()
        if path.is_dir():
            inside = sorted(p for p in path.iterdir()
                            if p.suffix.lower() in PICTURES and p.is_file())
            if not inside:
                raise SegkitError(f"the folder {path} holds no pictures "
                                  f"({', '.join(sorted(PICTURES))})")
            sources, several = sources + inside, True
        else:
            sources.append(path)
    return sources, several


def _photo(source):
    """The photo at a path, or the sample photo of that name."""
    if str(source) in photos.SAMPLES and not source.exists():
        return photos.sample(str(source))
    return photos.load(source)


def _outputs(target, kind, sources, several):
    """Where each photo's mask or overlay goes: a list of paths, or None where none is asked for."""
    if target is None:
        return None
    target = Path(target).expanduser()
    if not several:
        endings = {".png"} if kind == "mask" else OVERLAYS
        if target.suffix.lower() not in endings:
            raise SegkitError(f"--{kind} {target} must end in {' or '.join(sorted(endings))}")
        if not target.parent.is_dir():
            raise SegkitError(f"--{kind}: there is no folder {target.parent}")
        if target.is_dir():
            raise SegkitError(f"--{kind} {target} is a folder; name a file")
        targets = [target]
    else:
        if target.is_file() or target.suffix.lower() in PICTURES:
            raise SegkitError(f"--{kind} {target} must be a folder where there are several photos")
        stems = [source.stem for source in sources]
        names = [source.stem if stems.count(source.stem) == 1 else source.name
                 for source in sources]
        if len(set(names)) < len(names):
            raise SegkitError(f"--{kind}: several photos have the same name "
                              f"{max(names, key=names.count)}; run them one folder at a time")
        targets = [target / f"{name}.png" for name in names]
    originals = {source.resolve() for source in sources}
    for path in targets:
        if path.resolve() in originals:
            raise SegkitError(f"--{kind} {path} would overwrite a photo; name another place")
    return targets


def _one(segmenter, source, number, outputs, options, several):
    """Segment one photo, write its files, print its answer."""
    result = segmenter.segment(_photo(source))
    if outputs["mask"]:
        _save(result.mask_image(), outputs["mask"][number], several)
    if outputs["overlay"]:
        _save(result.overlay(), outputs["overlay"][number], several)
    if options.json:
        print(json.dumps(_report(segmenter, source, result, several)))
    elif several:
        print(f"{source}: {_shares(result)}")
    else:
        print("\n".join(_lines(segmenter, source, result)))


def _save(image, path, make_folder):
    """Write a picture whole or not at all: into a file beside it first, then renamed."""
    draft = path.with_name(f".segkit-{path.name}")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        image.save(draft)
        draft.replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            draft.unlink()
        reason = getattr(error, "strerror", None) or error
        raise SegkitError(f"{path} cannot be written: {reason}") from error


def _report(segmenter, source, result, several):
    """The answer as one JSON object."""
    session = segmenter.session
    height, width = result.mask.shape
    report = {"model": session.model.name if session.model else str(session.path),
              "runtime": session.applied.runtime, **session.report(), "fit": segmenter.fit,
              "size": [width, height], "classes": [c._asdict() for c in result.classes],
              "milliseconds": {k: round(v, 3) for k, v in result.milliseconds.items()}}
    return {"photo": str(source), **report} if several else report


def _shares(result):
    return ", ".join(f"{c.name} {c.share:.1%}" for c in result.classes)


def _lines(segmenter, source, result):
    """The answer for people."""
    height, width = result.mask.shape
    session, times = segmenter.session, result.milliseconds
    applied = session.applied
    yield f"{source}: {width} x {height} pixels"
    for c in result.classes:
        yield f"  {c.share:>6.1%}  {c.name}"
    yield (f"{session.model.name if session.model else session.path} on {applied.runtime} "
           f"{applied.version}, threads: {applied.threads}, delegate: {applied.delegate} "
           f"({applied.operators_taken} of {applied.operators} operators)")
    if applied.delegate != session.asked.delegate:
        yield f"asked for the delegate {session.asked.delegate}: it took no operator of this model"
    yield ", ".join(f"{stage} {value:.1f} ms" for stage, value in times.items())
