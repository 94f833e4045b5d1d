"""One step by hand, shapes, initialisation and the errors of the cells."""

import math

import numpy as np
import pytest

from rnncore import GRUCell, LSTMCell, RNNCell

CELLS = [RNNCell, LSTMCell, GRUCell]


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def test_rnn_step_by_hand():
    state, _ = RNNCell(1, 2).step(
        np.array([[0.3, -0.2]]), np.array([[0.1, 0.5]]), np.array([[9.0, 9.0]])
    )
    np.testing.assert_allclose(state, [[math.tanh(0.4), math.tanh(0.3)]], rtol=1e-15)


def test_lstm_step_by_hand():
    x_proj, h_proj = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[-0.5, 0.6, 0.7, -0.8]])
    state, _ = LSTMCell(1, 1).step(x_proj, h_proj, np.array([[0.9, -0.7]]))
    c = sigmoid(0.8) * -0.7 + sigmoid(-0.4) * math.tanh(1.0)
    np.testing.assert_allclose(state, [[sigmoid(-0.4) * math.tanh(c), c]], rtol=1e-14)


def test_gru_step_by_hand():
    x_proj, h_proj = np.array([[0.1, 0.2, 0.3]]), np.array([[-0.5, 0.6, 0.7]])
    state, _ = GRUCell(1, 1).step(x_proj, h_proj, np.array([[0.9]]))
    r, z = sigmoid(-0.4), sigmoid(0.8)
    n = math.tanh(0.3 + r * 0.7)
    np.testing.assert_allclose(state, [[(1 - z) * n + z * 0.9]], rtol=1e-14)


@pytest.mark.parametrize("Cell", CELLS)
def test_step_backward_agrees_with_differences(Cell):
    rng, cell, B = np.random.default_rng(0), Cell(2, 3), 4
    GH = cell.n_gates * 3
    args = [rng.normal(size=(B, n)) for n in (GH, GH, cell.state_size)]
    kept = [a.copy() for a in args]
    dstate = rng.normal(size=(B, cell.state_size))
    state, cache = cell.step(*args)
    assert state.shape == (B, cell.state_size)
    grads = cell.step_backward(dstate, cache)
    for k, grad in enumerate(grads):
        for index in np.ndindex(args[k].shape):
            ends = []
            for eps in (1e-6, -1e-6):
                moved = [a.copy() for a in args]
                moved[k][index] += eps
                ends.append((cell.step(*moved)[0] * dstate).sum())
            assert grad[index] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-8, abs=1e-9)
    for array, before in zip(args, kept, strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(("Cell", "G", "S"), [(RNNCell, 1, 5), (LSTMCell, 4, 10), (GRUCell, 3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sizes_and_initialisation(Cell, G, S, dtype):
    cell = Cell(40, 5)
    params = cell.init_params(np.random.default_rng(0), dtype)
    assert (cell.state_size, cell.n_gates) == (S, G)
    assert {k: v.shape for k, v in params.items()} == {
        "W_xh": (40, 5 * G),
        "W_hh": (5, 5 * G),
        "b_h": (5 * G,),
    }
    assert all(v.dtype == dtype for v in params.values())
    for name in ("W_xh", "W_hh"):
        assert 0.8 / math.sqrt(5) < params[name].max() <= 1 / math.sqrt(5)
        assert -1 / math.sqrt(5) <= params[name].min() < -0.8 / math.sqrt(5)
    bias = np.zeros(5 * G)
    if Cell is LSTMCell:
        bias[5:10] = 1
    np.testing.assert_array_equal(params["b_h"], bias)
    zero = cell.zero_state(7, dtype)
    assert zero.shape == (7, S)
    assert zero.dtype == dtype
    assert not zero.any()
    assert cell.zero_state(1).dtype == np.float64
    assert cell.init_params(np.random.default_rng(0))["W_hh"].dtype == np.float64


def test_forget_bias_is_chosen():
    params = LSTMCell(1, 2).init_params(np.random.default_rng(0), forget_bias=3.0)
    np.testing.assert_array_equal(params["b_h"], [0, 0, 3, 3, 0, 0, 0, 0])


@pytest.mark.parametrize("Cell", CELLS)
def test_large_gates_saturate_without_a_warning(Cell):
    cell = Cell(1, 1)
    for sign in (-1, 1):
        proj = np.full((1, cell.n_gates), sign * 1e4)
        assert np.isfinite(cell.step(proj, proj, cell.zero_state(1))[0]).all()


@pytest.mark.parametrize("Cell", CELLS)
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "3", None])
def test_sizes_are_positive_integers(Cell, bad):
    with pytest.raises(ValueError, match=r"input_size must be an integer of at least 1, got"):
        Cell(bad, 2)
    with pytest.raises(ValueError, match=r"hidden_size must be an integer of at least 1, got"):
        Cell(2, bad)
    assert Cell(np.int64(1), 1).state_size >= 1


@pytest.mark.parametrize("Cell", CELLS)
def test_a_seed_is_not_a_generator(Cell):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got int"):
        Cell(1, 1).init_params(0)


def test_cells_are_values():
    assert RNNCell(2, 3) == RNNCell(2, 3) != RNNCell(3, 2)
    with pytest.raises(AttributeError):
        RNNCell(2, 3).hidden_size = 4
