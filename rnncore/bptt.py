"""Any cell through time: forward, backward, and the Jacobian of the state. Chapters 3, 4 and 5."""

from dataclasses import dataclass

import numpy as np

from rnncore.cells import GRUCell, LSTMCell, RNNCell
from rnncore.checks import check_array

# The steps are worked off in blocks of at least 8, or as many as fill 2**14 numbers: what is computed for
# a block is used while it is still in the processor's cache, and the memory that backward itself
# needs does not grow with T.
MIN_STEPS, BLOCK = 8, 2**14


@dataclass(frozen=True)
class Cache:
    """What ``forward`` saw and computed, for ``backward`` and to be looked at.

    - ``x`` (T, B, D)
    - ``h`` (T, B, H), the hidden states, read-only
    - ``states`` (T + 1, B, S), the initial state first
    - ``gates`` (T, G, B, H), after the nonlinearity, in the order of the cell; for the RNN this is ``h``
    """

    cell: RNNCell | LSTMCell | GRUCell
    x1: np.ndarray  # (T, B, D + 1): the rows [x_t 1]
    h_all: np.ndarray  # (T + 1, B, H), the initial one first
    c_all: np.ndarray  # (T + 1, B, S - H): c of the LSTM
    kept: np.ndarray  # (T, n_kept, B, H)

    @property
    def x(self) -> np.ndarray:
        return self.x1[..., :-1]

    @property
    def h(self) -> np.ndarray:
        h = self.h_all[1:]
        h.flags.writeable = False  # it is part of the cache: a change would spoil the gradient
        return h

    @property
    def states(self) -> np.ndarray:
        return np.concatenate([self.h_all, self.c_all], axis=2)

    @property
    def gates(self) -> np.ndarray:
        last, G = self.cell._n_blocks, self.cell.n_gates
        return self.kept[:, last - G : last][:, self.cell._x_order]


def _check_state(name, cell, state, batch_size, dtype):
    """Return the parts h (B, H) and c (B, S - H) of a state (B, S), by default zero."""
    if state is None:
        state = cell.zero_state(batch_size, dtype)
    else:
        state = check_array(name, state, (batch_size, cell.state_size), dtype)
    return state[:, : cell.hidden_size], state[:, cell.hidden_size :]


def _blocks_of_steps(cell, T, batch_size):
    n = max(MIN_STEPS, BLOCK // max(1, cell.n_gates * cell.hidden_size * batch_size))
    return [slice(start, min(start + n, T)) for start in range(0, T, n)]


def forward(cell, params, x, state=None):
    """Run a cell over a sequence: ``state_t = step(x_t W_xh + b_h, h_{t-1} W_hh, state_{t-1})``.

    Parameters: the parameters of the cell (other keys are ignored), ``x (T, B, D)`` and the initial
    ``state (B, S)``, by default zero. Returns ``h (T, B, H)``, read-only; ``final_state (B, S)``,
    which continues the sequence; and a ``Cache``. Padding needs no care here: it comes last, and what a
    mask hides in the loss sends no gradient back. Derived in chapter 3.
    """
    weights = cell.check_params(params)
    dtype = weights["W_xh"].dtype
    x = check_array("x", x, ("T", "B", cell.input_size), dtype)
    T, B, D = x.shape
    H, G = cell.hidden_size, cell.n_gates
    x1 = np.empty((T, B, D + 1), dtype)
    x1[..., :D], x1[..., D] = x, 1
    h, c = np.empty((T + 1, B, H), dtype), np.empty((T + 1, B, cell.state_size - H), dtype)
    h[0], c[0] = _check_state("state", cell, state, B, dtype)
    kept = h[1:, None] if cell._gate_is_state else np.empty((T, cell._n_kept, B, H), dtype)
    W_x = cell._blocks(np.vstack([weights["W_xh"], weights["b_h"]]), cell._x_order)
    W_h = cell._blocks(weights["W_hh"], cell._h_order)
    h_proj = np.empty((G, B, H), dtype)
    product, A, out = (np.dot, W_h[0], h_proj[0]) if G == 1 else (np.matmul, W_h, h_proj)
    for steps in _blocks_of_steps(cell, T, B):
        x_proj = x1[steps].reshape(-1, D + 1) @ W_x  # (G, n B, H), for all steps of the block
        x_proj = x_proj.reshape(G, -1, B, H).swapaxes(0, 1)
        states = h[steps], c[steps], h[1:][steps], c[1:][steps]
        for x_proj_t, h_prev, *rest in zip(x_proj, *states, kept[steps], strict=True):
            product(h_prev, A, out=out)
            cell._step(x_proj_t, h_proj, h_prev, *rest)

    cache = Cache(cell, x1, h, c, kept)
    return cache.h, np.hstack([h[T], c[T]]), cache


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
    dh_next, dc = (d.copy() for d in _check_state("dstate", cell, dstate, B, dtype))
    dh_total = np.empty_like(dh_next)
    P, G = cell._n_blocks, cell.n_gates
    W_hT, W_xT = np.empty((G, H, H), dtype), np.empty((G, H, D), dtype)
    W_hT[cell._h_order] = W_h.T.reshape(G, H, H)
    W_xT[cell._x_order] = W_x.T.reshape(G, H, D)
    W_hT, W_xT = W_hT.reshape(GH, H), W_xT.reshape(GH, D)
    dW_h, dW_x = np.zeros((H, GH), dtype), np.zeros((D + 1, GH), dtype)
    dx = np.empty((T, B, D), dtype)

    for steps in reversed(_blocks_of_steps(cell, T, B)):
        h_prev, c_prev = cache.h_all[:T][steps], cache.c_all[:T][steps]
        # (n_kept, n, B, H): one copy here, where NumPy would copy each gate for every operation on it
        kept = np.ascontiguousarray(cache.kept[steps].swapaxes(0, 1))
        derivatives = cell._derivatives(kept, h_prev, c_prev)
        da = np.empty((len(h_prev), B, P * H), dtype)
        da_h, da_x = da[..., :GH], da[..., -GH:]
        backwards = zip(
            dh[steps][::-1], da_h[::-1], da.reshape(-1, B, P, H).swapaxes(1, 2)[::-1],
            *(d[::-1] for d in derivatives), strict=True,
        )  # fmt: skip
        for dh_t, da_h_t, *da_and_derivatives in backwards:
            np.add(dh_t, dh_next, out=dh_total)
            cell._step_backward(dh_total, dc, *da_and_derivatives)
            np.dot(da_h_t, W_hT, out=dh_next)
            if cell._h_direct:
                dh_next += dh_total

        # sums over the steps of the block and over the batch, as one product each
        da_h, da_x = da_h.reshape(-1, GH), da_x.reshape(-1, GH)
        np.dot(da_x, W_xT, out=dx[steps].reshape(-1, D))
        dW_h += h_prev.reshape(-1, H).T @ da_h
        dW_x += cache.x1[steps].reshape(-1, D + 1).T @ da_x
    dW_h = dW_h.reshape(H, G, H)[:, cell._h_order].reshape(H, GH)
    dW_x = dW_x.reshape(D + 1, G, H)[:, cell._x_order].reshape(D + 1, GH)
    grads = {"W_xh": dW_x[:D], "W_hh": dW_h, "b_h": dW_x[D]}
    return grads, dx, np.hstack([dh_next, dc])


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
