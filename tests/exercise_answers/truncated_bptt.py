"""Answers to the exercises of chapter 6."""

import numpy as np

from exercise_answers import Answers


def pairs(T, K):
    t = np.arange(T)
    return np.minimum(K, t + 1).sum(), (t % K + 1).sum()


def weights(T, back, every, shift=0):
    t, s = np.indices((T, T))
    end = (t // every + 1) * every - 1
    return (s <= t) & (s > end - back + shift)


def backward(h, dh, W, factor, derivative=1):
    da, later = [], 0
    for s in range(len(h) - 1, -1, -1):
        da.insert(0, (dh[s] + factor[s] * later) * (1 - derivative * h[s] ** 2))
        later = W @ da[0]
    return np.array(da)


def slope(w, b, h0, T, K, frozen=None, eps=1e-6, shift=0):
    def loss(changed):
        h, base, total = h0, h0, 0.0
        for t in range(T):
            if (t + shift) % K == 0:
                h = base if frozen is None else frozen
            base, h = np.tanh(w * base + b), np.tanh(changed * h + b)
            total += h**2 / 2
        return total

    return (loss(w + eps) - loss(w - eps)) / (2 * eps)


def turn(n, up, mean_from=1, sign=1):
    A = (np.eye(n) + np.eye(n, k=1)) / 2
    p = np.r_[np.ones(up), -np.ones(n - up)]
    R, total, powers = 0.0, 0.0, np.eye(n)[0]
    found = [0, 0]
    for K in range(1, 1001):
        before, R = R, R + powers @ p
        powers = powers @ A
        total += R if mean_from else before
        for i, value in enumerate((R, total)):
            if not found[i] and value * (2 * up - n) * sign > 0:
                found[i] = K
    return tuple(K or 1 for K in found)  # argmax of a row without True is 0


def unbounded(T, back, every):
    t, s = np.indices((T, T))
    return s > (t // every + 1) * every - 1 - back


def to_the_end_of_the_group(T, back, every):
    t, s = np.indices((T, T))
    return unbounded(T, back, every) & (s < (t // every + 1) * every)


def overlapping(T, back, every):
    M = np.zeros((T, T))
    for end in range(every, T + 1, every):
        for t in range(max(0, end - back), end):
            M[t, max(0, end - back) : t + 1] += 1
    return M


def restart(w, b, h0, T, K, first, later):
    return sum(
        slope(w, b, later if start else first, min(K, T - start), T) for start in range(0, T, K)
    )


def plan(T, budget, tie=True, bound=True):
    best = None
    for every in (e for e in range(1, T + 1) if T % e == 0):
        back = min(T, budget * every // T) if bound else budget * every // T
        key = (back - every + 1, -back * T / every if tie else 0)
        if best is None or key > best[0]:
            best = key, (back, every)
    return best[1]


ANSWERS = {
    "truncation-1": Answers(
        right=pairs,
        wrong=[
            (lambda T, K: pairs(T, K + 1), "lags 0 to K - 1"),
            (lambda T, K: (pairs(T, K + 1)[0], pairs(T, K)[1]), "The window counts lag K as well"),
            (lambda T, K: (pairs(T, K)[0] - T, pairs(T, K)[1] - T), "(t, t) counts"),
            (lambda T, K: (T * K, pairs(T, K)[1]), "first steps"),
            (lambda T, K: (pairs(T, K)[0], T // K * K * (K + 1) // 2), "shorter chunk"),
            (lambda T, K: pairs(T, K)[0], "2 results"),
            (lambda T, K: pairs(T, K)[::-1], "then chunks"),
            (lambda T, K: (K * (K + 1) // 2 + (T - K) * K, pairs(T, K)[1]), "With K > T"),
            (lambda T, K: (pairs(T, K)[0], -(-T // K) * K * (K + 1) // 2), "does not divide T"),
            (lambda T, K: tuple(n + 1e-8 for n in pairs(T, K)), "Result 1 must be a whole number"),
        ],
        edges={
            "one step back": lambda T, K: K == 1,
            "the whole sequence": lambda T, K: K == T,
            "a window longer than the sequence": lambda T, K: K > T > 1,
            "one loss": lambda T, K: T == 1,
        },
        promises=[
            (
                "The last chunk may be shorter.",
                lambda T, K: (pairs(T, K)[0], -(-T // K) * K * (K + 1) // 2),
            ),
        ],
    ),
    "truncation-2": Answers(
        right=weights,
        wrong=[
            (lambda T, back, every: np.tril(weights(T, back, 1)), "from the step of the loss"),
            (lambda T, back, every: weights(T, back, every, -1), "one step too far"),
            (lambda T, back, every: weights(T, back, every, 1), "one step too early"),
            (lambda T, back, every: weights(T, back, every).T, "row is the later"),
            (lambda T, back, every: weights(T, back, every)[1:], "shape"),
            (unbounded, "you need s <= t"),
            (to_the_end_of_the_group, "No loss reaches a later step"),
            (overlapping, "count twice"),
            (
                lambda T, back, every: (
                    weights(T, back, every) * (np.arange(T) % every == every - 1)[:, None]
                ),
                "last loss of a group only",
            ),
        ],
        edges={
            "every step": lambda T, back, every: every == 1 < T,
            "chunks": lambda T, back, every: back == every < T,
            "back to before the start": lambda T, back, every: back > T,
            "one group": lambda T, back, every: every == T,
            "one step": lambda T, back, every: T == 1,
        },
        promises=[
            (
                "`M[t, s]` is 1 if the pair takes part and 0 otherwise",
                lambda T, back, every: weights(T, back, every) / T,
            ),
        ],
    ),
    "truncation-3": Answers(
        right=backward,
        wrong=[
            (lambda h, dh, W, f: backward(h, dh, W, f, 0), "derivative of tanh"),
            (lambda h, dh, W, f: backward(h, dh, W.T, f), "transposed"),
            (lambda h, dh, W, f: backward(h, dh, W, np.ones_like(f)), "full gradient"),
            (lambda h, dh, W, f: backward(h, dh, W, np.append(f[1:], f[-1])), "one step later"),
            (lambda h, dh, W, f: backward(h, dh, W, f) / len(h), "Do not divide by T"),
            (lambda h, dh, W, f: backward(h, dh, W, f)[::-1], "off by"),
        ],
        edges={
            "one step": lambda h, dh, W, f: len(h) == 1,
            "one unit": lambda h, dh, W, f: len(W) == 1,
        },
        promises=[
            (
                "(`factor[T - 1]` is not used)",
                lambda h, dh, W, f: backward(h, np.vstack([dh[:-1], f[-1] * dh[-1:]]), W, f),
            ),
        ],
    ),
    "truncation-4": Answers(
        right=lambda c, lag: ((1 - c) ** lag, (1 - c) ** -lag, ((1 - c) ** -lag - 1) ** 0.5),
        wrong=[
            (lambda c, lag: ((1 - c) ** lag, (1 - c) ** -lag, (1 - c) ** -lag - 1), "variance"),
            (
                lambda c, lag: (
                    (1 - c) ** lag,
                    (1 - c) ** -lag,
                    ((1 - c) ** (-2 * lag) - 1) ** 0.5,
                ),
                "left out the probability",
            ),
            (lambda c, lag: (c**lag, c**-lag, (c**-lag - 1) ** 0.5), "probability of a cut"),
            (
                lambda c, lag: ((1 - c) ** lag, 1 / (1 - c), ((1 - c) ** -lag - 1) ** 0.5),
                "factor of one coin",
            ),
            (
                lambda c, lag: (
                    (1 - c) ** (lag + 1),
                    (1 - c) ** -(lag + 1),
                    ((1 - c) ** -(lag + 1) - 1) ** 0.5,
                ),
                "n + 1",
            ),
        ],
        edges={
            "no coin": lambda q, lag: lag == 0,
            "one coin": lambda q, lag: lag == 1,
            "no cut": lambda q, lag: q == 0,
        },
    ),
    "truncation-5": Answers(
        right=slope,
        wrong=[
            (lambda w, b, h0, T, K: slope(w, b, h0, T, T), "full derivative"),
            (lambda w, b, h0, T, K: 2 * slope(w, b, h0, T, K), "factor 1/2"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T, K) / T, "not a mean"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T, K, frozen=h0), "start from h0"),
            (lambda w, b, h0, T, K: restart(w, b, h0, T, K, h0, 0.0), "windows start from zero"),
            (lambda w, b, h0, T, K: restart(w, b, h0, T, K, 0.0, 0.0), "first starts from h0"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T // K * K, K), "last, shorter chunk"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T, K, shift=1), "one step early"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T, K, shift=-1), "one step late"),
            (lambda w, b, h0, T, K: slope(w, b, h0, T, K) + 0.1, "Tried with w = 1.2"),
        ],
        edges={
            "a cut at every step": lambda w, b, h0, T, K: K == 1 < T,
            "no cut inside": lambda w, b, h0, T, K: K == T > 1,
            "a chunk longer than the sequence": lambda w, b, h0, T, K: K > T,
            "one step": lambda w, b, h0, T, K: T == 1,
        },
    ),
    "truncation-6": Answers(
        right=turn,
        wrong=[
            (lambda n, up: tuple(K - 1 for K in turn(n, up)), "one more"),
            (lambda n, up: tuple(K + 1 for K in turn(n, up)), "one too many"),
            (lambda n, up: (turn(n, up)[0],) * 2, "mean of R_1"),
            (lambda n, up: turn(n, up, mean_from=0), "R_0 = 0"),
            (lambda n, up: turn(n, up)[::-1], "then chunks"),
            (lambda n, up: (n, 2 * n), "off by"),
            (lambda n, up: turn(n, up)[0], "2 results"),
            (lambda n, up: turn(n, up, sign=-1), "with the wrong sign"),
            (lambda n, up: tuple(K + 1e-8 for K in turn(n, up)), "must be a whole number"),
        ],
        edges={
            "none up": lambda n, up: up == 0,
            "all up": lambda n, up: up == n > 1,
            "one unit": lambda n, up: n == 1,
        },
    ),
    "truncation-7": Answers(
        right=plan,
        wrong=[
            (lambda T, budget: plan(T, budget)[::-1], "in this order"),
            (lambda T, budget: (min(T, budget // T), 1), "every = 1"),
            (lambda T, budget: (T, T), "not back"),
            (lambda T, budget: plan(T, budget, tie=False), "fewer backward steps"),
            (lambda T, budget: plan(T, budget, bound=False), "more than T"),
            (lambda T, budget: plan(T, budget)[0], "2 results"),
            (lambda T, budget: (budget // 2, 2), "off by"),
            (lambda T, b: tuple(n + 1e-8 for n in plan(T, b)), "must be a whole number"),
        ],
        edges={
            "the smallest budget": lambda T, budget: budget == 2 * T > 2,
            "budget for everything": lambda T, budget: budget >= T * T > 1,
            "prime T": lambda T, budget: T == 7,
            "one step": lambda T, budget: T == 1,
        },
        promises=[
            ("the one with the fewest backward steps", lambda T, b: plan(T, b, tie=False)),
            ("$K' \\le K \\le T$", lambda T, b: plan(T, b, bound=False)),
        ],
    ),
}
