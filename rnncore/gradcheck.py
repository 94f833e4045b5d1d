"""Gradients by central differences, and their comparison with backpropagated ones. Chapter 4."""

import numpy as np

from rnncore.checks import check_rng


def numerical_grad(f, array, eps=1e-6):
    """Gradient of f at array by central differences, ``(f(a + eps) - f(a - eps)) / (2 eps)``, in
    float64.

    f takes one array of this shape and returns a float. The error is of the order eps² plus 1e-16 /
    eps.
    """
    array = np.array(array, dtype=np.float64)
    differences = [_difference(f, array, index, eps) for index in np.ndindex(array.shape)]
    return np.array(differences).reshape(array.shape)


def _difference(f, array, index, eps):
    value = array[index]
    array[index] = value + eps
    above = f(array)
    array[index] = value - eps
    below = f(array)
    array[index] = value
    return (above - below) / (2 * eps)


def check_grads(f, arrays, grads, rtol=1e-6, rng=None, max_entries=None):
    """Check gradients against central differences, array by array. Chapter 4.

    f takes a dict of arrays and returns a float; grads are its gradients at arrays, under the same
    keys. Returns for every array its largest difference relative to its largest entry; raises
    ``AssertionError`` where this exceeds rtol and says where, with both values. With max_entries,
    rng chooses so many entries of each array. Rounding alone makes a difference quotient wrong by
    about ``1e-16 |f| / eps``: an error below that passes, even where the true gradient is zero.
    """
    if max_entries is not None:
        check_rng(rng)
    if arrays.keys() != grads.keys():
        raise ValueError(f"grads must have the keys {sorted(arrays)}, got {sorted(grads)}")
    eps = 1e-6
    rounding = np.finfo(np.float64).eps * abs(f(arrays)) / eps
    errors = {}
    for name, array in arrays.items():
        array = np.array(array, dtype=np.float64)
        if np.shape(grads[name]) != array.shape:
            raise ValueError(
                f"grads[{name!r}] must have shape {array.shape}, got {np.shape(grads[name])}"
            )
        indices = list(np.ndindex(array.shape))
        if max_entries is not None and max_entries < len(indices):
            indices = [indices[k] for k in rng.choice(len(indices), max_entries, replace=False)]

        def f_of_one(changed, name=name):
            return f({**arrays, name: changed})

        numeric = np.array([_difference(f_of_one, array, i, eps) for i in indices])
        analytic = np.array([grads[name][i] for i in indices])
        difference = abs(analytic - numeric)
        scale = max(abs(analytic).max(), abs(numeric).max(), rounding / rtol)
        errors[name] = float(difference.max() / scale) if scale else 0.0
        if not errors[name] <= rtol:  # nan fails too
            k = difference.argmax()
            raise AssertionError(
                f"gradient of {name}{[int(i) for i in indices[k]]}: analytic {analytic[k]:.10g}, "
                f"numeric {numeric[k]:.10g}, relative error {errors[name]:.1e} > {rtol:.0e}"
            )
    return errors
