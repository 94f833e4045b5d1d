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
    inputs: np.ndarray  # (T + 1, H + D + 1, B): the columns [h_{t-1}; x_t; 1] of every step
    cells: np.ndarray  # (T + 1, n_states - 1, H, B): c of the LSTM
    kept: np.ndarray  # (T, n_kept, H, B): gates first
    n_gates: int

    @property
    def states(self) -> np.ndarray:
        H = self.kept.shape[2]
        return np.hstack([self.inputs[:, :H], *self.cells.swapaxes(0, 1)]).swapaxes(1, 2)

    @property
    def h(self) -> np.ndarray:
        return self.inputs[1:, : self.kept.shape[2]].swapaxes(1, 2)

    @property
    def gates(self) -> np.ndarray:
        return self.kept[:, : self.n_gates].swapaxes(2, 3)


def _check_state(name, cell, state, batch_size, dtype):
    """Return the state, zero by default, as new columns (n_states, H, B)."""
    if state is None:
        state = cell.zero_state(batch_size, dtype)
    state = check_array(name, state, (batch_size, cell.state_size), dtype)
    return state.T.reshape(cell.n_states, cell.hidden_size, batch_size).copy()


def forward(cell, params, x, state=None):
    """Run a cell over a sequence: ``state_t = step(x_t W_xh + b_h, h_{t-1} W_hh, state_{t-1})``.

    Parameters: the parameters of the cell (other keys are ignored), ``x (T, B, D)`` and the initial
    ``state (B, S)``, by default zero. Returns ``h (T, B, H)``; ``final_state (B, S)``, which
    continues the sequence; and a ``Cache``. Padding needs no care here: it comes last, and what a
    mask hides in the loss sends no gradient back. Derived in chapter 3.
    """
    weights = cell.check_params(params)
    dtype = weights["W_xh"].dtype
    x = check_array("x", x, ("T", "B", cell.input_size), dtype)
    T, B, D = x.shape
    H = cell.hidden_size
    inputs = np.empty((T + 1, H + D + 1, B), dtype)
    inputs[:T, H:-1] = x.swapaxes(1, 2)
    inputs[:, -1] = 1
    h = inputs[:, :H]
    c = np.empty((T + 1, cell.n_states - 1, H, B), dtype)
    state = _check_state("state", cell, state, B, dtype)
    h[0], c[0] = state[0], state[1:]

    W = np.concatenate([weights["W_hh"], weights["W_xh"], weights["b_h"][None]])
    W *= cell._scale(dtype)
    kept = h[1:, None] if cell._gate_is_state else np.empty((T, cell._n_kept, H, B), dtype)
    products = [
        (np.ascontiguousarray(A).T, columns, out.reshape(T, A.shape[1], B))
        for A, columns, out in cell._products(W, inputs, kept)
    ]
    for t in range(T):
        for A, columns, out in products:
            np.dot(A, columns[t], out=out[t])  # as matmul, which takes longer to call
        cell._step(kept[t], h[t], h[t + 1], c[t], c[t + 1])

    final_state = np.concatenate([h[T], *c[T]]).T.copy()
    return h[1:].swapaxes(1, 2).copy(), final_state, Cache(x, inputs, c, kept, cell.n_gates)


def backward(cell, params, dh, cache, dstate=None):
    """Backpropagation through time: the gradient of a loss, from its gradient in every ``h_t``.

    Parameters: ``dh (T, B, H)``, not counting what acts through later steps; the cache of
    ``forward``, not changed; ``dstate (B, S)``, the gradient that arrives at the final state from
    later steps, by default zero: pass the ``dstate0`` of the later chunk for full BPTT in chunks,
    nothing for truncated BPTT. Returns ``grads``, a dict with the keys of the cell's parameters,
    ``dx (T, B, D)``, and ``dstate0 (B, S)`` of the initial state. Time and memory are linear in T.
    Source: Werbos (1990). Derived in chapter 4.
    """
    weights = cell.check_params(params)
    W_x, W_h = weights["W_xh"], weights["W_hh"]
    dtype = W_x.dtype
    T, B, D = cache.x.shape
    H, GH = W_h.shape
    dh = check_array("dh", dh, (T, B, H), dtype)
    dstate = _check_state("dstate", cell, dstate, B, dtype)
    dh_next, dc = dstate[0], dstate[1:]
    dW_h, dW_x = np.zeros((H, GH), dtype), np.zeros((D + 1, GH), dtype)  # the last row is db_h
    dx = np.empty((T, B, D), dtype)

    n = max(MIN_STEPS, BLOCK // max(1, GH * B))
    for start in reversed(range(0, T, n)):
        block = slice(start, min(start + n, T))
        inputs = cache.inputs[:T][block]
        slopes = cell._slopes(cache.kept[block], inputs[:, :H], cache.cells[:T][block])
        dh_block = dh[block].swapaxes(1, 2).copy()
        dx_proj = np.empty((len(dh_block), cell.n_gates, H, B), dtype)
        dh_proj = dx_proj if cell._shared else np.empty_like(dx_proj)
        dh_products = dh_proj.reshape(-1, GH, B)
        for t in reversed(range(len(dh_block))):
            dh_t = dh_block[t]
            dh_t += dh_next
            cell._step_backward(dh_t, dc, dx_proj[t], dh_proj[t], *[s[t] for s in slopes])
            np.dot(W_h, dh_products[t], out=dh_next)
            if cell._h_direct:
                dh_next += dh_t

        # sums over the steps of the block and over the batch, as one product each
        inputs, da = _over_time(inputs, H + D + 1), _over_time(dx_proj, GH)
        np.dot(da.T, W_x.T, out=dx[block].reshape(-1, D))
        dW_x += inputs[H:] @ da.T
        dW_h += inputs[:H] @ (da if cell._shared else _over_time(dh_proj, GH)).T
    grads = {"W_xh": dW_x[:-1], "W_hh": dW_h, "b_h": dW_x[-1]}
    return grads, dx, dstate.reshape(-1, B).T.copy()


def _over_time(columns, rows):
    """Put the columns of all steps side by side: (n, ..., B) with rows numbers each to (rows, n * B)."""
    n, B = len(columns), columns.shape[-1]
    return columns.reshape(n, rows, B).swapaxes(0, 1).reshape(rows, n * B)


def state_jacobian(cell, params, x, state):
    """Jacobian ``(S, S)`` of the state after a sequence by the state before it.

    ``J[i, j]`` is the derivative of ``final_state[0, i]`` by ``state[0, j]``, for ``x (T, 1, D)``
    and ``state (1, S)``: the product of the T one-step Jacobians, the latest leftmost; for T = 0
    the identity. With row vectors a gradient goes back as ``dstate @ J``. Derived in chapter 5.
    """
    S = cell.state_size
    dtype = cell.check_params(params)["W_xh"].dtype
    x = check_array("x", x, ("T", 1, cell.input_size), dtype)
    state = check_array("state", state, (1, S), dtype)
    # a batch of S copies of the sequence: row i carries the gradient of entry i back
    h, _, cache = forward(cell, params, np.repeat(x, S, axis=1), np.repeat(state, S, axis=0))
    return backward(cell, params, np.zeros_like(h), cache, np.eye(S, dtype=dtype))[2]
