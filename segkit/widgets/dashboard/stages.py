"""What a setting's sweep does not measure: the stages around the run, and the mask's quality."""

from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from time import monotonic

from segkit import photos
from segkit.errors import SegkitError
from segkit.masks import metrics
from segkit.networks.segmenter import Segmenter
from segkit.runtime.settings import DELEGATES

PHOTOS, SECONDS = 5, 2  # how often the photo is segmented; slow settings do it less often
SAMPLE = "voc"  # the sample photo with a true mask


@dataclass(frozen=True)
class OnPhoto:
    """A model on the sample photo with a true mask.

    Attributes:
        prepare_ms, finish_ms: median times of the stages before and after the run.
        mean_iou: of the mask, from 0 to 1, on this one photo.
    """

    prepare_ms: float
    finish_ms: float
    mean_iou: float


@lru_cache(maxsize=32)
def on_photo(model, runtime, delegate, threads):
    """Segment the sample photo, in this process.

    Args:
        model, runtime, delegate, threads: of a :class:`segkit.benchmark.Setting`.

    Returns:
        an :class:`OnPhoto`; None where the model is no segmentation model, or cannot run so.
    """
    try:
        segmenter = Segmenter(model, runtime=runtime, threads=threads, delegate=delegate)
        photo, results, end = photos.sample(SAMPLE), [], monotonic() + SECONDS
        while len(results) < PHOTOS and not (results and monotonic() > end):
            results.append(segmenter.segment(photo))
    except SegkitError:
        return None
    truth = metrics.ignore_around(photos.voc_truth(), 5)
    quality = metrics.mean_iou(metrics.confusion_matrix(truth, results[-1].mask))
    return OnPhoto(*(median(r.milliseconds[stage] for r in results)
                     for stage in ("prepare", "finish")), float(quality))


def by_model(results):
    """What the models of results do with the sample photo.

    Each model runs as in its fastest result. In place of a GPU or a delegate's library it gets
    XNNPACK: such a library has done well in a process of its own, but here it could end the kernel.

    Args:
        results: list of :class:`segkit.benchmark.Result` that have times.

    Returns:
        {model: :class:`OnPhoto`}, without the models that make no masks.
    """
    found = {}
    for asked in (r.asked for r in sorted(results, key=lambda r: r.median_ms) if not r.asked.size):
        if asked.model not in found:
            delegate = asked.delegate if asked.delegate in DELEGATES else "xnnpack"
            found[asked.model] = on_photo(asked.model, asked.runtime, delegate, asked.threads)
    return {model: seen for model, seen in found.items() if seen}
