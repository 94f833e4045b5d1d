"""Answers to the exercises of chapter 2."""

from itertools import pairwise, product

import numpy as np

from exercise_answers import Answers


def bigram(symbols, V, alpha, *, rows=True, total=None):
    counts = np.zeros((V, V))
    np.add.at(counts, (symbols[:-1], symbols[1:]) if rows else (symbols[1:], symbols[:-1]), 1)
    return (counts + alpha) / (
        counts.sum(1, keepdims=True) + (V * alpha if total is None else total)
    )


def counted_once(symbols, V, alpha):
    counts = np.zeros((V, V))
    counts[symbols[:-1], symbols[1:]] += 1
    return (counts + alpha) / (counts.sum(1, keepdims=True) + V * alpha)


def rows_of(x, tau, end=0):
    return np.array([x[t - tau + end : t + end] for t in range(tau, len(x))])


def brute_force(start, P, T):
    def probability(s):
        return start[s[0]] * np.prod([P[c, v] for c, v in pairwise(s)])

    return list(max(product(range(len(start)), repeat=T), key=probability))


def greedy(start, P, T):
    sequence = [int(np.argmax(start))]
    while len(sequence) < T:
        sequence.append(int(np.argmax(P[sequence[-1]])))
    return sequence


def mean_of_logs(models, weights, context):
    logs = [w * np.log(m.probabilities(context)) for m, w in zip(models, weights, strict=True)]
    return np.exp(sum(logs))


ANSWERS = {
    "conditional-1": Answers(
        right=lambda joint: joint / joint.sum(-1)[..., None],
        wrong=[
            (lambda joint: joint, "This is the joint"),
            (lambda joint: joint / joint.sum((1, 2), keepdims=True), "x_1 alone"),
            (lambda joint: joint / joint.sum(0), "summed over x_1"),
            (lambda joint: joint / joint.sum(1, keepdims=True), "summed over x_2"),
            (lambda joint: joint / joint.sum(2), "keepdims"),
            (lambda joint: joint / joint.sum((0, 1)), "P(x_3)"),
            (lambda joint: joint.sum(2), "shape"),
        ],
    ),
    "conditional-2": Answers(
        right=lambda P: float(np.exp(np.sum(-np.log(P)) / P.size)),
        wrong=[
            (lambda P: -np.log(P).mean(), "This is the NLL"),
            (lambda P: (1 / P).mean(), "arithmetic"),
            (lambda P: np.exp(np.log(P).mean()), "inverse"),
            (lambda P: np.exp(-np.log2(P).mean()), "Base 2"),
            (lambda P: np.exp(-np.log(P).sum()), "number of symbols"),
        ],
    ),
    "conditional-3": Answers(
        right=bigram,
        wrong=[
            (lambda s, V, a: bigram(s, V, a, rows=False), "transposed"),
            (lambda s, V, a: bigram(s, V, a, total=a), "sum to 1"),
            (counted_once, "np.add.at"),
            (lambda s, V, a: bigram(s, V, 1e-300), "smoothing is missing"),
            (lambda s, V, a: bigram(s, V + 1, a), "shape"),
        ],
    ),
    "conditional-4": Answers(
        right=lambda x, tau: (rows_of(x, tau), x[tau:]),
        wrong=[
            (lambda x, tau: (rows_of(x, tau)[:, ::-1], x[tau:]), "oldest first"),
            (lambda x, tau: (rows_of(x, tau, end=1), x[tau:]), "contains the value"),
            (lambda x, tau: rows_of(x, tau), "2 results"),
            (lambda x, tau: (rows_of(x, tau)[:-1], x[tau:-1]), "shape"),
        ],
    ),
    "conditional-5": Answers(
        right=lambda sd, m: (m + 1) * sd * sd / m,
        wrong=[
            (lambda sd, m: sd**2 / m, "its own noise"),
            (lambda sd, m: sd**2, "noisy too"),
            (lambda sd, m: sd**2 * (1 + 1 / m) * 1.001, "a formula is wanted"),
            (lambda sd, m: sd * (1 + 1 / m), "Square"),
            (lambda sd, m: np.sqrt(sd**2 * (1 + 1 / m)), "root"),
        ],
    ),
    "conditional-6": Answers(
        right=lambda models, w, c: np.dot(w, [m.probabilities(c) for m in models]),
        wrong=[
            (mean_of_logs, "averaged logarithms"),
            (lambda models, w, c: np.mean([m.probabilities(c) for m in models], 0), "plain mean"),
            (lambda models, w, c: models[-1].probabilities(c), "single model"),
            (lambda models, w, c: [m.probabilities(c) for m in models], "shape"),
        ],
    ),
    "conditional-7": Answers(
        right=brute_force,
        wrong=[
            (greedy, "greedy"),
            (lambda start, P, T: brute_force(start, P, T)[::-1], "backwards"),
            (lambda start, P, T: brute_force(start, P, T - 1), "shape"),
            (lambda start, P, T: brute_force(start, P.T, T), "transposed"),
            (lambda start, P, T: brute_force(np.ones(3), P, T), "start distribution"),
        ],
    ),
}
