"""The two training loops of the book: over separate batches, and along one stream in windows."""

import numpy as np

from rnncore.checks import check_integers
from rnncore.optim import clip_grad_norm, global_norm


def train_batches(model, params, batches, optimizer, *, max_norm=None, progress=False):
    """Train params in place: one update for each ``(x, targets, mask)`` of batches. Chapter 3.

    Every sequence starts from the zero state and the gradient runs through all of its steps. The
    gradient is clipped to the global norm max_norm, by default never; progress shows a bar (tqdm).
    Returns a dict with ``loss (n,)`` and ``grad_norm (n,)`` before clipping, one entry per update.
    Raises ``ValueError`` where the loss or its gradient turns non-finite.
    """
    history = {"loss": [], "grad_norm": []}
    for x, targets, mask in _bar(batches, progress):
        loss, grads, _ = model.loss_and_grads(params, x, targets, mask=mask)
        _update(params, loss, grads, optimizer, max_norm, history)
    return {name: np.array(values) for name, values in history.items()}


def train_tbptt(
    model, params, x, targets, optimizer, *, window, epochs, mask=None, max_norm=None, progress=False
):  # fmt: skip
    """Train params in place by truncated backpropagation through time. Chapter 6.

    ``x (T, B, D)``, its targets and its mask are cut into windows of ``window`` steps; the last may
    be shorter. The state is carried from window to window, the gradient is not. Each of the
    ``epochs`` passes starts from the zero state. Padding must come last: a window in which nothing
    counts is run for its state alone, without an update. The rest is as in ``train_batches``.

    Source: Williams and Peng (1990), where this is BPTT(h; h): h steps, then back over all of them.
    """
    check_integers(1, window=window, epochs=epochs)
    arrays = {"targets": targets} if mask is None else {"targets": targets, "mask": mask}
    for name, array in arrays.items():
        if np.shape(array)[:2] != np.shape(x)[:2]:
            raise ValueError(
                f"{name} must have shape {np.shape(x)[:2]} in time and batch, got {np.shape(array)}"
            )
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
