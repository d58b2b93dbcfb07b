"""The explorers of lesson 10: a network with fewer bits, and cost against quality."""

from functools import cache, lru_cache

from segkit import photos
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.languages import message, say
from segkit.lessons.lesson_10 import quantisation
from segkit.networks.segmenter import Segmenter
from segkit.widgets.base import Interactive, pick, slide

CALIBRATION = ("cat", "motorcycle", "hopper")  # photos whose activations give the ranges
COSTS = [(message("bytes of the file"), "bytes"), (message("multiply-adds"), "multiply_adds"),
         (message("milliseconds here"), "milliseconds")]


@cache
def _segmenter(name):
    return Segmenter(name)


@lru_cache(maxsize=4)
def _graph(name, bits, per_channel):
    graph = Graph(name)
    return graph if bits == 32 else quantisation.with_weights(graph, bits, per_channel)


@lru_cache(maxsize=2)
def _ranges(name):
    prepare = _segmenter(name).prepare
    return quantisation.calibrate(Graph(name), [prepare(photos.sample(p))[0] for p in CALIBRATION])


@lru_cache(maxsize=64)
def _mask(name, photo, bits, per_channel, activations):
    """The mask of a sample photo, calculated in NumPy with rounded numbers."""
    graph, segmenter = _graph(name, bits, per_channel), _segmenter(name)
    if activations == 8:
        graph = quantisation.with_activations(graph, _ranges(name))
    pixels = photos.sample(photo)
    values, region = segmenter.prepare(pixels)
    return segmenter.finish(graph.run(values), region, pixels.shape[:2])


def bits(photo="cat", weights=8, name="deeplab-f32"):
    """An explorer: how many bits the weights keep, which scales, and the activations.

    Args:
        photo: name of a sample photo.
        weights: bits that are shown first.
        name: a float32 segmentation model, in the catalogue or a file.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.
    """
    def draw(photo, weights, scales, activations):
        from segkit import plots

        exact = _mask(name, photo, 32, True, 32)
        few = _mask(name, photo, weights, scales, activations)
        said = ["float32" if bits == 32 else say("{bits} bits", bits=bits) for bits in (weights, activations)]
        return plots.compare(photos.sample(photo), {
            say("all in float32"): exact, say("weights {weights}, activations {activations}",
                                             weights=said[0], activations=said[1]): few})

    return Interactive(draw, {
        "photo": pick(say("Photo"), photos.names(), say("The photo whose pixels get labels"), photo),
        "weights": slide(say("Weights"), [(str(n), n) for n in (3, 4, 5, 6, 7, 8)] + [("float32", 32)],
                         say("The number of bits of each weight"), weights),
        "scales": pick(say("Scales"), [(say("one for each channel"), True), (say("one for each layer"), False)],
                       say("How many weights share a scale")),
        "activations": pick(say("Activations"), [("float32", 32), (say("8 bits"), 8)],
                            say("Whether the numbers between two layers are rounded, too"))})


def front(choices, quality=None):
    """An explorer: choices by a cost and a quality, and those that no other one beats.

    Args:
        choices: list of :class:`segkit.lessons.lesson_10.experiments.Choice`.
        quality: the measure that is shown first; None: the first that a choice has.

    Returns:
        a :class:`segkit.widgets.base.Interactive`.

    Raises:
        SegkitError: no choices.
    """
    if not choices:
        raise SegkitError(say("there are no choices to compare"))

    def short(measure):
        """ "mean IoU, 113 VOC photos, 7 classes" as "113 VOC photos": a list has little room."""
        return ", ".join(measure.split(", ")[1:2]) or measure

    measures = list(dict.fromkeys(m for choice in choices for m in choice.quality))
    families = list(dict.fromkeys(choice.family for choice in choices))

    def draw(cost, quality, family):
        from segkit.lessons.lesson_10 import figures

        return figures.front(choices, cost, quality, family or None)

    return Interactive(draw, {
        "cost": pick(say("Cost"), COSTS, say("What should be small")),
        "quality": pick(say("Quality"), [(short(m), m) for m in measures], say(
            "What should be large"), quality),
        # Not None for all: a list whose value is None shows none of its options.
        "family": pick(say("Show"), [(say("all"), ""), *((one, one) for one in families)],
                       say("Which choices take part"))})
