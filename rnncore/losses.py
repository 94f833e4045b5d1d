"""Losses: value and gradient, over the steps that a mask keeps. Cross-entropy: chapter 2."""

import numpy as np


def _kept_rows(mask, y):
    """Return what picks the steps that the mask keeps from the rows (n_steps, V) of y."""
    shape = y.shape[:-1]
    mask = np.ones(shape, bool) if mask is None else np.asarray(mask)
    if mask.shape != shape:
        raise ValueError(f"mask must have shape {shape}, got {mask.shape}")
    if mask.dtype != bool:
        raise ValueError(f"mask must be boolean, got dtype {mask.dtype}")
    n = np.count_nonzero(mask)
    if n == 0:
        raise ValueError("mask must keep at least one step, got none")
    return slice(None) if n == mask.size else np.flatnonzero(mask)  # all rows need no copy


def softmax_cross_entropy(logits, targets, mask=None):
    """Mean negative log-probability of the targets under ``softmax(logits)``, in nats per step.

    Parameters: ``logits (T, B, V)``, or any ``(..., V)``; integer ``targets (T, B)`` in 0..V-1,
    where the mask is False any; and a boolean ``mask (T, B)``, True where a step counts, by default
    everywhere. Returns ``-mean(log softmax(logits)[target])`` over the n steps that count, and
    ``dlogits (T, B, V)``, ``(softmax(logits) - one_hot(targets)) / n``, zero where masked. The
    largest logit is subtracted first, so that exp cannot overflow. Derived in chapter 2.
    """
    logits, targets = np.asarray(logits), np.asarray(targets)
    if logits.ndim == 0 or logits.shape[-1] == 0 or logits.dtype.kind not in "fc":
        raise ValueError(
            f"logits must be floating point of shape (..., V), got {logits.dtype} {logits.shape}"
        )
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets must have shape {logits.shape[:-1]}, got {targets.shape}")
    if targets.dtype.kind not in "iu":
        raise ValueError(f"targets must be integers, got dtype {targets.dtype}")
    rows, V = _kept_rows(mask, logits), logits.shape[-1]
    kept, target = logits.reshape(-1, V)[rows], targets.ravel()[rows]  # (n, V) and (n,)
    if target.min() < 0 or target.max() >= V:
        raise ValueError(f"targets must lie in 0..{V - 1}, got {target.min()}..{target.max()}")
    kept = kept - kept.max(axis=1, keepdims=True)
    p = np.exp(kept)
    total = p.sum(axis=1, keepdims=True)
    p /= total  # softmax
    n, at_target = len(target), (np.arange(len(target)), target)
    loss = (np.log(total[:, 0]) - kept[at_target]).mean().item()
    p[at_target] -= 1
    p *= 1 / n
    dlogits = np.zeros(logits.shape, logits.dtype)
    dlogits.reshape(-1, V)[rows] = p
    return loss, dlogits


def mean_squared_error(y, targets, mask=None):
    """Mean of ``(y - targets)**2`` over unmasked steps and over outputs, in squared units of y.

    Parameters: ``y`` and ``targets (T, B, V)``, or any ``(..., V)``, and a boolean ``mask (T, B)``
    as above. Returns the loss and ``dy (T, B, V)``, ``2 (y - targets) / (n V)``, zero where masked.
    """
    y, targets = np.asarray(y), np.asarray(targets)
    if y.ndim == 0 or y.shape[-1] == 0 or y.dtype.kind not in "fc":
        raise ValueError(f"y must be floating point of shape (..., V), got {y.dtype} {y.shape}")
    if targets.shape != y.shape:
        raise ValueError(f"targets must have shape {y.shape}, got {targets.shape}")
    rows, V = _kept_rows(mask, y), y.shape[-1]
    error = (y.reshape(-1, V)[rows] - targets.reshape(-1, V)[rows]).astype(y.dtype)  # (n, V)
    dy = np.zeros(y.shape, y.dtype)
    dy.reshape(-1, V)[rows] = error * (2 / error.size)
    return (error**2).mean().item(), dy
