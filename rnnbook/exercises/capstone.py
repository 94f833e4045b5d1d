"""Checks of the capstone. They recompute from the sequence that the reader chose, whatever it is.

``parts`` is always ``(train, valid, test)``: three arrays of floats (a series) or of integers from
0 (symbols). ``runs`` is a list of parameter dicts, one per seed.
"""

from itertools import pairwise

import numpy as np

from rnnbook.exercises.expect import (
    Hint,
    agree,
    as_numbers,
    as_whole_number,
    close,
    describe,
    expect_array,
    expect_number,
)
from rnncore import GRUCell, LSTMCell, RNNCell, backward, forward
from rnncore.data import one_hot
from rnncore.losses import mean_squared_error, softmax_cross_entropy
from rnncore.model import SequenceModel

LAGS = 20  # of the autocorrelation
BACK = 30  # lags of the gradient
ENDS = 20  # at least so many steps to go back from
STREAM = 1000  # steps, at most, on which a truncated gradient is compared


def _unpack(answer, form: str) -> tuple:
    n = form.count(",") + 1
    if not isinstance(answer, tuple | list) or len(answer) != n:
        raise Hint(f"Hand over the tuple ({form}), not {describe(answer)}.")
    if any(part is ... for part in answer):
        raise Hint(f"Some of ({form}) is still to be filled in.")
    return tuple(answer)


def _check_parts(parts) -> tuple[np.ndarray, int, int | None]:
    """All values in order, the step where validation begins, the step where the test begins, "
    "and V."""
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        raise Hint(f"parts must be (train, valid, test), not {describe(parts)}.")
    names = ("train", "valid", "test")
    parts = [as_numbers(part, name) for name, part in zip(names, parts, strict=True)]
    for name, part in zip(names, parts, strict=True):
        if part.ndim != 1 or len(part) < LAGS or part.dtype.kind not in "iuf":
            raise Hint(f"{name} must be one row of at least {LAGS} numbers.")
        if not np.isfinite(part).all():
            raise Hint(f"{name} holds a value that is not finite.")
    if len({part.dtype.kind == "f" for part in parts}) > 1:
        raise Hint("Some parts hold symbols (integers) and others values (floats).")
    z = np.concatenate(parts)
    if z.dtype.kind != "f" and z.min() < 0:
        raise Hint("Symbols are numbered from 0.")
    if not np.ptp(parts[0]):
        raise Hint("The training part is constant. There is nothing to predict.")
    V = None if z.dtype.kind == "f" else int(z.max()) + 1
    return z, len(parts[0]), len(parts[0]) + len(parts[1]), V


def _task(z, V):
    if V is None:
        return z[:-1, None, None], z[1:, None, None]
    return one_hot(z[:-1], V)[:, None], z[1:, None]


def _score(cell, params, z, start, stop, V) -> float:
    """Mean loss of predicting z[start:stop], each from all that came before it."""
    x, targets = _task(z[:stop], V)
    loss = mean_squared_error if V is None else softmax_cross_entropy
    y, _, _ = SequenceModel(cell, V or 1, loss).forward(params, x)
    return loss(y[start - 1 :], targets[start - 1 :])[0]


def _linear(z, a, start, stop, k) -> float:
    """Squared error on z[start:stop] of AR(k), fitted by least squares to z[:a]."""

    def rows(first, last):
        return np.array([[*z[t - k : t], 1.0] for t in range(first, last)])

    weights = np.linalg.lstsq(rows(k, a), z[k:a], rcond=None)[0]
    return float(np.mean((rows(start, stop) @ weights - z[start:stop]) ** 2))


def _counts(z, a, start, stop, k, V, alpha=0.1) -> float:
    """NLL on z[start:stop] of a count model of k symbols of context, counted in z[:a]."""
    counts: dict[tuple, np.ndarray] = {}
    for t in range(k, a):
        counts.setdefault(tuple(z[t - k : t]), np.zeros(V))[z[t]] += 1
    seen = [counts.get(tuple(z[t - k : t]), np.zeros(V)) for t in range(start, stop)]
    chance = [
        (n[v] + alpha) / (n.sum() + alpha * V) for n, v in zip(seen, z[start:stop], strict=True)
    ]
    return float(-np.mean(np.log(chance)))


def _baseline(z, a, start, stop, k, V) -> float:
    return _linear(z, a, start, stop, k) if V is None else _counts(z, a, start, stop, k, V)


def _correlation(x, lags) -> np.ndarray:
    c = x - x.mean()
    return np.array([c[lag:] @ c[: len(c) - lag] for lag in lags]) / (c @ c)


def _line(z, sequence) -> bool:
    """Whether z is the sequence times a positive factor, plus a constant."""
    scale = np.ptp(z) / np.ptp(sequence) if np.ptp(sequence) else 1.0
    return close(z - z.min(), scale * (sequence - sequence.min()), 1e-6)


def _split(answer):
    sequence, parts, r, beyond = _unpack(answer, "sequence, parts, r, beyond")
    if isinstance(sequence, tuple | list) and any(np.ndim(part) for part in sequence):
        raise Hint("The tuple begins with the sequence; its parts come second.")
    sequence = as_numbers(sequence, "sequence")
    if sequence.ndim != 1 or sequence.dtype.kind not in "iuf" or len(sequence) < 300:
        raise Hint("The sequence must be one row of at least 300 numbers.")
    z, a, b, V = _check_parts(parts)
    n = len(sequence)
    if len(z) > n:
        raise Hint(
            f"The parts hold {len(z)} entries and the sequence {n}. The parts overlap: an entry in "
            "two of them has been seen before the test."
        )
    if len(z) < n:
        raise Hint(f"The parts hold {len(z)} entries and the sequence {n}. None may be lost.")
    if a < n / 2 or min(b - a, n - b) < n // 10:
        raise Hint("Give at least half to training, and a tenth each to validation and test.")
    if (V is None) != (sequence.dtype.kind == "f"):
        raise Hint("Symbols stay integers, values stay floats.")
    expected = sequence
    if V is None:
        expected = (sequence - sequence[:a].mean()) / sequence[:a].std()
        if close(z, (sequence - sequence.mean()) / sequence.std(), 1e-6):
            raise Hint(
                "You standardised with the whole sequence: the test part has leaked into training."
            )
        if close(z, sequence, 1e-6) and not close(z, expected, 1e-6):
            raise Hint("Standardise the values with mean and sd of the training part.")
        if close(z, (sequence - sequence[:a].mean()) / sequence[:a].std(ddof=1), 1e-6):
            raise Hint("You divided by the sd with ddof=1. Use train.std(), which divides by n.")
        with np.errstate(invalid="ignore"):  # a constant part has no scale
            each = [(part - part.mean()) / part.std() for part in np.split(sequence, [a, b])]
        if close(z, np.concatenate(each), 1e-6):
            raise Hint(
                "Each part was standardised with its own mean. Only the training part is known."
            )
    if not close(z, expected, 1e-6):
        if _line(z, sequence):
            raise Hint(
                "The parts are the sequence on another scale: not that of mean and sd of the "
                "training part."
            )
        if _line(np.sort(z), np.sort(sequence)):
            raise Hint(
                "The order has changed. Split in time: the test part is the end of the sequence."
            )
        raise Hint(
            "One after the other, the parts must be the sequence, as prepared by the rules above."
        )

    row = z if V is None else (z == np.bincount(z[:a]).argmax()).astype(float)
    train = row[:a]
    lags = range(1, LAGS + 1)
    right = _correlation(train, lags)
    with np.errstate(invalid="ignore"):  # all but some of the steps may be constant
        pairwise_r = np.array([np.corrcoef(train[lag:], train[:-lag])[0, 1] for lag in lags])
    expect_array(
        r,
        right,
        what="autocorrelation",
        mistakes=[
            (
                _correlation(row, lags),
                "This is r of the whole sequence. The test part is not to be looked at yet.",
            ),
            (_correlation(train, range(LAGS)), "You began with lag 0."),
            (
                pairwise_r,
                "Divide by the sum of squares over all steps, as in chapter 1.",
            ),
        ],
    )
    band = 2 / np.sqrt(a)
    expect_number(
        beyond,
        int(np.sum(np.abs(right) > band)),
        what="number of lags beyond",
        mistakes=[
            (int(np.sum(right > band)), "Negative correlations count too: take absolute values."),
            (
                int(np.sum(np.abs(right) > 2 / np.sqrt(n))),
                "The band is 2 / sqrt(n) with n the length of the training part.",
            ),
        ],
    )


def _choose_baseline(answer):
    parts, scores, best = _unpack(answer, "parts, scores, best")
    z, a, b, V = _check_parts(parts)
    if not isinstance(scores, dict) or len(scores) < 5 or 0 not in scores:
        raise Hint("scores must be a dict from k to the validation loss, for k = 0 and four more.")
    for k, score in scores.items():
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k < a // 4:
            raise Hint(f"The keys of scores are lengths of the past, from 0; {k!r} is none.")
        expect_array(
            score,
            _baseline(z, a, a, b, k, V),
            what=f"score of k = {k}",
            mistakes=[
                (
                    _baseline(z, a, k, a, k, V),
                    f"The score of k = {k} is on the training part. Choose on the validation part.",
                ),
                (
                    _baseline(z, a, b, len(z), k, V),
                    f"The score of k = {k} is on the test part. That is opened once, at the end.",
                ),
                (
                    _baseline(z, b, a, b, k, V),
                    f"For k = {k} the validation part took part in the fit.",
                ),
                (
                    _baseline(z, a, a + k, b, k, V),
                    f"For k = {k} the first {k} validation steps are missing. Their past is the "
                    "end of train.",
                ),
            ],
        )
    lowest = min(scores, key=scores.get)
    best = as_whole_number(best, "best k")
    if best not in scores or scores[best] > scores[lowest]:
        on_test = min(scores, key=lambda k: _baseline(z, a, b, len(z), k, V))
        if best == on_test:
            raise Hint(
                "This k is best on the test part. The choice belongs to the validation part."
            )
        raise Hint(f"best must be the k with the lowest validation loss, not {best}.")
    ks = sorted(scores)
    if lowest == ks[-1] < 32 and scores[ks[-1]] < 0.99 * scores[ks[-2]]:
        raise Hint("The longest past is best, by more than a hundredth. Try longer ones.")


def _check_runs(runs, what) -> None:
    if not isinstance(runs, list | tuple) or len(runs) < 5:
        raise Hint(f"{what}: give a list of the parameters of at least five seeds.")
    if not all(isinstance(params, dict) and "W_hh" in params for params in runs):
        raise Hint(f"{what}: each run is the dict of its parameters.")
    for i, params in enumerate(runs):
        for j in range(i):
            if np.array_equal(params["W_hh"], runs[j]["W_hh"]):
                raise Hint(
                    f"{what}: runs {j} and {i} have the same weights. Train each from a seed of "
                    "its own."
                )


def _check_trained(model, params, x, targets) -> None:
    """Training moves every bias of the readout, and brings the loss below that of a guess."""
    if not isinstance(params, dict) or "b_y" not in params:
        raise Hint("params must be the dict of one run's parameters.")
    if not np.any(params["b_y"]):
        raise Hint("b_y is exactly zero, as before training. Take the weights of a trained run.")
    loss, targets = model.loss(model.forward(params, x)[0], targets)[0], np.asarray(targets)
    values = targets.dtype.kind == "f"
    guess = 1.5 * np.mean(targets**2) if values else 1.2 * np.log(model.output_size)
    if loss > max(guess, 0.1):
        raise Hint("These weights are much worse than no past at all. Have they been trained?")


def _smallest(answer):
    form = "parts, best, runs, smallest, weights"
    parts, best, runs, smallest, weights = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    best = as_whole_number(best, "best k")
    floor = _baseline(z, a, a, b, best, V)
    better = min((_baseline(z, a, a, b, k, V), k) for k in range(7))
    if better[0] < 0.99 * floor:
        raise Hint(
            f"k = {better[1]} is a better baseline. Beat the best one, or it proves nothing."
        )
    if not isinstance(runs, dict) or len(runs) < 3:
        raise Hint(
            "runs must be a dict from the number of units to a list of runs, for three sizes or "
            "more."
        )
    D = V or 1
    scores = {}
    for H, of_size in runs.items():
        _check_runs(of_size, f"H = {H}")
        scores[H] = [_score(RNNCell(D, H), params, z, a, b, V) for params in of_size]
    if min(map(np.mean, scores.values())) > 1.5 * _baseline(z, a, a, b, 0, V):
        raise Hint("These networks are much worse than no past at all. Have they been trained?")
    count = {H: H * (D + H + 1) + (H + 1) * D for H in runs}
    if not isinstance(weights, dict) or weights.keys() != runs.keys():
        raise Hint("weights must be a dict from the number of units to the number of parameters.")
    for H in runs:
        no_readout, no_biases = H * (D + H + 1), count[H] - H - D
        missing = [
            (no_readout, f"H = {H}: the readout has weights, too."),
            (no_biases, f"H = {H}: the biases b_h and b_y are missing."),
        ]
        if no_readout == no_biases:
            missing = [(no_biases, f"H = {H}: the biases are missing, or else the readout.")]
        expect_number(
            weights[H],
            count[H],
            what=f"number of parameters of H = {H}",
            mistakes=[
                *missing,
                (count[H] - H * H + H, f"H = {H}: each pair of units has a weight in W_hh."),
            ],
        )
    winners = [H for H in sorted(runs) if max(scores[H]) < floor]
    right = winners[0] if winners else None
    if smallest is not None:
        smallest = as_whole_number(smallest, "smallest H")
    if smallest == right:
        return
    if smallest in scores and np.mean(scores[smallest]) < floor:
        if smallest in winners:
            raise Hint(
                f"A smaller network does it, too: all seeds of H = {right} beat the baseline."
            )
        raise Hint(
            f"The mean of H = {smallest} beats the baseline, but not every seed does: "
            f"{max(scores[smallest]):.3g} against {floor:.3g}."
        )
    if smallest is None:
        raise Hint(
            f"Every seed of one size or more is below {floor:.4g}, so the answer is not None. "
            "Compare each seed on the validation part with the baseline."
        )
    raise Hint(
        f"The rule asks for the smallest H whose every seed is below {floor:.4g}, or None, not "
        f"{smallest!r}."
    )


def _gradient(answer):
    form = "model, params, x, targets, mask, grads"
    model, params, x, targets, mask, grads = _unpack(answer, form)
    if not isinstance(model, SequenceModel) or not isinstance(params, dict):
        raise Hint("Give the SequenceModel and its parameters first.")
    x, targets = as_numbers(x, "x"), as_numbers(targets, "targets")
    mask = np.asarray(mask)
    if x.ndim != 3 or targets.shape[:2] != x.shape[:2] or len(x) < 5:
        raise Hint("x must be (T, B, D) and targets (T, B) or (T, B, V), with five steps or more.")
    if mask.shape != x.shape[:2] or mask.dtype != bool:
        raise Hint(f"The mask must hold True or False for each step, shape {x.shape[:2]}.")
    if mask.all() or not mask.any():
        raise Hint("A mask that is the same everywhere checks nothing. Leave the first steps out.")
    if mask[0].any() or (mask[:-1] & ~mask[1:]).any() or not mask[-1].all():
        raise Hint("The mask must leave out the first steps, and only these: all later ones count.")
    if any(np.asarray(p).dtype != np.float64 for p in params.values()):
        raise Hint(
            "Check in float64. In float32 a difference quotient is rounding and little else."
        )
    _check_trained(model, params, x, targets)
    if not isinstance(grads, dict) or grads.keys() != params.keys():
        raise Hint(f"grads must be a dict with the keys {sorted(params)}.")
    grads = {name: as_numbers(grads[name], f"gradient of {name}") for name in params}
    for name, array in params.items():
        if grads[name].shape != array.shape:
            raise Hint(
                f"The gradient of {name} must have shape {array.shape}, not {grads[name].shape}."
            )

    def loss(p, counted=mask):
        return model.loss(model.forward(p, x)[0], targets, mask=counted)[0]

    hidden = np.array(targets)
    hidden[~mask] = hidden[~mask][::-1] if hidden.dtype.kind in "iu" else hidden[~mask] + 1
    y = model.forward(params, x)[0]
    if abs(model.loss(y, hidden, mask=mask)[0] - loss(params)) > 1e-12:
        raise Hint("The loss changes with targets that the mask leaves out.")
    rng, factors = np.random.default_rng(0), []
    for name, array in params.items():
        places = [np.unravel_index(i, array.shape) for i in rng.permutation(array.size)[:25]]
        numeric = np.array([_slope(loss, params, name, place) for place in places])
        analytic = np.array([grads[name][place] for place in places])
        scale = max(np.abs(numeric).max(), np.abs(analytic).max(), 1e-4)
        if np.abs(numeric - analytic).max() > 1e-5 * scale:
            worst = np.argmax(np.abs(numeric - analytic))
            raise Hint(
                _known_gradient(model, params, x, targets, mask, grads)
                or f"The gradient of {name} fails: {analytic[worst]:.6g} where central differences "
                f"give {numeric[worst]:.6g}."
            )
        factors.append(scale)
    if max(factors) <= 1e-4:
        raise Hint(
            "All gradients are nearly zero here, so the check says nothing. Take other weights."
        )


def _slope(loss, params, name, place, eps=1e-6) -> float:
    values = []
    for sign in (1, -1):
        moved = {**params, name: params[name].copy()}
        moved[name][place] += sign * eps
        values.append(loss(moved))
    return (values[0] - values[1]) / (2 * eps)


def _known_gradient(model, params, x, targets, mask, grads) -> str | None:
    """The known mistake that gives this gradient, if one does."""

    def masked(by):
        return model.loss_and_grads(params, x, targets, mask=by)[1]

    def same(others, factor=1.0):
        return all(close(grads[k], factor * others[k], 1e-5) for k in grads)

    right, n = masked(mask), int(mask.sum())
    if same(masked(~mask)):
        return "This gradient counts the steps that the mask leaves out, and no others."
    if same(masked(None)):
        return "This is the gradient without the mask."
    for factor in (n, mask.size, n / mask.size, mask.size / n, 0.5, 2):
        if same(right, factor):
            return (
                f"All gradients are {factor:.4g} times the right ones: a mean over other steps, a "
                "sum, or the 2 of the square."
            )
    if same(right, -1):
        return "The sign is wrong everywhere."
    wrong = [k for k in grads if not close(grads[k], right[k], 1e-5)]
    if {"W_hy", "b_y"}.isdisjoint(wrong):
        return (
            f"The readout passes, the recurrence ({', '.join(wrong)}) fails: does the error of "
            "each step go back through all earlier ones?"
        )
    return None


def _jacobians(cell, params, x, ends) -> np.ndarray:
    """d s_t / d s_{t-1} for the BACK steps before each end, latest first: (ends, BACK, S, S)."""
    S, steps = cell.state_size, np.subtract.outer(ends, np.arange(1, BACK + 1)).ravel()
    states = forward(cell, params, x)[2].states
    # all steps are one batch of sequences of length 1, S copies of each
    inputs, before = np.repeat(x[steps, 0], S, axis=0)[None], np.repeat(states[steps, 0], S, axis=0)
    h, _, cache = forward(cell, params, inputs, state=before)
    dstate = np.tile(np.eye(S), (len(steps), 1))
    back = backward(cell, params, np.zeros_like(h), cache, dstate=dstate)[2]
    return back.reshape(len(ends), BACK, S, S)


def _sizes(J, *, latest_left=True, order="fro") -> np.ndarray:
    """Norm of the product of the first 1, 2, ... Jacobians of each end, (ends, BACK)."""
    product, sizes = np.broadcast_to(np.eye(J.shape[-1]), J[:, 0].shape), []
    for lag in range(J.shape[1]):
        product = product @ J[:, lag] if latest_left else J[:, lag] @ product
        sizes.append(np.linalg.norm(product, ord=order, axis=(1, 2)))
    return np.array(sizes).T


def _both_means(sizes) -> np.ndarray:
    with np.errstate(divide="ignore"):
        geometric = np.exp(np.mean(np.log(sizes), axis=0))
    return np.array([np.sqrt(np.mean(sizes**2, axis=0)), geometric])


def _check_norms(norms) -> np.ndarray:
    norms = as_numbers(norms, "gradient norm").astype(float)
    if norms.ndim != 1 or len(norms) < 20 or not (np.isfinite(norms).all() and norms.min() > 0):
        raise Hint("norms must hold the gradient norm of every update, 20 or more.")
    if np.sum(np.isclose(norms, norms.max(), rtol=1e-9)) > 1:
        raise Hint("Several norms are equal to the largest: these are norms after clipping.")
    return norms


def _lag_profile(answer):
    form = "cell, params, x, ends, profile, norms, max_norm"
    cell, params, x, ends, profile, norms, max_norm = _unpack(answer, form)
    if not isinstance(cell, RNNCell | LSTMCell | GRUCell):
        raise Hint(f"Give the cell first, not {describe(cell)}.")
    if not isinstance(params, dict) or not np.any(params.get("b_y", 1.0)):
        raise Hint("params must be the dict of a trained run; before training its b_y is zero.")
    x, ends = as_numbers(x, "x"), as_numbers(ends, "row of ends")
    if x.ndim != 3 or x.shape[1] != 1 or len(x) <= BACK:
        raise Hint(f"x must be one sequence (T, 1, D) of more than {BACK} steps.")
    T = len(x)
    if np.any(ends % 1):
        raise Hint("ends must hold whole numbers, since an end is a number of steps.")
    ends = ends.astype(int)
    if ends.ndim != 1 or len(np.unique(ends)) < ENDS:
        raise Hint(f"ends must be a row of {ENDS} or more different numbers of steps.")
    if ends.min() < BACK or ends.max() > T:
        raise Hint(f"Each end must leave room for {BACK} lags: from {BACK} to T = {T}.")
    if np.ptp(ends) < T / 2:
        raise Hint("Spread the ends over the sequence. Ends next to each other are one place.")
    J, root = _jacobians(cell, params, x, ends), np.sqrt(cell.state_size)
    sizes = _sizes(J) / root
    right = _both_means(sizes)
    if np.shape(profile) == (BACK,):
        raise Hint("Give both means as the rows of one array, root mean square first.")
    before = np.hstack([np.ones((len(ends), 1)), sizes[:, :-1]])
    expect_array(
        profile,
        right,
        what="profile",
        rtol=1e-4,
        mistakes=[
            (_both_means(before), "You began with lag 0."),
            (root * right, "Divide the Frobenius norm by the root of the size of the state."),
            (_both_means(_sizes(J, order=2)), "This is the spectral norm."),
            (
                _both_means(_sizes(J, order=2) / root),
                "This is the spectral norm, and divided. The size is the Frobenius norm over the "
                "root of S.",
            ),
            (
                _both_means(_sizes(J, latest_left=False) / root),
                "The product is in the wrong order: the latest Jacobian stands leftmost.",
            ),
            (right[::-1], "The two rows are exchanged: root mean square first."),
            (
                np.array([sizes.mean(axis=0), right[1]]),
                "The first row is the plain mean. Take the root of the mean of the squares.",
            ),
            (
                np.array([sizes[-1], sizes[-1]]),
                "This is the profile from one end. Take the means over all ends.",
            ),
        ],
    )
    visible = right[1] > 1e-30
    given = np.asarray(profile, dtype=float)[1]
    if not np.allclose(given[visible], right[1][visible], rtol=1e-2, atol=0):
        raise Hint(
            "The geometric mean is off where it is small: average the logarithms of the sizes."
        )
    norms = _check_norms(norms)
    explodes = norms.max() > 5 * np.median(norms)
    if max_norm is None:
        if explodes:
            raise Hint("The largest norm is more than five times the median. Clip.")
        return
    max_norm = as_numbers(max_norm, "max_norm").item()
    if np.isclose(norms.max(), max_norm, rtol=1e-9):
        raise Hint("The largest norm is max_norm itself: these are norms after clipping.")
    share = np.mean(norms > max_norm)
    if share > 0.1:
        raise Hint(
            f"This threshold clips {100 * share:.0f} % of the updates. It then sets the length "
            "of the usual step."
        )
    if explodes and not share:
        raise Hint(
            "This threshold clips nothing, and the largest norm is over five times the median."
        )


def _mean_gradient(model, params, x, targets, K) -> np.ndarray:
    """dL/dW_hh with chunks of K steps, the mean over all K places of the border.

    Over the places, every run of K steps is a chunk exactly once, the shorter runs at both ends
    included. So they are taken as one batch, each from the state before it.
    """
    T, states = len(x), model.forward(params, x)[2].states[:, 0]
    first = np.arange(1 - K, T)
    start, stop = np.maximum(first, 0), np.minimum(first + K, T)
    total = 0.0
    for some in np.array_split(np.arange(len(first)), max(1, len(first) * K // 20_000)):
        steps = start[some] + np.arange(K)[:, None]
        counts = steps < stop[some]
        steps = np.minimum(steps, T - 1)
        _, grads, _ = model.loss_and_grads(
            params, x[steps, 0], targets[steps, 0], state=states[start[some]], mask=counts
        )
        total = total + grads["W_hh"] * counts.sum()
    return total / (T * K)


def _chunked(model, params, x, targets, K, first, *, carry=True, weigh="share"):
    """All gradients in chunks of K steps, the first border after ``first`` steps, chunk by "
    "chunk."""
    total, state, borders = {}, None, [0, *range(first, len(x), K), len(x)]
    for start, stop in pairwise(borders):
        part = slice(start, stop)
        _, grads, after = model.loss_and_grads(params, x[part], targets[part], state=state)
        state = after if carry else None
        weight = {"share": (stop - start) / len(x), "sum": 1.0, "mean": 1 / (len(borders) - 1)}
        for name in grads:
            total[name] = total.get(name, 0.0) + weight[weigh] * grads[name]
    return total


def _window_mistake(model, params, x, targets, K, full, given) -> str | None:
    """The known mistake that gives this error, if one does."""

    def off(total, names=("W_hh",)):
        squares = sum(np.sum((total[name] - full[name]) ** 2) for name in names)
        return float(np.sqrt(squares / sum(np.sum(full[name] ** 2) for name in names)))

    def places(**options):
        return [
            _chunked(model, params, x, targets, K, first, **options) for first in range(1, K + 1)
        ]

    def mean(totals):
        return {name: np.mean([total[name] for total in totals], axis=0) for name in full}

    def same(error):
        return agree(given, error, 1e-4)

    right = places()
    if any(same(off(total)) for total in right):
        return (
            "This is the error at one place of the border, noise included. Average the gradient "
            "over all K places first."
        )
    if same(np.mean([off(total) for total in right])):
        return "This is the mean of the errors. The bias is the error of the mean gradient."
    if same(off(mean(right), tuple(full))):
        return "Compare the gradients of W_hh alone: the readout's has no error to show."
    unweighted = "Each chunk's loss is its own mean. Weigh it by its share of the steps."
    for hint, options in (
        ("The chunks start from zero. Carry the state; cut only the gradient.", {"carry": False}),
        (unweighted, {"weigh": "sum"}),
        (unweighted, {"weigh": "mean"}),
    ):
        totals = places(**options)
        if same(off(mean(totals))) or any(same(off(total)) for total in totals):
            return hint
    return None


def _window(answer):
    form = "model, params, x, targets, errors, K"
    model, params, x, targets, errors, K = _unpack(answer, form)
    x, targets = as_numbers(x, "x"), as_numbers(targets, "targets")
    if not isinstance(model, SequenceModel) or x.ndim != 3 or x.shape[1] != 1:
        raise Hint("Give model, params, and one stream x (T, 1, D).")
    if not 50 <= len(x) <= STREAM:
        raise Hint(f"Take a stream of 50 to {STREAM:,} steps, not {len(x):,}.")
    if not isinstance(errors, dict) or len(errors) < 4:
        raise Hint("errors must be a dict from K to the relative error, for four K or more.")
    _check_trained(model, params, x, targets)
    full, good = model.loss_and_grads(params, x, targets)[1], []
    for k, given in errors.items():
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k < len(x):
            raise Hint(f"The keys of errors are K from 1 to T - 1; {k!r} is none.")
        off = np.linalg.norm(_mean_gradient(model, params, x, targets, int(k)) - full["W_hh"])
        error = off / np.linalg.norm(full["W_hh"])
        try:
            expect_array(given, error, what=f"error of K = {k}", rtol=1e-4)
        except Hint:
            known = _window_mistake(model, params, x, targets, int(k), full, given)
            if known:
                raise Hint(f"K = {k}: {known}") from None
            raise
        if error < 0.1:
            good.append(k)
    K = as_whole_number(K, "number K")
    if not good:
        raise Hint("No K has an error below a tenth. Try longer ones.")
    if min(good) != K:
        if K in good:
            raise Hint(f"K = {min(good)} is shorter, and its error is below a tenth, too.")
        raise Hint(f"The rule asks for the smallest K whose error is below a tenth, not {K}.")


def _is_pair(pair) -> bool:
    return isinstance(pair, tuple | list) and len(pair) == 2


def _gates(answer):
    form = "parts, plain, gated, verdict"
    parts, plain, gated, verdict = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    scores, sizes = [], []
    for what, pair, kinds in (
        ("plain", plain, RNNCell),
        ("gated", gated, LSTMCell | GRUCell),
    ):
        if not _is_pair(pair) or not isinstance(pair[0], kinds):
            raise Hint(
                f"{what} must be (cell, runs), with "
                f"{'an RNNCell' if what == 'plain' else 'an LSTMCell or a GRUCell'}."
            )
        cell, runs = pair
        _check_runs(runs, what)
        sizes.append(sum(np.size(array) for array in runs[0].values()))
        scores.append([_score(cell, params, z, a, b, V) for params in runs])
    if abs(sizes[1] / sizes[0] - 1) > 0.1:
        raise Hint(
            f"{sizes[0]} against {sizes[1]} parameters is not equal. Choose sizes within a tenth "
            "of each other; if no gated size comes close, a larger tanh network."
        )
    right = "unclear"
    if max(scores[1]) < min(scores[0]):
        right = "gated"
    elif max(scores[0]) < min(scores[1]):
        right = "plain"
    if verdict == right:
        return
    if verdict not in ("plain", "gated", "unclear"):
        raise Hint("The verdict is 'plain', 'gated' or 'unclear'.")
    if right == "unclear":
        raise Hint(
            "The seeds overlap, so the verdict is 'unclear', whatever the means say (plain "
            f"{np.mean(scores[0]):.3g}, gated {np.mean(scores[1]):.3g})."
        )
    raise Hint(
        "On validation every seed of one model is below every seed of the other: plain "
        f"{np.mean(scores[0]):.3g}, gated {np.mean(scores[1]):.3g}."
    )


def _final(answer):
    form = "parts, best, networks, chosen, on_test"
    parts, best, networks, chosen, on_test = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    n, best = len(z), as_whole_number(best, "best k")
    if not isinstance(networks, dict) or len(networks) < 2 or "baseline" in networks:
        raise Hint("networks must be a dict from a name to (cell, runs), for two networks or more.")
    valid = {"baseline": [_baseline(z, a, a, b, best, V)]}
    test = {"baseline": [_baseline(z, a, b, n, best, V)]}
    for name, pair in networks.items():
        if not _is_pair(pair):
            raise Hint(f"{name} must be (cell, runs).")
        _check_runs(pair[1], name)
        valid[name] = [_score(pair[0], params, z, a, b, V) for params in pair[1]]
        test[name] = [_score(pair[0], params, z, b, n, V) for params in pair[1]]
    means = {name: float(np.mean(scores)) for name, scores in valid.items()}
    right = min(means, key=means.get)
    if chosen != right:
        on = {name: float(np.mean(scores)) for name, scores in test.items()}
        if chosen == min(on, key=on.get):
            raise Hint(
                f"{chosen} is best on the test part. On validation it was {right}: the choice "
                "was made there, and it stays."
            )
        raise Hint(f"The lowest mean on validation is that of {right!r}, not of {chosen!r}.")
    naive = [_baseline(z, a, b, n, 0, V)]
    if V is None:
        naive.append(float(np.mean((z[b:] - z[b - 1 : -1]) ** 2)))
    if not isinstance(on_test, dict) or on_test.keys() != {"naive", *test}:
        raise Hint(f"on_test must be a dict with the keys {sorted({'naive', *test})}.")
    expect_array(
        on_test["naive"],
        min(naive),
        what="naive score",
        mistakes=[
            (max(naive), "The naive score is the lower of two: k = 0 and persistence."),
            (_baseline(z, a, a, b, 0, V), "The naive score is on the test part."),
        ],
    )
    unread = np.concatenate([z[:a], z[b:]])  # the test part follows train, and valid is skipped

    def skipped(fitted):
        return f"{fitted}: valid was skipped. Before the test, train and then valid are read."

    def on_validation(fitted):
        return f"{fitted}: this is the score on validation, where the choices were made."

    expect_array(
        on_test["baseline"],
        [test["baseline"][0], 0.0],
        what="score of baseline",
        mistakes=[
            (
                [_baseline(z, b, b, n, best, V), 0.0],
                "baseline: valid took part in a fit. Nothing is fitted again: fit to train alone.",
            ),
            ([_baseline(unread, a, a, len(unread), best, V), 0.0], skipped("baseline")),
            ([means["baseline"], 0.0], on_validation("baseline")),
        ],
    )
    for name, (cell, runs) in networks.items():
        after_train = [_score(cell, params, unread, a, len(unread), V) for params in runs]
        mean, spread = _mean_and_sd(test[name])
        expect_array(
            on_test[name],
            [mean, spread],
            what=f"score of {name}",
            mistakes=[
                (_mean_and_sd(after_train), skipped(name)),
                (
                    [min(test[name]), spread],
                    f"{name}: this is the best seed. Report mean and sd over all.",
                ),
                (_mean_and_sd(valid[name]), on_validation(name)),
                (
                    [mean, np.std(test[name])],
                    f"{name}: the sd over seeds divides by n - 1 (ddof=1).",
                ),
            ],
        )


def _mean_and_sd(scores) -> list:
    return [np.mean(scores), np.std(scores, ddof=1)]


CHECKS = {
    "capstone-1": _split,
    "capstone-2": _choose_baseline,
    "capstone-3": _smallest,
    "capstone-4": _gradient,
    "capstone-5": _lag_profile,
    "capstone-6": _window,
    "capstone-7": _gates,
    "capstone-8": _final,
}
