"""Checks of chapter 4, backpropagation through time."""

import numpy as np

from rnncore import RNNCell, backward, forward
from rnncore.exercises import Hint, call, expect_function


def _terms(answer):
    def pairs(T, lag):
        return sum(t - s >= lag for t in range(1, T + 1) for s in range(1, t + 1))

    expect_function(
        answer,
        pairs,
        [(12, 0), (12, 5), (7, 1), (4, 9)],
        mistakes={
            "You counted ordered pairs. Only s <= t counts: no step teaches a later one.": (
                lambda T, lag: T * T - (pairs(T, 0) - pairs(T, lag))
            ),
            "This is the number of pairs exactly `lag` apart. Add the larger lags.": lambda T, lag: (
                max(T - lag, 0)
            ),
            "Count the pairs at the distance `lag` itself too.": lambda T, lag: pairs(T, lag + 1),
            "No pair is further apart than T - 1 steps: the answer is 0 there.": lambda T, lag: (
                (T - lag) * (T - lag + 1) // 2
            ),
        },
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
    inputs = [(w, rng.normal(size=T), h0) for w, T, h0 in [(0.8, 5, 0.5), (-1.3, 3, -0.4)]]
    inputs.append((0.6, np.array([0.2, -0.1]), 0.0))  # the immediate derivative of step 1 is zero
    mistakes = {
        "This total is immediate: h_(t-1) depends on w too.": variant(past=False),
        "The two are swapped: return (immediate, total).": variant(swap=True),
        "The weight multiplies the state before: h_(t-1), not h_t.": variant(late=True),
        "The slope 1 - h_t**2 of tanh is missing.": variant(slope=False),
        "In the total, the slope 1 - h_t**2 multiplies the past term w * dh_(t-1)/dw too.": (
            variant(past_slope=False)
        ),
        "The past enters through w * h_(t-1): the factor w is missing.": variant(weight=False),
        "You added the immediate derivatives. Each must pass the Jacobians of the later steps.": (
            variant(all_steps=True)
        ),
    }
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

    rng = np.random.default_rng(42)
    expect_function(
        answer,
        variant(),
        [(rng.normal(size=(H, H)), *_states(rng, T, B, H)) for T, B, H in [(5, 2, 3), (3, 1, 4)]],
        mistakes={
            "W_hh is not transposed. A gradient goes back through W_hh.T.": variant(
                transpose=False
            ),
            "The slope 1 - h_t**2 of tanh is missing.": variant(slope=""),
            "The slope 1 - h_t**2 belongs to both terms: add dh_direct[t] first, then multiply.": (
                variant(slope="later")
            ),
            "The slope 1 - h_t**2 belongs to both terms: to what comes from the later step too.": (
                variant(slope="own")
            ),
            "This is the gradient of the first pre-activation. One more product leads to h_0.": (
                variant(last="a1")
            ),
            "This is dL/dh_1. One more step back, slope and product, leads to h_0.": variant(
                last="h1"
            ),
            "What arrives from the later steps is lost: add it to dh_direct[t].": variant(
                add=False
            ),
            "You went from the first step to the last. Gradients come from the later step.": variant(
                backward=False
            ),
            "The first step is missing: go back through t = 0 of the arrays too.": variant(
                rounds=slice(-1)
            ),
        },
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
            for w, T, h0 in [(0.8, 6, 0.5), (-1.3, 4, -0.4)]
        ],
        rtol=1e-7,
        mistakes={
            "This carries the immediate derivative alone: h_(t-1) depends on w too.": variant(
                past=False
            ),
            "These are the terms of single steps. The loss is a running sum: add them up.": variant(
                running=False
            ),
            "The past enters through w * h_(t-1): the factor w is missing.": variant(weight=False),
            "The slope 1 - h_t**2 of tanh is missing.": variant(slope=False),
            "The slope 1 - h_t**2 multiplies the past term too.": variant(past_slope=False),
            "The weight multiplied h_(t-1). Keep that state before you overwrite it.": variant(
                overwritten=True
            ),
            "The loss of step t needs the derivative of h_t: update it before you use it.": variant(
                late=True
            ),
            "This adds up dh_t/dw. The derivative of each loss by h_t, its error, is missing.": (
                variant(error=False)
            ),
            "Twice too large: the loss has a factor 1/2.": variant(scale=2),
            "The running loss is a sum, not a mean.": lambda w, x, targets, h0: (
                variant()(w, x, targets, h0) / np.arange(1, len(x) + 1)
            ),
        },
    )


def _complex_step(answer):
    rng = np.random.default_rng(44)
    A = rng.normal(size=(3, 3))
    cases = [
        (lambda w: np.sum(np.tanh(w @ A) ** 2), rng.normal(size=(2, 3))),
        (lambda w: np.exp(-(w[0] ** 2)) * w[1], np.array([0.7, -1.9])),
    ]

    def step(f, w, take, eps):
        grad = np.empty(w.shape)
        for index in np.ndindex(w.shape):
            unit = np.zeros(w.shape)
            unit[index] = eps
            grad[index] = take(f, w, unit, eps)
        return grad

    for f, w in cases:
        right = step(f, w, lambda f, w, u, eps: f(w + 1j * u).imag / eps, 1e-30)
        got = np.asarray(call(answer, f, w))
        if got.dtype.kind in "fc" and got.size and np.allclose(got, right.sum(), rtol=1e-3):
            raise Hint("This is the sum of the gradient: all entries moved. Move one at a time.")
        if got.shape != w.shape:
            raise Hint(f"The gradient must have the shape {w.shape} of w, got {got.shape}.")
        if np.iscomplexobj(got):
            raise Hint("The gradient is a real array. Take the imaginary part before you store it.")
        got = got.astype(float)
        error = np.abs(got - right).max() / np.abs(right).max()
        if error <= 1e-13:
            continue
        if not got.any():
            raise Hint("Everything is 0: the imaginary step was lost. Is your copy of w real?")
        if np.abs(got).max() < 1e-6 * np.abs(right).max():
            raise Hint("These numbers are far too small. Divide the imaginary part by the step.")
        if error < 1e-3:
            raise Hint(
                f"Off by {error:.0e} relative: differences, or too large a step, lose digits. Step "
                "by 1e-30 in the imaginary direction; then nothing is subtracted."
            )
        if np.allclose(got.ravel(), np.cumsum(right), rtol=1e-3):
            raise Hint("The entries before are still moved. Start from w for each entry.")
        raise Hint(f"The gradient is off by {error:.1e}, relative to its largest entry.")


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
        [(rng.normal(size=(H, H)), rng.normal(size=H), alpha) for H, alpha in [(3, 0.2), (4, 0.7)]],
        mistakes={
            "The copied part is missing: (1 - alpha) times the identity.": variant(keep=False),
            "The copy feeds each entry from itself only: (1 - alpha) belongs on the diagonal.": variant(
                eye=lambda n: np.ones((n, n))
            ),
            "The slope 1 - tanh(a)**2 is missing.": variant(slope=np.ones_like),
            "The slope is 1 - tanh(a)**2, not 1 - a**2: a goes into the tanh.": variant(
                slope=lambda a: 1 - a**2
            ),
            "The slope belongs to the rows (entries of h_t), not to the columns.": variant(
                rows=False
            ),
            "The factor alpha in front of the tanh is missing.": variant(alpha_on_tanh=False),
            "W_hh is not transposed. The rows of J_t belong to h_t.": variant(transpose=False),
            "This is the transposed Jacobian: its rows must belong to h_t, its columns to h_(t-1).": (
                lambda W_hh, a, alpha: variant()(W_hh, a, alpha).T
            ),
        },
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
    for T, B, D, H, window in [(12, 2, 3, 4, 4), (11, 1, 2, 3, 3)]:
        cell = RNNCell(D, H)
        params = cell.init_params(rng)
        x, dh = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
        inputs.append((cell, params, x, dh, window))
    expect_function(
        answer,
        whole,
        inputs,
        rtol=1e-9,
        mistakes={
            "This is truncated BPTT: pass the dstate of the later chunk to the earlier one.": variant(),
            "Neither state nor gradient crosses a border: each chunk starts from zero.": variant(
                carry_state=False
            ),
            "The state does not cross the borders: pass it to the next forward.": variant(
                carry_state=False, carry_gradient=True
            ),
            "The last, shorter chunk is missing.": variant(carry_gradient=True, whole_chunks=True),
            "This is the gradient of the first chunk alone. Add up all chunks.": variant(
                carry_gradient=True, only_last=True
            ),
            "You went back from the first chunk to the last. Gradients come from the later chunk.": (
                variant(carry_gradient=True, last_to_first=False)
            ),
        },
    )

    lengths = []  # the number of steps in each call of forward

    class Watched(RNNCell):
        def check_params(self, params):  # once in each forward and backward
            lengths.append(0)
            return super().check_params(params)

        def step(self, *arrays):  # once in each step of forward
            lengths[-1] += 1
            return super().step(*arrays)

    cell, *others, window = inputs[0]
    call(answer, Watched(cell.input_size, cell.hidden_size), *others, window)
    if max(lengths, default=0) > window:
        raise Hint(
            f"The gradient is right, but one call of forward ran {max(lengths)} steps. Give it no more "
            f"than window = {window}."
        )


def _backward(
    *, slope=True, summed=True, previous=True, carry=True, transpose=True, lost=None, scale=1.0
):
    def candidate(params, x, h0, h, dh):
        h_prev = np.concatenate([h0[None], h[:-1]])
        da, carried = np.empty_like(h), np.zeros_like(h0)
        for t in reversed(range(len(h))):
            da[t] = (dh[t] + carry * carried) * (1 - h[t] ** 2 if slope else 1.0)
            carried = da[t] @ (params["W_hh"].T if transpose else params["W_hh"])
        used = h_prev if previous else h
        steps = slice(None) if summed else slice(-1, None)
        grads = {
            "W_xh": np.einsum("tbi,tbk->ik", x, da),
            "W_hh": np.einsum("tbi,tbk->ik", used[steps], da[steps]),
            "b_h": da.sum(axis=(0, 1)),
            "x": da @ params["W_xh"].T,
            "h0": carried,
        }
        if lost is not None:
            grads[lost] = np.zeros_like(grads[lost])
        return {name: scale * grad for name, grad in grads.items()}

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


def _checker(answer):
    right = {
        "the backward pass of this chapter": _backward(),
        "a right one that returns its results in another order": lambda *args: dict(
            reversed(_backward()(*args).items())
        ),
    }
    wrong = {
        "forgets the slope of tanh": _backward(slope=False),
        "forgets the sum over t in the gradient of W_hh": _backward(summed=False),
        "uses h_t for h_(t-1)": _backward(previous=False),
        "drops what arrives from later steps": _backward(carry=False),
        "does not transpose W_hh": _backward(transpose=False),
        "loses the gradient of h0": _backward(lost="h0"),
        "loses the gradient of x": _backward(lost="x"),
        "loses the gradient of b_h": _backward(lost="b_h"),
        "sums b_h over one sequence of the batch only": _first_sequence_only,
        "teaches two steps back from each loss, no further": _some_steps_back(2),
        "teaches four steps back from each loss, no further": _some_steps_back(4),
        "takes zeros for h0 in the gradient of W_hh": _zeros_for_h0,
        "is 1 % too large": _backward(scale=1.01),
    }
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

    def first(p, h, dy, threshold, shift=0, **options):
        reached = cosines(p, h, dy, **options) >= threshold
        return int(np.argmax(reached)) + 1 + shift if reached.any() else len(h)

    def from_top(p, h, dy, threshold):
        """The end of a search that starts at K = T and stops before the first K that fails."""
        fails = np.nonzero(cosines(p, h, dy) < threshold)[0]
        return int(fails.max(initial=-1)) + 2

    def angle(p, h, dy, threshold):
        return int(np.argmax(cosines(p, h, dy) <= threshold)) + 1

    rng = np.random.default_rng(47)

    def draw(scale, threshold):
        T, B, D, H, V = 10, 2, 2, 5, 2
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
    expected = [first(*args) for args in inputs]
    got = [call(answer, *args) for args in inputs]
    if not all(isinstance(k, int | np.integer) and not isinstance(k, bool) for k in got):
        raise Hint(f"Return K, a whole number, not {type(got[0]).__name__} {str(got[0])[:40]!r}.")
    if got == expected:
        return
    mistakes = {
        "One too many: with K - 1 steps the cosine reaches the threshold. K = 1 keeps lag 0.": {
            "shift": 1
        },
        "One too few: K counts steps, so the longest lag that is kept is K - 1.": {"shift": -1},
        "You compared lengths. The cosine is the inner product over both lengths.": {
            "cosine": False
        },
        "This is the answer for W_xh. The gradient of W_hh multiplies da_t by h_(t-1).": {
            "name": "W_xh"
        },
        "W_hh acted on h_(t-1), not on h_t.": {"name": "now"},
    }
    for hint, options in mistakes.items():
        if got == [first(*args, **options) for args in inputs]:
            raise Hint(hint)
    if got == [from_top(*args) for args in inputs]:
        raise Hint(
            "You came from the longest K down and stopped where the cosine first fell below. A "
            "shorter K may pass again: start from K = 1."
        )
    if got == [angle(*args) for args in inputs]:
        raise Hint("You stopped at the first K below the threshold. Stop at the first one above.")
    case = next(i for i, (a, b) in enumerate(zip(got, expected, strict=True)) if a != b)
    raise Hint(
        f"In {sum(a != b for a, b in zip(got, expected, strict=True))} of {len(inputs)} cases K is "
        f"wrong; in one with threshold {inputs[case][3]} yours is {got[case]}."
    )


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
}
