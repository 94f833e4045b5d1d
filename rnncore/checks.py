"""What the public functions check of their arguments."""

import math

import numpy as np


def check_array(name, array, shape, dtype):
    """Return array as dtype, or raise the ValueError that names it; letters in shape match any size."""
    array = np.asarray(array)
    fits = array.shape == shape or (
        array.ndim == len(shape)
        and all(isinstance(a, str) or a == b for a, b in zip(shape, array.shape, strict=True))
    )
    if not fits:
        expected = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be numeric, got dtype {array.dtype}")
    # one nan or inf makes the sum of squares nan or inf; so may huge finite numbers, hence the second look
    if not math.isfinite(np.vdot(array, array).real) and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got nan or inf")
    return array.astype(dtype, copy=False)


def check_integers(low, **values):
    """Raise the ValueError that names a value unless each is an integer of at least low."""
    for name, value in values.items():
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
            raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")


def check_rng(rng):
    """Raise TypeError unless rng is a Generator: a seed would restart the stream at every call."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
