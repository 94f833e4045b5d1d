"""Answers to the exercises of chapter 3."""

import numpy as np

from exercise_answers import Answers


def last_state(h, mask):
    return [h[np.flatnonzero(mask[:, b])[-1], b] for b in range(mask.shape[1])]


def jordan(x, W_xh, W_yh, b_h, W_hy, b_y, feed_back=True, bias=True):
    y, outputs = np.zeros(len(b_y)), []
    for x_t in x:
        new = np.tanh(x_t @ W_xh + y @ W_yh + b_h) @ W_hy + bias * b_y
        outputs.append(new)
        y = new if feed_back else y
    return outputs


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
            ((2811, 7643), "shape"),
        ],
    ),
    "rnn-2": Answers(
        right=last_state,
        wrong=[
            (lambda h, mask: h[-1], "after the filling"),
            (
                lambda h, mask: h[np.minimum(mask.sum(axis=0), len(h) - 1), np.arange(h.shape[1])],
                "too late",
            ),
            (lambda h, mask: h[mask.sum(axis=0) - 1], "step and sequence"),
            (lambda h, mask: h[mask.sum(axis=0), np.arange(h.shape[1])], "last one is n - 1"),
            (
                lambda h, mask: (h * mask[..., None]).sum(axis=0) / mask.sum(axis=0)[:, None],
                "mean",
            ),
        ],
    ),
    "rnn-3": Answers(
        right=lambda cost, mask: np.where(mask, cost, 0).sum() / mask.sum(),
        wrong=[
            (lambda cost, mask: np.nansum(cost * mask) / mask.size, "number of real steps"),
            (
                np.errstate(invalid="ignore")(lambda cost, mask: (cost * mask).sum() / mask.sum()),
                "nan",
            ),
            (lambda cost, mask: cost.mean(), "filling"),
            (
                lambda cost, mask: np.mean(
                    [c[m].mean() for c, m in zip(cost.T, mask.T, strict=True)]
                ),
                "mean of means",
            ),
            (lambda cost, mask: cost[mask].sum(), "sum"),
        ],
    ),
    "rnn-4": Answers(
        right=jordan,
        wrong=[
            (lambda *args: jordan(*args, feed_back=False), "never fed back"),
            (lambda *args: jordan(*args, bias=False), "bias b_y"),
            (lambda *args: np.tanh(jordan(*args)), "off by"),
            (lambda *args: np.transpose(jordan(*args)), "shape"),
        ],
    ),
    "rnn-5": Answers(
        right=[np.array([[9.0]]), 3.5, np.array([-1.5])],
        wrong=[
            ((10.0, 0.5, -2.0), "It forgets"),
            ((10.0, 4.0, 0.0), "What does b do"),
            ((3.0, 4.0, -2.0), "outweigh the held state"),
            ((1.0, 4.0, -2.0), "outweigh the bias"),
            ((1.0, 2.0), "three numbers"),
        ],
    ),
    "rnn-6": Answers(
        right=hold(g=4.0),
        wrong=[
            (with_transposed(hold()), "transposed"),
            (follows, "follows the value"),
            (hold(sign=-1.0), "wrong way round"),
            (hold(kept=0.3), "does not hold"),
            (hold(flag=0.0), "flag 1 at every step"),
            (hold()[:3], "five arrays"),
            ((*hold()[:4], 1.0), "shapes"),
        ],
    ),
    "rnn-7": Answers(
        right=memory,
        wrong=[
            (lambda h, x, d: memory(h, x, d, score_on_fit=True), "fitted to"),
            (lambda h, x, d: memory(h[:-d], x[d:], 0), "wrong way"),
            (lambda h, x, d: 1 - memory(h, x, d), "1 minus"),
            (lambda h, x, d: memory(h, x, d + 1), "off by"),
        ],
    ),
}
