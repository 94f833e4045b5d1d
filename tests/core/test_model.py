"""The model's gradients, its readout, masks, and sampling."""

import numpy as np
import pytest
from conftest import CELLS

from rnncore import (
    DivergedError,
    LSTMCell,
    RNNCell,
    SequenceModel,
    check_grads,
    forward,
    mean_squared_error,
    sample,
    softmax_cross_entropy,
)


def problem(Cell, loss=softmax_cross_entropy):
    rng = np.random.default_rng(1)
    model = SequenceModel(Cell(3, 4), 5, loss)
    params = model.init_params(rng)
    params["b_y"] = params["b_y"] + rng.normal(size=5)
    x, state = rng.normal(size=(6, 2, 3)), rng.normal(size=(2, model.cell.state_size))
    targets = rng.integers(5, size=(6, 2))
    if loss is mean_squared_error:
        targets = rng.normal(size=(6, 2, 5))
    mask = np.arange(6)[:, None] < [6, 4]
    return model, params, x, targets, state, mask


@pytest.mark.parametrize("loss", [softmax_cross_entropy, mean_squared_error])
@pytest.mark.parametrize("Cell", CELLS)
def test_gradients(Cell, loss):
    model, params, x, targets, state, mask = problem(Cell, loss)
    value, grads, final_state = model.loss_and_grads(params, x, targets, state=state, mask=mask)
    check_grads(
        lambda p: model.loss_and_grads(p, x, targets, state=state, mask=mask)[0],
        params,
        grads,
        rtol=1e-7,
    )
    y, expected_state, _ = model.forward(params, x, state=state)
    h, _, _ = forward(model.cell, params, x, state=state)
    np.testing.assert_allclose(y, h @ params["W_hy"] + params["b_y"], rtol=1e-13)
    np.testing.assert_array_equal(final_state, expected_state)
    assert value == loss(y, targets, mask=mask)[0]


@pytest.mark.parametrize("Cell", CELLS)
def test_masked_equals_alone(Cell):
    model, params, x, targets, state, mask = problem(Cell)
    value, grads, _ = model.loss_and_grads(params, x, targets, state=state, mask=mask)
    first = model.loss_and_grads(params, x[:, :1], targets[:, :1], state=state[:1])
    second = model.loss_and_grads(params, x[:4, 1:], targets[:4, 1:], state=state[1:])
    assert value == pytest.approx(0.6 * first[0] + 0.4 * second[0], rel=1e-13)
    for name in grads:
        alone = 0.6 * first[1][name] + 0.4 * second[1][name]
        np.testing.assert_allclose(grads[name], alone, rtol=1e-11, atol=1e-13)
    moved = x.copy()
    moved[4:, 1] += 1  # padding does not act
    again = model.loss_and_grads(params, moved, targets, state=state, mask=mask)[1]
    for name in grads:
        np.testing.assert_array_equal(again[name], grads[name])


def test_initialisation():
    model = SequenceModel(LSTMCell(2, 30), 40)
    with pytest.raises(AttributeError):
        model.output_size = 3
    assert model.loss is softmax_cross_entropy
    params = model.init_params(np.random.default_rng(0), dtype=np.float32, forget_bias=2.0)
    assert all(p.dtype == np.float32 for p in params.values())
    np.testing.assert_array_equal(params["b_h"][30:60], 2)
    assert params["W_hy"].shape == (30, 40)
    bound = 1 / np.sqrt(30)
    assert -bound <= params["W_hy"].min() < -0.95 * bound
    assert 0.95 * bound < params["W_hy"].max() <= bound
    np.testing.assert_array_equal(params["b_y"], np.zeros(40))
    assert model.init_params(np.random.default_rng(0))["b_y"].dtype == np.float64


def test_results_have_names():
    model, params, x, targets, *_ = problem(RNNCell)
    ran = model.forward(params, x)
    assert ran == (ran.y, ran.final_state, ran.cache)
    result = model.loss_and_grads(params, x, targets)
    assert result == (result.loss, result.grads, result.final_state)


def test_a_loss_of_ones_own():
    def absolute_error(y, targets, *, mask=None):
        return abs(y - targets).mean(), np.sign(y - targets) / y.size

    model, params, x, targets, *_ = problem(RNNCell, mean_squared_error)
    model = SequenceModel(model.cell, 5, absolute_error)
    _, grads, _ = model.loss_and_grads(params, x, targets)
    check_grads(lambda p: model.loss_and_grads(p, x, targets).loss, params, grads, rtol=1e-7)


@pytest.mark.parametrize("scale", [1e200, 1e308])
def test_outputs_beyond_their_range_are_not_blamed_on_an_argument(scale):
    model, params, x, targets, *_ = problem(RNNCell, mean_squared_error)
    params["W_hy"] = scale * np.sign(params["W_hy"])
    params["b_y"] = scale * np.sign(params["b_y"])
    message = {1e200: "^loss must be finite", 1e308: "^params must give finite outputs y"}[scale]
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(DivergedError, match=message),
    ):
        model.loss_and_grads(params, x, targets)


def sampler(V=4):
    """Return a model whose logits are log(1..V)-shaped whatever the input: the readout bias alone."""
    model = SequenceModel(RNNCell(V, 2), V)
    params = model.init_params(np.random.default_rng(0))
    params["W_hy"][...] = 0
    params["b_y"][...] = np.log(np.arange(1, V + 1))
    return model, params


def test_sampled_frequencies():
    model, params = sampler()
    drawn = sample(model, params, [0], 4000, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / 4000, np.arange(1, 5) / 10, atol=0.02)
    cold = sample(model, params, [0], 2000, np.random.default_rng(0), temperature=0.5)
    np.testing.assert_allclose(np.bincount(cold) / 2000, np.arange(1, 5) ** 2 / 30, atol=0.03)


@pytest.mark.parametrize("Cell", CELLS)
def test_sample_feeds_the_prompt_and_what_it_drew(Cell):
    rng = np.random.default_rng(5)
    model = SequenceModel(Cell(6, 5), 6)
    params = {k: 3 * v for k, v in model.init_params(rng).items()}
    drawn = sample(model, params, [1, 4, 2], 8, np.random.default_rng(7))
    assert drawn == sample(model, params, np.array([1, 4, 2]), 8, np.random.default_rng(7))
    assert drawn != sample(model, params, [1, 4, 2], 8, np.random.default_rng(8))
    assert all(type(symbol) is int for symbol in drawn)
    rng = np.random.default_rng(7)  # the same draw, without carrying a state
    fed = [1, 4, 2]
    for symbol in drawn:
        y, _, _ = model.forward(params, np.eye(6)[fed][:, None])
        assert symbol == np.argmax(y[-1, 0] + rng.gumbel(size=6))
        fed.append(symbol)


def test_nothing_may_be_drawn():
    model, params = sampler()
    assert sample(model, params, [0], 0, np.random.default_rng(0)) == []
