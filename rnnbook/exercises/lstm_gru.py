"""Checks of chapter 7, LSTM and GRU."""

import numpy as np

from rnnbook.exercises.expect import (
    Hint,
    as_numbers,
    call,
    describe,
    expect_array,
    expect_function,
)
from rnncore import GRUCell, LSTMCell


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
                lambda i, f, o: 1 / (_sigmoid(i) * _sigmoid(o)),
                "The direct path is missing: f + i o w = 1, not i o w = 1.",
            ),
            (
                lambda i, f, o: _sigmoid(f) / (_sigmoid(i) * _sigmoid(o)),
                "f + i o w = 1 leaves 1 - f for the detour, not f.",
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


def _expect_step(answer, cases, right, mistakes):
    """Compare one backward step: each array by its name, in the order in which mistakes has them.

    The mistakes are looked for in the first two cases, which are general ones.
    """
    if not callable(answer):
        raise Hint(f"Expected a function, got {describe(answer)}.")
    for k, args in enumerate(cases):
        expected, result = right(*args), call(answer, *args)
        names = list(expected)
        if not isinstance(result, tuple | list) or len(result) != len(names):
            count = len(result) if isinstance(result, tuple | list) else describe(result)
            raise Hint(f"Return {len(names)} arrays, {', '.join(names)}, not {count}.")
        for name, wrong in mistakes(expected, *args).items():
            got = result[names.index(name)]
            expect_array(got, expected[name], what=name, mistakes=wrong if k < 2 else ())


def _blocks(W_hh, G):
    """(H, G*H) -> (G, H, H), as the cells of rnncore take it."""
    return np.array(np.split(W_hh, G, axis=1))


def _lstm_backward(answer):
    rng = np.random.default_rng(79)
    parts = ("da_i", "da_f", "da_g", "da_o", "dh_prev", "dc_prev")

    def case(B, H, last=False):
        cell, W_hh = LSTMCell(1, H), rng.normal(size=(H, 4 * H))
        h_prev, c_prev = rng.normal(size=(2, B, H))
        _, _, kept = cell.step(_blocks(W_hh, 4), rng.normal(size=(4, B, H)), h_prev, c_prev)
        return rng.normal(size=(B, H)), 0 * h_prev if last else rng.normal(size=(B, H)), kept, W_hh

    def right(dh, dc_next, kept, W_hh):
        step = LSTMCell(1, dh.shape[1]).step_backward(_blocks(W_hh, 4), dh, dc_next, None, kept)
        return dict(zip(parts, [*step[2], *step[:2]], strict=True))

    cases = [case(2, 3), case(2, 3), case(1, 4), case(3, 1), case(2, 3, last=True)]
    _expect_step(answer, cases, right, _lstm_mistakes)


def _lstm_mistakes(expected, dh, dc_next, kept, W_hh):
    """By part, in the order in which they are compared: first the one that shows dc itself."""
    i, f, g, o, tanh_c, c_prev = kept
    slope = 1 - tanh_c**2
    dc = dc_next + dh * o * slope
    da_i, da_f, da_g, da_o = (expected[part] for part in ("da_i", "da_f", "da_g", "da_o"))
    da = np.hstack([da_i, da_f, da_g, da_o])
    off = "dc_prev is wrong, and with it dc:"
    return {
        "dc_prev": [
            (dh * o * slope * f, f"{off} what came from the next step, dc_next, is missing."),
            (
                expected["dh_prev"],
                "dh_prev and dc_prev are exchanged: first dh_prev, then dc_prev.",
            ),
            (
                dc_next * f,
                f"{off} c_t acts on h_t as well. Add what comes back through h_t = o tanh(c_t).",
            ),
            (
                (dc_next + dh * o) * f,
                f"{off} between h_t and c_t stands a tanh, whose slope is missing.",
            ),
            (
                (dc_next + dh * o * (1 - np.tanh(tanh_c) ** 2)) * f,
                f"{off} tanh_c is tanh(c_t) already. Its slope is 1 - tanh_c**2.",
            ),
            (
                (dc_next + dh * o * (1 - tanh_c)) * f,
                f"{off} the slope of tanh is 1 - tanh_c**2; the square is missing.",
            ),
            (
                (dc_next + dh * slope) * f,
                f"{off} h_t shows c_t through the output gate, which is missing.",
            ),
            (
                (dc_next + dh * o * tanh_c) * f,
                f"{off} the derivative of o tanh(c_t) by c_t is o times the *slope* of tanh.",
            ),
            (
                (dc_next + dh * o * slope * f) * f,
                f"{off} dh comes from h_t of this step and passes no forget gate on its way to c_t.",
            ),
            (
                (dc_next * f + dh * o * slope) * f,
                f"{off} dc_next has passed the forget gate of step t + 1 already. Only add it.",
            ),
            (dc, "dc_prev is wrong: dc is right, but it passes the forget gate to c_{t-1}."),
            (
                dc * i,
                "dc_prev is wrong: c_{t-1} is kept by the forget gate, not by the input gate.",
            ),
            (
                dc * c_prev,
                "dc_prev is wrong: the derivative of f c_{t-1} by c_{t-1} is f; this is the one by f.",
            ),
            (
                dc * f * (1 - f),
                "dc_prev is wrong: c_{t-1} is multiplied by the gate f itself, not by its slope.",
            ),
        ],
        "da_o": [
            (dh * tanh_c, "da_o is wrong: the slope of the sigmoid, o (1 - o), is missing."),
            (
                dc * tanh_c * o * (1 - o),
                "da_o is wrong: o acts on h_t alone, so it gets dh, not dc.",
            ),
            (
                dh * o * (1 - o),
                "da_o is wrong: o multiplies tanh(c_t) in h_t, and that factor is missing.",
            ),
            (
                dh * slope * o * (1 - o),
                "da_o is wrong: the derivative of o tanh(c_t) by o is tanh(c_t), not its slope.",
            ),
            (
                dh * tanh_c * (1 - o**2),
                "da_o is wrong: o is a sigmoid, with the slope o (1 - o), not a tanh.",
            ),
            (
                dh * np.tanh(tanh_c) * o * (1 - o),
                "da_o is wrong: tanh_c is tanh(c_t) already; you took the tanh again.",
            ),
        ],
        "da_f": [
            (dc * c_prev, "da_f is wrong: the slope of the sigmoid, f (1 - f), is missing."),
            (
                dc * (f * c_prev + i * g) * f * (1 - f),
                "da_f is wrong: f multiplies the old memory c_{t-1}, not the new one.",
            ),
            (
                dc * tanh_c * f * (1 - f),
                "da_f is wrong: f multiplies the old memory c_{t-1}, not tanh(c_t).",
            ),
            (
                dc * g * f * (1 - f),
                "da_f is wrong: f multiplies c_{t-1}; it is i that multiplies g.",
            ),
            (
                dc * f * (1 - f),
                "da_f is wrong: f multiplies c_{t-1} in c_t, and that factor is missing.",
            ),
            (
                dc * c_prev * (1 - f**2),
                "da_f is wrong: f is a sigmoid, with the slope f (1 - f), not a tanh.",
            ),
            (
                dc_next * c_prev * f * (1 - f),
                "da_f is wrong: it needs the whole dc, not only what came from the next step.",
            ),
        ],
        "da_i": [
            (dc * g, "da_i is wrong: the slope of the sigmoid, i (1 - i), is missing."),
            (
                dc * i * i * (1 - i),
                "da_i is wrong: in i g the gate i is multiplied by g, so it gets the factor g.",
            ),
            (
                dc * c_prev * i * (1 - i),
                "da_i is wrong: i multiplies the candidate g; it is f that multiplies c_{t-1}.",
            ),
            (
                dc * i * (1 - i),
                "da_i is wrong: i multiplies g in c_t, and that factor is missing.",
            ),
            (
                dc * g * (1 - i**2),
                "da_i is wrong: i is a sigmoid, with the slope i (1 - i), not a tanh.",
            ),
            (
                dc_next * g * i * (1 - i),
                "da_i is wrong: it needs the whole dc, not only what came from the next step.",
            ),
        ],
        "da_g": [
            (dc * i, "da_g is wrong: the slope of the tanh, 1 - g**2, is missing."),
            (
                dc * (1 - g**2),
                "da_g is wrong: g enters c_t through the input gate, and i is missing.",
            ),
            (
                dc * i * g * (1 - g),
                "da_g is wrong: g is a tanh, with the slope 1 - g**2, not a sigmoid.",
            ),
            (
                dc * i * (1 - np.tanh(g) ** 2),
                "da_g is wrong: g is the tanh already. Its slope is 1 - g**2.",
            ),
            (
                dc * f * (1 - g**2),
                "da_g is wrong: g is let in by the input gate, not by the forget gate.",
            ),
            (
                dc_next * i * (1 - g**2),
                "da_g is wrong: it needs the whole dc, not only what came from the next step.",
            ),
        ],
        "dh_prev": [
            (
                np.hstack([da_i, da_f, da_g, 0 * da_o]) @ W_hh.T,
                "dh_prev is wrong: h_{t-1} acts through the output gate, too.",
            ),
            (
                np.hstack([0 * da_i, 0 * da_f, da_g, 0 * da_o]) @ W_hh.T,
                "dh_prev is wrong: h_{t-1} acts through the three gates, too, not through g alone.",
            ),
            (
                np.hstack([da_i, da_f, 0 * da_g, da_o]) @ W_hh.T,
                "dh_prev is wrong: h_{t-1} acts through the candidate g, too.",
            ),
            (
                np.hstack([da_f, da_i, da_g, da_o]) @ W_hh.T,
                "dh_prev is wrong: the blocks of W_hh stand in the order i f g o.",
            ),
            (
                np.hstack([da_i, da_f, da_o, da_g]) @ W_hh.T,
                "dh_prev is wrong: the blocks of W_hh stand in the order i f g o, with g before o.",
            ),
            (
                np.sum(np.array([da_i, da_f, da_g, da_o]) @ _blocks(W_hh, 4), axis=0),
                "dh_prev is wrong: going back through h @ W needs the transposed W.",
            ),
            (
                da @ W_hh.T + dh,
                "dh_prev is wrong: h_{t-1} acts on h_t through the pre-activations only. Leave out dh.",
            ),
            (
                (da @ W_hh.T) * o,
                "dh_prev is wrong: from the pre-activations to h_{t-1} there is W_hh and nothing else.",
            ),
        ],
    }


def _gru_backward(answer):
    rng = np.random.default_rng(80)
    parts = ("da_r", "da_z", "da_n", "dh_prev")

    def case(B, H):
        cell, W_hh = GRUCell(1, H), rng.normal(size=(H, 3 * H))
        x_proj, h_prev = rng.normal(size=(3, B, H)), rng.normal(size=(B, H))
        _, _, kept = cell.step(_blocks(W_hh, 3), x_proj, h_prev, None)
        return rng.normal(size=(B, H)), kept, W_hh

    def right(dh, kept, W_hh):
        step = GRUCell(1, dh.shape[1]).step_backward(_blocks(W_hh, 3), dh, None, None, kept)
        return dict(zip(parts, [*step[2], step[0]], strict=True))

    cases = [case(2, 3), case(2, 3), case(1, 4), case(3, 1)]
    _expect_step(answer, cases, right, _gru_mistakes)


def _gru_mistakes(expected, dh, kept, W_hh):
    """By part, in the order in which they are compared: first what the others are made of."""
    r, z, n, q, h_prev = kept
    da_r, da_z, da_n, _ = expected.values()
    W_r, W_z, W_n = _blocks(W_hh, 3)
    gates = da_r @ W_r.T + da_z @ W_z.T
    before = (da_n @ W_n.T) * h_prev * r * (1 - r)  # what da_r is where r acts before the product
    return {
        "da_n": [
            (
                dh * z * (1 - n**2),
                "da_n is wrong: n enters h_t with the factor 1 - z. In this book z = 1 keeps the old "
                "state.",
            ),
            (dh * (1 - n**2), "da_n is wrong: n enters h_t through 1 - z, which is missing."),
            (dh * (1 - z), "da_n is wrong: the slope of the tanh, 1 - n**2, is missing."),
            (
                dh * (1 - z) * n * (1 - n),
                "da_n is wrong: n is a tanh, with the slope 1 - n**2, not a sigmoid.",
            ),
            (
                dh * (1 - z) * (1 - np.tanh(n) ** 2),
                "da_n is wrong: n is the tanh already. Its slope is 1 - n**2.",
            ),
            (
                dh * (1 - z) * (1 - n**2) * r,
                "da_n is wrong: a_n is the whole argument of the tanh. r comes in only on the way "
                "back to q.",
            ),
        ],
        "da_z": [
            (
                dh * (n - h_prev) * z * (1 - z),
                "da_z is wrong: the sign is off. z keeps h_{t-1} and 1 - z lets n in.",
            ),
            (
                dh * h_prev * z * (1 - z),
                "da_z is wrong: z stands twice in h_t. What it does through 1 - z is missing.",
            ),
            (
                -dh * n * z * (1 - z),
                "da_z is wrong: z stands twice in h_t. What it does to h_{t-1} is missing.",
            ),
            (
                dh * (h_prev + n) * z * (1 - z),
                "da_z is wrong: the derivative of 1 - z by z is -1.",
            ),
            (dh * (h_prev - n), "da_z is wrong: the slope of the sigmoid, z (1 - z), is missing."),
            (
                dh * (h_prev - n) * (1 - z**2),
                "da_z is wrong: z is a sigmoid, with the slope z (1 - z), not a tanh.",
            ),
        ],
        "da_r": [
            (
                before,
                "da_r is wrong: this is the form with r before the product. Here r multiplies "
                "q = h_{t-1} W_hn.",
            ),
            (
                da_n * h_prev * r * (1 - r),
                "da_r is wrong: r multiplies q = h_{t-1} W_hn, not h_{t-1}.",
            ),
            (da_n * q, "da_r is wrong: the slope of the sigmoid, r (1 - r), is missing."),
            (
                dh * (1 - z) * q * r * (1 - r),
                "da_r is wrong: r acts inside the tanh of n, so begin with da_n, not with dn.",
            ),
            (
                da_n * r * (1 - r),
                "da_r is wrong: r multiplies q in a_n, and that factor is missing.",
            ),
            (
                da_n * q * (1 - r**2),
                "da_r is wrong: r is a sigmoid, with the slope r (1 - r), not a tanh.",
            ),
        ],
        "dh_prev": [
            (
                gates + (da_n * r) @ W_n.T,
                "dh_prev is wrong: the direct path, dh z, is missing.",
            ),
            (
                dh * (1 - z) + gates + (da_n * r) @ W_n.T,
                "dh_prev is wrong: h_{t-1} enters h_t with the factor z, not with 1 - z.",
            ),
            (
                dh * z + gates + da_n @ W_n.T,
                "dh_prev is wrong: q = h_{t-1} W_hn reaches a_n through r. The factor r is missing.",
            ),
            (
                dh * z + gates + (da_n @ W_n.T) * r,
                "dh_prev is wrong: r stands outside of the product h_{t-1} W_hn, so it multiplies "
                "da_n *before* the transposed W_hn.",
            ),
            (
                dh * z + (da_n * r) @ W_n.T,
                "dh_prev is wrong: h_{t-1} acts through the two gates, too.",
            ),
            (dh * z + gates, "dh_prev is wrong: h_{t-1} acts through the candidate n, too."),
            (
                dh * z + da_z @ W_z.T + (da_n * r) @ W_n.T,
                "dh_prev is wrong: h_{t-1} acts through the reset gate, too.",
            ),
            (
                dh * z + da_r @ W_r.T + (da_n * r) @ W_n.T,
                "dh_prev is wrong: h_{t-1} acts through the update gate, too.",
            ),
            (
                dh * z,
                "dh_prev is wrong: this is the direct path alone. Three products are missing.",
            ),
            (
                dh * z + da_z @ W_r.T + da_r @ W_z.T + (da_n * r) @ W_n.T,
                "dh_prev is wrong: the blocks of W_hh stand in the order r z n.",
            ),
            (
                dh * z + da_r @ W_r + da_z @ W_z + (da_n * r) @ W_n,
                "dh_prev is wrong: going back through h @ W needs the transposed W.",
            ),
        ],
    }


CHECKS = {
    "gate-1": _bias_for,
    "gate-2": _direct_path,
    "gate-3": _convert,
    "gate-4": _coupled,
    "gate-5": _critical,
    "gate-6": _temperature,
    "gate-7": _chrono,
    "gate-8": _probe,
    "gate-9": _lstm_backward,
    "gate-10": _gru_backward,
}
