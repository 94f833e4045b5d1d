"""Recurrent cells: what one time step does, forward and backward. Chapters 3 (RNN) and 7 (LSTM, GRU).

A cell knows sizes and equations. It holds no parameters and no state; ``rnncore.bptt`` drives it.

Inside, arrays stand as columns, one block per gate: ``gates (N, H, B)`` instead of ``(B, N*H)``. A gate
is then one contiguous block, which makes every elementwise line below up to twice as fast. Four
more things keep the loop over time short, and the equations are the same with or without them:

- A product of ``[h; x; 1]`` with ``[W_hh; W_xh; b_h]`` gives a pre-activation at once; ``_products`` says which
  rows of it meet in which block.
- ``sigmoid(a) = 0.5 + 0.5 tanh(a / 2)``, so one tanh serves all gates. The weights of the sigmoid gates
  are halved beforehand (``_halved``), which halves ``a``.
- A step backward multiplies by local derivatives. They do not depend on the incoming gradient, so
  ``_slopes`` computes them for many steps at once, with a leading axis ``n`` for time.
- Results go into arrays that exist already (``out=``).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

Params = dict[str, np.ndarray]


def check_array(name, array, shape, dtype):
    """Return array as dtype, or raise the ValueError that names it; letters in shape match any size."""
    array = np.asarray(array)
    fits = array.shape == shape or (
        array.ndim == len(shape)
        and all(isinstance(a, str) or a == b for a, b in zip(shape, array.shape, strict=True))
    )
    if not fits:
        expected = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be numeric, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got nan or inf")
    return array.astype(dtype, copy=False)


def check_rng(rng):
    """Raise TypeError unless rng is a Generator: a seed would restart the stream at every call."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")


def _sigmoid_of_tanh(half):
    half *= 0.5  # in place: tanh(a / 2) -> sigmoid(a)
    half += 0.5


@dataclass(frozen=True)
class _Cell:
    input_size: int
    hidden_size: int

    n_gates: ClassVar[int] = 1
    n_states: ClassVar[int] = 1  # blocks of size H in the state: h, and c for the LSTM
    _n_kept: ClassVar[int] = 1  # blocks that backward needs besides the states, gates first
    _halved: ClassVar[tuple] = ()  # gates whose pre-activation arrives halved
    _gate_is_state: ClassVar[bool] = False  # one array serves as both
    _shared: ClassVar[bool] = True  # x_proj and h_proj enter as a sum: their gradients are equal
    _h_direct: ClassVar[bool] = False  # h_{t-1} also reaches h_t past the product with W_hh

    def __post_init__(self):
        for name in ("input_size", "hidden_size"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be a positive integer, got {value!r}")

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
        B, H = len(state), self.hidden_size
        scale = self._scale(np.asarray(x_proj).dtype)
        blocks = self._combine(*((part * scale).T.reshape(-1, H, B) for part in (x_proj, h_proj)))
        states = np.empty((2, self.n_states, H, B), scale.dtype)
        states[0] = np.asarray(state).T.reshape(-1, H, B)
        kept = states[1:] if self._gate_is_state else np.empty((1, self._n_kept, H, B), scale.dtype)
        kept[0, : len(blocks)] = blocks
        h, c = states[:, 0], states[:, 1:]
        self._step(kept[0], h[0], h[1], c[0], c[1])
        return states[1].reshape(-1, B).T, (kept, h[:1], c[:1])

    def step_backward(self, dstate, cache):
        """One step backward, from ``dstate (B, S)`` of the new state and the cache of ``step``.

        Returns ``dx_proj`` and ``dh_proj (B, G*H)``, and ``dstate_prev (B, S)`` without the path
        through ``h_proj``: add ``dh_proj @ W_hh.T`` to its h.
        """
        B, H = len(dstate), self.hidden_size
        dstate = np.array(np.asarray(dstate).T).reshape(-1, H, B)
        dx_proj = np.empty((self.n_gates, H, B), dstate.dtype)
        dh_proj = dx_proj if self._shared else np.empty_like(dx_proj)
        slopes = [slope[0] for slope in self._slopes(*cache)]
        self._step_backward(dstate[0], dstate[1:], dx_proj, dh_proj, *slopes)
        if not self._h_direct:
            dstate[0] = 0
        return dx_proj.reshape(-1, B).T, dh_proj.reshape(-1, B).T, dstate.reshape(-1, B).T

    def _scale(self, dtype):
        """Return (G*H,): 0.5 where the pre-activation has to arrive halved, 1 elsewhere."""
        scale = np.ones((self.n_gates, self.hidden_size), dtype)
        scale[list(self._halved)] = 0.5
        return scale.ravel()

    def _combine(self, x_blocks, h_blocks):
        """Return what ``_step`` finds in kept, from the parts of input and state (G, H, B)."""
        return x_blocks + h_blocks

    def _products(self, W, inputs, kept):
        """Yield (weights, inputs, block of kept to be filled), all three with rows first."""
        yield W, inputs, kept[:, : self.n_gates]


class RNNCell(_Cell):
    """The tanh RNN of Elman (1990), with sizes D and H. Derived in chapter 3.

    ``h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h)``. The state is ``h``, of size S = H; G = 1.
    """

    _gate_is_state: ClassVar[bool] = True

    def _step(self, gates, h_prev, h, c_prev, c):
        np.tanh(gates, out=gates)  # gates is h

    def _slopes(self, gates, h_prev, c_prev):
        return (1 - gates[:, 0] ** 2,)  # tanh' = 1 - tanh²

    def _step_backward(self, dh, dc, dx_proj, dh_proj, slope):
        np.multiply(dh, slope, out=dx_proj[0])


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
    _n_kept: ClassVar[int] = 5  # i f g o, tanh(c)
    _halved: ClassVar[tuple] = (0, 1, 3)

    def init_params(self, rng, dtype=np.float64, forget_bias=1.0) -> Params:
        """As for every cell, with the bias of the forget gate set to forget_bias (chapter 7)."""
        params = super().init_params(rng, dtype)
        params["b_h"][self.hidden_size : 2 * self.hidden_size] = forget_bias
        return params

    def _step(self, gates, h_prev, h, c_prev, c):
        np.tanh(gates[:4], out=gates[:4])
        _sigmoid_of_tanh(gates[:2])
        _sigmoid_of_tanh(gates[3])
        i, f, g, o, tanh_c = gates
        np.multiply(f, c_prev[0], out=c[0])
        c[0] += i * g
        np.tanh(c[0], out=tanh_c)
        np.multiply(o, tanh_c, out=h)

    def _slopes(self, gates, h_prev, c_prev):
        i, f, g, o, tanh_c = gates.swapaxes(0, 1)
        slopes = 1 - gates[:, :4]
        slopes *= gates[:, :4]  # sigmoid' = sigmoid (1 - sigmoid); g follows below
        slopes[:, 0] *= g
        slopes[:, 1] *= c_prev[:, 0]
        slopes[:, 2] = (1 - g**2) * i
        slopes[:, 3] *= tanh_c
        return slopes, (1 - tanh_c**2) * o, f

    def _step_backward(self, dh, dc, dx_proj, dh_proj, gate_slopes, dc_dh, f):
        np.multiply(dh, gate_slopes[3], out=dx_proj[3])
        dh *= dc_dh  # h_t = o tanh(c_t)
        dc += dh
        np.multiply(dc, gate_slopes[:3], out=dx_proj[:3])
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
    _n_kept: ClassVar[int] = 4  # r z n, h_n
    _halved: ClassVar[tuple] = (0, 1)
    _shared: ClassVar[bool] = False
    _h_direct: ClassVar[bool] = True

    def _combine(self, x_blocks, h_blocks):  # r needs x_n and h_n apart
        return np.concatenate([x_blocks[:2] + h_blocks[:2], x_blocks[2:], h_blocks[2:]])

    def _products(self, W, inputs, kept):
        H = self.hidden_size
        yield W[:, : 2 * H], inputs, kept[:, :2]
        yield W[H:, 2 * H :], inputs[:, H:], kept[:, 2]
        yield W[:H, 2 * H :], inputs[:, :H], kept[:, 3]

    def _step(self, gates, h_prev, h, c_prev, c):
        np.tanh(gates[:2], out=gates[:2])
        _sigmoid_of_tanh(gates[:2])
        r, z, n, h_n = gates
        n += r * h_n
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h)  # (1 - z) n + z h_prev = z (h_prev - n) + n
        h *= z
        h += n

    def _slopes(self, gates, h_prev, c_prev):
        r, z, n, h_n = gates.swapaxes(0, 1)
        slopes = np.empty_like(gates[:, :3])
        slopes[:, 2] = (1 - n**2) * (1 - z)
        slopes[:, 1] = (1 - z) * z * (h_prev - n)
        slopes[:, 0] = (1 - r) * r * h_n * slopes[:, 2]
        return slopes, r, z

    def _step_backward(self, dh, dc, dx_proj, dh_proj, gate_slopes, r, z):
        np.multiply(dh, gate_slopes, out=dx_proj)
        dh_proj[:2] = dx_proj[:2]
        np.multiply(dx_proj[2], r, out=dh_proj[2])
        dh *= z
