"""Optimisers and gradient clipping on parameter dicts."""

import numpy as np


def global_norm(grads) -> float:
    """Euclidean norm of all gradients taken as one long vector."""
    return float(np.sqrt(sum(np.vdot(g, g) for g in grads.values())))


def clip_grad_norm(grads, max_norm):
    """Scale all gradients by one factor so that their global norm is at most max_norm."""
    norm = global_norm(grads)
    scale = min(1.0, max_norm / norm) if norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


class SGD:
    """v = momentum v + g; p = p - lr v."""

    def __init__(self, lr, momentum=0.0):
        self.lr, self.momentum, self.velocity = lr, momentum, {}

    def step(self, params, grads):
        for name, g in grads.items():
            v = self.momentum * self.velocity.get(name, 0.0) + g
            self.velocity[name] = v
            params[name] -= self.lr * v


class Adam:
    """Adam of Kingma and Ba (2015)."""

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.t, self.m, self.v = 0, {}, {}

    def step(self, params, grads):
        b1, b2 = self.betas
        self.t += 1
        for name, g in grads.items():
            self.m[name] = b1 * self.m.get(name, 0.0) + (1 - b1) * g
            self.v[name] = b2 * self.v.get(name, 0.0) + (1 - b2) * g**2
            m_hat = self.m[name] / (1 - b1**self.t)
            v_hat = self.v[name] / (1 - b2**self.t)
            params[name] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
