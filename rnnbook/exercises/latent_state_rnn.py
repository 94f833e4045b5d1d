"""Checks of chapter 3, the latent-state RNN."""

import numpy as np

from rnnbook.exercises.expect import Hint, as_numbers, expect_function, expect_number


def _weights(answer):
    if not isinstance(answer, tuple | list | np.ndarray) or len(answer) != 3:
        raise Hint("answer must be a tuple of three whole numbers.")
    narrow, longer, wide = answer
    expect_number(
        narrow,
        2811,
        what="first number",
        mistakes=[
            (2811 - 32 - 27, "Count the biases too: one for each unit and one for each output."),
            (2811 - 32, "Count the biases of the units too."),
            (2811 - 27, "Count the biases of the outputs too."),
            (2811 - 32 * 32, "One matrix is missing: the state enters through W_hh."),
            (2811 - 27 * 32, "One matrix is missing: count W_xh, W_hh and W_hy."),
        ],
    )
    expect_number(
        longer,
        2811,
        what="second number",
        mistakes=[
            (
                2 * 2811,
                "Where does the length stand in the count? The same weights act at each step.",
            )
        ],
    )
    expect_number(
        wide,
        7643,
        what="third number",
        mistakes=[
            (
                2 * 2811,
                "W_hh has one entry for each pair of units: it becomes more than twice as large.",
            ),
            (
                4 * 2811,
                "Only W_hh becomes four times as large with twice the units.",
            ),
        ],
    )


def _last_state(answer):
    def at(shift):
        def pick(h, mask):
            n = mask.sum(axis=0) + shift
            return np.array([h[min(step, len(h) - 1), b] for b, step in enumerate(n)])

        return pick

    rng = np.random.default_rng(31)
    inputs = []
    for H, lengths in [(3, [4, 2, 6]), (3, [1, 3, 6]), (2, [1, 5, 3, 3]), (1, [3]), (2, [1, 1])]:
        mask = np.arange(max(lengths))[:, None] < np.array(lengths)
        inputs.append((rng.normal(size=(*mask.shape, H)), mask))
    h, mask = inputs[0]
    inputs.append((rng.normal(size=h.shape), mask))
    try:
        expect_function(
            answer,
            at(-1),
            inputs,
            mistakes=[
                (lambda h, mask: h[-1], "For the shorter sequences h[-1] comes after the padding."),
                (at(0), "One step too late: n real steps have the indices 0 to n - 1."),
                (at(-2), "One step too early: n real steps have the indices 0 to n - 1."),
                (
                    lambda h, mask: h[mask.sum(axis=0) - 1],
                    "This takes the steps with all their sequences. Index step and sequence: each "
                    "sequence has its own last step.",
                ),
                (
                    lambda h, mask: (h * mask[..., None]).sum(axis=0) / mask.sum(axis=0)[:, None],
                    "This is the mean over the real steps. Take the last one.",
                ),
            ],
        )
    except Hint as hint:
        if "IndexError" in str(hint):
            raise Hint(f"{hint}. Of n real steps, the last has the index n - 1.") from None
        raise


def _masked_mean(answer):
    def reference(cost, mask):
        real = [c for c, m in zip(cost.ravel(), mask.ravel(), strict=True) if m]
        return sum(real) / len(real)

    def real_only(cost, mask):
        return np.where(mask, cost, 0.0)

    rng = np.random.default_rng(32)
    inputs = []
    for lengths, padding in [
        ([5, 2, 3], 7.0),
        ([1, 5, 4], 7.0),
        ([5, 2, 3], np.nan),
        ([2, 6, 4], np.inf),
        ([4, 4], 0.0),
        ([1], 0.0),
        ([3, 0, 1], np.nan),
    ]:
        mask = np.arange(max(lengths))[:, None] < np.array(lengths)
        inputs.append((np.where(mask, rng.uniform(0, 3, mask.shape), padding), mask))
    expect_function(
        answer,
        reference,
        inputs,
        mistakes=[
            (lambda cost, mask: cost.mean(), "The padding counts too. Leave it out."),
            (
                lambda cost, mask: (cost * mask).sum() / mask.sum(),
                "0 times nan is nan. Select the steps that count instead of multiplying.",
            ),
            (
                lambda cost, mask: cost[np.isfinite(cost)].mean(),
                "The padding need not be nan or infinity. The mask says which steps count.",
            ),
            (
                lambda cost, mask: real_only(cost, mask).mean(),
                "Divide by the number of real steps, not of all steps.",
            ),
            (
                lambda cost, mask: np.mean(real_only(cost, mask).sum(axis=0) / mask.sum(axis=0)),
                "This is a mean of means. Each real step has the same weight.",
            ),
            (
                lambda cost, mask: real_only(cost, mask).sum(),
                "This is the sum. Divide by the number of real steps.",
            ),
        ],
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
        for T, D, H, V in [(5, 2, 3, 2), (5, 2, 3, 2), (8, 1, 4, 3), (1, 2, 3, 2), (4, 1, 1, 1)]
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
        mistakes=[
            (
                network(feed=lambda y, t: 0 * y[t]),
                "The output is never fed back: y must become the last output after each step.",
            ),
            (network(feed=lambda y, t: y[t], bias=0.0), "The readout has a bias b_y."),
            (
                network(feed=lambda y, t: y[t], squash=np.tanh),
                "The readout is linear: no tanh on y.",
            ),
            (network(feed=lambda y, t: y[t], start=1.0), "The first step gets y_0 = 0, not b_y."),
            (network(feed=lambda y, t: y[max(t - 1, 0)]), "The output arrives one step late."),
        ],
    )


def _latch(answer):
    if not isinstance(answer, tuple | list | np.ndarray) or len(answer) != 3:
        raise Hint("answer must be a tuple of three numbers: w_x, w_h, b.")
    weights = [as_numbers(w) for w in answer]
    if any(w.size != 1 or not np.isfinite(w).all() for w in weights):
        raise Hint("Each of w_x, w_h and b must be one finite number.")
    w_x, w_h, b = (w.item() for w in weights)
    rng = np.random.default_rng(35)
    sequences = [np.zeros(300), np.eye(1, 20_000)[0], np.eye(1, 300, 100)[0], np.ones(50)]
    sequences += [*(rng.random((5, 300)) < 0.03)]
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
    if not _holds_for_ever(w_x, w_h, b):
        raise Hint(
            "It forgets, after very many steps: with input 0 the state sinks, slowly, below 0.5. Can "
            "it hold itself up? h = tanh(w_h h + b) needs a solution above 0.5."
        )


def _holds_for_ever(w_x, w_h, b):
    """Whether the state stays above 0.5 under zeros, after the 1 that leaves it lowest.

    What came so far needs w_x, w_h > 0 and b < 0: the state under zeros moves in one direction, and
    stops at the next fixed point, if there is one.
    """
    low = 0.0
    for _ in range(10_000):
        low = np.tanh(w_h * low + b)
    high = np.tanh(w_x + w_h * low + b)
    slope_1 = np.sqrt(np.clip(1 - 1 / w_h, 0, 1 - 1e-15))  # tanh where w_h tanh' is 1
    peak = (np.arctanh(slope_1) - b) / w_h  # of tanh(w_h h + b) - h
    kept = np.array([0.5, high, np.clip(peak, 0.5, high)])
    return high > 0.5 and (np.tanh(w_h * kept + b) >= kept).any()


def _hold(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 5:
        raise Hint("answer must be a tuple of five arrays: W_xh, W_hh, b_h, W_hy, b_y.")
    W_xh, W_hh, b_h, W_hy, b_y = (as_numbers(W) for W in answer)
    b_y = b_y.reshape(1) if b_y.size == 1 else b_y
    H = W_hh.shape[0] if W_hh.ndim == 2 else -1
    shapes = [W.shape for W in (W_xh, W_hh, b_h, W_hy, b_y)]
    if shapes != [(2, H), (H, H), (H,), (H, 1), (1,)]:
        raise Hint(f"The shapes must be (2, H), (H, H), (H,), (H, 1), (1,), got {shapes}.")
    if not all(np.isfinite(W).all() for W in (W_xh, W_hh, b_h, W_hy, b_y)):
        raise Hint("All weights must be finite.")

    rng = np.random.default_rng(34)
    T, shares = 5000, [1.0, 0.5, 0.1, 0.02, 0.0, 0.0, 0.02]  # a sequence for each share of flags
    w = rng.random((T, len(shares))) < shares
    w[0, :-1], w[:50, -1] = True, False
    v = rng.choice([-1.0, 1.0], size=w.shape)
    v[0, 4:6] = 1.0, -1.0
    written = np.maximum.accumulate(np.where(w, np.arange(T)[:, None], -1))  # when; -1: never yet
    wanted = np.take_along_axis(v, np.maximum(written, 0), axis=0)

    def signs(W_hh):
        h, y = np.zeros((w.shape[1], H)), np.empty(w.shape)
        for t, a in enumerate(np.stack([w, v], axis=2) @ W_xh + b_h):
            h = np.tanh(a + h @ W_hh)
            y[t] = (h @ W_hy + b_y)[:, 0]
        return np.sign(y)

    def wrong_in(y):
        return (y != wanted) & (written >= 0)

    y = signs(W_hh)
    wrong = wrong_in(y)
    if not wrong.any():
        return
    if not wrong_in(signs(W_hh.T)).any():
        raise Hint("W_hh is transposed: in h @ W_hh row i says where unit i sends to.")
    if not wrong_in(-y).any():
        raise Hint("The sign of y is the wrong way round.")
    if wrong[:, 0].any():
        raise Hint(
            "With the flag 1 at every step y must follow the value, but its sign is wrong at "
            f"{wrong[:, 0].mean():.1%} of the steps."
        )
    if np.array_equal(y, v):
        raise Hint("y follows the value where the flag is 0 too. It must hold the old one.")
    if wrong[w].any():
        raise Hint("Where the flag is 1, y does not always show the value. Is it written?")
    t, b = np.argwhere(wrong)[0]
    raise Hint(
        f"It does not hold: the value {wanted[t, b]:+.0f} was written at step {written[t, b] + 1}, "
        f"and at step {t + 1} the sign is wrong. Can the state hold itself up while the flag is 0?"
    )


def _memory(answer):
    rng = np.random.default_rng(36)
    inputs = []
    for T, H, d in [(60, 5, 2), (60, 5, 1), (81, 5, 4), (100, 1, 2), (60, 5, 25)]:
        x, h = rng.uniform(-1, 1, T), np.zeros((T, H))
        W = rng.normal(size=(H, H)) / 3
        for t in range(T):
            h[t] = np.tanh(x[t] + h[t - 1] @ W + 0.2 * np.arange(H))
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
        mistakes=[
            (
                variant(test="first"),
                "You scored on the half that you fitted to. Score on the rest.",
            ),
            (variant(fit="all"), "You fitted to all pairs. Fit to the first half only."),
            (
                variant(fit="all", test="all"),
                "Fit to the first half alone and score on the rest alone.",
            ),
            (
                variant(forward=True),
                "The pairs run the wrong way: h_t belongs to x_{t-d}, so h[d:] to x[:-d].",
            ),
            (variant(constant=False), "Give the readout a constant 1 as well."),
            (
                lambda h, x, d: 1 - variant()(h, x, d),
                "This is the ratio of errors. R squared is 1 minus it.",
            ),
        ],
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
