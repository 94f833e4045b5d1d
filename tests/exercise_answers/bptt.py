"""Answers to the exercises of chapter 4."""

import numpy as np

from exercise_answers import Answers
from rnncore import RNNCell, backward, forward


def unit_derivatives(w, x, h0, *, w_factor=True, past=True, start=0.0):
    h, total = h0, start
    for x_t in x:
        new = np.tanh(w * h + x_t)
        immediate = (1 - new**2) * h
        total = immediate + past * (1 - new**2) * (w if w_factor else 1) * total
        h = new
    return [immediate, total]


def sum_of_immediates(w, x, h0):
    h, terms = h0, []
    for x_t in x:
        new = np.tanh(w * h + x_t)
        terms.append((1 - new**2) * h)
        h = new
    return terms[-1], sum(terms)


def with_h_now(w, x, h0):
    h, total = h0, 0.0
    for x_t in x:
        h = np.tanh(w * h + x_t)
        immediate = (1 - h**2) * h
        total = immediate + (1 - h**2) * w * total
    return immediate, total


def without_past_slope(w, x, h0):
    h, total = h0, 0.0
    for x_t in x:
        h, before = np.tanh(w * h + x_t), h
        immediate = (1 - h**2) * before
        total = immediate + w * total
    return immediate, total


def slope_on_one_term(W_hh, h, dh, *, own):
    carried = np.zeros_like(h[0])
    for t in range(len(h) - 1, -1, -1):
        slope = 1 - h[t] ** 2
        carried = (dh[t] * slope + carried if own else dh[t] + carried * slope) @ W_hh.T
    return carried


def to_h0(W_hh, h, dh, back=lambda W: W.T, slope=True):
    da = np.zeros_like(h[0])
    for h_t, dh_t in zip(h[::-1], dh[::-1], strict=True):
        da = (dh_t + da @ back(W_hh)) * (1 - h_t * h_t if slope else 1)
    return da @ back(W_hh)


def running(w, x, targets, h0, *, past=1, factor=None, error=True):
    """Backward through time for each t: the loss of the steps up to t."""
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(w * hs[-1] + x_t))
    grads = []
    for t in range(1, len(x) + 1):
        grad = carried = 0.0
        for s in range(t, 0, -1):
            own = hs[s] - targets[s - 1] if error else 1.0
            da = (own + past * carried) * (1 - hs[s] ** 2)
            carried = da * (w if factor is None else factor)
            grad += da * hs[s - 1]
        grads.append(grad)
    return np.array(grads)


def running_with_old(w, x, targets, h0):
    h, P, grads, grad = h0, 0.0, [], 0.0
    for x_t, target in zip(x, targets, strict=True):
        new = np.tanh(w * h + x_t)
        grad += (new - target) * P
        P = (1 - new**2) * (h + w * P)
        h = new
        grads.append(grad)
    return np.array(grads)


def overwritten(w, x, targets, h0, *, keep=False, past_slope=True):
    h, P, grads, grad = h0, 0.0, [], 0.0
    for x_t, target in zip(x, targets, strict=True):
        before, h = h, np.tanh(w * h + x_t)
        slope = 1 - h**2
        P = slope * (before if keep else h) + (slope if past_slope else 1.0) * w * P
        grad += (h - target) * P
        grads.append(grad)
    return np.array(grads)


def reach(p, h, dy, threshold, *, used=None, start=0, rule=None):
    """The gradient of W_hh for each K from a backward pass for each pair of a loss and a step."""
    T = len(h)
    before = np.concatenate([p["h0"][None], h[:-1]]) if used is None else used(p, h)
    full = np.zeros((T, before.shape[-1], h.shape[-1]))  # by lag
    for t in range(T):
        dh = dy[t] @ p["W_hy"].T
        for s in range(t, -1, -1):
            da = dh * (1 - h[s] ** 2)
            full[t - s] += before[s].T @ da
            dh = da @ p["W_hh"].T
    for K in range(1, T + 1):
        cut, whole = full[:K].sum(0), full.sum(0)
        if rule is None:
            reached = np.sum(cut * whole) >= threshold * np.linalg.norm(cut) * np.linalg.norm(whole)
        else:
            reached = rule(cut, whole, threshold)
        if reached:
            return K + start
    return T


def difference(f, w, eps=1e-6):
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        e = np.zeros(w.shape)
        e[i] = eps
        grad[i] = (f(w + e) - f(w - e)) / (2 * eps)
    return grad


def imaginary(f, w, eps=1e-20, divide=True):
    flat = []
    for k in range(w.size):
        e = np.zeros(w.size, complex)
        e[k] = 1j * eps
        flat.append(np.imag(f(w + e.reshape(w.shape))) / (eps if divide else 1))
    return np.reshape(flat, w.shape)


def reach_from_top(p, h, dy, threshold):
    verdicts = []  # for K = 1, 2, ..., T; the rule records and never stops

    def rule(cut, whole, threshold):
        length = np.linalg.norm(cut) * np.linalg.norm(whole)
        verdicts.append(np.sum(cut * whole) >= threshold * length)
        return False

    K = reach(p, h, dy, threshold, rule=rule)
    while K > 1 and verdicts[K - 2]:
        K -= 1
    return K


def all_at_once(f, w):
    return np.full(w.shape, np.imag(f(w + 1e-20j)) / 1e-20)


def never_put_back(f, w):
    moved, grad = w.astype(complex), np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        moved[i] += 1e-20j
        grad[i] = np.imag(f(moved)) / 1e-20
    return grad


def with_a_real_copy(f, w):
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        moved = w.copy()
        moved[i] += np.real(1e-30j)  # what NumPy keeps of it, with a warning
        grad[i] = np.imag(f(moved)) / 1e-30
    return grad


def leaky(W_hh, a, alpha):
    return np.diag(np.full(len(a), 1 - alpha)) + alpha * np.diag(1 / np.cosh(a) ** 2) @ W_hh.T


def in_other_order(W_hh, h, dh, order):
    message = 0 * h[0]
    for t in range(len(h) - 1, -1, -1):
        slope = 1 - (h[t - 1] if order == "h of before" else h[t]) ** 2
        if order == "slope last":
            message = ((dh[t] + message) @ W_hh.T) * slope
        elif order == "own last":
            message = (message * slope) @ W_hh.T + dh[t]
        else:
            message = ((dh[t] + message) * slope) @ W_hh.T
    return message


def to_h1(W_hh, h, dh):
    return dh[0] + to_h0(W_hh, h[1:], dh[1:])


def chunked(cell, params, x, dh, window, *, state=True, gradient=True, order=-1):
    ends = list(range(window, len(x), window))
    caches, carried = [], None
    for part in np.split(x, ends):
        _, carried, cache = forward(cell, params, part, state=carried if state else None)
        caches.append(cache)
    total, d = np.zeros_like(params["W_hh"]), None
    for part, cache in list(zip(np.split(dh, ends), caches, strict=True))[::order]:
        grads, _, d = backward(cell, params, part, cache, dstate=d if gradient else None)
        total += grads["W_hh"]
    return total


def results(candidate):
    """What a candidate returns for one step of one unit."""
    one = np.ones((1, 1, 1))
    params = {"W_xh": one[0], "W_hh": one[0], "b_h": one[0, 0]}
    return candidate(params, one, one[0], np.tanh(3 * one), one)


def checker(
    candidate,
    *,
    T=6,
    B=3,
    names=("W_xh", "W_hh", "b_h", "x", "h0"),
    tied=False,
    atol=1e-6,
    h0=1,
    of=np.asarray,
):
    rng = np.random.default_rng(9)
    cell = RNNCell(2, 3)
    q = {
        "W_xh": rng.normal(size=(2, 3)),
        "W_hh": rng.normal(size=(3, 3)),
        "b_h": rng.normal(size=3),
    }
    if tied:
        q["W_hh"] = np.eye(3)
    q |= {"x": rng.normal(size=(T, B, 2)), "h0": h0 * rng.normal(size=(B, 3))}
    dh = rng.normal(size=(T, B, 3))
    h = forward(cell, q, q["x"], state=q["h0"])[0]
    grads = candidate({k: q[k] for k in ("W_xh", "W_hh", "b_h")}, q["x"], q["h0"], h, dh)
    for name in names:
        numeric = difference(
            lambda v, n=name: np.sum(
                dh
                * forward(
                    cell, {**q, n: v}, v if n == "x" else q["x"], state=v if n == "h0" else q["h0"]
                )[0]
            ),
            q[name],
        )
        if not np.allclose(of(grads[name]), of(numeric), atol=atol):
            return False
    return True


def which_factor(analytic, numeric, factors, *, near=None):
    """The number that least squares finds, and whether it explains all."""
    for key, factor in factors.items():
        if near is None:
            fits = abs(analytic - factor * numeric).max() <= 1e-4 * abs(analytic).max()
        else:
            fits = near(analytic, numeric, factor)
        if fits:
            return key
    return "none"


def absolutely(analytic, numeric, factor):
    return np.allclose(analytic, factor * numeric, rtol=1e-4, atol=1e-4)


def by_entry(analytic, numeric, factor):
    with np.errstate(all="ignore"):
        return np.allclose(analytic / numeric, factor, rtol=1e-4)


def by_entry_but_zeros(analytic, numeric, factor):
    used = abs(numeric) > 1e-6
    return np.allclose(analytic[used] / numeric[used], factor, rtol=1e-4)


def on_average(analytic, numeric, factor):
    used = abs(numeric) > 1e-6
    return abs(np.mean(analytic[used] / numeric[used]) - factor) < 1e-3


def by_norm(analytic, numeric, factor):
    return abs(np.linalg.norm(analytic) / np.linalg.norm(numeric) - factor) < 1e-3


def by_largest(analytic, numeric, factor):
    k = abs(analytic).argmax()
    return abs(analytic.flat[k] / numeric.flat[k] - factor) < 1e-3


def wrong_arrays(candidate, T, *, h0=1.0, atol=1e-6):
    """Which arrays one candidate gets wrong, in sequences of T steps."""
    names = ("W_xh", "W_hh", "b_h", "x", "h0")
    return {n for n in names if not checker(candidate, T=T, names=[n], h0=h0, atol=atol)}


def locate(candidate, *, short=1, long=6, **options):
    one, many = (wrong_arrays(candidate, T, **options) for T in (short, long))
    if one == {"h0"}:
        return 5 if many == {"h0"} else 3
    if "b_h" in one:
        return 2
    if "b_h" in many:
        return 1
    return 4 if many else 0


ANSWERS = {
    "bptt-1": Answers(
        right=lambda T, lag: sum(T - d for d in range(lag, T)),
        wrong=[
            (lambda T, lag: T - lag if lag < T else 0, "exactly"),
            (lambda T, lag: sum(T - d for d in range(lag + 1, T)), "itself too"),
            (lambda T, lag: sum(T - d for d in range(max(lag, 1), T)), "it is 1"),
            (lambda T, lag: (T - lag) * (T - lag + 1) // 2, "the answer is 0"),
            (
                lambda T, lag: sum(abs(t - s) >= lag for t in range(T) for s in range(T)),
                "teaches no later one",
            ),
            (lambda T, lag: T * (T + 1) // 2, "off by"),
        ],
        edges={
            "all pairs": lambda T, lag: lag == 0 and T > 1,
            "the first and the last step": lambda T, lag: lag == T - 1 > 0,
            "a lag of T": lambda T, lag: lag == T,
            "one step": lambda T, lag: T == 1,
        },
        promises=[
            ("The lag may be larger than $T$", lambda T, lag: (T - lag) * (T - lag + 1) // 2),
        ],
    ),
    "bptt-2": Answers(
        right=lambda w, x, h0: tuple(unit_derivatives(w, x, h0)),
        wrong=[
            (lambda w, x, h0: tuple(unit_derivatives(w, x, h0)[::-1]), "swapped"),
            (lambda w, x, h0: tuple(unit_derivatives(w, x, h0, past=False)), "depends on w too"),
            (lambda w, x, h0: tuple(unit_derivatives(w, x, h0, w_factor=False)), "factor w"),
            (sum_of_immediates, "added the immediate"),
            (with_h_now, "not h_t"),
            (without_past_slope, "In the total"),
            (lambda w, x, h0: (unit_derivatives(w, x, h0)[0], 0.5), "total derivative is off by"),
            (lambda w, x, h0: unit_derivatives(w, x, h0)[1], "2 results"),
        ],
        edges={
            "one step": lambda w, x, h0: len(x) == 1,
            "a weight of zero": lambda w, x, h0: w == 0,
            "an initial state of zero": lambda w, x, h0: h0 == 0,
        },
        promises=[
            ("`h0` does not depend on `w`", lambda *args: unit_derivatives(*args, start=1.0))
        ],
    ),
    "bptt-3": Answers(
        right=to_h0,
        wrong=[
            (lambda W, h, dh: to_h0(W, h, dh, back=lambda W: W), "not transposed"),
            (lambda W, h, dh: to_h0(W, h, dh, slope=False), "slope"),
            (lambda W, h, dh: to_h0(W, h, dh) @ np.linalg.inv(W.T), "One more product"),
            (lambda *args: slope_on_one_term(*args, own=False), "add dh_direct[t] first"),
            (lambda *args: slope_on_one_term(*args, own=True), "from the later step too"),
            (lambda *args: in_other_order(*args, "h of before"), "not of the one before"),
            (lambda *args: in_other_order(*args, "slope last"), "First the slope"),
            (lambda *args: in_other_order(*args, "own last"), "before the slope and the product"),
            (to_h1, "This is dL/dh_1"),
            (lambda W, h, dh: to_h0(W, h[:1], dh[:1]), "is lost"),
            (lambda W, h, dh: to_h0(W, h[1:], dh[1:]), "first step is missing"),
            (lambda W, h, dh: to_h0(W, h, dh).sum(0), "shape"),
            (lambda W, h, dh: to_h0(W, h[::-1], dh[::-1]), "from the first step to the last"),
        ],
        edges={
            "one step": lambda W_hh, h, dh: len(h) == 1,
            "one sequence": lambda W_hh, h, dh: h.shape[1] == 1,
            "one unit": lambda W_hh, h, dh: W_hh.shape == (1, 1),
        },
        promises=[("not the total derivative", lambda W, h, dh: to_h0(W, h[:1], dh[:1]))],
    ),
    "bptt-4": Answers(
        right=running,
        wrong=[
            (lambda *args: running(*args, past=0), "depends on w too"),
            (lambda *args: np.diff(running(*args), prepend=0.0), "add them up"),
            (lambda *args: running(*args, factor=1.0), "factor w"),
            (lambda *args: running(*args, error=False), "its error, is missing"),
            (running_with_old, "update it before"),
            (overwritten, "before you overwrite"),
            (lambda *args: overwritten(*args, keep=True, past_slope=False), "the past term too"),
            (lambda *args: 2 * running(*args), "factor 1/2"),
            (lambda *args: running(*args) / np.arange(1, len(args[1]) + 1), "not a mean"),
            (lambda *args: running(*args)[-1], "shape"),
            (lambda w, x, targets, h0: running(w, x, targets, 0.0), "off by"),
        ],
        edges={
            "one step": lambda w, x, targets, h0: len(x) == 1,
            "a weight of zero": lambda w, x, targets, h0: w == 0,
        },
    ),
    "bptt-5": Answers(
        right=imaginary,
        wrong=[
            (difference, "nothing is subtracted"),
            (lambda f, w: imaginary(f, w, divide=False), "is the division by the step missing"),
            (all_at_once, "one at a time"),
            (lambda f, w: all_at_once(f, w).flat[0], "sum of the gradient"),
            (never_put_back, "still moved"),
            (with_a_real_copy, "Is your copy of w real"),
            (lambda f, w: imaginary(f, w).ravel()[:1], "shape"),
            (lambda f, w: imaginary(f, w, eps=1e-4), "too large a step"),
            (lambda f, w: -imaginary(f, w), "off by"),
        ],
        edges={
            "one entry": lambda f, w: w.size == 1,
            "three axes": lambda f, w: w.ndim == 3,
            "an entry of zero": lambda f, w: 0 in w,
        },
        promises=[("to at least 13 digits", difference)],
    ),
    "bptt-6": Answers(
        right=leaky,
        wrong=[
            (lambda W, a, alpha: leaky(W, a, alpha) - (1 - alpha) * np.eye(len(a)), "copied part"),
            (lambda W, a, alpha: (1 - alpha) * np.eye(len(a)) + alpha * W.T, "slope"),
            (
                lambda W, a, alpha: (
                    (1 - alpha) * np.eye(len(a)) + alpha * (1 - a**2)[:, None] * W.T
                ),
                "not 1 - a**2",
            ),
            (lambda W, a, alpha: leaky(W.T, a, alpha), "not transposed"),
            (
                lambda W, a, alpha: 1 - alpha + alpha * (1 - np.tanh(a) ** 2)[:, None] * W.T,
                "on the diagonal",
            ),
            (lambda W, a, alpha: leaky(W, a, alpha).T, "transposed Jacobian"),
            (
                lambda W, a, alpha: (
                    (1 - alpha) * np.eye(len(a)) + (1 - np.tanh(a) ** 2)[:, None] * W.T
                ),
                "factor alpha",
            ),
        ],
        edges={
            "the ordinary network": lambda W_hh, a, alpha: alpha == 1,
            "a copy alone": lambda W_hh, a, alpha: alpha == 0,
            "one unit": lambda W_hh, a, alpha: len(a) == 1,
        },
    ),
    "bptt-7": Answers(
        right=chunked,
        wrong=[
            (lambda *args: chunked(*args, gradient=False), "truncated"),
            (lambda *args: chunked(*args, state=False, gradient=False), "Neither"),
            (lambda *args: chunked(*args, state=False), "does not cross"),
            (lambda *args: chunked(*args, order=1), "first chunk to the last"),
            (lambda *args: chunked(*args[:-1], len(args[2])), "length 12"),
            (lambda cell, params, x, dh, window: chunked(cell, params, -x, dh, window), "off by"),
        ],
        edges={
            "one chunk": lambda cell, params, x, dh, window: len(x) < window,
            "chunks of one step": lambda cell, params, x, dh, window: window == 1,
            "a shorter last chunk": lambda cell, params, x, dh, window: len(x) % window > 0,
            "one unit": lambda cell, params, x, dh, window: cell.hidden_size == 1,
        },
        promises=[
            ("`window` steps each", lambda *args: chunked(*args[:-1], 1)),
            (
                "runs `forward` chunk by chunk",
                lambda cell, *others: chunked(
                    RNNCell(cell.input_size, cell.hidden_size, activation=cell.activation), *others
                ),
            ),
        ],
    ),
    "bptt-8": Answers(
        right=checker,
        wrong=[
            (lambda candidate: True, "accepted"),
            (lambda candidate: False, "refused"),
            (lambda candidate: checker(candidate, of=np.abs), "has the sign"),
            (lambda candidate: checker(candidate, T=1), "sum over t"),
            (lambda candidate: checker(candidate, T=2), "two steps back"),
            (lambda candidate: checker(candidate, T=3), "four steps back"),
            (lambda candidate: checker(candidate, T=4), "four steps back"),
            (lambda candidate: checker(candidate, h0=0), "zeros for h0"),
            (lambda candidate: checker(candidate, atol=0.1), "1 %"),
            (lambda candidate: checker(candidate, names=["W_hh", "b_h", "x"]), "gradient of W_xh"),
            (lambda candidate: checker(candidate, names=["W_xh", "W_hh", "b_h", "h0"]), "of x"),
            (lambda candidate: checker(candidate, tied=True), "transpose"),
            (lambda candidate: checker(candidate, B=1), "one sequence of the batch"),
            (lambda candidate: checker(candidate, of=np.sum), "reversed order"),
            (lambda candidate: checker(candidate, of=lambda g: np.asarray(g)[0]), "the last row"),
            (lambda candidate: checker(candidate, of=lambda g: np.asarray(g)[-1]), "first row"),
            (
                lambda candidate: checker(candidate, names=["W_hh", "b_h", "x", "h0"]),
                "gradient of W_xh",
            ),
            (lambda candidate: 1.0, "True or False"),
        ],
        edges={
            "results in another order": lambda candidate: next(iter(results(candidate))) == "h0",
            "wrong after four steps": lambda candidate: (
                checker(candidate, T=4) and not checker(candidate)
            ),
            "one per cent": lambda candidate: checker(candidate, atol=1) and not checker(candidate),
        },
    ),
    "bptt-9": Answers(
        right=reach,
        wrong=[
            (lambda *args: reach(*args, start=1), "One too many"),
            (lambda *args: reach(*args) - 1, "One too few"),
            (
                lambda *args: reach(
                    *args,
                    rule=lambda cut, full, c: np.linalg.norm(cut) >= c * np.linalg.norm(full),
                ),
                "compared lengths",
            ),
            (lambda *args: reach(*args, used=lambda p, h: p["x"]), "the answer for W_xh"),
            (lambda *args: reach(*args, used=lambda p, h: h), "acted on h_(t-1)"),
            (reach_from_top, "a shorter K may pass"),
            (
                lambda *args: reach(
                    *args,
                    rule=lambda cut, full, c: (
                        np.sum(cut * full) <= c * np.linalg.norm(cut) * np.linalg.norm(full)
                    ),
                ),
                "first one above",
            ),
            (lambda p, h, dy, threshold: 3, "off by"),
        ],
        edges={
            "one step": lambda p, h, dy, threshold: len(h) == 1,
            "one sequence": lambda p, h, dy, threshold: h.shape[1] == 1,
            "all lags": lambda *args: reach(*args) == len(args[1]) > 1,
        },
        promises=[("the smallest $K$", reach_from_top)],
    ),
    "bptt-10": Answers(
        right=which_factor,
        wrong=[
            (lambda *args: which_factor(*args, near=absolutely), "relative to the largest"),
            (lambda *args: which_factor(*args, near=by_entry), "have no digits"),
            (lambda *args: which_factor(*args, near=by_entry_but_zeros), "gradient is 0"),
            (lambda *args: which_factor(*args, near=on_average), "in every entry"),
            (lambda *args: which_factor(*args, near=by_norm), "keep the sign"),
            (lambda *args: which_factor(*args, near=by_largest), "in every entry"),
            (
                lambda analytic, numeric, factors: which_factor(numeric, analytic, factors),
                "analytic over numeric",
            ),
            (lambda analytic, numeric, factors: factors["right"], "Return a key"),
            (lambda analytic, numeric, factors: "right", "You said 'right'"),
            (
                lambda analytic, numeric, factors: which_factor(
                    analytic, numeric, {"right": 1, "T": 6, "B": 3, "T B": 18, "2": 2}
                ),
                "'sign' is right",
            ),
        ],
        edges={
            "one entry": lambda analytic, numeric, factors: analytic.size == 1,
            "an entry of zero": lambda analytic, numeric, factors: 0 in numeric,
            "other numbers": lambda analytic, numeric, factors: "V" in factors,
            "no factor": lambda *args: which_factor(*args) == "none",
        },
        promises=[
            ("in every entry", lambda *args: which_factor(*args, near=by_largest)),
        ],
    ),
    "bptt-11": Answers(
        right=locate,
        wrong=[
            (lambda candidate: 0, "forgets the slope of tanh: line 2"),
            (lambda candidate: 2, "drops what arrives from later steps"),
            (lambda candidate: locate(candidate, short=6), "line 1, and you said 2"),
            (lambda candidate: locate(candidate, long=1), "line 1, and you said 0"),
            (lambda candidate: locate(candidate, h0=0.0), "takes zeros for h0"),
            (lambda candidate: locate(candidate, short=2), "line 1, and you said 2"),
            (lambda candidate: locate(candidate, atol=0.3), "line"),
            (lambda candidate: "line 3", "whole number"),
        ],
        edges={
            "nothing wrong": lambda candidate: checker(candidate),
            "wrong in time alone": lambda candidate: (
                checker(candidate, T=1) and not checker(candidate)
            ),
            "wrong in h0 alone": lambda candidate: (
                checker(candidate, names=["W_xh", "W_hh", "b_h", "x"]) and not checker(candidate)
            ),
        },
        promises=[
            ("where none is wrong", lambda candidate: locate(candidate) or 4),
        ],
    ),
}
