"""Checks of chapter 4, backpropagation through time."""

import numpy as np

from rnnbook.exercises.expect import Hint, as_whole_number, call, describe, expect_function
from rnncore import RNNCell, backward, forward


def _terms(answer):
    def pairs(T, lag):
        return sum(t - s >= lag for t in range(1, T + 1) for s in range(1, t + 1))

    expect_function(
        answer,
        pairs,
        [(12, 5), (7, 1), (12, 0), (6, 5), (4, 4), (4, 9), (1, 0)],
        mistakes=[
            (
                lambda T, lag: pairs(T, lag) + pairs(T, max(lag, 1)),
                "You counted both orders. Only s <= t counts: the loss of a step teaches no later one.",
            ),
            (
                lambda T, lag: max(T - lag, 0),
                "This is the number of pairs exactly `lag` apart. Add the larger lags.",
            ),
            (lambda T, lag: pairs(T, lag + 1), "Count the pairs at the distance `lag` itself too."),
            (
                lambda T, lag: pairs(T, max(lag, 1)),
                "At lag 0 the pairs s = t count too: their product is empty, and it is 1.",
            ),
            (
                lambda T, lag: (T - lag) * (T - lag + 1) // 2,
                "No pair is further apart than T - 1 steps: the answer is 0 there.",
            ),
        ],
    )


def _two_derivatives(answer):
    def variant(
        past=True, slope=True, past_slope=True, weight=True, swap=False, all_steps=False, late=False
    ):
        def derivatives(w, x, h0):
            h, immediate, total = h0, 0.0, 0.0
            for x_t in x:
                h_prev, h = h, np.tanh(w * h + x_t)
                factor = 1 - h**2 if slope else 1.0
                immediate = factor * (h if late else h_prev)
                jacobian = (factor if past_slope else 1.0) * (w if weight else 1.0)
                jacobian = 1.0 if all_steps else jacobian
                total = immediate + past * jacobian * total
            return (total, immediate) if swap else (immediate, total)

        return derivatives

    rng = np.random.default_rng(41)
    inputs = [
        (w, rng.normal(size=T), h0)
        for w, T, h0 in [
            (0.8, 5, 0.5),
            (-1.3, 5, -0.4),
            (0.6, 2, 0.0),
            (0.9, 1, 0.7),
            (0.0, 3, 0.3),
        ]
    ]
    mistakes = [
        (variant(past=False), "This total is immediate: h_(t-1) depends on w too."),
        (variant(swap=True), "The two are swapped: return (immediate, total)."),
        (variant(late=True), "The weight multiplies the state before: h_(t-1), not h_t."),
        (variant(slope=False), "The slope 1 - h_t**2 of tanh is missing."),
        (
            variant(past_slope=False),
            "In the total, the slope 1 - h_t**2 multiplies the past term w * dh_(t-1)/dw too.",
        ),
        (variant(weight=False), "The past enters through w * h_(t-1): the factor w is missing."),
        (
            variant(all_steps=True),
            "You added the immediate derivatives. Each must pass the Jacobians of the later steps.",
        ),
    ]
    try:
        expect_function(answer, variant(), inputs, rtol=1e-7, mistakes=mistakes)
    except Hint as hint:  # what the reader calls them
        said = str(hint).replace("result 1", "immediate derivative")
        raise Hint(said.replace("result 2", "total derivative")) from None


def _states(rng, T, B, H):
    return np.tanh(rng.normal(size=(T, B, H))), rng.normal(size=(T, B, H))


def _initial_state(answer):
    def variant(
        transpose=True, slope="both", last="h0", add=True, rounds=slice(None), backward=True
    ):
        def gradient(W_hh, h, dh):
            W = W_hh.T if transpose else W_hh
            carried = da = np.zeros_like(h[0])
            steps = range(len(h))
            for t in list(reversed(steps) if backward else steps)[rounds]:
                total = dh[t] + carried if add else dh[t]
                on_own = 1 - h[t] ** 2 if slope in ("both", "own") else 1.0
                on_later = 1 - h[t] ** 2 if slope in ("both", "later") else 1.0
                da = dh[t] * on_own + add * carried * on_later
                carried = da @ W
            return {"h0": carried, "a1": da, "h1": total}[last]

        return gradient

    def misplaced(how):
        def gradient(W_hh, h, dh):
            carried = np.zeros_like(h[0])
            for t in reversed(range(len(h))):
                slope = 1 - h[t - (how == "early")] ** 2
                if how == "after":
                    carried = (dh[t] + carried) @ W_hh.T * slope
                elif how == "late":
                    carried = carried * slope @ W_hh.T + dh[t]
                else:
                    carried = (dh[t] + carried) * slope @ W_hh.T
            return carried

        return gradient

    rng = np.random.default_rng(42)
    expect_function(
        answer,
        variant(),
        [
            (rng.normal(size=(H, H)), *_states(rng, T, B, H))
            for T, B, H in [(5, 2, 3), (5, 2, 3), (3, 1, 4), (1, 2, 3), (3, 2, 1)]
        ],
        mistakes=[
            (
                variant(transpose=False),
                "W_hh is not transposed. A gradient goes back through W_hh.T.",
            ),
            (variant(slope=""), "The slope 1 - h_t**2 of tanh is missing."),
            (
                misplaced("early"),
                "The slope at a step is that of its own state, h[t], not of the one before.",
            ),
            (
                misplaced("after"),
                "First the slope, then W_hh.T: the message passes the tanh before the matrix.",
            ),
            (
                misplaced("late"),
                "Add dh_direct[t] before the slope and the product: h_t acts on L directly, too.",
            ),
            (
                variant(slope="later"),
                "The slope 1 - h_t**2 belongs to both terms: add dh_direct[t] first, then multiply.",
            ),
            (
                variant(slope="own"),
                "The slope 1 - h_t**2 belongs to both terms: to what comes from the later step too.",
            ),
            (
                variant(last="a1"),
                "This is the gradient of the first pre-activation. One more product leads to h_0.",
            ),
            (
                variant(last="h1"),
                "This is dL/dh_1. One more step back, slope and product, leads to h_0.",
            ),
            (
                variant(add=False),
                "What arrives from the later steps is lost: add it to dh_direct[t].",
            ),
            (
                variant(backward=False),
                "You went from the first step to the last. Gradients come from the later step.",
            ),
            (
                variant(rounds=slice(-1)),
                "The first step is missing: go back through t = 0 of the arrays too.",
            ),
        ],
    )


def _running_gradient(answer):
    def measured(w, x, targets, h0):  # no chain rule: the weight moves in the imaginary direction
        h, loss, grads = h0, 0.0, []
        for x_t, target in zip(x, targets, strict=True):
            h = np.tanh((w + 1e-30j) * h + x_t)
            loss = loss + (h - target) ** 2 / 2
            grads.append(loss.imag / 1e-30)
        return np.array(grads)

    def variant(
        past=True,
        weight=True,
        slope=True,
        past_slope=True,
        late=False,
        error=True,
        running=True,
        overwritten=False,
        scale=1,
    ):
        def gradient(w, x, targets, h0):
            h, P, terms = h0, 0.0, []
            for x_t, target in zip(x, targets, strict=True):
                h_prev, h = h, np.tanh(w * h + x_t)
                old, factor = P, 1 - h**2 if slope else 1.0
                own = factor * (h if overwritten else h_prev)
                P = own + past * (factor if past_slope else 1.0) * (w if weight else 1.0) * P
                terms.append(scale * (h - target if error else 1.0) * (old if late else P))
            return np.cumsum(terms) if running else np.array(terms)

        return gradient

    rng = np.random.default_rng(43)
    expect_function(
        answer,
        measured,
        [
            (w, rng.normal(size=T), rng.normal(size=T), h0)
            for w, T, h0 in [(0.8, 6, 0.5), (-1.3, 6, -0.4), (0.9, 1, 0.7), (0.0, 3, 0.3)]
        ],
        rtol=1e-7,
        mistakes=[
            (
                variant(past=False),
                "This carries the immediate derivative alone: h_(t-1) depends on w too.",
            ),
            (
                variant(running=False),
                "These are the terms of single steps. The loss is a running sum: add them up.",
            ),
            (
                variant(weight=False),
                "The past enters through w * h_(t-1): the factor w is missing.",
            ),
            (variant(slope=False), "The slope 1 - h_t**2 of tanh is missing."),
            (variant(past_slope=False), "The slope 1 - h_t**2 multiplies the past term too."),
            (
                variant(overwritten=True),
                "The weight multiplied h_(t-1). Keep that state before you overwrite it.",
            ),
            (
                variant(late=True),
                "The loss of step t needs the derivative of h_t: update it before you use it.",
            ),
            (
                variant(error=False),
                "This adds up dh_t/dw. The derivative of each loss by h_t, its error, is missing.",
            ),
            (variant(scale=2), "Twice too large: the loss has a factor 1/2."),
            (
                lambda w, x, targets, h0: variant()(w, x, targets, h0) / np.arange(1, len(x) + 1),
                "The running loss is a sum, not a mean.",
            ),
        ],
    )


def _complex_step(answer):
    def gradient(f, w, still_moved=False):
        grad, moved = np.empty(w.shape), w.astype(complex)
        for index in np.ndindex(w.shape):
            moved[index] += 1e-30j
            grad[index] = f(moved).imag / 1e-30
            moved = moved if still_moved else w.astype(complex)
        return grad

    rng = np.random.default_rng(44)
    A = rng.normal(size=(3, 3))
    inputs = [
        (lambda w: np.sum(np.tanh(w @ A) ** 2), rng.normal(size=(2, 3))),
        (lambda w: np.sum(np.exp(w) * w[0]), rng.normal(size=(2, 3))),
        (lambda w: np.exp(-(w[0] ** 2)) * w[1], np.array([0.7, -1.9])),
        (lambda w: np.tanh(w[0]) * w[1] + w[0], np.array([0.0, 1.3])),
        (lambda w: np.sum(np.exp(w - 2 * w * w)), rng.normal(size=(2, 1, 3))),
        (lambda w: np.exp(w[0]) * w[0], np.array([0.6])),
    ]
    expect_function(
        answer,
        gradient,
        inputs,
        rtol=1e-3,
        mistakes=[
            (
                lambda f, w: np.zeros(w.shape),
                "All is 0, or nearly. Is your copy of w real, or is the division by the step missing?",
            ),
            (
                lambda f, w: np.full(w.shape, gradient(f, w).sum()),
                "All entries moved together. Move one at a time.",
            ),
            (
                lambda f, w: gradient(f, w).sum(),
                "This is the sum of the gradient. Return each entry, in the shape of w.",
            ),
            (
                lambda f, w: gradient(f, w, still_moved=True),
                "The entries before are still moved. Start from w for each entry.",
            ),
        ],
    )
    for f, w in inputs:
        right = gradient(f, w)
        error = np.abs(np.reshape(call(answer, f, w), w.shape) - right).max() / np.abs(right).max()
        if error > 1e-13:
            raise Hint(
                f"Off by {error:.0e} relative: differences, or too large a step, lose digits. Step "
                "by 1e-30 in the imaginary direction; then nothing is subtracted."
            )


def _leaky(answer):
    def variant(
        transpose=True,
        keep=True,
        slope=lambda a: 1 - np.tanh(a) ** 2,
        rows=True,
        alpha_on_tanh=True,
        eye=np.eye,
    ):
        def jacobian(W_hh, a, alpha):
            slopes = slope(a)
            W = W_hh.T if transpose else W_hh
            inner = slopes[:, None] * W if rows else W * slopes
            return keep * (1 - alpha) * eye(len(a)) + (alpha if alpha_on_tanh else 1) * inner

        return jacobian

    rng = np.random.default_rng(45)
    expect_function(
        answer,
        variant(),
        [
            (rng.normal(size=(H, H)), rng.normal(size=H), alpha)
            for H, alpha in [(3, 0.2), (3, 0.7), (4, 1.0), (2, 0.0), (1, 0.5)]
        ],
        mistakes=[
            (variant(keep=False), "The copied part is missing: (1 - alpha) times the identity."),
            (
                variant(eye=lambda n: np.ones((n, n))),
                "The copy feeds each entry from itself only: (1 - alpha) belongs on the diagonal.",
            ),
            (variant(slope=np.ones_like), "The slope 1 - tanh(a)**2 is missing."),
            (
                variant(slope=lambda a: 1 - a**2),
                "The slope is 1 - tanh(a)**2, not 1 - a**2: a goes into the tanh.",
            ),
            (
                variant(rows=False),
                "The slope belongs to the rows (entries of h_t), not to the columns.",
            ),
            (variant(alpha_on_tanh=False), "The factor alpha in front of the tanh is missing."),
            (variant(transpose=False), "W_hh is not transposed. The rows of J_t belong to h_t."),
            (
                lambda W_hh, a, alpha: variant()(W_hh, a, alpha).T,
                "This is the transposed Jacobian: its rows must belong to h_t, its columns to h_(t-1).",
            ),
        ],
    )


def _chunks(answer):
    def whole(cell, params, x, dh, window):
        _, _, cache = forward(cell, params, x)
        return backward(cell, params, dh, cache)[0]["W_hh"]

    def variant(
        carry_state=True,
        carry_gradient=False,
        whole_chunks=False,
        only_last=False,
        last_to_first=True,
    ):
        def gradient(cell, params, x, dh, window):
            stop = len(x) // window * window if whole_chunks else len(x)
            parts = [slice(a, min(a + window, stop)) for a in range(0, stop, window)]
            caches, state = [], None
            for part in parts:
                _, new_state, cache = forward(cell, params, x[part], state=state)
                state = new_state if carry_state else None
                caches.append(cache)
            grads, dstate = [], None
            order = -1 if last_to_first else 1
            for part, cache in list(zip(parts, caches, strict=True))[::order]:
                chunk, _, d = backward(cell, params, dh[part], cache, dstate=dstate)
                dstate = d if carry_gradient else None
                grads.append(chunk["W_hh"])
            return grads[-1] if only_last else sum(grads)

        return gradient

    rng = np.random.default_rng(46)
    inputs = []
    for T, B, D, H, window, activation in [
        (12, 2, 3, 4, 4, "tanh"),
        (12, 2, 3, 4, 3, "tanh"),
        (12, 2, 3, 4, 3, "relu"),
        (11, 1, 2, 3, 3, "tanh"),
        (5, 2, 3, 1, 1, "tanh"),
        (4, 2, 1, 3, 7, "tanh"),
    ]:
        cell = RNNCell(D, H, activation=activation)
        params = cell.init_params(rng)
        x, dh = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
        inputs.append((cell, params, x, dh, window))
    expect_function(
        answer,
        whole,
        inputs,
        rtol=1e-9,
        mistakes=[
            (
                variant(),
                "This is truncated BPTT: pass the dstate of the later chunk to the earlier one.",
            ),
            (
                variant(carry_state=False),
                "Neither state nor gradient crosses a border: each chunk starts from zero.",
            ),
            (
                variant(carry_state=False, carry_gradient=True),
                "The state does not cross the borders: pass it to the next forward.",
            ),
            (
                variant(carry_gradient=True, whole_chunks=True),
                "The last, shorter chunk is missing.",
            ),
            (
                variant(carry_gradient=True, only_last=True),
                "This is the gradient of the first chunk alone. Add up all chunks.",
            ),
            (
                variant(carry_gradient=True, last_to_first=False),
                "You went back from the first chunk to the last. Gradients come from the later chunk.",
            ),
        ],
    )

    lengths = []  # the number of steps in each call of forward

    class Watched(RNNCell):
        def check_params(self, params):  # once in each forward and backward
            lengths.append(0)
            return super().check_params(params)

        def step(self, *arrays):  # once in each step of forward
            lengths[-1] += 1
            return super().step(*arrays)

    cell, *others, window = inputs[1]
    call(answer, Watched(cell.input_size, cell.hidden_size), *others, window)
    longest = max(lengths, default=0)
    if longest != window:
        raise Hint(
            "The gradient is right, but the longest chunk that forward ran with the given cell "
            f"has the length {longest}, not window = {window}."
        )


def _backward(
    *, slope=True, summed=True, previous=True, carry=True, transpose=True, back=1.0, **factors
):
    def candidate(params, x, h0, h, dh):
        h_prev = np.concatenate([h0[None], h[:-1]])
        da, carried = np.empty_like(h), np.zeros_like(h0)
        for t in reversed(range(len(h))):
            da[t] = (dh[t] + carry * carried) * (1 - slope * h[t] ** 2)
            carried = back * da[t] @ (params["W_hh"].T if transpose else params["W_hh"])
        used = h_prev if previous else h
        steps = slice(None) if summed else slice(-1, None)
        grads = {
            "W_xh": np.einsum("tbi,tbk->ik", x, da),
            "W_hh": np.einsum("tbi,tbk->ik", used[steps], da[steps]),
            "b_h": da.sum(axis=(0, 1)),
            "x": da @ params["W_xh"].T,
            "h0": carried,
        }
        return {name: factors.get(name, 1.0) * grad for name, grad in grads.items()}

    return candidate


def _some_steps_back(steps):
    """A backward pass in which the loss of step t teaches ``steps`` steps, t the first of them."""

    def candidate(params, x, h0, h, dh):
        slopes, back = 1 - h**2, params["W_hh"].T
        da = part = dh * slopes
        for _ in range(steps - 1):
            part = np.concatenate([part[1:] @ back * slopes[:-1], np.zeros_like(part[:1])])
            da = da + part
        h_prev = np.concatenate([h0[None], h[:-1]])
        return {
            "W_xh": np.einsum("tbi,tbk->ik", x, da),
            "W_hh": np.einsum("tbi,tbk->ik", h_prev, da),
            "b_h": da.sum(axis=(0, 1)),
            "x": da @ params["W_xh"].T,
            "h0": da[0] @ back,
        }

    return candidate


def _zeros_for_h0(params, x, h0, h, dh):
    grads = _backward()(params, x, h0, h, dh)
    return {**grads, "W_hh": _backward()(params, x, 0 * h0, h, dh)["W_hh"]}


def _first_sequence_only(params, x, h0, h, dh):
    grads = _backward()(params, x, h0, h, dh)
    part = _backward()(params, x[:, :1], h0[:1], h[:, :1], dh[:, :1])
    return {**grads, "b_h": part["b_h"]}


def _changed(change, name):
    """A backward pass with something done to the gradient of one array."""

    def candidate(*args):
        grads = _backward()(*args)
        return {**grads, name: change(grads[name])}

    return candidate


def _without_row(grad, row):
    grad = grad.copy()
    grad[row] = 0
    return grad


def _checker(answer):
    right = {
        "the backward pass of this chapter": _backward(),
        "a right one that returns its results in another order": lambda *args: dict(
            reversed(_backward()(*args).items())
        ),
    }
    wrong = {
        "forgets the slope of tanh": _backward(slope=False),
        "has the sign of the gradient of W_hh wrong": _backward(W_hh=-1.0),
        "forgets the sum over t in the gradient of W_hh": _backward(summed=False),
        "uses h_t for h_(t-1)": _backward(previous=False),
        "drops what arrives from later steps": _backward(carry=False),
        "does not transpose W_hh": _backward(transpose=False),
        "sums b_h over one sequence of the batch only": _first_sequence_only,
        "teaches two steps back from each loss, no further": _some_steps_back(2),
        "teaches four steps back from each loss, no further": _some_steps_back(4),
        "takes zeros for h0 in the gradient of W_hh": _zeros_for_h0,
    }
    for name in ("W_xh", "W_hh", "b_h", "x", "h0"):
        wrong[f"is 1 % too large in the gradient of {name} alone"] = _backward(**{name: 1.01})
        for row, which in [(0, "first"), (-1, "last")]:
            what = f"leaves the {which} row of the gradient of {name} at zero"
            wrong[what] = _changed(lambda g, row=row: _without_row(g, row), name)
        wrong[f"has the rows of the gradient of {name} in reversed order"] = _changed(
            lambda g: g[::-1], name
        )
    for what, candidate in right.items():
        if not _verdict(answer, candidate):
            raise Hint(f"You refused {what}. Compare with differences, within about 1e-6.")
    for what, candidate in wrong.items():
        if _verdict(answer, candidate):
            raise Hint(f"You accepted a backward pass that {what}. Which test would show that?")


def _verdict(answer, candidate):
    verdict = call(answer, candidate)
    if not isinstance(verdict, bool | np.bool_):
        raise Hint(f"Return True or False, not {type(verdict).__name__} {str(verdict)[:40]!r}.")
    return bool(verdict)


def _far_back(answer):
    def cosines(p, h, dy, name="W_hh", cosine=True):
        """For K = 1, 2, ...: how the gradient from the lags below K compares with the full one."""
        before = {"W_hh": np.concatenate([p["h0"][None], h[:-1]]), "W_xh": p["x"], "now": h}[name]
        back, slopes = p["W_hh"].T, 1 - h**2
        by_lag = []
        part = dy @ p["W_hy"].T * slopes  # dL/da of the losses exactly `lag` steps later
        for _ in range(len(h)):
            by_lag.append(np.einsum("tbi,tbk->ik", before, part))
            part = np.concatenate([part[1:] @ back * slopes[:-1], np.zeros_like(part[:1])])
        cut, full = np.cumsum(by_lag, axis=0), sum(by_lag)
        if not cosine:
            return np.linalg.norm(cut, axis=(1, 2)) / np.linalg.norm(full)
        return (
            np.sum(cut * full, axis=(1, 2))
            / np.linalg.norm(cut, axis=(1, 2))
            / np.linalg.norm(full)
        )

    def first(p, h, dy, threshold, **options):
        reached = cosines(p, h, dy, **options) >= threshold
        return int(np.argmax(reached)) + 1 if reached.any() else len(h)

    def from_top(p, h, dy, threshold):
        """The end of a search from K = T down to the first that fails, or by halving."""
        fails = np.nonzero(cosines(p, h, dy) < threshold)[0]
        return int(fails.max(initial=-1)) + 2

    def below(p, h, dy, threshold):
        reached = cosines(p, h, dy) <= threshold
        return int(np.argmax(reached)) + 1 if reached.any() else len(h)

    rng = np.random.default_rng(47)

    def draw(scale, threshold, T=10, B=2):
        D, H, V = 2, 5, 2
        shapes = {"W_xh": (D, H), "b_h": (H,), "W_hy": (H, V), "b_y": (V,), "x": (T, B, D)}
        p = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        p |= {"h0": rng.normal(size=(B, H))}
        p |= {"W_hh": scale * rng.normal(size=(H, H)) / np.sqrt(H)}
        h = forward(RNNCell(D, H), p, p["x"], state=p["h0"])[0]
        return p, h, rng.normal(size=(T, B, V)), threshold

    inputs = [draw(*case) for case in [(0.6, 0.9), (1.4, 0.99), (1.1, 0.95), (0.9, 0.999)] * 3]
    while len(inputs) < 14:  # in two, a longer K fails although a shorter one passes
        case = draw(1.8, 0.8)
        if first(*case) < from_top(*case):
            inputs.append(case)
    inputs += [draw(1.1, 0.9, T=1), draw(1.1, 0.9, B=1), draw(1.4, 1 - 1e-12)]
    expect_function(
        answer,
        first,
        inputs,
        mistakes=[
            (
                lambda *args: first(*args) + 1,
                "One too many: with K - 1 steps the cosine reaches the threshold. K = 1 keeps lag 0.",
            ),
            (
                lambda *args: first(*args) - 1,
                "One too few: K counts steps, so the longest lag that is kept is K - 1.",
            ),
            (
                lambda *args: first(*args, cosine=False),
                "You compared lengths. The cosine is the inner product over both lengths.",
            ),
            (
                lambda *args: first(*args, name="W_xh"),
                "This is the answer for W_xh. The gradient of W_hh multiplies da_t by h_(t-1).",
            ),
            (lambda *args: first(*args, name="now"), "W_hh acted on h_(t-1), not on h_t."),
            (
                from_top,
                "From your K on, all pass. But a shorter K may pass where a longer one fails: try "
                "K = 1, 2, 3, ... in turn.",
            ),
            (
                below,
                "You stopped at the first K below the threshold. Stop at the first one above.",
            ),
        ],
    )


def _which_factor(answer):
    if not callable(answer):
        raise Hint(f"Expected a function, got {describe(answer)}.")
    rng = np.random.default_rng(48)
    named = {"right": 1, "T": 6, "B": 3, "T B": 18, "2": 2, "sign": -1, "1/T": 1 / 6}

    def measured(*shape):
        numeric = rng.normal(size=shape)
        numeric.flat[:: 1 + numeric.size // 2] *= 1e-9 if numeric.size > 1 else 1.0
        return numeric

    def noise(numeric):  # what rounding does to a difference quotient
        return numeric + 1e-8 * abs(numeric).max() * rng.normal(size=numeric.shape)

    small = "Entries near 0 have no digits in a difference quotient: compare with the largest one."
    each = "A factor must fit in every entry, not on average."
    cases = []  # why an answer fails here, the arguments, the right answer
    for key, factor in named.items():
        numeric = measured(4, 5)
        cases.append((small, factor * numeric, noise(numeric), named, key))
    numeric = measured(4, 5)
    numeric[1] = 0
    cases.append(("An entry of both arrays may be 0.", 3 * numeric, numeric, named, "B"))
    cases.append(("An array may have one entry.", np.array([-0.3]), np.array([0.3]), named, "sign"))
    other = {"right": 1, "T": 9, "B": 2, "V": 5}
    numeric = measured(3, 2, 2)
    of_other = "The numbers stand in `factors`; they are not always the same."
    cases.append((of_other, 9 * numeric, noise(numeric), other, "T"))
    cases.append((of_other, 2 * numeric, noise(numeric), other, "B"))
    cases.append(("No key has this number.", 6 * numeric, noise(numeric), other, "none"))
    rows = np.linspace(1.5, 2.5, 4)[:, None]  # the mean of the ratios is 2
    numeric = np.ones((4, 3)) * rng.normal(size=3)
    cases.append((each, rows * numeric, numeric, named, "none"))
    cases.append((each, 2 * numeric[:, ::-1], numeric, named, "none"))  # norms and sums differ by 2
    numeric = rng.normal(size=(3, 4))
    last = np.concatenate([numeric[:-1], 0 * numeric[-1:]])
    cases.append((each, last, numeric, named, "none"))
    cases.append((each, np.array([2.0, 2.0, 2.02]), np.ones(3), named, "none"))
    tiny = "Small gradients are gradients, too: the tolerance is relative to the largest entry."
    cases.append((tiny, 3e-6 * numeric, noise(1e-6 * numeric), named, "B"))
    zero = "Where the numeric gradient is 0, no factor makes an analytic one that is not."
    cases.append((zero, np.array([1.0, 0.5, 2.0]), np.array([1.0, 0.0, 2.0]), named, "none"))
    special = {
        ("T", "1/T"): "The factor is analytic over numeric.",
        ("sign", "right"): "Minus one is a factor too: keep the sign.",
    }
    for why, analytic, numeric, factors, right in cases:
        got = call(answer, analytic, numeric, factors)
        if not isinstance(got, str):
            raise Hint(f"Return a key of `factors`, or 'none', not {describe(got)}.")
        if got != right:
            why = special.get((right, got), why)
            raise Hint(f"You said {got!r} where {right!r} is right. {why}")


def _locate(answer):
    if not callable(answer):
        raise Hint(f"Expected a function, got {describe(answer)}.")

    def returns_da(params, x, h0, h, dh):
        grads = _backward()(params, x, h0, h, dh)
        part = _backward()(params, x[1:], h[0], h[1:], dh[1:]) if len(h) > 1 else {"h0": 0 * h0}
        return {**grads, "h0": (dh[0] + part["h0"]) * (1 - h[0] ** 2)}

    why = {
        0: "Nothing is wrong in it. Compare within about 1e-6.",
        1: "With one step nothing shows, as nothing comes from later. With two, every array is off.",
        2: "Every array is off, with one step already.",
        3: "With one step h0 alone is off. With two or more, da of the earlier steps is off too.",
        4: "W_hh alone is off, perhaps only with two steps, perhaps only where h0 is not zero.",
        5: "h0 alone is off, with one step and with more.",
    }
    candidates = [
        ("forgets the slope of tanh", 2, _backward(slope=False)),
        ("drops what arrives from later steps", 1, _backward(carry=False)),
        ("takes half of what arrives from later steps", 1, _backward(carry=0.5)),
        ("has 1 + h_t² as the slope of tanh", 2, _backward(slope=-1)),
        ("does not transpose W_hh", 3, _backward(transpose=False)),
        ("sends 1 % too much back to the step before", 3, _backward(back=1.01)),
        ("uses h_t for h_(t-1)", 4, _backward(previous=False)),
        ("keeps one step of the sum over t alone", 4, _backward(summed=False)),
        ("takes zeros for h0 in the gradient of W_hh", 4, _zeros_for_h0),
        ("is 1 % too large in the gradient of W_hh", 4, _backward(W_hh=1.01)),
        ("returns zeros for h0", 5, _backward(h0=0.0)),
        ("returns da of the first step for h0", 5, returns_da),
        ("is right", 0, _backward()),
    ]
    for what, line, candidate in candidates:
        got = as_whole_number(call(answer, candidate), "line")
        if got != line:
            raise Hint(f"A backward pass that {what}: line {line}, and you said {got}. {why[line]}")


CHECKS = {
    "bptt-1": _terms,
    "bptt-2": _two_derivatives,
    "bptt-3": _initial_state,
    "bptt-4": _running_gradient,
    "bptt-5": _complex_step,
    "bptt-6": _leaky,
    "bptt-7": _chunks,
    "bptt-8": _checker,
    "bptt-9": _far_back,
    "bptt-10": _which_factor,
    "bptt-11": _locate,
}
