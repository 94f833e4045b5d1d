"""Cell, linear readout and loss in one, and sampling from it. Chapter 3."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, DivergedError, Params, Rng
from rnncore.bptt import Cache, backward, forward
from rnncore.cells import Cell, uniform_weights
from rnncore.losses import softmax_cross_entropy

Outputs = NamedTuple("Outputs", [("y", Array), ("final_state", Array), ("cache", Cache)])
LossAndGrads = NamedTuple(
    "LossAndGrads", [("loss", float), ("grads", Params), ("final_state", Array)]
)


@dataclass(frozen=True)
class SequenceModel:
    """A cell with a linear readout of V outputs, ``y_t = h_t W_hy + b_y``, and a loss. Chapter 3.

    The loss is one of ``rnncore.losses`` or any other ``loss(y, targets, mask=mask) -> (loss, dy)``.
    """

    cell: Cell
    output_size: int
    loss: Callable = softmax_cross_entropy

    def __post_init__(self):
        arguments.kind("cell", self.cell, Cell, "an RNNCell, LSTMCell or GRUCell")
        arguments.integers(1, output_size=self.output_size)
        arguments.kind("loss", self.loss, callable, "a function")

    def init_params(self, rng: Rng, *, dtype=np.float64, **cell_options: Any) -> Params:
        """The parameters of the cell (cell_options are its own), ``W_hy (H, V)`` and ``b_y (V,)``."""
        params = self.cell.init_params(rng, dtype=dtype, **cell_options)
        H, V = self.cell.hidden_size, self.output_size
        params["W_hy"] = uniform_weights(rng, (H, V), H, dtype)
        params["b_y"] = np.zeros(V, dtype)
        return params

    def forward(self, params: Params, x: Array, *, state: Array | None = None) -> Outputs:
        """Return ``y (T, B, V)``, the final state ``(B, S)`` and the cache, for ``x (T, B, D)``.

        After padding the final state is that of the last padded step; ``rnncore.forward`` says how to get
        the one at the true end.
        """
        W_hy, b_y = self._readout(params)
        h, final_state, cache = forward(self.cell, params, x, state=state)
        y = h.reshape(-1, h.shape[2]) @ W_hy + b_y  # one product for all steps
        if not arguments.is_finite(y):
            raise DivergedError("params must give finite outputs y, got nan or inf")
        return Outputs(y.reshape(*h.shape[:2], self.output_size), final_state, cache)

    def loss_and_grads(
        self, params: Params, x: Array, targets: Array, *,
        state: Array | None = None, mask: Array | None = None,
    ) -> LossAndGrads:  # fmt: skip
        """The loss, its gradient by every parameter, and the final state ``(B, S)``.

        Takes ``x (T, B, D)``; ``targets (T, B)`` for softmax_cross_entropy, ``(T, B, V)`` for
        mean_squared_error; ``state (B, S)``, by default zero; ``mask (T, B)``, by default True
        everywhere. No gradient flows into the past of the initial state. The final state is that of the
        last step, padded or not. Raises ``DivergedError`` where a number grows beyond its dtype.
        """
        y, final_state, cache = self.forward(params, x, state=state)
        with np.errstate(over="ignore"):  # what overflows is found below
            result = self.loss(y, targets, mask=mask)
        if not isinstance(result, tuple) or len(result) != 2 or np.ndim(result[0]):
            raise TypeError(f"loss must return (loss, dy), got {arguments.describe(result)}")
        loss, dy = (arguments.numeric("loss, with dy,", part) for part in result)
        if not np.isfinite(loss) or not arguments.is_finite(dy):
            raise DivergedError(f"loss must be finite, as must its gradient by y, got {loss}")
        dy = arguments.array("loss, in its dy,", dy, y.shape, y.dtype).reshape(-1, y.shape[2])
        h = cache.h
        W_hy, _ = self._readout(params)
        dh = (dy @ W_hy.T).reshape(h.shape)
        grads = backward(self.cell, params, dh, cache).grads
        grads["W_hy"] = h.reshape(-1, self.cell.hidden_size).T @ dy
        grads["b_y"] = dy.sum(axis=0)
        return LossAndGrads(loss.item(), grads, final_state)

    def _readout(self, params):
        H, V = self.cell.hidden_size, self.output_size
        return arguments.params(params, {"W_hy": (H, V), "b_y": (V,)}).values()


def sample(
    model: SequenceModel, params: Params, prompt: Sequence[int], length: int, rng: Rng, *,
    temperature: float = 1.0,
) -> list[int]:  # fmt: skip
    """Draw ``length`` symbols that continue a prompt, one by one, as a list of int. Chapter 3.

    The inputs of the model are one-hot vectors over its V outputs (D = V), which are the logits of
    softmax_cross_entropy. The prompt holds integers in 0..V-1, at least one; it is fed, and not
    returned. Logits are divided by the temperature: below 1 likely symbols become likelier, above 1
    all become alike.
    """
    arguments.kind("model", model, SequenceModel, "a SequenceModel")
    V, D = model.output_size, model.cell.input_size
    if D != V or model.loss is not softmax_cross_entropy:
        raise ValueError(f"model must turn V symbols into V logits, got {D} to {V}, {model.loss}")
    inputs = arguments.ids("prompt", prompt, 0, V - 1, shape=("n",))
    arguments.integers(0, length=length)
    arguments.rng(rng)
    arguments.number("temperature", temperature, "(0, inf)")
    model.forward(params, np.zeros((0, 1, V)))  # checks params, also where nothing is drawn
    arguments.array("params['W_xh']", params["W_xh"], (...,), np.float64)
    one_hot, state, drawn = np.eye(V), None, []
    for _ in range(length):
        y, state, _ = model.forward(params, one_hot[inputs][:, None], state=state)
        # Gumbel-max: the argmax of logits plus Gumbel noise is a draw from their softmax
        inputs = [int(np.argmax(y[-1, 0] / temperature + rng.gumbel(size=V)))]
        drawn += inputs
    return drawn
