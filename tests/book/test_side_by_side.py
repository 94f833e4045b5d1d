"""Networks side by side are those of rnncore, one by one."""

import numpy as np
import pytest

from rnnbook import SideBySide, clip_each, stack, train_side_by_side
from rnncore import Adam, RNNCell, SequenceModel, clip_grad_norm, train_batches

T, N, B, D, H, V = 7, 3, 4, 2, 5, 6


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def networks(rng, activation="tanh", dtype=np.float64):
    model = SequenceModel(RNNCell(D, H, activation=activation), V)
    alone = [model.init_params(rng, dtype=dtype) for _ in range(N)]
    for params in alone:
        params["b_h"] += rng.normal(size=H)
        params["b_y"] += rng.normal(size=V)
        params["W_hy"] *= 5  # so that the answers depend on the states
    return model, alone


def draw(rng, K=T):
    """Inputs (T, N, B, D), targets (T, N, B) and the mask (T, B) of the last K steps."""
    x, targets = rng.normal(size=(T, N, B, D)), rng.integers(V, size=(T, N, B))
    return x, targets, np.repeat(np.arange(T)[:, None] >= T - K, B, axis=1)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("K", [1, 3, T])
def test_losses_gradients_and_states_are_those_of_each_alone(rng, activation, K):
    model, alone = networks(rng, activation)
    (x, targets, mask), state = draw(rng, K), rng.normal(size=(N, B, H))
    many = SideBySide(activation=activation)
    loss, grads, last = many.loss_and_grads(stack(alone), x, targets[-K:], state=state)
    for k, params in enumerate(alone):
        one = model.loss_and_grads(params, x[:, k], targets[:, k], state=state[k], mask=mask)
        np.testing.assert_allclose(loss[k], one.loss, rtol=1e-12)
        np.testing.assert_allclose(last[k], one.final_state, rtol=1e-12)
        for name, grad in one.grads.items():
            np.testing.assert_allclose(grads[name][k].reshape(grad.shape), grad, atol=1e-13)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_states_and_predictions_are_those_of_each_alone(rng, activation):
    model, alone = networks(rng, activation)
    x, _, _ = draw(rng)
    many, params = SideBySide(activation=activation), stack(alone)
    h, symbols = many.states(params, x), many.predict(params, x)
    for k, one in enumerate(alone):
        y, _, cache = model.forward(one, x[:, k])
        np.testing.assert_allclose(h[:, k], cache.states, rtol=1e-12)
        np.testing.assert_array_equal(symbols[k], y[-1].argmax(axis=1))


def test_each_network_is_clipped_by_itself(rng):
    grads = {"W": rng.normal(size=(N, 2, 3)), "b": rng.normal(size=(N, 1, 3))}
    grads["W"][0] *= 1e-3
    grads["b"][0] *= 1e-3
    clipped, norms = clip_each(grads, 0.5)
    for k in range(N):
        one, norm = clip_grad_norm({name: g[k] for name, g in grads.items()}, 0.5)
        np.testing.assert_allclose(norms[k], norm)
        for name in grads:
            np.testing.assert_allclose(clipped[name][k], one[name])
    assert norms[0] < 0.5 < norms[1:].min()


def test_a_gradient_of_zero_stays_zero():
    clipped, norms = clip_each({"W": np.zeros((2, 1, 1))}, 1.0)
    assert not clipped["W"].any()
    assert not norms.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_is_that_of_each_alone(rng, dtype):
    model, alone = networks(rng, dtype=dtype)
    data = [draw(rng, 2) for _ in range(20)]
    params = stack(alone)
    batches = ((x, targets[-2:]) for x, targets, _ in data)
    history = train_side_by_side(SideBySide(), params, batches, Adam(0.01), max_norm=0.5)
    tolerance = {"rtol": 1e-9 if dtype == np.float64 else 1e-4, "atol": 1e-5}
    for k, one in enumerate(alone):
        own = [(x[:, k], targets[:, k], mask) for x, targets, mask in data]
        expected = train_batches(model, one, own, Adam(0.01), max_norm=0.5)
        for name, values in expected.items():
            np.testing.assert_allclose(history[name][:, k], values, **tolerance)
        for name, W in one.items():
            assert params[name].dtype == dtype
            np.testing.assert_allclose(params[name][k].reshape(W.shape), W, **tolerance)
