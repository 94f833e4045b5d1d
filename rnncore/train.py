"""Training by truncated backpropagation through time."""

import numpy as np

from rnncore.optim import clip_grad_norm, global_norm


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
    epoch_range = range(epochs)
    if progress:
        from tqdm.auto import tqdm

        epoch_range = tqdm(epoch_range, leave=False)
    for _ in epoch_range:
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
            if max_norm is None:
                norm = global_norm(grads)
            else:
                grads, norm = clip_grad_norm(grads, max_norm)
            if not (np.isfinite(loss) and np.isfinite(norm)):
                raise ValueError(
                    f"training diverged at update {len(history['loss'])}: "
                    f"loss {loss}, gradient norm {norm}"
                )
            optimizer.step(params, grads)
            history["loss"].append(loss)
            history["grad_norm"].append(norm)
    return {name: np.array(values) for name, values in history.items()}
