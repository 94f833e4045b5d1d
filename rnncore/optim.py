"""Clipping (chapter 5) and Adam, on dicts of parameters and gradients."""

import math
from typing import NamedTuple

import numpy as np

from rnncore import arguments
from rnncore.arguments import DivergedError, Params

Clipped = NamedTuple("Clipped", [("grads", Params), ("norm", float)])


def global_norm(grads: Params) -> float:
    """Euclidean norm of all gradients, taken as one long vector, in float64."""
    scaled, largest = _over_largest(arguments.arrays("grads", grads))
    return largest * _norm(scaled)


def clip_grad_norm(grads: Params, max_norm: float) -> Clipped:
    """Scale all gradients by one factor, so that their global norm is at most max_norm.

    Returns new gradients, ``g * min(1, max_norm / norm)``, integers as float64, and the norm before
    clipping. The direction does not change. Source: Pascanu, Mikolov and Bengio (2013). Chapter 5.
    """
    arguments.number("max_norm", max_norm, "(0, inf]")
    grads = {name: 1.0 * g for name, g in arguments.arrays("grads", grads).items()}
    scaled, largest = _over_largest(grads)
    norm = largest * _norm(scaled)
    if norm > max_norm:
        factor = max_norm / _norm(scaled)
        grads = {name: (factor * g).astype(grads[name].dtype) for name, g in scaled.items()}
    return Clipped(grads, norm)


def _over_largest(grads):
    """Return all gradients over their largest entry, and it: no square overflows or vanishes then."""
    grads = {name: g.astype(np.result_type(g.dtype, np.float64)) for name, g in grads.items()}
    largest = max(float(abs(g).max(initial=0)) for g in grads.values()) or 1.0
    return {name: g / largest for name, g in grads.items()}, largest


def _norm(grads):
    return math.sqrt(sum(np.vdot(g, g).real for g in grads.values()))


class Adam:
    """Adam of Kingma and Ba (2015): steps of about lr, whatever the size of the gradient.

    With ``m = b1 m + (1 - b1) g`` and ``v = b2 v + (1 - b2) g²``, both from zero, step t is
    ``p = p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``.
    """

    b1, b2, eps = 0.9, 0.999, 1e-8  # as in the paper

    def __init__(self, lr: float = 1e-3) -> None:
        self.lr = arguments.number("lr", lr, "(0, inf)")
        self._t, self._m, self._v = 0, {}, {}

    def step(self, params: Params, grads: Params) -> None:
        """Update params in place, by grads of the same keys and shapes.

        Raises ``DivergedError`` where the square of a gradient, or a parameter, exceeds its dtype.
        """
        arguments.arrays("params", params, like=self._m or None)
        for name, p in params.items():
            arguments.kind(
                f"params[{name!r}]", p, _is_writeable, "a writeable array of real floats"
            )
        grads = arguments.arrays("grads", grads, like=params)
        for name, g in grads.items():
            grads[name] = arguments.array(f"grads[{name!r}]", g, g.shape, params[name].dtype)
        b1, b2 = self.b1, self.b2
        self._t += 1
        for name, p in params.items():
            g = grads[name]
            m = self._m.setdefault(name, np.zeros_like(g))
            v = self._v.setdefault(name, np.zeros_like(g))
            with np.errstate(over="ignore"):  # found below
                m *= b1
                m += (1 - b1) * g
                v *= b2
                v += (1 - b2) * g**2
                m_hat, v_hat = m / (1 - b1**self._t), v / (1 - b2**self._t)
                p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            if not arguments.is_finite(p) or not arguments.is_finite(v):
                got = f"{abs(g).max():.0e}"
                raise DivergedError(f"grads[{name!r}] must have finite squares, got {got}")


def _is_writeable(array):
    return isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.flags.writeable
