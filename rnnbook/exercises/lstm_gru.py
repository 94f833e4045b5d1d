"""Checks of chapter 7, LSTM and GRU."""

import numpy as np

from rnnbook.exercises.expect import Hint, as_numbers, call, expect_array, expect_function


def _sigmoid(a):
    return 1 / (1 + np.exp(-np.asarray(a, dtype=float)))


def _bias_for(answer):
    def reference(half_life):
        return -np.log(2 ** (1 / half_life) - 1)

    expect_function(
        answer,
        reference,
        [(14,), (2.5,), (300.0,), (1,), (0.5,), (1e6,)],
        mistakes=[
            (lambda n: 0.5 ** (1 / n), "This is the gate itself. Which bias gives this gate?"),
            (lambda n: -reference(n), "The sign is off: a longer memory needs a larger bias."),
            (lambda n: -np.log(np.exp(1 / n) - 1), "After this many steps 1/e is left, not 1/2."),
            (
                lambda n: np.log(n / np.log(2)),
                "This is the approximation for a large bias. Solve the equation exactly.",
            ),
            (
                np.log,
                "This is the logarithm of the half-life. Find the gate first, from f**n = 1/2.",
            ),
        ],
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
        [
            (rng.uniform(0.2, 1, (T, H)), s, t)
            for T, H, s, t in [(9, 3, 2, 7), (9, 3, 2, 7), (9, 3, 0, 6), (5, 4, 3, 3), (6, 1, 1, 5)]
        ],
        mistakes=[
            (
                lambda f, s, t: np.prod(f[s : t + 1], axis=0),
                "The gate of step s acted before c_s was made. Begin at step s + 1.",
            ),
            (
                lambda f, s, t: np.prod(f[s + 1 : t], axis=0),
                "The gate of step t acts too: c_t = f_t c_{t-1} + ... End at step t.",
            ),
            (
                lambda f, s, t: np.prod(f[s:t], axis=0),
                "The product begins one step early and ends one step early.",
            ),
            (
                lambda f, s, t: np.sum(f[s + 1 : t + 1], axis=0),
                "Factors along a path multiply; they do not add.",
            ),
            (
                lambda f, s, t: np.prod(f[s + 1 : t + 1]),
                "Each unit has a path of its own: multiply over time, not over units.",
            ),
        ],
    )


def _convert(answer):
    rng = np.random.default_rng(72)

    def blocks(W, order, signs):
        z, r, n = np.split(W, 3, axis=-1)
        named = {"z": z, "r": r, "n": n}
        return np.concatenate([s * named[k] for k, s in zip(order, signs, strict=True)], axis=-1)

    def on_rows(W):
        z, r, n = np.split(W, 3)
        return np.concatenate([r, -z, n])

    def less_from_one(W):
        z, r, n = np.split(W, 3, axis=-1)
        return np.concatenate([r, 1 - z, n], axis=-1)

    made = [
        ("zrn", (1, 1, 1), "Nothing has changed: neither the order nor what z means."),
        ("rzn", (1, 1, 1), "The blocks are in order, but z still means the opposite."),
        ("zrn", (-1, 1, 1), "z is turned round, but the blocks are still in the order z r n."),
        ("rzn", (-1, 1, 1), "You negated r. It means the same in both conventions."),
        ("rzn", (1, 1, -1), "You negated n. The candidate is the same in both conventions."),
        ("rzn", (1, -1, -1), "You negated z and n. Only what goes into z changes its sign."),
        ("rzn", (-1, -1, -1), "You negated everything. Only what goes into z changes its sign."),
    ]
    expect_function(
        answer,
        lambda W: blocks(W, "rzn", (1, -1, 1)),
        [(rng.normal(size=shape),) for shape in [(3, 9), (3, 9), (2, 12), (6,), (2, 3)]],
        mistakes=[
            *((lambda W, made=parts: blocks(W, *made), hint) for *parts, hint in made),
            (
                less_from_one,
                "1 - sigmoid(a) is sigmoid(-a): negate the weights, do not subtract them from 1.",
            ),
            (
                on_rows,
                "The blocks stand side by side: split and join along the last axis, axis=-1.",
            ),
        ],
    )


def _coupled(answer):
    rng = np.random.default_rng(73)

    def gradients(dc_f=lambda c, g: c - g, dc_g=lambda f: 1 - f, dc_c=lambda f: f, **slopes):
        """The three results from the derivatives of c_t by f, by g and by c_{t-1}."""
        slope_f = slopes.get("f", lambda f: f * (1 - f))
        slope_g = slopes.get("g", lambda g: 1 - g**2)
        return lambda dc, c, f, g: (
            dc * dc_f(c, g) * slope_f(f),
            dc * dc_g(f) * slope_g(g),
            dc * dc_c(f),
        )

    def one(gate):
        return 1.0

    def case(B, H):
        return (
            rng.normal(size=(B, H)),
            rng.normal(size=(B, H)),
            rng.uniform(0.1, 0.9, (B, H)),
            np.tanh(rng.normal(size=(B, H))),
        )

    expect_function(
        answer,
        gradients(),
        [case(2, 3), case(2, 3), case(1, 5), case(4, 1)],
        mistakes=[
            (
                gradients(dc_f=lambda c, g: c),
                "f acts twice: it keeps c_{t-1}, and 1 - f lets g in. One of the two is missing.",
            ),
            (
                gradients(dc_f=lambda c, g: c + g),
                "The derivative of 1 - f by f is -1: the sign of g is off.",
            ),
            (
                gradients(dc_f=lambda c, g: g - c),
                "The sign of the first result is off: f keeps c_{t-1}, and 1 - f lets g in.",
            ),
            (
                gradients(f=one, g=one),
                "Pre-activations are asked for: the slopes of sigmoid and of tanh are missing.",
            ),
            (
                gradients(f=one),
                "The first result is the gradient by f. Go on to the pre-activation of the "
                "sigmoid.",
            ),
            (
                gradients(g=one),
                "The second result is the gradient by g. Go on to the pre-activation of tanh.",
            ),
            (gradients(dc_g=lambda f: f), "The candidate is weighted by 1 - f, not by f."),
            (gradients(dc_g=one), "The candidate passes a gate, too. The second result lacks it."),
            (
                gradients(lambda c, g: g - c, lambda f: f, lambda f: 1 - f),
                "The roles are exchanged: f keeps c_{t-1}, and 1 - f lets g in.",
            ),
            (
                gradients(dc_c=one),
                "c_{t-1} passes a gate on its way to c_t. The last result lacks it.",
            ),
            (
                gradients(dc_c=lambda f: 1 - f),
                "The last result has the wrong gate: with which one does c_{t-1} enter c_t?",
            ),
        ],
    )


def _critical(answer):
    expect_function(
        answer,
        lambda b_i, b_f, b_o: (1 - _sigmoid(b_f)) / (_sigmoid(b_i) * _sigmoid(b_o)),
        [(0.5, 0.2, -0.3), (1.0, 3.0, -0.5), (-2.0, 1.0, 2.0), (0, 0, 0), (-5, 5, 0), (1, -4, 3)],
        mistakes=[
            (
                lambda i, f, o: (1 - f) / (i * o),
                "Pass the biases through the logistic function first.",
            ),
            (
                lambda i, f, o: -_sigmoid(f) / (_sigmoid(i) * _sigmoid(o)),
                "The eigenvalue must be 1, not 0: solve f + i o w = 1.",
            ),
            (
                lambda i, f, o: (-1 - _sigmoid(f)) / (_sigmoid(i) * _sigmoid(o)),
                "Here the eigenvalue is -1. The positive w is asked for: f + i o w = 1.",
            ),
            (
                lambda i, f, o: (1 - _sigmoid(f)) / _sigmoid(i),
                "The output gate is missing: h = o tanh(c) passes through it.",
            ),
            (
                lambda i, f, o: (1 - _sigmoid(f)) / _sigmoid(o),
                "The input gate is missing: what is written is i g.",
            ),
            (
                lambda i, f, o: (1 - _sigmoid(f)) / 0.25,
                "The gates i and o are 1/2 at bias 0 only. Here they have biases of their own.",
            ),
        ],
    )


def _temperature(answer):
    rng = np.random.default_rng(74)

    def reference(logits, kappa):
        scaled = logits / kappa
        weights = np.exp(scaled - scaled.max())
        return weights / weights.sum()

    expect_function(
        answer,
        reference,
        [(rng.normal(size=5), kappa) for kappa in (0.3, 1.0, 2.5)] + [(np.array([0.7]), 0.5)],
        mistakes=[
            (
                lambda y, kappa: reference(y, 1 / kappa),
                "Divide by the temperature, do not multiply.",
            ),
            (lambda y, kappa: reference(y, 1.0), "The temperature does nothing here."),
            (
                lambda y, kappa: reference(y, 1.0) / kappa,
                "Divide the logits, not the probabilities.",
            ),
            (lambda y, kappa: np.exp(y / kappa), "The result must sum to 1."),
            (
                lambda y, kappa: np.log(reference(y, kappa)),
                "These are the logarithms of the probabilities.",
            ),
        ],
    )
    # large and warm: what a softmax at temperature 1 has rounded to 0, no power brings back
    for logits, kappa in [
        (np.array([1000.0, 990.0, -1000.0]), 0.5),
        (np.array([1000.0, 0.0, 500.0]), 500.0),
        (np.array([-900.0, -1700.0, -1200.0]), 500.0),
    ]:
        with np.errstate(all="ignore"):  # what overflows gets its own hint
            result = call(answer, logits, kappa)
            at_one = call(answer, logits, 1.0)
        if not np.isfinite(as_numbers(result, "result")).all():
            if np.isfinite(at_one).all():
                raise Hint(
                    "Large logits overflow although you subtract: what must come off is the "
                    "largest of logits / temperature, not of the logits."
                )
            raise Hint("Large logits overflow. Subtract the largest one before the exponential.")
        lost = reference(logits, 1.0) ** (1 / kappa)
        expect_array(
            result,
            reference(logits, kappa),
            what=f"result for logits as large as {np.abs(logits).max():g}",
            mistakes=[
                (
                    lost / lost.sum(),
                    "A power of a probability is too late: with large logits some have become 0. "
                    "Divide the logits before the exponential.",
                ),
            ],
        )


def _chrono(answer):
    for H, longest in [(4000, 100), (4000, 300), (1, 100), (3, 2)]:
        _check_chrono(answer, H, longest)


def _check_chrono(answer, H, longest):
    def draw(seed):
        with np.errstate(divide="ignore"):  # the logarithm of 0 gets its own hint
            bias = call(answer, H, longest, np.random.default_rng(seed))
        return as_numbers(bias, "bias")

    bias = draw(1)
    if bias.shape != (4 * H,):
        raise Hint(f"Return the whole bias, of shape (4 * H,) = ({4 * H},), not {bias.shape}.")
    if not np.isfinite(bias).all():
        raise Hint("The bias holds a value that is not finite.")
    if not np.array_equal(bias, draw(1)):
        raise Hint("Two equal generators gave two biases. Draw from rng, not from np.random.")
    i, f, g, o = np.split(bias.astype(float), 4)
    if np.any(g) or np.any(o):
        raise Hint("Only the blocks i and f change; g and o stay 0. The order is i f g o.")
    if f.mean() < 0 < i.mean():
        raise Hint("The blocks i and f are swapped: the forget gate gets the positive bias.")
    if np.any(f) and np.array_equal(i, f):
        raise Hint("The input gate gets the negative of the forget bias.")
    if not np.allclose(i, -f):
        raise Hint("Unit by unit, the input bias must be the negative of the forget bias.")
    if f.max() > longest / 2:
        raise Hint("Take the logarithm: a half-life grows with the exponential of the bias.")
    steps = np.exp(f)
    if steps.min() < 1 - 1e-5 or steps.max() > (longest - 1) * (1 + 1e-5):
        raise Hint(f"exp(b_f) must lie between 1 and longest - 1 = {longest - 1}.")
    if H < 1000:  # too few to see a distribution
        return
    if np.ptp(f) == 0:
        raise Hint("Draw one value for each unit.")
    shares = np.linspace(0.1, 0.9, 9)
    off = np.quantile(steps, shares) - (1 + (longest - 2) * shares)
    if np.abs(off).max() > 0.04 * longest:
        raise Hint("exp(b_f) must be uniform; here another distribution was drawn.")
    if np.array_equal(bias, draw(2)):
        raise Hint("Two generators gave the same bias. Draw from rng.")


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
        [case(4, 40, 3), case(4, 40, 3), case(1, 60, 5), case(3, 8, 1)],
        rtol=1e-5,
        mistakes=[
            (
                lambda s, y: fitted(s, y, halves(len(y))[0], halves(len(y))[0]),
                "You scored the sequences that you fitted. Score the second half.",
            ),
            (
                lambda s, y: fitted(s, y, slice(None), slice(None)),
                "Fit on the first half alone; here all sequences were used.",
            ),
            (
                lambda s, y: fitted(s, y, slice(None), halves(len(y))[1]),
                "You fitted all sequences, the ones you score among them.",
            ),
            (
                lambda s, y: fitted(s, y, *halves(len(y)), intercept=False),
                "A linear map with a constant is meant: add a column of ones.",
            ),
            (
                lambda s, y: 1 - fitted(s, y, *halves(len(y))),
                "This is the share that is left over. Subtract it from 1.",
            ),
            (
                lambda s, y: fitted(s, y, *halves(len(y))[::-1]),
                "The halves are swapped: fit on the first, score the second.",
            ),
            (
                scored(np.var, lambda y, fit, score: np.var(y[score])),
                "np.var of the errors takes their mean away. On sequences that were not fitted "
                "it is not 0: take the mean of the squared errors.",
            ),
            (
                scored(squared, lambda y, fit, score: np.var(y)),
                "Divide by the variance of the target in the second half, not of all of it.",
            ),
            (
                scored(squared, lambda y, fit, score: np.var(y[fit])),
                "Divide by the variance of the target in the second half, not in the first.",
            ),
            (
                scored(
                    lambda rest: np.sqrt(np.mean(rest**2)), lambda y, fit, score: np.var(y[score])
                ),
                "The mean squared error, not its root, is divided by the variance.",
            ),
        ],
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
