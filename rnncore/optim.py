"""Clipping (chapter 5) and the optimisers, on dicts of parameters and gradients."""

import numpy as np


def global_norm(grads) -> float:
    """Euclidean norm of all gradients, taken as one long vector."""
    return float(np.sqrt(sum(np.vdot(g, g).real for g in grads.values())))


def clip_grad_norm(grads, max_norm):
    """Scale all gradients by one factor, so that their global norm is at most max_norm.

    Returns new gradients, ``g * min(1, max_norm / norm)``, and the norm before clipping. The
    direction does not change. Source: Pascanu, Mikolov and Bengio (2013). Chapter 5.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    norm = global_norm(grads)
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


class _Optimizer:
    def __init__(self, lr):
        if not lr > 0:
            raise ValueError(f"lr must be positive, got {lr}")
        self.lr = lr

    @staticmethod
    def _check(params, grads):
        if params.keys() != grads.keys():
            raise ValueError(f"grads must have the keys {sorted(params)}, got {sorted(grads)}")


class SGD(_Optimizer):
    """Gradient descent with momentum in [0, 1): ``v = momentum v + g``, then ``p = p - lr v``.

    Some texts put lr inside v; the steps then differ once lr changes.
    """

    def __init__(self, lr, momentum=0.0):
        super().__init__(lr)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {momentum}")
        self.momentum, self._v = momentum, {}

    def step(self, params, grads):
        """Update params in place; the keys of grads must be those of params, or ValueError."""
        self._check(params, grads)
        for name, g in grads.items():
            self._v[name] = self.momentum * self._v.get(name, 0.0) + g
            params[name] -= self.lr * self._v[name]


class Adam(_Optimizer):
    """Adam of Kingma and Ba (2015): steps of about lr, whatever the size of the gradient.

    With ``m = b1 m + (1 - b1) g`` and ``v = b2 v + (1 - b2) g²``, both from zero, step t is
    ``p = p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``.
    """

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(lr)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must lie in [0, 1), got {betas}")
        if not eps > 0:
            raise ValueError(f"eps must be positive, got {eps}")
        self.betas, self.eps, self._t, self._m, self._v = betas, eps, 0, {}, {}

    def step(self, params, grads):
        """Update params in place; the keys of grads must be those of params, or ValueError."""
        self._check(params, grads)
        b1, b2 = self.betas
        self._t += 1
        for name, g in grads.items():
            m = self._m.setdefault(name, np.zeros_like(g))
            v = self._v.setdefault(name, np.zeros_like(g))
            m *= b1
            m += (1 - b1) * g
            v *= b2
            v += (1 - b2) * g**2
            m_hat, v_hat = m / (1 - b1**self._t), v / (1 - b2**self._t)
            params[name] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
