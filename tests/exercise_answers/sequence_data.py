"""Answers to the exercises of chapter 1."""

import numpy as np

from exercise_answers import Answers


@np.errstate(divide="ignore", invalid="ignore")
def counts_by_logs(p, symbols):
    return np.bincount(symbols, minlength=len(p)) @ np.log(p)


def log_of_product(p, symbols):
    with np.errstate(divide="ignore"):
        return np.log(np.prod(p[symbols]))


def with_0_ln_0(counts):
    return np.nan if 0 in counts else np.log(counts.sum()) - counts @ np.log(counts) / counts.sum()


def centred(x):
    return x - x.mean()


def with_own_means(x, lag):
    return centred(x[lag:]) @ centred(x[:-lag]) / np.sum(centred(x) ** 2)


def stretched(noise, length, average, longer=0, copy=0, other=1):
    P = len(noise) - 1 + longer
    x = np.zeros(length)
    x[: len(noise)] = noise
    for t in range(len(noise), length):
        x[t] = (x[t - P] + x[t - P - other]) / 2 if average[t] else x[t - P - copy]
    return x


def blind(T, rng):
    return np.where(np.arange(T) // 40 % 2, 0.1, 0.4) * rng.choice([-1, 1], T)


def echoed(T, rng, lag):
    """Alike at one lag alone."""
    signs = rng.choice([-1, 1], T + lag)
    return np.where(np.arange(T) // 40 % 2, 0.5, 2.0) * (signs[lag:] + 0.5 * signs[:T])


def garch(T, rng):
    """The size grows after a large value: GARCH(1, 1)."""
    x, variance = np.zeros(T), 1.0
    for t in range(T):
        variance = 0.02 + 0.1 * x[t - 1] ** 2 + 0.88 * variance if t else variance
        x[t] = variance**0.5 * rng.normal()
    return x


def stochastic_volatility(T, rng):
    """The logarithm of the size follows an autoregression of its own."""
    log_size = np.zeros(T)
    for t in range(1, T):
        log_size[t] = 0.97 * log_size[t - 1] + 0.15 * rng.normal()
    return np.exp(log_size) * rng.normal(size=T)


def shares(P):
    pi = np.full(len(P), 1 / len(P))
    for _ in range(2000):
        pi = pi @ P
    return pi


def read_backwards(P):
    return (shares(P)[:, None] * P).T / shares(P)[:, None]


def in_whole_blocks(T, rng):
    return np.repeat([0.5, 2.0] * (T // 80), 40) * rng.choice([-1, 1], T // 80 * 80)


ANSWERS = {
    "sequence-1": Answers(
        right=lambda p, symbols: sum(np.log(p[s]) for s in symbols),
        wrong=[
            (lambda p, s: np.log(p[s]).mean(), "This is the mean"),
            (lambda p, s: np.log2(p[s]).sum(), "bits"),
            (lambda p, s: np.prod(p[s]), "Take its logarithm"),
            (lambda p, s: -np.log(p[s]).sum(), "sign"),
            (lambda p, s: np.log(p).sum(), "Sum over the sequence"),
            (lambda p, s: np.log(p[s]), "one number"),
            (counts_by_logs, "must not count"),
            (log_of_product, "Sum logarithms"),
        ],
        edges={
            "one step": lambda p, symbols: len(symbols) == 1,
            "one symbol": lambda p, symbols: len(p) == 1,
            "a symbol of probability 0 that never comes": lambda p, symbols: 0 in p,
        },
        promises=[
            ("`symbols` has shape `(T,)`", log_of_product),  # the product of many is 0
            ("integers in $0, \\dots, V-1$", lambda p, s: np.bincount(s) @ np.log(p)),
        ],
    ),
    "sequence-2": Answers(
        right=lambda counts: -sum(c / sum(counts) * np.log(c / sum(counts)) for c in counts if c),
        wrong=[
            (lambda c: -sum(n / c.sum() * np.log2(n / c.sum()) for n in c if n), "bits"),
            (lambda c: -np.sum(c[c > 0] * np.log(c[c > 0])), "Divide the counts"),
            (with_0_ln_0, "must contribute 0"),
            (lambda c: np.log(np.count_nonzero(c)), "off by"),
        ],
        edges={
            "one symbol": lambda counts: len(counts) == 1,
            "all of one symbol": lambda counts: list(counts) == [0, 7],
        },
        promises=[("Some counts may be 0; their symbols contribute nothing", with_0_ln_0)],
    ),
    "sequence-3": Answers(
        right=lambda x, lag: np.dot(centred(x)[lag:], centred(x)[:-lag]) / np.sum(centred(x) ** 2),
        wrong=[
            (lambda x, lag: x[lag:] @ x[:-lag] / (x @ x), "Subtract the mean"),
            (
                lambda x, lag: centred(x) @ np.roll(centred(x), lag) / np.sum(centred(x) ** 2),
                "wrap",
            ),
            (
                lambda x, lag: np.mean(centred(x)[lag:] * centred(x)[:-lag]) / np.var(x),
                "version of the chapter",
            ),
            (lambda x, lag: np.corrcoef(x[lag:], x[:-lag])[0, 1], "whole sequence"),
            (
                lambda x, lag: (
                    centred(x)[lag + 1 :] @ centred(x)[: -lag - 1] / sum(centred(x) ** 2)
                ),
                "one step",
            ),
            (lambda x, lag: centred(x)[lag:] @ centred(x)[:-lag] / np.var(x), "variance"),
        ],
        edges={
            "one pair": lambda x, lag: lag == len(x) - 1 > 1,
            "two steps": lambda x, lag: len(x) == 2,
        },
        promises=[("The mean is that of the whole sequence", with_own_means)],
    ),
    "sequence-4": Answers(
        right=lambda T, W, f: (list(range(W, f - W - 1)), list(range(max(W, f - 1), T))),
        wrong=[
            (lambda T, W, f: (np.arange(W, f - 1), np.arange(f - 1, T)), "Leave a gap"),
            (lambda T, W, f: (np.arange(W, f - W), np.arange(f - 1, T)), "One training target too"),
            (lambda T, W, f: (np.arange(W, f - W - 2), np.arange(f - 1, T)), "one more"),
            (lambda T, W, f: (np.arange(W, f - W - 1), np.arange(f, T)), "one earlier"),
            (lambda T, W, f: (np.arange(W, f), np.arange(f, T)), "by their targets"),
            (lambda T, W, f: (np.arange(W, f - W), np.arange(f, T)), "Split by the targets"),
            (
                lambda T, W, f: (np.arange(W - 1, f - W - 1), np.arange(f - 1, T)),
                "the first window ends at t = W",
            ),
            (lambda T, W, f: (np.arange(W, f - W - 1), np.arange(f - 1, T)), "before step W"),
            (lambda T, W, f: np.arange(W, T), "2 results"),
            (
                lambda T, W, f: (np.arange(W, f - W - 1.0), np.arange(max(W, f - 1.0), T)),
                "arrays of integers",
            ),
        ],
        edges={
            "one value a window": lambda T, W, f: W == 1,
            "one test window": lambda T, W, f: f == T,
        },
        promises=[
            (
                "all windows that satisfy this",  # and there may be none
                lambda T, W, f: (np.arange(W, max(f - W, W + 2) - 1), np.arange(max(W, f - 1), T)),
            )
        ],
    ),
    "sequence-5": Answers(
        right=lambda x, p: 1 - np.sum((x[1:] - p) ** 2) / np.sum(np.diff(x) ** 2),
        wrong=[
            (lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.var(x[1:]), "R squared"),
            (lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / x.var(), "with the variance of x"),
            (lambda x, p: np.sum((x[1:] - p) ** 2) / np.sum(np.diff(x) ** 2), "1 minus"),
            (lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.var(np.diff(x)), "the mean step"),
            (lambda x, p: 1 - np.sum((x[:-1] - p) ** 2) / np.sum(np.diff(x) ** 2), "x[1:]"),
            (
                lambda x, p: 1 - np.linalg.norm(x[1:] - p) / np.linalg.norm(np.diff(x)),
                "not their roots",
            ),
        ],
        edges={
            "two steps": lambda x, prediction: len(x) == 2,
            "perfect": lambda x, prediction: np.array_equal(prediction, x[1:]),
            "persistence": lambda x, prediction: np.array_equal(prediction, x[:-1]),
        },
        promises=[
            (
                "below 0 it is worse",
                lambda x, p: max(0, 1 - np.sum((x[1:] - p) ** 2) / np.sum(np.diff(x) ** 2)),
            )
        ],
    ),
    "sequence-6": Answers(
        right=stretched,
        wrong=[
            (lambda n, length, a: stretched(n, length, ~a), "Average where"),
            (lambda n, length, a: stretched(n, length, a | True), "at every step"),
            (lambda n, length, a: stretched(n, length, a, copy=1), "P steps back"),
            (lambda n, length, a: stretched(n, length, a, longer=1), "one step too long"),
            (lambda n, length, a: stretched(n, length, a, other=-1), "P and P + 1 steps back"),
            (lambda n, length, a: np.resize(n, length), "off by"),
            (lambda n, length, a: stretched(n, length, a)[len(n) :], "shape"),
        ],
        edges={
            "the noise alone": lambda noise, length, average: length == len(noise),
            "a period of one": lambda noise, length, average: len(noise) == 2,
        },
    ),
    "sequence-7": Answers(
        right=blind,
        wrong=[
            (lambda T, rng: rng.normal(size=T), "does not remember"),
            (lambda T, rng: rng.normal(size=T).cumsum(), "tosses the sign"),
            (lambda T, rng: np.ones(T), "must not be constant"),
            (lambda T, rng: echoed(T, rng, 1), "At lag 1 "),
            (lambda T, rng: echoed(T, rng, 5), "At lag 5 "),
            (lambda T, rng: blind(T, np.random.default_rng(0)), "Two generators"),
            (lambda T, rng: blind(T, np.random.default_rng()), "The same seed"),
            (lambda T, rng: blind(4000, rng), "shape (7,)"),
            (
                lambda T, rng: np.repeat(rng.normal(size=T // 50), 50) * np.ones(T),
                "Tried with T = 7",
            ),
        ],
        edges={"as long as the text says": lambda T, rng: T == 4000},
        promises=[("a sequence `x` of shape `(T,)`", in_whole_blocks)],
    ),
    "sequence-8": Answers(
        right=read_backwards,
        wrong=[
            (lambda P: P, "the chain itself"),
            (lambda P: P.T, "need not sum to 1"),
            (lambda P: P.T / P.T.sum(axis=1, keepdims=True), "equally common"),
            (lambda P: read_backwards(P).T, "exchanged"),
            (lambda P: P.T * shares(P), "probability of the pair"),
            (lambda P: P.T / shares(P) * shares(P)[:, None], "upside down"),
            (lambda P: np.linalg.inv(P), "off by"),
            (lambda P: P[::-1, ::-1], "off by"),
        ],
        edges={
            "two symbols": lambda P: len(P) == 2,
            "one symbol": lambda P: len(P) == 1,
            "all equally common": lambda P: len(P) == 3 and np.allclose(P.sum(axis=0), 1),
        },
        promises=[
            ("the share $\\pi_v$ of each symbol", lambda P: P.T / P.T.sum(1, keepdims=True)),
        ],
    ),
}
