"""Class names and palettes."""

import itertools

import numpy as np
import pytest

from segkit.masks import labels

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", 2009, https://doi.org/10.1109/TVCG.2009.113: severity 1.0, for linear RGB.
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "normal": np.eye(3),
}


def test_there_are_21_names_in_vocs_order():
    assert len(labels.VOC) == len(set(labels.VOC)) == 21
    assert labels.VOC[labels.BACKGROUND] == "background"
    assert [labels.VOC[i] for i in (1, 8, 12, 14, 15, 20)] == ["aeroplane", "cat", "dog", "motorbike", "person", "tvmonitor"]
    assert list(labels.VOC[1:]) == sorted(labels.VOC[1:])  # VOC's order is the alphabet's
    assert labels.IGNORE == 255


@pytest.mark.parametrize("index, colour", [
    (0, (0, 0, 0)), (1, (128, 0, 0)), (2, (0, 128, 0)), (3, (128, 128, 0)), (4, (0, 0, 128)), (5, (128, 0, 128)),
    (6, (0, 128, 128)), (7, (128, 128, 128)), (8, (64, 0, 0)), (9, (192, 0, 0)), (10, (64, 128, 0)), (11, (192, 128, 0)),
    (12, (64, 0, 128)), (13, (192, 0, 128)), (14, (64, 128, 128)), (15, (192, 128, 128)), (16, (0, 64, 0)),
    (17, (128, 64, 0)), (18, (0, 192, 0)), (19, (128, 192, 0)), (20, (0, 64, 128)), (255, (224, 224, 192)),
])
def test_vocs_palette_has_its_published_colours(index, colour):
    assert tuple(labels.voc_palette()[index]) == colour


def test_vocs_palette_is_that_of_another_library():
    import imgviz

    np.testing.assert_array_equal(labels.voc_palette(), imgviz.label_colormap())


@pytest.mark.parametrize("palette", [labels.voc_palette, labels.screen_palette])
def test_a_palette_has_256_rgb_colours_of_its_own(palette):
    first = palette()
    assert first.shape == (256, 3) and first.dtype == np.uint8
    first[:] = 77
    assert (palette()[0] == 0).all()


def test_vocs_palette_has_no_colour_twice():
    assert len(np.unique(labels.voc_palette(), axis=0)) == 256


@pytest.mark.parametrize("eyes", BLINDNESS)
def test_every_two_colours_on_the_screen_can_be_told_apart(eyes):
    from skimage.color import deltaE_ciede2000, rgb2lab

    colours = labels.screen_palette()[1:21] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(BLINDNESS[eyes]), 0, 1)
    seen = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
    differences = {(labels.VOC[a + 1], labels.VOC[b + 1]): float(deltaE_ciede2000(seen[a], seen[b]))
                   for a, b in itertools.combinations(range(20), 2)}
    nearest = min(differences, key=differences.get)
    assert differences[nearest] > 10, (nearest, differences[nearest])


def test_models_with_more_classes_reuse_the_colours_in_order():
    palette = labels.screen_palette()
    np.testing.assert_array_equal(palette[21:41], palette[1:21])
    assert not (palette[1:255] == 0).all(axis=1).any()  # only the background is black
    assert (palette[labels.IGNORE] == 224).all()
