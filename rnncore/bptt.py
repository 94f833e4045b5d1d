"""Any cell through time: forward, backward, and the Jacobian of the state. Chapters 3, 4 and 5."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, Params
from rnncore.cells import Cell, back_through


@dataclass(frozen=True)
class Cache:
    """What ``forward`` saw and computed, for ``backward`` and to be looked at.

    - ``x`` (T, B, D)
    - ``h`` (T, B, H), the hidden states, read-only
    - ``states`` (T + 1, B, S), the initial state first
    - ``gates`` (T, G, B, H), gates and candidate after the nonlinearity, in the order of the cell; for
      the RNN this is ``h``
    """

    cell: Cell
    x: Array
    h_all: Array  # (T + 1, B, H), the initial one first
    c_all: list  # of T + 1 arrays (B, H), the initial one first; of None where the cell has no c
    kept: list  # of what each of the T steps keeps

    @property
    def h(self) -> Array:
        h = self.h_all[1:]
        h.flags.writeable = False  # it is part of the cache: a change would spoil the gradient
        return h

    @property
    def states(self) -> Array:
        if not self.cell.has_c:
            return self.h_all.copy()
        return np.concatenate([self.h_all, np.array(self.c_all)], axis=2)

    @property
    def gates(self) -> Array:
        G, (T, B, H) = self.cell.n_gates, self.h.shape
        gates = [kept[:G] or h for h, kept in zip(self.h, self.kept, strict=True)]
        return np.array(gates, self.h.dtype).reshape(T, G, B, H)


Forward = NamedTuple("Forward", [("h", Array), ("final_state", Array), ("cache", Cache)])
Backward = NamedTuple("Backward", [("grads", Params), ("dx", Array), ("dstate0", Array)])


def forward(cell: Cell, params: Params, x: Array, *, state: Array | None = None) -> Forward:
    """Run a cell over a sequence: ``h_t, c_t = step(W_hh, x_t W_xh + b_h, h_{t-1}, c_{t-1})``.

    Takes the parameters of the cell (other keys are ignored), ``x (T, B, D)`` and the initial ``state
    (B, S)``, by default zero. Returns ``h (T, B, H)``, read-only; ``final_state (B, S)``, which
    continues the sequence; and a ``Cache``. Derived in chapter 3.

    There is no mask here: pad at the end, and mask the loss; what it hides sends no gradient back.
    ``final_state`` is then the state after the padding. The state after the last real step of each
    sequence is ``cache.states[lengths, range(B)]``, ``(B, S)``, for every cell, with ``lengths =
    mask.sum(axis=0)``: ``states[0]`` is the initial state, so ``states[n]`` has read n inputs.

    Raises ``DivergedError`` where ``h`` grows beyond its dtype, as it can with ReLU.
    """
    W_xh, W_hh, b_h = _weights(cell, params)
    dtype, G, H = W_xh.dtype, cell.n_gates, cell.hidden_size
    x = arguments.array("x", x, ("T", "B", cell.input_size), dtype).copy()
    T, B, D = x.shape
    h_all = np.empty((T + 1, B, H), dtype)
    h_all[0], c = _parts_of_state("state", cell, state, B, dtype)
    c_all, kept = [c], []

    x_proj = x.reshape(T * B, D) @ W_xh  # (T*B, D) @ (G, D, H) -> (G, T*B, H), all steps at once
    x_proj += b_h
    x_proj = x_proj.reshape(G, T, B, H)
    with np.errstate(over="ignore"):  # in sigmoid
        for t in range(T):
            h_all[t + 1], c, kept_t = cell.step(W_hh, x_proj[:, t], h_all[t], c)
            c_all.append(c)
            kept.append(kept_t)

    if not arguments.is_finite(h_all):
        raise arguments.DivergedError("params must give finite states h, got nan or inf")
    cache = Cache(cell, x, h_all, c_all, kept)
    return Forward(cache.h, _as_state(h_all[T], c), cache)


def backward(
    cell: Cell, params: Params, dh: Array, cache: Cache, *, dstate: Array | None = None
) -> Backward:
    """Backpropagation through time: the gradient of a loss, from its direct gradient by each ``h_t``.

    Takes ``dh (T, B, H)``, the direct gradient (the e_t of chapter 4), without the paths through later
    steps; the cache of ``forward``, not changed; and ``dstate (B, S)``, the gradient that arrives at the
    final state from later steps, by default zero: pass the ``dstate0`` of the later chunk for full BPTT
    in chunks, nothing for truncated BPTT. Returns ``grads``, a dict with the keys of the cell's
    parameters, ``dx (T, B, D)``, and ``dstate0 (B, S)`` of the initial state. Time and memory are linear
    in T. Source: Werbos (1990). Derived in chapter 4.
    """
    W_xh, W_hh, _ = _weights(cell, params)
    dtype, G, H = W_xh.dtype, cell.n_gates, cell.hidden_size
    arguments.kind("cache", cache, Cache, "the cache that forward returned")
    if (cell, dtype) != (cache.cell, cache.x.dtype):
        raise ValueError(f"cache must be of {cell} in {dtype}, got {cache.cell} in {cache.x.dtype}")
    T, B, D = cache.x.shape
    dh = arguments.array("dh", dh, (T, B, H), dtype)
    dh_next, dc_next = _parts_of_state("dstate", cell, dstate, B, dtype)

    dx_proj = np.empty((G, T, B, H), dtype)
    dh_proj = dx_proj if cell.adds_up else np.empty_like(dx_proj)
    for t in reversed(range(T)):
        dh_t = dh[t] + dh_next  # its own output, and later steps
        step = cell.step_backward(W_hh, dh_t, dc_next, cache.h_all[t + 1], cache.kept[t])
        dh_next, dc_next, dx_proj[:, t], dh_proj_t = step
        if not cell.adds_up:
            dh_proj[:, t] = dh_proj_t

    # steps and batch as rows, so that one product sums over both: (D, T*B) @ (G, T*B, H) -> (G, D, H)
    dx_proj, dh_proj = dx_proj.reshape(G, T * B, H), dh_proj.reshape(G, T * B, H)
    x, h_prev = cache.x.reshape(T * B, D), cache.h_all[:T].reshape(T * B, H)
    blocks = {"W_xh": x.T @ dx_proj, "W_hh": h_prev.T @ dh_proj, "b_h": dx_proj.sum(axis=1)}
    grads = {name: np.hstack(block) for name, block in blocks.items()}  # side by side: (rows, G*H)
    dx = back_through(W_xh, dx_proj).reshape(T, B, D)
    return Backward(grads, dx, _as_state(dh_next, dc_next))


def state_jacobian(cell: Cell, params: Params, x: Array, state: Array) -> Array:
    """Jacobian ``(S, S)`` of the state after a sequence by the state before it.

    ``J[i, j]`` is the derivative of ``final_state[0, i]`` by ``state[0, j]``, for ``x (T, 1, D)``
    and ``state (1, S)``: the product of the T one-step Jacobians, the latest leftmost; for T = 0
    the identity. With row vectors a gradient goes back as ``dstate @ J``. Derived in chapter 5.
    """
    dtype, S = _weights(cell, params)[0].dtype, cell.state_size
    x = arguments.array("x", x, ("T", 1, cell.input_size), dtype)
    state = arguments.array("state", state, (1, S), dtype)
    # a batch of S copies of the sequence: row i carries the gradient of entry i back
    h, _, cache = forward(cell, params, np.repeat(x, S, axis=1), state=np.repeat(state, S, axis=0))
    return backward(cell, params, np.zeros_like(h), cache, dstate=np.eye(S, dtype=dtype)).dstate0


def _weights(cell, params):
    """Return W_xh (G, D, H), W_hh (G, H, H) and b_h (G, 1, H): (rows, G*H) -> (G, rows, H)."""
    arguments.kind("cell", cell, Cell, "an RNNCell, LSTMCell or GRUCell")
    params, G, H = cell.check_params(params), cell.n_gates, cell.hidden_size
    arrays = params["W_xh"], params["W_hh"], params["b_h"]
    return [np.ascontiguousarray(a.reshape(-1, G, H).swapaxes(0, 1)) for a in arrays]


def _parts_of_state(name, cell, state, batch_size, dtype):
    """Return h (B, H) and c (B, H) of a state (B, S), by default zero; c is None for a cell without."""
    shape = batch_size, cell.state_size
    state = np.zeros(shape, dtype) if state is None else arguments.array(name, state, shape, dtype)
    H = cell.hidden_size
    return state[:, :H].copy(), state[:, H:].copy() if cell.has_c else None


def _as_state(h, c):
    """Return [h | c], or a copy of h for a cell without c."""
    return h.copy() if c is None else np.hstack([h, c])
