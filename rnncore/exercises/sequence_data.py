"""Checks of chapter 1, sequence data."""

import numpy as np

from rnncore.exercises import Hint, call, expect_function


def _log_likelihood(answer):
    def underflows(p, symbols):
        with np.errstate(divide="ignore"):
            return np.log(np.prod(p[symbols]))

    rng = np.random.default_rng(11)
    inputs = [
        (rng.dirichlet(np.ones(V)), rng.integers(V, size=T))
        for V, T in [(3, 5), (27, 40), (27, 5000)]
    ]
    expect_function(
        answer,
        lambda p, symbols: np.bincount(symbols, minlength=len(p)) @ np.log(p),
        inputs,
        mistakes={
            "This is the mean. The logarithm of a product is a sum.": lambda p, s: np.log(
                p[s]
            ).mean(),
            "This is in bits. Use the natural logarithm.": lambda p, s: np.log2(p[s]).sum(),
            "This is the probability. Take its logarithm.": lambda p, s: np.prod(p[s]),
            "The product of many probabilities is 0 in floating point. Sum logarithms.": underflows,
            "The sign is off: a log-probability is at most 0.": lambda p, s: -np.log(p[s]).sum(),
            "You summed over the vocabulary. Sum over the sequence.": lambda p, s: np.log(p).sum(),
        },
    )


def _entropy(answer):
    def reference(counts):
        n = counts.sum()
        return np.log(n) - sum(c * np.log(c) for c in counts if c) / n

    expect_function(
        answer,
        reference,
        [(np.array([3, 1, 0, 4]),), (np.array([1, 1, 1, 1]),), (np.array([0, 7]),)],
        mistakes={
            "This is in bits. Use the natural logarithm.": lambda c: reference(c) / np.log(2),
            "Divide the counts by their sum first.": lambda c: -np.sum(c[c > 0] * np.log(c[c > 0])),
            "The sign is off: an entropy is at least 0.": lambda c: -reference(c),
            "A count of 0 must contribute 0; 0 * ln 0 is nan in floating point.": lambda c: (
                np.nan if (c == 0).any() else reference(c)
            ),
        },
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

    expect_function(
        answer,
        reference,
        [(rng.normal(size=T).cumsum() + 5, lag) for T, lag in [(12, 1), (30, 4), (9, 3)]],
        mistakes={
            "Subtract the mean first.": lambda x, lag: np.sum(x[lag:] * x[:-lag]) / np.sum(x**2),
            "The pairs wrap around the end. The last value never stood before the first.": wraps,
            "The lag is off by one step.": lambda x, lag: reference(x, lag + 1),
            "Use the mean and the sum of squares of the whole sequence, not of each part.": (
                lambda x, lag: np.corrcoef(x[lag:], x[:-lag])[0, 1]
            ),
            "Use sums, not means: the pairs are fewer than the steps.": lambda x, lag: (
                reference(x, lag) * len(x) / (len(x) - lag)
            ),
            "Divide by the sum of squares over all steps, not by the variance.": lambda x, lag: (
                reference(x, lag) * len(x)
            ),
        },
    )


def _split(answer):
    def reference(T, W, test_from):
        first_used = test_from - W
        train = [t for t in range(W, T) if t + 1 < first_used]
        return np.array(train, dtype=int), np.arange(max(W, test_from - 1), T)

    def shifted(train, test):
        def mistake(T, W, test_from):
            right_train, right_test = reference(T, W, test_from)
            last = right_train[-1] + train if len(right_train) else W
            return np.arange(W, last + 1), np.arange(right_test[0] + test, T)

        return mistake

    def no_gap(T, W, test_from):
        return np.arange(W, test_from - 1), np.arange(test_from - 1, T)

    expect_function(
        answer,
        reference,
        [(40, 5, 25), (100, 12, 60), (30, 3, 20)],
        mistakes={
            "The last training targets stand inside test windows. Leave a gap.": no_gap,
            "You could keep one more training window.": shifted(-1, 0),
            "One training target too many: it stands in the first test window.": shifted(1, 0),
            "A window has its target one step after its end: the test may begin one earlier.": (
                shifted(0, 1)
            ),
        },
    )


def _skill(answer):
    rng = np.random.default_rng(13)
    inputs = [(rng.normal(size=T).cumsum(), rng.normal(size=T - 1)) for T in (6, 20)]

    def reference(x, prediction):
        own = sum((x[t + 1] - prediction[t]) ** 2 for t in range(len(prediction)))
        return 1 - own / sum(np.diff(x) ** 2)

    expect_function(
        answer,
        reference,
        inputs,
        mistakes={
            "This is R squared: it compares with the mean. Compare with persistence.": lambda x, p: (
                1 - np.mean((x[1:] - p) ** 2) / np.var(x[1:])
            ),
            "This is the ratio. Skill is 1 minus it.": lambda x, p: 1 - reference(x, p),
            "The prediction is of x[1:], not of x[:-1].": lambda x, p: (
                1 - np.mean((x[:-1] - p) ** 2) / np.mean(np.diff(x) ** 2)
            ),
            "Compare squared errors, not their roots.": lambda x, p: (
                1 - np.sqrt(1 - reference(x, p))
            ),
        },
    )


def _stretched(answer):
    rng = np.random.default_rng(14)

    def variant(copy_back, average_back, invert=False):
        def string(noise, length, average):
            P = len(noise) - 1
            x = np.zeros(length)
            x[: P + 1] = noise
            for t in range(P + 1, length):
                mean = (x[t - P] + x[t - P - average_back]) / 2
                x[t] = mean if average[t] != invert else x[t - P - copy_back]
            return x

        return string

    expect_function(
        answer,
        variant(0, 1),
        [
            (rng.uniform(-1, 1, P + 1), length, rng.random(length) < 0.6)
            for P, length in [(4, 30), (9, 60)]
        ],
        mistakes={
            "The copy comes from P steps back, not P + 1; P is len(noise) - 1.": variant(1, 1),
            "Average the samples P and P + 1 steps back; P is len(noise) - 1.": variant(0, -1),
            "Average where average[t] is true, and copy where it is false.": variant(0, 1, True),
        },
    )


def _blind(answer):
    def correlation(x, lag):
        c = x - x.mean()
        return np.sum(c[lag:] * c[:-lag]) / np.sum(c**2)

    drawn = []
    for seed in (1, 2, 3):
        x = np.asarray(call(answer, 4000, np.random.default_rng(seed)), dtype=float)
        if x.shape != (4000,):
            raise Hint(f"x must have shape (4000,), got {x.shape}.")
        if not np.isfinite(x).all() or np.ptp(x) == 0:
            raise Hint("x must be finite and must not be constant.")
        for lag in range(1, 6):
            if not abs(correlation(x, lag)) < 0.1:
                raise Hint(
                    f"At lag {lag} the autocorrelation of x is {correlation(x, lag):.2f}, not within "
                    "(-0.1, 0.1). What tosses the sign?"
                )
        if np.ptp(np.abs(x)) == 0 or not correlation(np.abs(x), 1) > 0.5:
            raise Hint(
                "|x| does not remember: its autocorrelation at lag 1 must exceed 0.5. Let the size "
                "change slowly."
            )
        drawn.append(x)
    if np.array_equal(drawn[0], drawn[1]):
        raise Hint("Two generators gave the same sequence. Draw the random signs from rng.")


CHECKS = {
    "sequence-1": _log_likelihood,
    "sequence-2": _entropy,
    "sequence-3": _autocorrelation,
    "sequence-4": _split,
    "sequence-5": _skill,
    "sequence-6": _stretched,
    "sequence-7": _blind,
}
