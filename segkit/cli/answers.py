"""One photo of ``segkit segment``: read, label, write its files, and say what was found."""

import json

from segkit import photos
from segkit.errors import SegkitError, enough_memory, whole_file
from segkit.networks.segmenter import Segmenter

FAST_PNG = 1  # zlib's level: the quickest; files are a little larger
# How many pixels a side a file of this format can hold, or the library that writes it.
LONGEST = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}


class Worker:
    """Answers photo after photo with one segmenter; :mod:`segkit.cli.folder` has it in other processes."""

    def start(self, settings, as_json):
        """Make ready. SegkitError: the model cannot be had, or a setting is wrong.

        Args:
            settings: dictionary of arguments for :class:`segkit.Segmenter`.
            as_json: as for :func:`answer`.
        """
        self._segmenter, self._as_json = Segmenter(**settings), as_json

    def one(self, job):
        """(answer, None) for a job (source, targets), or (None, a line that says what was wrong)."""
        try:
            return answer(self._segmenter, *job, self._as_json, several=True), None
        except SegkitError as error:
            return None, str(error)


def answer(segmenter, source, targets, as_json, several):
    """Segment one photo, write its files, and return what is to be printed.

    Args:
        segmenter: a :class:`segkit.Segmenter`.
        source: pathlib.Path of a photo, or a sample's name as one.
        targets: dictionary with the pathlib.Path of the "mask" and of the "overlay"; None: none.
        as_json: one JSON object in place of words.
        several: whether there are other photos: words on one line, folders made where they lack.

    Returns:
        str, without the last line's end.

    Raises:
        SegkitError: the photo cannot be read or labelled, or a file not be written.
    """
    with enough_memory(str(source)):
        result = segmenter.segment(_photo(source))
        if targets["mask"]:
            _save(result.mask_image(), targets["mask"], several)
        if targets["overlay"]:
            _save(result.overlay(), targets["overlay"], several)
    if as_json:
        return json.dumps(_report(segmenter, source, result, several))
    if several:
        shares = ", ".join(f"{c.name} {c.share:.1%}" for c in result.classes)
        return f"{source}: {shares}"
    return "\n".join(_lines(segmenter, source, result))


def _photo(source):
    """The photo at a path, or the sample photo of that name."""
    if str(source) in photos.SAMPLES and not source.exists():
        return photos.sample(str(source))
    return photos.load(source)


def _save(image, path, make_folder):
    """Write a picture whole or not at all."""
    ending = path.suffix.lower()
    if max(image.size) > LONGEST.get(ending, max(image.size)):
        raise SegkitError(f"{path} cannot be written: a {ending} file holds at most {LONGEST[ending]} pixels a "
                          f"side, and the photo has {max(image.size)}; choose PNG")
    options = {"compress_level": FAST_PNG} if ending == ".png" else {"quality": 90}
    with whole_file(path) as draft:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        image.save(draft, **options)


def _report(segmenter, source, result, several):
    """The answer as one JSON object."""
    session = segmenter.session
    height, width = result.mask.shape
    report = {"model": session.model.name if session.model else str(session.path),
              "runtime": session.applied.runtime, **session.report(), "fit": segmenter.fit,
              "size": [width, height], "classes": [c._asdict() for c in result.classes],
              "milliseconds": {k: round(v, 3) for k, v in result.milliseconds.items()}}
    return {"photo": str(source), **report} if several else report


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
