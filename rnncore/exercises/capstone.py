"""Checks of the capstone. They recompute from the sequence that the reader chose, whatever it is.

``parts`` is always ``(train, valid, test)``: three arrays of floats (a series) or of integers from 0
(symbols). ``runs`` is a list of parameter dicts, one per seed.
"""

import numpy as np

from rnncore.bptt import forward
from rnncore.cells import GRUCell, LSTMCell, RNNCell
from rnncore.data import one_hot
from rnncore.exercises import Hint, _close, _describe, expect_array, expect_number
from rnncore.losses import mean_squared_error, softmax_cross_entropy
from rnncore.model import SequenceModel

LAGS = 20  # of the autocorrelation
BACK = 30  # lags of the gradient


def _unpack(answer, form: str) -> tuple:
    n = form.count(",") + 1
    if not isinstance(answer, tuple) or len(answer) != n:
        raise Hint(f"Hand over the tuple ({form}), not {_describe(answer)}.")
    if any(part is ... for part in answer):
        raise Hint(f"Some of ({form}) is still to be filled in.")
    return answer


def _check_parts(parts) -> tuple[np.ndarray, int, int | None]:
    """All values in order, the step where validation begins, the step where the test begins, and V."""
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        raise Hint(f"parts must be (train, valid, test), not {_describe(parts)}.")
    parts = [np.asarray(part) for part in parts]
    for name, part in zip(("train", "valid", "test"), parts, strict=True):
        if part.ndim != 1 or len(part) < LAGS or part.dtype.kind not in "iuf":
            raise Hint(f"{name} must be one row of at least {LAGS} numbers.")
        if not np.isfinite(part).all():
            raise Hint(f"{name} holds a value that is not finite.")
    if len({part.dtype.kind == "f" for part in parts}) > 1:
        raise Hint("Some parts hold symbols (integers) and others values (floats).")
    z = np.concatenate(parts)
    if z.dtype.kind != "f" and z.min() < 0:
        raise Hint("Symbols are numbered from 0.")
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


def _split(answer):
    sequence, parts, r, beyond = _unpack(answer, "sequence, parts, r, beyond")
    sequence = np.asarray(sequence)
    if sequence.ndim != 1 or sequence.dtype.kind not in "iuf" or len(sequence) < 300:
        raise Hint("The sequence must be one row of at least 300 numbers.")
    z, a, b, V = _check_parts(parts)
    n = len(sequence)
    if len(z) > n:
        return (
            f"The parts hold {len(z)} entries and the sequence {n}. The parts overlap: an entry in "
            "two of them has been seen before the test."
        )
    if len(z) < n:
        return f"The parts hold {len(z)} entries and the sequence {n}. None may be lost."
    if a < n / 2 or min(b - a, n - b) < n // 10:
        return "Give at least half to training, and a tenth each to validation and test."
    if (V is None) != (sequence.dtype.kind == "f"):
        return "Symbols stay integers, values stay floats."
    expected = sequence
    if V is None:
        expected = (sequence - sequence[:a].mean()) / sequence[:a].std()
        if _close(z, (sequence - sequence.mean()) / sequence.std(), 1e-6):
            return (
                "You standardised with the whole sequence: the test part has leaked into training."
            )
        if _close(z, sequence, 1e-6) and not _close(z, expected, 1e-6):
            return "Standardise the values with mean and sd of the training part."
        each = [(part - part.mean()) / part.std() for part in np.split(sequence, [a, b])]
        if _close(z, np.concatenate(each), 1e-6):
            return "Each part was standardised with its own mean. Only the training part is known."
    if not _close(z, expected, 1e-6):
        scale = np.ptp(z) / np.ptp(sequence) if np.ptp(sequence) else 1.0
        if _close(np.sort(z) - z.min(), scale * (np.sort(sequence) - sequence.min()), 1e-6):
            return "The order has changed. Split in time: the test part is the end of the sequence."
        return (
            "One after the other, the parts must be the sequence, as prepared by the rules above."
        )

    def as_numbers(part):
        return part if V is None else (part == np.bincount(z[:a]).argmax()).astype(float)

    train = as_numbers(z[:a])
    if not np.ptp(train):
        return "The training part is constant. There is nothing to predict."
    lags = range(1, LAGS + 1)
    right = _correlation(train, lags)
    expect_array(
        r,
        right,
        what="autocorrelation",
        mistakes={
            "This is r of the whole sequence. The test part is not to be looked at yet.": (
                _correlation(as_numbers(z), lags)
            ),
            "You began with lag 0.": _correlation(train, range(LAGS)),
            "Divide by the sum of squares over all steps, as in chapter 1.": np.array(
                [np.corrcoef(train[lag:], train[:-lag])[0, 1] for lag in lags]
            ),
        },
    )
    band = 2 / np.sqrt(a)
    expect_number(
        beyond,
        int(np.sum(np.abs(right) > band)),
        mistakes={
            "Negative correlations count too: take absolute values.": int(np.sum(right > band)),
            "The band is 2 / sqrt(n) with n the length of the training part.": int(
                np.sum(np.abs(right) > 2 / np.sqrt(n))
            ),
        },
    )


def _choose_baseline(answer):
    parts, scores, best = _unpack(answer, "parts, scores, best")
    z, a, b, V = _check_parts(parts)
    if not isinstance(scores, dict) or len(scores) < 5 or 0 not in scores:
        return "scores must be a dict from k to the validation loss, for k = 0 and four more."
    for k, score in scores.items():
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k < a // 4:
            return f"The keys of scores are lengths of the past, from 0; {k!r} is none."
        expect_array(
            score,
            _baseline(z, a, a, b, k, V),
            what=f"score of k = {k}",
            mistakes={
                f"The score of k = {k} is on the training part. Choose on the validation part.": (
                    _baseline(z, a, k, a, k, V)
                ),
                f"The score of k = {k} is on the test part. That is opened once, at the end.": (
                    _baseline(z, a, b, len(z), k, V)
                ),
                f"For k = {k} the validation part took part in the fit.": (
                    _baseline(z, b, a, b, k, V)
                ),
                f"For k = {k} the first {k} validation steps are missing. Their past is the end of train.": (
                    _baseline(z, a, a + k, b, k, V)
                ),
            },
        )
    lowest = min(scores, key=scores.get)
    if best not in scores or scores[best] > scores[lowest]:
        on_test = min(scores, key=lambda k: _baseline(z, a, b, len(z), k, V))
        if best == on_test:
            return "This k is best on the test part. The choice belongs to the validation part."
        return f"best must be the k with the lowest validation loss, got {best!r}."
    ks = sorted(scores)
    if lowest == ks[-1] < 32 and scores[ks[-1]] < 0.99 * scores[ks[-2]]:
        return "The longest past is best, by more than a hundredth. Try longer ones."


def _check_runs(runs, what) -> None:
    if not isinstance(runs, list | tuple) or len(runs) < 5:
        raise Hint(f"{what}: give a list of the parameters of at least five seeds.")
    if not all(isinstance(params, dict) and "W_hh" in params for params in runs):
        raise Hint(f"{what}: each run is the dict of its parameters.")
    for i, params in enumerate(runs):
        for j in range(i):
            if np.array_equal(params["W_hh"], runs[j]["W_hh"]):
                raise Hint(
                    f"{what}: runs {j} and {i} have the same weights. Train each from a seed of its own."
                )


def _smallest(answer):
    form = "parts, best, runs, smallest, weights"
    parts, best, runs, smallest, weights = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    floor = _baseline(z, a, a, b, best, V)
    better = min((_baseline(z, a, a, b, k, V), k) for k in range(7))
    if better[0] < 0.99 * floor:
        return f"k = {better[1]} is a better baseline. Beat the best one, or it proves nothing."
    if not isinstance(runs, dict) or len(runs) < 3:
        return "runs must be a dict from the number of units to a list of runs, for three sizes or more."
    D = V or 1
    scores = {}
    for H, of_size in runs.items():
        _check_runs(of_size, f"H = {H}")
        scores[H] = [_score(RNNCell(D, H), params, z, a, b, V) for params in of_size]
    if min(map(np.mean, scores.values())) > 1.5 * _baseline(z, a, a, b, 0, V):
        return "These networks are much worse than no past at all. Have they been trained?"
    count = {H: H * (D + H + 1) + (H + 1) * D for H in runs}
    if not isinstance(weights, dict) or weights.keys() != runs.keys():
        return "weights must be a dict from the number of units to the number of parameters."
    for H in runs:
        expect_number(
            weights[H],
            count[H],
            mistakes={
                f"H = {H}: the biases b_h and b_y are missing"
                f"{', or else the readout' if D == 1 else ''}.": count[H] - H - D,
                f"H = {H}: the readout has weights, too.": H * (D + H + 1),
                f"H = {H}: each pair of units has a weight in W_hh.": count[H] - H * H + H,
            },
        )
    winners = [H for H in sorted(runs) if max(scores[H]) < floor]
    right = winners[0] if winners else None
    if smallest == right:
        return None
    if smallest is not None and smallest in scores and np.mean(scores[smallest]) < floor:
        if smallest in winners:
            return f"A smaller network does it, too: all seeds of H = {right} beat the baseline."
        return f"The mean of H = {smallest} beats the baseline, but not every seed does: {max(scores[smallest]):.3g} against {floor:.3g}."
    return f"The rule asks for the smallest H whose every seed is below {floor:.4g}, or None, not {smallest!r}."


def _gradient(answer):
    form = "model, params, x, targets, mask, grads"
    model, params, x, targets, mask, grads = _unpack(answer, form)
    if not isinstance(model, SequenceModel) or not isinstance(params, dict):
        return "Give the SequenceModel and its parameters first."
    x, targets, mask = np.asarray(x), np.asarray(targets), np.asarray(mask)
    if x.ndim != 3 or targets.shape[:2] != x.shape[:2] or len(x) < 5:
        return "x must be (T, B, D) and targets (T, B) or (T, B, V), with five steps or more."
    if mask.shape != x.shape[:2] or mask.dtype != bool:
        return f"The mask must hold True or False for each step, shape {x.shape[:2]}."
    if mask.all() or not mask.any():
        return "A mask that is the same everywhere checks nothing. Leave the first steps out."
    if any(np.asarray(p).dtype != np.float64 for p in params.values()):
        return "Check in float64. In float32 a difference quotient is rounding and little else."
    if not isinstance(grads, dict) or grads.keys() != params.keys():
        return f"grads must be a dict with the keys {sorted(params)}."

    def loss(p, counted=mask):
        return model.loss(model.forward(p, x)[0], targets, counted)[0]

    hidden = np.array(targets)
    hidden[~mask] = hidden[~mask][::-1] if hidden.dtype.kind in "iu" else hidden[~mask] + 1
    y = model.forward(params, x)[0]
    if abs(model.loss(y, hidden, mask)[0] - loss(params)) > 1e-12:
        return "The loss changes with targets that the mask leaves out."
    rng, factors = np.random.default_rng(0), []
    for name, array in params.items():
        given = np.asarray(grads[name])
        if given.shape != array.shape:
            return f"The gradient of {name} must have shape {array.shape}, got {given.shape}."
        places = [np.unravel_index(i, array.shape) for i in rng.permutation(array.size)[:25]]
        numeric = np.array([_slope(loss, params, name, place) for place in places])
        analytic = np.array([given[place] for place in places])
        scale = max(np.abs(numeric).max(), np.abs(analytic).max(), 1e-4)
        if np.abs(numeric - analytic).max() > 1e-5 * scale:
            known = _known_gradient(model, params, x, targets, mask, grads)
            if known:
                return known
            return f"The gradient of {name} fails: {analytic[0]:.6g} where central differences give {numeric[0]:.6g}."
        factors.append(scale)
    if max(factors) <= 1e-4:
        return "All gradients are nearly zero here, so the check says nothing. Take other weights."


def _slope(loss, params, name, place, eps=1e-6) -> float:
    values = []
    for sign in (1, -1):
        moved = {**params, name: params[name].copy()}
        moved[name][place] += sign * eps
        values.append(loss(moved))
    return (values[0] - values[1]) / (2 * eps)


def _known_gradient(model, params, x, targets, mask, grads) -> str | None:
    def same(others, factor=1.0):
        return all(_close(grads[k], factor * others[k], 1e-5) for k in grads)

    _, right, _ = model.loss_and_grads(params, x, targets, mask=mask)
    if same(model.loss_and_grads(params, x, targets)[1]):
        return "This is the gradient without the mask."
    n = int(mask.sum())
    for factor in (n, mask.size, n / mask.size, mask.size / n):
        if same(right, factor):
            return f"All gradients are {factor:.4g} times too large: a mean over other steps, or a sum."
    if same(right, -1):
        return "The sign is wrong everywhere."
    wrong = [k for k in grads if not _close(grads[k], right[k], 1e-5)]
    if {"W_hy", "b_y"}.isdisjoint(wrong):
        return f"The readout passes, the recurrence ({', '.join(wrong)}) fails: does the error of each step go back through all earlier ones?"
    return None


def _lag_profile(answer):
    form = "cell, params, x, profile, norms, max_norm"
    cell, params, x, profile, norms, max_norm = _unpack(answer, form)
    if not isinstance(cell, RNNCell | LSTMCell | GRUCell):
        return f"Give the cell first, not {_describe(cell)}."
    x = np.asarray(x)
    if x.ndim != 3 or x.shape[1] != 1 or len(x) <= BACK:
        return f"x must be one sequence (T, 1, D) of more than {BACK} steps."
    _, _, cache = forward(cell, params, x)
    states, S = cache.states, cell.state_size
    right, spectral = [], []
    for lag in range(1, BACK + 1):  # moves each entry of the state, and looks at the end
        moved = []
        for eps in (1e-6, -1e-6):
            start = np.repeat(states[-1 - lag], S, axis=0) + eps * np.eye(S)
            moved.append(forward(cell, params, np.repeat(x[-lag:], S, axis=1), start)[1])
        J = (moved[0] - moved[1]) / 2e-6
        right.append(np.linalg.norm(J) / np.sqrt(S))
        spectral.append(np.linalg.norm(J, 2))
    right, spectral = np.array(right), np.array(spectral)
    visible = right > 1e-7 * max(1.0, right.max())  # below, differences are rounding
    given = np.asarray(profile)
    if given.dtype.kind != "f" or given.shape != (BACK,):
        return f"profile must hold one number for each lag from 1 to {BACK}."
    if np.isclose(given[0], 1) and _close(given[1:][visible[:-1]], right[:-1][visible[:-1]], 1e-3):
        return "You began with lag 0."
    expect_array(
        given[visible],
        right[visible],
        what="profile",
        rtol=1e-3,
        mistakes={
            "Divide the Frobenius norm by the root of the size of the state.": (
                right[visible] * np.sqrt(S)
            ),
            "This is the spectral norm.": spectral[visible],
        },
    )
    if not np.all(given[~visible] < 1e-5 * max(1.0, right.max())):
        return "At long lags the profile must go on falling."
    norms = np.asarray(norms, dtype=float)
    if norms.ndim != 1 or len(norms) < 20 or not (np.isfinite(norms).all() and norms.min() > 0):
        return "norms must hold the gradient norm of every update, 20 or more."
    if np.mean(np.isclose(norms, norms.max(), rtol=1e-9)) > 0.05:
        return "Many norms are equal to the largest: these are norms after clipping."
    explodes = norms.max() > 5 * np.median(norms)
    if max_norm is None:
        if explodes:
            return "The largest norm is more than five times the median. Clip."
        return None
    expect_number(max_norm, float(max_norm))
    share = np.mean(norms > max_norm)
    if share > 0.1:
        return f"This threshold clips {100 * share:.0f} % of the updates. It then sets the length of the usual step."
    if explodes and not share:
        return "This threshold clips nothing, and the largest norm is over five times the median."


def _window(answer):
    form = "model, params, x, targets, errors, K"
    model, params, x, targets, errors, K = _unpack(answer, form)
    x, targets = np.asarray(x), np.asarray(targets)
    if not isinstance(model, SequenceModel) or x.ndim != 3 or len(x) < 50:
        return "Give model, params, and x (T, B, D) with 50 steps or more."
    if not isinstance(errors, dict) or len(errors) < 4:
        return "errors must be a dict from K to the relative error, for four windows or more."
    full = model.loss_and_grads(params, x, targets)[1]

    def error(K, carry=True, weigh=True, sliced=("W_hh",)):
        total, state = {name: 0.0 for name in full}, None
        for start in range(0, len(x), K):
            part = slice(start, start + K)
            _, grads, after = model.loss_and_grads(params, x[part], targets[part], state)
            state = after if carry else None
            weight = len(x[part]) / len(x) if weigh else 1.0
            total = {name: total[name] + weight * grads[name] for name in full}
        off = sum(np.sum((total[name] - full[name]) ** 2) for name in sliced)
        return float(np.sqrt(off / sum(np.sum(full[name] ** 2) for name in sliced)))

    for k, given in errors.items():
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k < len(x):
            return f"The keys of errors are windows from 1 to T - 1; {k!r} is none."
        expect_array(
            given,
            error(k),
            what=f"error of K = {k}",
            rtol=1e-4,
            mistakes={
                "The windows start from zero. Carry the state; cut only the gradient.": (
                    error(k, carry=False)
                ),
                "Each window's loss is its own mean. Weigh it by its share of the steps.": (
                    error(k, weigh=False)
                ),
                "Compare the gradients of W_hh alone: the readout's has no error to show.": (
                    error(k, sliced=tuple(full))
                ),
            },
        )
    good = [k for k in sorted(errors) if errors[k] < 0.1]
    if not good:
        return "No window has an error below a tenth. Try longer ones."
    if good[0] != K:
        if K in good:
            return f"K = {good[0]} is shorter, and its error is below a tenth, too."
        return f"The rule asks for the smallest K whose error is below a tenth, not {K!r}."


def _gates(answer):
    form = "parts, plain, gated, verdict"
    parts, plain, gated, verdict = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    scores, sizes = [], []
    for what, pair, kinds in (
        ("plain", plain, RNNCell),
        ("gated", gated, LSTMCell | GRUCell),
    ):
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], kinds):
            return f"{what} must be (cell, runs), with {'an RNNCell' if what == 'plain' else 'an LSTMCell or a GRUCell'}."
        cell, runs = pair
        _check_runs(runs, what)
        sizes.append(sum(np.size(array) for array in runs[0].values()))
        scores.append([_score(cell, params, z, a, b, V) for params in runs])
    if abs(sizes[1] / sizes[0] - 1) > 0.1:
        return f"{sizes[0]} against {sizes[1]} parameters is not equal. Choose sizes within a tenth of each other."
    right = "unclear"
    if max(scores[1]) < min(scores[0]):
        right = "gated"
    elif max(scores[0]) < min(scores[1]):
        right = "plain"
    if verdict == right:
        return None
    if verdict not in ("plain", "gated", "unclear"):
        return "The verdict is 'plain', 'gated' or 'unclear'."
    if right == "unclear":
        return f"The seeds overlap, so the verdict is 'unclear', whatever the means say (plain {np.mean(scores[0]):.3g}, gated {np.mean(scores[1]):.3g})."
    return f"On validation every seed of one model is below every seed of the other: plain {np.mean(scores[0]):.3g}, gated {np.mean(scores[1]):.3g}."


def _final(answer):
    form = "parts, best, networks, chosen, on_test"
    parts, best, networks, chosen, on_test = _unpack(answer, form)
    z, a, b, V = _check_parts(parts)
    n = len(z)
    if not isinstance(networks, dict) or len(networks) < 2 or "baseline" in networks:
        return "networks must be a dict from a name to (cell, runs), for two networks or more."
    valid = {"baseline": [_baseline(z, a, a, b, best, V)]}
    test = {"baseline": [_baseline(z, a, b, n, best, V)]}
    for name, pair in networks.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            return f"{name} must be (cell, runs)."
        _check_runs(pair[1], name)
        valid[name] = [_score(pair[0], params, z, a, b, V) for params in pair[1]]
        test[name] = [_score(pair[0], params, z, b, n, V) for params in pair[1]]
    means = {name: float(np.mean(scores)) for name, scores in valid.items()}
    right = min(means, key=means.get)
    if chosen != right:
        on = {name: float(np.mean(scores)) for name, scores in test.items()}
        if chosen == min(on, key=on.get):
            return f"{chosen} is best on the test part. On validation it was {right}: the choice was made there, and it stays."
        return f"The lowest mean on validation is that of {right!r}, not of {chosen!r}."
    naive = _baseline(z, a, b, n, 0, V)
    if V is None:
        naive = min(naive, float(np.mean((z[b:] - z[b - 1 : -1]) ** 2)))
    if not isinstance(on_test, dict) or on_test.keys() != {"naive", *test}:
        return f"on_test must be a dict with the keys {sorted({'naive', *test})}."
    expect_array(
        on_test["naive"],
        naive,
        what="naive score",
        mistakes={"The naive score is on the test part.": _baseline(z, a, a, b, 0, V)},
    )
    for name in test:
        spread = np.std(test[name], ddof=1) if len(test[name]) > 1 else 0.0
        expect_array(
            on_test[name],
            [np.mean(test[name]), spread],
            what=f"score of {name}",
            mistakes={
                f"{name}: this is the best seed. Report mean and sd over all.": (
                    [min(test[name]), spread]
                ),
                f"{name}: this is the score on validation, where the choices were made.": (
                    [means[name], np.std(valid[name], ddof=1) if len(valid[name]) > 1 else 0.0]
                ),
                f"{name}: the sd over seeds divides by n - 1 (ddof=1).": (
                    [np.mean(test[name]), np.std(test[name])]
                ),
            },
        )


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
