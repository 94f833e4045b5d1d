"""Losses by hand, against differences, under masks, and their errors."""

import math

import numpy as np
import pytest

from rnncore import check_grads, mean_squared_error, softmax_cross_entropy


def test_cross_entropy_by_hand():
    logits = np.log(np.array([[[1.0, 1.0, 2.0]], [[3.0, 1.0, 4.0]]]))
    loss, dlogits = softmax_cross_entropy(logits, np.array([[2], [0]]))
    assert isinstance(loss, float)
    assert loss == pytest.approx((math.log(2) + math.log(8 / 3)) / 2, rel=1e-15)
    np.testing.assert_allclose(
        dlogits, np.array([[[0.25, 0.25, -0.5]], [[-5 / 8, 1 / 8, 4 / 8]]]) / 2, rtol=1e-14
    )


def test_squared_error_by_hand():
    y, targets = np.array([[[1.0, 2.0]], [[3.0, 5.0]]]), np.array([[[0.0, 4.0]], [[3.0, 2.0]]])
    loss, dy = mean_squared_error(y, targets)
    assert isinstance(loss, float)
    assert loss == (1 + 4 + 0 + 9) / 4
    np.testing.assert_array_equal(dy, np.array([[[1, -2]], [[0, 3]]]) / 2)


def inputs(loss):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(5, 3, 4))
    if loss is mean_squared_error:
        return y, rng.normal(size=(5, 3, 4)), rng.random((5, 3)) < 0.6
    return y, rng.integers(4, size=(5, 3)), rng.random((5, 3)) < 0.6


LOSSES = [softmax_cross_entropy, mean_squared_error]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_against_differences(loss, masked):
    y, targets, mask = inputs(loss)
    mask = mask if masked else None
    _, dy = loss(y, targets, mask=mask)
    check_grads(lambda a: loss(a["y"], targets, mask=mask)[0], {"y": y}, {"y": dy}, rtol=1e-8)
    step = y + 1e-30j * np.ones_like(y)
    assert loss(step, targets, mask=mask)[0].imag / 1e-30 == pytest.approx(dy.sum(), abs=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_mask_equals_leaving_out(loss):
    y, targets, mask = inputs(loss)
    value, dy = loss(y, targets, mask=mask)
    alone, dy_alone = loss(y[mask], targets[mask])
    assert value == pytest.approx(alone, rel=1e-14)
    np.testing.assert_allclose(dy[mask], dy_alone, rtol=1e-13)
    assert not dy[~mask].any()
    assert loss(y, targets, mask=np.ones((5, 3), bool))[0] == loss(y, targets)[0]


def test_masked_targets_can_be_anything():
    y, targets, mask = inputs(softmax_cross_entropy)
    expected = softmax_cross_entropy(y, targets, mask=mask)
    for filler in (-1, 99):
        got = softmax_cross_entropy(y, np.where(mask, targets, filler), mask=mask)
        assert got[0] == expected[0]
        np.testing.assert_array_equal(got[1], expected[1])
    alphabet_of_one = np.zeros((2, 1, 1)), np.array([[0], [9]]), np.array([[True], [False]])
    assert softmax_cross_entropy(*alphabet_of_one[:2], mask=alphabet_of_one[2])[0] == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_dtype_follows_the_first_argument_and_nothing_changes(loss):
    y, targets, mask = inputs(loss)
    kept = y.copy(), targets.copy(), mask.copy()
    loss(y, targets, mask=mask)
    for a, b in zip((y, targets, mask), kept, strict=True):
        np.testing.assert_array_equal(a, b)
    value, dy = loss(y.astype(np.float32), targets, mask=mask)
    assert dy.dtype == np.float32
    assert value == pytest.approx(loss(y, targets, mask=mask)[0], rel=1e-5)


def test_cross_entropy_does_not_overflow_and_ignores_a_shift():
    logits = np.array([[[1e4, 0.0, -1e4]]])
    assert softmax_cross_entropy(logits, np.array([[0]]))[0] == 0
    assert softmax_cross_entropy(logits, np.array([[2]]))[0] == 2e4
    y, targets, _ = inputs(softmax_cross_entropy)
    shifted = softmax_cross_entropy(y + 100, targets)[0]
    assert shifted == pytest.approx(softmax_cross_entropy(y, targets)[0], rel=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_order_in_memory_does_not_matter(loss, masked):
    y, targets, mask = inputs(loss)
    mask = mask if masked else None
    value, dy = loss(y, targets, mask=mask)
    for order in [(2, 1, 0), (1, 0, 2)]:
        other = np.ascontiguousarray(y.transpose(order)).transpose(np.argsort(order))
        value_other, dy_other = loss(other, np.asfortranarray(targets), mask=mask)
        assert value_other == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(dy_other, dy, rtol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_results_have_names(loss):
    y, targets, mask = inputs(loss)
    result = loss(y, targets, mask=mask)
    assert result == (result.loss, result.dy)
