"""Count models: the probability of the next symbol from the last ``k`` symbols. Chapter 2.

Symbol 0 is the boundary: it stands ``k`` times before a sequence and once behind it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, Rng

Counts = dict[tuple[int, ...], Array]


@dataclass(frozen=True)
class CountModel:
    """What both count models share. ``counts`` maps each context seen, a tuple, to counts ``(V,)``."""

    k: int
    size: int
    counts: Counts

    def probabilities(self, context: Iterable[int]) -> Array:
        """The distribution ``(V,)`` of the next symbol after ``context``; only its last k count."""
        context = arguments.ids("context", context, 0, self.size - 1)
        return self._after((*[0] * self.k, *context.tolist())[len(context) :])

    def nll(self, sequences: Iterable[Array]) -> float:
        """Mean negative log-likelihood of the sequences and their ends, in nats per symbol.

        It is infinite where a symbol has probability 0, as it can have for relative frequencies.
        """
        sequences = arguments.sequences(sequences, 1, self.size - 1)
        pairs = [pair for sequence in sequences for pair in _contexts(sequence, self.k)]
        with np.errstate(divide="ignore"):
            return float(
                -np.log([self._after(context)[symbol] for context, symbol in pairs]).mean()
            )

    def sample(self, rng: Rng, *, max_length: int = 30) -> list[int]:
        """One sequence drawn symbol by symbol until the boundary comes, or ``max_length`` symbols."""
        arguments.rng(rng)
        arguments.integers(0, max_length=max_length)
        sequence: list[int] = []
        while len(sequence) < max_length:
            symbol = int(rng.choice(self.size, p=self.probabilities(sequence)))
            if symbol == 0:
                break
            sequence.append(symbol)
        return sequence


@dataclass(frozen=True)
class NGram(CountModel):
    """``P(next | context) = (count(context, next) + alpha) / (count(context) + alpha V)``.

    A context never seen gives the uniform distribution. Make one with ``fit_ngram``.

    Source: add-alpha smoothing is Lidstone's rule; see Jurafsky and Martin, chapter 3.
    """

    alpha: float

    def _after(self, context):
        count = self.counts.get(context, np.zeros(self.size))
        total = count.sum() + self.alpha * self.size
        return (count + self.alpha) / total if total else np.full(self.size, 1 / self.size)


@dataclass(frozen=True)
class KneserNey(CountModel):
    """Counts of the last k symbols, filled up from those of the last k - 1, and so on.

    With ``n`` the sum of the counts of a context, and ``d`` the discount taken off each that is not 0::

        P_k(next | context) = max(count(next) - d, 0) / n + d (number of counts > 0) / n * P_{k-1}(next)

    where ``P_{k-1}`` sees the context without its first symbol. Below the shortest stands the uniform
    distribution, and a context never seen leaves all to the shorter one. Only the longest context counts
    how often a symbol came; a shorter one counts *after how many different symbols* it did: what comes
    only after one symbol is not likely elsewhere. Make one with ``fit_kneser_ney``.

    Source: Kneser and Ney (1995), interpolated as in Chen and Goodman (1999).
    """

    discount: float

    def _after(self, context):
        p = np.full(self.size, 1 / self.size)
        for length in range(self.k + 1):
            count = self.counts.get(context[self.k - length :])
            if count is not None:
                left = self.discount * np.count_nonzero(count)
                p = (np.maximum(count - self.discount, 0) + left * p) / count.sum()
        return p


def fit_ngram(sequences: Iterable[Array], k: int, size: int, alpha: float) -> NGram:
    """Count every symbol after every context of ``k`` symbols. Chapter 2.

    Takes integer sequences over ``1 .. size - 1``; ``k`` symbols of context; ``size`` V, the boundary
    included; ``alpha`` added to each count (0: relative frequencies).
    """
    arguments.number("alpha", alpha, "[0, inf)")
    return NGram(k, size, _count(sequences, k, size), alpha)


def fit_kneser_ney(sequences: Iterable[Array], k: int, size: int, discount: float) -> KneserNey:
    """Count every symbol after every context of ``k`` symbols, and of fewer as ``KneserNey`` says.

    Takes integer sequences over ``1 .. size - 1``; ``k`` symbols of context; ``size`` V, the boundary
    included; and the discount, above 0 and below 1. Chapter 2.
    """
    arguments.number("discount", discount, "(0, 1)")
    counts = of_length = _count(sequences, k, size)
    for _ in range(k):
        shorter: Counts = {}
        for context, count in of_length.items():
            shorter.setdefault(context[1:], np.zeros(size))[:] += count > 0
        counts, of_length = counts | shorter, shorter
    return KneserNey(k, size, counts, discount)


def _count(sequences, k, size) -> Counts:
    arguments.integers(0, k=k)
    arguments.integers(2, size=size)
    counts: Counts = {}
    for sequence in arguments.sequences(sequences, 1, size - 1):
        for context, symbol in _contexts(sequence, k):
            counts.setdefault(context, np.zeros(size))[symbol] += 1
    return counts


def _contexts(sequence, k):
    """Every (context, next symbol) of one sequence, the boundary symbols included."""
    padded = (*[0] * k, *(int(symbol) for symbol in sequence), 0)
    for end in range(k, len(padded)):
        yield padded[end - k : end], padded[end]
