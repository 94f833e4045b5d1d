"""Cell, linear readout and loss in one, and sampling from it. Chapter 3."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnncore.bptt import backward, forward
from rnncore.cells import GRUCell, LSTMCell, Params, RNNCell
from rnncore.checks import check_array, check_integers, check_rng
from rnncore.losses import softmax_cross_entropy


@dataclass(frozen=True)
class SequenceModel:
    """A cell with a linear readout of V outputs, ``y_t = h_t W_hy + b_y``, and a loss. Chapter 3.

    The loss is one of ``rnncore.losses`` or any other ``(y, targets, mask) -> (loss, dy)``.
    """

    cell: RNNCell | LSTMCell | GRUCell
    output_size: int
    loss: Callable = softmax_cross_entropy

    def init_params(self, rng, dtype=np.float64, **cell_options) -> Params:
        """The parameters of the cell (cell_options are its own), ``W_hy (H, V)`` and ``b_y (V,)``."""
        params = self.cell.init_params(rng, dtype, **cell_options)
        bound = 1 / np.sqrt(self.cell.hidden_size)
        shape = (self.cell.hidden_size, self.output_size)
        params["W_hy"] = rng.uniform(-bound, bound, shape).astype(dtype)
        params["b_y"] = np.zeros(self.output_size, dtype)
        return params

    def _readout(self, params):
        missing = {"W_hy", "b_y"} - params.keys()
        if missing:
            raise ValueError(f"params must have W_hy and b_y, got {sorted(params)}")
        H, V, dtype = self.cell.hidden_size, self.output_size, params["W_xh"].dtype
        W_hy = check_array("params['W_hy']", params["W_hy"], (H, V), dtype)
        return W_hy, check_array("params['b_y']", params["b_y"], (V,), dtype)

    def forward(self, params, x, state=None):
        """Return ``y (T, B, V)``, the final state ``(B, S)`` and the cache, for ``x (T, B, D)``."""
        h, final_state, cache = forward(self.cell, params, x, state)
        W_hy, b_y = self._readout(params)
        y = h.reshape(-1, self.cell.hidden_size) @ W_hy + b_y  # one product for all steps
        return y.reshape(*h.shape[:2], self.output_size), final_state, cache

    def loss_and_grads(self, params, x, targets, state=None, mask=None):
        """The loss, its gradient by every parameter, and the final state ``(B, S)``.

        Parameters: ``x (T, B, D)``; ``targets (T, B)`` for softmax_cross_entropy, ``(T, B, V)`` for
        mean_squared_error; ``state (B, S)``, by default zero; ``mask (T, B)``, by default True
        everywhere. No gradient flows into the past of the initial state.
        """
        y, final_state, cache = self.forward(params, x, state)
        loss, dy = self.loss(y, targets, mask)
        dy, h = dy.reshape(-1, self.output_size), cache.h
        dh = (dy @ params["W_hy"].T).reshape(h.shape)
        grads, _, _ = backward(self.cell, params, dh, cache)
        grads["W_hy"] = h.reshape(-1, self.cell.hidden_size).T @ dy
        grads["b_y"] = dy.sum(axis=0)
        return loss, grads, final_state


def sample(model, params, prompt, length, rng, temperature=1.0) -> list[int]:
    """Draw ``length`` symbols that continue a prompt, one by one, as a list of int. Chapter 3.

    The inputs of the model are one-hot vectors over its V outputs (D = V). The prompt holds
    integers in 0..V-1, at least one; it is fed, and not returned. Logits are divided by the
    temperature: below 1 likely symbols become likelier, above 1 all become alike.
    """
    check_rng(rng)
    V = model.output_size
    if model.cell.input_size != V:
        raise ValueError(
            f"model must have input_size {V} (its outputs), got {model.cell.input_size}"
        )
    inputs = np.asarray(prompt)
    if inputs.ndim != 1 or len(inputs) == 0 or inputs.dtype.kind not in "iu":
        raise ValueError(f"prompt must be at least one integer, got {prompt!r}")
    if inputs.min() < 0 or inputs.max() >= V:
        raise ValueError(f"prompt must lie in 0..{V - 1}, got {prompt!r}")
    check_integers(0, length=length)
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    one_hot, state, drawn = np.eye(V), None, []
    for _ in range(length):
        y, state, _ = model.forward(params, one_hot[inputs][:, None], state)
        # Gumbel-max: the argmax of logits plus Gumbel noise is a draw from their softmax
        inputs = [int(np.argmax(y[-1, 0] / temperature + rng.gumbel(size=V)))]
        drawn += inputs
    return drawn
