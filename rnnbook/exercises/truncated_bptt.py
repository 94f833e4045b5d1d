"""Checks of chapter 6, truncated BPTT."""

from functools import cache

import numpy as np

from rnnbook.exercises.expect import Hint, as_numbers, call, expect_function


def _expect_whole_numbers(answer, inputs):
    """Each result of a function that counts is a whole number, and not only near one."""
    for args in inputs:
        for i, part in enumerate(call(answer, *args)):
            if (as_numbers(part) % 1).any():
                raise Hint(f"Result {i + 1} must be a whole number: it counts something.")


def _pairs_kept(answer):
    def count(keep):
        def counted(T, K):
            pairs = [(t, s) for t in range(T) for s in range(t + 1)]
            return (
                sum(t - s < K + keep for t, s in pairs),
                sum(t // (K + keep) == s // (K + keep) for t, s in pairs),
            )

        return counted

    inputs = [(7, 3), (20, 5), (9, 4), (5, 7), (6, 6), (8, 1), (1, 3)]
    expect_function(
        answer,
        count(0),
        inputs,
        mistakes=[
            (lambda T, K: count(0)(T, K)[::-1], "First the sliding window, then chunks."),
            (
                lambda T, K: (
                    K * (K + 1) // 2 + (T - K) * K,
                    count(0)(T, K)[1],
                ),
                "With K > T every pair is kept, T (T + 1) / 2 of them.",
            ),
            (count(1), "K steps are the lags 0 to K - 1. You counted lag K as well."),
            (
                lambda T, K: (count(1)(T, K)[0], count(0)(T, K)[1]),
                "K steps are the lags 0 to K - 1. The window counts lag K as well.",
            ),
            (
                lambda T, K: (
                    count(0)(T, K)[0] - T,
                    count(0)(T, K)[1] - T,
                ),
                "The pair (t, t) counts: a step teaches itself.",
            ),
            (
                lambda T, K: (
                    T * K,
                    count(0)(T, K)[1],
                ),
                "The first steps have fewer than K steps before them.",
            ),
            (
                lambda T, K: (
                    count(0)(T, K)[0],
                    -(-T // K) * K * (K + 1) // 2,
                ),
                "The last chunk is shorter where K does not divide T.",
            ),
            (
                lambda T, K: (
                    count(0)(T, K)[0],
                    T // K * K * (K + 1) // 2,
                ),
                "You left out the last, shorter chunk.",
            ),
        ],
    )
    _expect_whole_numbers(answer, inputs)


def _bptt_weights(answer):
    def weights(keep, future=False):
        def table(T, back, every):
            M = np.zeros((T, T))
            for end in range(every - 1, T, every):
                for t in range(end - every + 1, end + 1):
                    for s in range(max(0, keep(t, end) - back), T if future else t + 1):
                        M[t, s] = s <= end
            return M

        return table

    right = weights(lambda t, end: end + 1)

    def last_only(T, back, every):
        return right(T, back, every) * (np.arange(T) % every == every - 1)[:, None]

    def unbounded(T, back, every):  # without the condition s <= t
        t, s = np.indices((T, T))
        return (s > t // every * every + every - 1 - back).astype(float)

    def all_losses(T, back, every):  # of the last `back` steps, at each action
        M = np.zeros((T, T))
        for end in range(every - 1, T, every):
            first = max(0, end - back + 1)
            size = end + 1 - first
            M[first : end + 1, first : end + 1] += np.tril(np.ones((size, size)))
        return M

    expect_function(
        answer,
        right,
        [(12, 5, 3), (10, 4, 1), (12, 4, 4), (12, 6, 2), (6, 9, 3), (5, 5, 5), (1, 1, 1)],
        mistakes=[
            (
                weights(lambda t, end: t + 1),
                "You count `back` from the step of the loss. The pass starts at the end of its "
                "group.",
            ),
            (weights(lambda t, end: end), "You go back one step too far."),
            (weights(lambda t, end: end + 2), "You stop one step too early."),
            (
                last_only,
                "You send back the last loss of a group only. All `every` losses of the group go "
                "back.",
            ),
            (
                all_losses,
                "Pairs count twice or more. Send back the losses of the last `every` steps, not "
                "of the last `back`.",
            ),
            (
                weights(lambda t, end: end + 1, future=True),
                "No loss reaches a later step: s > t must be 0.",
            ),
            (
                unbounded,
                "No loss reaches a later step. Besides s > end - back you need s <= t.",
            ),
            (
                lambda T, back, every: right(T, back, every).T,
                "M[t, s]: the row is the later step t, the column the earlier step s.",
            ),
        ],
    )


def _cut_backward(answer):
    def recursion(derivative=True, place=0, transpose=False, on_loss=False, use=True):
        def deltas(h, dh, W_hh, factor):
            T, W = len(h), W_hh if transpose else W_hh.T
            da, later = np.zeros_like(h), np.zeros(h.shape[1])
            for s in range(T - 1, -1, -1):
                f = factor[min(s + place, T - 1)] if use else 1.0
                total = f * (dh[s] + later) if on_loss else dh[s] + f * later
                da[s] = total * (1 - h[s] ** 2 if derivative else 1)
                later = da[s] @ W
            return da

        return deltas

    rng = np.random.default_rng(61)
    inputs = [
        (
            np.tanh(rng.normal(size=(T, H))),
            rng.normal(size=(T, H)),
            rng.normal(size=(H, H)),
            rng.choice([0.0, 1.0, 1.25], T),
        )
        for T, H in [(6, 3), (6, 3), (9, 1), (1, 2)]
    ]
    expect_function(
        answer,
        recursion(),
        inputs,
        mistakes=[
            (recursion(derivative=False), "The derivative of tanh, 1 - h**2, is missing."),
            (recursion(transpose=True), "W_hh is transposed: going back means da @ W_hh.T."),
            (
                recursion(place=1),
                "factor[s] acts between step s + 1 and step s, not one step later.",
            ),
            (
                recursion(on_loss=True),
                "The factor acts on what comes from later steps only, not on dh_direct[s].",
            ),
            (recursion(use=False), "This is the full gradient: the factors were not used."),
            (
                lambda h, dh, W_hh, factor: recursion()(h, dh, W_hh, factor) / len(h),
                "Do not divide by T: the derivative of the sum of the losses is asked for.",
            ),
        ],
    )


def _survivor(answer):
    def numbers(q, lag):
        weights, chances = [1.0], [1.0]
        for _ in range(lag):
            weights.append(weights[-1] / (1 - q))
            chances.append(chances[-1] * (1 - q))
        return chances[-1], weights[-1], np.sqrt(chances[-1] * weights[-1] ** 2 - 1)

    def variance(q, lag):
        chance, weight, spread = numbers(q, lag)
        return chance, weight, spread**2

    def passing(q, coins):
        keep = (1 - q) ** coins
        return keep, 1 / keep, np.sqrt(1 / keep - 1)

    def one_coin(q, lag):
        chance, _, spread = numbers(q, lag)
        return chance, 1 / (1 - q), spread

    def squared_weight(q, lag):  # the second moment without the probability
        chance, weight, _ = numbers(q, lag)
        return chance, weight, np.sqrt(weight**2 - 1)

    expect_function(
        answer,
        numbers,
        [(0.1, 5), (0.25, 3), (0.5, 10), (0.3, 1), (0.2, 0), (0.0, 4)],
        mistakes=[
            (variance, "The third number is the variance. Take its root."),
            (
                squared_weight,
                "The mean of the squared weight is the probability of survival times the weight "
                "squared. You left out the probability.",
            ),
            (
                one_coin,
                "1 / (1 - q) is the factor of one coin. The weight has one factor for each coin.",
            ),
            (lambda q, lag: passing(q, lag + 1), "A lag of n steps passes n coins, not n + 1."),
            (lambda q, lag: passing(q, lag - 1), "A lag of n steps passes n coins, not n - 1."),
            (
                lambda q, lag: passing(1 - q, lag),
                "q is the probability of a cut; a pair survives with 1 - q at each coin.",
            ),
        ],
    )


def _cut_slope(answer):
    def slope(w, b, h0, T, K, shift=0, mean=False):
        total, h, dh = 0.0, h0, 0.0  # dh is dh/dw, carried forward and dropped at a cut
        for t in range(T):
            if (t + shift) % K == 0:
                dh = 0.0
            new = np.tanh(w * h + b)
            dh = (1 - new**2) * (h + w * dh)
            h = new
            total += h * dh
        return total / T if mean else total

    def restart(w, b, h0, T, K, at_cut):  # every window from the same state
        return sum(
            slope(w, b, at_cut if start else h0, min(K, T - start), T) for start in range(0, T, K)
        )

    expect_function(
        answer,
        slope,
        [
            (1.2, 0.1, 0.3, 11, 4),
            (-0.8, 0.4, 0.9, 10, 3),
            (1.5, -0.2, 0.6, 8, 1),
            (0.9, 0.2, 0.4, 9, 3),
            (1.1, -0.3, 0.7, 6, 6),
            (0.7, 0.3, -0.5, 4, 9),
            (1.3, 0.2, 0.5, 1, 1),
        ],
        rtol=1e-5,
        mistakes=[
            (
                lambda w, b, h0, T, K: slope(w, b, h0, T, T),
                "This is the full derivative. The states at the cuts must not depend on w.",
            ),
            (
                lambda *args: restart(*args, at_cut=0.0),
                "The windows start from zero. They start from the state that was reached.",
            ),
            (
                lambda w, b, h0, T, K: restart(w, b, 0.0, T, K, at_cut=0.0),
                "All windows, the first too, start from zero. The first starts from h0, the "
                "others from the state that was reached.",
            ),
            (
                lambda w, b, h0, T, K: restart(w, b, h0, T, K, at_cut=h0),
                "The windows start from h0. They start from the state that was reached.",
            ),
            (
                lambda w, b, h0, T, K: slope(w, b, h0, T // K * K, K),
                "You left out the last, shorter chunk.",
            ),
            (
                lambda w, b, h0, T, K: slope(w, b, h0, T, K, shift=1),
                "The cuts are one step early: the first comes after step K.",
            ),
            (
                lambda w, b, h0, T, K: slope(w, b, h0, T, K, shift=-1),
                "The cuts are one step late: the first comes after step K.",
            ),
            (
                lambda w, b, h0, T, K: slope(w, b, h0, T, K, mean=True),
                "The loss is a sum, not a mean.",
            ),
            (lambda w, b, h0, T, K: 2 * slope(w, b, h0, T, K), "The loss has a factor 1/2."),
        ],
    )


def _smallest_k(answer):
    @cache
    def sensitivities(n, up):
        row, R = np.zeros(n), []  # row: how much unit 0 hears of each unit after k steps
        row[0] = 1.0
        for _ in range(1000):
            R.append((R[-1] if R else 0.0) + row[:up].sum() - row[up:].sum())
            row = row / 2 + np.append(0.0, row[:-1]) / 2
        R = np.array(R)
        return R, np.cumsum(R) / np.arange(1, len(R) + 1)

    def turns(n, up, flip=False):
        right = [R * (2 * up - n) * (-1 if flip else 1) > 0 for R in sensitivities(n, up)]
        return tuple(int(np.argmax(sign)) + 1 for sign in right)

    inputs = [(23, 10), (23, 5), (12, 5), (9, 6), (15, 0), (6, 6), (1, 1)]
    expect_function(
        answer,
        turns,
        inputs,
        mistakes=[
            (
                lambda n, up: tuple(K - 1 for K in turns(n, up)),
                "This is the last K with the wrong sign. The answer is one more.",
            ),
            (lambda n, up: tuple(K + 1 for K in turns(n, up)), "This is one too many."),
            (
                lambda n, up: (turns(n, up)[0], turns(n, up)[1] + 1),
                "The mean is that of R_1 to R_K. R_0 = 0 does not count.",
            ),
            (
                lambda n, up: (turns(n, up)[0], turns(n, up)[0]),
                "Chunks follow the mean of R_1 to R_K, not R_K.",
            ),
            (lambda n, up: turns(n, up)[::-1], "First the sliding window, then chunks."),
            (lambda n, up: turns(n, up, flip=True), "This is the first K with the wrong sign."),
        ],
    )
    _expect_whole_numbers(answer, inputs)


def _best_plan(answer):
    def plan(T, budget, divide=True, length=lambda back, every: back - every + 1, cheapest=True):
        plans = [
            (length(back, every), (-1 if cheapest else 1) * back * T / every, back, every)
            for every in range(1, T + 1)
            if not (divide and T % every)
            for back in range(every, T + 1)
            if back * T / every <= budget
        ]
        return max(plans)[2:]

    def unbounded(T, budget):
        plans = [
            (budget * every // T - every + 1, budget * every // T, every)
            for every in range(1, T + 1)
            if T % every == 0
        ]
        return max(plans)[1:]

    inputs = [(12, 30), (12, 24), (20, 45), (30, 100), (16, 200), (7, 20), (6, 40), (1, 2)]
    expect_function(
        answer,
        plan,
        inputs,
        mistakes=[
            (
                lambda T, b: (min(T, b // T), 1),
                "With every = 1 you act after each step, which is dear. Try all divisors of T.",
            ),
            (unbounded, "`back` may not be more than T."),
            (lambda T, b: plan(T, b, divide=False), "`every` must divide T."),
            (
                lambda T, b: plan(T, b, length=lambda back, every: back),
                "A loss at the start of a group goes back back - every + 1 steps; maximise that, "
                "not back.",
            ),
            (
                lambda T, b: plan(T, b, cheapest=False),
                "There is an equally long plan with fewer backward steps.",
            ),
            (lambda T, b: plan(T, b)[::-1], "Return (back, every) in this order."),
        ],
    )
    _expect_whole_numbers(answer, inputs)


CHECKS = {
    "truncation-1": _pairs_kept,
    "truncation-2": _bptt_weights,
    "truncation-3": _cut_backward,
    "truncation-4": _survivor,
    "truncation-5": _cut_slope,
    "truncation-6": _smallest_k,
    "truncation-7": _best_plan,
}
