"""The network's parts against what they stand for: PyTorch's own layers, batch norm, denser features."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training has an environment of its own: make test-train")

from segkit.errors import SegkitError
from training import beginning, deeplab, export, frozen, heads, network, smoke, train
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


@pytest.mark.parametrize("name, stride", [("v1", 16), ("v2", 16), ("v3", 16), ("v3plus", STEP)])
def test_every_head_gives_21_logits_at_its_stride(name, stride):
    side = (65 - 1) // stride + 1
    with torch.no_grad():
        answer = frozen.build(name).eval()(torch.zeros(2, 24, 17, 17), torch.zeros(2, 192, 5, 5))
    assert answer.shape == (2, 21, side, side)


def test_atrous_heads_spread_with_the_output_stride():
    def rates(head):
        return sorted(layer.dilation[0] for layer in head.modules()
                      if isinstance(layer, torch.nn.Conv2d) and layer.dilation[0] > 1)

    assert rates(frozen.build("v3")) == list(heads.RATES)
    assert rates(frozen.build("v3", 8)) == [2 * rate for rate in heads.RATES]


def test_unknown_names_are_refused():
    with pytest.raises(SegkitError, match="v4"):
        frozen.build("v4")


def test_the_decoder_begins_by_handing_the_logits_through():
    head = deeplab.MobileHead().eval()
    weight, bias = torch.randn(21, 256), torch.randn(21)
    head.begin_as(weight, bias)
    low, high = torch.randn(1, 24, 17, 17), torch.randn(1, 192, 5, 5)
    with torch.no_grad():
        coarse = torch.nn.functional.conv2d(head.aspp(high), weight[:, :, None, None], bias)
        assert torch.allclose(head(low, high), deeplab.resize(coarse, (17, 17)), atol=1e-4)


@pytest.fixture(scope="module")
def beginning_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("beginning") / "beginning.npz"
    smoke.make_beginning(file)
    return file


def test_nothing_is_lost_where_no_channel_goes_but_those_that_do_nothing(beginning_file):
    """With every hidden channel kept, the trunk gives what the published one gives, in other directions."""
    photos = torch.rand(4, 3, 65, 65) * 2 - 1
    origin = beginning.published(beginning_file)
    widths = network.Trunk(blocks=beginning.PUBLISHED).widths
    ours = beginning.begin(beginning_file, photos, widths)
    with torch.no_grad():
        low = origin.trunk(photos)[0]
        assert (ours.trunk(photos)[0] - low).std() < 0.1 * low.std()
    slim = beginning.begin(beginning_file, photos)
    assert slim.trunk.widths == network.WIDTHS
    with torch.no_grad():
        assert slim(photos).shape == (4, 21, 17, 17) and torch.isfinite(slim(photos)).all()


def test_a_file_of_another_network_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", **{"00_CONV_2D_weight": np.zeros((32, 3, 3, 4)), "00_CONV_2D_bias": np.zeros(32)})
    with pytest.raises(SegkitError, match="MobileNet v2"):
        beginning.published(tmp_path / "other.npz")


def test_dead_channels_get_a_weight_that_changes_nothing():
    layer = torch.nn.Conv2d(8, 4, 1)
    with torch.no_grad():
        layer.weight[2] = 1e-12
        layer.bias[2] = 5.0
    lifted = export.lifted(layer)
    scales = lifted.weight.detach().abs().amax((1, 2, 3)) / 127
    assert (lifted.bias.detach().abs() / (0.02 * scales)).max() < 2 ** 29
    x = torch.rand(1, 8, 3, 3) * 6
    assert torch.allclose(lifted(x), layer(x), atol=0.01)
    assert float(layer.weight.detach()[2].abs().max()) < 1e-11                  # the module itself stays


def test_which_weights_are_new():
    net = deeplab.DeepLab()
    new, known = train.groups(net)
    assert len(new) == 10 and len(new) + len(known) == len(list(net.parameters()))
