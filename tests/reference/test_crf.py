"""The dense CRF against the paper's formulas, pair by pair, and against what it is for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit import reference
from segkit.errors import SegkitError
from segkit.reference import Pairwise, crf


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def photo_of(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def pair_by_pair(q, unary, photo, p):
    """One step, as Krähenbühl and Koltun's equation 3 and algorithm 1 say it, in float64 and without haste."""
    height, width, classes = q.shape
    pixels = [(y, x) for y in range(height) for x in range(width)]
    result = np.zeros(q.shape)
    for i in pixels:
        energy = unary[i].astype(np.float64)
        for kernel in ("appearance", "smoothness"):
            heard, total = np.zeros(classes), 1.0
            for j in pixels:
                if i == j:
                    continue
                place = (i[0] - j[0]) ** 2 + (i[1] - j[1]) ** 2
                colour = ((photo[i].astype(float) - photo[j]) ** 2).sum()
                k = (np.exp(-place / (2 * p.position_sigma ** 2) - colour / (2 * p.colour_sigma ** 2))
                     if kernel == "appearance" else np.exp(-place / (2 * p.smoothness_sigma ** 2)))
                heard, total = heard + k * q[j], total + k
            heard = heard / total if p.normalise else heard
            weight = p.appearance if kernel == "appearance" else p.smoothness
            energy = energy + [weight * sum(heard[other] for other in range(classes) if other != own)
                               for own in range(classes)]
        power = np.exp(-energy + energy.min())
        result[i] = power / power.sum()
    return result


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("normalise", [True, False])
def test_a_step_agrees_with_the_formulas(normalise, seed):
    random = np.random.default_rng(seed)
    height, width, classes = random.integers((1, 1, 2), (7, 8, 5))
    pairwise = Pairwise(*random.uniform((0, 1, 10, 0, 0.5), (3, 10, 200, 3, 5)), normalise)
    photo = photo_of(height, width, seed)
    unary = reference.unary_from_logits(noise(height, width, classes, seed=seed))
    q = reference.softmax(noise(height, width, classes, seed=seed + 100))
    result = reference.mean_field_step(q, unary, photo, pairwise)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, pair_by_pair(q, unary, photo, pairwise), atol=1e-5)


def test_blocks_of_rows_do_not_show(monkeypatch):
    unary, photo = reference.unary_from_logits(noise(9, 11, 3)), photo_of(9, 11)
    whole = reference.dense_crf(unary, photo)
    monkeypatch.setattr(crf, "_BLOCK", 7)
    np.testing.assert_allclose(reference.dense_crf(unary, photo), whole, atol=1e-5)


@given(height=st.integers(1, 8), width=st.integers(1, 8), classes=st.integers(1, 4), steps=st.integers(0, 3),
       seed=st.integers(0, 99))
def test_beliefs_stay_probabilities(height, width, classes, steps, seed):
    unary = reference.unary_from_logits(10 * noise(height, width, classes, seed=seed))
    q = reference.dense_crf(unary, photo_of(height, width, seed), steps)
    assert q.shape == unary.shape and q.dtype == np.float32 and (q >= 0).all()
    np.testing.assert_allclose(q.sum(axis=-1), 1, rtol=1e-5)


def test_steps_are_steps_and_none_is_the_softmax():
    logits, photo = noise(6, 6, 3), photo_of(6, 6)
    unary = reference.unary_from_logits(logits)
    np.testing.assert_allclose(np.exp(-unary), reference.softmax(logits), rtol=1e-5)
    q = reference.dense_crf(unary, photo, 0)
    np.testing.assert_allclose(q, reference.softmax(logits), rtol=1e-5)
    for _ in range(2):
        q = reference.mean_field_step(q, unary, photo)
    np.testing.assert_array_equal(reference.dense_crf(unary, photo, 2), q)
    silent = Pairwise(appearance=0, smoothness=0)
    np.testing.assert_allclose(reference.dense_crf(unary, photo, 4, silent), reference.softmax(logits), rtol=1e-5)


def test_the_mask_moves_to_the_edge_of_the_photo():
    """What DeepLab v1 wants of it: scores whose boundary is 3 pixels off, a photo that shows where it is."""
    photo = np.full((20, 30, 3), 40, np.uint8)
    photo[:, 15:] = 200
    object_score = np.broadcast_to(((np.arange(30) - 11.5) / 3)[None, :], (20, 30))
    logits = np.stack([np.zeros((20, 30)), object_score], axis=-1)
    assert (logits.argmax(-1)[0] == (np.arange(30) >= 12)).all()
    mask = reference.dense_crf(reference.unary_from_logits(logits), photo, 10).argmax(-1)
    assert (mask == (np.arange(30) >= 15)).all()
    # With colours that tell nothing, it stays where the scores had it.
    flat = reference.dense_crf(reference.unary_from_logits(logits), np.zeros_like(photo), 10).argmax(-1)
    assert not (flat == (np.arange(30) >= 15)).all()


def test_smoothness_removes_a_speck():
    logits = np.zeros((9, 9, 2))
    logits[..., 0], logits[4, 4] = 1, (0, 1)
    only_smooth = Pairwise(appearance=0)
    mask = reference.dense_crf(reference.unary_from_logits(logits), photo_of(9, 9), 3, only_smooth).argmax(-1)
    assert not mask.any()


SMALL, LARGE = np.zeros((4, 5, 2)), np.zeros((150, 150, 2), np.float32)


@pytest.mark.parametrize("call, words", [
    (lambda: reference.dense_crf(LARGE, LARGE), "150x150 has 22500 pixels.*20000 at most"),
    (lambda: reference.dense_crf(SMALL, np.zeros((5, 4, 3))), r"\(5, 4, 3\).*\(4, 5, 2\)"),
    (lambda: reference.dense_crf(SMALL, np.zeros((4, 5))), r"photo has shape \(4, 5\)"),
    (lambda: reference.dense_crf(SMALL[..., 0], np.zeros((4, 5, 3))), r"unary energy has shape \(4, 5\)"),
    (lambda: reference.dense_crf(SMALL, SMALL, -1), "-1 steps"),
    (lambda: reference.dense_crf(SMALL, SMALL, 1.5), "1.5 steps"),
    (lambda: reference.dense_crf(SMALL, SMALL, 1, Pairwise(colour_sigma=0)), "sigmas are"),
    (lambda: reference.mean_field_step(SMALL[:2], SMALL, SMALL), r"belief q has shape \(2, 5, 2\)"),
    (lambda: reference.unary_from_logits(SMALL[0]), "logits"),
])
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(SegkitError, match=words):
        call()
