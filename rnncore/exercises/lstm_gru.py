"""Checks of chapter 7, LSTM and GRU."""

import numpy as np

from rnncore.exercises import Hint, call, expect_array, expect_function


def _sigmoid(a):
    return 1 / (1 + np.exp(-np.asarray(a, dtype=float)))


def _bias_for(answer):
    def reference(half_life):
        return -np.log(2 ** (1 / half_life) - 1)

    expect_function(
        answer,
        reference,
        [(1.0,), (2.5,), (14.0,), (300.0,)],
        mistakes={
            "This is the gate itself. Which bias gives this gate?": lambda n: 0.5 ** (1 / n),
            "The sign is off: a longer memory needs a larger bias.": lambda n: -reference(n),
            "After this many steps 1/e is left, not 1/2.": lambda n: -np.log(np.exp(1 / n) - 1),
            "This is the approximation for a large bias. Solve the equation exactly.": (
                lambda n: np.log(n / np.log(2))
            ),
            "This is the logarithm of the half-life. Find the gate first, from f**n = 1/2.": np.log,
        },
    )


def _direct_path(answer):
    rng = np.random.default_rng(71)

    def reference(f, s, t):
        kept = np.ones(f.shape[1])
        for step in range(s + 1, t + 1):
            kept = kept * f[step]
        return kept

    expect_function(
        answer,
        reference,
        [(rng.uniform(0.2, 1, (T, H)), s, t) for T, H, s, t in [(9, 3, 2, 7), (6, 2, 0, 5)]]
        + [(rng.uniform(0.2, 1, (5, 4)), 3, 3)],
        mistakes={
            "The gate of step s acted before c_s was made. Begin at step s + 1.": lambda f, s, t: (
                np.prod(f[s : t + 1], axis=0)
            ),
            "The gate of step t acts too: c_t = f_t c_{t-1} + ... End at step t.": lambda f, s, t: (
                np.prod(f[s + 1 : t], axis=0)
            ),
            "The product begins one step early and ends one step early.": lambda f, s, t: np.prod(
                f[s:t], axis=0
            ),
            "Factors along a path multiply; they do not add.": lambda f, s, t: np.sum(
                f[s + 1 : t + 1], axis=0
            ),
            "Each unit has a path of its own: multiply over time, not over units.": lambda f, s, t: (
                np.prod(f[s + 1 : t + 1])
            ),
        },
    )


def _convert(answer):
    rng = np.random.default_rng(72)

    def blocks(W, order, signs):
        z, r, n = np.split(W, 3, axis=-1)
        named = {"z": z, "r": r, "n": n}
        return np.concatenate([s * named[k] for k, s in zip(order, signs, strict=True)], axis=-1)

    def on_rows(W):
        z, r, n = np.array_split(W, 3)
        return np.concatenate([r, -z, n])

    def less_from_one(W):
        z, r, n = np.split(W, 3, axis=-1)
        return np.concatenate([r, 1 - z, n], axis=-1)

    along = "The blocks stand side by side: split and join along the last axis, axis=-1."
    mistakes = {
        "The blocks are in order, but z still means the opposite.": ("rzn", (1, 1, 1)),
        "z is turned round, but the blocks are still in the order z r n.": ("zrn", (-1, 1, 1)),
        "You negated r. It means the same in both conventions.": ("rzn", (-1, 1, 1)),
        "You negated n. The candidate is the same in both conventions.": ("rzn", (1, 1, -1)),
        "You negated z and n. Only what goes into z changes its sign.": ("rzn", (1, -1, -1)),
        "You negated everything. Only what goes into z changes its sign.": ("rzn", (-1, -1, -1)),
    }
    mistakes = {
        hint: lambda W, order=order, signs=signs: blocks(W, order, signs)
        for hint, (order, signs) in mistakes.items()
    }
    mistakes["1 - sigmoid(a) is sigmoid(-a): negate the weights, do not subtract them from 1."] = (
        less_from_one
    )
    mistakes[along] = on_rows
    try:
        expect_function(
            answer,
            lambda W: blocks(W, "rzn", (1, -1, 1)),
            [(rng.normal(size=shape),) for shape in [(2, 9), (3, 12), (6,)]],
            mistakes=mistakes,
        )
    except Hint as hint:
        if "equal division" in str(hint):  # np.split of two rows into three
            raise Hint(along) from None
        raise


def _coupled(answer):
    rng = np.random.default_rng(73)

    def reference(dc, c_prev, f, g):
        return dc * (c_prev - g) * f * (1 - f), dc * (1 - f) * (1 - g**2), dc * f

    def inputs(B, H):
        return (
            rng.normal(size=(B, H)),
            rng.normal(size=(B, H)),
            rng.uniform(0.1, 0.9, (B, H)),
            np.tanh(rng.normal(size=(B, H))),
        )

    expect_function(
        answer,
        reference,
        [inputs(2, 3), inputs(1, 5)],
        mistakes={
            "f acts twice: it keeps c_{t-1}, and 1 - f lets g in. One of the two is missing.": (
                lambda dc, c, f, g: (dc * c * f * (1 - f), dc * (1 - f) * (1 - g**2), dc * f)
            ),
            "The derivative of 1 - f by f is -1: the sign of g is off.": lambda dc, c, f, g: (
                dc * (c + g) * f * (1 - f),
                dc * (1 - f) * (1 - g**2),
                dc * f,
            ),
            "Pre-activations are asked for: a slope, of sigmoid or of tanh, is missing.": (
                lambda dc, c, f, g: (dc * (c - g), dc * (1 - f), dc * f)
            ),
            "The candidate is weighted by 1 - f, not by f.": lambda dc, c, f, g: (
                dc * (c - g) * f * (1 - f),
                dc * f * (1 - g**2),
                dc * f,
            ),
            "The sign of the first result is off, or roles are exchanged: f keeps c_{t-1}, and 1 - f lets g in.": (
                lambda dc, c, f, g: (
                    dc * (g - c) * f * (1 - f),
                    dc * f * (1 - g**2),
                    dc * (1 - f),
                )
            ),
            "c_{t-1} reaches c_t times f: the last result is dc * f.": lambda dc, c, f, g: (
                dc * (c - g) * f * (1 - f),
                dc * (1 - f) * (1 - g**2),
                dc,
            ),
        },
    )


def _critical(answer):
    expect_function(
        answer,
        lambda b_i, b_f, b_o: (1 - _sigmoid(b_f)) / (_sigmoid(b_i) * _sigmoid(b_o)),
        [(0.5, 0.2, -0.3), (1.0, 3.0, -0.5), (-2.0, 1.0, 2.0)],
        mistakes={
            "Pass the biases through the logistic function first.": lambda i, f, o: (
                (1 - f) / (i * o) if i * o else np.inf
            ),
            "The eigenvalue must be 1, not 0: solve f + i o w = 1.": lambda i, f, o: (
                -_sigmoid(f) / (_sigmoid(i) * _sigmoid(o))
            ),
            "Here the eigenvalue is -1. The positive w is asked for: f + i o w = 1.": lambda i, f, o: (
                (-1 - _sigmoid(f)) / (_sigmoid(i) * _sigmoid(o))
            ),
            "The output gate is missing: h = o tanh(c) passes through it.": lambda i, f, o: (
                (1 - _sigmoid(f)) / _sigmoid(i)
            ),
            "The input gate is missing: what is written is i g.": lambda i, f, o: (
                (1 - _sigmoid(f)) / _sigmoid(o)
            ),
            "The gates i and o are 1/2 at bias 0 only. Here they have biases of their own.": (
                lambda i, f, o: (1 - _sigmoid(f)) / 0.25
            ),
        },
    )


def _temperature(answer):
    rng = np.random.default_rng(74)

    def reference(logits, theta):
        scaled = np.asarray(logits) / theta
        weights = np.exp(scaled - scaled.max())
        return weights / weights.sum()

    def powered(logits, theta):
        return reference(logits, 1.0) / theta

    inputs = [(rng.normal(size=5), theta) for theta in (0.3, 1.0, 2.5)]
    expect_function(
        answer,
        reference,
        inputs,
        mistakes={
            "Divide by the temperature, do not multiply.": lambda y, theta: reference(y, 1 / theta),
            "The temperature does nothing here.": lambda y, theta: reference(y, 1.0),
            "Divide the logits, not the probabilities.": powered,
            "The result must sum to 1.": lambda y, theta: np.exp(y / theta),
        },
    )
    large = np.array([1000.0, 990.0, -1000.0])
    with np.errstate(all="ignore"):
        result = np.asarray(call(answer, large, 0.5), dtype=float)
        at_one = np.asarray(call(answer, large, 1.0), dtype=float)
    if not np.isfinite(result).all():
        if np.isfinite(at_one).all():
            raise Hint(
                "Large logits overflow although you subtract: what must come off is the largest of "
                "logits / temperature, not of the logits."
            )
        raise Hint("Large logits overflow. Subtract the largest one before the exponential.")
    expect_array(result, reference(large, 0.5), what="result")
    # large and warm: what a softmax at temperature 1 has rounded to 0, no power brings back
    for logits in (np.array([1000.0, 0.0, 500.0]), np.array([-900.0, -1700.0, -1200.0])):
        with np.errstate(all="ignore"):
            result = call(answer, logits, 500.0)
            lost = reference(logits, 1.0) ** (1 / 500.0)
        expect_array(
            result,
            reference(logits, 500.0),
            what="result for large logits and a large temperature",
            mistakes={
                "A power of a probability is too late: with large logits some have become 0. "
                "Divide the logits before the exponential.": lost / lost.sum()
            },
        )


def _chrono(answer):
    H, longest = 4000, 100

    def draw(seed):
        return np.asarray(call(answer, H, longest, np.random.default_rng(seed)))

    bias = draw(1)
    if bias.shape != (4 * H,):
        raise Hint(f"Return the whole bias, of shape (4 * H,) = ({4 * H},), got {bias.shape}.")
    i, f, g, o = np.split(bias.astype(float), 4)
    if not np.isfinite(bias).all():
        raise Hint("The bias holds a value that is not finite.")
    if not np.array_equal(bias, draw(1)):
        raise Hint("Two equal generators gave two biases. Draw from rng, not from np.random.")
    if np.any(g) or np.any(o):
        raise Hint("Only the blocks i and f change; g and o stay 0. The order is i f g o.")
    if f.mean() < 0 < i.mean():
        raise Hint("The blocks i and f are swapped: the forget gate gets the positive bias.")
    if np.array_equal(i, f):
        raise Hint("The input gate gets the negative of the forget bias.")
    if not np.allclose(i, -f):
        raise Hint("Unit by unit, the input bias must be the negative of the forget bias.")
    if f.max() > np.log(longest):
        raise Hint("Take the logarithm: a half-life grows with the exponential of the bias.")
    steps = np.exp(f)
    if np.ptp(f) == 0:
        raise Hint("Draw one value for each unit.")
    if steps.min() < 1 - 1e-9 or steps.max() > longest - 1 + 1e-9:
        raise Hint(f"exp(b_f) must lie between 1 and longest - 1 = {longest - 1}.")
    shares = np.linspace(0.1, 0.9, 9)
    if np.abs(np.quantile(steps, shares) - (1 + (longest - 2) * shares)).max() > 4:
        raise Hint("exp(b_f) must be uniform; here another distribution was drawn.")
    if np.array_equal(bias, draw(2)):
        raise Hint("Two generators gave the same bias. Draw from rng.")
    return None


def _probe(answer):
    rng = np.random.default_rng(75)

    def fitted(states, target, fit, score, intercept=True):
        result = []
        for state in states:
            X = np.column_stack([state, np.ones(len(state))]) if intercept else state
            weights = np.linalg.pinv(X[fit]) @ target[fit]
            rest = target[score] - X[score] @ weights
            result.append(1 - np.mean(rest**2) / np.var(target[score]))
        return np.array(result)

    def scored(error, variance):
        """Fitted on the first half; these two of the rest and of the target, in the wrong way."""

        def wrong(states, target):
            fit, score = halves(len(target))
            result = []
            for state in states:
                X = np.column_stack([state, np.ones(len(state))])
                rest = target - X @ (np.linalg.pinv(X[fit]) @ target[fit])
                result.append(1 - error(rest[score]) / variance(target, fit, score))
            return np.array(result)

        return wrong

    def squared(rest):
        return np.mean(rest**2)

    def halves(B):
        return slice(0, B // 2), slice(B // 2, B)

    def case(T, B, S):
        target = rng.uniform(size=B)
        states = rng.normal(size=(T, B, S)) + 0.5
        states[T // 2 :, :, 0] += 3 * target
        return states, target

    expect_function(
        answer,
        lambda states, target: fitted(states, target, *halves(len(target))),
        [case(4, 40, 3), case(3, 60, 5)],
        rtol=1e-5,
        mistakes={
            "You scored the sequences that you fitted. Score the second half.": lambda s, y: fitted(
                s, y, halves(len(y))[0], halves(len(y))[0]
            ),
            "Fit on the first half alone; here all sequences were used.": lambda s, y: fitted(
                s, y, slice(None), slice(None)
            ),
            "You fitted all sequences, the ones you score among them.": lambda s, y: fitted(
                s, y, slice(None), halves(len(y))[1]
            ),
            "A linear map with a constant is meant: add a column of ones.": lambda s, y: fitted(
                s, y, *halves(len(y)), intercept=False
            ),
            "This is the share that is left over. Subtract it from 1.": lambda s, y: (
                1 - fitted(s, y, *halves(len(y)))
            ),
            "The halves are swapped: fit on the first, score the second.": lambda s, y: fitted(
                s, y, *halves(len(y))[::-1]
            ),
            "np.var of the errors takes their mean away. On sequences that were not fitted it is "
            "not 0: take the mean of the squared errors.": scored(
                np.var, lambda y, fit, score: np.var(y[score])
            ),
            "Divide by the variance of the target in the second half, not of all of it.": scored(
                squared, lambda y, fit, score: np.var(y)
            ),
            "Divide by the variance of the target in the second half, not in the first.": scored(
                squared, lambda y, fit, score: np.var(y[fit])
            ),
            "The mean squared error, not its root, is divided by the variance.": scored(
                lambda rest: np.sqrt(np.mean(rest**2)), lambda y, fit, score: np.var(y[score])
            ),
        },
    )


CHECKS = {
    "gate-1": _bias_for,
    "gate-2": _direct_path,
    "gate-3": _convert,
    "gate-4": _coupled,
    "gate-5": _critical,
    "gate-6": _temperature,
    "gate-7": _chrono,
    "gate-8": _probe,
}
