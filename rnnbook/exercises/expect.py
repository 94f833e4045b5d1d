"""What the checks of the chapters are made of: comparisons that raise ``Hint``.

``mistakes`` are pairs ``(wrong, hint)``: what a reader with this mistake hands over, and what the reader
is told then. The whole answer must be that of the mistake, in every part and for every input.

A right answer may come in any form: a list for a tuple, whole numbers, float32, one number in an array.
"""

import copy
from collections.abc import Callable, Sequence
from inspect import signature

import numpy as np

Mistakes = Sequence[tuple[object, str]]
FLOAT32_RTOL = 1e-4  # what a computation in float32 leaves of its 1e-7


class Hint(Exception):  # noqa: N818, it is not an error
    """Raised inside a check with the sentence that the reader gets."""


def expect_number(
    answer, expected: float, *, what: str = "answer", rtol: float = 1e-6, mistakes: Mistakes = ()
) -> None:
    """``answer`` is one number within ``rtol`` of ``expected``."""
    if isinstance(answer, bool):
        raise Hint(f"The {what} must be one number, not {answer}.")
    expect_array(answer, expected, what=what, rtol=rtol, mistakes=mistakes)


def expect_array(
    answer, expected, *, what: str = "answer", rtol: float = 1e-6, mistakes: Mistakes = ()
) -> None:
    """``answer`` has the shape and the values of ``expected``."""
    if agree(answer, expected, rtol):
        return
    for wrong, hint in mistakes:
        if agree(answer, wrong, rtol):
            raise Hint(hint)
    raise Hint(_difference(answer, expected, what, rtol))


def expect_function(
    answer,
    reference: Callable,
    inputs: Sequence[tuple],
    *,
    rtol: float = 1e-6,
    mistakes: Sequence[tuple[Callable, str]] = (),
) -> None:
    """``answer(*args)`` agrees with ``reference(*args)`` for each ``args`` of ``inputs``.

    A mistake is the function that a reader who makes it writes. Functions return an array or a number,
    or a tuple of them. The arguments must come back unchanged.
    """
    if not callable(answer):
        raise Hint(f"Expected a function, got {describe(answer)}.")
    for args in inputs:
        expected = reference(*copy.deepcopy(args))
        try:
            got = call(answer, *args)
            if agree(got, expected, rtol):
                continue
            for wrong, hint in mistakes:
                if _same_function(answer, wrong, args, rtol) and all(
                    _same_function(answer, wrong, others, rtol, otherwise=True) for others in inputs
                ):
                    raise Hint(hint)
            raise Hint(_difference(got, expected, "result", rtol))
        except Hint as hint:
            raise Hint(f"{hint}{_example(reference, args)}") from None


def call(function: Callable, *args):
    """``function(*args)``; a Hint where it raises, returns nothing or changes an argument."""
    given = copy.deepcopy(args)
    try:
        result = function(*given)
    except Exception as error:
        raise Hint(f"Your function raised {type(error).__name__}: {error}") from None
    if result is None or result is ...:
        raise Hint("Your function returned nothing. Is a return missing?")
    for i, (before, after) in enumerate(zip(args, given, strict=True)):
        if not _unchanged(before, after):
            raise Hint(f"Your function changed its argument number {i + 1}. Work on a copy.")
    return result


def agree(got, expected, rtol: float) -> bool:
    """Whether two results have the same numbers in the same places, whatever their form."""
    if isinstance(expected, tuple):
        return _has_parts(got, len(expected)) and all(
            agree(part, right, rtol) for part, right in zip(got, expected, strict=True)
        )
    try:
        values = as_numbers(got)
    except Hint:
        return False
    expected = np.asarray(expected)
    if values.size == expected.size == 1:
        values = values.reshape(expected.shape)
    if values.dtype.kind == "f" and values.dtype.itemsize < 8:
        rtol = max(rtol, FLOAT32_RTOL)
    return values.shape == expected.shape and close(values, expected, rtol)


def as_numbers(answer, what: str = "answer") -> np.ndarray:
    """``answer`` as an array of numbers, or the Hint that it is none."""
    try:
        values = np.asarray(answer)
        if values.dtype.kind in "biufc":
            return values
    except (TypeError, ValueError):  # rows of unequal lengths
        pass
    raise Hint(f"The {what} must be made of numbers, got {describe(answer)}.")


def as_whole_number(answer, what: str = "answer") -> int:
    """``answer`` as an int, or the Hint that it is none."""
    refusal = Hint(f"The {what} must be a whole number, not {describe(answer)}.")
    try:
        values = as_numbers(answer, what)
    except Hint:
        raise refusal from None
    if isinstance(answer, bool) or values.size != 1 or values.item() % 1 != 0:
        raise refusal
    return round(values.item())


def close(values: np.ndarray, expected: np.ndarray, rtol: float) -> bool:
    """Whether arrays of one shape agree within ``rtol`` of the largest entry."""
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max(initial=1e-3))  # entries near 0 are as exact as the largest
    return np.allclose(values, expected, rtol=rtol, atol=rtol * scale, equal_nan=True)


def describe(answer) -> str:
    """Say in a few words what the reader has handed over."""
    if isinstance(answer, np.ndarray):
        return _form(answer.shape)
    if callable(answer):
        return "a function"
    if isinstance(answer, int | float | np.number) and not isinstance(answer, bool):
        return f"{answer:.6g}"
    return f"{type(answer).__name__} {str(answer)[:60]!r}"


def _difference(got, expected, what: str, rtol: float) -> str:
    """The hint for an answer that is off, and is no known mistake."""
    if isinstance(expected, tuple):
        n = len(expected)
        if not _has_parts(got, n):
            count = len(got) if isinstance(got, tuple | list) else describe(got)
            return f"Return {n} results in a tuple, not {count}."
        i = next(i for i in range(n) if not agree(got[i], expected[i], rtol))
        return _difference(got[i], expected[i], f"{what} {i + 1}", rtol)
    try:
        values = as_numbers(got, what)
    except Hint as hint:
        return str(hint)
    expected = np.asarray(expected)
    if values.size == expected.size == 1:
        values = values.reshape(expected.shape)
    if values.shape != expected.shape:
        return f"The {what} must be {_form(expected.shape)}, not {_form(values.shape)}."
    if not np.isfinite(values).all():
        return f"The {what} holds a value that is not finite."
    error = np.abs(values - expected)
    where = np.unravel_index(np.argmax(error), error.shape)
    index = ", ".join(str(i) for i in where)
    place = f" at index {index}" if len(where) == 1 else f" at index ({index})" if where else ""
    return f"The {what} is off by {error[where]:.3g}{place}: yours is {values[where]:.6g}."


def _form(shape: tuple) -> str:
    return f"an array of shape {shape}" if shape else "one number"


def _has_parts(got, n: int) -> bool:
    row = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    return row and len(got) == n


def _same_function(answer, wrong, args, rtol, *, otherwise=False) -> bool:
    """Whether both give one result; ``otherwise`` where one of them raises."""
    try:
        got = call(answer, *args)
        with np.errstate(all="ignore"):
            return agree(got, wrong(*copy.deepcopy(args)), rtol)
    except Exception:
        return otherwise


def _unchanged(before, after) -> bool:
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _unchanged(value, after[key]) for key, value in before.items()
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    return True


def _example(reference: Callable, args: tuple) -> str:
    """The arguments of a failed comparison, where they are short enough to read."""
    if not all(isinstance(arg, int | float) for arg in args):
        return ""
    names = list(signature(reference).parameters)
    return f" (Tried with {', '.join(f'{n} = {a}' for n, a in zip(names, args, strict=False))}.)"
