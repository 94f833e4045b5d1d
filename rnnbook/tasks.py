"""Synthetic tasks with a known answer, drawn anew at every call (chapters 3, 5, 6 and 7).

Each returns a ``Task``: ``x (T, B, D)``, ``targets`` and a boolean ``mask (T, B)``, True where the target
counts.
"""

import numpy as np

from rnncore import arguments
from rnncore.arguments import Rng
from rnncore.data import Task, one_hot


def delayed_recall(length: int, batch_size: int, delay: int, rng: Rng) -> Task:
    """Say at every step which of two symbols was the input ``delay`` steps ago. Chapter 3.

    Returns ``x (length, batch_size, 2)``, ``targets (length, batch_size)`` and the mask, False for
    the first ``delay`` steps. Guessing costs ``ln 2`` nats a step.
    """
    _check_sizes(rng, batch_size, 0, delay=delay)
    arguments.integers(delay + 1, length=length)
    symbols = rng.integers(2, size=(length, batch_size))
    targets, mask = np.zeros_like(symbols), np.zeros(symbols.shape, dtype=bool)
    targets[delay:], mask[delay:] = symbols[: length - delay], True
    return Task(one_hot(symbols, 2), targets, mask)


def temporal_order(length: int, batch_size: int, rng: Rng) -> Task:
    """Tell after the last step in which order two marks came: XX, XY, YX or YY. Chapter 5.

    The input shows X or Y once in the steps [T/10, 2T/10) and once in [4T/10, 5T/10), and one of four
    distractors elsewhere. Returns ``x (length, batch_size, 6)`` (X, Y, distractors), ``targets
    (length, batch_size)`` in 0 .. 3 and the mask, True at the last step alone. Guessing costs ``ln 4``.

    Source: Hochreiter and Schmidhuber (1997), task 6a, with the positions of Pascanu et al. (2013).
    """
    _check_sizes(rng, batch_size, 10, length=length)
    symbols = rng.integers(2, 6, size=(length, batch_size))
    marks = rng.integers(2, size=(2, batch_size))
    batch, tenth = np.arange(batch_size), length // 10
    symbols[rng.integers(tenth, 2 * tenth, size=batch_size), batch] = marks[0]
    symbols[rng.integers(4 * tenth, 5 * tenth, size=batch_size), batch] = marks[1]
    targets, mask = np.zeros_like(symbols), np.zeros(symbols.shape, dtype=bool)
    targets[-1], mask[-1] = 2 * marks[0] + marks[1], True
    return Task(one_hot(symbols, 6), targets, mask)


def adding_problem(length: int, batch_size: int, rng: Rng) -> Task:
    """Add the two marked numbers of a sequence, one in each half. Chapter 7.

    Returns ``x (length, batch_size, 2)``: numbers uniform in [0, 1) and marks, 1 at two steps;
    ``targets (length, batch_size, 1)``: the sum, at the last step; and the mask, True there alone.
    Always answering 1 costs ``Var(U_1 + U_2) = 1/6`` in mean squared error.

    Source: Hochreiter and Schmidhuber (1997), task 4, in the form of Le et al. (2015).
    """
    _check_sizes(rng, batch_size, 2, length=length)
    numbers, marks = rng.uniform(size=(length, batch_size)), np.zeros((length, batch_size))
    batch, half = np.arange(batch_size), length // 2
    marks[rng.integers(0, half, size=batch_size), batch] = 1.0
    marks[rng.integers(half, length, size=batch_size), batch] = 1.0
    targets, mask = np.zeros((length, batch_size, 1)), np.zeros(marks.shape, dtype=bool)
    targets[-1, :, 0], mask[-1] = (numbers * marks).sum(axis=0), True
    return Task(np.stack([numbers, marks], axis=-1), targets, mask)


def _check_sizes(rng, batch_size, low, **size):
    arguments.rng(rng)
    arguments.integers(1, batch_size=batch_size)
    arguments.integers(low, **size)
