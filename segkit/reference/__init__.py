"""DeepLab's layers in NumPy: written to be read, vectorised, and tested against the runtime.

A feature map is an (H, W, C) float32 array; there is no batch axis. A kernel is
(kh, kw, C_in / groups, C_out), a depthwise kernel (kh, kw, C) or (kh, kw, C, M), a bias (C_out,)
or None. Whatever numbers come in, the functions calculate in float32 and return it.

`layers` and `resample` have what a model file's operators do, `blocks` what DeepLab builds from
them, `crf` the dense conditional random field of v1 and v2, `arithmetic` what the papers calculate
with a pencil: sizes, receptive fields, costs.
"""

from segkit.reference.arithmetic import (
    Layer,
    ReceptiveField,
    effective_kernel,
    gridding,
    multiply_adds,
    output_size,
    receptive_field,
    same_padding,
)
from segkit.reference.blocks import (
    Convolution,
    aspp,
    chain,
    decoder,
    image_pooling,
    separable_conv,
)
from segkit.reference.crf import Pairwise, dense_crf, mean_field_step, unary_from_logits
from segkit.reference.layers import (
    batch_norm,
    conv2d,
    depthwise_conv2d,
    fold_batch_norm,
    relu,
    relu6,
    softmax,
)
from segkit.reference.resample import average_pool, max_pool, resize_bilinear

__all__ = [
    "Convolution",
    "Layer",
    "Pairwise",
    "ReceptiveField",
    "aspp",
    "average_pool",
    "batch_norm",
    "chain",
    "conv2d",
    "decoder",
    "dense_crf",
    "depthwise_conv2d",
    "effective_kernel",
    "fold_batch_norm",
    "gridding",
    "image_pooling",
    "max_pool",
    "mean_field_step",
    "multiply_adds",
    "output_size",
    "receptive_field",
    "relu",
    "relu6",
    "resize_bilinear",
    "same_padding",
    "separable_conv",
    "softmax",
    "unary_from_logits",
]
