"""One step by hand, sizes, initialisation and gates that saturate."""

import math

import numpy as np
import pytest
from conftest import CELLS, ReluCell

from rnncore import GRUCell, LSTMCell, RNNCell, check_grads, forward


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def one_step(cell, x_proj, h_proj, state):
    """The state after one step in which x W_xh + b_h is x_proj and h W_hh is h_proj: x and h are 1."""
    b_h = np.array([0.5] * len(x_proj))
    params = {"W_xh": np.array([x_proj]) - b_h, "W_hh": np.array([h_proj]), "b_h": b_h}
    return forward(cell, params, np.ones((1, 1, 1)), state=np.array([state])).final_state


def test_rnn_step_by_hand():
    np.testing.assert_allclose(
        one_step(RNNCell(1, 1), [0.3], [0.1], [1.0]), [[math.tanh(0.4)]], rtol=1e-15
    )


def test_relu_step_by_hand():
    for x_proj, expected in [(0.3, 0.4), (-0.3, 0.0)]:
        state = one_step(ReluCell(1, 1), [x_proj], [0.1], [1.0])
        np.testing.assert_allclose(state, [[expected]], rtol=1e-15)


def test_lstm_step_by_hand():
    state = one_step(LSTMCell(1, 1), [0.1, 0.2, 0.3, 0.4], [-0.5, 0.6, 0.7, -0.8], [1.0, -0.7])
    c = sigmoid(0.8) * -0.7 + sigmoid(-0.4) * math.tanh(1.0)
    np.testing.assert_allclose(state, [[sigmoid(-0.4) * math.tanh(c), c]], rtol=1e-14)


def test_gru_step_by_hand():
    state = one_step(GRUCell(1, 1), [0.1, 0.2, 0.3], [-0.5, 0.6, 0.7], [1.0])
    r, z = sigmoid(-0.4), sigmoid(0.8)
    n = math.tanh(0.3 + r * 0.7)
    np.testing.assert_allclose(state, [[(1 - z) * n + z]], rtol=1e-14)


def test_the_slope_of_relu_at_0_is_0():
    cell = ReluCell(1, 1)
    h, _, kept = cell.step(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1)), None)
    assert h == 0
    dh_prev, *_ = cell.step_backward(np.ones((1, 1, 1)), np.ones((1, 1)), None, h, kept)
    assert dh_prev == 0


@pytest.mark.parametrize(("Cell", "G", "S"), [(RNNCell, 1, 5), (LSTMCell, 4, 10), (GRUCell, 3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sizes_and_initialisation(Cell, G, S, dtype):
    cell = Cell(40, 5)
    params = cell.init_params(np.random.default_rng(0), dtype=dtype)
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
    assert cell.init_params(np.random.default_rng(0))["W_hh"].dtype == np.float64


def test_forget_bias_is_chosen():
    params = LSTMCell(1, 2).init_params(np.random.default_rng(0), forget_bias=3.0)
    np.testing.assert_array_equal(params["b_h"], [0, 0, 3, 3, 0, 0, 0, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identity_replaces_the_recurrent_weights_alone(dtype):
    cell = ReluCell(2, 3)
    usual = cell.init_params(np.random.default_rng(0), dtype=dtype)
    params = cell.init_params(np.random.default_rng(0), dtype=dtype, identity=True)
    np.testing.assert_array_equal(params["W_hh"], np.eye(3))
    assert params["W_hh"].dtype == dtype
    for name in ("W_xh", "b_h"):
        np.testing.assert_array_equal(params[name], usual[name])


@pytest.mark.parametrize("Cell", [RNNCell, LSTMCell, GRUCell])
def test_large_gates_saturate_without_a_warning(Cell):
    cell = Cell(1, 1)
    for sign in (-1, 1):
        proj = np.full(cell.n_gates, sign * 1e4)
        assert np.isfinite(one_step(cell, proj, proj, [1.0] * cell.state_size)).all()


@pytest.mark.parametrize("Cell", CELLS)
def test_a_step_alone_has_right_gradients(Cell):
    """Through more steps a fault reaches every array; here it is located."""
    rng, cell = np.random.default_rng(0), Cell(2, 3)
    arrays = {
        "W_hh": rng.normal(size=(cell.n_gates, 3, 3)),
        "x_proj": rng.normal(size=(cell.n_gates, 4, 3)),
        "h_prev": rng.normal(size=(4, 3)),
    }
    if cell.has_c:
        arrays["c_prev"] = rng.normal(size=(4, 3))
    dh, dc = rng.normal(size=(2, 4, 3)) if cell.has_c else (rng.normal(size=(4, 3)), None)

    def step(a):
        return cell.step(a["W_hh"], a["x_proj"], a["h_prev"], a.get("c_prev"))

    def loss(a):
        h, c, _ = step(a)
        return (h * dh).sum() + ((c * dc).sum() if cell.has_c else 0.0)

    before = {name: a.copy() for name, a in arrays.items()}
    h, _, kept = step(arrays)
    dh_prev, dc_prev, dx_proj, dh_proj = cell.step_backward(arrays["W_hh"], dh, dc, h, kept)
    grads = {"x_proj": np.array(dx_proj).reshape(arrays["x_proj"].shape), "h_prev": dh_prev}
    grads["W_hh"] = arrays["h_prev"].T @ np.array(dh_proj).reshape(arrays["x_proj"].shape)
    if cell.has_c:
        grads["c_prev"] = dc_prev
    check_grads(loss, arrays, grads, rtol=1e-8)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])


def test_cells_are_values():
    assert RNNCell(2, 3) == RNNCell(2, 3) != RNNCell(3, 2)
    assert RNNCell(2, 3) != ReluCell(2, 3)
    for name in ("hidden_size", "activation"):
        with pytest.raises(AttributeError):
            setattr(RNNCell(2, 3), name, 4)
    assert RNNCell(np.int64(1), 1).state_size == 1
