"""Gradients through time: differences, complex step, laws, edges, errors."""

import numpy as np
import pytest
from conftest import CELLS, ReluCell
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import (
    DivergedError,
    GRUCell,
    LSTMCell,
    RNNCell,
    backward,
    check_grads,
    forward,
    numerical_grad,
    state_jacobian,
)


def problem(Cell, T=6, B=3, D=2, H=4, seed=0, dtype=np.float64):
    rng, cell = np.random.default_rng(seed), Cell(D, H)
    params = cell.init_params(rng)
    params["b_h"] = params["b_h"] + rng.normal(size=params["b_h"].shape) / 2
    params = {k: v.astype(dtype) for k, v in params.items()}
    x = rng.normal(size=(T, B, D)).astype(dtype)
    state, dstate = (rng.normal(size=(B, cell.state_size)).astype(dtype) for _ in "12")
    return cell, params, x, state, rng.normal(size=(T, B, H)).astype(dtype), dstate


def all_grads(cell, params, x, state, dh, dstate):
    _, _, cache = forward(cell, params, x, state=state)
    grads, dx, dstate0 = backward(cell, params, dh, cache, dstate=dstate)
    return {**grads, "x": dx, "state": dstate0}


def loss(cell, arrays, dh, dstate):
    h, final_state, _ = forward(cell, arrays, arrays["x"], state=arrays["state"])
    return (h * dh).sum() + (0 if dstate is None else (final_state * dstate).sum())


@pytest.mark.parametrize("with_dstate", [False, True])
@pytest.mark.parametrize("Cell", CELLS)
def test_every_gradient_against_central_differences(Cell, with_dstate):
    cell, params, x, state, dh, dstate = problem(Cell)
    dstate = dstate if with_dstate else None
    grads = all_grads(cell, params, x, state, dh, dstate)
    arrays = {**params, "x": x, "state": state}
    errors = check_grads(lambda a: loss(cell, a, dh, dstate), arrays, grads, rtol=1e-8)
    assert errors.keys() == {"W_xh", "W_hh", "b_h", "x", "state"}


@pytest.mark.parametrize("with_dstate", [False, True])
@pytest.mark.parametrize("Cell", CELLS)
def test_every_gradient_against_complex_step(Cell, with_dstate):
    cell, params, x, state, dh, dstate = problem(Cell)
    dstate = dstate if with_dstate else None
    grads = all_grads(cell, params, x, state, dh, dstate)
    arrays = {k: v.astype(complex) for k, v in {**params, "x": x, "state": state}.items()}
    for name, grad in grads.items():
        numeric = np.empty_like(grad)
        for index in np.ndindex(grad.shape):
            moved = arrays[name].copy()
            moved[index] += 1e-30j
            numeric[index] = loss(cell, {**arrays, name: moved}, dh, dstate).imag / 1e-30
        np.testing.assert_allclose(grad, numeric, rtol=1e-12, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("Cell", CELLS)
def test_forward_goes_step_by_step(Cell):
    cell, params, x, state, _, _ = problem(Cell)
    h, final_state, cache = forward(cell, params, x, state=state)
    s = state
    np.testing.assert_array_equal(cache.states[0], state)
    for t in range(len(x)):
        s = forward(cell, params, x[t : t + 1], state=s).final_state
        np.testing.assert_allclose(h[t], s[:, :4], rtol=1e-13)
        np.testing.assert_allclose(cache.states[t + 1], s, rtol=1e-13)
    np.testing.assert_allclose(final_state, s, rtol=1e-13)
    np.testing.assert_array_equal(cache.h, h)
    np.testing.assert_array_equal(cache.x, x)
    np.testing.assert_array_equal(
        forward(cell, params, x).h, forward(cell, params, x, state=0 * state).h
    )


@pytest.mark.parametrize("Cell", CELLS)
def test_the_state_at_the_true_end_of_padded_sequences(Cell):
    cell, params, x, state, _, _ = problem(Cell)
    lengths = np.array([2, 6, 5])
    x = np.where(np.arange(6)[:, None, None] < lengths[:, None], x, 0)
    _, final_state, cache = forward(cell, params, x, state=state)
    at_the_end = cache.states[lengths, range(3)]
    for b, length in enumerate(lengths):
        alone = forward(cell, params, x[:length, [b]], state=state[[b]]).final_state
        np.testing.assert_allclose(at_the_end[b], alone[0], rtol=1e-13)
    np.testing.assert_array_equal(final_state[1], at_the_end[1])
    assert (final_state[[0, 2]] != at_the_end[[0, 2]]).any(axis=1).all()


def test_results_have_names():
    cell, params, x, state, dh, dstate = problem(LSTMCell)
    ran = forward(cell, params, x, state=state)
    assert ran == (ran.h, ran.final_state, ran.cache)
    back = backward(cell, params, dh, ran.cache, dstate=dstate)
    assert back == (back.grads, back.dx, back.dstate0)


def test_gates_can_be_looked_at():
    cell, params, x, state, _, _ = problem(LSTMCell)
    _, _, cache = forward(cell, params, x, state=state)
    i, f, g, o = cache.gates.swapaxes(0, 1)
    c = cache.states[:, :, 4:]
    np.testing.assert_allclose(f * c[:-1] + i * g, c[1:], rtol=1e-13)
    np.testing.assert_allclose(o * np.tanh(c[1:]), cache.h, rtol=1e-13)
    cell, params, x, state, _, _ = problem(GRUCell)
    _, _, cache = forward(cell, params, x, state=state)
    _, z, n = cache.gates.swapaxes(0, 1)
    np.testing.assert_allclose((1 - z) * n + z * cache.states[:-1], cache.h, rtol=1e-12)
    cell, params, x, state, _, _ = problem(RNNCell)
    h, _, cache = forward(cell, params, x, state=state)
    np.testing.assert_array_equal(cache.gates[:, 0], h)


@pytest.mark.parametrize("Cell", CELLS)
def test_nothing_is_changed_and_nothing_is_shared(Cell):
    cell, params, x, state, dh, dstate = problem(Cell)
    arrays = [*params.values(), x, state, dh, dstate]
    before = [a.copy() for a in arrays]
    h, final_state, cache = forward(cell, params, x, state=state)
    first = backward(cell, params, dh, cache, dstate=dstate)
    with pytest.raises(ValueError, match="read-only"):
        h[...] = 0
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)
    for passed_in_or_returned in (x, state, final_state):
        passed_in_or_returned[...] = 0
    second = backward(cell, params, dh, cache, dstate=dstate)
    for name in first[0]:
        np.testing.assert_array_equal(first[0][name], second[0][name])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(first[2], second[2])


sizes = st.integers(1, 4)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(Cell=st.sampled_from(CELLS), T=st.integers(0, 12), cut=st.integers(0, 12), B=sizes, H=sizes)
def test_chunked_equals_whole(Cell, T, cut, B, H):
    cut = min(cut, T)
    cell, params, x, state, dh, dstate = problem(Cell, T, B, 2, H)
    h, final, cache = forward(cell, params, x, state=state)
    grads, dx, dstate0 = backward(cell, params, dh, cache, dstate=dstate)
    h1, middle, cache1 = forward(cell, params, x[:cut], state=state)
    h2, final2, cache2 = forward(cell, params, x[cut:], state=middle)
    grads2, dx2, dmiddle = backward(cell, params, dh[cut:], cache2, dstate=dstate)
    grads1, dx1, dstate01 = backward(cell, params, dh[:cut], cache1, dstate=dmiddle)
    same = {"rtol": 1e-11, "atol": 1e-12}
    np.testing.assert_allclose(np.concatenate([h1, h2]), h, **same)
    np.testing.assert_allclose(final2, final, **same)
    np.testing.assert_allclose(np.concatenate([dx1, dx2]), dx, **same)
    np.testing.assert_allclose(dstate01, dstate0, **same)
    for name in grads:
        np.testing.assert_allclose(grads1[name] + grads2[name], grads[name], **same)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(Cell=st.sampled_from(CELLS), T=st.integers(0, 10), B=sizes, D=sizes, H=sizes)
def test_a_batch_equals_its_sequences_alone(Cell, T, B, D, H):
    cell, params, x, state, dh, dstate = problem(Cell, T, B, D, H)
    whole = all_grads(cell, params, x, state, dh, dstate)
    one = [slice(b, b + 1) for b in range(B)]
    alone = [all_grads(cell, params, x[:, b], state[b], dh[:, b], dstate[b]) for b in one]
    same = {"rtol": 1e-11, "atol": 1e-12}
    for name in params:
        np.testing.assert_allclose(sum(a[name] for a in alone), whole[name], **same)
    np.testing.assert_allclose(np.concatenate([a["x"] for a in alone], 1), whole["x"], **same)
    np.testing.assert_allclose(np.concatenate([a["state"] for a in alone]), whole["state"], **same)


@pytest.mark.parametrize("Cell", CELLS)
def test_no_steps_at_all(Cell):
    cell, params, x, state, dh, dstate = problem(Cell, T=0)
    h, final_state, cache = forward(cell, params, x, state=state)
    grads, dx, dstate0 = backward(cell, params, dh, cache, dstate=dstate)
    assert (h.shape, dx.shape) == ((0, 3, 4), (0, 3, 2))
    np.testing.assert_array_equal(final_state, state)
    np.testing.assert_array_equal(dstate0, dstate)
    assert not any(g.any() for g in grads.values())
    np.testing.assert_array_equal(
        state_jacobian(cell, params, x[:, :1], state[:1]), np.eye(cell.state_size)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("Cell", CELLS)
def test_parameters_decide_the_dtype(Cell, dtype):
    cell, params, x, state, dh, dstate = problem(Cell)
    params32 = {k: v.astype(dtype) for k, v in params.items()}
    h, final_state, cache = forward(cell, params32, x, state=state)
    grads, dx, dstate0 = backward(cell, params32, dh, cache, dstate=dstate)
    for array in (h, final_state, cache.states, cache.gates, dx, dstate0, *grads.values()):
        assert array.dtype == dtype
    assert state_jacobian(cell, params32, x[:, :1], state[:1]).dtype == dtype
    exact = all_grads(cell, params, x, state, dh, dstate)
    np.testing.assert_allclose(dx, exact["x"], rtol=1e-4, atol=1e-5)
    for name in grads:
        np.testing.assert_allclose(grads[name], exact[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("T", [1, 7])
@pytest.mark.parametrize("Cell", CELLS)
def test_state_jacobian_against_differences(Cell, T):
    cell, params, x, state, _, _ = problem(Cell, T=T, B=1, H=3)
    J = state_jacobian(cell, params, x, state)
    for i in range(cell.state_size):
        row = numerical_grad(lambda s, i=i: forward(cell, params, x, state=s)[1][0, i], state)[0]
        np.testing.assert_allclose(J[i], row, rtol=1e-7, atol=1e-9)
    product = np.eye(cell.state_size)
    s = state
    for t in range(T):
        product = state_jacobian(cell, params, x[t : t + 1], s) @ product
        s = forward(cell, params, x[t : t + 1], state=s)[1]
    np.testing.assert_allclose(J, product, rtol=1e-11, atol=1e-13)


def test_numbers_whose_square_overflows_are_finite():
    cell, params, x, *_ = problem(RNNCell)
    h, _, _ = forward(cell, params, x * 1e200)
    assert set(np.unique(np.abs(h))) == {1.0}


def test_states_that_grow_too_large_are_no_result():
    cell, params, x, *_ = problem(ReluCell)
    params["W_hh"] = 1e100 * np.eye(4)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(DivergedError, match=r"^params must give finite states h, got nan or inf$"),
    ):
        forward(cell, params, x + 100)


def test_a_cache_cannot_be_redirected():
    cell, params, x, *_ = problem(RNNCell)
    with pytest.raises(AttributeError):
        forward(cell, params, x).cache.x = x
