"""Recurrent cells: what one time step does, forward and backward. Chapters 3 (RNN) and 7 (LSTM, GRU).

A cell knows sizes and equations. It holds no parameters and no state; ``rnncore.bptt`` drives it.

Inside, what is ``(rows, G*H)`` outside stands as G blocks ``(G, rows, H)``, one per gate: a gate is then
contiguous, which makes every elementwise line below about twice as fast. Two more things keep the
loop over time short, and the equations are the same with or without them:

- A step backward multiplies by local derivatives. They do not depend on the incoming gradient, so
  ``_derivatives`` computes them for n steps at once, from ``kept (n_kept, n, B, H)``.
- Results go into arrays that exist already (``out=``).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnncore.checks import check_array, check_integers, check_rng

Params = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Cell:
    input_size: int
    hidden_size: int

    n_gates: ClassVar[int] = 1
    n_states: ClassVar[int] = 1  # blocks of size H in the state: h, and c for the LSTM
    _n_blocks: ClassVar[int] = 1  # of da: one per gate, and for the GRU two of its third gate
    # where each gate stands among the first G blocks, which h_proj enters, and the last G, for x_proj
    _h_order: ClassVar[slice | list] = slice(1)
    _x_order: ClassVar[slice | list] = slice(1)
    _n_kept: ClassVar[int]  # blocks that backward needs besides the states
    _gate_is_state: ClassVar[bool] = False  # one array serves as both
    _h_direct: ClassVar[bool] = False  # h_{t-1} also reaches h_t past the product with W_hh

    def __post_init__(self):
        check_integers(1, input_size=self.input_size, hidden_size=self.hidden_size)

    @property
    def state_size(self) -> int:
        """The size S of the state, which is H, and 2H for the LSTM."""
        return self.n_states * self.hidden_size

    def init_params(self, rng, dtype=np.float64) -> Params:
        """Weights uniform in ±1/sqrt(H), biases zero.

        Takes a generator and the dtype of all parameters, and so of everything computed with them.
        Returns a dict with ``W_xh (D, G*H)``, ``W_hh (H, G*H)`` and ``b_h (G*H,)``.
        """
        check_rng(rng)
        D, H, G = self.input_size, self.hidden_size, self.n_gates
        bound = 1 / np.sqrt(H)
        return {
            "W_xh": rng.uniform(-bound, bound, (D, G * H)).astype(dtype),
            "W_hh": rng.uniform(-bound, bound, (H, G * H)).astype(dtype),
            "b_h": np.zeros(G * H, dtype),
        }

    def zero_state(self, batch_size, dtype=np.float64) -> np.ndarray:
        """Return the state (B, S) before the first step."""
        return np.zeros((batch_size, self.state_size), dtype)

    def check_params(self, params) -> Params:
        """Return the three arrays of the cell, or raise the ValueError that names the wrong one."""
        D, H, GH = self.input_size, self.hidden_size, self.n_gates * self.hidden_size
        shapes = {"W_xh": (D, GH), "W_hh": (H, GH), "b_h": (GH,)}
        missing = shapes.keys() - params.keys()
        if missing:
            raise ValueError(f"params must have W_xh, W_hh and b_h, got {sorted(params)}")
        dtype = np.asarray(params["W_xh"]).dtype
        if dtype.kind not in "fc":
            raise ValueError(f"params['W_xh'] must be floating point, got dtype {dtype}")
        return {k: check_array(f"params[{k!r}]", params[k], s, dtype) for k, s in shapes.items()}

    def step(self, x_proj, h_proj, state):
        """One step forward.

        Takes ``x_proj (B, G*H)``, the input's part of the pre-activation, ``x_t @ W_xh + b_h``;
        ``h_proj (B, G*H)``, the state's part, ``h_{t-1} @ W_hh``; and ``state (B, S)``. Returns the
        new state ``(B, S)`` and a cache for ``step_backward``.
        """
        h_prev, c_prev = np.split(np.asarray(state), [self.hidden_size], axis=1)
        h, c = np.empty_like(h_prev), np.empty_like(c_prev)
        kept = h[None] if self._gate_is_state else np.empty((self._n_kept, *h.shape), h.dtype)
        x_proj, h_proj = self._blocks(x_proj, self._x_order), self._blocks(h_proj, self._h_order)
        self._step(x_proj, h_proj, h_prev, c_prev, h, c, kept)
        return np.hstack([h, c]), (kept[:, None], h_prev[None], c_prev[None])

    def step_backward(self, dstate, cache):
        """One step backward, from ``dstate (B, S)`` of the new state and the cache of ``step``.

        Returns ``dx_proj`` and ``dh_proj (B, G*H)``, and ``dstate_prev (B, S)`` without the path
        through ``h_proj``: add ``dh_proj @ W_hh.T`` to its h.
        """
        B, H = len(dstate), self.hidden_size
        dh, dc = (part.copy() for part in np.split(np.asarray(dstate), [H], axis=1))
        da = np.empty((self._n_blocks, B, H), dh.dtype)
        self._step_backward(dh, dc, da, *[d[0] for d in self._derivatives(*cache)])
        da_x, da_h = da[-self.n_gates :][self._x_order], da[: self.n_gates][self._h_order]
        dx_proj, dh_proj = (d.swapaxes(0, 1).reshape(B, -1) for d in (da_x, da_h))
        return dx_proj, dh_proj, np.hstack([dh if self._h_direct else np.zeros_like(dh), dc])

    def _blocks(self, a, order):
        """Return what is (rows, G*H) as blocks (G, rows, H) in the given order."""
        blocks = np.empty((self.n_gates, len(a), self.hidden_size), a.dtype)
        blocks[order] = a.reshape(len(a), self.n_gates, -1).swapaxes(0, 1)
        return blocks


class RNNCell(_Cell):
    """The tanh RNN of Elman (1990), with sizes D and H. Derived in chapter 3.

    ``h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h)``. The state is ``h``, of size S = H; G = 1.
    """

    _gate_is_state: ClassVar[bool] = True

    def _blocks(self, a, order):
        return a[None]  # one gate: nothing to arrange, nothing to copy

    def _step(self, x_proj, h_proj, h_prev, c_prev, h, c, kept):
        np.add(x_proj[0], h_proj[0], out=h)
        np.tanh(h, out=h)

    def _derivatives(self, kept, h_prev, c_prev):
        return (1 - kept[0] ** 2,)  # tanh' = 1 - tanh²

    def _step_backward(self, dh, dc, da, dh_da):
        np.multiply(dh, dh_da, out=da[0])


class LSTMCell(_Cell):
    """The LSTM of Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000).

    With ``[i f g o] = x_t W_xh + h_{t-1} W_hh + b_h``, derived in chapter 7::

        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)

    The state is ``[h | c]``, of size S = 2H; G = 4. Gate order as in PyTorch; others use
    ``i g f o`` or ``i f o g``. One bias, where PyTorch adds two; no peepholes.
    """

    n_gates: ClassVar[int] = 4
    n_states: ClassVar[int] = 2
    _n_blocks: ClassVar[int] = 4  # o i f g: the sigmoids together
    _h_order: ClassVar[slice | list] = [1, 2, 3, 0]
    _x_order: ClassVar[slice | list] = [1, 2, 3, 0]
    _n_kept: ClassVar[int] = 5  # o i f g and tanh(c)

    def init_params(self, rng, dtype=np.float64, forget_bias=1.0) -> Params:
        """As for every cell, with the bias of the forget gate set to forget_bias (chapter 7)."""
        params = super().init_params(rng, dtype)
        params["b_h"][self.hidden_size : 2 * self.hidden_size] = forget_bias
        return params

    def _step(self, x_proj, h_proj, h_prev, c_prev, h, c, kept):
        o, i, f, g, tanh_c = kept
        np.add(x_proj, h_proj, out=kept[:4])
        _sigmoid(kept[:3])
        np.tanh(g, out=g)
        np.multiply(i, g, out=tanh_c)
        np.multiply(f, c_prev, out=c)
        c += tanh_c
        np.tanh(c, out=tanh_c)
        np.multiply(o, tanh_c, out=h)

    def _derivatives(self, kept, h_prev, c_prev):
        o, i, f, g, tanh_c = kept  # sigmoid' = sigmoid (1 - sigmoid)
        da = [o * (1 - o) * tanh_c, i * (1 - i) * g, f * (1 - f) * c_prev, (1 - g**2) * i]
        return np.stack(da, axis=1), (1 - tanh_c**2) * o, f

    def _step_backward(self, dh, dc, da, d, dh_dc, f):
        np.multiply(dh, d[0], out=da[0])
        dh *= dh_dc  # h_t = o tanh(c_t)
        dc += dh
        np.multiply(dc, d[1:], out=da[1:])
        dc *= f  # the path that keeps a gradient alive: c_t = f c_{t-1} + ...


class GRUCell(_Cell):
    """The GRU of Cho et al. (2014), derived in chapter 7.

    With ``[x_r x_z x_n] = x_t W_xh + b_h`` and ``[h_r h_z h_n] = h_{t-1} W_hh``::

        r = sigmoid(x_r + h_r),  z = sigmoid(x_z + h_z),  n = tanh(x_n + r * h_n)
        h_t = (1 - z) * n + z * h_{t-1}

    The state is ``h``, of size S = H; G = 3. As in PyTorch, ``r`` acts after the product with W_hh
    and ``z`` keeps the old state; the paper lets ``r`` act before it, and others swap ``z`` and
    ``1 - z``. PyTorch has a second bias inside ``h_n``; here it is zero.
    """

    n_gates: ClassVar[int] = 3
    _n_blocks: ClassVar[int] = 4  # h_n r z x_n
    _h_order: ClassVar[slice | list] = [1, 2, 0]
    _x_order: ClassVar[slice | list] = slice(3)
    _n_kept: ClassVar[int] = 4  # h_n r z n
    _h_direct: ClassVar[bool] = True

    def _step(self, x_proj, h_proj, h_prev, c_prev, h, c, kept):
        h_n, r, z, n = kept
        np.add(x_proj[:2], h_proj[1:], out=kept[1:3])
        _sigmoid(kept[1:3])
        h_n[...] = h_proj[0]
        np.multiply(r, h_n, out=n)
        n += x_proj[2]
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h)
        h *= z
        h += n  # n + z (h_prev - n) = (1 - z) n + z h_prev

    def _derivatives(self, kept, h_prev, c_prev):
        h_n, r, z, n = kept
        dn = (1 - n**2) * (1 - z)
        dz = (1 - z) * z * (h_prev - n)
        return np.stack([dn * r, (1 - r) * r * h_n * dn, dz, dn], axis=1), z

    def _step_backward(self, dh, dc, da, d, z):
        np.multiply(dh, d, out=da)
        dh *= z


@np.errstate(over="ignore")  # exp(-a) may overflow to inf, and 1 / (1 + inf) = 0 is right
def _sigmoid(a):
    """Turn a into 1 / (1 + exp(-a)), in place."""
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    np.reciprocal(a, out=a)
