"""Cell, linear readout and loss in one, and sampling from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnncore.bptt import backward, forward
from rnncore.cells import GRUCell, LSTMCell, Params, RNNCell
from rnncore.losses import softmax_cross_entropy


@dataclass(frozen=True)
class SequenceModel:
    """y_t = h_t W_hy + b_y on top of a cell, trained by a loss."""

    cell: RNNCell | LSTMCell | GRUCell
    output_size: int
    loss: Callable = softmax_cross_entropy

    def init_params(self, rng, dtype=np.float64, **cell_options) -> Params:
        params = self.cell.init_params(rng, dtype, **cell_options)
        bound = 1 / np.sqrt(self.cell.hidden_size)
        shape = (self.cell.hidden_size, self.output_size)
        params["W_hy"] = rng.uniform(-bound, bound, shape).astype(dtype)
        params["b_y"] = np.zeros(self.output_size, dtype)
        return params

    def forward(self, params, x, state=None):
        h, final_state, cache = forward(self.cell, params, x, state)
        return h @ params["W_hy"] + params["b_y"], final_state, cache

    def loss_and_grads(self, params, x, targets, state=None, mask=None):
        y, final_state, cache = self.forward(params, x, state)
        loss, dy = self.loss(y, targets, mask)
        grads, _, _ = backward(self.cell, params, dy @ params["W_hy"].T, cache)
        grads["W_hy"] = np.tensordot(cache.h, dy, axes=([0, 1], [0, 1]))
        grads["b_y"] = dy.sum(axis=(0, 1))
        return loss, grads, final_state


def sample(model, params, prompt, length, rng, temperature=1.0) -> list[int]:
    """Feed prompt, then draw ``length`` symbols, each fed back as the next one-hot input."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    V = model.output_size
    one_hot = np.eye(V)
    inputs, state, drawn = np.asarray(prompt, dtype=int), None, []
    for _ in range(length):
        y, state, _ = model.forward(params, one_hot[inputs][:, None], state)
        # Gumbel-max: the argmax of logits plus Gumbel noise is a draw from their softmax
        drawn.append(int(np.argmax(y[-1, 0] / temperature + rng.gumbel(size=V))))
        inputs = drawn[-1:]
    return drawn
