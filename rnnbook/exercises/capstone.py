"""Checks of the capstone. They recompute from the sequence that the reader chose, whatever it is.

``parts`` is always ``(train, valid, test)``: three arrays of floats (a series) or of integers from
0 (symbols). ``runs`` is a list of parameter dicts, one per seed. The simple rules of the page's workbench
are computed here anew, each by its name.
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
from rnncore.ngram import fit_kneser_ney

LAGS = 20  # of the autocorrelation
BACK = 30  # lags of the gradient
ENDS = 20  # at least so many steps to go back from
STREAM = 1000  # steps, at most, on which a truncated gradient is compared
LENGTHS = (1, 2, 5, 10, 25, 50, 100)  # of chunks, as far as the stream allows
BLOCKS = 10  # of the test part, for the standard error


def _unpack(answer, form: str) -> tuple:
    n = form.count(",") + 1
    if not isinstance(answer, tuple | list) or len(answer) != n:
        raise Hint(f"Hand over the tuple ({form}), not {describe(answer)}.")
    if any(part is ... for part in answer):
        raise Hint(f"Some of ({form}) is still to be filled in.")
    return tuple(answer)


def _check_parts(parts) -> tuple[np.ndarray, int, int | None]:
    """All values in order, the step where validation begins, the step where the test begins, and V."""
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


def _losses(cell, params, z, start, stop, V) -> np.ndarray:
    """The loss of predicting each of z[start:stop] from all that came before it."""
    x, targets = _task(z[:stop], V)
    loss = mean_squared_error if V is None else softmax_cross_entropy
    y = SequenceModel(cell, V or 1, loss).forward(params, x)[0][start - 1 :, 0]
    targets = targets[start - 1 :, 0]
    if V is None:
        return (y[:, 0] - targets[:, 0]) ** 2
    y = y - y.max(axis=1, keepdims=True)
    return np.log(np.exp(y).sum(axis=1)) - y[np.arange(len(y)), targets]


def _score(cell, params, z, start, stop, V) -> float:
    return float(np.mean(_losses(cell, params, z, start, stop, V)))


def _rules(V) -> dict[str, int]:
    """The names of the simple rules, and how many entries of the past each looks at."""
    if V is not None:
        return {f"{k} symbols": k for k in range(7)}
    return {
        **{f"AR({k})": k for k in (0, 1, 2, 3, 5, 10, 20, 30)},
        "last value": 1,
        "exponential": 0,
        "1-5-22": 22,
    }


def _rule(name, z, a, start, stop, V) -> np.ndarray:
    """The loss of a rule on each of z[start:stop]; it is fitted to z[:a]."""
    k, entries = _rules(V)[name], z[start:stop]
    if V is not None:
        counts = fit_kneser_ney([z[:a] + 1], k, V + 1, 0.75)
        chance = [counts.probabilities(z[t - k : t] + 1)[z[t] + 1] for t in range(start, stop)]
        return -np.log(chance)
    if name == "exponential":
        return (_exponential(z[:stop], a)[start:] - entries) ** 2

    def rows(first, last):
        before = [z[t - k : t] for t in range(first, last)]
        if name == "1-5-22":
            before = [(w[-1], w[-5:].mean(), w.mean()) for w in before]
        return np.array([[*w, 1.0] for w in before])

    if name == "last value":
        return (z[start - 1 : stop - 1] - entries) ** 2
    weights = np.linalg.lstsq(rows(k, a), z[k:a], rcond=None)[0]
    return (rows(start, stop) @ weights - entries) ** 2


def _exponential(z, a) -> np.ndarray:
    """The exponential average before each entry, with the share that is best on z[:a]."""
    shares = np.arange(100) / 100
    m, before = np.full(100, z[:a].mean()), []
    for value in z:
        before.append(m)
        m = shares * m + (1 - shares) * value
    before = np.array(before)
    return before[:, np.argmin(((before[:a] - z[:a, None]) ** 2).mean(axis=0))]


def _baseline(name, z, a, start, stop, V) -> float:
    return float(np.mean(_rule(name, z, a, start, stop, V)))


def _nothing(z, a, start, stop, V) -> float:
    """The loss of the rule that uses no past."""
    return _baseline("AR(0)" if V is None else "0 symbols", z, a, start, stop, V)


def _check_best(best, z, a, b, V) -> None:
    """``best`` is the rule with the lowest loss on the validation part."""
    rules = _rules(V)
    if not isinstance(best, str) or best not in rules:
        raise Hint(f"best must be the name of a rule, one of {list(rules)}, not {describe(best)}.")
    scores = {name: _baseline(name, z, a, a, b, V) for name in rules}
    lowest = min(scores, key=scores.get)
    if scores[best] > scores[lowest]:
        if best == min(rules, key=lambda name: _baseline(name, z, a, b, len(z), V)):
            raise Hint(
                f"{best} is best on the test part. The choice belongs to the validation part."
            )
        raise Hint(
            f"{lowest} is a better baseline than {best} on the validation part. Beat the best one, "
            "or it proves nothing."
        )


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
    rules = _rules(V)
    if not isinstance(scores, dict) or scores.keys() != rules.keys():
        raise Hint(f"scores must be a dict from the name of each rule to its loss: {list(rules)}.")
    for name, k in rules.items():
        right = _baseline(name, z, a, a, b, V)
        mistakes = [
            (
                _baseline(name, z, a, max(k, 1), a, V),
                f"The score of {name} is on the training part. Choose on the validation part.",
            ),
            (
                _baseline(name, z, a, b, len(z), V),
                f"The score of {name} is on the test part. That is opened once, at the end.",
            ),
            (
                _baseline(name, z, b, a, b, V),
                f"For {name} the validation part took part in the fit.",
            ),
            (
                _baseline(name, z, a, a + k, b, V),
                f"For {name} the first {k} validation steps are missing. Their past is the end of "
                "train.",
            ),
        ]
        mistakes = [pair for pair in mistakes if not agree(pair[0], right, 1e-6)]
        expect_array(scores[name], right, what=f"score of {name}", mistakes=mistakes)
    _check_best(best, z, a, b, V)


def _check_runs(runs, what) -> None:
    if not isinstance(runs, list | tuple) or len(runs) < 5:
        raise Hint(f"{what}: give a list of the parameters of at least five seeds.")
    if not all(isinstance(params, dict) and {"W_hh", "b_y"} <= params.keys() for params in runs):
        raise Hint(f"{what}: each run is the dict of its parameters.")
    for i, params in enumerate(runs):
        if not np.any(params["b_y"]):
            raise Hint(f"{what}: b_y of run {i} is exactly zero, as before training.")
        for j in range(i):
            if np.array_equal(params["W_hh"], runs[j]["W_hh"]):
                raise Hint(
                    f"{what}: runs {j} and {i} have the same weights. Train each from a seed of "
                    "its own."
                )


def _losses_of(what, cell, runs, z, a, b, V) -> list:
    """The scores of all runs on the validation part, if they have been trained at all."""
    _check_runs(runs, what)
    scores = [_score(cell, params, z, a, b, V) for params in runs]
    if np.mean(scores) > 1.5 * max(_nothing(z, a, a, b, V), 0.1):
        raise Hint(
            f"{what}: these networks are much worse than no past at all. Have they been trained?"
        )
    return scores


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


def _check_model(model, V) -> None:
    loss = mean_squared_error if V is None else softmax_cross_entropy
    if not isinstance(model, SequenceModel):
        raise Hint(f"Give the SequenceModel after the parts, not {describe(model)}.")
    if (model.cell.input_size, model.output_size, model.loss) != (V or 1, V or 1, loss):
        raise Hint(
            "The model must predict your sequence: as many inputs and outputs, and its loss."
        )


def _smallest(answer):
    form = "parts, best, runs, smallest, weights"
    parts, best, runs, smallest, weights = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    _check_best(best, z, a, b, V)
    floor = _baseline(best, z, a, a, b, V)
    if not isinstance(runs, dict) or len(runs) < 3:
        raise Hint(
            "runs must be a dict from the number of units to a list of runs, for three sizes or "
            "more."
        )
    D = V or 1
    scores = {H: _losses_of(f"H = {H}", RNNCell(D, H), of, z, a, b, V) for H, of in runs.items()}
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


def _check_stretch(x, targets, train, V) -> None:
    """x and targets are neighbouring entries of train: each target is the entry after its input."""
    x, targets = np.asarray(x), np.asarray(targets)
    D = V or 1
    shape = targets.shape if V else targets.shape[:2]
    if (
        x.ndim != 3
        or x.shape[1:] != (1, D)
        or shape != x.shape[:2]
        or not 30 <= len(x) < len(train)
    ):
        raise Hint(
            f"x must be (T, 1, {D}), and targets as task gives them, with 30 steps or more of train."
        )
    inputs = x[:, 0].argmax(axis=1) if V else x[:, 0, 0]
    following = targets.reshape(-1)
    if np.allclose(following, inputs, rtol=0, atol=1e-6):
        raise Hint("The targets are the inputs. Each target is the entry after its input.")
    row = np.append(inputs, following[-1])
    windows = np.lib.stride_tricks.sliding_window_view(train, len(row))
    if (
        not np.abs(windows - row).max(axis=1).min() < 1e-6
        or not np.allclose(row[1:], following, rtol=0, atol=1e-6)
        or (V and not np.array_equal(x[:, 0], one_hot(inputs, V)))
    ):
        raise Hint("x and targets must be a stretch of your training part, as task gives them.")


def _gradient(answer):
    form = "parts, model, params, x, targets, mask, grads"
    parts, model, params, x, targets, mask, grads = _unpack(answer, form)
    z, a, _, V = _check_parts(parts)
    _check_model(model, V)
    x, targets = as_numbers(x, "x"), as_numbers(targets, "targets")
    mask = np.asarray(mask)
    _check_stretch(x, targets, z[:a], V)
    if mask.shape != x.shape[:2] or mask.dtype != bool:
        raise Hint(f"The mask must hold True or False for each step, shape {x.shape[:2]}.")
    if mask.all() or not mask.any():
        raise Hint("A mask that is the same everywhere checks nothing. Leave the first steps out.")
    if mask[0].any() or (mask[:-1] & ~mask[1:]).any() or not mask[-1].all():
        raise Hint("The mask must leave out the first steps, and only these: all later ones count.")
    _check_trained(model, params, x, targets)
    if any(np.asarray(p).dtype != np.float64 for p in params.values()):
        raise Hint(
            "Check in float64. In float32 a difference quotient is rounding and little else."
        )
    if not isinstance(grads, dict) or grads.keys() != params.keys():
        raise Hint(f"grads must be a dict with the keys {sorted(params)}.")
    grads = {name: as_numbers(grads[name], f"gradient of {name}") for name in params}
    for name, array in params.items():
        if grads[name].shape != array.shape:
            raise Hint(
                f"The gradient of {name} must have shape {array.shape}, not {grads[name].shape}."
            )

    def loss(p):
        return model.loss(model.forward(p, x)[0], targets, mask=mask)[0]

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


def _chunk_norms(model, params, x, targets, K, *, carry=True, names=None) -> np.ndarray:
    """The norm of the gradient of each chunk of K steps."""
    state, norms = None, []
    for start in range(0, len(x), K):
        part = slice(start, start + K)
        _, grads, state = model.loss_and_grads(params, x[part], targets[part], state=state)
        state = state if carry else None
        norms.append(np.sqrt(sum(np.sum(grads[name] ** 2) for name in names or grads)))
    return np.array(norms)


def _lag_profile(answer):
    form = "parts, model, params, K, ends, profile, norms, max_norm"
    parts, model, params, K, ends, profile, norms, max_norm = _unpack(answer, form)
    z, a, _, V = _check_parts(parts)
    _check_model(model, V)
    x, targets = _task(z[:a], V)
    _check_trained(model, params, x, targets)
    cell, T = model.cell, len(x)
    ends = as_numbers(ends, "row of ends")
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
    K = as_whole_number(K, "number K")
    if not 1 <= K <= T // 5:
        raise Hint(f"K must be the length of the chunks, from 1 to {T // 5}, not {K}.")
    right = _chunk_norms(model, params, x, targets, K)
    wrong = [
        (
            _chunk_norms(model, params, x, targets, K, carry=False),
            "The chunks start from zero. Carry the state from chunk to chunk.",
        ),
        (
            _chunk_norms(model, params, x, targets, K, names=["W_hh"]),
            "This is the norm for W_hh alone. Clipping looks at all gradients together.",
        ),
    ]
    if max_norm is not None:
        limit = as_numbers(max_norm, "max_norm").item()
        if np.isnan(limit) or limit <= 0:
            raise Hint("max_norm must be a positive threshold, or None.")
        if limit < right.max():
            wrong.append((np.minimum(right, limit), "These are norms after clipping."))
    expect_array(norms, right, what="row of norms", rtol=1e-4, mistakes=wrong)
    explodes = right.max() > 5 * np.median(right)
    if max_norm is None:
        if explodes:
            raise Hint("The largest norm is more than five times the median. Clip.")
        return
    share = np.mean(right > limit)
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
    parts, model, params, errors, K = _unpack(answer, "parts, model, params, errors, K")
    z, a, _, V = _check_parts(parts)
    _check_model(model, V)
    x, targets = _task(z[: min(a, STREAM + 1)], V)
    if not isinstance(errors, dict) or not errors:
        raise Hint("errors must be a dict from K to the relative error.")
    _check_trained(model, params, x, targets)
    K = as_whole_number(K, "number K")
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
    if not good:
        raise Hint("No K has an error below a tenth. Try longer ones.")
    untried = [k for k in LENGTHS if k < min(good) and k not in errors]
    if untried:
        raise Hint(f"Is a shorter K good enough? Try {untried}, too.")
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
        scores.append(_losses_of(what, cell, runs, z, a, b, V))
        sizes.append(sum(np.size(array) for array in runs[0].values()))
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


def _block_error(differences, ddof=1) -> float:
    blocks = [block.mean() for block in np.array_split(differences, BLOCKS)]
    return float(np.std(blocks, ddof=ddof) / np.sqrt(BLOCKS))


def _final(answer):
    form = "parts, best, networks, chosen, on_test, gap"
    parts, best, networks, chosen, on_test, gap = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    n = len(z)
    _check_best(best, z, a, b, V)
    if not isinstance(networks, dict) or len(networks) < 2 or "baseline" in networks:
        raise Hint("networks must be a dict from a name to (cell, runs), for two networks or more.")
    valid, test = {"baseline": [_baseline(best, z, a, a, b, V)]}, {}
    for name, pair in networks.items():
        if not _is_pair(pair):
            raise Hint(f"{name} must be (cell, runs).")
        valid[name] = _losses_of(name, *pair, z, a, b, V)
        test[name] = np.array([_losses(pair[0], params, z, b, n, V) for params in pair[1]])
    rule = _rule(best, z, a, b, n, V)
    means = {name: float(np.mean(scores)) for name, scores in valid.items()}
    right = min(means, key=means.get)
    if chosen != right:
        on = {name: float(np.mean(losses)) for name, losses in test.items()}
        on["baseline"] = float(rule.mean())
        if chosen == min(on, key=on.get):
            raise Hint(
                f"{chosen} is best on the test part. On validation it was {right}: the choice "
                "was made there, and it stays."
            )
        raise Hint(f"The lowest mean on validation is that of {right!r}, not of {chosen!r}.")
    naive = [_nothing(z, a, b, n, V)]
    if V is None:
        naive.append(_baseline("last value", z, a, b, n, V))
    if not isinstance(on_test, dict) or on_test.keys() != {"naive", "baseline", *test}:
        raise Hint(f"on_test must be a dict with the keys {sorted({'naive', 'baseline', *test})}.")
    expect_array(
        on_test["naive"],
        min(naive),
        what="naive score",
        mistakes=[
            (max(naive), "The naive score is the lower of two: the mean and the last value."),
            (_nothing(z, a, a, b, V), "The naive score is on the test part."),
        ][0 if V is None else 1 :],
    )
    unread = np.concatenate([z[:a], z[b:]])  # the test part follows train, and valid is skipped

    def skipped(fitted):
        return f"{fitted}: valid was skipped. Before the test, train and then valid are read."

    def on_validation(fitted):
        return f"{fitted}: this is the score on validation, where the choices were made."

    expect_array(
        on_test["baseline"],
        [rule.mean(), 0.0],
        what="score of baseline",
        mistakes=[
            pair
            for pair in (
                (
                    [_baseline(best, z, b, b, n, V), 0.0],
                    "baseline: valid took part in a fit. Nothing is fitted again: fit to train "
                    "alone.",
                ),
                ([_baseline(best, unread, a, a, len(unread), V), 0.0], skipped("baseline")),
                ([means["baseline"], 0.0], on_validation("baseline")),
            )
            if not agree(pair[0], [rule.mean(), 0.0], 1e-6)
        ],
    )
    for name, (cell, runs) in networks.items():
        after_train = [_score(cell, params, unread, a, len(unread), V) for params in runs]
        scores = test[name].mean(axis=1)
        mean, spread = _mean_and_sd(scores)
        expect_array(
            on_test[name],
            [mean, spread],
            what=f"score of {name}",
            mistakes=[
                (_mean_and_sd(after_train), skipped(name)),
                (
                    [min(scores), spread],
                    f"{name}: this is the best seed. Report mean and sd over all.",
                ),
                (_mean_and_sd(valid[name]), on_validation(name)),
                (
                    [mean, np.std(scores)],
                    f"{name}: the sd over seeds divides by n - 1 (ddof=1).",
                ),
            ],
        )
    first = min(networks, key=lambda name: means[name])
    d = test[first].mean(axis=0) - rule
    before = np.array([_losses(networks[first][0], p, z, a, b, V) for p in networks[first][1]])
    on_valid = before.mean(axis=0) - _rule(best, z, a, a, b, V)
    expect_array(
        gap,
        [d.mean(), _block_error(d)],
        what="gap",
        mistakes=[
            (
                [-d.mean(), _block_error(d)],
                "The sign of the gap is turned: network minus baseline, positive where the baseline "
                "is better.",
            ),
            (
                [d.mean(), float(d.std(ddof=1) / np.sqrt(len(d)))],
                "This standard error takes the entries as independent. Take the means of ten blocks.",
            ),
            ([d.mean(), on_test[first][1]], "This is the spread over seeds, not over entries."),
            (
                [d.mean(), _block_error(d, ddof=0)],
                "The sd of the ten block means divides by n - 1 (ddof=1).",
            ),
            (
                [d.mean(), _block_error(d) * np.sqrt(BLOCKS)],
                "This is the sd of the block means. Divide it by the root of their number.",
            ),
            ([on_valid.mean(), _block_error(on_valid)], "This gap is on the validation part."),
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
