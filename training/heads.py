"""The heads: DeepLab v1, v2, v3 and v3+ on one trunk, and two small ones that classify and detect.

They share width, norm and kinds of layers, so that what differs is the idea. All 3x3 filters are depthwise-separable, as
the mobile DeepLabs have them (https://arxiv.org/abs/1802.02611, section 3.1): dense ones would be larger than the trunk.
Rates suit a 17x17 to 21x21 feature map (the papers' 6, 12, 18 are for
33x33 and more), times two at output stride 8.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.deeplab import CLASSES, resize
from training.network import CHANNELS, LOW_CHANNELS, convolution

WIDTH, LOW_WIDTH, DECODER = 128, 32, 64
#: Atrous rates at output stride 16: of v1's one filter, of v2's four branches, of v3's three.
FAR, SPREAD, RATES = 6, (2, 4, 6, 9), (3, 6, 9)


class Unit(nn.Sequential):
    """Convolution, batch norm, ReLU6; `kernel` 3 is depthwise-separable with an atrous rate."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, rate: int = 1):
        layers: list[nn.Module] = []
        if kernel > 1:
            layers += [convolution(inputs, inputs, kernel, rate=rate, groups=inputs), nn.BatchNorm2d(inputs), nn.ReLU6()]
        layers += [convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU6()]
        super().__init__(*layers)


class Head(nn.Module):
    """What all heads share: `forward(low, high)` takes the trunk's two features.

    `set_output_stride` spreads the atrous filters so that they keep looking at the same place of the photo.
    """

    def set_output_stride(self, output_stride: int) -> None:
        """Atrous rates for a trunk at stride 16 or 8."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.kernel_size[0] > 1 and getattr(layer, "rate", 0):
                rate = layer.rate * 16 // output_stride
                layer.dilation = layer.padding = (rate, rate)

    def mark_rates(self) -> None:
        """Remember each atrous rate at stride 16 (the decoder's plain filters are at stride 4 whatever the trunk)."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1:
                layer.rate = layer.dilation[0]


class HeadV1(Head):
    """DeepLab v1's LargeFOV, https://arxiv.org/abs/1412.7062, section 3.1: one atrous 3x3 that sees far."""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, classes: int = CLASSES):
        super().__init__()
        self.far = Unit(channels, WIDTH, 3, FAR)
        self.logits = convolution(WIDTH, classes)
        self.mark_rates()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        return self.logits(self.far(high))


class HeadV2(Head):
    """DeepLab v2's ASPP, https://arxiv.org/abs/1606.00915, section 3.2: four atrous branches, their logits summed."""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, classes: int = CLASSES):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(Unit(channels, WIDTH, 3, rate), convolution(WIDTH, classes))
            for rate in SPREAD)
        self.mark_rates()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        total = self.branches[0](high)
        for branch in self.branches[1:]:
            total = total + branch(high)
        return total


class Aspp(nn.Module):
    """DeepLab v3's ASPP, https://arxiv.org/abs/1706.05587, section 3.3: 1x1, three rates, and the whole image."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.near = Unit(channels, width)
        self.far = nn.ModuleList(Unit(channels, width, 3, rate) for rate in RATES)
        self.image = Unit(channels, width)
        self.project = Unit(width * (2 + len(RATES)), width)

    def forward(self, x: Tensor) -> Tensor:
        # Resizing from 1x1, not expand(): that becomes BROADCAST_TO, which the runtimes cannot allocate.
        image = resize(self.image(x.mean((2, 3), keepdim=True)), x.shape[2:])
        return self.project(torch.cat([self.near(x), *[unit(x) for unit in self.far], image], 1))


class HeadV3(Head):
    """DeepLab v3: ASPP with image pooling and batch norm, then the logits."""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, classes: int = CLASSES):
        super().__init__()
        self.aspp = Aspp(channels, WIDTH)
        self.logits = convolution(WIDTH, classes)
        self.mark_rates()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        return self.logits(self.aspp(high))


class HeadV3Plus(Head):
    """DeepLab v3+, https://arxiv.org/abs/1802.02611, section 3.2: ASPP, then a decoder that adds stride-4 detail."""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, classes: int = CLASSES):
        super().__init__()
        self.aspp = Aspp(channels, WIDTH)
        self.narrow = Unit(low_channels, LOW_WIDTH)
        self.squeeze = Unit(WIDTH, DECODER)
        self.refine = Unit(DECODER + LOW_WIDTH, DECODER, 3)
        self.logits = convolution(DECODER, classes)
        self.mark_rates()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        # Squeezed before the resize, sixteen times cheaper than after it.
        wide = resize(self.squeeze(self.aspp(high)), low.shape[2:])
        return self.logits(self.refine(torch.cat([wide, self.narrow(low)], 1)))


SEGMENTERS = {"v1": HeadV1, "v2": HeadV2, "v3": HeadV3, "v3plus": HeadV3Plus}
