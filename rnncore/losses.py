"""Losses: value and gradient, with an optional mask."""

import numpy as np


def _mask_weights(mask, shape, dtype):
    """Weight of every step: 1 / n on the n steps that count, 0 elsewhere."""
    if mask is None:
        mask = np.ones(shape, bool)
    mask = np.asarray(mask)
    if mask.shape != shape:
        raise ValueError(f"mask must have shape {shape}, got {mask.shape}")
    if mask.dtype != bool:
        raise ValueError(f"mask must be boolean, got {mask.dtype}")
    if not mask.any():
        raise ValueError("mask must keep at least one step, got none")
    return (mask / mask.sum()).astype(dtype)


def softmax_cross_entropy(logits, targets, mask=None):
    """Mean negative log-probability in nats: logits (T, B, V), targets (T, B) int, mask (T, B) bool."""
    logits, targets = np.asarray(logits), np.asarray(targets)
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets must have shape {logits.shape[:-1]}, got {targets.shape}")
    if not np.issubdtype(targets.dtype, np.integer):
        raise ValueError(f"targets must be integers, got {targets.dtype}")
    if targets.size and not (targets.min() >= 0 and targets.max() < logits.shape[-1]):
        raise ValueError(f"targets must lie in 0..{logits.shape[-1] - 1}")
    weights = _mask_weights(mask, targets.shape, logits.dtype)[..., None]
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    index = targets[..., None]
    loss = -(weights * np.take_along_axis(log_p, index, axis=-1)).sum()
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, index, np.take_along_axis(dlogits, index, -1) - 1, axis=-1)
    return loss.item(), dlogits * weights


def mean_squared_error(y, targets, mask=None):
    """Mean of (y - targets)**2 over unmasked steps and outputs: y, targets (T, B, V), mask (T, B)."""
    y, targets = np.asarray(y), np.asarray(targets)
    if targets.shape != y.shape:
        raise ValueError(f"targets must have shape {y.shape}, got {targets.shape}")
    weights = _mask_weights(mask, y.shape[:-1], y.dtype)[..., None] / y.shape[-1]
    error = y - targets
    return (weights * error**2).sum().item(), 2 * weights * error
