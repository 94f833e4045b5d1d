"""Answers to the exercises of chapter 2."""

from itertools import pairwise, product

import numpy as np

from exercise_answers import Answers


def root_of_product(P):
    with np.errstate(divide="ignore"):
        return np.prod(P) ** (-1 / len(P))


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


def of_all_pairs(symbols, V, alpha):
    counts = np.full((V, V), alpha)
    np.add.at(counts, (symbols[:-1], symbols[1:]), 1)
    return counts / counts.sum()


def rows_of(x, tau, end=0):
    return np.array([x[t - tau + end : t + end] for t in range(tau, len(x))])


def simulated(sd, m):
    e = np.random.default_rng(0).normal(scale=sd, size=(20_000, m + 1))
    return np.mean((e[:, -1] - e[:, :-1].mean(axis=1)) ** 2)


def brute_force(start, P, T):
    def probability(s):
        return start[s[0]] * np.prod([P[c, v] for c, v in pairwise(s)])

    return np.array(max(product(range(len(start)), repeat=T), key=probability))


def beam(start, P, T, width):
    kept = [((), 1.0)]
    for _ in range(T):
        longer = [
            ((*s, v), p * (P[s[-1], v] if s else start[v])) for s, p in kept for v in range(len(P))
        ]
        kept = sorted(longer, key=lambda pair: -pair[1])[:width]
    return kept[0][0]


def each_alone(start, P, T):
    symbols = []
    for _ in range(T):
        symbols.append(np.argmax(start))
        start = start @ P
    return symbols


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
        edges={
            "one symbol": lambda joint: joint.shape == (1, 1, 1),
            "a rare condition": lambda joint: joint.sum(axis=2).min() < 1e-9,
        },
        promises=[("all positive", lambda joint: joint / (joint.sum(-1)[..., None] + 1e-12))],
    ),
    "conditional-2": Answers(
        right=lambda P: float(np.exp(np.sum(-np.log(P)) / P.size)),
        wrong=[
            (lambda P: -np.log(P).mean(), "This is the NLL"),
            (lambda P: (1 / P).mean(), "arithmetic"),
            (lambda P: np.exp(np.log(P).mean()), "inverse"),
            (lambda P: np.exp(-np.log2(P).mean()), "Base 2"),
            (lambda P: 2 ** -np.log(P).mean(), "take e"),
            (lambda P: -np.log2(P).mean(), "in bits"),
            (lambda P: np.exp(-np.log(P).sum()), "number of symbols"),
            (root_of_product, "Average logarithms"),
        ],
        edges={
            "one symbol": lambda P: len(P) == 1,
            "certain of all": lambda P: (P == 1).all(),
        },
        promises=[("of shape `(N,)`", root_of_product)],  # the product of many is 0
    ),
    "conditional-3": Answers(
        right=bigram,
        wrong=[
            (lambda s, V, a: bigram(s, V, a, rows=False), "transposed"),
            (lambda s, V, a: bigram(s, V, a, total=a), "V times"),
            (np.errstate(divide="ignore")(lambda s, V, a: bigram(s, V, a, total=0)), "too"),
            (counted_once, "np.add.at"),
            (
                lambda s, V, a: (
                    (bigram(s, V, a) * (np.bincount(s[:-1], minlength=V)[:, None] + V * a))
                    / (np.bincount(s, minlength=V)[:, None] + V * a)
                ),
                "no follower",
            ),
            (
                np.errstate(invalid="ignore")(lambda s, V, a: bigram(s, V, 0)),
                "smoothing is missing",
            ),
            (of_all_pairs, "by its own sum"),
            (lambda s, V, a: bigram(s, V + 1, a), "shape"),
        ],
        edges={
            "one pair": lambda symbols, V, alpha: len(symbols) == 2,
            "no pair": lambda symbols, V, alpha: len(symbols) == 1,
            "one symbol": lambda symbols, V, alpha: V == 1,
            "a symbol that never comes": lambda symbols, V, alpha: V - 1 not in symbols,
        },
        promises=[
            ("There are no boundary marks", lambda s, V, a: bigram(np.append(s, 0), V, a)),
            ("Return the table of shape `(V, V)`", lambda s, V, a: bigram(s, s.max() + 1, a)),
        ],
    ),
    "conditional-4": Answers(
        right=lambda x, tau: (rows_of(x, tau), x[tau:]),
        wrong=[
            (lambda x, tau: (rows_of(x, tau)[:, ::-1], x[tau:]), "oldest first"),
            (lambda x, tau: (rows_of(x, tau, end=1), x[tau:]), "contains the value"),
            (
                lambda x, tau: (np.lib.stride_tricks.sliding_window_view(x, tau), x[tau:]),
                "No value follows",
            ),
            (lambda x, tau: (rows_of(x, tau), x[:-tau]), "not by x[0]"),
            (lambda x, tau: rows_of(x, tau), "2 results"),
            (lambda x, tau: (rows_of(x, tau)[:-1], x[tau:-1]), "shape"),
        ],
        edges={
            "windows of one value": lambda x, tau: tau == 1,
            "one window": lambda x, tau: tau == len(x) - 1,
        },
    ),
    "conditional-5": Answers(
        right=lambda sd, m: (m + 1) * sd * sd / m,
        wrong=[
            (lambda sd, m: sd**2 / m, "its own noise"),
            (lambda sd, m: sd**2, "noisy too"),
            (simulated, "a formula is wanted"),
            (lambda sd, m: sd * (1 + 1 / m), "Square"),
            (lambda sd, m: np.sqrt(sd**2 * (1 + 1 / m)), "root"),
        ],
        edges={
            "the mean of one value": lambda sd, m: m == 1,
            "no noise": lambda sd, m: sd == 0,
        },
        promises=[("the expected squared error", simulated)],
    ),
    "conditional-6": Answers(
        right=lambda models, w, c: np.dot(w, [m.probabilities(c) for m in models]),
        wrong=[
            (mean_of_logs, "averaged logarithms"),
            (lambda *args: mean_of_logs(*args) / sum(mean_of_logs(*args)), "not logarithms"),
            (lambda models, w, c: np.mean([m.probabilities(c) for m in models], 0), "plain mean"),
            (lambda models, w, c: models[-1].probabilities(c), "last model alone"),
            (lambda models, w, c: [m.probabilities(c) for m in models], "shape"),
        ],
        edges={
            "one model": lambda models, weights, context: len(models) == 1,
            "a weight of zero": lambda models, weights, context: 0 in weights,
        },
    ),
    "conditional-7": Answers(
        right=brute_force,
        wrong=[
            (lambda *args: beam(*args, width=1), "greedy"),
            (each_alone, "on its own"),
            (lambda start, P, T: brute_force(start, P, T)[::-1], "backwards"),
            (lambda start, P, T: brute_force(start, P, T + 1), "shape"),
            (lambda start, P, T: brute_force(start, P.T, T), "transposed"),
            (lambda start, P, T: brute_force(np.ones(start.shape), P, T), "start distribution"),
        ],
        edges={
            "one step": lambda start, P, T: T == 1,
            "one symbol": lambda start, P, T: len(start) == 1,
        },
        promises=[
            ("the most probable sequence of length `T`", lambda *args: beam(*args, width=2)),
            ("to try all $V^T$ sequences", lambda *args: beam(*args, width=4)),
            ("to try all $V^T$ sequences", lambda *args: beam(*args, width=16)),
        ],
    ),
}
