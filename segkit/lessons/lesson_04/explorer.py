"""The explorer of lesson 04: one branch of ASPP at a time."""

from functools import lru_cache

from segkit import photos
from segkit.languages import message, say
from segkit.lessons.lesson_04 import experiments
from segkit.masks import labels
from segkit.widgets.base import Interactive, pick, slide

ALL = message("all branches")
CLASSES = ("person", "cat", "motorbike", "bottle", "diningtable")


def explorer(photo="motorcycle", shown="motorbike"):
    """Choose a photo, its size, a class and a branch; see where the branch looks and what it says.

    Args:
        photo: the name of a sample photo.
        shown: the class to begin with, one of ``CLASSES``.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.

    Raises:
        SegkitError: trunk or head cannot be had.
    """
    from segkit.lessons.lesson_04 import figures
    from segkit.networks.aspp import Aspp, over_background
    from segkit.networks.heads import Trunk

    trunk, head = Trunk(16), Aspp("v2")

    @lru_cache(maxsize=64)
    def seen(name, scale):
        """The photo at that scale, and {branch: response}."""
        small = experiments.shrunk(photos.sample(name), scale)
        responses = head.responses(trunk.features(small).high)
        return small, {**responses, ALL: head.join(responses)}

    def draw(photo, scale, shown, branch):
        small, responses = seen(photo, scale)
        index = labels.VOC.index(shown)
        values = over_background(responses[branch], index)
        cell = tuple(int(v) for v in divmod(values.argmax(), values.shape[1]))
        rate = None if branch == ALL else head.branches[branch].rate
        return figures.reach(small, values, index, branch, rate, cell)

    return Interactive(draw, {
        "photo": pick(say("Photo"), photos.names(), say("The photo that the branch sees"), photo),
        "scale": slide(say("Scale"), [("1/8", 0.125), ("1/4", 0.25), ("1/2", 0.5), ("1", 1.0)],
                       say("The photo becomes smaller on a grey canvas"), 1.0),
        "shown": pick(say("Class"), CLASSES, say("The class whose score is shown"), shown),
        "branch": slide(say("Branch"), [*head.branches, ALL], say("One branch, or the sum of all"),
                        list(head.branches)[0]),
    })
