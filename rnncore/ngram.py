"""Count models: the probability of the next symbol from the last ``k`` symbols. Chapter 2."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnncore.checks import check_integers, check_rng


@dataclass(frozen=True)
class NGram:
    """``P(next | context) = (count(context, next) + alpha) / (count(context) + alpha V)``.

    ``counts`` maps each context seen, a tuple of ``k`` symbols, to its counts ``(V,)``. A context
    never seen gives the uniform distribution. Symbol 0 is the boundary: it stands ``k`` times
    before a sequence and once behind it. Make one with ``fit_ngram``.

    Source: add-alpha smoothing is Lidstone's rule; see Jurafsky and Martin, chapter 3.
    """

    k: int
    size: int
    alpha: float
    counts: dict[tuple[int, ...], np.ndarray]

    def probabilities(self, context: Iterable[int]) -> np.ndarray:
        """The distribution ``(V,)`` of the next symbol after ``context``; only its last k count."""
        context = (*[0] * self.k, *(int(symbol) for symbol in context))
        count = self.counts.get(context[len(context) - self.k :], np.zeros(self.size))
        total = count.sum() + self.alpha * self.size
        return (count + self.alpha) / total if total else np.full(self.size, 1 / self.size)

    def nll(self, sequences: Iterable[np.ndarray]) -> float:
        """Mean negative log-likelihood of the sequences and their ends, in nats per symbol."""
        costs = [
            -np.log(self.probabilities(context)[symbol])
            for sequence in sequences
            for context, symbol in _contexts(sequence, self.k)
        ]
        if not costs:
            raise ValueError("sequences must hold at least one sequence, got none")
        return float(np.mean(costs))

    def sample(self, rng: np.random.Generator, max_length: int = 30) -> list[int]:
        """One sequence drawn symbol by symbol until the boundary comes, or ``max_length`` symbols."""
        check_rng(rng)
        sequence: list[int] = []
        while len(sequence) < max_length:
            symbol = int(rng.choice(self.size, p=self.probabilities(sequence)))
            if symbol == 0:
                break
            sequence.append(symbol)
        return sequence


def fit_ngram(sequences: Iterable[np.ndarray], k: int, size: int, alpha: float) -> NGram:
    """Count every symbol after every context of ``k`` symbols. Chapter 2.

    Parameters: integer sequences over ``1 .. size - 1``; ``k`` symbols of context; ``size`` V, the
    boundary included; ``alpha`` added to each count (0: relative frequencies). Raises
    ``ValueError`` for a symbol out of range.
    """
    check_integers(0, k=k)
    if not (np.isfinite(alpha) and alpha >= 0):
        raise ValueError(f"alpha must be a finite number of at least 0, got {alpha!r}")
    counts: dict[tuple[int, ...], np.ndarray] = {}
    for sequence in sequences:
        if len(sequence) and not 1 <= min(sequence) <= max(sequence) < size:
            raise ValueError(f"sequences must hold symbols in 1 .. {size - 1}, got {sequence!r}")
        for context, symbol in _contexts(sequence, k):
            counts.setdefault(context, np.zeros(size))[symbol] += 1
    return NGram(k, size, alpha, counts)


def _contexts(sequence, k: int):
    """Every (context, next symbol) of one sequence, the boundary symbols included."""
    padded = (*[0] * k, *(int(symbol) for symbol in sequence), 0)
    for end in range(k, len(padded)):
        yield padded[end - k : end], padded[end]
