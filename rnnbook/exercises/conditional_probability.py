"""Checks of chapter 2, conditional probability."""

from itertools import pairwise, product

import numpy as np

from rnnbook.exercises.expect import Hint, as_numbers, call, expect_function
from rnncore.ngram import fit_ngram


def _next_given_past(answer):
    rng = np.random.default_rng(21)

    def reference(joint):
        V = len(joint)
        rows = [joint[a, b] / sum(joint[a, b]) for a in range(V) for b in range(V)]
        return np.reshape(rows, joint.shape)

    inputs = [(rng.dirichlet(np.ones(V**3)).reshape(V, V, V),) for V in (2, 2, 4, 3, 1)]
    rare = inputs[3][0]
    rare[0, 2] *= 1e-12 / rare[0, 2].sum()  # a condition that hardly ever comes
    rare /= rare.sum()
    expect_function(
        answer,
        reference,
        inputs,
        mistakes=[
            (lambda joint: joint, "This is the joint. Divide by the probability of the condition."),
            (
                lambda joint: joint / joint.sum(axis=(1, 2), keepdims=True),
                "You conditioned on x_1 alone. The condition is (x_1, x_2).",
            ),
            (
                lambda joint: joint / joint.sum(axis=2),
                "The sum lost its axis, so the division paired the wrong entries. Use keepdims=True.",
            ),
            (
                lambda joint: joint / joint.sum(axis=(0, 1)),
                "You divided by P(x_3). Divide by the probability of the condition (x_1, x_2).",
            ),
            (
                lambda joint: joint / joint.sum(axis=0, keepdims=True),
                "You summed over x_1. Sum over x_3, the last axis.",
            ),
            (
                lambda joint: joint / joint.sum(axis=1, keepdims=True),
                "You summed over x_2. Sum over x_3, the last axis.",
            ),
        ],
    )


def _perplexity(answer):
    rng = np.random.default_rng(22)
    expect_function(
        answer,
        lambda P: np.prod((1 / P) ** (1 / len(P))),
        [(rng.uniform(0.05, 1, N),) for N in (5, 5, 30, 1, 5000)] + [(np.ones(4),)],
        mistakes=[
            (lambda P: -np.log(P).mean(), "This is the NLL. Take its exponential."),
            (
                lambda P: np.mean(1 / P),
                "This is the arithmetic mean of 1 / P. The geometric one is meant.",
            ),
            (
                lambda P: np.exp(np.log(P).mean()),
                "This is the inverse: a good model has a perplexity near 1, a bad one above.",
            ),
            (lambda P: np.exp(-np.log2(P).mean()), "Base 2 in one place and e in the other."),
            (
                lambda P: 2 ** -np.log(P).mean(),
                "The logarithm has base e: take e to the NLL, not 2.",
            ),
            (lambda P: -np.log2(P).mean(), "This is the NLL in bits. Take 2 to this power."),
            (lambda P: np.prod(1 / P), "Divide by the number of symbols before the exponential."),
            (
                lambda P: np.prod(P) ** (-1 / len(P)),
                "The product of many probabilities is 0 in floating point. Average logarithms.",
            ),
        ],
    )


def _bigram(answer):
    def counted(symbols, V, once=False):
        counts = np.zeros((V, V))
        for c, v in pairwise(symbols):
            counts[c, v] = 1 if once else counts[c, v] + 1
        return counts

    def smoothed(counts, alpha, times=None):
        times = len(counts) if times is None else times
        return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + times * alpha)

    def joint(symbols, V, alpha):
        counts = counted(symbols, V) + alpha
        return counts / counts.sum()

    rng = np.random.default_rng(23)
    inputs = [(rng.integers(3, size=20), V, alpha) for V, alpha in [(3, 0.5), (3, 0.1), (4, 0.1)]]
    inputs += [(rng.integers(V, size=T), V, 0.2) for V, T in [(5, 80), (3, 2), (3, 1), (1, 5)]]
    expect_function(
        answer,
        lambda symbols, V, alpha: smoothed(counted(symbols, V), alpha),
        inputs,
        mistakes=[
            (
                lambda s, V, a: smoothed(counted(s, V).T, a),
                "Rows must be contexts: the table is transposed.",
            ),
            (
                lambda s, V, a: smoothed(counted(s, V), a, times=1),
                "Each row must sum to 1: alpha is added V times.",
            ),
            (
                lambda s, V, a: smoothed(counted(s, V), a, times=0),
                "Each row must sum to 1: alpha stands in the denominator too.",
            ),
            (
                lambda s, V, a: smoothed(counted(s, V, once=True), a),
                "counts[c, v] += 1 with arrays counts a repeated pair once. Use np.add.at or a loop.",
            ),
            (
                lambda s, V, a: (
                    (counted(s, V) + a) / (np.bincount(s, minlength=V)[:, None] + V * a)
                ),
                "The last symbol has no follower, so it is no context: let n(c) be the sum of a row.",
            ),
            (lambda s, V, a: smoothed(counted(s, V), 0), "The smoothing is missing."),
            (joint, "Divide each row by its own sum: P(v | c), not P(c, v)."),
        ],
    )


def _make_windows(answer):
    rng = np.random.default_rng(24)

    def reference(x, tau):
        rows = [[x[t - lag] for lag in range(tau, 0, -1)] for t in range(tau, len(x))]
        return np.array(rows), np.array([x[t] for t in range(tau, len(x))])

    def rows(x, tau, shift=0, more=0):
        return np.array([x[t - tau + shift : t + shift] for t in range(tau, len(x) + more)])

    expect_function(
        answer,
        reference,
        [(rng.normal(size=T), tau) for T, tau in [(9, 3), (9, 3), (9, 4), (6, 1), (7, 6)]],
        mistakes=[
            (
                lambda x, tau: (rows(x, tau)[:, ::-1], x[tau:]),
                "The newest value comes first in your rows. Put the oldest first.",
            ),
            (
                lambda x, tau: (rows(x, tau, shift=1), x[tau:]),
                "The window contains the value it should predict.",
            ),
            (
                lambda x, tau: (rows(x, tau, more=1), x[tau:]),
                "No value follows your last window. Leave it out.",
            ),
            (
                lambda x, tau: (rows(x, tau), x[:-tau]),
                "The first window is followed by x[tau], not by x[0].",
            ),
        ],
    )


def _expected_mse(answer):
    if callable(answer):
        got = as_numbers(call(answer, 2.0, 4), "result")
        if got.size == 1 and 1e-6 < abs(got.item() / 5 - 1) < 0.01:
            raise Hint("Close, but not exact: a formula is wanted, not a simulation.")
    expect_function(
        answer,
        lambda sd, m: sd**2 + sd**2 / m,
        [(0.2, 4), (1.5, 1), (3.0, 10), (0.0, 3), (2.0, 1000)],
        mistakes=[
            (
                lambda sd, m: sd**2 / m,
                "This is the variance of the mean. The next value has its own noise.",
            ),
            (lambda sd, m: sd**2, "The mean of m values is noisy too."),
            (lambda sd, m: sd * (1 + 1 / m), "Square the standard deviation."),
            (
                lambda sd, m: sd * np.sqrt(1 + 1 / m),
                "This is the root. The squared error is asked for.",
            ),
        ],
    )


def _mixture(answer):
    rng = np.random.default_rng(25)

    def fitted(orders):
        sequences = [rng.integers(1, 4, size=8) for _ in range(20)]
        return [fit_ngram(sequences, k, 4, 0.05) for k in orders]

    inputs = []
    for orders in [(0, 1, 2), (0, 1, 2), (2, 0, 1, 3), (1,)]:
        models = fitted(orders)
        for context in ([1, 2], [3, 3], [2, 1, 1, 3]):
            inputs.append((models, rng.dirichlet(np.ones(len(orders))), context))
    inputs.append((inputs[0][0], np.array([0.3, 0.0, 0.7]), [2, 2]))

    def reference(models, weights, context):
        return weights @ np.array([model.probabilities(context) for model in models])

    def geometric(models, weights, context):
        return np.exp(weights @ np.log([model.probabilities(context) for model in models]))

    def normalised(*args):
        return geometric(*args) / geometric(*args).sum()

    expect_function(
        answer,
        reference,
        inputs,
        mistakes=[
            (
                geometric,
                "You averaged logarithms; the result does not sum to 1. Average probabilities.",
            ),
            (normalised, "Average probabilities, not logarithms."),
            (
                lambda models, weights, context: reference(
                    models, np.full(len(models), 1 / len(models)), context
                ),
                "Your weights are not used: this is the plain mean.",
            ),
            (
                lambda models, weights, context: models[-1].probabilities(context),
                "This is the last model alone.",
            ),
        ],
    )


def _best_sequence(answer):
    def score(s, start, P):
        return np.log(start[s[0]]) + sum(np.log(P[c, v]) for c, v in pairwise(s))

    def best(start, P, T):
        return np.array(max(all_of(start, T), key=lambda s: score(s, start, P)))

    def all_of(start, T):
        return product(range(len(start)), repeat=T)

    def one_best(start, P, T):  # the same pairs in another order are equally probable
        scores = sorted(score(s, start, P) for s in all_of(start, T))
        return len(scores) == 1 or scores[-1] - scores[-2] > 1e-6

    def greedy(start, P, T):
        sequence = [start.argmax()]
        while len(sequence) < T:
            sequence.append(P[sequence[-1]].argmax())
        return np.array(sequence)

    def each_alone(start, P, T):
        return np.array([(start @ np.linalg.matrix_power(P, t)).argmax() for t in range(T)])

    rng = np.random.default_rng(26)

    def draw(V, T):
        case = rng.dirichlet(np.ones(V)), rng.dirichlet(np.full(V, 0.7), size=V), T
        return case if one_best(*case) else draw(V, T)

    def trap(V, T):
        """The best sequence repeats the rarest symbol: no search finds it that keeps the likeliest beginnings."""
        rare = np.append(np.full(V - 1, 0.4 / (V - 1)), 0.6)
        start, *often = np.hstack(
            [0.96 * rng.dirichlet(np.full(V - 1, 200.0), V), np.full((V, 1), 0.04)]
        )
        return start, np.stack([*often, rare]), T

    inputs = []
    while len(inputs) < 4:  # cases in which the greedy sequence is not the best one
        case = draw(3, 5)
        if not np.array_equal(greedy(*case), best(*case)):
            inputs.append(case)
    inputs += [draw(3, 4), draw(2, 6), draw(3, 1), draw(1, 3)]
    inputs.append(trap(4, 6))
    expect_function(
        answer,
        best,
        inputs,
        mistakes=[
            (greedy, "This is the greedy sequence: the best next symbol at each step."),
            (each_alone, "This is the most probable symbol of each step on its own."),
            (lambda start, P, T: best(start, P, T)[::-1], "The sequence runs backwards."),
            (
                lambda start, P, T: best(np.ones(len(start)), P, T),
                "The start distribution is missing.",
            ),
            (
                lambda start, P, T: best(start, P.T, T),
                "Your table is transposed: P[c, v] leads from c to v.",
            ),
        ],
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
