"""Four mistakes that published examples make, as code, so that their cost can be measured.

None of them raises an error: the model takes any numbers of the right shape.
Seen, for example, in these places: division by 255 for this very model,
https://github.com/nnstreamer/nnstreamer-example/issues/69; photos from OpenCV
in the order BGR, https://github.com/sglvladi/TensorFlowObjectDetectionTutorial/issues/72;
masks resized bilinearly, https://github.com/tensorflow/docs/pull/2159.
"""

from collections import namedtuple

import numpy as np

from segkit import photos
from segkit.masks import metrics, resize

Row = namedtuple("Row", "mistake changed iou")
Row.__doc__ = """One line of :func:`measure`.

mistake: its name. changed: dictionary from photo name to the share of pixels
(0 to 1) that get another class than the right way gives them. iou: mean IoU on
the photo "voc", whose true mask is known.
"""


def divided_by_255(photo, height=257, width=257):
    """The model's input with values from 0 to 1, where it was trained on -1 to 1.

    Args:
        photo: (H, W, 3) uint8 RGB.

    Returns:
        (height, width, 3) float32.
    """
    return resize.resize_bilinear(photo, height, width) / 255


def bgr_as_rgb(bgr, height=257, width=257):
    """The model's input from a photo in OpenCV's order blue, green, red, left in that order.

    Args:
        bgr: (H, W, 3) uint8, blue first.

    Returns:
        (height, width, 3) float32 from -1 to 1.
    """
    return resize.resize_bilinear(bgr, height, width) / 127.5 - 1


blended_mask = resize.blended_mask


def stretched_not_cropped(photo, size=257):
    """A photo squeezed into a square, where the text says that its centre was cropped.

    Args:
        photo: (H, W, 3) uint8 RGB.

    Returns:
        (size, size, 3) float32 from 0 to 255.
    """
    return resize.resize_bilinear(photo, size, size)


def _scores(segmenter, values):
    return segmenter.session.run(np.asarray(values, np.float32)[None])


def _with_values(segmenter, photo, values):
    size = segmenter.session.inputs[0].shape[1:3]
    return segmenter.finish(_scores(segmenter, values), resize.Region(0, 0, *size), photo.shape[:2])


def masks(segmenter, photo):
    """The mask of the right way and of each mistake, for one photo.

    Args:
        segmenter: as in :func:`measure`.
        photo: (H, W, 3) uint8 RGB.

    Returns:
        dictionary from "the right way" and the mistakes' names to (H, W) uint8 class indices.
    """
    height, width = photo.shape[:2]
    right = segmenter.prepare(photo)[0][0]
    small = _scores(segmenter, right)[0].argmax(axis=-1).astype(np.uint8)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    # Who believes in the crop lays the mask over the centre square only.
    placed = np.zeros((height, width), np.uint8)
    placed[top:top + side, left:left + side] = resize.resize_nearest(small, side, side)
    return {
        "the right way": segmenter.segment(photo).mask,
        "divided by 255": _with_values(segmenter, photo, divided_by_255(photo)),
        "BGR as RGB": _with_values(segmenter, photo, bgr_as_rgb(photo[..., ::-1])),
        "mask blended": blended_mask(small, height, width),
        "stretched, called cropped": placed,
    }


def measure(segmenter, names=None):
    """What each mistake does to the masks of the sample photos.

    One photo with a true mask is no measurement: on "voc", a mistake can come out
    above the right way. On 40 labelled photos of PASCAL VOC, which are not part of
    the project, the published starter model "deeplabv3" has a mean IoU of 0.48 (the
    right way), 0.37 (divided by 255), 0.43 (BGR), 0.45 (blended), 0.34 (crop); our
    own models were not measured in this way.

    Args:
        segmenter: a :class:`segkit.Segmenter` with a float model of 257 x 257
            and fit="stretch".
        names: of sample photos; None: all. "voc" must be among them.

    Returns:
        list of :class:`Row`, the right way first (it changes nothing).
    """
    names = photos.names() if names is None else names
    found = {name: masks(segmenter, photos.sample(name)) for name in names}
    truth = photos.voc_truth()
    return [Row(mistake,
                {name: float((found[name][mistake] != found[name]["the right way"]).mean())
                 for name in names},
                metrics.mean_iou(metrics.confusion_matrix(truth, found["voc"][mistake])))
            for mistake in found[names[0]]]
