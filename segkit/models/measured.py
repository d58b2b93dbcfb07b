"""What was measured when the models were made: data/models/measured.json.

The photos are not part of the project, so a lesson can show these figures and not repeat them.
data/models/README.md says how they were measured.
"""

import json

from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.models import entries

SETS = {"voc40": "photos of PASCAL VOC", "person200": "photos of people"}  # in words


def networks(photo_set="voc40"):
    """The figures of the whole networks: "deeplab-f32", its other precisions, and the "starter".

    Args, returns and raises: as for :func:`heads`.
    """
    return _of("models", photo_set)


def heads(photo_set="voc40"):
    """The figures of the segmentation heads, all on one trunk that was frozen.

    Args:
        photo_set: "voc40" (photos of PASCAL VOC, 21 classes), "vocval" (photos of its val list),
            "voc" (both) or "person200" (photos of people): of each the half that was looked at once.

    Returns:
        dictionary from head ("v1" ... "v3plus", "v3-os8") to a dictionary with "photos", "miou"
        (mean IoU over all classes), "figure" (the measure of the set: mean IoU, over seven classes on
        "vocval", IoU of person on "person200"), "interval" (the figure's 95 % interval: two
        floats), "person" (IoU of the class person),
        "trimap" (mean IoU near boundaries) and "boundary_f"; all but "photos" from 0 to 1.

    Raises:
        SegkitError: no such set, or the file cannot be read.
    """
    return _of("ablation", photo_set)


def _of(part, photo_set):
    """One part of the file, for one set of photos."""
    file = entries.DATA / "models" / "measured.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))[part]
        sets = sorted({name for figures in found.values() for name in figures})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SegkitError(say("{file} cannot be read ({why}); get a fresh copy of the project",
                              file=one_line(file), why=one_line(error))) from error
    if photo_set not in sets:
        raise SegkitError(say("nothing was measured on {photo_set!r}; there are {listed}", photo_set=photo_set,
                              listed=", ".join(sets)))
    return {name: figures[photo_set] for name, figures in found.items()}
