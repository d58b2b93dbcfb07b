"""The whole network `deeplab`: trunk, the mobile ASPP of the published DeepLab, and the decoder of DeepLab v3+.

The mobile ASPP has two branches, 1x1 and image pooling, as the published DeepLabs on MobileNet v2 have it (Sandler et
al., https://arxiv.org/abs/1801.04381, section 6.3: atrous branches cost more there than they bring). The decoder is that
of Chen et al., https://arxiv.org/abs/1802.02611, section 3.2, with one separable convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.network import CHANNELS, LOW_CHANNELS, WIDTHS, Trunk, convolution

CLASSES = 21
#: Channels of the ASPP's branches, of what it hands to the decoder, of the narrowed low feature, of the decoder.
WIDTH, SQUEEZED, NARROW, DECODER = 256, 64, 16, 64


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear with corners aligned, as DeepLab does it: pixel 16 i is where cell i looks."""
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=True)


class MobileHead(nn.Module):
    """(N, 24, h, w) and (N, 192, h/4, w/4) to logits (N, 21, h, w).

    Stacking the branches and projecting them with one 1x1 is the same as projecting each and adding; so the image
    branch, which is one cell, is projected as one cell, and a third of the head's work is spared.
    """

    def __init__(self):
        super().__init__()
        self.near, self.image = convolution(CHANNELS, WIDTH), convolution(CHANNELS, WIDTH)
        self.project, self.project_image = convolution(WIDTH, WIDTH), nn.Conv2d(WIDTH, WIDTH, 1, bias=False)
        self.squeeze, self.narrow = convolution(WIDTH, SQUEEZED), convolution(LOW_CHANNELS, NARROW)
        both = SQUEEZED + NARROW
        self.depthwise, self.pointwise = convolution(both, both, 3, groups=both), convolution(both, DECODER)
        self.logits = convolution(DECODER, CLASSES)

    def aspp(self, high: Tensor) -> Tensor:
        """(N, 256, h, w): what the photo shows around each cell, and what it shows as a whole."""
        image = torch.relu(self.image(high.mean((2, 3), keepdim=True)))
        return torch.relu(self.project(torch.relu(self.near(high))) + self.project_image(image))

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        wide = resize(torch.relu(self.squeeze(self.aspp(high))), low.shape[2:])
        x = torch.cat([wide, torch.relu(self.narrow(low))], 1)
        return self.logits(torch.relu(self.pointwise(torch.relu(self.depthwise(x)))))

    @torch.no_grad()
    def begin_as(self, weight: Tensor, bias: Tensor) -> None:
        """Set the decoder so that it hands through the coarse logits ``weight`` (21, 256) x + ``bias`` (21,).

        A logit passes the ReLUs in two channels, as what is above zero and what is below; the other channels begin as
        chance has it and count nothing until training gives them weight.
        """
        two, identity = 2 * CLASSES, torch.eye(2 * CLASSES)
        self.squeeze.weight[:two, :, 0, 0] = torch.cat([weight, -weight])
        self.squeeze.bias[:two] = torch.cat([bias, -bias])
        self.depthwise.weight[:two] = 0
        self.depthwise.weight[:two, :, 1, 1] = 1
        self.depthwise.bias[:two] = 0
        self.pointwise.weight[:two] = 0
        self.pointwise.weight[:two, :two, 0, 0] = identity
        self.pointwise.bias[:two] = 0
        self.logits.weight.zero_()
        self.logits.weight[:, :two, 0, 0] = identity[:CLASSES] - identity[CLASSES:]
        self.logits.bias.zero_()


class DeepLab(nn.Module):
    """(N, 3, S, S) in [-1, 1] to logits (N, 21, S/4, S/4), sides rounded up."""

    def __init__(self, widths: tuple[int, ...] | None = WIDTHS):
        super().__init__()
        self.trunk, self.head = Trunk(widths=widths), MobileHead()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(*self.trunk(x))
