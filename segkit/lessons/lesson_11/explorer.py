"""The explorer of lesson 11: a thing, the marks, and three ways to learn from them."""

from functools import lru_cache

from segkit import photos
from segkit.languages import say
from segkit.widgets.base import Interactive, pick, slide

COUNTS = (5, 10, 20, 50, 100)


def explorer(thing="cup on coffee", way="spread", count=20):
    """Choose a thing, how many points are marked, which draw of them, and how the class is learned.

    Args:
        thing: "class on photo", one of the outlines of data/teaching.
        way: "prototype", "points" or "spread".
        count: points of each side.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.

    Raises:
        SegkitError: the model cannot be had.
    """
    from segkit.lessons.lesson_11 import experiments, figures
    from segkit.networks.teaching.features import FeatureReader
    from segkit.networks.teaching.outlines import drawn, listed, points
    from segkit.networks.teaching.teacher import teach

    reader = FeatureReader()
    seen = lru_cache(lambda photo: reader(photos.sample(photo)))

    def draw(thing, way, count, seed):
        name, photo = thing.split(" on ")
        truth = drawn(name, photo)
        marks = points(truth, count, seed)
        if way == "spread":
            mask = teach(f"the {name}", [(seen(photo), marks)], reader, background=[]).mask(seen(photo))
        else:
            learn = {"prototype": experiments.by_prototype, "points": experiments.by_points}[way]
            mask = learn(seen(photo), marks)
        return figures.masks(seen(photo).photo, {f"{say(name)}, {say(figures.NAMES[way])}": mask}, truth, marks)

    things = [(say("{name} on {photo}", name=say(name),
                   photo=photo), f"{name} on {photo}") for name, photo in listed()]
    return Interactive(draw, {
        "thing": pick(say("Thing"), things, say("What is taught, and on which photo"), thing),
        "way": pick(say("Way"), [(words, way) for way, words in figures.NAMES.items()], say(
            "How it is learned"), way),
        "count": slide(say("Points"), COUNTS, say("How many points are marked on each side"), count),
        "seed": slide(say("Draw"), range(5), say("Which points they are"), 0),
    })
