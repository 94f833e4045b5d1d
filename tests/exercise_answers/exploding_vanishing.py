"""Answers to the exercises of chapter 5."""

import numpy as np

from exercise_answers import Answers


def growth(h, W, transpose=True, per_step=True):
    row, total = np.eye(len(W)), 0.0
    for h_t in h:
        row = np.diag(1 - h_t**2) @ (W.T if transpose else W) @ row
        size = np.linalg.norm(row, 2)
        row, total = row / size, total + np.log(size)
    return total / (len(h) if per_step else 1)


def naive_growth(h, W):
    product = np.eye(len(W))
    for h_t in h:
        product = np.diag(1 - h_t**2) @ W.T @ product
    norm = np.linalg.norm(product, 2)
    return np.log(norm) / len(h) if norm else -np.inf


def one_row_growth(h, W, row):
    total = 0.0
    for h_t in h[::-1]:
        row = row @ np.diag(1 - h_t**2) @ W.T
        size = np.linalg.norm(row)
        row, total = row / size, total + np.log(size)
    return total / len(h)


def wrong_side_growth(h, W):
    product, total = np.eye(len(W)), 0.0
    for h_t in h:
        product = W.T @ np.diag(1 - h_t**2) @ product
        size = np.linalg.norm(product, 2)
        product, total = product / size, total + np.log(size)
    return total / len(h)


def frobenius_growth(h, W):
    product, total = np.eye(len(W)), 0.0
    for h_t in h:
        product = np.diag(1 - h_t**2) @ W.T @ product
        size = np.linalg.norm(product, 2)
        product, total = product / size, total + np.log(size)
    return (total + np.log(np.linalg.norm(product))) / len(h)


def state_grows(factor):
    """A radius of 0 and the right growth, but only while the state stays below 1."""
    h_star = np.array([0.0, np.sqrt(factor / 8)])
    W = 8.0 * np.array([[1.0, 1.0], [-1.0, -1.0]])
    return W, np.arctanh(h_star) - h_star @ W, h_star


def nilpotent(k, h_star=(0.0, 0.5)):
    W, h_star = k * np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array(h_star)
    return W, np.arctanh(h_star) - h_star @ W, h_star


def nearly_nilpotent(k, radius=2.5e-5):
    """The growth is right to the digits compared, and the radius is small but not 0."""
    W, _, h_star = nilpotent(k)
    W = W + radius**2 / (2 * k) * np.diag([1.0, -1.0])
    return W, np.arctanh(h_star) - h_star @ W, h_star


def share(w, b, h0, T, n, oldest=False, before=1, slope=True, own_slope=True, state=True, size=abs):
    h = [h0]
    for _ in range(T):
        h.append(np.tanh(w * h[-1] + b))
    parts, arriving = [], 1.0
    for s in range(T, 0, -1):
        immediate = (1 - h[s] ** 2 if own_slope else 1) * (h[s - before] if state else 1)
        parts.append(size(arriving * immediate))
        arriving *= w * (1 - h[s] ** 2 if slope else 1)
    return sum(parts[-n:] if oldest else parts[:n]) / sum(parts)


def bound_of(H, gain):
    return gain * (3 / H) ** 0.5


def gain_back(H, c):
    return c * (H / 3) ** 0.5


def norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads))


def clip_in_place(grads, max_norm):
    factor = min(1.0, max_norm / norm(grads))
    for g in grads:
        g *= factor
    return grads


def clip_below(grads, max_norm):
    """A sum in place of the maximum: a gradient that is short enough shrinks too."""
    return [g / (1 + norm(grads) / max_norm) for g in grads]


ANSWERS = {
    "gradient-1": Answers(
        right=lambda norm, gamma, epsilon: next(
            lag for lag in range(1, 10_000) if (gamma * norm) ** lag <= epsilon
        ),
        wrong=[
            (lambda n, g, e: int(np.log(e) / np.log(g * n)), "round up"),
            (lambda n, g, e: np.log(e) / np.log(g * n), "whole number"),
            (lambda n, g, e: round(np.log(e) / np.log(g * n)), "to the nearest lag"),
            (lambda n, g, e: int(np.ceil(np.log(e) / np.log(g * n))) + 1, "one step too many"),
            (lambda n, g, e: int(np.ceil(np.log(e) / np.log(g * n))) - 1, "one step too few"),
            (lambda n, g, e: int(np.log(e) / np.log(g * n)) + 1, "includes equal"),
            (lambda n, g, e: max(1, int(np.ceil(np.log(e) / np.log(n)))), "Gamma is missing"),
            (lambda n, g, e: int(np.ceil(np.log(e) / np.log(n))), "not the norm alone"),
            (lambda n, g, e: 7, "off by"),
        ],
        edges={
            "one step is enough": lambda n, g, e: g * n <= e,
            "equality": lambda n, g, e: e in [(g * n) ** lag for lag in range(1, 9)],
        },
        promises=[
            (
                '("At most" includes equality.)',
                lambda n, g, e: next(lag for lag in range(1, 10_000) if (g * n) ** lag < e),
            ),
        ],
    ),
    "gradient-2": Answers(
        right=growth,
        wrong=[
            (naive_growth, "underflowed"),
            (lambda h, W: growth(h, W, per_step=False), "number of steps"),
            (lambda h, W: growth(h, W, transpose=False), "transposed"),
            (lambda h, W: growth(h, W) / np.log(10), "natural logarithm"),
            (lambda h, W: np.exp(growth(h, W)), "factor per step"),
            (lambda h, W: np.mean([growth(h_t[None], W) for h_t in h]), "norm of the product"),
            (lambda h, W: one_row_growth(h, W, np.ones(len(W))), "one row"),
            (lambda h, W: one_row_growth(h, W, np.eye(len(W))[0]), "one row"),
            (
                lambda h, W: one_row_growth(h, W, np.random.default_rng(7).normal(size=len(W))),
                "Keep the whole product",
            ),
            (lambda h, W: growth(h[-1000:], W), "for T = 5000"),
            (frobenius_growth, "Frobenius"),
            (wrong_side_growth, "to the left of"),
            (lambda h, W: growth(h[::-1], W), "order is reversed"),
        ],
        edges={
            "one step": lambda h, W: len(h) == 1,
            "one unit": lambda h, W: len(W) == 1,
            "a long sequence": lambda h, W: len(h) == 5000,
        },
        promises=[
            ("It must work for $T = 5000$", naive_growth),
            (
                "Keep the whole product.",
                lambda h, W: one_row_growth(h, W, np.full(len(W), len(W) ** -0.5)),
            ),
        ],
    ),
    "gradient-3": Answers(
        right=lambda factor: nilpotent(-4 * factor, (0.5, 0.0)),
        wrong=[
            (lambda factor: nilpotent(8.0), "the trace of J"),
            (lambda factor: nilpotent(factor), "the trace of J"),
            (state_grows, "not h_star"),
            (lambda factor: (factor * np.eye(2), np.zeros(2), np.zeros(2)), "spectral radius"),
            (lambda factor: nearly_nilpotent(4 * factor), "spectral radius"),
            (lambda factor: (*nilpotent(4 * factor)[:2], np.zeros(2)), "fixed point"),
            (lambda factor: nilpotent(4 * factor, (0.5, 0.5)), "slopes must differ"),
            (lambda factor: nilpotent(4 * factor)[:2], "three arrays"),
            (
                lambda factor: tuple(map(np.atleast_2d, nilpotent(4 * factor))),
                "b_h must have shape",
            ),
        ],
        edges={
            "level": lambda factor: factor == 1,
            "shrinking": lambda factor: factor < 1,
            "100": lambda factor: factor == 100,
        },
        promises=[
            ("any positive number, 100 included", state_grows),
            (
                "grows by exactly `factor`",
                lambda factor: nilpotent(4.001 * factor),
            ),
            (
                "with every further step",
                lambda factor: (np.zeros((2, 2)), np.zeros(2), np.zeros(2)),
            ),
        ],
    ),
    "gradient-4": Answers(
        right=lambda H: np.tril(np.full((H, H), 20.0), -1),
        wrong=[
            (lambda H: 0.5 * np.eye(H), "at least 10"),
            (lambda H: 10 * np.eye(H), "is not exactly 0"),
            (lambda H: 10 * np.eye(H, k=1) + 1e-9 * np.eye(H), "is not exactly 0"),
            (lambda H: np.eye(H, k=1), "at least 10"),
            (lambda H: 10 * np.outer(np.ones(H), np.r_[1.0, -1.0, np.zeros(H - 2)]), "pattern"),
            (lambda H: 10 * np.eye(3, k=1), "shape"),
        ],
        edges={"two units": lambda H: H == 2},
        promises=[
            ("with spectral norm at least 10", lambda H: 9.99 * np.eye(H, k=1)),
            ("exactly 0", lambda H: 10 * np.eye(H, k=1) + 1e-12 * np.eye(H, k=-1)),
            (
                "whatever the inputs and the states",
                lambda H: 10 * np.outer(np.ones(H), np.r_[np.ones(H - 1), 1.0 - H]),
            ),
        ],
    ),
    "gradient-5": Answers(
        right=lambda grads, max_norm: [g / max(1.0, norm(grads) / max_norm) for g in grads],
        wrong=[
            (lambda gs, m: [g * min(1, m / np.linalg.norm(g)) for g in gs], "each array"),
            (lambda gs, m: [np.clip(g, -m, m) for g in gs], "each entry"),
            (lambda gs, m: [g * min(1, m / norm(gs) ** 2) for g in gs], "Take the root"),
            (
                lambda gs, m: [g * m / norm(gs) for g in gs],
                "short enough",
            ),
            (lambda gs, m: norm(gs), "results in a tuple"),
            (lambda gs, m: [g * min(1, 1 / norm(gs)) for g in gs], "not 1"),
        ],
        edges={
            "a zero gradient": lambda grads, m: norm(grads) == 0,
            "one array": lambda grads, m: len(grads) == 1,
            "short enough": lambda grads, m: norm(grads) <= m,
        },
        promises=[
            ("return a new list", clip_in_place),
            ("A gradient that is already short enough stays as it is.", clip_below),
            ("arrays of any shapes", lambda gs, m: [g * min(1, m / norm(gs[:3])) for g in gs]),
        ],
    ),
    "gradient-6": Answers(
        right=(lambda H, gain: gain * 3**0.5 / H**0.5, lambda H, c: c * H**0.5 / 3**0.5, 1),
        wrong=[
            ((lambda H, gain: gain / np.sqrt(H), gain_back, 1), "standard deviation"),
            ((lambda H, gain: gain * np.sqrt(12 / H), gain_back, 1), "c**2 / 12"),
            ((lambda H, gain: 3 * gain**2 / H, gain_back, 1), "Take the root"),
            ((lambda H, gain: gain * np.sqrt(3) / H, gain_back, 1), "root of H"),
            ((bound_of, lambda H, c: c * np.sqrt(H), 1), "root of 3"),
            ((bound_of, lambda H, c: c * np.sqrt(3 / H), 1), "wrong way round"),
            ((bound_of, lambda H, c: c / np.sqrt(3), 1), "returns the standard deviation"),
            ((bound_of, lambda H, c: c**2 * np.sqrt(H) / 3, 1), "the variance"),
            (bound_of, "two functions"),
            ((bound_of, ..., 1), "Expected a function"),
            ((bound_of, gain_back), "a number in a tuple"),
            ((bound_of, gain_back, ...), "put it into gain"),
            ((bound_of, gain_back, 3**-0.5), "gain of c = 1 / sqrt(H)"),
            ((bound_of, gain_back, 3**0.5), "what is left"),
            ((bound_of, gain_back, 2.0), "off by"),
        ],
    ),
    "gradient-7": Answers(
        right=0.2,
        wrong=[
            (1 - 0.8**10, "products alone"),
            (0.8**40, "recent"),
            (0.8, "older steps"),
            (20, "between 0 and 1"),
            (0.33, "depend on s"),
            (0.215, "depend on s"),
            ("a fifth", "made of numbers"),
        ],
    ),
    "gradient-8": Answers(
        right=share,
        wrong=[
            (lambda *args: share(*args, oldest=True), "the oldest"),
            (lambda *args: share(*args, before=0), "step before"),
            (lambda *args: share(*args, state=False), "holds the state"),
            (lambda *args: share(*args, slope=False), "factors of the later steps"),
            (lambda *args: share(*args, own_slope=False), "its own slope"),
            (lambda *args: share(*args, slope=False, own_slope=False), "Without any slope"),
            (lambda *args: share(*args, size=float), "absolute value"),
            (lambda *args: 1 - share(*args), "older steps"),
        ],
        edges={
            "all steps": lambda w, b, h0, T, n: n == T,
            "the last step": lambda w, b, h0, T, n: n == 1,
            "one step": lambda w, b, h0, T, n: T == 1,
            "no bias": lambda w, b, h0, T, n: b == 0,
            "from zero": lambda w, b, h0, T, n: h0 == 0,
        },
    ),
}
