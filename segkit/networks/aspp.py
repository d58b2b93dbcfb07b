"""The branches of a head's ASPP: read from its model file, and run one by one in NumPy.

ASPP puts several layers side by side on the same features. A branch is one of them. DeepLab v2
adds the class scores of its branches; DeepLab v3 stacks their channels, and two more layers follow.

Sources: Chen et al., DeepLab v2, https://arxiv.org/abs/1606.00915, section 3.2; DeepLab v3,
https://arxiv.org/abs/1706.05587, section 3.3. The layers are those of :mod:`segkit.reference`.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np

from segkit import reference
from segkit.errors import SegkitError
from segkit.graph import Graph, convolution
from segkit.languages import say
from segkit.masks import labels, resize
from segkit.masks.scores import class_map

HEADS = ("v2", "v3", "v3-os8")


@dataclass(frozen=True, eq=False)
class Branch:
    """One branch; a function from the features (H, W, C_in) to its response (H, W, C_out).

    Attributes:
        name: "rate 6", "1x1" or "image".
        rate: its atrous rate; 1 for "1x1", 0 for "image", which sees the whole map.
        layers: tuple of :class:`segkit.reference.Convolution`; the training's batch norm is folded
            into the kernels and biases of v3.
    """

    name: str
    rate: int
    layers: tuple

    def __call__(self, features):
        if self.rate == 0:
            (layer,) = self.layers
            return reference.image_pooling(features, layer.kernel, layer.bias, layer.activation)
        return reference.chain(features, self.layers)


class Aspp:
    """The branches of one head, and what follows them.

    >>> aspp = Aspp("v2")
    >>> list(aspp.branches)
    ['rate 2', 'rate 4', 'rate 6', 'rate 9']

    Args:
        head: "v2", "v3" or "v3-os8".

    Attributes:
        branches: dictionary from name to :class:`Branch`, in the order of the paper.
        after: tuple of convolutions: what follows once they are joined; empty for v2.
        stacked: whether the responses are stacked (v3) or added (v2).
        size: (height, width) of the logits.

    Raises:
        SegkitError: another head, or its file cannot be had.
    """

    def __init__(self, head):
        if head not in HEADS:
            raise SegkitError(say("the head {head!r} has no branches that can be read here; there are {listed}",
                                  head=head, listed=", ".join(HEADS)))
        graph = Graph(f"head-{head}")
        steps = [operator for operator in graph.operators if operator.name != "DEQUANTIZE"]
        join = next(o for o in steps if o.name in ("ADD", "CONCATENATION"))
        starts = [o for o in steps if o.inputs[0] is graph.inputs[0]]
        chains = [_chain(steps, start) for start in starts]
        self.stacked = join.name == "CONCATENATION"
        if self.stacked:  # take their order from there: the file computes them in another
            order = [tensor.index for tensor in join.inputs]
            chains.sort(key=lambda chain: order.index(chain[-1].outputs[0].index))
        named = [_branch(chain) for chain in chains]
        self.branches = {branch.name: branch for branch in named}
        self.after = _convolutions(_chain(steps, join)) if self.stacked else ()
        self.size = graph.outputs[0].shape[1:3]

    def doubled(self):
        """The same weights with all atrous rates doubled, for features at half the output stride.

        Source: DeepLab v3, section 3.3. Returns an :class:`Aspp` whose branches have new names.
        """
        twin = copy(self)
        branches = []
        for branch in self.branches.values():
            if branch.rate > 1:
                branch = Branch(f"rate {2 * branch.rate}", 2 * branch.rate, tuple(
                    layer._replace(rate=2 * layer.rate if layer.rate > 1 else 1)
                    for layer in branch.layers))
            branches.append(branch)
        twin.branches = {branch.name: branch for branch in branches}
        return twin

    def responses(self, features):
        """Each branch's response: dictionary from name to (H, W, C_out).

        Args:
            features: (H, W, 192), the ``high`` of :class:`segkit.networks.heads.Features`.
        """
        return {name: branch(features) for name, branch in self.branches.items()}

    def join(self, responses):
        """The logits of the cells, (H, W, 21), from :meth:`responses`, changed or not.

        For v2, branches may be missing: what is not there is not added.
        """
        if not self.stacked:
            return sum(responses.values())
        return reference.chain(np.concatenate([responses[name] for name in self.branches], axis=2),
                               self.after)

    def logits(self, responses):
        """The logits at the size of the model's input, (257, 257, 21), as the head gives them."""
        return reference.resize_bilinear(self.join(responses), *self.size, align_corners=True)

    def mask(self, responses, photo_size):
        """The mask at the photo's size (H, W), uint8 class indices."""
        return resize.resize_nearest(class_map(self.logits(responses)), *photo_size)


def over_background(response, index):
    """How much more a response speaks for a class than for background: (H, W) float32.

    Args:
        response: (H, W, 21) class scores, of one branch of v2 or of the whole head.
        index: the class index.
    """
    return response[..., index] - response[..., labels.BACKGROUND]


def _chain(steps, start):
    """The operator ``start`` and those after it, up to where several ways meet or the map grows."""
    chain = [start]
    while True:
        made = chain[-1].outputs[0]
        readers = [o for o in steps if any(t is made for t in o.inputs)]
        if len(readers) != 1 or readers[0].name in ("ADD", "CONCATENATION"):
            return chain
        chain.append(readers[0])


def _convolutions(chain):
    return tuple(convolution(operator) for operator in chain if "CONV" in operator.name)


def _branch(chain):
    layers = _convolutions(chain)
    if chain[0].name == "MEAN":
        return Branch("image", 0, layers)
    rate = max(layer.rate for layer in layers)
    return Branch("1x1" if rate == 1 else f"rate {rate}", rate, layers)
