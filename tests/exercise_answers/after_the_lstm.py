"""Answers to the exercises of "What came after"."""

import numpy as np

from exercise_answers import Answers


def embedding(symbols, dx, V):
    dE = np.zeros((V, dx.shape[2]))
    np.add.at(dE, symbols, dx)
    return dE


def last_wins(symbols, dx, V):
    dE = np.zeros((V, dx.shape[2]))
    dE[symbols] += dx
    return dE


def overwrites(symbols, dx, V):
    dE = np.zeros((V, dx.shape[2]))
    dE[symbols] = dx
    return dE


def only_seen(symbols, dx, V):
    return embedding(symbols, dx, symbols.max() + 1)


def mean(symbols, dx, V):
    times = np.maximum(np.bincount(symbols.ravel(), minlength=V), 1)
    return embedding(symbols, dx, V) / times[:, None]


def score(T, p):
    return np.log((T - 1) * p / (1 - p))


def one_step(lam, b):
    T = len(lam)
    after = [np.prod(lam[t + 1 :], axis=0) for t in range(T)]
    return np.prod(lam, axis=0), np.sum([a * b_t for a, b_t in zip(after, b, strict=True)], axis=0)


def divided(lam, b):
    running = np.cumprod(lam, axis=0)
    with np.errstate(all="ignore"):
        return running[-1], (running[-1] / running * b).sum(axis=0)


def before_the_step(lam, b):
    before = np.cumprod(np.vstack([np.ones_like(lam[:1]), lam[:-1]]), axis=0)
    return np.prod(lam, axis=0), (before * b).sum(axis=0)


ANSWERS = {
    "after-1": Answers(
        right=embedding,
        wrong=[
            (last_wins, "one contribution is lost"),
            (overwrites, "one contribution is lost"),
            (only_seen, "shape"),
            (mean, "this is their mean"),
            (lambda s, dx, V: embedding(s, dx, V) / len(s), "Do not divide by T"),
            (lambda s, dx, V: embedding(s, dx, V) / s.size, "number of symbols"),
            (lambda s, dx, V: embedding(s[-1:], dx[-1:], V), "last step alone"),
            (lambda s, dx, V: embedding(s, dx, V).T, "transposed"),
            (lambda s, dx, V: dx, "shape"),
        ],
        edges={
            "a symbol that never comes": lambda s, dx, V: len(np.unique(s)) < V,
            "one step of one sequence": lambda s, dx, V: s.size == 1,
            "one symbol": lambda s, dx, V: V == 1,
        },
    ),
    "after-2": Answers(
        right=score,
        wrong=[
            (lambda T, p: np.log(T * p / (1 - p)), "T - 1 other steps"),
            (lambda T, p: np.log(p / (1 - p)), "How many others"),
            (lambda T, p: np.log(p * (T - 1)), "1 - p together"),
            (lambda T, p: (T - 1) * p / (1 - p), "its logarithm"),
            (lambda T, p: -score(T, p), "sign is off"),
            (lambda T, p: np.log10((T - 1) * p / (1 - p)), "natural logarithm"),
            (lambda T, p: np.log2((T - 1) * p / (1 - p)), "e in it, not 2"),
        ],
        edges={
            "one other step": lambda T, p: T == 2,
            "a share like all others": lambda T, p: p == 1 / T,
            "less than a fair share": lambda T, p: p < 0.05,
        },
    ),
    "after-3": Answers(
        right=one_step,
        wrong=[
            (lambda lam, b: one_step(lam, b)[::-1], "other order"),
            (lambda lam, b: (one_step(lam, b)[0], b.sum(axis=0)), "all later factors"),
            (lambda lam, b: one_step(lam, lam * b), "from t + 1 on"),
            (before_the_step, "*after* step t"),
            (lambda lam, b: one_step(lam[::-1], b[::-1]), "*after* step t"),
            (lambda lam, b: (lam[0] ** len(lam), one_step(lam, b)[1]), "differ from step to step"),
            (lambda lam, b: (lam.sum(axis=0), one_step(lam, b)[1]), "they do not add"),
            (lambda lam, b: (np.prod(lam[1:], axis=0), one_step(lam, b)[1]), "h_0 meets"),
            (lambda lam, b: one_step(lam, b)[1], "tuple"),
        ],
        edges={
            "one step": lambda lam, b: len(lam) == 1,
            "one unit": lambda lam, b: lam.shape[1] == 1,
            "a gate that is shut": lambda lam, b: not lam.all(),
        },
        promises=[("A factor may be 0.", divided)],
    ),
}
