"""Gradients by central differences, and their comparison with backpropagated ones."""

import numpy as np


def numerical_grad(f, array, eps=1e-6):
    """df/darray by central differences: f(array) -> float; array is not changed."""
    array = np.array(array, dtype=np.float64)
    grad = np.empty_like(array)
    for index in np.ndindex(array.shape):
        grad[index] = _central_difference(f, array, index, eps)
    return grad


def _central_difference(f, array, index, eps):
    value = array[index]
    array[index] = value + eps
    up = f(array)
    array[index] = value - eps
    down = f(array)
    array[index] = value
    return (up - down) / (2 * eps)


def check_grads(f, arrays, grads, rtol=1e-6, rng=None, max_entries=None):
    """Compare grads with central differences of f(arrays) -> float, array by array.

    Returns {name: error}; the error is the largest difference over the largest entry of the
    array. Raises AssertionError when one exceeds rtol.
    """
    eps = 1e-6
    noise = np.finfo(float).eps * abs(f(arrays)) / eps  # of the difference itself
    errors = {}
    for name, array in arrays.items():
        array = np.array(array, dtype=np.float64)
        indices = list(np.ndindex(array.shape))
        if max_entries is not None and max_entries < len(indices):
            indices = [indices[k] for k in rng.choice(len(indices), max_entries, replace=False)]
        numeric = np.array(
            [
                _central_difference(lambda a, n=name: f({**arrays, n: a}), array, i, eps)
                for i in indices
            ]
        )
        analytic = np.array([grads[name][i] for i in indices])
        difference = abs(analytic - numeric)
        scale = max(abs(analytic).max(), abs(numeric).max(), noise / rtol)
        errors[name] = float(difference.max() / scale)
        if not errors[name] <= rtol:
            k = difference.argmax()
            raise AssertionError(
                f"gradient of {name}{list(indices[k])}: analytic {analytic[k]:.10g}, "
                f"numeric {numeric[k]:.10g}, relative error {errors[name]:.1e} > {rtol:.0e}"
            )
    return errors
