"""The work behind ``segkit segment``: one photo, several, or folders of them."""

import sys
from pathlib import Path

from segkit.cli import folder
from segkit.errors import SegkitError

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
    endings = {"mask": "png", "overlay": options.overlay_format}
    outputs = {kind: _outputs(getattr(options, kind), kind, sources, several, ending)
               for kind, ending in endings.items()}
    jobs = [(source, {kind: paths and paths[n] for kind, paths in outputs.items()})
            for n, source in enumerate(sources)]
    settings = {"model": options.model, "fit": options.fit, "runtime": options.runtime,
                "threads": options.threads, "delegate": options.delegate}
    if several:
        return _each(jobs, settings, options)
    if options.resume or options.workers is not None:
        raise SegkitError("--resume and --workers are for several photos; leave them out for one")
    # These take a while to import; for several photos other processes do it.
    from segkit.cli.answers import answer
    from segkit.networks.segmenter import Segmenter

    print(answer(Segmenter(**settings), *jobs[0], options.json, several=False))
    return 0


def _each(jobs, settings, options):
    """Segment all photos; 1 if some failed, else 0. A line for each of these comes at the end."""
    if options.workers is not None and options.workers < 1:
        raise SegkitError(f"--workers is 1 or more, not {options.workers}")
    if options.resume:
        if not (options.mask or options.overlay):
            raise SegkitError("--resume needs --mask or --overlay: their files say what is done")
        before = len(jobs)
        jobs = folder.unfinished(jobs, settings)
        print(f"{before - len(jobs)} of {before} photos were done before", file=sys.stderr)
    folder.stamp(jobs, settings)
    failed = []
    answers = folder.run(jobs, settings, options.json, options.workers)
    if sys.stderr.isatty():  # a pipe stays clean
        answers = _with_bar(answers, len(jobs))
    for said, wrong in answers:
        if said is not None:
            print(said, flush=True)
        failed += [wrong] if wrong else []
    folder.unstamp(jobs)
    for line in failed:
        print(f"segkit: {line}", file=sys.stderr)
    return 1 if failed else 0


def _with_bar(answers, total):
    """The same answers, with a bar that makes room while one of them is printed."""
    from tqdm import tqdm

    with tqdm(total=total, unit="photo") as bar:
        for one in answers:
            with bar.external_write_mode(file=sys.stdout):
                yield one
            bar.update()


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


def _outputs(target, kind, sources, several, ending):
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
        targets = [target / f"{name}.{ending}" for name in names]
    there = [path for path in targets if path.exists()]
    originals = {source.resolve() for source in sources} if there else ()
    for path in there:
        if path.resolve() in originals:
            raise SegkitError(f"--{kind} {path} would overwrite a photo; name another place")
    return targets
