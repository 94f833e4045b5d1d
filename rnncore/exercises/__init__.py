"""Automatic checks of the exercises: ``check("sequence-1", answer)`` says what is right or off.

Each chapter has one file of checks beside this one. A check is a function that takes the answer and
returns a hint, or ``None`` where the answer is right. It compares with an independent computation, so
an answer typed in by hand fails, and it names the known mistake where the answer shows one.
"""

import dis
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from inspect import signature

import numpy as np

CHAPTERS = {  # the first part of an exercise's name -> the file with its check
    "sequence": "sequence_data",
    "conditional": "conditional_probability",
    "rnn": "latent_state_rnn",
    "bptt": "bptt",
    "gradient": "exploding_vanishing",
    "truncation": "truncated_bptt",
    "gate": "lstm_gru",
    "capstone": "capstone",
}


class Hint(Exception):  # noqa: N818, it is not an error
    """Raised inside a check with the sentence that the reader gets."""


def check(name: str, answer) -> None:
    """Print whether ``answer`` solves the exercise ``name``, and a hint where it does not.

    Never raises on a wrong answer: what the reader's code raises becomes part of the hint. Raises
    ``ValueError`` for a name that no exercise has.
    """
    checks = _checks_of(name)
    if name not in checks:
        raise ValueError(f"name must be one of {sorted(checks)}, got {name!r}")
    if _untouched(answer):
        print(f"{name}: not tried yet")
        return
    try:
        hint = checks[name](answer)
    except Hint as raised:
        hint = str(raised)
    except Exception as error:  # an answer of a type that the check did not foresee
        hint = f"the check could not use this answer ({type(error).__name__}: {error})"
    print(f"{name}: not yet. {hint}" if hint else f"{name}: passed")


def names(chapter: str) -> list[str]:
    """The names of all exercises of one chapter, by the first part of their names."""
    return sorted(_checks_of(chapter))


def _checks_of(name: str) -> dict[str, Callable]:
    chapter = name.partition("-")[0]
    if chapter not in CHAPTERS:
        raise ValueError(f"name must begin with one of {list(CHAPTERS)}, got {name!r}")
    return import_module(f"{__name__}.{CHAPTERS[chapter]}").CHECKS


def _untouched(answer) -> bool:
    """Whether the stub still stands: ``...``, or a function (or several) whose body is ``...``."""
    if isinstance(answer, tuple | list) and len(answer):
        return all(_untouched(part) for part in answer)
    if not callable(answer):
        return answer is ...
    code = getattr(answer, "__code__", None)
    steps = [step for step in dis.get_instructions(code)] if code else []
    plain = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return bool(steps) and {step.opname for step in steps} <= plain and returned == [None]


# What the checks of the chapters are made of. Each raises Hint.


def expect_number(
    answer, expected: float, *, rtol=1e-6, mistakes: Mapping[str, float] = {}
) -> None:
    """``answer`` is a real number within ``rtol`` of ``expected``; ``mistakes``: hint -> wrong value."""
    if isinstance(answer, bool) or (not np.isscalar(answer) and np.ndim(answer) != 0):
        raise Hint(f"Expected one number, got {_describe(answer)}.")
    expect_array(answer, expected, rtol=rtol, mistakes=mistakes)


def expect_array(
    answer,
    expected,
    *,
    what: str = "answer",
    rtol: float = 1e-6,
    mistakes: Mapping[str, object] = {},
) -> None:
    """``answer`` has the shape and the values of ``expected``; ``mistakes``: hint -> wrong array."""
    expected = np.asarray(expected)
    try:
        values = np.asarray(answer)
        if values.dtype.kind not in "biufc":
            raise TypeError
    except (TypeError, ValueError):
        raise Hint(f"Expected numbers, got {_describe(answer)}.") from None
    if values.shape == expected.shape and _close(values, expected, rtol):
        return
    for hint, wrong in mistakes.items():
        if np.shape(wrong) == values.shape and _close(values, np.asarray(wrong), rtol):
            raise Hint(hint)
    if values.shape != expected.shape:
        raise Hint(f"The {what} must have shape {expected.shape}, got {values.shape}.")
    if not np.isfinite(values).all():
        raise Hint(f"The {what} holds a value that is not finite.")
    error = np.abs(values - expected)
    where = np.unravel_index(np.argmax(error), error.shape)
    place = f" at index {tuple(int(i) for i in where)}" if where else ""
    raise Hint(f"The {what} is off by {error[where]:.3g}{place}: yours is {values[where]:.6g}.")


def expect_function(
    answer,
    reference: Callable,
    inputs: Sequence[tuple],
    *,
    rtol: float = 1e-6,
    mistakes: Mapping[str, Callable] = {},
) -> None:
    """``answer(*args)`` agrees with ``reference(*args)`` for each ``args`` of ``inputs``.

    ``mistakes``: hint -> the function that a reader with this mistake writes. Functions may return
    one array or number, or a tuple of them. The arguments must come back unchanged.
    """
    if not callable(answer):
        raise Hint(f"Expected a function, got {_describe(answer)}.")
    for args in inputs:
        try:
            _expect_result(answer, reference, args, rtol, mistakes)
        except Hint as hint:
            raise Hint(f"{hint}{_example(reference, args)}") from None


def _expect_result(answer, reference, args, rtol, mistakes) -> None:
    got = call(answer, *args)
    expected = reference(*_copies(args))
    wrongs = {hint: function(*_copies(args)) for hint, function in mistakes.items()}
    if not isinstance(expected, tuple):
        expect_array(got, expected, what="result", rtol=rtol, mistakes=wrongs)
        return
    if not isinstance(got, tuple) or len(got) != len(expected):
        raise Hint(f"Return {len(expected)} results in a tuple, not {_describe(got)}.")
    for i, (part, right) in enumerate(zip(got, expected, strict=True)):
        wrong = {hint: value[i] for hint, value in wrongs.items()}
        expect_array(part, right, what=f"result {i + 1}", rtol=rtol, mistakes=wrong)


def _example(reference: Callable, args: tuple) -> str:
    """The arguments of a failed comparison, where they are short enough to read."""
    if not all(isinstance(arg, int | float) for arg in args):
        return ""
    names = list(signature(reference).parameters)
    return f" (Tried with {', '.join(f'{n} = {a}' for n, a in zip(names, args, strict=False))}.)"


def call(function: Callable, *args):
    """``function(*args)``; a Hint where it raises, returns nothing or changes an argument."""
    given = _copies(args)
    try:
        result = function(*given)
    except Exception as error:
        raise Hint(f"Your function raised {type(error).__name__}: {error}") from None
    if result is None or result is ...:
        raise Hint("Your function returned nothing. Is a return missing?")
    for i, (before, after) in enumerate(zip(args, given, strict=True)):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            raise Hint(f"Your function changed its argument number {i + 1}. Work on a copy.")
    return result


def _copies(args: tuple) -> list:
    return [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]


def _close(values: np.ndarray, expected: np.ndarray, rtol: float) -> bool:
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max(initial=1e-3))  # entries near 0 are as exact as the largest
    return np.allclose(values, expected, rtol=rtol, atol=rtol * scale, equal_nan=True)


def _describe(answer) -> str:
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape}"
    return f"{type(answer).__name__} {str(answer)[:60]!r}" if not callable(answer) else "a function"
