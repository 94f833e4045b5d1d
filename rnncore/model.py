"""Cell, linear readout and loss in one, and sampling from it. Chapter 3."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnncore.bptt import backward, forward
from rnncore.cells import GRUCell, LSTMCell, Params, RNNCell, check_array, check_rng
from rnncore.losses import softmax_cross_entropy


@dataclass(frozen=True)
class SequenceModel:
    """A cell with a linear readout, ``y_t = h_t W_hy + b_y``, trained by a loss. Chapter 3.

    Parameters
    ----------
    cell : RNNCell, LSTMCell or GRUCell
    output_size : V
    loss : softmax_cross_entropy (default), mean_squared_error, or any function
        ``(y, targets, mask) -> (loss, dy)``
    """

    cell: RNNCell | LSTMCell | GRUCell
    output_size: int
    loss: Callable = softmax_cross_entropy

    def init_params(self, rng, dtype=np.float64, **cell_options) -> Params:
        """Return the parameters of the cell (cell_options are its own), W_hy (H, V) and b_y (V,).

        Raises TypeError if rng is a seed instead of a numpy.random.Generator.
        """
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
        """Return y (T, B, V), the final state (B, S) and the cell's cache, for x (T, B, D).

        Raises ValueError if a shape does not fit or a value is not finite.
        """
        h, final_state, cache = forward(self.cell, params, x, state)
        W_hy, b_y = self._readout(params)
        y = h.reshape(-1, self.cell.hidden_size) @ W_hy + b_y  # one product for all steps
        return y.reshape(*h.shape[:2], self.output_size), final_state, cache

    def loss_and_grads(self, params, x, targets, state=None, mask=None):
        """Loss and its gradient by every parameter; no gradient flows into the initial state's past.

        Parameters
        ----------
        params : dict of ``init_params``
        x : (T, B, D)
        targets : (T, B) int for softmax_cross_entropy, (T, B, V) for mean_squared_error
        state : (B, S), by default zero
        mask : (T, B) bool, True where a step counts, by default everywhere

        Returns
        -------
        loss : float, as the loss defines it
        grads : dict with the keys of params
        final_state : (B, S)

        Raises
        ------
        ValueError
            If a shape does not fit, a value is not finite, or the mask keeps no step.
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
    """Draw a continuation of a prompt, symbol by symbol. Chapter 3.

    Parameters
    ----------
    model : SequenceModel whose inputs are one-hot vectors over its V outputs (D = V)
    params : dict of ``model.init_params``
    prompt : sequence of int in 0..V-1, at least one; it is fed, and not returned
    length : number of symbols to draw
    rng : numpy.random.Generator
    temperature : logits are divided by it: below 1 likely symbols become likelier, above 1 all become
        alike

    Returns
    -------
    symbols : list of ``length`` int

    Raises
    ------
    TypeError
        If rng is a seed instead of a Generator.
    ValueError
        If D differs from V, the prompt is empty or leaves the vocabulary, length is negative, or
        temperature is not positive.
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
    if length < 0:
        raise ValueError(f"length must be at least 0, got {length}")
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    one_hot, state, drawn = np.eye(V), None, []
    for _ in range(length):
        y, state, _ = model.forward(params, one_hot[inputs][:, None], state)
        # Gumbel-max: the argmax of logits plus Gumbel noise is a draw from their softmax
        inputs = [int(np.argmax(y[-1, 0] / temperature + rng.gumbel(size=V)))]
        drawn += inputs
    return drawn
