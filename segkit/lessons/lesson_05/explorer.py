"""The explorer of lesson 05: one photo, and the image features of another."""

from functools import lru_cache

import numpy as np

from segkit import photos
from segkit.languages import message, say
from segkit.masks import labels
from segkit.widgets import markup
from segkit.widgets.base import Interactive, pick, slide

PANEL = 375  # pixels: the width of one of two panels
OWN, NOTHING = message("its own image features"), message("no image features")


def explorer(photo="coffee", heard=NOTHING):
    """Choose a photo, an output stride, and what the image branch of the v3 head gets.

    Args:
        photo: the name of a sample photo.
        heard: ``OWN``, ``NOTHING`` (zeros in their place), or the name of another photo.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.

    Raises:
        SegkitError: trunk or head cannot be had.
    """
    from segkit.lessons.lesson_05 import figures
    from segkit.networks.aspp import Aspp
    from segkit.networks.heads import Trunk
    from segkit.networks.segmenter import Segmentation

    @lru_cache
    def parts(stride):
        head = Aspp("v3")
        return Trunk(stride), head if stride == 16 else head.doubled()

    @lru_cache(maxsize=32)
    def seen(name, stride):
        """(features, responses) of a photo."""
        trunk, head = parts(stride)
        features = trunk.features(photos.sample(name))
        return features, head.responses(features.high)

    def segmentation(name, stride, image=None):
        """The mask of a photo, with the response of the image branch replaced by ``image``."""
        head, (features, responses) = parts(stride)[1], seen(name, stride)
        if image is not None:
            responses = {**responses, "image": image}
        mask = head.mask(responses, features.photo.shape[:2])
        return markup.smaller(Segmentation(features.photo, mask, labels.VOC, {}), PANEL)

    def draw(photo, heard, stride):
        if heard == NOTHING:
            image = np.zeros_like(seen(photo, stride)[1]["image"])
        else:
            image = seen(photo if heard == OWN else heard, stride)[1]["image"]
        words = say(heard) if heard in (OWN, NOTHING) else say("the image features of {heard}", heard=heard)
        return figures.heard(segmentation(photo, stride), segmentation(photo, stride, image), words)

    return Interactive(draw, {
        "photo": pick(say("Photo"), photos.names(), say("The photo that is segmented"), photo),
        "heard": pick(say("Image"), [OWN, NOTHING, *photos.names()],
                      say("Where the image branch takes its mean from"), heard),
        "stride": slide(say("Stride"), [("16", 16), ("8", 8)], say("The output stride of the trunk"), 16),
    })
