"""Recurrent cells: what one time step does, forward and backward.

A cell knows sizes and equations, no parameters and no state. ``rnncore.bptt`` drives it through time.
"""

from dataclasses import dataclass

import numpy as np

Params = dict[str, np.ndarray]


def sigmoid(a):
    """Logistic function 1 / (1 + exp(-a)), written with tanh so that it never overflows."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


@dataclass(frozen=True)
class _Cell:
    input_size: int
    hidden_size: int

    n_gates = 1

    def __post_init__(self):
        for name in ("input_size", "hidden_size"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be a positive integer, got {value!r}")

    @property
    def state_size(self) -> int:
        return self.hidden_size

    def init_params(self, rng, dtype=np.float64) -> Params:
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
        D, H, G = self.input_size, self.hidden_size, self.n_gates
        bound = 1 / np.sqrt(H)
        return {
            "W_xh": rng.uniform(-bound, bound, (D, G * H)).astype(dtype),
            "W_hh": rng.uniform(-bound, bound, (H, G * H)).astype(dtype),
            "b_h": np.zeros(G * H, dtype),
        }

    def zero_state(self, batch_size, dtype=np.float64) -> np.ndarray:
        return np.zeros((batch_size, self.state_size), dtype)


class RNNCell(_Cell):
    """h' = tanh(x W_xh + b_h + h W_hh)."""

    def step(self, x_proj, h_proj, state):
        h = np.tanh(x_proj + h_proj)
        return h, h[None]

    def step_backward(self, dstate, cache):
        (h,) = cache[0]
        da = dstate * (1 - h**2)
        return da, da, np.zeros_like(dstate)


class LSTMCell(_Cell):
    """Gates i, f, g, o; state [h | c]."""

    n_gates = 4

    @property
    def state_size(self) -> int:
        return 2 * self.hidden_size

    def init_params(self, rng, dtype=np.float64, forget_bias=1.0) -> Params:
        params = super().init_params(rng, dtype)
        params["b_h"][self.hidden_size : 2 * self.hidden_size] = forget_bias
        return params

    def step(self, x_proj, h_proj, state):
        i, f, g, o = np.split(x_proj + h_proj, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * state[:, self.hidden_size :] + i * g
        return np.concatenate([o * np.tanh(c), c], axis=-1), np.stack([i, f, g, o])

    def step_backward(self, dstate, cache):
        (i, f, g, o), state, new_state = cache
        H = self.hidden_size
        c_prev, tanh_c = state[:, H:], np.tanh(new_state[:, H:])
        dh, dc = dstate[:, :H], dstate[:, H:]
        dc = dc + dh * o * (1 - tanh_c**2)
        da = np.concatenate(
            [
                dc * g * i * (1 - i),
                dc * c_prev * f * (1 - f),
                dc * i * (1 - g**2),
                dh * tanh_c * o * (1 - o),
            ],
            axis=-1,
        )
        return da, da, np.concatenate([np.zeros_like(dh), dc * f], axis=-1)


class GRUCell(_Cell):
    """Gates r, z, n; h' = (1 - z) n + z h."""

    n_gates = 3

    def step(self, x_proj, h_proj, state):
        x_r, x_z, x_n = np.split(x_proj, 3, axis=-1)
        h_r, h_z, h_n = np.split(h_proj, 3, axis=-1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        return (1 - z) * n + z * state, np.stack([r, z, n, h_n])

    def step_backward(self, dstate, cache):
        (r, z, n, h_n), state, _ = cache
        dn = dstate * (1 - z) * (1 - n**2)
        dz = dstate * (state - n) * z * (1 - z)
        dr = dn * h_n * r * (1 - r)
        dx_proj = np.concatenate([dr, dz, dn], axis=-1)
        dh_proj = np.concatenate([dr, dz, dn * r], axis=-1)
        return dx_proj, dh_proj, dstate * z
