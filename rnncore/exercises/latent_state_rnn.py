"""Checks of chapter 3, the latent-state RNN."""

import numpy as np

from rnncore.exercises import Hint, call, expect_array, expect_function


def _weights(answer):
    right = np.array([2811, 2811, 7643])
    values = np.asarray(answer)
    if values.shape == (3,) and values.dtype.kind in "iuf":
        first, longer, wider = values
        if first in (2811 - 32, 2811 - 27, 2811 - 59):
            raise Hint("Count the biases too: one for each unit and one for each output.")
        if first == 2811 - 32 * 32:
            raise Hint("One matrix is missing: the state enters through W_hh.")
        if first == 2811 and longer != 2811:
            raise Hint(
                "Where does the length stand in the count? The same weights act at each step."
            )
        if first == 2811 and wider == 2 * 2811:
            raise Hint("W_hh has one entry for each pair of units, so it grows by more than 2.")
    expect_array(answer, right)


def _last_state(answer):
    rng = np.random.default_rng(31)
    inputs = []
    for lengths in ([4, 2, 6], [1, 5, 3, 3]):
        T = max(lengths)
        mask = np.arange(T)[:, None] < np.array(lengths)
        inputs.append((rng.normal(size=(T, len(lengths), 3)), mask))

    if callable(answer):
        try:
            for h, mask in inputs:
                answer(h.copy(), mask.copy())
        except IndexError as error:
            raise Hint(
                f"Your function raised IndexError: {error}. "
                "The indices of n real steps are 0 to n - 1, so the last one is n - 1."
            ) from None
        except Exception:  # told below, as for every function
            pass

    def at(shift):
        def pick(h, mask):
            T, B = mask.shape
            return np.array([h[min(max(sum(mask[:, b]) + shift, 0), T - 1), b] for b in range(B)])

        return pick

    expect_function(
        answer,
        at(-1),
        inputs,
        mistakes={
            "For the shorter sequences h[-1] comes after the filling.": lambda h, mask: h[-1],
            "One step too late: n real steps have the indices 0 to n - 1.": at(0),
            "One step too early: n real steps have the indices 0 to n - 1.": at(-2),
            "This takes the steps with all their sequences. Index step and sequence: each sequence "
            "has its own last step.": lambda h, mask: h[mask.sum(axis=0) - 1],
            "This is the mean over the real steps. Take the last one.": lambda h, mask: (
                (h * mask[..., None]).sum(axis=0) / mask.sum(axis=0)[:, None]
            ),
        },
    )


def _masked_mean(answer):
    rng = np.random.default_rng(32)
    inputs = []
    for lengths, filling in [([5, 2, 3], 7.0), ([2, 6, 4], np.inf)]:
        mask = np.arange(max(lengths))[:, None] < np.array(lengths)
        inputs.append((np.where(mask, rng.uniform(0, 3, mask.shape), filling), mask))

    def reference(cost, mask):
        real = [c for c, m in zip(cost.ravel(), mask.ravel(), strict=True) if m]
        return sum(real) / len(real)

    def real_only(cost, mask):
        return np.where(mask, cost, 0.0)

    def times(cost, mask):
        with np.errstate(invalid="ignore"):
            return np.sum(cost * mask) / np.sum(mask)

    for args in inputs:
        got = call(answer, *args)
        if np.isnan(times(*args)) and np.ndim(got) == 0 and np.isnan(got):
            raise Hint("0 times nan is nan. Select the steps that count instead of multiplying.")
        expect_array(
            got,
            reference(*args),
            what="result",
            mistakes={
                "The filling counts too. Leave it out.": args[0].mean(),
                "Divide by the number of real steps, not of all steps.": real_only(*args).mean(),
                "This is a mean of means. Each real step has the same weight.": np.mean(
                    real_only(*args).sum(axis=0) / args[1].sum(axis=0)
                ),
                "This is the sum. Divide by the number of real steps.": real_only(*args).sum(),
            },
        )


def _jordan(answer):
    rng = np.random.default_rng(33)
    inputs = [
        (
            rng.normal(size=(T, D)),
            rng.normal(size=(D, H)),
            rng.normal(size=(V, H)),
            rng.normal(size=H),
            rng.normal(size=(H, V)),
            rng.normal(size=V),
        )
        for T, D, H, V in [(5, 2, 3, 2), (8, 1, 4, 3)]
    ]

    def network(feed=lambda y, h: y, bias=1.0, squash=lambda y: y, start=0.0):
        def run(x, W_xh, W_yh, b_h, W_hy, b_y):
            T, V = len(x), len(b_y)
            y = np.zeros((T + 1, V))
            y[0] = start * b_y
            for t in range(T):
                a = x[t] @ W_xh + feed(y, t) @ W_yh + b_h
                y[t + 1] = squash(np.tanh(a) @ W_hy + bias * b_y)
            return y[1:]

        return run

    expect_function(
        answer,
        network(feed=lambda y, t: y[t]),
        inputs,
        mistakes={
            "The output is never fed back: y must become the last output after each step.": (
                network(feed=lambda y, t: 0 * y[t])
            ),
            "The readout has a bias b_y.": network(feed=lambda y, t: y[t], bias=0.0),
            "The readout is linear: no tanh on y.": network(feed=lambda y, t: y[t], squash=np.tanh),
            "The first step gets y_0 = 0, not b_y.": network(feed=lambda y, t: y[t], start=1.0),
            "The output arrives one step late.": network(feed=lambda y, t: y[max(t - 1, 0)]),
        },
    )


def _latch(answer):
    if not isinstance(answer, tuple | list | np.ndarray) or len(answer) != 3:
        raise Hint("answer must be a tuple of three numbers: w_x, w_h, b.")
    weights = [np.asarray(w, dtype=float) for w in answer]
    if any(w.size != 1 or not np.isfinite(w).all() for w in weights):
        raise Hint("Each of w_x, w_h and b must be one finite number.")
    w_x, w_h, b = (w.item() for w in weights)
    rng = np.random.default_rng(35)
    sequences = [np.zeros(300), np.r_[1, np.zeros(300)], np.r_[np.zeros(100), 1, np.zeros(200)]]
    sequences += [np.ones(50), *(rng.random((5, 300)) < 0.03)]
    for x in sequences:
        h, seen = 0.0, False
        for t, x_t in enumerate(x, start=1):
            h = np.tanh(w_x * x_t + w_h * h + b)
            before, seen = seen, seen or x_t == 1
            if seen and not before and h <= 0.5:
                against = "the held state" if t > 1 else "the bias"
                raise Hint(
                    f"The input must outweigh {against}: the first 1 comes, here at step {t}, and "
                    f"the state goes to {h:.2f} only."
                )
            if seen and h <= 0.5:
                raise Hint(
                    f"It forgets: some steps after the first 1 the state is {h:.2f}. "
                    "Can the state hold itself up while the input is 0?"
                )
            if not seen and h >= -0.5:
                raise Hint(f"No 1 has come by step {t}, but the state is {h:.2f}. What does b do?")


def _hold(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 5:
        raise Hint("answer must be a tuple of five arrays: W_xh, W_hh, b_h, W_hy, b_y.")
    W_xh, W_hh, b_h, W_hy, b_y = (np.asarray(W, dtype=float) for W in answer)
    H = W_hh.shape[0] if W_hh.ndim == 2 else -1
    shapes = [W.shape for W in (W_xh, W_hh, b_h, W_hy, b_y)]
    if shapes != [(2, H), (H, H), (H,), (H, 1), (1,)]:
        raise Hint(f"The shapes must be (2, H), (H, H), (H,), (H, 1), (1,), got {shapes}.")
    if not all(np.isfinite(W).all() for W in (W_xh, W_hh, b_h, W_hy, b_y)):
        raise Hint("All weights must be finite.")

    rng = np.random.default_rng(34)
    flags = [rng.random(400) < p for p in (1.0, 0.5, 0.1, 0.02)] + [np.arange(400) == 0] * 2
    for w in flags:
        w[0] = True
    values = [rng.choice([-1.0, 1.0], size=400) for _ in flags]
    values[-2][0], values[-1][0] = 1.0, -1.0

    def outputs(w, v, W_hh=W_hh):
        h, y = np.zeros(H), np.empty(len(w))
        for t, x_t in enumerate(np.column_stack([w, v])):
            h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
            y[t] = (h @ W_hy + b_y)[0]
        return np.sign(y)

    def held(w, v):
        at = np.maximum.accumulate(np.where(w, np.arange(len(w)), 0))
        return v[at]

    def right(result):
        pairs = zip(flags, values, strict=True)
        return all(np.array_equal(result(w, v), held(w, v)) for w, v in pairs)

    if right(outputs):
        return
    if right(lambda w, v: outputs(w, v, W_hh.T)):
        raise Hint("W_hh is transposed: in h @ W_hh row i says where unit i sends to.")
    if right(lambda w, v: -outputs(w, v)):
        raise Hint("The sign of y is the wrong way round.")
    for w, v in zip(flags, values, strict=True):
        y, wanted = outputs(w, v), held(w, v)
        wrong = y != wanted
        if w.all() and wrong.any():
            raise Hint(
                f"With the flag 1 at every step y must follow the value; {wrong.sum()} of {len(w)} "
                "signs are wrong."
            )
        if not w.all() and np.array_equal(y, v):
            raise Hint("y follows the value where the flag is 0 too. It must hold the old one.")
        if wrong[w].any():
            raise Hint("Where the flag is 1, y does not always show the value. Is it written?")
        if wrong.any():
            t = int(np.argmax(wrong))
            since = t - int(np.flatnonzero(w[: t + 1])[-1])
            raise Hint(
                f"It does not hold: {since} steps after a value of {wanted[t]:+.0f} was written, the "
                "sign is wrong. Can the state hold itself up while the flag is 0?"
            )


def _memory(answer):
    rng = np.random.default_rng(36)
    inputs = []
    for T, d in [(60, 1), (81, 4), (100, 2)]:
        x, h = rng.uniform(-1, 1, T), np.zeros((T, 5))
        W = rng.normal(size=(5, 5)) / 3
        for t in range(T):
            h[t] = np.tanh(x[t] + h[t - 1] @ W + 0.2 * np.arange(5))
        inputs.append((h, x, d))

    def score(features, target, fit, test):
        A, y = features[fit], target[fit]
        w = np.linalg.solve(A.T @ A, A.T @ y)
        error = target[test] - features[test] @ w
        return 1 - np.mean(error**2) / np.var(target[test])

    def variant(constant=True, forward=False, fit="first", test="rest"):
        def run(h, x, d):
            pairs = h[:-d] if forward else h[d:]
            target = x[d:] if forward else x[:-d]
            if constant:
                pairs = np.hstack([pairs, np.ones((len(pairs), 1))])
            half = len(target) // 2
            parts = {"first": slice(half), "rest": slice(half, None), "all": slice(None)}
            return score(pairs, target, parts[fit], parts[test])

        return run

    expect_function(
        answer,
        variant(),
        inputs,
        rtol=1e-5,
        mistakes={
            "You scored on the half that you fitted to. Score on the rest.": variant(test="first"),
            "You fitted to all pairs. Fit to the first half only.": variant(fit="all"),
            "Fit to the first half alone and score on the rest alone.": variant(
                fit="all", test="all"
            ),
            "The pairs run the wrong way: h_t belongs to x_{t-d}, so h[d:] to x[:-d].": variant(
                forward=True
            ),
            "Give the readout a constant 1 as well.": variant(constant=False),
            "This is the ratio of errors. R squared is 1 minus it.": lambda h, x, d: (
                1 - variant()(h, x, d)
            ),
        },
    )


CHECKS = {
    "rnn-1": _weights,
    "rnn-2": _last_state,
    "rnn-3": _masked_mean,
    "rnn-4": _jordan,
    "rnn-5": _latch,
    "rnn-6": _hold,
    "rnn-7": _memory,
}
