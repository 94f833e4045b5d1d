"""Answers to the exercises of chapter 1."""

import numpy as np

from exercise_answers import Answers


def log_of_product(p, symbols):
    with np.errstate(divide="ignore"):
        return np.log(np.prod(p[symbols]))


def centred(x):
    return x - x.mean()


def stretched(noise, length, average, period_of=lambda noise: len(noise) - 1, copy=0):
    P = period_of(noise)
    x = np.zeros(length)
    x[: len(noise)] = noise
    for t in range(len(noise), length):
        x[t] = (x[t - P] + x[t - P - 1]) / 2 if average[t] else x[t - P - copy]
    return x


def blind(T, rng):
    return np.where(np.arange(T) // 40 % 2, 0.5, 2.0) * rng.choice([-1, 1], T)


ANSWERS = {
    "sequence-1": Answers(
        right=lambda p, symbols: sum(np.log(p[s]) for s in symbols),
        wrong=[
            (lambda p, s: np.log(p[s]).mean(), "This is the mean"),
            (lambda p, s: np.log2(p[s]).sum(), "bits"),
            (lambda p, s: np.prod(p[s]), "Take its logarithm"),
            (lambda p, s: -np.log(p[s]).sum(), "sign"),
            (lambda p, s: np.log(p).sum(), "Sum over the sequence"),
            (lambda p, s: np.log(p[s]), "shape"),
            (log_of_product, "Sum logarithms"),
        ],
    ),
    "sequence-2": Answers(
        right=lambda counts: -sum(c / sum(counts) * np.log(c / sum(counts)) for c in counts if c),
        wrong=[
            (lambda c: -sum(n / c.sum() * np.log2(n / c.sum()) for n in c if n), "bits"),
            (lambda c: -np.sum(c[c > 0] * np.log(c[c > 0])), "Divide the counts"),
            (lambda c: np.nan if 0 in c else np.log(4), "must contribute 0"),
            (lambda c: np.log(np.count_nonzero(c)), "off by"),
        ],
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
                "Use sums, not means",
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
    ),
    "sequence-4": Answers(
        right=lambda T, W, f: (list(range(W, f - W - 1)), list(range(f - 1, T))),
        wrong=[
            (lambda T, W, f: (np.arange(W, f - 1), np.arange(f - 1, T)), "Leave a gap"),
            (lambda T, W, f: (np.arange(W, f - W), np.arange(f - 1, T)), "One training target too"),
            (lambda T, W, f: (np.arange(W, f - W - 2), np.arange(f - 1, T)), "one more"),
            (lambda T, W, f: (np.arange(W, f - W - 1), np.arange(f, T)), "one earlier"),
            (lambda T, W, f: np.arange(W, T), "2 results"),
        ],
    ),
    "sequence-5": Answers(
        right=lambda x, p: 1 - np.sum((x[1:] - p) ** 2) / np.sum(np.diff(x) ** 2),
        wrong=[
            (lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.var(x[1:]), "R squared"),
            (lambda x, p: np.sum((x[1:] - p) ** 2) / np.sum(np.diff(x) ** 2), "1 minus"),
            (lambda x, p: 1 - np.sum((x[:-1] - p) ** 2) / np.sum(np.diff(x) ** 2), "x[1:]"),
        ],
    ),
    "sequence-6": Answers(
        right=stretched,
        wrong=[
            (lambda n, length, a: stretched(n, length, ~a), "Average where"),
            (lambda n, length, a: stretched(n, length, a, copy=1), "P steps back"),
            (lambda n, length, a: np.resize(n, length), "off by"),
            (lambda n, length, a: stretched(n, length, a)[len(n) :], "shape"),
        ],
    ),
    "sequence-7": Answers(
        right=blind,
        wrong=[
            (lambda T, rng: rng.normal(size=T), "does not remember"),
            (lambda T, rng: rng.normal(size=T).cumsum(), "tosses the sign"),
            (lambda T, rng: blind(T, np.random.default_rng(0)), "Two generators"),
            (lambda T, rng: blind(10, rng), "shape (4000,)"),
        ],
    ),
}
