"""The model's gradients, its readout, masks, and sampling."""

import numpy as np
import pytest

from rnncore import (
    GRUCell,
    LSTMCell,
    RNNCell,
    SequenceModel,
    check_grads,
    forward,
    mean_squared_error,
    sample,
    softmax_cross_entropy,
)

CELLS = [RNNCell, LSTMCell, GRUCell]


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
    value, grads, final_state = model.loss_and_grads(params, x, targets, state, mask)
    check_grads(
        lambda p: model.loss_and_grads(p, x, targets, state, mask)[0], params, grads, rtol=1e-7
    )
    y, expected_state, _ = model.forward(params, x, state)
    h, _, _ = forward(model.cell, params, x, state)
    np.testing.assert_allclose(y, h @ params["W_hy"] + params["b_y"], rtol=1e-13)
    np.testing.assert_array_equal(final_state, expected_state)
    assert value == loss(y, targets, mask)[0]


@pytest.mark.parametrize("Cell", CELLS)
def test_masked_equals_alone(Cell):
    model, params, x, targets, state, mask = problem(Cell)
    value, grads, _ = model.loss_and_grads(params, x, targets, state, mask)
    first = model.loss_and_grads(params, x[:, :1], targets[:, :1], state[:1])
    second = model.loss_and_grads(params, x[:4, 1:], targets[:4, 1:], state[1:])
    assert value == pytest.approx(0.6 * first[0] + 0.4 * second[0], rel=1e-13)
    for name in grads:
        alone = 0.6 * first[1][name] + 0.4 * second[1][name]
        np.testing.assert_allclose(grads[name], alone, rtol=1e-11, atol=1e-13)
    moved = x.copy()
    moved[4:, 1] += 1  # padding does not act
    again = model.loss_and_grads(params, moved, targets, state, mask)[1]
    for name in grads:
        np.testing.assert_array_equal(again[name], grads[name])


def test_initialisation():
    model = SequenceModel(LSTMCell(2, 30), 40)
    with pytest.raises(AttributeError):
        model.output_size = 3
    assert model.loss is softmax_cross_entropy
    params = model.init_params(np.random.default_rng(0), np.float32, forget_bias=2.0)
    assert all(p.dtype == np.float32 for p in params.values())
    np.testing.assert_array_equal(params["b_h"][30:60], 2)
    assert params["W_hy"].shape == (30, 40)
    bound = 1 / np.sqrt(30)
    assert -bound <= params["W_hy"].min() < -0.95 * bound
    assert 0.95 * bound < params["W_hy"].max() <= bound
    np.testing.assert_array_equal(params["b_y"], np.zeros(40))
    assert model.init_params(np.random.default_rng(0))["b_y"].dtype == np.float64


def test_errors():
    model, params, x, targets, _, _ = problem(RNNCell)
    without = {k: v for k, v in params.items() if k != "b_y"}
    for bad, message in [
        (without, r"^params must have W_hy and b_y, got \['W_hh', 'W_hy', 'W_xh', 'b_h'\]$"),
        (
            {**params, "W_hy": params["W_hy"].T},
            r"^params\['W_hy'\] must have shape \(4, 5\), got \(5, 4\)$",
        ),
        (
            {**params, "b_y": params["b_y"][:4]},
            r"^params\['b_y'\] must have shape \(5,\), got \(4,\)$",
        ),
        ({**params, "b_y": params["b_y"] * np.nan}, r"^params\['b_y'\] must be finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.loss_and_grads(bad, x, targets)
    with pytest.raises(TypeError, match=r"^rng must be"):
        model.init_params(3)


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


def test_sample_errors():
    model, params = sampler()
    rng = np.random.default_rng(0)
    assert sample(model, params, [0], 0, rng) == []
    for kwargs, message in [
        ({"prompt": []}, r"^prompt must be at least one integer, got \[\]$"),
        ({"prompt": [0.5]}, "^prompt must be at least one integer"),
        ({"prompt": [[0]]}, "^prompt must be at least one integer"),
        ({"prompt": [0, 4]}, r"^prompt must lie in 0..3, got \[0, 4\]$"),
        ({"prompt": [-1]}, "^prompt must lie in 0..3"),
        ({"length": -1}, "^length must be an integer of at least 0, got -1$"),
        ({"temperature": 0}, "^temperature must be positive, got 0$"),
        ({"temperature": float("nan")}, "^temperature must be positive"),
        (
            {"model": SequenceModel(RNNCell(3, 2), 4)},
            r"^model must have input_size 4 \(its outputs\), got 3$",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            sample(
                **{
                    "model": model,
                    "params": params,
                    "prompt": [0],
                    "length": 1,
                    "rng": rng,
                    **kwargs,
                }
            )
    with pytest.raises(TypeError, match=r"^rng must be"):
        sample(model, params, [0], 1, 0)
