"""Any cell through time: forward, backward, and the Jacobian of the state. Chapters 3, 4 and 5."""

from dataclasses import dataclass

import numpy as np

from rnncore.cells import check_array

# Steps backward are prepared in blocks of at least 8, or as many as fill 2**14 numbers: what is
# computed for a block is used while it is still in the processor's cache, and the memory that
# backward itself needs does not grow with T.
MIN_STEPS, BLOCK = 8, 2**14


@dataclass(frozen=True)
class Cache:
    """What ``forward`` saw and computed, for ``backward`` and to be looked at.

    - ``x`` (T, B, D)
    - ``h`` (T, B, H), the hidden states
    - ``states`` (T + 1, B, S), the initial state first
    - ``gates`` (T, G, B, H), after the nonlinearity, in the order of the cell; for the RNN this is ``h``
    """

    x: np.ndarray
    gate_columns: np.ndarray  # (T, G, H, B)
    state_columns: np.ndarray  # (T + 1, n_states, H, B)
    extra_columns: np.ndarray  # (T, 0 or 1, H, B)

    @property
    def states(self) -> np.ndarray:
        n, _, _, B = self.state_columns.shape
        return self.state_columns.reshape(n, -1, B).swapaxes(1, 2)

    @property
    def h(self) -> np.ndarray:
        return self.state_columns[1:, 0].swapaxes(1, 2)

    @property
    def gates(self) -> np.ndarray:
        return self.gate_columns.swapaxes(2, 3)


def _check_state(name, cell, state, batch_size, dtype):
    """Return the state, zero by default, as new columns (n_states, H, B)."""
    if state is None:
        state = cell.zero_state(batch_size, dtype)
    state = check_array(name, state, (batch_size, cell.state_size), dtype)
    return state.T.reshape(cell.n_states, cell.hidden_size, batch_size).copy()


def forward(cell, params, x, state=None):
    """Run a cell over a sequence: ``state_t = step(x_t W_xh + b_h, h_{t-1} W_hh, state_{t-1})``.

    Parameters
    ----------
    cell : RNNCell, LSTMCell or GRUCell
    params : dict with W_xh (D, G*H), W_hh (H, G*H), b_h (G*H,); other keys are ignored
    x : (T, B, D)
    state : (B, S), by default zero

    Returns
    -------
    h : (T, B, H), the hidden state after every step
    final_state : (B, S), after the last step; pass it on to continue the sequence
    cache : for ``backward``; ``cache.states`` and ``cache.gates`` can be looked at

    Raises
    ------
    ValueError
        If a shape does not fit or a value is not finite.

    Notes
    -----
    Derived in chapter 3. A padded sequence needs no special care here: padding comes last, and what
    a mask hides in the loss sends no gradient back.
    """
    weights = cell.check_params(params)
    dtype = weights["W_xh"].dtype
    x = check_array("x", x, ("T", "B", cell.input_size), dtype)
    T, B, _ = x.shape
    H, G = cell.hidden_size, cell.n_gates
    states = np.empty((T + 1, cell.n_states, H, B), dtype)
    states[0] = _check_state("state", cell, state, B, dtype)

    scale = cell._scale(dtype)[:, None]
    W_x, W_h = (np.multiply(weights[k].T, scale, order="C") for k in ("W_xh", "W_hh"))
    gates = states[1:] if cell._gate_is_state else np.empty((T, G, H, B), dtype)
    x_proj = gates.reshape(T, G * H, B)
    np.matmul(W_x, x.swapaxes(1, 2), out=x_proj)  # the input's part of all steps at once
    x_proj += weights["b_h"][:, None] * scale
    extra = np.empty((T, cell._n_extra, H, B), dtype)
    h_proj = np.empty((G * H, B), dtype)
    h_proj_gates = h_proj.reshape(G, H, B)
    for t in range(T):
        np.matmul(W_h, states[t, 0], out=h_proj)
        cell._step(gates[t], h_proj_gates, states[t], states[t + 1], extra[t])

    h = np.ascontiguousarray(states[1:, 0].swapaxes(1, 2))
    return h, states[T].reshape(-1, B).T.copy(), Cache(x, gates, states, extra)


def backward(cell, params, dh, cache, dstate=None):
    """Backpropagation through time: the gradient of a loss, from its gradient in every ``h_t``.

    Parameters
    ----------
    cell, params : as given to ``forward``
    dh : (T, B, H), derivative of the loss by ``h``, not counting what acts through later steps
    cache : of ``forward``; not changed
    dstate : (B, S), gradient that arrives at the final state from later steps, by default zero. Pass
        the ``dstate0`` of the later chunk for full BPTT in chunks, nothing for truncated BPTT

    Returns
    -------
    grads : dict with the keys of the cell's parameters
    dx : (T, B, D)
    dstate0 : (B, S), gradient of the initial state

    Raises
    ------
    ValueError
        If a shape does not fit or a value is not finite.

    Notes
    -----
    Derived in chapter 4, after Werbos (1990). Time and memory are linear in T.
    """
    weights = cell.check_params(params)
    W_x, W_h = weights["W_xh"], weights["W_hh"]
    dtype = W_x.dtype
    T, B, D = cache.x.shape
    H, GH = W_h.shape
    dh = check_array("dh", dh, (T, B, H), dtype)
    dstate = _check_state("dstate", cell, dstate, B, dtype)
    grads = {name: np.zeros_like(array) for name, array in weights.items()}
    dx = np.empty((T, B, D), dtype)

    n = max(MIN_STEPS, BLOCK // max(1, GH * B))
    for start in reversed(range(0, T, n)):
        block = slice(start, min(start + n, T))
        gates, states = cache.gate_columns[block], cache.state_columns[:T][block]
        slopes = cell._slopes(gates, cache.extra_columns[block], states)
        dh_columns = dh[block].swapaxes(1, 2).copy()
        dx_proj = np.empty_like(gates)
        dh_proj = dx_proj if cell._shared else np.empty_like(gates)
        for t in reversed(range(len(gates))):
            dstate[0] += dh_columns[t]
            cell._step_backward(dstate, [s[t] for s in slopes], dx_proj[t], dh_proj[t])
            dstate[0] += W_h @ dh_proj[t].reshape(GH, B)

        dx[block] = np.matmul(dx_proj.reshape(-1, GH, B).swapaxes(1, 2), W_x.T)
        # sums over the steps of the block and over the batch, as one product each
        da = _over_time(dx_proj, GH)
        grads["W_xh"] += cache.x[block].reshape(-1, D).T @ da.T
        grads["b_h"] += da.sum(axis=1)
        if not cell._shared:
            da = _over_time(dh_proj, GH)
        grads["W_hh"] += _over_time(states[:, 0], H) @ da.T
    return grads, dx, dstate.reshape(-1, B).T.copy()


def _over_time(columns, rows):
    """Put the columns of all steps side by side: (n, ..., B) with rows numbers each to (rows, n * B)."""
    n, B = len(columns), columns.shape[-1]
    return columns.reshape(n, rows, B).swapaxes(0, 1).reshape(rows, n * B)


def state_jacobian(cell, params, x, state):
    """Jacobian of the state after a sequence by the state before it.

    Parameters
    ----------
    cell, params : as for ``forward``
    x : (T, 1, D), one sequence
    state : (1, S)

    Returns
    -------
    J : (S, S), where ``J[i, j]`` is the derivative of ``final_state[0, i]`` by ``state[0, j]``. It is the
        product of the T one-step Jacobians, the latest one leftmost; for T = 0 the identity

    Raises
    ------
    ValueError
        If a shape does not fit or a value is not finite.

    Notes
    -----
    Derived in chapter 5. With row vectors a gradient goes back as ``dstate @ J``.
    """
    S = cell.state_size
    dtype = cell.check_params(params)["W_xh"].dtype
    x = check_array("x", x, ("T", 1, cell.input_size), dtype)
    state = check_array("state", state, (1, S), dtype)
    # a batch of S copies of the sequence: row i carries the gradient of entry i back
    h, _, cache = forward(cell, params, np.repeat(x, S, axis=1), np.repeat(state, S, axis=0))
    return backward(cell, params, np.zeros_like(h), cache, np.eye(S, dtype=dtype))[2]
