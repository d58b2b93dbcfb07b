"""The explorers of lesson 01: three answers to one photo, and things that touch."""

from functools import lru_cache

from segkit import photos
from segkit.languages import message, say
from segkit.lessons.lesson_01 import scenes
from segkit.widgets.base import Interactive, pick, slide

SEGMENTING = (("DeepLab v3+", "v3plus"), ("DeepLab v3", "v3"), ("DeepLab v2", "v2"),
              ("DeepLab v1", "v1"))
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
KINDS = ((message("discs"), ("disc",)), (message("discs and squares"), ("disc", "square")),
         (message("all three"), scenes.KINDS))


def three_answers(photo="voc", least=0.3):
    """Explore a label, boxes and a mask of the project's own heads.

    Args:
        photo: the sample that is shown first, a name in :func:`segkit.photos.names`.
        least: boxes with a lower score are left out at first; one of :data:`THRESHOLDS`.

    Returns:
        an :class:`~segkit.widgets.base.Interactive` with the controls photo, head, least.
    """
    from segkit.networks import heads

    @lru_cache
    def features(name):
        return trunk.features(photos.sample(name))

    @lru_cache
    def segmenting(name):
        return heads.SegmentationHead(name)

    def draw(photo, head, least):
        from segkit.lessons.lesson_01 import figures

        seen = features(photo)
        return figures.three(classifier.classify(seen), detector.detect(seen, least),
                           segmenting(head).segment(seen))

    trunk, classifier, detector = heads.Trunk(16), heads.Classifier(), heads.Detector()
    return Interactive(draw, {
        "photo": pick(say("Photo"), photos.names(), say("A sample photo"), photo),
        "head": pick(say("Mask by"), SEGMENTING, say("The head that makes the mask")),
        "least": slide(say("Box score"), THRESHOLDS, say("Boxes with a lower score are left out"), least),
    })


def touching():
    """Explore when a semantic mask stops counting: things in a row, with a gap or without.

    Returns:
        an :class:`~segkit.widgets.base.Interactive` with the controls kinds, count, gap.
    """
    def draw(kinds, count, gap):
        from segkit.lessons.lesson_01.scene_figures import pieces_and_things

        return pieces_and_things(scenes.lined_up(count, gap, kinds))

    return Interactive(draw, {
        "kinds": pick(say("Things"), KINDS, say(
            "What stands in the row")),
        "count": slide(say("How many"), (2, 3, 4, 5), say("How many things"), 4),
        "gap": slide(say("Gap"), (8, 4, 2, 1, 0, -4, -8, -16), say("Empty pixels between neighbours"), 0),
    })
