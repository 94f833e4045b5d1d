"""Checks of chapter 5, exploding and vanishing gradients."""

import numpy as np

from rnnbook.exercises.expect import (
    Hint,
    as_numbers,
    call,
    expect_array,
    expect_function,
    expect_number,
)


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
        mistakes=[
            (
                lambda n, g, e: int(np.log(e) / np.log(g * n)) + 1,
                "At most epsilon includes equal to epsilon.",
            ),
            (
                lambda n, g, e: int(np.log(e) / np.log(g * n)),
                "The bound is still above epsilon there: round up, not down.",
            ),
            (
                lambda n, g, e: round(np.log(e) / np.log(g * n)),
                "Do not round to the nearest lag: the bound may still be above epsilon there.",
            ),
            (
                lambda n, g, e: max(1, int(np.ceil(np.log(e) / np.log(n)))),
                "Gamma is missing: the base of the power is gamma * norm.",
            ),
            (
                lambda n, g, e: int(np.ceil(np.log(e) / np.log(n))),
                "The base of the power is gamma * norm, not the norm alone.",
            ),
            (lambda n, g, e: np.log(e) / np.log(g * n), "A lag is a whole number: round up."),
            (lambda n, g, e: reference(n, g, e) + 1, "That is one step too many."),
            (lambda n, g, e: reference(n, g, e) - 1, "That is one step too few."),
        ],
    )


def _log_growth(h, W_hh, transposed=True, squared=True, slope_left=True, order=2):
    """Log of the norm of J_T ... J_1."""
    weights = W_hh.T if transposed else W_hh
    product, total = np.eye(len(W_hh)), 0.0
    for h_t in h[::-1]:
        slope = 1 - h_t**2 if squared else 1 - h_t
        product = product @ (slope[:, None] * weights if slope_left else weights * slope)
        largest = np.abs(product).max()
        product, total = product / largest, total + np.log(largest)
    return total + np.log(np.linalg.norm(product, order))


def _growth_rate(answer):
    rng = np.random.default_rng(51)

    def case(T, H, gain=0.5):
        return np.tanh(rng.normal(size=(T, H))), gain * rng.normal(size=(H, H))

    def reference(h, W_hh):
        return _log_growth(h, W_hh) / len(h)

    long = case(5000, 3)
    expected = reference(*long)
    with np.errstate(divide="ignore"):  # the logarithm of a product that is 0 gets its own hint
        rate = call(answer, *long) if callable(answer) else np.nan
    try:
        expect_function(
            answer,
            reference,
            [case(3, 2), case(3, 2), case(40, 4), case(30, 3, gain=3.0), case(1, 3), case(9, 1)],
            mistakes=[
                (_log_growth, "Divide by the number of steps."),
                (
                    lambda h, W: _log_growth(h, W, order="fro") / len(h),
                    "This is the Frobenius norm. The spectral norm is np.linalg.norm(product, 2).",
                ),
                (lambda h, W: reference(h, W) / np.log(10), "Use the natural logarithm."),
                (
                    lambda h, W: np.exp(reference(h, W)),
                    "This is the factor per step. Its logarithm is asked for.",
                ),
                (
                    lambda h, W: _log_growth(h, W, transposed=False) / len(h),
                    "The Jacobian has W_hh transposed.",
                ),
                (
                    lambda h, W: _log_growth(h, W, squared=False) / len(h),
                    "The slope of tanh is 1 - h**2.",
                ),
                (
                    lambda h, W: np.mean([_log_growth(h_t[None], W) for h_t in h]),
                    "This is the mean of the norms of single Jacobians. Take the norm of the "
                    "product.",
                ),
                (
                    lambda h, W: _log_growth(h, W, slope_left=False) / len(h),
                    "The slopes stand to the left of W_hh transposed: one slope for each row of "
                    "J_t.",
                ),
                (
                    lambda h, W: reference(h[::-1], W),
                    "The order is reversed: J_1 stands on the right, each later factor to its "
                    "left.",
                ),
            ],
        )
    except Hint as hint:
        if "off by" in str(hint) and np.size(rate) == 1 and abs(rate - expected) < 2e-3:
            raise Hint(
                "Over 5000 steps this is right, over a few it is not; one row of the product "
                "behaves like that. Keep the whole product, and take its spectral norm."
            ) from None
        raise
    if not np.isfinite(as_numbers(rate, "result")).all():
        raise Hint(
            "For T = 5000 the result is not finite: the product underflowed to 0. Divide it by its "
            "norm after every step."
        )
    expect_array(rate, expected, what="result for T = 5000")


def _counterexample(answer):
    for factor in (2.0, 0.7, 1.0, 3.5, 10.0, 100.0):
        with np.errstate(invalid="ignore", divide="ignore"):  # artanh beyond 1 gets its own hint
            parts = call(answer, factor)
        if not isinstance(parts, tuple | list) or len(parts) != 3:
            raise Hint("Return three arrays: W_hh, b_h and h_star.")
        names, shapes = ("W_hh", "b_h", "h_star"), ((2, 2), (2,), (2,))
        W_hh, b_h, h_star = (
            as_numbers(part, name).astype(float) for name, part in zip(names, parts, strict=True)
        )
        for name, array, shape in zip(names, (W_hh, b_h, h_star), shapes, strict=True):
            if array.shape != shape:
                raise Hint(f"{name} must have shape {shape}, not {array.shape}.")
            if not np.isfinite(array).all():
                raise Hint(
                    f"For factor {factor:g} {name} is not finite. A state lies between -1 and 1: "
                    "let W_hh grow with the factor, not h_star."
                )
        scale = max(1.0, np.abs(W_hh).max())
        # radius 0 means W W = 0; eigvals would find it only to the root of the rounding error
        if np.abs(W_hh @ W_hh).max() > 1e-14 * scale**2:
            raise Hint(
                "The spectral radius of W_hh is not 0: for two units that is W_hh @ W_hh = 0."
            )
        if not np.allclose(np.tanh(h_star @ W_hh + b_h), h_star, rtol=0, atol=1e-6 * scale):
            raise Hint(
                "h_star is not a fixed point: b_h must be artanh(h_star) - h_star @ W_hh, with "
                "rows as vectors."
            )
        J = (1 - h_star**2)[:, None] * W_hh.T
        norms = [np.linalg.norm(np.linalg.matrix_power(J, lag), 2) for lag in range(1, 7)]
        if min(norms) < 1e-9 * norms[0]:
            raise Hint(
                "The product of Jacobians is 0, because the trace of J is. The slopes must differ "
                "between the units, and the diagonal of W_hh must not be 0."
            )
        growth = np.array(norms[1:]) / np.array(norms[:-1])
        if not np.allclose(growth, factor, rtol=1e-6, atol=0):
            raise Hint(
                f"For factor {factor:g} the product grows by {growth[-1]:.3g} per step. A matrix "
                "of rank 1 grows by its trace: work out the trace of J, then scale W_hh."
            )


def _sure_to_forget(answer):
    rng = np.random.default_rng(54)
    for H in (3, 2, 6):
        W_hh = as_numbers(call(answer, H), "matrix").astype(float)
        if W_hh.shape != (H, H) or not np.isfinite(W_hh).all():
            raise Hint(f"For H = {H} W_hh must be finite, of shape ({H}, {H}).")
        norm = np.linalg.norm(W_hh, 2)
        if norm < 10 * (1 - 1e-6):
            raise Hint(f"For H = {H} the spectral norm is {norm:.3g}. It must be at least 10.")
        for _ in range(5):
            product = np.eye(H)
            for slope in rng.uniform(0.1, 1, size=(H, H)):
                product = slope[:, None] * W_hh.T @ product
            if np.any(product):
                raise Hint(
                    f"For H = {H} a product of {H} Jacobians is not exactly 0. It must be 0 for "
                    "every choice of slopes, so look for a pattern of zeros, not for values that "
                    "cancel."
                )


def _clip(answer):
    rng = np.random.default_rng(55)
    shapes = [(2, 3), (3,), (1, 4), ()]

    def norm_of(grads):
        return np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))

    def case(size, max_norm, shapes=shapes):
        grads = [rng.normal(size=shape) for shape in shapes]
        return [np.asarray(size / norm_of(grads) * g) for g in grads], max_norm

    def scaled(factor):
        return lambda grads, m: tuple(g * factor(grads, g, m) for g in grads)

    with np.errstate(divide="ignore", invalid="ignore"):  # the norm of the zero gradient is 0
        expect_function(
            answer,
            scaled(lambda grads, g, m: min(1.0, m / norm_of(grads)) if np.any(g) else 1.0),
            [
                case(25.0, 1.0),
                case(15.0, 0.5),
                case(0.5, 2.0),
                case(3.0, 2.0, shapes=[(4, 2)]),
                case(0.0, 2.0),
            ],
            mistakes=[
                (
                    scaled(lambda grads, g, m: min(1.0, m / np.linalg.norm(g))),
                    "You clipped each array by itself. Use one norm for all of them.",
                ),
                (
                    lambda grads, m: tuple(np.clip(g, -m, m) for g in grads),
                    "You clipped each entry. That changes the direction.",
                ),
                (
                    scaled(lambda grads, g, m: m / norm_of(grads)),
                    "You lengthened a gradient that was short enough.",
                ),
                (
                    scaled(lambda grads, g, m: min(1.0, m / norm_of(grads) ** 2)),
                    "Take the root: the norm is the root of the sum of squares.",
                ),
                (
                    scaled(lambda grads, g, m: min(1.0, 1 / norm_of(grads))),
                    "The norm afterwards must be max_norm, not 1.",
                ),
            ],
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
        [(100, 1.0), (16, 0.5), (3, 2.0), (1, 0.7)],
        mistakes=[
            (
                lambda H, gain: gain / np.sqrt(H),
                "This is the standard deviation. A uniform variable on (-c, c) has less than c.",
            ),
            (
                lambda H, gain: gain * np.sqrt(H / 3),
                "uniform_bound is the wrong way round: it takes the gain and returns c.",
            ),
            (
                lambda H, gain: gain * np.sqrt(12 / H),
                "The width of the interval is 2c: the variance is c**2 / 3, not c**2 / 12.",
            ),
            (lambda H, gain: 3 * gain**2 / H, "Take the root: c**2 / 3 is the variance."),
            (lambda H, gain: gain * np.sqrt(3) / H, "Divide by the root of H, not by H."),
        ],
    )
    expect_function(
        gain_of,
        lambda H, c: c * np.sqrt(H / 3),
        [(100, 0.1), (16, 0.7), (5, 2.0), (1, 0.5)],
        mistakes=[
            (
                lambda H, c: c * np.sqrt(H),
                "gain_of_bound: c is not the standard deviation. That is c over the root of 3.",
            ),
            (
                lambda H, c: c * np.sqrt(3 / H),
                "gain_of_bound is the wrong way round: it takes c and returns the gain.",
            ),
            (
                lambda H, c: c / np.sqrt(3),
                "gain_of_bound returns the standard deviation. The gain is that times the root "
                "of H.",
            ),
            (
                lambda H, c: c**2 * np.sqrt(H) / 3,
                "gain_of_bound: c**2 / 3 is the variance, take the root.",
            ),
        ],
    )
    if gain is ...:
        raise Hint("Both functions are right. Now the gain of c = sqrt(3 / H): put it into gain.")
    expect_number(
        gain,
        1.0,
        what="gain",
        mistakes=[
            (1 / np.sqrt(3), "That is the gain of c = 1 / sqrt(H). Here c is sqrt(3 / H)."),
            (np.sqrt(3), "Divide c by the root of 3, then times the root of H: what is left?"),
        ],
    )


def _predicted_share(answer):
    # w is moved at the steps that count alone, and h_50 measured: no product of factors is needed
    moved = []
    for first in (1, 41):
        ends = []
        for step in (1e-4, -1e-4):
            state = 0.01
            for t in range(1, 51):
                state = np.tanh((0.8 + (step if t >= first else 0)) * state)
            ends.append(state)
        moved.append(ends[0] - ends[1])
    expected = moved[1] / moved[0]
    fading = 0.8 ** np.arange(50)  # of the product alone, without the state that step s acts on
    try:
        expect_number(
            answer,
            expected,
            rtol=0.005 / expected,  # within 0.01: the comparison allows this twice
            mistakes=[
                (
                    fading[:10].sum() / fading.sum(),
                    "This is the share of the products alone. Each stands beside an immediate "
                    "derivative h_{s-1}, and the state shrinks too.",
                ),
                (
                    fading[40:].sum() / fading.sum(),
                    "The product is largest for the *recent* steps. And it stands beside the state "
                    "h_{s-1}, which shrinks too.",
                ),
                (1 - expected, "That is the share of the older steps."),
                (100 * expected, "A share lies between 0 and 1."),
            ],
        )
    except Hint as hint:
        if "off by" in str(hint):
            raise Hint(
                "Write down what step s contributes, with slopes of 1: the state it acts on times "
                "the later factors. How does that depend on s?"
            ) from None
        raise


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

    def share(w, b, h0, T, n, **options):
        found = parts(w, b, h0, T, **options)
        return found[-n:].sum() / found.sum()

    def with_options(**options):
        return lambda *args: share(*args, **options)

    expect_function(
        answer,
        share,
        [
            (0.8, 0.3, 0.5, 20, 5),
            (1.7, -0.2, 0.4, 15, 3),
            (-0.9, 0.5, -0.6, 12, 4),
            (0.8, 0.0, 0.5, 9, 1),
            (0.7, 0.4, 0.0, 6, 6),
            (0.9, 0.1, -0.3, 1, 1),
        ],
        mistakes=[
            (
                lambda w, b, h0, T, n: parts(w, b, h0, T)[:n].sum() / parts(w, b, h0, T).sum(),
                "Those are the first n steps, the oldest. Take the last.",
            ),
            (
                with_options(first=False),
                "The immediate derivative for w holds h of the step before, not of the step.",
            ),
            (
                with_options(state=False),
                "The immediate derivative for w also holds the state h_{s-1}, which w multiplies.",
            ),
            (
                with_options(slope=False),
                "The factors of the later steps need their slope 1 - h**2.",
            ),
            (
                with_options(early=1),
                "The factor of step j is w * (1 - h_j**2): its slope belongs to the state after "
                "it.",
            ),
            (
                with_options(own_slope=False),
                "The immediate derivative of step s needs its own slope 1 - h_s**2.",
            ),
            (
                with_options(slope=False, own_slope=False),
                "Without any slope this is the linear network: tanh has the slope 1 - h**2.",
            ),
            (
                with_options(signed=True),
                "Take the absolute value of each contribution before you add them.",
            ),
            (lambda *args: 1 - share(*args), "That is the share of the older steps."),
        ],
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
