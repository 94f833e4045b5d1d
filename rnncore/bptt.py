"""Any cell through time: forward, backward, and the Jacobian of the state."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cache:
    """What ``forward`` saw and computed: kept for ``backward``, and to be looked at.

    x (T, B, D), h (T, B, H), states (T + 1, B, S) with the initial state first, gates (T, G, B, H)
    after their nonlinearity, in the order of the cell.
    """

    x: np.ndarray
    states: np.ndarray
    h: np.ndarray
    gates: np.ndarray
    steps: list


def _check(name, array, shape, dtype):
    array = np.asarray(array)
    if array.ndim != len(shape) or any(
        isinstance(s, int | np.integer) and s != n for s, n in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(
            f"{name} must have shape ({', '.join(map(str, shape))}), got {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got nan or inf")
    return array.astype(dtype, copy=False)


def forward(cell, params, x, state=None):
    dtype = params["W_xh"].dtype
    x = _check("x", x, ("T", "B", cell.input_size), dtype)
    T, B, _ = x.shape
    H, G = cell.hidden_size, cell.n_gates
    if state is None:
        state = cell.zero_state(B, dtype)
    state = _check("state", state, (B, cell.state_size), dtype)
    x_proj = x @ params["W_xh"] + params["b_h"]
    states = np.empty((T + 1, B, cell.state_size), dtype)
    states[0] = state
    steps = []
    for t in range(T):
        states[t + 1], gates = cell.step(x_proj[t], states[t, :, :H] @ params["W_hh"], states[t])
        steps.append((gates, states[t], states[t + 1]))
    gates = np.array([s[0][:G] for s in steps]) if T else np.empty((0, G, B, H), dtype)
    h = states[1:, :, :H].copy()
    return h, states[-1].copy(), Cache(x, states, h, gates, steps)


def backward(cell, params, dh, cache, dstate=None):
    dtype = params["W_xh"].dtype
    T, B, D = cache.x.shape
    H, GH = params["W_hh"].shape
    dh = _check("dh", dh, (T, B, H), dtype)
    if dstate is None:
        dstate = cell.zero_state(B, dtype)
    dstate = _check("dstate", dstate, (B, cell.state_size), dtype).copy()
    dx_proj = np.empty((T, B, GH), dtype)
    dh_proj = np.empty((T, B, GH), dtype)
    for t in reversed(range(T)):
        dstate[:, :H] += dh[t]
        dx_proj[t], dh_proj[t], dstate = cell.step_backward(dstate, cache.steps[t])
        dstate[:, :H] += dh_proj[t] @ params["W_hh"].T
    grads = {
        "W_xh": cache.x.reshape(T * B, D).T @ dx_proj.reshape(T * B, GH),
        "W_hh": cache.states[:-1, :, :H].reshape(T * B, H).T @ dh_proj.reshape(T * B, GH),
        "b_h": dx_proj.sum(axis=(0, 1)),
    }
    return grads, dx_proj @ params["W_xh"].T, dstate


def state_jacobian(cell, params, x, state):
    """(S, S): entry [i, j] is d final_state[0, i] / d state[0, j]. x (T, 1, D), state (1, S)."""
    S = cell.state_size
    dtype = params["W_xh"].dtype
    x = _check("x", x, ("T", 1, cell.input_size), dtype)
    state = _check("state", state, (1, S), dtype)
    # one copy of the sequence per output: row i of the batch carries the gradient of entry i
    h, _, cache = forward(cell, params, np.repeat(x, S, axis=1), np.repeat(state, S, axis=0))
    return backward(cell, params, np.zeros_like(h), cache, np.eye(S, dtype=dtype))[2]
