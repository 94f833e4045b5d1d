"""The two training loops of the book: over separate batches, and along one stream in windows."""

import numpy as np

from rnncore.optim import clip_grad_norm, global_norm


def train_batches(model, params, batches, optimizer, *, max_norm=None, progress=False):
    """One update for each ``(x, targets, mask)`` of ``batches``; trains params in place. Chapter 3.

    Every sequence starts from the zero state and the gradient runs through all of its steps.
    Returns {"loss": (n,), "grad_norm": (n,)}, one entry per update.
    """
    history = {"loss": [], "grad_norm": []}
    for x, targets, mask in _bar(batches, progress):
        loss, grads, _ = model.loss_and_grads(params, x, targets, mask=mask)
        _update(params, loss, grads, optimizer, max_norm, history)
    return {name: np.array(values) for name, values in history.items()}


def train_tbptt(
    model,
    params,
    x,
    targets,
    optimizer,
    *,
    window,
    epochs,
    mask=None,
    max_norm=None,
    progress=False,
):
    """Cut x (T, B, D) into windows; carry the state across, cut the gradient; train params in place.

    Returns {"loss": (n,), "grad_norm": (n,)}, one entry per update.
    """
    history = {"loss": [], "grad_norm": []}
    for _ in _bar(range(epochs), progress):
        state = None
        for start in range(0, len(x), window):
            part = slice(start, start + window)
            part_mask = None if mask is None else mask[part]
            if part_mask is not None and not part_mask.any():
                _, state, _ = model.forward(params, x[part], state)
                continue
            loss, grads, state = model.loss_and_grads(
                params, x[part], targets[part], state, part_mask
            )
            _update(params, loss, grads, optimizer, max_norm, history)
    return {name: np.array(values) for name, values in history.items()}


def _update(params, loss, grads, optimizer, max_norm, history):
    if max_norm is None:
        norm = global_norm(grads)
    else:
        grads, norm = clip_grad_norm(grads, max_norm)
    if not (np.isfinite(loss) and np.isfinite(norm)):
        raise ValueError(
            f"training diverged at update {len(history['loss'])}: loss {loss}, gradient norm {norm}"
        )
    optimizer.step(params, grads)
    history["loss"].append(loss)
    history["grad_norm"].append(norm)


def _bar(steps, progress):
    if not progress:
        return steps
    from tqdm.auto import tqdm  # a reader who never asks for a bar needs NumPy alone

    return tqdm(steps, leave=False)
