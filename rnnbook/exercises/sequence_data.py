"""Checks of chapter 1, sequence data."""

import numpy as np

from rnnbook.exercises.expect import Hint, as_numbers, call, expect_function


def _log_likelihood(answer):
    def underflows(p, symbols):
        return np.log(np.prod(p[symbols]))

    def counts_by_logs(p, symbols):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.bincount(symbols, minlength=len(p)) @ np.log(p)

    def reference(p, symbols):
        counts = np.bincount(symbols, minlength=len(p))
        return sum(count * np.log(share) for count, share in zip(counts, p, strict=True) if count)

    rng = np.random.default_rng(11)
    inputs = [
        (rng.dirichlet(np.ones(V)), rng.integers(V, size=T))
        for V, T in [(3, 5), (3, 5), (27, 40), (5, 1), (1, 4), (27, 5000)]
    ]
    inputs.append((np.array([0.25, 0.0, 0.75]), np.array([2, 0, 2, 2])))  # 0, but it never comes
    expect_function(
        answer,
        reference,
        inputs,
        mistakes=[
            (
                lambda p, s: np.log(p[s]).mean(),
                "This is the mean. The logarithm of a product is a sum.",
            ),
            (lambda p, s: np.log2(p[s]).sum(), "This is in bits. Use the natural logarithm."),
            (lambda p, s: np.prod(p[s]), "This is the probability. Take its logarithm."),
            (
                underflows,
                "The product of many probabilities is 0 in floating point. Sum logarithms.",
            ),
            (
                counts_by_logs,
                "A symbol that never comes must not count: 0 * ln 0 is nan. Index p with symbols.",
            ),
            (lambda p, s: -np.log(p[s]).sum(), "The sign is off: a log-probability is at most 0."),
            (
                lambda p, s: np.log(p).sum(),
                "You summed over the vocabulary. Sum over the sequence.",
            ),
        ],
    )


def _entropy(answer):
    def reference(counts):
        n = counts.sum()
        return np.log(n) - sum(c * np.log(c) for c in counts if c) / n

    expect_function(
        answer,
        reference,
        [(np.array(counts),) for counts in ([3, 1, 0, 4], [1, 1, 1, 1], [0, 7], [5])],
        mistakes=[
            (lambda c: reference(c) / np.log(2), "This is in bits. Use the natural logarithm."),
            (
                lambda c: -np.sum(c[c > 0] * np.log(c[c > 0])),
                "Divide the counts by their sum first.",
            ),
            (lambda c: -reference(c), "The sign is off: an entropy is at least 0."),
            (
                lambda c: np.nan if (c == 0).any() else reference(c),
                "A count of 0 must contribute 0; 0 * ln 0 is nan in floating point.",
            ),
        ],
    )


def _autocorrelation(answer):
    rng = np.random.default_rng(12)

    def reference(x, lag):
        mean = x.mean()
        pairs = sum((x[t] - mean) * (x[t - lag] - mean) for t in range(lag, len(x)))
        return pairs / sum((value - mean) ** 2 for value in x)

    def wraps(x, lag):
        c = x - x.mean()
        return np.sum(c * np.roll(c, lag)) / np.sum(c**2)

    def of_the_parts(x, lag):
        now, before = (part - part.mean() for part in (x[lag:], x[:-lag]))
        return np.sum(now * before) / np.sqrt(np.sum(now**2) * np.sum(before**2))

    expect_function(
        answer,
        reference,
        [
            (rng.normal(size=T).cumsum() + 5, lag)
            for T, lag in [(12, 1), (12, 1), (30, 4), (9, 3), (6, 5), (2, 1)]
        ],
        mistakes=[
            (lambda x, lag: np.sum(x[lag:] * x[:-lag]) / np.sum(x**2), "Subtract the mean first."),
            (wraps, "The pairs wrap around the end. The last value never stood before the first."),
            (lambda x, lag: reference(x, lag + 1), "The lag is off by one step."),
            (
                of_the_parts,
                "Use the mean and the sum of squares of the whole sequence, not of each part.",
            ),
            (
                lambda x, lag: reference(x, lag) * len(x) / (len(x) - lag),
                "This is the version of the chapter. Use sums here: both are divided by T.",
            ),
            (
                lambda x, lag: reference(x, lag) * len(x),
                "Divide by the sum of squares over all steps, not by the variance.",
            ),
        ],
    )


def _split(answer):
    def reference(T, W, test_from):
        train, test = [], []
        for t in range(W, T):
            if t + 1 >= test_from:
                test.append(t)
            elif t + 1 < test_from - W:
                train.append(t)
        return np.array(train, dtype=int), np.array(test)

    def variant(gap=lambda W: W, train=0, test=0):
        def split(T, W, test_from):
            begin = test_from - 1 + test
            return np.arange(W, begin - gap(W) + train), np.arange(begin, T)

        return split

    expect_function(
        answer,
        reference,
        [(40, 5, 25), (100, 12, 60), (30, 3, 20), (40, 1, 25), (15, 4, 15), (20, 5, 11)],
        mistakes=[
            (
                variant(gap=lambda W: 0),
                "The last training targets stand inside test windows. Leave a gap.",
            ),
            (variant(train=-1), "You could keep one more training window."),
            (
                variant(train=1),
                "One training target too many: it stands in the first test window.",
            ),
            (
                variant(test=1, train=-1),
                "A window has its target one step after its end: the test may begin one earlier.",
            ),
            (
                variant(gap=lambda W: 0, test=1),
                "You split by the ends of the windows. Split by their targets, and leave a gap.",
            ),
            (
                variant(test=1),
                "Split by the targets: a window that ends at t has its target at t + 1.",
            ),
            (
                lambda T, W, begin: (np.arange(W - 1, begin - W - 1), np.arange(begin - 1, T)),
                "Steps count from 1 here, so the first window ends at t = W.",
            ),
        ],
    )
    expect_function(
        answer,
        reference,
        [(20, 5, 3)],
        mistakes=[(variant(), "There is no window that ends before step W.")],
    )
    if any(as_numbers(part).dtype.kind == "f" for part in call(answer, 40, 5, 25)):
        raise Hint("End points are indices. Return arrays of integers, not of floats.")


def _skill(answer):
    rng = np.random.default_rng(13)
    inputs = [(rng.normal(size=T).cumsum(), rng.normal(size=T - 1)) for T in (6, 6, 20, 2)]
    x = inputs[0][0]
    inputs += [(x, x[1:]), (x, x[:-1])]  # perfect, and persistence itself

    def reference(x, prediction):
        own = sum((x[t + 1] - prediction[t]) ** 2 for t in range(len(prediction)))
        return 1 - own / sum(np.diff(x) ** 2)

    expect_function(
        answer,
        reference,
        inputs,
        mistakes=[
            (
                lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.var(x[1:]),
                "This is R squared: it compares with the mean. Compare with persistence.",
            ),
            (
                lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.diff(x).var(),
                "A variance subtracts the mean step; persistence does not know it.",
            ),
            (
                lambda x, p: 1 - np.mean((x[1:] - p) ** 2) / np.var(x),
                "You compare with the variance of x. Compare with persistence.",
            ),
            (lambda x, p: 1 - reference(x, p), "This is the ratio. Skill is 1 minus it."),
            (
                lambda x, p: 1 - np.mean((x[:-1] - p) ** 2) / np.mean(np.diff(x) ** 2),
                "The prediction is of x[1:], not of x[:-1].",
            ),
            (
                lambda x, p: 1 - np.sqrt(1 - reference(x, p)),
                "Compare squared errors, not their roots.",
            ),
        ],
    )


def _stretched(answer):
    rng = np.random.default_rng(14)

    def variant(copy=0, other=1, average_where=lambda flag: flag, longer=0):
        def string(noise, length, average):
            P = len(noise) - 1 + longer
            x = np.zeros(length)
            x[: len(noise)] = noise
            for t in range(len(noise), length):
                mean = (x[t - P] + x[t - P - other]) / 2
                x[t] = mean if average_where(average[t]) else x[t - P - copy]
            return x

        return string

    expect_function(
        answer,
        variant(),
        [
            (rng.uniform(-1, 1, P + 1), length, rng.random(length) < 0.6)
            for P, length in [(4, 30), (4, 30), (9, 60), (4, 50), (1, 20), (6, 7)]
        ],
        mistakes=[
            (variant(copy=1), "The copy comes from P steps back, not P + 1; P is len(noise) - 1."),
            (variant(other=-1), "Average the samples P and P + 1 steps back; P is len(noise) - 1."),
            (variant(longer=1), "Your period is one step too long: P is len(noise) - 1."),
            (
                variant(average_where=lambda flag: not flag),
                "Average where average[t] is true, and copy where it is false.",
            ),
            (
                variant(average_where=lambda flag: True),
                "You average at every step. Copy where average[t] is false.",
            ),
        ],
    )


def _blind(answer):
    def correlation(x, lag):
        c = x - x.mean()
        return np.sum(c[lag:] * c[:-lag]) / np.sum(c**2)

    def draw(T, seed):
        try:
            x = as_numbers(call(answer, T, np.random.default_rng(seed)), "result")
        except Hint as hint:
            raise Hint(f"{hint} (Tried with T = {T}; any T must work.)") from None
        if x.shape != (T,):
            raise Hint(f"For T = {T} the result must have shape ({T},), not {x.shape}.")
        return x.astype(float)

    draw(7, 0)
    drawn = [draw(4000, seed) for seed in range(1, 11)]
    for x in drawn:
        if not np.isfinite(x).all() or np.ptp(x) == 0:
            raise Hint("x must be finite and must not be constant.")
    for lag in range(1, 6):
        r = np.mean([correlation(x, lag) for x in drawn])
        if not abs(r) < 0.1:
            raise Hint(
                f"At lag {lag} the autocorrelation of x is {r:.2f}, not within (-0.1, 0.1). "
                "What tosses the sign?"
            )
    of_size = [np.ptp(np.abs(x)) > 0 and correlation(np.abs(x), 1) for x in drawn]
    if not np.mean(of_size) > 0.05:
        raise Hint(
            "|x| does not remember enough: its autocorrelation at lag 1 must exceed 0.05, not "
            f"{np.mean(of_size):.2f}. Let the size change slowly."
        )
    if np.array_equal(drawn[0], drawn[1]):
        raise Hint("Two generators gave the same sequence. Draw the random signs from rng.")
    if not np.array_equal(drawn[0], draw(4000, 1)):
        raise Hint("The same seed gave two sequences. Draw all that is random from rng.")


def _backwards(answer):
    def shares(P):
        values, vectors = np.linalg.eig(P.T)
        pi = np.real(vectors[:, np.argmax(np.real(values))])
        return pi / pi.sum()

    def reference(P):
        pi, V = shares(P), len(P)
        return np.array([[pi[v] * P[v, c] / pi[c] for v in range(V)] for c in range(V)])

    def joint(P):
        return P.T * shares(P)  # [c, v]: first v, then c

    rng = np.random.default_rng(15)
    inputs = [(rng.dirichlet(np.ones(V), size=V) * 0.9 + 0.1 / V,) for V in (3, 3, 5, 2)]
    goes_round = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
    expect_function(
        answer,
        reference,
        [*inputs, (goes_round,), (np.ones((1, 1)),)],
        mistakes=[
            (lambda P: P, "This is the chain itself. Read it backwards."),
            (
                lambda P: P.T,
                "Rows of P.T need not sum to 1. Weigh each symbol by its share, then divide. (Did you? "
                "The right eigenvector of P is constant; the shares are that of P.T.)",
            ),
            (
                lambda P: P.T / P.T.sum(axis=1, keepdims=True),
                "This holds where all symbols are equally common. Weigh them by their shares.",
            ),
            (
                lambda P: P.T / shares(P) * shares(P)[:, None],
                "The shares stand upside down: the symbol that came before is the one to weigh.",
            ),
            (joint, "This is the probability of the pair. Divide by that of the second symbol."),
            (
                lambda P: reference(P).T,
                "Rows and columns are exchanged: the given symbol, c, names the row.",
            ),
        ],
    )


CHECKS = {
    "sequence-1": _log_likelihood,
    "sequence-2": _entropy,
    "sequence-3": _autocorrelation,
    "sequence-4": _split,
    "sequence-5": _skill,
    "sequence-6": _stretched,
    "sequence-7": _blind,
    "sequence-8": _backwards,
}
