"""Losses: value and gradient, over the steps that a mask keeps. Cross-entropy: chapter 2."""

from typing import NamedTuple

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array

Loss = NamedTuple("Loss", [("loss", float), ("dy", Array)])


def softmax_cross_entropy(logits: Array, targets: Array, *, mask: Array | None = None) -> Loss:
    """Mean negative log-probability of the targets under ``softmax(logits)``, in nats per step.

    Takes ``logits (T, B, V)``, or any ``(..., V)``; integer ``targets (T, B)`` in 0..V-1, where the
    mask is False any; and a boolean ``mask (T, B)``, True where a step counts, by default everywhere.
    Returns ``-mean(log softmax(logits)[target])`` over the n steps that count, and ``dlogits (T, B, V)``,
    ``(softmax(logits) - one_hot(targets)) / n``, zero where masked. The largest logit is subtracted
    first, so that exp cannot overflow. Derived in chapter 2.
    """
    logits = arguments.array("logits", logits, (..., "V"), float)
    steps, V = logits.shape[:-1], logits.shape[-1]
    targets, mask = arguments.array("targets", targets, steps), arguments.mask(mask, steps)
    target = arguments.ids("targets", targets[mask], 0, V - 1)  # (n,)
    kept = logits[mask]  # (n, V)
    kept = kept - kept.max(axis=1, keepdims=True)
    p = np.exp(kept)
    total = p.sum(axis=1, keepdims=True)
    p /= total  # softmax
    n, at_target = len(target), (np.arange(len(target)), target)
    loss = (np.log(total[:, 0]) - kept[at_target]).mean().item()
    p[at_target] -= 1
    dlogits = np.zeros_like(logits)
    dlogits[mask] = p * (1 / n)
    return Loss(loss, dlogits)


def mean_squared_error(y: Array, targets: Array, *, mask: Array | None = None) -> Loss:
    """Mean of ``(y - targets)**2`` over unmasked steps and over outputs, in squared units of y.

    Takes ``y`` and ``targets (T, B, V)``, or any ``(..., V)``, and a boolean ``mask (T, B)`` as above.
    Returns the loss and ``dy (T, B, V)``, ``2 (y - targets) / (n V)``, zero where masked.
    """
    y = arguments.array("y", y, (..., "V"), float)
    targets = arguments.array("targets", targets, y.shape, y.dtype)
    mask = arguments.mask(mask, y.shape[:-1])
    error = y[mask] - targets[mask]  # (n, V)
    dy = np.zeros_like(y)
    dy[mask] = error * (2 / error.size)
    return Loss((error**2).mean().item(), dy)
