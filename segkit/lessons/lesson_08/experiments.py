"""Four mistakes that published examples make, as code, so that their cost can be measured.

None of them raises an error: the model takes any numbers of the right shape.
Seen, for example, in these places: division by 255 for the published starter model,
https://github.com/nnstreamer/nnstreamer-example/issues/69; photos from OpenCV
in the order BGR, https://github.com/sglvladi/TensorFlowObjectDetectionTutorial/issues/72;
masks resized bilinearly, https://github.com/tensorflow/docs/pull/2159.
"""

from collections import namedtuple

import numpy as np

from segkit import photos
from segkit.languages import message
from segkit.masks import metrics, resize
from segkit.models.confusions import ways

RIGHT = message("the right way")
STORED = "models/mistakes.npz"  # under data/; tools/mistakes.py writes it
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


def masks(segmenter, photo):
    """The mask of the right way and of each mistake, for one photo.

    Args:
        segmenter: a :class:`segkit.Segmenter` with a float model and fit="stretch".
        photo: (H, W, 3) uint8 RGB.

    Returns:
        dictionary from :data:`RIGHT` and the mistakes' names to (H, W) uint8 class indices.
    """
    size, (height, width) = segmenter.session.inputs[0].shape[1:3], photo.shape[:2]

    def finished(values):
        return segmenter.finish(_scores(segmenter, values), resize.Region(0, 0, *size),
                                (height, width))

    small = _scores(segmenter, segmenter.prepare(photo)[0][0])[0].argmax(axis=-1).astype(np.uint8)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    # Who believes in the crop lays the mask over the centre square only.
    placed = np.zeros((height, width), np.uint8)
    placed[top:top + side, left:left + side] = resize.resize_nearest(small, side, side)
    return {
        RIGHT: segmenter.segment(photo).mask,
        message("divided by 255"): finished(divided_by_255(photo, *size)),
        message("BGR as RGB"): finished(bgr_as_rgb(photo[..., ::-1], *size)),
        message("mask blended"): blended_mask(small, height, width),
        message("stretched, called cropped"): placed,
    }


def measure(segmenter, names=None):
    """What each mistake does to the masks of the sample photos.

    One photo with a true mask is no measurement: on "voc", a mistake can come out above the right
    way. :func:`many_photos` has what was measured on many.

    Args:
        segmenter: as in :func:`masks`.
        names: of sample photos; None: all. "voc" must be among them.

    Returns:
        list of :class:`Row`, the right way first (it changes nothing).
    """
    names = photos.names() if names is None else names
    found = {name: masks(segmenter, photos.sample(name)) for name in names}
    truth = photos.voc_truth()
    return [Row(mistake,
                {name: float((found[name][mistake] != found[name][RIGHT]).mean())
                 for name in names},
                metrics.mean_iou(metrics.confusion_matrix(truth, found["voc"][mistake])))
            for mistake in found[names[0]]]


def confusions(segmenter, labelled):
    """The confusion matrix of each photo, for the right way and for each mistake.

    Args:
        segmenter: as in :func:`masks`.
        labelled: photos with their true masks, pairs of ((H, W, 3) uint8, (H, W) uint8).

    Returns:
        dictionary from :data:`RIGHT` and the mistakes' names to (photos, 21, 21) int64.
    """
    found = {}
    for photo, truth in labelled:
        for mistake, mask in masks(segmenter, photo).items():
            found.setdefault(mistake, []).append(metrics.confusion_matrix(truth, mask))
    return {mistake: np.stack(matrices) for mistake, matrices in found.items()}


def many_photos():
    """What :func:`confusions` gave on photos that are not part of the project.

    Returns:
        list of :class:`segkit.models.confusions.PhotoSet`, in which :data:`RIGHT` and the mistakes
        stand in the place of models.

    Raises:
        SegkitError: the file cannot be read.
    """
    return ways(STORED)


def costs():
    """What each mistake changes in mean IoU on many photos, photo by photo against the right way.

    Returns:
        dictionary from the words for a set of photos to a dictionary from mistake to
        :class:`segkit.masks.bootstrap.Estimate`; below 0: the mistake lowers mean IoU.

    Raises:
        SegkitError: as in :func:`many_photos`.
    """
    return {photo_set.words: {way: photo_set.gain(way, over=RIGHT)
                              for way in photo_set.matrices if way != RIGHT}
            for photo_set in many_photos()}
