"""Checks of chapter 2, conditional probability."""

from itertools import pairwise, product

import numpy as np

from rnncore.exercises import Hint, call, expect_array, expect_function
from rnncore.ngram import fit_ngram


def _next_given_past(answer):
    rng = np.random.default_rng(21)

    def reference(joint):
        V = len(joint)
        rows = [joint[a, b] / sum(joint[a, b]) for a in range(V) for b in range(V)]
        return np.reshape(rows, joint.shape)

    expect_function(
        answer,
        reference,
        [(rng.dirichlet(np.ones(V**3)).reshape(V, V, V),) for V in (2, 4)],
        mistakes={
            "This is the joint. Divide by the probability of the condition.": lambda joint: joint,
            "You conditioned on x_1 alone. The condition is (x_1, x_2).": lambda joint: (
                joint / joint.sum(axis=(1, 2), keepdims=True)
            ),
            "The sum lost its axis, so the division paired the wrong entries. Use keepdims=True.": (
                lambda joint: joint / joint.sum(axis=2)
            ),
            "You divided by P(x_3). Divide by the probability of the condition (x_1, x_2).": (
                lambda joint: joint / joint.sum(axis=(0, 1))
            ),
            "You summed over x_1. Sum over x_3, the last axis.": lambda joint: (
                joint / joint.sum(axis=0, keepdims=True)
            ),
            "You summed over x_2. Sum over x_3, the last axis.": lambda joint: (
                joint / joint.sum(axis=1, keepdims=True)
            ),
        },
    )


def _perplexity(answer):
    rng = np.random.default_rng(22)
    expect_function(
        answer,
        lambda P: np.prod((1 / P) ** (1 / len(P))),
        [(rng.uniform(0.05, 1, N),) for N in (1, 5, 30)] + [(np.full(4, 0.25),)],
        mistakes={
            "This is the NLL. Take its exponential.": lambda P: -np.log(P).mean(),
            "This is the arithmetic mean of 1 / P. The geometric one is meant.": lambda P: np.mean(
                1 / P
            ),
            "This is the inverse: a good model has a perplexity near 1, a bad one above.": lambda P: (
                np.exp(np.log(P).mean())
            ),
            "Base 2 in one place and e in the other.": lambda P: np.exp(-np.log2(P).mean()),
            "Divide by the number of symbols before the exponential.": lambda P: np.prod(1 / P),
        },
    )


def _bigram(answer):
    rng = np.random.default_rng(23)

    def table(symbols, V, alpha, *, once=False, transposed=False, denominator=None):
        counts = np.zeros((V, V))
        for c, v in pairwise(symbols):
            counts[c, v] = 1 if once else counts[c, v] + 1
        if transposed:
            counts = counts.T
        total = counts.sum(axis=1, keepdims=True)
        return (counts + alpha) / (total + (alpha * V if denominator is None else denominator))

    expect_function(
        answer,
        table,
        [(rng.integers(V, size=T), V, alpha) for V, T, alpha in [(3, 20, 0.5), (5, 80, 0.1)]],
        mistakes={
            "Rows must be contexts: the table is transposed.": lambda s, V, a: table(
                s, V, a, transposed=True
            ),
            "Each row must sum to 1: alpha is added V times.": lambda s, V, a: table(
                s, V, a, denominator=a
            ),
            "counts[c, v] += 1 with arrays counts a repeated pair once. Use np.add.at or a loop.": (
                lambda s, V, a: table(s, V, a, once=True)
            ),
            "The smoothing is missing.": lambda s, V, a: table(s, V, 1e-300),
            "Divide each row by its own sum: P(v | c), not P(c, v).": lambda s, V, a: (
                (np.histogram2d(s[:-1], s[1:], bins=V, range=[[0, V], [0, V]])[0] + a)
                / (len(s) - 1 + a * V * V)
            ),
        },
    )


def _make_windows(answer):
    rng = np.random.default_rng(24)

    def reference(x, tau):
        rows = [[x[t - lag] for lag in range(tau, 0, -1)] for t in range(tau, len(x))]
        return np.array(rows), np.array([x[t] for t in range(tau, len(x))])

    def shifted(x, tau):
        return np.array([x[t - tau + 1 : t + 1] for t in range(tau, len(x))]), x[tau:]

    expect_function(
        answer,
        reference,
        [(rng.normal(size=T), tau) for T, tau in [(9, 3), (20, 5), (6, 1)]],
        mistakes={
            "The newest value comes first in your rows. Put the oldest first.": lambda x, tau: (
                reference(x, tau)[0][:, ::-1],
                reference(x, tau)[1],
            ),
            "The window contains the value it should predict.": shifted,
        },
    )


def _expected_mse(answer):
    if callable(answer):
        got = np.asarray(call(answer, 2.0, 4), dtype=float)
        if got.shape == () and 0 < abs(got - 5) < 0.05 and abs(got - 5) > 1e-9:
            raise Hint("Close, but not exact: a formula is wanted, not a simulation.")
    expect_function(
        answer,
        lambda sd, m: sd**2 + sd**2 / m,
        [(0.2, 4), (1.5, 1), (3.0, 10)],
        mistakes={
            "This is the variance of the mean. The next value has its own noise.": lambda sd, m: (
                sd**2 / m
            ),
            "The mean of m values is noisy too.": lambda sd, m: sd**2,
            "Square the standard deviation.": lambda sd, m: sd * (1 + 1 / m),
            "This is the root. The squared error is asked for.": lambda sd, m: (
                sd * np.sqrt(1 + 1 / m)
            ),
        },
    )


def _mixture(answer):
    rng = np.random.default_rng(25)
    sequences = [rng.integers(1, 4, size=8) for _ in range(20)]
    models = [fit_ngram(sequences, k, 4, 0.05) for k in (0, 1, 2)]
    for context in ([1, 2], [3, 3], [0, 0]):
        weights = rng.dirichlet(np.ones(3))
        table = np.array([model.probabilities(context) for model in models])  # (3, V)
        geometric = np.exp(weights @ np.log(table))
        expect_array(
            call(answer, models, weights, context),
            weights @ table,
            what="distribution",
            mistakes={
                "You averaged logarithms; the result does not sum to 1. Average probabilities.": (
                    geometric
                ),
                "Your weights are not used: this is the plain mean.": table.mean(axis=0),
                "Average probabilities, not logarithms.": geometric / geometric.sum(),
                "This is a single model.": table[-1],
            },
        )


def _best_sequence(answer):
    def best_of(start, P, T):
        def score(s):
            return np.log(start[s[0]]) + sum(np.log(P[c, v]) for c, v in pairwise(s))

        return max(product(range(len(start)), repeat=T), key=score)

    rng = np.random.default_rng(26)
    cases = []
    while len(cases) < 4:  # cases in which the greedy sequence is not the best one
        start, P, T = rng.dirichlet(np.ones(3)), rng.dirichlet(np.full(3, 0.7), size=3), 5
        best = best_of(start, P, T)
        greedy = [int(start.argmax())]
        while len(greedy) < T:
            greedy.append(int(P[greedy[-1]].argmax()))
        if tuple(greedy) != best:
            cases.append((start, P, T, best, greedy))
    for start, P, T, best, greedy in cases:
        got = np.asarray(call(answer, start, P, T))
        if got.shape != (T,):
            raise Hint(f"The sequence must have shape ({T},), got {got.shape}.")
        expect_array(
            got,
            np.array(best),
            what="sequence",
            mistakes={
                "This is the greedy sequence: the best next symbol at each step.": np.array(greedy),
                "The sequence runs backwards.": np.array(best[::-1]),
                "The start distribution is missing.": np.array(best_of(np.ones(3), P, T)),
                "Your table is transposed: P[c, v] leads from c to v.": np.array(
                    best_of(start, P.T, T)
                ),
            },
        )


CHECKS = {
    "conditional-1": _next_given_past,
    "conditional-2": _perplexity,
    "conditional-3": _bigram,
    "conditional-4": _make_windows,
    "conditional-5": _expected_mse,
    "conditional-6": _mixture,
    "conditional-7": _best_sequence,
}
