"""Gradients by central differences, and their comparison with backpropagated ones. Chapter 4."""

from collections.abc import Callable

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, Params, Rng


def numerical_grad(f: Callable[[Array], float], array: Array, *, eps: float = 1e-6) -> Array:
    """Gradient of f at array by central differences, ``(f(a + eps) - f(a - eps)) / (2 eps)``, in
    float64.

    f takes one array of this shape and returns a float. The error is of the order eps² plus 1e-16 /
    eps.
    """
    arguments.kind("f", f, callable, "a function")
    array = arguments.array("array", array, (...,), np.float64)
    arguments.number("eps", eps, "(0, inf)")
    return _differences(f, array, np.ndindex(array.shape), eps).reshape(array.shape)


def check_grads(
    f: Callable[[Params], float], arrays: Params, grads: Params, *,
    rtol: float = 1e-6, rng: Rng | None = None, max_entries: int | None = None,
) -> dict[str, float]:  # fmt: skip
    """Check gradients against central differences, array by array. Chapter 4.

    f takes a dict of arrays and returns a float; grads are its gradients at arrays, under the same
    keys. Returns for every array its largest difference relative to its largest entry, the worst first;
    raises ``AssertionError`` where one exceeds rtol, and says for each array where it is worst. With
    max_entries, rng chooses so many entries of each array.

    Rounding alone makes a difference quotient wrong by about ``1e-16 |f| / eps``: an error below that
    passes, even where the true gradient is zero. float32 is refused: its rounding, 1e-7 of a number,
    would drown a difference of 1e-6. To locate a bug in a cell, check one step (T = 1) from a random
    initial state: through more steps it reaches every array.
    """
    arguments.kind("f", f, callable, "a function")
    arrays = _doubles("arrays", arguments.arrays("arrays", arrays))
    grads = _doubles("grads", arguments.arrays("grads", grads, like=arrays))
    arguments.number("rtol", rtol, "(0, inf)")
    if max_entries is not None:
        arguments.integers(1, max_entries=max_entries)
    if rng is not None or max_entries is not None:
        arguments.rng(rng)
    eps = 1e-6
    rounding = np.finfo(np.float64).eps * abs(_value(f, arrays)) / eps
    found = {}  # name: error, where it is worst
    for name, array in arrays.items():
        places = list(np.ndindex(array.shape))
        if max_entries is not None and max_entries < len(places):
            places = [places[k] for k in rng.choice(len(places), max_entries, replace=False)]
        numeric = _differences(lambda a, name=name: f({**arrays, name: a}), array, places, eps)
        analytic = np.array([grads[name][place] for place in places])
        difference = abs(analytic - numeric)
        scale = max(abs(analytic).max(), abs(numeric).max(), rounding / rtol) or 1.0
        error, k = float(difference.max() / scale), difference.argmax()
        values = (
            f"analytic {analytic[k]:.10g}, numeric {numeric[k]:.10g}, relative error {error:.1e}"
        )
        found[name] = error, f"{name}[{', '.join(map(str, places[k]))}]: {values}"
    found = dict(sorted(found.items(), key=lambda item: -item[1][0]))
    if any(error > rtol for error, _ in found.values()):
        head = f"gradients are off by more than {rtol:.0e}, worst first:"
        raise AssertionError("\n  ".join([head, *[where for _, where in found.values()]]))
    return {name: error for name, (error, _) in found.items()}


def _differences(f, array, places, eps):
    array, quotients = array.copy(), []
    for place in places:
        value, ends = array[place], []
        for array[place] in (value + eps, value - eps):
            ends.append(_value(f, array))
        array[place] = value
        quotients.append((ends[0] - ends[1]) / (2 * eps))
    return np.array(quotients)


def _value(f, argument):
    return float(arguments.array("f", f(argument), (), np.float64))


def _doubles(name, arrays):
    for key, array in arrays.items():
        if not array.size or (array.dtype.kind not in "iu" and array.dtype != np.float64):
            wanted = "float64, since a step of 1e-6 needs its digits, and not empty"
            raise ValueError(f"{name}[{key!r}] must be {wanted}, got {arguments.describe(array)}")
    return {key: array.astype(np.float64) for key, array in arrays.items()}
