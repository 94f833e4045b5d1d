"""Many plain networks trained side by side: the loops of chapters 3 and 4 with one more axis (chapters 5 and 6, Lab 5).

What one run shows may be luck, so the book trains twenty and counts. A step of one small network is mostly Python's
own time; twenty share it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from rnncore import RNNCell, arguments
from rnncore.arguments import Array, Params
from rnncore.model import LossAndGrads


def stack(networks: Sequence[Params]) -> Params:
    """Return the parameters of N networks as one dict of arrays ``(N, ...)``, the biases ``(N, 1, size)``.

    Takes a list of parameters of one shape, each as ``SequenceModel.init_params`` returns them.
    """
    networks = arguments.items("networks", networks)
    first, *others = networks
    arguments.arrays("networks[0]", first)
    for k, params in enumerate(others, 1):
        arguments.arrays(f"networks[{k}]", params, like=first)
    arrays = {name: np.stack([params[name] for params in networks]) for name in first}
    # a bias (N, H) becomes (N, 1, H), to be added to B rows
    return {name: W if W.ndim > 2 else W[:, None] for name, W in arrays.items()}


@dataclass(frozen=True)
class SideBySide:
    """N networks, each a ``SequenceModel(RNNCell(D, H, activation=...), V)`` with softmax_cross_entropy.

    The parameters are those of ``stack``: ``W_xh (N, D, H)``, ``W_hh (N, H, H)``, ``b_h (N, 1, H)``,
    ``W_hy (N, H, V)`` and ``b_y (N, 1, V)``. Every network has sequences of its own.
    """

    activation: Literal["tanh", "relu"] = field(default="tanh", kw_only=True)

    def __post_init__(self):
        RNNCell(1, 1, activation=self.activation)  # raises the ValueError

    def states(self, params: Params, x: Array, *, state: Array | None = None) -> Array:
        """Return ``h_0 ... h_T (T + 1, N, B, H)`` for ``x (T, N, B, D)`` and ``state (N, B, H)``, or zero."""
        W_xh, W_hh, b_h, _, _ = _checked(params).values()
        N, D, H = W_xh.shape
        x = arguments.array("x", x, ("T", N, "B", D), W_xh.dtype)
        h = np.zeros((len(x) + 1, *x.shape[1:3], H), x.dtype)
        if state is not None:
            h[0] = arguments.array("state", state, h[0].shape, x.dtype)
        b_h = b_h.repeat(x.shape[2], axis=1)  # (N, B, H): added twice as fast as (N, 1, H)
        for t, x_t in enumerate(x):
            a = x_t @ W_xh + h[t] @ W_hh + b_h
            h[t + 1] = np.tanh(a) if self.activation == "tanh" else np.maximum(a, 0)
        return h

    def predict(self, params: Params, x: Array) -> Array:
        """Return the likeliest of the V symbols after the last step: ``(N, B)`` for ``x (T, N, B, D)``."""
        last = self.states(params, x)[-1]
        return (last @ params["W_hy"] + params["b_y"]).argmax(axis=-1)

    def loss_and_grads(
        self, params: Params, x: Array, targets: Array, *, state: Array | None = None
    ) -> LossAndGrads:
        """Return the losses ``(N,)``, their gradients in the shapes of params, and the last state ``(N, B, H)``.

        Takes ``x (T, N, B, D)`` and ``targets (K, N, B)``, integers in 0..V-1: those of the last K steps, for
        the steps before have no loss. A loss is the mean over the K steps and B sequences of one network.
        """
        params = _checked(params)
        W_hy = params["W_hy"]
        x = arguments.array("x", x, ("T", "N", "B", "D"), W_hy.dtype)
        h = self.states(params, x, state=state)
        targets = arguments.ids("targets", targets, 0, W_hy.shape[2] - 1, ("K", *h.shape[1:3]))
        T, K = len(x), len(targets)
        if K > T:
            raise ValueError(f"targets must have at most the {T} steps of x, got {K}")
        y = h[-K:] @ W_hy + params["b_y"]  # (K, N, B, V)
        log_P = y - np.logaddexp.reduce(y, axis=-1, keepdims=True)
        came = np.eye(y.shape[-1], dtype=y.dtype)[targets]
        loss = -(log_P * came).sum(axis=-1).mean(axis=(0, 2))  # (N,)
        dy = (np.exp(log_P) - came) / (K * y.shape[2])
        e = dy @ _transposed(W_hy)  # what each of the K losses sends to its own state, (K, N, B, H)
        W_back = np.ascontiguousarray(_transposed(params["W_hh"]))
        grads = {name: np.zeros_like(W) for name, W in params.items()}
        from_later = summed = np.zeros_like(h[0])
        for t in reversed(range(T)):
            dh = from_later + e[t - (T - K)] if t >= T - K else from_later
            da = dh * (1 - h[t + 1] ** 2 if self.activation == "tanh" else h[t + 1] > 0)
            grads["W_xh"] += _transposed(x[t]) @ da  # (N, D, B) @ (N, B, H)
            grads["W_hh"] += _transposed(h[t]) @ da
            summed = summed + da  # over the steps here, over the B rows below
            from_later = da @ W_back
        grads["b_h"] = summed.sum(axis=1, keepdims=True)
        grads["W_hy"] = (_transposed(h[-K:]) @ dy).sum(axis=0)
        grads["b_y"] = dy.sum(axis=(0, 2))[:, None]
        return LossAndGrads(loss, grads, h[-1])


def clip_each(grads: Params, max_norm: float) -> tuple[Params, Array]:
    """Clip the gradient of each network by itself; return it and the norms before clipping, ``(N,)``. Chapter 5."""
    arguments.number("max_norm", max_norm, "(0, inf]")
    grads, squares = arguments.arrays("grads", grads), 0
    for name, g in grads.items():
        g = arguments.array(f"grads[{name!r}]", g, ("N", "rows", "columns"), np.float64)
        squares = squares + np.square(g).sum(axis=(1, 2))
    norms = np.sqrt(squares)
    factor = np.minimum(1, max_norm / np.maximum(norms, 1e-300))[:, None, None]
    return {name: factor.astype(g.dtype) * g for name, g in grads.items()}, norms


def train_side_by_side(
    model: SideBySide, params: Params, batches: Iterable[tuple], optimizer: Any, *,
    max_norm: float = np.inf,
) -> dict[str, Array]:  # fmt: skip
    """Train all networks in place, as ``rnncore.train_batches`` trains one: an update for each batch. Chapter 5.

    A batch is ``(x, targets)``, as ``loss_and_grads`` takes them. The gradient of each network is clipped by
    itself. The optimizer must treat every entry alone, as Adam does; it raises the error where a number is
    no longer finite. Returns a dict with ``loss`` and ``grad_norm`` before clipping, ``(updates, N)`` each.
    """
    arguments.has("model", model, "loss_and_grads", "a SideBySide")
    arguments.has("optimizer", optimizer, "step", "an optimiser such as Adam()")
    arguments.kind("batches", batches, np.iterable, "an iterable of (x, targets)")
    losses, norms = [], []
    for batch in batches:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise ValueError(f"batches must hold (x, targets), got {type(batch).__name__}")
        loss, grads, _ = model.loss_and_grads(params, *batch)
        clipped, norm = clip_each(grads, max_norm)
        optimizer.step(params, clipped)
        losses.append(loss)
        norms.append(norm)
    if not losses:
        raise ValueError("batches must hold at least one batch, got none: is it used up?")
    return {"loss": np.array(losses), "grad_norm": np.array(norms)}


def _checked(params):
    """Return the five arrays of N networks, or raise the error that names the wrong one."""
    outer = arguments.params(params, {"W_xh": ("N", "D", "H"), "W_hy": ("N", "H", "V")})
    (N, D, H), V = outer["W_xh"].shape, outer["W_hy"].shape[2]
    if outer["W_xh"].dtype.kind == "c":
        raise ValueError(f"params['W_xh'] must be real, got dtype {outer['W_xh'].dtype}")
    shapes = {"W_xh": (N, D, H), "W_hh": (N, H, H), "b_h": (N, 1, H)}
    return arguments.params(params, shapes | {"W_hy": (N, H, V), "b_y": (N, 1, V)})


def _transposed(a: Array) -> Array:
    """Return the matrices in the last two axes transposed."""
    return a.swapaxes(-1, -2)
