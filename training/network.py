"""The trunk: MobileNet v2 with batch norm folded away, ending in 192 channels at output stride 16.

Sources: Sandler et al., "MobileNetV2", CVPR 2018, https://arxiv.org/abs/1801.04381 (width 1.0); atrous stages after Chen
et al., "Rethinking Atrous Convolution", https://arxiv.org/abs/1706.05587, section 3.1. The weights begin as those of a
published DeepLab (`training.beginning`), whose last block has 320 channels; ours has the 192 directions of them that
the published head looks at most.

Two habits here come from the device. Batch norm is folded into the convolutions before training: the shipped graph has
none, and on a processor it is half the cost of a step. And input sides are 16 n + 1, for which PyTorch's symmetric
padding is TensorFlow's SAME.
"""

from __future__ import annotations

from torch import Tensor, nn

from segkit.errors import SegkitError
from training.fast import Depthwise

#: MobileNet v2's blocks as (stride, channels in, channels out); the hidden channels are six times those that go in, but
#: for the first block, which has no expansion.
BLOCKS = ((1, 32, 16), (2, 16, 24), (1, 24, 24), (2, 24, 32), (1, 32, 32), (1, 32, 32), (2, 32, 64), (1, 64, 64),
          (1, 64, 64), (1, 64, 64), (1, 64, 96), (1, 96, 96), (1, 96, 96), (2, 96, 160), (1, 160, 160), (1, 160, 160),
          (1, 160, 192))
#: The hidden channels that ours keeps of MobileNet v2's 32, 96, 144 ...: eight of the stem's were dead, and of the others
#: those went that counted least (`training.beginning`). Multiples of 16, as the runtimes' kernels want them.
WIDTHS = (24, 80, 128, 128, 176, 176, 176, 352, 352, 352, 352, 528, 528, 528, 880, 880, 880)
#: The block whose output is the decoder's stride-4 feature, and the channels of the two features.
LOW, LOW_CHANNELS, CHANNELS = 2, 24, 192


def convolution(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, rate: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution with bias whose output has ceil(side / stride) pixels (rate: the atrous rate)."""
    kind = Depthwise if groups == inputs > 1 else nn.Conv2d
    return kind(inputs, outputs, kernel, stride, rate * (kernel // 2), rate, groups)


class Block(nn.Module):
    """Inverted residual: expand with 1x1, filter each channel by itself, project with 1x1; added to its input."""

    def __init__(self, stride: int, inputs: int, outputs: int, wide: int):
        super().__init__()
        self.expand = convolution(inputs, wide) if wide != inputs else None
        self.depthwise = convolution(wide, wide, 3, stride, groups=wide)
        self.project = convolution(wide, outputs)
        self.relu = nn.ReLU6()
        self.stride, self.residual = stride, stride == 1 and inputs == outputs

    def set_atrous(self, stride: int, rate: int) -> None:
        """Step and atrous rate of the depthwise filter; its weights stay."""
        self.depthwise.stride = (stride, stride)
        self.depthwise.dilation = self.depthwise.padding = (rate, rate)

    def hidden(self, x: Tensor) -> Tensor:
        """What the block projects: (N, wide, h, w), between 0 and 6."""
        y = self.relu(self.expand(x)) if self.expand is not None else x
        return self.relu(self.depthwise(y))

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.hidden(x))
        return x + y if self.residual else y


class Trunk(nn.Module):
    """(N, 3, S, S) in [-1, 1] to two features: (N, 24, S/4, S/4) and (N, 192, S/16, S/16), sides rounded up.

    `output_stride` 8 doubles the second one's side on the same weights; SegkitError for anything but 8 and 16.
    `widths` are the blocks' hidden channels; the first block's are also the stem's.
    """

    def __init__(self, output_stride: int = 16, widths: tuple[int, ...] | None = None, blocks: tuple = BLOCKS):
        super().__init__()
        widths = widths or tuple(inputs * (6 if place else 1) for place, (_, inputs, _) in enumerate(blocks))
        self.stem = convolution(3, widths[0], 3, 2)
        self.relu = nn.ReLU6()
        rows = ((blocks[0][0], widths[0], blocks[0][2]), *blocks[1:])
        self.blocks = nn.ModuleList(Block(*row, wide) for row, wide in zip(rows, widths))
        self.set_output_stride(output_stride)

    @property
    def widths(self) -> tuple[int, ...]:
        """The blocks' hidden channels."""
        return tuple(block.depthwise.out_channels for block in self.blocks)

    def set_output_stride(self, output_stride: int) -> None:
        """Trade steps for atrous rates from the first block on that would pass `output_stride`."""
        if output_stride not in (8, 16):
            raise SegkitError(f"output stride {output_stride} was asked for; 8 and 16 are built")
        reached, rate = 2, 1
        for block in self.blocks:
            # The block that loses its step keeps the old rate: its own input is not yet any denser.
            dense = block.stride == 2 and reached == output_stride
            block.set_atrous(1 if dense else block.stride, rate)
            rate, reached = (rate * 2, reached) if dense else (rate, reached * block.stride)

    def early(self, x: Tensor) -> Tensor:
        """Stem and first blocks up to the low feature's block, inclusive."""
        x = self.relu(self.stem(x))
        for block in self.blocks[:LOW + 1]:
            x = block(x)
        return x

    def late(self, x: Tensor) -> Tensor:
        """The other blocks: the low feature to the high one."""
        for block in self.blocks[LOW + 1:]:
            x = block(x)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = self.early(x)
        return low, self.late(low)
