"""Recurrent cells: one time step forward and backward. Chapters 3 (RNN) and 7 (LSTM, GRU).

A cell knows sizes and equations. It holds no parameters and no state; ``rnncore.bptt`` drives it.

Inside, the blocks of a cell are the first axis: what is ``(rows, G*H)`` outside is ``(G, rows, H)`` here.
So ``h_prev @ W_hh``, (B, H) @ (G, H, H) -> (G, B, H), is one product for each block.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from rnncore import arguments
from rnncore.arguments import Params, Rng


@dataclass(frozen=True)
class Cell:
    """Base class of the cells.

    A subclass is a frozen dataclass (a number that it needs is a field) and defines ``n_gates``, G, and

    - ``step(W_hh, x_proj, h_prev, c_prev) -> h, c, kept``, with ``W_hh (G, H, H)``; ``x_proj (G, B, H)``,
      which is ``x_t W_xh + b_h``; ``h_prev (B, H)``; and ``c_prev (B, H)`` where ``has_c``, else None.
      ``kept`` is a tuple of what the backward pass needs besides h, the G gates ``(B, H)`` first.
    - ``step_backward(W_hh, dh, dc_next, h, kept) -> dh_prev, dc_prev, dx_proj, dh_proj``, with the total
      derivative ``dh (B, H)`` and what the next step passed back to c, ``dc_next (B, H)`` or None. It
      returns what this step passes back to ``h_prev`` and ``c_prev``, and the derivatives by ``x_proj`` and
      by ``h_prev @ W_hh``, ``(G, B, H)`` each, or ``(B, H)`` for G = 1; where ``adds_up``, they are one.

    Neither writes into its arguments. Test a new cell with ``check_grads``.
    """

    input_size: int
    hidden_size: int

    n_gates: ClassVar[int]  # G blocks: gates and candidate
    has_c: ClassVar[bool] = False  # whether the state is [h | c], or h alone
    adds_up: ClassVar[bool] = False  # x_proj + h_prev @ W_hh: one derivative, dx_proj is dh_proj

    def __post_init__(self):
        arguments.integers(1, input_size=self.input_size, hidden_size=self.hidden_size)

    @property
    def state_size(self) -> int:
        """The size S of the state, which is H, and 2H for the LSTM."""
        return (1 + self.has_c) * self.hidden_size

    def init_params(self, rng: Rng, *, dtype=np.float64) -> Params:
        """Weights uniform in ±1/sqrt(H), biases zero.

        Takes a generator and the dtype of all parameters, and so of everything computed with them.
        Returns a dict with ``W_xh (D, G*H)``, ``W_hh (H, G*H)`` and ``b_h (G*H,)``.
        """
        D, H, GH = self.input_size, self.hidden_size, self.n_gates * self.hidden_size
        return {
            "W_xh": uniform_weights(rng, (D, GH), H, dtype),
            "W_hh": uniform_weights(rng, (H, GH), H, dtype),
            "b_h": np.zeros(GH, dtype),
        }

    def check_params(self, params: Params) -> Params:
        """Return the three arrays of the cell, or raise the ValueError that names the wrong one."""
        D, H, GH = self.input_size, self.hidden_size, self.n_gates * self.hidden_size
        return arguments.params(params, {"W_xh": (D, GH), "W_hh": (H, GH), "b_h": (GH,)})


@dataclass(frozen=True)
class RNNCell(Cell):
    """The RNN of Elman (1990), with sizes D and H. Derived in chapter 3.

    ``h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h)``, or ``max(0, ...)`` with ``activation="relu"``, of
    slope 0 at 0. The state is ``h``, of size S = H; G = 1.
    """

    activation: Literal["tanh", "relu"] = field(default="tanh", kw_only=True)

    n_gates: ClassVar[int] = 1
    adds_up: ClassVar[bool] = True

    def __post_init__(self):
        super().__post_init__()
        arguments.kind("activation", self.activation, str, "'tanh' or 'relu'")
        if self.activation not in ("tanh", "relu"):
            raise ValueError(f"activation must be 'tanh' or 'relu', got {self.activation!r}")

    def init_params(self, rng: Rng, *, dtype=np.float64, identity: bool = False) -> Params:
        """As for every cell; with identity, ``W_hh`` is the identity matrix.

        Source of the identity, for ReLU: Le, Jaitly and Hinton (2015). Chapter 5.
        """
        params = super().init_params(rng, dtype=dtype)
        if arguments.kind("identity", identity, bool, "True or False"):
            params["W_hh"] = np.eye(self.hidden_size, dtype=dtype)
        return params

    def step(self, W_hh, x_proj, h_prev, c_prev):
        (a,) = x_proj + h_prev @ W_hh  # one block
        h = np.tanh(a) if self.activation == "tanh" else np.maximum(a, 0)
        return h, None, ()

    def step_backward(self, W_hh, dh, dc_next, h, kept):
        da = dh * (1 - h * h if self.activation == "tanh" else h > 0)
        dh_prev = da @ W_hh[0].T
        return dh_prev, None, da, da


@dataclass(frozen=True)
class LSTMCell(Cell):
    """The LSTM of Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000).

    With ``[a_i a_f a_g a_o] = x_t W_xh + h_{t-1} W_hh + b_h``, derived in chapter 7::

        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o),   g = tanh(a_g)
        c_t = f * c_{t-1} + i * g
        h_t = o * tanh(c_t)

    The state is ``[h | c]``, of size S = 2H; G = 4. Gate order as in PyTorch; others use
    ``i g f o`` or ``i f o g``. One bias, where PyTorch adds two; no peepholes.
    """

    n_gates: ClassVar[int] = 4
    has_c: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True

    def init_params(self, rng: Rng, *, dtype=np.float64, forget_bias: float = 1.0) -> Params:
        """As for every cell, with the bias of the forget gate set to forget_bias (chapter 7)."""
        params = super().init_params(rng, dtype=dtype)
        f = slice(self.hidden_size, 2 * self.hidden_size)
        arguments.number("forget_bias", forget_bias, "(-inf, inf)")
        params["b_h"][f] = arguments.array("forget_bias", forget_bias, (), dtype)
        return params

    def step(self, W_hh, x_proj, h_prev, c_prev):
        a_i, a_f, a_g, a_o = x_proj + h_prev @ W_hh  # (B, H) each
        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)
        g = np.tanh(a_g)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return h, c, (i, f, g, o, tanh_c, c_prev)

    def step_backward(self, W_hh, dh, dc_next, h, kept):
        i, f, g, o, tanh_c, c_prev = kept
        do = dh * tanh_c
        dc = dc_next + dh * o * (1 - tanh_c * tanh_c)  # c acts on the next step and on h
        di, df, dg = dc * g, dc * c_prev, dc * i
        da = np.array([di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)])
        dh_prev = back_through(W_hh, da)
        dc_prev = dc * f
        return dh_prev, dc_prev, da, da


@dataclass(frozen=True)
class GRUCell(Cell):
    """The GRU of Cho et al. (2014), with the reset after the product. Derived in chapter 7.

    With ``[x_r x_z x_n] = x_t W_xh + b_h`` and ``[h_r h_z q] = h_{t-1} W_hh``::

        r = sigmoid(x_r + h_r),  z = sigmoid(x_z + h_z),  n = tanh(x_n + r * q)
        h_t = (1 - z) * n + z * h_{t-1}

    The state is ``h``, of size S = H; G = 3. As in PyTorch, ``r`` acts after the product with W_hh
    and ``z`` keeps the old state; the paper lets ``r`` act before it, and others swap ``z`` and
    ``1 - z``. PyTorch has a second bias inside ``q``; here it is zero.
    """

    n_gates: ClassVar[int] = 3

    def step(self, W_hh, x_proj, h_prev, c_prev):
        x_r, x_z, x_n = x_proj  # (B, H) each
        h_r, h_z, q = h_prev @ W_hh
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * q)
        h = (1 - z) * n + z * h_prev
        return h, None, (r, z, n, q, h_prev)

    def step_backward(self, W_hh, dh, dc_next, h, kept):
        r, z, n, q, h_prev = kept
        dn, dz = dh * (1 - z), dh * (h_prev - n)
        da_n = dn * (1 - n * n)
        dr, dq = da_n * q, da_n * r
        da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)
        dx_proj, dh_proj = (da_r, da_z, da_n), np.array([da_r, da_z, dq])
        dh_prev = dh * z + back_through(W_hh, dh_proj)
        return dh_prev, None, dx_proj, dh_proj


def sigmoid(a):
    return 1 / (1 + np.exp(-a))  # exp may reach inf, and 1 / inf = 0 is right: forward allows it


def back_through(W, da):
    """Backward through ``x @ W`` for all blocks: the sum over k of ``da_k W_k^T``.

    (G, rows, H) @ (G, H, n) -> (G, rows, n), summed to (rows, n).
    """
    blocks = da @ W.swapaxes(1, 2)
    return blocks[0] if len(blocks) == 1 else np.add.reduce(blocks)  # faster than .sum(axis=0)


def uniform_weights(rng, shape, hidden_size, dtype):
    """Return weights uniform in ±1/sqrt(H)."""
    if not isinstance(dtype, type | np.dtype) or dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype must be np.float32 or np.float64, got {arguments.describe(dtype)}")
    bound = 1 / np.sqrt(hidden_size)
    return arguments.rng(rng).uniform(-bound, bound, shape).astype(dtype)
