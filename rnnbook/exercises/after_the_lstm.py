"""Checks of "What came after"."""

import numpy as np

from rnnbook.exercises.expect import expect_function


def _embedding_grad(answer):
    rng = np.random.default_rng(91)

    def reference(symbols, dx, V):
        return np.eye(V)[symbols.ravel()].T @ dx.reshape(-1, dx.shape[2])

    def one_of_each(symbols, dx, V):
        dE = np.zeros((V, dx.shape[2]))
        dE[symbols] += dx
        return dE

    def mean(symbols, dx, V):
        times = np.bincount(symbols.ravel(), minlength=V)
        return reference(symbols, dx, V) / np.maximum(times, 1)[:, None]

    expect_function(
        answer,
        reference,
        [
            (rng.integers(low, high, size=(T, B)), rng.normal(size=(T, B, D)), V)
            for T, B, D, V, low, high in [
                (6, 3, 2, 5, 0, 5),
                (6, 3, 2, 5, 0, 5),
                (6, 3, 2, 7, 1, 4),  # symbols that never occur, the last one too
                (1, 1, 3, 4, 0, 4),
                (5, 2, 1, 1, 0, 1),
            ]
        ],
        mistakes=[
            (
                one_of_each,
                "Where a symbol comes twice, one contribution is lost: NumPy writes once to an index "
                "that is repeated. Add them all.",
            ),
            (mean, "Contributions of a weight that acts several times add up; this is their mean."),
            (
                lambda symbols, dx, V: reference(symbols, dx, V) / len(symbols),
                "Do not divide by T: dx is the derivative of the loss already.",
            ),
            (
                lambda symbols, dx, V: reference(symbols, dx, V) / symbols.size,
                "Do not divide by the number of symbols: dx is the derivative of the loss already.",
            ),
            (
                lambda symbols, dx, V: reference(symbols[-1:], dx[-1:], V),
                "This is the last step alone. Each step looks up a row, and each contributes.",
            ),
            (
                lambda symbols, dx, V: reference(symbols, dx, V).T,
                "The result is transposed: one row for each symbol.",
            ),
        ],
    )


def _score_for(answer):
    def reference(T, p):
        return np.log(T - 1) + np.log(p / (1 - p))

    expect_function(
        answer,
        reference,
        [(100, 0.9), (10, 0.5), (2, 0.75), (1000, 0.01), (4, 0.25), (10**6, 0.999)],
        mistakes=[
            (
                lambda T, p: np.log(T) + np.log(p / (1 - p)),
                "There are T - 1 other steps: the one that is to be found is among the T.",
            ),
            (
                lambda T, p: np.log(p / (1 - p)),
                "This is the score against one other step. How many others share the weight?",
            ),
            (
                lambda T, p: np.log(T - 1) + np.log(p),
                "The others have the weight 1 - p together, not 1. Solve p = e**u / (e**u + T - 1).",
            ),
            (
                lambda T, p: (T - 1) * p / (1 - p),
                "This is e**u. The score is its logarithm.",
            ),
            (
                lambda T, p: -reference(T, p),
                "The sign is off: a larger weight needs a larger score.",
            ),
            (
                lambda T, p: np.log10((T - 1) * p / (1 - p)),
                "Softmax has e in it: take the natural logarithm.",
            ),
            (
                lambda T, p: np.log2((T - 1) * p / (1 - p)),
                "Softmax has e in it, not 2: take the natural logarithm.",
            ),
        ],
    )


def _as_one_step(answer):
    rng = np.random.default_rng(93)

    def reference(lam, b):
        factor, summand = np.ones(lam.shape[1]), np.zeros(lam.shape[1])
        for t in range(len(lam)):
            factor, summand = lam[t] * factor, lam[t] * summand + b[t]
        return factor, summand

    def shifted(lam, b):  # the factor of the step itself acts on what comes in there
        return reference(lam, lam * b)

    def one_late(lam, b):  # the factor of the next step is left out
        factor, summand = np.ones(lam.shape[1]), np.zeros(lam.shape[1])
        for t in range(len(lam)):
            factor, summand = lam[t] * factor, factor * b[t] + summand
        return factor, summand

    def case(T, H, shut=False):
        lam, b = rng.uniform(0.2, 1, size=(T, H)), rng.normal(size=(T, H))
        if shut:
            lam[T // 2, 0] = 0.0
        return lam, b

    expect_function(
        answer,
        reference,
        [case(6, 3), case(6, 3), case(7, 2, shut=True), case(1, 3), case(5, 1)],
        mistakes=[
            (
                lambda lam, b: reference(lam, b)[::-1],
                "Both are right, in the other order: first the factor, then the summand.",
            ),
            (
                lambda lam, b: (reference(lam, b)[0], b.sum(axis=0)),
                "The factor is right. But what comes in at a step is multiplied by all later factors.",
            ),
            (
                shifted,
                "The factor is right. But b[t] is added after lam[t] has acted; it meets the factors "
                "from t + 1 on.",
            ),
            (
                one_late,
                "The factor is right. But b[t] meets the factors *after* step t, not those before it.",
            ),
            (
                lambda lam, b: (lam[0] ** len(lam), reference(lam, b)[1]),
                "The summand is right. But the factors differ from step to step: multiply them.",
            ),
            (
                lambda lam, b: (lam.sum(axis=0), reference(lam, b)[1]),
                "The summand is right. Factors along a path multiply; they do not add.",
            ),
            (
                lambda lam, b: (np.prod(lam[1:], axis=0), reference(lam, b)[1]),
                "The summand is right. But h_0 meets the factor of the first step, too.",
            ),
        ],
    )


CHECKS = {"after-1": _embedding_grad, "after-2": _score_for, "after-3": _as_one_step}
