"""Automatic checks of the exercises: ``check("sequence-1", answer)`` says what is right or off.

Each chapter has one file of checks beside this one, made of the comparisons in ``expect.py``. A check is
a function that takes the answer and raises ``Hint`` where it is not right. It compares with an
independent computation, so an answer typed in by hand fails, and it names the known mistake where the
answer shows one.
"""

import dis
from collections.abc import Callable
from importlib import import_module

import numpy as np

from rnnbook.exercises.expect import Hint

CHAPTERS = {  # the first part of an exercise's name -> the file with its check
    "sequence": "sequence_data",
    "conditional": "conditional_probability",
    "rnn": "latent_state_rnn",
    "bptt": "bptt",
    "gradient": "exploding_vanishing",
    "truncation": "truncated_bptt",
    "gate": "lstm_gru",
    "capstone": "capstone",
    "after": "after_the_lstm",
}
NUMPY_DEFAULT = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


def check(name: str, answer: object) -> None:
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
        with np.errstate(**NUMPY_DEFAULT):  # the reader may have made every underflow an error
            checks[name](answer)
    except Hint as hint:
        print(f"{name}: not yet. {hint}")
    except Exception as error:  # an answer of a type that the check did not foresee
        what = f"{type(error).__name__}: {error}"
        print(f"{name}: not yet. The check could not use this answer ({what}).")
    else:
        print(f"{name}: passed")


def names(chapter: str) -> list[str]:
    """The names of all exercises of one chapter, by the first part of their names."""
    return sorted(_checks_of(chapter))


def _checks_of(name: str) -> dict[str, Callable]:
    if not isinstance(name, str):
        raise ValueError(
            f"name must be the name of an exercise, got {type(name).__name__}; the name comes first, "
            'as in check("sequence-1", answer)'
        )
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
