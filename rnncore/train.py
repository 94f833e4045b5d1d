"""The two training loops of the book: over separate batches, and along one stream in windows."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, DivergedError, Params
from rnncore.model import SequenceModel
from rnncore.optim import clip_grad_norm

REMEDY = "Try a smaller learning rate, or clip with max_norm. The updates before stand in .history"


def train_batches(
    model: SequenceModel, params: Params, batches: Iterable[tuple], optimizer: Any, *,
    max_norm: float = np.inf, progress: bool = False,
) -> dict[str, Array]:  # fmt: skip
    """Train params in place: one update for each ``(x, targets, mask)`` of batches. Chapter 3.

    Every sequence starts from the zero state and the gradient runs through all of its steps. The
    gradient is clipped to the global norm max_norm, by default never; progress shows a bar (tqdm). The
    optimizer is ``Adam``, or anything else with its ``step(params, grads)``. Returns a dict with ``loss
    (n,)`` and ``grad_norm (n,)`` before clipping, one entry per update. Raises ``DivergedError``, with
    the history so far, where a number grows beyond its dtype.
    """
    arguments.kind("batches", batches, np.iterable, "an iterable of (x, targets, mask)")
    update, history = _updates(model, params, optimizer, max_norm)
    for batch in _bar(batches, progress):
        if not isinstance(batch, tuple | list) or len(batch) != 3:
            raise ValueError(f"batches must hold (x, targets, mask), got {type(batch).__name__}")
        update(batch[0], batch[1], mask=batch[2])
    if not history["loss"]:
        raise ValueError("batches must hold at least one batch, got none: is it used up?")
    return _as_arrays(history)


def train_tbptt(
    model: SequenceModel, params: Params, x: Array, targets: Array, optimizer: Any, *,
    window: int, epochs: int, mask: Array | None = None, max_norm: float = np.inf,
    progress: bool = False,
) -> dict[str, Array]:  # fmt: skip
    """Train params in place by truncated backpropagation through time. Chapter 6.

    ``x (T, B, D)``, its targets and its mask are cut into windows of ``window`` steps; the last may
    be shorter. The state is carried from window to window, the gradient is not. Each of the
    ``epochs`` passes starts from the zero state. Padding must come last: a window in which nothing
    counts is run for its state alone, without an update. The rest is as in ``train_batches``.

    Source: Williams and Peng (1990), where this is BPTT(h; h): h steps, then back over all of them.
    """
    arguments.integers(1, window=window, epochs=epochs)
    x = arguments.array("x", x, ("steps", "B", "D"))
    targets = arguments.array("targets", targets, (*x.shape[:2], ...))
    mask = arguments.mask(mask, x.shape[:2])
    update, history = _updates(model, params, optimizer, max_norm)
    for _ in _bar(range(epochs), progress):
        state = None
        for start in range(0, len(x), window):
            part = slice(start, start + window)
            if mask[part].any():
                state = update(x[part], targets[part], state=state, mask=mask[part])
            else:
                state = model.forward(params, x[part], state=state).final_state
    return _as_arrays(history)


def _updates(model, params, optimizer, max_norm):
    """Return a function that makes one update and returns the final state, and the history it fills."""
    arguments.has("model", model, "loss_and_grads", "a SequenceModel")
    arguments.has("optimizer", optimizer, "step", "an optimiser such as Adam()")
    history = {"loss": [], "grad_norm": []}

    def update(x, targets, **options):
        try:
            loss, grads, state = model.loss_and_grads(params, x, targets, **options)
            if not all(map(arguments.is_finite, [loss, *grads.values()])):
                raise DivergedError("loss and gradient must be finite, got nan or inf")
            clipped, norm = clip_grad_norm(grads, max_norm)
            optimizer.step(params, clipped)
        except DivergedError as error:
            error.args = (f"training diverged at update {len(history['loss'])}: {error}. {REMEDY}",)
            error.history = _as_arrays(history)
            raise
        history["loss"].append(loss)
        history["grad_norm"].append(norm)
        return state

    return update, history


def _as_arrays(history):
    return {name: np.array(values) for name, values in history.items()}


def _bar(steps, progress):
    if not arguments.kind("progress", progress, bool, "True or False"):
        return steps
    from tqdm.auto import tqdm  # a reader who never asks for a bar needs NumPy alone

    return tqdm(steps, leave=False)
