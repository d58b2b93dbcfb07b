"""Two more heads on the coarse feature: which classes are in the photo, and where, as boxes.

The detector has no anchors. Each of the 17x17 cells says how much it is the centre of an object of each class, and how
far the object's four edges are, as shares of the photo (Zhou et al., "Objects as points",
https://arxiv.org/abs/1904.07850, sections 3 and 4; edges as in FCOS, https://arxiv.org/abs/1904.01355).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from segkit.masks.boxes import OBJECTS
from training.heads import Head, Unit
from training.network import CHANNELS, LOW_CHANNELS, convolution

#: A box of the published SSD counts from this score on; below it down to its own threshold it is left out of the loss.
SURE = 0.5


class HeadClassify(Head):
    """(N, 192, h, w) to (N, 20) logits: is class 1 + i in the photo?"""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, width: int = 256):
        super().__init__()
        self.look = Unit(channels, width)
        self.drop = nn.Dropout(0.2)
        self.logits = convolution(width, OBJECTS)

    def forward(self, high: Tensor) -> Tensor:
        return self.logits(self.drop(self.look(high).mean((2, 3), keepdim=True)))[:, :, 0, 0]


class HeadDetect(Head):
    """(N, 192, h, w) to (N, 24, h, w): 20 centre logits, then left, top, right, bottom distances."""

    def __init__(self, channels: int = CHANNELS, low_channels: int = LOW_CHANNELS, width: int = 96):
        super().__init__()
        self.look = nn.Sequential(Unit(channels, width), Unit(width, width, 3, 2), Unit(width, width, 3))
        self.centres, self.edges = convolution(width, OBJECTS), convolution(width, 4)
        nn.init.constant_(self.centres.bias, -4.0)
        self.mark_rates()

    def forward(self, high: Tensor) -> Tensor:
        x = self.look(high)
        # ReLU, not an exponential: it survives 8 bits. It starts at 0.2, where it has a gradient.
        return torch.cat([self.centres(x), functional.relu(self.edges(x) + 0.2)], 1)


def photo_classes(cells: np.ndarray, boxes: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Photo labels from masks and boxes: (truth, counted), both (N, 20) float32 of 0 and 1.

    `cells` (N, 21) counts mask cells by class; `boxes` (M, 7) as stage `label` leaves them. Where mask and boxes
    disagree, or the mask is tiny, the class of that photo is not counted.
    """
    some, many = cells[:, 1:] > 0, cells[:, 1:] >= least
    boxed, surely = np.zeros_like(some), np.zeros_like(some)
    rows, kinds = boxes[:, 0].astype(int), boxes[:, 1].astype(int) - 1
    boxed[rows, kinds] = True
    sure = boxes[:, 2] >= SURE
    surely[rows[sure], kinds[sure]] = True
    truth = many | (some & surely)
    counted = truth | ~(some | boxed)
    return truth.astype(np.float32), counted.astype(np.float32)


def detection_target(boxes: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (n, 6) to (centres (20, h, w), edges (4, h, w), where edges count (h, w)), float32.

    Each centre is a bump that falls off over a tenth of the box, 1 in its own cell.
    """
    centres, edges = np.zeros((OBJECTS, cells, cells), np.float32), np.zeros((4, cells, cells), np.float32)
    counts = np.zeros((cells, cells), np.float32)
    y, x = np.mgrid[:cells, :cells]
    # Large boxes first, so that a small object in front of one keeps its own centre.
    for kind, _, left, top, right, bottom in sorted(boxes.tolist(), key=lambda b: -(b[4] - b[2]) * (b[5] - b[3])):
        middle_x, middle_y = (left + right) / 2 * (cells - 1), (top + bottom) / 2 * (cells - 1)
        reach_x, reach_y = (max((far - near) * cells * 0.15, 0.6) for near, far in ((left, right), (top, bottom)))
        bump = np.exp(-((x - round(middle_x)) / reach_x) ** 2 / 2 - ((y - round(middle_y)) / reach_y) ** 2 / 2)
        centres[int(kind) - 1] = np.maximum(centres[int(kind) - 1], bump)
        near = bump > 0.6
        across, down = x / (cells - 1), y / (cells - 1)
        edges[:, near] = np.stack([across - left, down - top, right - across, bottom - down])[:, near]
        counts[near] = bump[near]
    return centres, np.maximum(edges, 0), counts


def detection_loss(output: Tensor, centres: Tensor, edges: Tensor, counts: Tensor) -> Tensor:
    """Focal loss on the centres (Zhou et al., equation 1) plus the edges' mean absolute error, a scalar."""
    guess = torch.sigmoid(output[:, :OBJECTS].float()).clamp(1e-4, 1 - 1e-4)
    hit = (centres > 0.99).float()
    focal = -hit * (1 - guess) ** 2 * guess.log() - (1 - hit) * (1 - centres) ** 4 * guess ** 2 * (1 - guess).log()
    away = (output[:, OBJECTS:].float() - edges).abs().sum(1) * counts
    return focal.sum() / hit.sum().clamp(min=1) + 5 * away.sum() / counts.sum().clamp(min=1)
