"""Checks of chapter 5, exploding and vanishing gradients."""

import numpy as np

from rnncore.exercises import Hint, call, expect_array, expect_function, expect_number


def _forgotten_after(answer):
    def reference(norm, gamma, epsilon):
        lag, bound = 1, gamma * norm
        while bound > epsilon:
            lag, bound = lag + 1, bound * gamma * norm
        return lag

    expect_function(
        answer,
        reference,
        [
            (0.9, 1.0, 1e-3),
            (3.0, 0.25, 1e-6),
            (0.05, 1.0, 0.5),
            (0.5, 0.3, 0.01),
            (0.5, 1.0, 0.25),
            (2.0, 0.25, 0.125),
        ],
        mistakes={
            "At most epsilon includes equal to epsilon.": lambda n, g, e: (
                int(np.floor(np.log(e) / np.log(g * n))) + 1
            ),
            "The bound is still above epsilon there: round up, not down.": lambda n, g, e: int(
                np.log(e) / np.log(g * n)
            ),
            "Gamma is missing: the base of the power is gamma * norm.": lambda n, g, e: (
                max(1, int(np.ceil(np.log(e) / np.log(n)))) if n != 1 else 0
            ),
            "Gamma is missing: the base of the power is gamma * norm. ": lambda n, g, e: (
                int(np.ceil(np.log(e) / np.log(n))) if n != 1 else 0
            ),
            "A lag is a whole number: round up.": lambda n, g, e: np.log(e) / np.log(g * n),
            "That is one step too many.": lambda n, g, e: reference(n, g, e) + 1,
        },
    )


def _log_growth(h, W_hh, transposed=True, squared=True, slope_left=True, row=None, order=2):
    """Log of the norm of J_T ... J_1, or of row J_T ... J_1 where a row is given."""
    weights = W_hh.T if transposed else W_hh
    product, total = np.eye(len(W_hh)) if row is None else row, 0.0
    for h_t in h[::-1]:
        slope = 1 - h_t**2 if squared else 1 - h_t
        product = product @ (slope[:, None] * weights if slope_left else weights * slope)
        norm = np.linalg.norm(product, order)
        product, total = product / norm, total + np.log(norm)
    return total


def _growth_rate(answer):
    rng = np.random.default_rng(51)
    inputs = [
        (np.tanh(rng.normal(size=(T, H))), rng.normal(size=(H, H)) * 0.5)
        for T, H in [(3, 2), (40, 4), (5000, 3)]
    ]
    h, W_hh = inputs[-1]
    if not np.isfinite(np.asarray(call(answer, h, W_hh), dtype=float)).all():
        raise Hint(
            "For T = 5000 the result is not finite: the product underflowed to 0. Divide it by its "
            "norm after every step."
        )
    one_row = "This is the growth of one row. The norm of the product is that of the best row."
    try:
        expect_function(
            answer,
            lambda h, W: _log_growth(h, W) / len(h),
            inputs,
            mistakes={
                "Divide by the number of steps.": _log_growth,
                "This is the Frobenius norm. The spectral norm is np.linalg.norm(product, 2).": (
                    lambda h, W: _log_growth(h, W, order="fro") / len(h)
                ),
                "Use the natural logarithm.": lambda h, W: _log_growth(h, W) / len(h) / np.log(10),
                "The Jacobian has W_hh transposed.": lambda h, W: (
                    _log_growth(h, W, transposed=False) / len(h)
                ),
                "The slope of tanh is 1 - h**2.": lambda h, W: (
                    _log_growth(h, W, squared=False) / len(h)
                ),
                "This is the mean of the norms of single Jacobians. Take the norm of the product.": (
                    lambda h, W: np.mean([_log_growth(h_t[None], W) for h_t in h])
                ),
                "The slopes stand to the left of W_hh transposed: one slope for each row of J_t.": (
                    lambda h, W: _log_growth(h, W, slope_left=False) / len(h)
                ),
                "The order is reversed: J_1 stands on the right, each later factor to its left.": (
                    lambda h, W: _log_growth(h[::-1], W) / len(h)
                ),
                one_row: lambda h, W: _log_growth(h, W, row=np.eye(len(W))[0]) / len(h),
                f"{one_row} ": lambda h, W: _log_growth(h, W, row=np.ones(len(W))) / len(h),
                f"{one_row}  ": lambda h, W: (
                    _log_growth(h, W, row=np.full(len(W), len(W) ** -0.5)) / len(h)
                ),
            },
        )
    except Hint as hint:
        # over many steps a row grows like the norm, over few it does not
        gap = _log_growth(h, W_hh) / len(h) - call(answer, h, W_hh)
        if "off by" in str(hint) and np.ndim(gap) == 0 and 0 < gap < 2e-3:
            raise Hint(f"{one_row} Keep the whole product, not one row of it.") from None
        raise


def _counterexample(answer):
    for factor in (2.0, 0.7, 3.5, 10.0, 100.0):
        with np.errstate(invalid="ignore", divide="ignore"):  # artanh beyond 1 gets its own hint
            parts = call(answer, factor)
        if not isinstance(parts, tuple | list) or len(parts) != 3:
            raise Hint("Return three arrays: W_hh, b_h and h_star.")
        W_hh, b_h, h_star = (np.asarray(part, dtype=float) for part in parts)
        for name, array, shape in [
            ("W_hh", W_hh, (2, 2)),
            ("b_h", b_h, (2,)),
            ("h_star", h_star, (2,)),
        ]:
            if array.shape != shape:
                raise Hint(f"{name} must have shape {shape}, got {array.shape}.")
            if not np.isfinite(array).all():
                raise Hint(
                    f"For factor {factor:g} {name} is not finite. A state lies between -1 and 1: let "
                    "W_hh grow with the factor, not h_star."
                )
        # eigenvalues of a defective matrix are found only to the root of the rounding error
        if np.abs(np.linalg.eigvals(W_hh)).max() > 1e-5 * max(1, np.abs(W_hh).max()):
            raise Hint("The spectral radius of W_hh is not 0.")
        if not np.allclose(np.tanh(h_star @ W_hh + b_h), h_star, atol=1e-9):
            raise Hint(
                "h_star is not a fixed point: b_h must be artanh(h_star) - h_star @ W_hh, with rows "
                "as vectors."
            )
        J = (1 - h_star**2)[:, None] * W_hh.T
        norms = [np.linalg.norm(np.linalg.matrix_power(J, lag), 2) for lag in range(1, 7)]
        if min(norms) == 0:
            raise Hint("The product of Jacobians is 0: the slopes must differ between the units.")
        growth = np.array(norms[1:]) / np.array(norms[:-1])
        if not np.allclose(growth, factor, rtol=1e-6, atol=0):
            raise Hint(
                f"For factor {factor:g} the product grows by {growth[-1]:.3g} per step. For W_hh = k times "
                "[[1, 1], [-1, -1]] it grows by k times the difference of the two slopes 1 - h_star**2: "
                "work out that difference, then k from the factor."
            )


def _sure_to_forget(answer):
    rng = np.random.default_rng(54)
    for H in (2, 3, 6):
        W_hh = np.asarray(call(answer, H), dtype=float)
        if W_hh.shape != (H, H) or not np.isfinite(W_hh).all():
            raise Hint(f"W_hh must be finite, of shape ({H}, {H}), got {W_hh.shape}.")
        norm = np.linalg.norm(W_hh, 2)
        if norm < 10 * (1 - 1e-9):
            raise Hint(f"The spectral norm is {norm:.3g}. It must be at least 10.")
        for _ in range(5):
            product = np.eye(H)
            for slope in rng.uniform(0.1, 1, size=(H, H)):
                product = slope[:, None] * W_hh.T @ product
            if np.any(product):
                raise Hint(
                    f"For H = {H} a product of {H} Jacobians is not exactly 0. It must be 0 for every choice "
                    "of slopes, so look for a pattern of zeros, not for values that cancel."
                )


def _clip(answer):
    rng = np.random.default_rng(55)
    shapes = [(2, 3), (3,), (1, 4)]

    def norm_of(grads):
        return np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))

    def flat(function):
        return lambda *args: np.concatenate([np.ravel(g) for g in function(*args)])

    def reference(grads, max_norm):
        norm = norm_of(grads)
        return [g * max_norm / norm if norm > max_norm else g for g in grads]

    mistakes = {
        "You clipped each array by itself. Use one norm for all of them.": lambda grads, m: [
            g * min(1, m / np.linalg.norm(g)) for g in grads
        ],
        "You clipped each entry. That changes the direction.": lambda grads, m: [
            np.clip(g, -m, m) for g in grads
        ],
        "You lengthened a gradient that was short enough.": lambda grads, m: [
            g * m / norm_of(grads) for g in grads
        ],
        "Take the root: the norm is the root of the sum of squares.": lambda grads, m: [
            g * min(1, m / norm_of(grads) ** 2) for g in grads
        ],
    }
    for size, max_norm in [(5.0, 1.0), (0.1, 2.0), (3.0, 0.5)]:
        grads = [size * rng.normal(size=shape) for shape in shapes]
        given = [g.copy() for g in grads]
        got = call(answer, given, max_norm)
        if any(not np.array_equal(a, b) for a, b in zip(grads, given, strict=True)):
            raise Hint("Your function changed the arrays it was given. Return new ones.")
        if not isinstance(got, tuple | list) or [np.shape(g) for g in got] != shapes:
            raise Hint("Return a list of arrays with the shapes of grads.")
        expect_array(
            np.concatenate([np.ravel(g) for g in got]),
            flat(reference)(grads, max_norm),
            what="clipped gradient",
            mistakes={hint: flat(wrong)(grads, max_norm) for hint, wrong in mistakes.items()},
        )


def _uniform_bound(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Hint(
            "Expected two functions and a number in a tuple: (uniform_bound, gain_of_bound, gain)."
        )
    bound, gain_of, gain = answer
    expect_function(
        bound,
        lambda H, gain: gain * np.sqrt(3 / H),
        [(100, 1.0), (16, 0.5), (3, 2.0)],
        mistakes={
            "This is the standard deviation. A uniform variable on (-c, c) has less than c.": (
                lambda H, gain: gain / np.sqrt(H)
            ),
            "uniform_bound is the wrong way round: it takes the gain and returns c.": (
                lambda H, gain: gain * np.sqrt(H / 3)
            ),
            "The width of the interval is 2c: the variance is c**2 / 3, not c**2 / 12.": (
                lambda H, gain: gain * np.sqrt(12 / H)
            ),
            "Take the root: c**2 / 3 is the variance.": lambda H, gain: 3 * gain**2 / H,
            "Divide by the root of H, not by H.": lambda H, gain: gain * np.sqrt(3) / H,
        },
    )
    expect_function(
        gain_of,
        lambda H, c: c * np.sqrt(H / 3),
        [(100, 0.1), (16, 0.7), (5, 2.0)],
        mistakes={
            "gain_of_bound: c is not the standard deviation. That is c over the root of 3.": (
                lambda H, c: c * np.sqrt(H)
            ),
            "gain_of_bound is the wrong way round: it takes c and returns the gain.": (
                lambda H, c: c * np.sqrt(3 / H)
            ),
            "gain_of_bound returns the standard deviation. The gain is that times the root of H.": (
                lambda H, c: c / np.sqrt(3)
            ),
            "gain_of_bound: c**2 / 3 is the variance, take the root.": lambda H, c: (
                c**2 * np.sqrt(H) / 3
            ),
        },
    )
    if gain is ...:
        raise Hint("Both functions are right. Now the gain of c = sqrt(3 / H): put it into gain.")
    expect_number(
        gain,
        1.0,
        mistakes={
            "That is the gain of c = 1 / sqrt(H). Here c is sqrt(3 / H).": 1 / np.sqrt(3),
            "Divide c by the root of 3, then times the root of H: what is left?": np.sqrt(3),
        },
    )


def _predicted_share(answer):
    h = [0.01]
    for _ in range(50):
        h.append(np.tanh(0.8 * h[-1]))
    # w is moved at the steps that count alone, and h_50 measured: no product of factors is needed
    moved = []
    for first in (1, 41):
        ends = []
        for step in (1e-4, -1e-4):
            state = h[0]
            for t in range(1, 51):
                state = np.tanh((0.8 + (step if t >= first else 0)) * state)
            ends.append(state)
        moved.append(ends[0] - ends[1])
    expected = moved[1] / moved[0]
    fading = 0.8 ** np.arange(50)  # of the product alone, without the state that step s acts on
    if np.ndim(answer) == 0 and isinstance(answer, int | float | np.number):
        if abs(answer - expected) <= 0.01:
            return
        hints = {
            fading[:10].sum()
            / fading.sum(): "This is the share of the products alone. Each stands "
            "beside an immediate derivative h_{s-1}, and the state shrinks too.",
            fading[40:].sum()
            / fading.sum(): "The product is largest for the *recent* steps. And it "
            "stands beside the state h_{s-1}, which shrinks too.",
            1 - expected: "That is the share of the older steps.",
            100 * expected: "A share lies between 0 and 1.",
        }
        for value, hint in hints.items():
            if abs(answer - value) <= 0.011:
                raise Hint(hint)
        raise Hint(
            "Write down what step s contributes, with slopes of 1: the state it acts on times the "
            "later factors. How does that depend on s?"
        )
    expect_number(answer, expected)


def _recent_share(answer):
    def parts(
        w, b, h0, T, first=True, slope=True, own_slope=True, state=True, signed=False, early=0
    ):
        h = [h0]
        for _ in range(T):
            h.append(np.tanh(w * h[-1] + b))
        found = []
        for s in range(1, T + 1):
            part = (h[s - 1] if first else h[s]) if state else 1.0
            part *= (1 - h[s] ** 2) if own_slope else 1
            for j in range(s + 1, T + 1):
                part *= w * ((1 - h[j - early] ** 2) if slope else 1)
            found.append(part if signed else abs(part))
        return np.array(found)  # s = 1 ... T

    def share(found, n):
        return found[-n:].sum() / found.sum()

    expect_function(
        answer,
        lambda w, b, h0, T, n: share(parts(w, b, h0, T), n),
        [(0.8, 0.3, 0.5, 20, 5), (1.7, -0.2, 0.4, 15, 3), (-0.9, 0.5, -0.6, 12, 4)],
        mistakes={
            "Those are the first n steps, the oldest. Take the last.": lambda w, b, h0, T, n: (
                parts(w, b, h0, T)[:n].sum() / parts(w, b, h0, T).sum()
            ),
            "The immediate derivative for w holds h of the step before, not of the step.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, first=False), n)
            ),
            "The immediate derivative for w also holds the state h_{s-1}, which w multiplies.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, state=False), n)
            ),
            "The factors of the later steps need their slope 1 - h**2.": lambda w, b, h0, T, n: (
                share(parts(w, b, h0, T, slope=False), n)
            ),
            "The factor of step j is w * (1 - h_j**2): its slope belongs to the state after it.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, early=1), n)
            ),
            "The immediate derivative of step s needs its own slope 1 - h_s**2.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, own_slope=False), n)
            ),
            "Without any slope this is the linear network: tanh has the slope 1 - h**2.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, slope=False, own_slope=False), n)
            ),
            "Take the absolute value of each contribution before you add them.": (
                lambda w, b, h0, T, n: share(parts(w, b, h0, T, signed=True), n)
            ),
            "That is the share of the older steps.": lambda w, b, h0, T, n: (
                1 - share(parts(w, b, h0, T), n)
            ),
        },
    )


CHECKS = {
    "gradient-1": _forgotten_after,
    "gradient-2": _growth_rate,
    "gradient-3": _counterexample,
    "gradient-4": _sure_to_forget,
    "gradient-5": _clip,
    "gradient-6": _uniform_bound,
    "gradient-7": _predicted_share,
    "gradient-8": _recent_share,
}
