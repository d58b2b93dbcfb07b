"""Stage `begin`: the published DeepLab's weights, made into the beginning of ours.

Where they come from: `deeplabv3_mnv2_pascal_quant` (MobileNet v2, Apache-2.0, https://github.com/google-coral/test_data)
is read with `segkit.graph`, its 8-bit weights as real numbers; or an .npz of such arrays that were already trained on.
Three changes follow, each measured on photos, none of them trained:

1. Hidden channels that count least go. What a channel counts is the variance that it gives to its block's output. The
   block's projection is fitted anew by least squares, so that with the channels left it gives what the block with all
   channels gave (He et al., "Channel pruning for accelerating very deep neural networks",
   https://arxiv.org/abs/1707.06168, section 3.1).
2. The last block projects to 192 channels instead of 320: the principal directions of what the head's two branches see.
   No activation stands between that projection and the branches, so little is lost. The directions are then turned at
   random, so that all channels have about the same size (8-bit numbers share one scale).
3. The decoder begins as one that hands the coarse logits through (`deeplab.MobileHead.begin_as`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from segkit.errors import SegkitError
from segkit.masks import resize
from training import label
from training.deeplab import DeepLab
from training.network import BLOCKS, CHANNELS, Block, Trunk, convolution

PUBLISHED = BLOCKS[:-1] + ((1, 160, 320),)
#: Cells of a photo that the least squares see, and how much the solution is held back (a share of the mean variance).
CELLS, RIDGE = 256, 1e-3


class Published(nn.Module):
    """The published network: MobileNet v2, two branches, logits (N, 21, S/16, S/16)."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk(blocks=PUBLISHED)
        self.near, self.image = convolution(320, 256), convolution(320, 256)
        self.project, self.logits = convolution(512, 256), convolution(256, 21)

    def forward(self, x: Tensor) -> Tensor:
        high = self.trunk(x)[1]
        image = torch.relu(self.image(high.mean((2, 3), keepdim=True))).expand(-1, -1, *high.shape[2:])
        return self.logits(torch.relu(self.project(torch.cat([image, torch.relu(self.near(high))], 1))))


def arrays_of(file: str | Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weights (out, in, h, w), biases) of the convolutions in a .tflite file's or an .npz's order, float32."""
    if Path(file).suffix == ".npz":
        with np.load(file) as stored:
            names = sorted(name for name in stored.files if name.endswith("_weight"))
            found = [(stored[name], stored[name.removesuffix("weight") + "bias"]) for name in names]
    else:
        from segkit.graph import Graph

        found = [tuple(tensor.values() for tensor in operator.inputs[1:3]) for operator in Graph(file).operators
                 if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    # Depthwise kernels are (1, height, width, channels), the others (out, height, width, in).
    return [(weight.transpose((3, 0, 1, 2) if len(weight) == 1 < len(bias) else (0, 3, 1, 2)), bias)
            for weight, bias in found]


def published(file: str | Path) -> Published:
    """The published network with a file's weights; SegkitError where they do not fit."""
    net, arrays = Published(), arrays_of(file)
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    shapes = [tuple(layer.weight.shape) for layer in layers]
    if shapes != [weight.shape for weight, _ in arrays]:
        raise SegkitError(f"{file} does not hold the weights of DeepLab v3 on MobileNet v2 (width 1.0)")
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, arrays):
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
            layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))
    return net.eval()


def rows(maps: Tensor, seed: int = 0) -> Tensor:
    """(cells, channels) of (N, channels, h, w): the same random cells of each photo whatever the channels are."""
    flat = maps.permute(0, 2, 3, 1).reshape(len(maps), -1, maps.shape[1])
    random = np.random.default_rng([seed, flat.shape[1]])
    chosen = random.integers(0, flat.shape[1], min(CELLS, flat.shape[1]))
    return flat[:, torch.from_numpy(chosen)].reshape(-1, maps.shape[1]).double()


def least_squares(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """(weights (out, in), bias (out,)) that turn rows of `given` into rows of `wanted` as well as can be."""
    means = given.mean(0), wanted.mean(0)
    left, right = given - means[0], wanted - means[1]
    square = left.T @ left
    square += torch.eye(len(square)) * RIDGE * square.diagonal().mean()
    weight = torch.linalg.solve(square, left.T @ right).T
    return weight, means[1] - weight @ means[0]


def take(block: Block, old: Block, kept: Tensor, inputs: Tensor | None = None) -> None:
    """Copy the kept hidden channels of `old` (and the kept `inputs` of its first layer) into `block`."""
    if old.expand is not None:
        block.expand.weight.copy_(old.expand.weight[kept])
        block.expand.bias.copy_(old.expand.bias[kept])
    block.depthwise.weight.copy_(old.depthwise.weight[kept])
    block.depthwise.bias.copy_(old.depthwise.bias[kept])


@torch.no_grad()
def slim(net: DeepLab, origin: Published, photos: Tensor) -> Tensor:
    """Fill the trunk but for its last projection; returns what the last block's hidden channels are, cell by cell."""
    wanted, ours = origin.trunk.relu(origin.trunk.stem(photos)), None
    for place, (block, old) in enumerate(zip(net.trunk.blocks, origin.trunk.blocks)):
        hidden = rows(old.hidden(wanted))
        counts = hidden.var(0) * old.project.weight[:, :, 0, 0].double().pow(2).sum(0)
        kept = counts.topk(block.depthwise.out_channels).indices.sort().values
        take(block, old, kept)
        if place == 0:
            net.trunk.stem.weight.copy_(origin.trunk.stem.weight[kept])
            net.trunk.stem.bias.copy_(origin.trunk.stem.bias[kept])
            ours = net.trunk.relu(net.trunk.stem(photos))
        wanted, given = old(wanted), rows(block.hidden(ours))
        if place == len(BLOCKS) - 1:
            return given
        target = rows(wanted) - (rows(ours) if block.residual else 0)
        weight, bias = least_squares(given, target)
        block.project.weight.copy_(weight[:, :, None, None])
        block.project.bias.copy_(bias)
        ours = block(ours)


@torch.no_grad()
def narrow(net: DeepLab, origin: Published, hidden: Tensor, photos: Tensor, seed: int = 0) -> None:
    """Fill the last projection and the head: 320 channels become the 192 that the branches look at most."""
    high = rows(origin.trunk(photos)[1])
    branches = torch.cat([origin.near.weight, origin.image.weight])[:, :, 0, 0].double()
    mean = high.mean(0)
    seen = (high - mean) @ branches.T
    directions = torch.linalg.eigh(seen.T @ seen).eigenvectors.flip(1).T     # the one that varies most first
    turn = torch.linalg.qr(torch.randn(CHANNELS, CHANNELS, generator=torch.Generator().manual_seed(seed)).double()).Q
    down = turn @ directions[:CHANNELS] @ branches                        # (192, 320)
    size = ((high - mean) @ down.T).std()
    weight, bias = least_squares(hidden, (high - mean) @ down.T / size)
    net.trunk.blocks[-1].project.weight.copy_(weight[:, :, None, None])
    net.trunk.blocks[-1].project.bias.copy_(bias)
    up = (turn @ directions[:CHANNELS]).T * size                          # (512, 192)
    for layer, old, part in ((net.head.near, origin.near, up[:256]), (net.head.image, origin.image, up[256:])):
        layer.weight.copy_(part[:, :, None, None])
        layer.bias.copy_(old.bias + old.weight[:, :, 0, 0] @ mean.float())
    net.head.project_image.weight.copy_(origin.project.weight[:, :256])
    net.head.project.weight.copy_(origin.project.weight[:, 256:])
    net.head.project.bias.copy_(origin.project.bias)
    net.head.begin_as(origin.logits.weight[:, :, 0, 0], origin.logits.bias)


def begin(file: str | Path, photos: Tensor, widths: tuple[int, ...] | None = None, seed: int = 0) -> DeepLab:
    """`DeepLab` with the weights of a file, slimmed on photos (N, 3, S, S) in [-1, 1]."""
    torch.manual_seed(seed)
    origin = published(file)
    net = DeepLab(widths) if widths else DeepLab()
    narrow(net, origin, slim(net, origin, photos), photos, seed)
    return net.eval()


def run(photos: list[str], work: str, published: str, side: int = 257, count: int = 96, seed: int = 0) -> None:
    """Write <work>/begin.pt."""
    files = label.photos_in(photos)
    chosen = np.random.default_rng(seed).choice(len(files), min(count, len(files)), replace=False)
    pixels = np.stack([resize.resize_bilinear(np.asarray(label.open_photo(files[n])), side, side) for n in chosen])
    net = begin(published, torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1, seed=seed)
    Path(work).mkdir(parents=True, exist_ok=True)
    torch.save({"model": net.state_dict(), "widths": net.trunk.widths}, Path(work) / "begin.pt")
