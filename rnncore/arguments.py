"""What every public door asks of its arguments: ``arguments.array("x", x, ...)`` returns x or raises.

An error names the argument, what was expected and what came.
"""

import math
from collections.abc import Iterator

import numpy as np

Array, Rng = np.ndarray, np.random.Generator
Params = dict[str, Array]


class DivergedError(ValueError):
    """Numbers grew beyond what their dtype can hold.

    Raised by a training loop, it has the ``history`` of the updates before, as the loop returns it.
    """

    history: dict[str, Array] | None = None


def array(name, value, shape, dtype=None) -> Array:
    """Return a finite array of numbers as dtype; ``dtype=float`` keeps any floating-point one.

    In shape a letter matches any size of at least 1, "T" also 0, and ``...`` any number of dimensions.
    """
    value = numeric(name, value, "fc" if dtype is float else "biufc")
    dtype = value.dtype if dtype is None or dtype is float else np.dtype(dtype)
    if value.shape != shape and not _fits(value.shape, shape):
        expected = str(shape).replace("'", "").replace("Ellipsis", "...")
        raise ValueError(f"{name} must have shape {expected}, got {value.shape}")
    if value.dtype.kind == "c" != dtype.kind:
        raise ValueError(f"{name} must be real, got dtype {value.dtype}")
    if value.dtype != dtype:
        with np.errstate(over="ignore"):  # what overflows is found below
            value = value.astype(dtype)
    if not is_finite(value):
        raise ValueError(f"{name} must be finite in {value.dtype}, got nan or inf")
    return value


def ids(name, value, low, high, shape=("T",)) -> Array:
    """Return integers in low .. high; an empty list is one of integers."""
    value = array(name, value, shape)
    if value.size and value.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, got dtype {value.dtype}")
    if value.size and not low <= value.min() <= value.max() <= high:
        raise ValueError(f"{name} must lie in {low} .. {high}, got {value.min()} .. {value.max()}")
    return value if value.size else value.astype(int)


def mask(value, shape) -> Array:
    """Return a boolean mask of which at least one entry is True; None is True everywhere."""
    value = np.ones(shape, bool) if value is None else numeric("mask", value, "b")
    if not array("mask", value, shape).any():
        raise ValueError("mask must keep at least one step, got none")
    return value


def arrays(name, value, like=None) -> Params:
    """Return a dict of arrays: at least one, or those of a like dict, in their shapes."""
    kind(name, value, dict, "a dict of arrays")
    keys, expected = sorted(map(str, value)), sorted(map(str, value if like is None else like))
    if not keys or keys != expected:
        raise ValueError(f"{name} must have the keys {expected or 'of some arrays'}, got {keys}")
    shapes = {key: (...,) if like is None else np.shape(like[key]) for key in value}
    return {key: array(f"{name}[{key!r}]", value[key], shapes[key]) for key in value}


def params(value, shapes) -> Params:
    """Return the parameters that have these shapes, all in the dtype of W_xh."""
    kind("params", value, dict, "a dict of arrays")
    if missing := {"W_xh", *shapes} - value.keys():
        raise ValueError(f"params must have {sorted(missing)}, got {sorted(map(str, value))}")
    dtype = numeric("params['W_xh']", value["W_xh"], "fc").dtype
    return {key: array(f"params[{key!r}]", value[key], shapes[key], dtype) for key in shapes}


def number(name, value, interval) -> float:
    """Return a real number that lies in an interval such as ``"(0, 1]"``."""
    low, high = map(float, interval[1:-1].split(","))
    real = isinstance(value, float | np.floating) or _is_integer(value)
    excluded = (low,) * (interval[0] == "(") + (high,) * (interval[-1] == ")")
    if not real or not low <= value <= high or value in excluded:
        raise ValueError(f"{name} must be a number in {interval}, got {describe(value)}")
    return value


def integers(low, **values) -> None:
    """Raise unless each value is an integer of at least low; neither True nor 2.0 is one."""
    for name, value in values.items():
        if not _is_integer(value) or value < low:
            raise ValueError(f"{name} must be an integer of at least {low}, got {describe(value)}")


def has(name, value, method, described):
    """Raise TypeError unless value is an object, and no class, with this method."""
    if isinstance(value, type) or not callable(getattr(value, method, None)):
        raise TypeError(f"{name} must be {described}, got {describe(value)}")


def kind(name, value, expected, described):
    """Return value if it is of a type, or passes a test, and raise TypeError if not."""
    if not (isinstance(value, expected) if isinstance(expected, type) else expected(value)):
        raise TypeError(f"{name} must be {described}, got {describe(value)}")
    return value


def rng(value) -> Rng:
    """Return a generator; a seed would restart the stream of numbers at every call."""
    return kind("rng", value, Rng, "a numpy.random.Generator")


def sequences(value, low, high) -> list[Array]:
    """Return sequences of integers in low .. high: what a model of the next symbol learns from."""
    return [ids(f"sequences[{b}]", s, low, high) for b, s in enumerate(items("sequences", value))]


def items(name, value) -> list:
    """Return the items of a collection that is neither empty nor used up."""
    value = list(kind(name, value, np.iterable, "a collection"))
    if not value:
        raise ValueError(f"{name} must hold at least one item, got none")
    return value


def is_finite(value) -> bool:
    """Tell whether an array holds neither nan nor inf: one such entry makes the sum of squares so."""
    return math.isfinite(np.vdot(value, value).real) or bool(np.isfinite(value).all())


def describe(value) -> str:
    """What came, short enough for an error."""
    if isinstance(value, Array):
        return f"an array of {value.dtype}, {value.shape}"
    try:
        text = repr(value)
    except Exception:  # an integer of 5,000 digits, for one
        text = ""
    return text if 0 < len(text) <= 60 and " at 0x" not in text else type(value).__name__


def _is_integer(value):
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return integer and -(2**63) <= value < 2**63


KINDS = {"b": "boolean", "fc": "floating point", "biufc": "numeric"}  # of dtypes


def numeric(name, value, kinds="biufc"):
    try:
        value = np.asarray(list(value) if isinstance(value, Iterator) else value)
    except Exception:
        raise ValueError(f"{name} must be one array, got {type(value).__name__}") from None
    if value.dtype.kind not in kinds:
        raise ValueError(f"{name} must be {KINDS[kinds]}, got dtype {value.dtype}")
    return value


def _fits(shape, expected):
    if ... in expected:
        start, after = expected.index(...), len(expected) - 1 - expected.index(...)
        between = shape[start : len(shape) - after]
        expected = (*expected[:start], *between, *expected[start + 1 :])
    return len(shape) == len(expected) and all(
        size >= (wanted != "T") if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(shape, expected, strict=True)
    )
