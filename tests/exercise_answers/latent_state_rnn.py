"""Answers to the exercises of chapter 3."""

import numpy as np

from exercise_answers import Answers


def last_state(h, mask):
    return [h[np.flatnonzero(mask[:, b])[-1], b] for b in range(mask.shape[1])]


def real_only(cost, mask):
    return np.where(mask, cost, 0)


@np.errstate(invalid="ignore")
def times_mask(cost, mask):
    return (cost * mask).sum() / mask.sum()


@np.errstate(invalid="ignore")
def mean_of_means(cost, mask):
    return (real_only(cost, mask).sum(axis=0) / mask.sum(axis=0)).mean()


def jordan(x, W_xh, W_yh, b_h, W_hy, b_y, feed_back=True, bias=True):
    y, outputs = np.zeros(len(b_y)), []
    for x_t in x:
        new = np.tanh(x_t @ W_xh + y @ W_yh + b_h) @ W_hy + bias * b_y
        outputs.append(new)
        y = new if feed_back else y
    return np.array(outputs)


def hold(g=3.0, written=1.0, kept=1.0, flag=-2.0, sign=1.0):
    """Unit 1: written now, unit 2: held. The bit is h1 + h2 + 1."""
    W_xh = g * np.array([[2.0, flag], [written, 0.0]])
    W_hh = g * kept * np.array([[0.0, 1.0], [0.0, 1.0]])
    return W_xh, W_hh, g * np.array([-2.0, kept]), sign * np.ones((2, 1)), sign * np.ones(1)


def with_transposed(answer):
    W_xh, W_hh, b_h, W_hy, b_y = answer
    return W_xh, W_hh.T, b_h, W_hy, b_y


follows = (np.array([[0.0], [3.0]]), np.zeros((1, 1)), np.zeros(1), np.ones((1, 1)), np.zeros(1))


def memory(h, x, d, score_on_fit=False):
    pairs = [(np.append(h[t], 1), x[t - d]) for t in range(d, len(x))]
    A, y = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    half = len(y) // 2
    error = y - A @ (np.linalg.pinv(A[:half]) @ y[:half])
    part = slice(half) if score_on_fit else slice(half, None)
    return 1 - np.mean(error[part] ** 2) / np.var(y[part])


ANSWERS = {
    "rnn-1": Answers(
        right=[2811, 2811, 7643],
        wrong=[
            ((2752, 2752, 7552), "biases"),
            ((1787, 1787, 3547), "W_hh"),
            ((2811, 5622, 7643), "length"),
            ((2811, 2811, 5622), "each pair of units"),
            ((2779, 2779, 7579), "of the units"),
            ((2784, 2784, 7616), "of the outputs"),
            ((1947, 1947, 5915), "count W_xh, W_hh and W_hy"),
            ((2811, 2811, 11244), "Only W_hh"),
            ((2811, 7643), "three whole numbers"),
        ],
    ),
    "rnn-2": Answers(
        right=last_state,
        wrong=[
            (lambda h, mask: h[-1], "after the padding"),
            (
                lambda h, mask: h[np.minimum(mask.sum(axis=0), len(h) - 1), np.arange(h.shape[1])],
                "too late",
            ),
            (lambda h, mask: h[mask.sum(axis=0) - 1], "step and sequence"),
            (lambda h, mask: h[mask.sum(axis=0), np.arange(h.shape[1])], "has the index n - 1"),
            (
                lambda h, mask: (h * mask[..., None]).sum(axis=0) / mask.sum(axis=0)[:, None],
                "mean",
            ),
            (lambda h, mask: h[mask.sum(axis=0) - 2, np.arange(h.shape[1])], "too early"),
        ],
        edges={
            "one sequence, one unit": lambda h, mask: h.shape[1:] == (1, 1),
            "one step": lambda h, mask: len(h) == 1,
        },
    ),
    "rnn-3": Answers(
        right=lambda cost, mask: real_only(cost, mask).sum() / mask.sum(),
        wrong=[
            (lambda cost, mask: real_only(cost, mask).mean(), "not of all steps"),
            (times_mask, "0 times nan is nan"),
            (lambda cost, mask: cost.sum() / cost.size, "padding counts"),
            (lambda cost, mask: np.ma.masked_invalid(cost).mean(), "need not be nan"),
            (mean_of_means, "mean of means"),
            (lambda cost, mask: cost[mask].sum(), "This is the sum"),
            (lambda cost, mask: real_only(cost, mask).sum(axis=0) / mask.sum(), "one number"),
        ],
        edges={
            "one real step": lambda cost, mask: mask.sum() == 1,
            "no padding": lambda cost, mask: mask.all() and mask.size > 1,
            "a sequence without a real step": lambda cost, mask: not mask.any(axis=0).all(),
        },
        promises=[("`cost` may hold anything, also `nan` or infinity", times_mask)],
    ),
    "rnn-4": Answers(
        right=jordan,
        wrong=[
            (lambda *args: jordan(*args, feed_back=False), "never fed back"),
            (lambda *args: jordan(*args, bias=False), "bias b_y"),
            (lambda *args: np.tanh(jordan(*args)), "off by"),
            (lambda *args: jordan(*args).T, "shape"),
        ],
        edges={
            "one step": lambda x, *weights: len(x) == 1,
            "one unit, one output": lambda x, W_xh, W_yh, *others: W_yh.shape == (1, 1),
        },
    ),
    "rnn-5": Answers(
        right=[np.array([[9.0]]), 3.5, np.array([-1.5])],
        wrong=[
            ((10.0, 0.5, -2.0), "It forgets"),
            ((10.0, 2.05, -0.56842), "It forgets"),  # after 1169 steps
            ((10.0, 2.05, -0.56841180), "after very many steps"),
            ((10.0, 4.0, 0.0), "What does b do"),
            ((3.0, 4.0, -2.0), "outweigh the held state"),
            ((1.0, 4.0, -2.0), "outweigh the bias"),
            ((1.0, 2.0), "three numbers"),
            ((10.0, 4.0, -np.inf), "one finite number"),
        ],
        promises=[("for ever", (10.0, 2.05, -0.56841180))],  # it falls, after 37,000 steps
    ),
    "rnn-6": Answers(
        right=hold(g=4.0),
        wrong=[
            (with_transposed(hold()), "transposed"),
            (follows, "follows the value"),
            (hold(sign=-1.0), "wrong way round"),
            (hold(kept=0.3), "does not hold"),
            (hold(flag=0.0), "flag 1 at every step"),
            (hold(written=3.0), "Is it written"),
            (hold()[:3], "five arrays"),
            ((*hold()[:4], np.ones(2)), "shapes"),
            ((*hold()[:4], np.nan), "must be finite"),
        ],
        promises=[("**until it is told to write a new one**", hold(g=1.27658))],  # for 1202 steps
    ),
    "rnn-7": Answers(
        right=memory,
        wrong=[
            (lambda h, x, d: memory(h, x, d, score_on_fit=True), "fitted to"),
            (lambda h, x, d: memory(h[:-d], x[d:], 0), "wrong way"),
            (lambda h, x, d: 1 - memory(h, x, d), "1 minus"),
            (lambda h, x, d: memory(h, x, d + 1), "off by"),
        ],
        edges={
            "one step ago": lambda h, x, d: d == 1,
            "one unit": lambda h, x, d: h.shape[1] == 1,
            "halves of unequal length": lambda h, x, d: (len(x) - d) % 2 == 1,
        },
        promises=[("return $R^2$ on the rest", lambda h, x, d: max(0, memory(h, x, d)))],
    ),
}
