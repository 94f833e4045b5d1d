"""Any cell through time: forward, backward, and the Jacobian of the state. Chapters 3, 4 and 5."""

from dataclasses import dataclass

import numpy as np

from rnncore.checks import check_array

# Steps backward are prepared in blocks of at least 8, or as many as fill 2**14 numbers: what is
# computed for a block is used while it is still in the processor's cache, and the memory that
# backward itself needs does not grow with T.
MIN_STEPS, BLOCK = 8, 2**14


@dataclass(frozen=True)
class Cache:
    """What ``forward`` saw and computed, for ``backward`` and to be looked at.

    - ``x`` (T, B, D)
    - ``h`` (T, B, H), the hidden states, read-only
    - ``states`` (T + 1, B, S), the initial state first
    - ``gates`` (T, G, B, H), after the nonlinearity, in the order of the cell; for the RNN this is ``h``
    """

    x: np.ndarray
    inputs: np.ndarray  # (T + 1, B, H + D + 1): the rows [h_{t-1} x_t 1] of every step
    c: np.ndarray  # (T + 1, B, S - H): c of the LSTM
    kept: np.ndarray  # (T, n_kept, B, H)
    gate_blocks: slice | list

    @property
    def h(self) -> np.ndarray:
        h = self.inputs[1:, :, : self.kept.shape[3]]
        h.flags.writeable = False  # it is part of the cache: a change would spoil the gradient
        return h

    @property
    def states(self) -> np.ndarray:
        return np.concatenate([self.inputs[..., : self.kept.shape[3]], self.c], axis=2)

    @property
    def gates(self) -> np.ndarray:
        return self.kept[:, self.gate_blocks]


def _check_state(name, cell, state, batch_size, dtype):
    """Return the state (B, S), by default zero, as copies of its parts h (B, H) and c (B, S - H)."""
    if state is None:
        state = cell.zero_state(batch_size, dtype)
    state = check_array(name, state, (batch_size, cell.state_size), dtype)
    return [part.copy() for part in np.split(state, [cell.hidden_size], axis=1)]


def _blocks(W, H):
    """View weights (rows, N*H) block by block, (N, rows, H)."""
    return W.reshape(len(W), -1, H).swapaxes(0, 1)


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
    H = cell.hidden_size
    inputs = np.empty((T + 1, B, H + D + 1), dtype)
    inputs[:T, :, H:-1] = x
    inputs[..., -1] = 1
    h, c = inputs[..., :H], np.empty((T + 1, B, cell.state_size - H), dtype)
    h[0], c[0] = _check_state("state", cell, state, B, dtype)
    kept = h[1:, None] if cell._gate_is_state else np.empty((T, cell._n_kept, B, H), dtype)

    W = np.zeros((len(cell._scale), H + D + 1, H), dtype)
    W[cell.h_blocks, :H] = _blocks(weights["W_hh"], H)
    W[cell.x_blocks, H:-1] = _blocks(weights["W_xh"], H)
    W[cell.x_blocks, -1] = weights["b_h"].reshape(-1, H)
    W *= cell._scales(dtype)
    products = []
    for rows, blocks in cell._products():
        product, A, out = np.matmul, W[blocks, rows], kept[:, blocks]
        if len(A) == 1 and (B == 1 or not cell._gate_is_state):
            product, A, out = np.dot, A[0], out[:, 0]  # quicker to call, for contiguous results
        products.append((product, inputs[..., rows], A, out))
    steps = zip(kept, h[:-1], h[1:], c[:-1], c[1:], strict=True)
    for t, (a_t, *state) in enumerate(steps):
        for product, rows, A, out in products:
            product(rows[t], A, out=out[t])
        cell._step(a_t, *state)

    cache = Cache(x, inputs, c, kept, cell.x_blocks)
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
    dh_next, dc = _check_state("dstate", cell, dstate, B, dtype)
    dh_total = np.empty_like(dh_next)
    P, G = len(cell._scale), cell.n_gates
    W_hT, W_xT = np.empty((P, H, H), dtype), np.empty((P, H, D), dtype)
    W_hT[cell.h_blocks] = _blocks(W_h, H).swapaxes(1, 2)
    W_xT[cell.x_blocks] = _blocks(W_x, H).swapaxes(1, 2)
    W_hT, W_xT = W_hT[:G].reshape(GH, H), W_xT[-G:].reshape(GH, D)
    dW = np.zeros((H + D + 1, P * H), dtype)
    dx = np.empty((T, B, D), dtype)

    n = max(MIN_STEPS, BLOCK // max(1, GH * B))
    for start in reversed(range(0, T, n)):
        steps = slice(start, min(start + n, T))
        inputs, c = cache.inputs[:T][steps], cache.c[:T][steps]
        derivatives = cell._derivatives(cache.kept[steps], inputs[..., :H], c)
        da = np.empty((len(c), B, P * H), dtype)
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
        np.dot(da_x.reshape(-1, GH), W_xT, out=dx[steps].reshape(-1, D))
        da, inputs = da.reshape(-1, P * H), inputs.reshape(-1, H + D + 1)
        for rows, blocks in cell._products():
            columns = slice(blocks.start * H, blocks.stop * H)
            dW[rows, columns] += inputs[:, rows].T @ da[:, columns]
    dW = dW.reshape(-1, P, H)
    grads = {
        "W_xh": dW[H:-1, cell.x_blocks].reshape(D, GH),
        "W_hh": dW[:H, cell.h_blocks].reshape(H, GH),
        "b_h": dW[-1, cell.x_blocks].reshape(GH),
    }
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
