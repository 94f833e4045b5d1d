"""Answers to the exercises of the capstone, on two small sequences: values, and symbols."""

from itertools import pairwise

import numpy as np

from exercise_answers import Answers
from rnncore import Adam, GRUCell, LSTMCell, RNNCell, SequenceModel, mean_squared_error, train_tbptt
from rnncore import softmax_cross_entropy as cross_entropy
from rnncore.data import one_hot


def henon(n):
    """The first coordinate of the map of Hénon, with a little noise on what is seen."""
    x = [0.1, 0.1]
    while len(x) < n:
        x.append(1 - 1.4 * x[-1] ** 2 + 0.3 * x[-2])
    return np.array(x) + 0.02 * np.random.default_rng(0).normal(size=n)


def task(z, V):
    if V:
        return one_hot(z[:-1], V)[:, None], z[1:, None]
    return z[:-1, None, None], z[1:, None, None]


def rows(z, k, start, stop):
    return [z[t - k : t] for t in range(start, stop)]


def past_score(z, a, start, stop, k, V):
    """AR(k) or counts of k symbols, fitted to z[:a], scored on z[start:stop]."""
    if V:
        costs = []
        fit = [tuple(c) for c in rows(z, k, k, a)]
        for c, v in zip(rows(z, k, start, stop), z[start:stop], strict=True):
            after = [w for d, w in zip(fit, z[k:a], strict=True) if d == tuple(c)]
            costs.append(-np.log((after.count(v) + 0.1) / (len(after) + 0.1 * V)))
        return np.mean(costs)
    X = np.insert(rows(z, k, k, a), 0, 1, axis=1) if k else np.ones((a, 1))
    w = np.linalg.pinv(X) @ z[k:a]
    X = np.insert(rows(z, k, start, stop), 0, 1, axis=1) if k else np.ones((stop - start, 1))
    return np.mean((X @ w - z[start:stop]) ** 2)


class Project:
    """The right answers for one sequence; networks have random recurrences and a fitted readout.

    For symbols, which no least squares fits, two passes of training stand for the fit.
    """

    def __init__(self, sequence):
        self.sequence, n = sequence, len(sequence)
        self.V = None if sequence.dtype.kind == "f" else int(sequence.max()) + 1
        self.a, self.b = a, b = n * 6 // 10, n * 8 // 10
        part = sequence[:a]
        self.z = sequence if self.V else (sequence - part.mean()) / part.std()
        self.parts = tuple(np.split(self.z, [a, b]))
        self.scores = {
            k: past_score(self.z, a, a, b, k, self.V) for k in (0, 1, 2, 3, 4, 6, 8, 16, 24)
        }
        self.best = min(self.scores, key=self.scores.get)

    def model(self, kind, H):
        D = self.V or 1
        return SequenceModel(kind(D, H), D, cross_entropy if self.V else mean_squared_error)

    def train(self, kind, H, seed, fitted=True, memory=0.5):
        model = self.model(kind, H)
        params = model.init_params(np.random.default_rng(seed))
        x, targets = task(self.parts[0], self.V)
        if fitted and not self.V:
            params["W_xh"], params["W_hh"] = 2 * params["W_xh"], memory * params["W_hh"]
            params["b_h"] = np.random.default_rng(seed).normal(size=params["b_h"].shape)
            _, _, cache = model.forward(params, x)
            X = np.column_stack([cache.h[:, 0], np.ones(len(x))])
            w = np.linalg.lstsq(X, targets[:, 0], rcond=None)[0]
            params["W_hy"], params["b_y"] = w[:-1], w[-1]
        elif fitted:
            train_tbptt(model, params, x, targets, Adam(0.01), window=25, epochs=2)
        return params

    def runs(self, kind, H, **options):
        return [self.train(kind, H, seed, **options) for seed in range(5)]

    def score(self, kind, H, params, start, stop):
        model, (x, targets) = self.model(kind, H), task(self.z[:stop], self.V)
        y, _, _ = model.forward(params, x)
        return model.loss(y[start - 1 :], targets[start - 1 :])[0]

    def all_scores(self, kind, H, runs, start, stop):
        return [self.score(kind, H, params, start, stop) for params in runs]

    def split(self, x=None):
        x = self.z[: self.a] if x is None else x
        if self.V:
            x = x == np.bincount(self.parts[0]).argmax()
        c = x - np.mean(x)
        r = np.array([np.sum(c[lag:] * c[:-lag]) for lag in range(1, 21)]) / np.sum(c**2)
        return self.sequence, self.parts, r, int(sum(abs(r) > 2 / self.a**0.5))

    def sizes(self):
        runs = {H: self.runs(RNNCell, H) for H in (1, 2, 8, 16)}
        line = self.scores[self.best]
        worst = {H: max(self.all_scores(RNNCell, H, runs[H], self.a, self.b)) for H in runs}
        smallest = next((H for H in runs if worst[H] < line), None)
        weights = {H: sum(p.size for p in runs[H][0].values()) for H in runs}
        return self.parts, self.best, runs, smallest, weights

    def gradient(self, counted=True, scale=1.0, T=60, fitted=True, late=False):
        model, params = self.model(RNNCell, 3), self.train(RNNCell, 3, 0, fitted=fitted)
        x, targets = task(self.parts[0][: T + 1], self.V)
        mask = np.arange(T)[:, None] >= T // 4
        mask = ~mask if late else mask  # the last steps hidden, not the first
        grads = model.loss_and_grads(params, x, targets, mask=mask if counted else None)[1]
        return model, params, x, targets, mask, {k: scale * g for k, g in grads.items()}

    def profile(self, power=0.5, shift=0, ends=None, leftmost=True, squares=True, fitted=True):
        cell, params = RNNCell(self.V or 1, 3), self.train(RNNCell, 3, 0, fitted=fitted)
        x, _ = task(self.parts[0], self.V)
        h = self.model(RNNCell, 3).forward(params, x)[2].h[:, 0]
        ends = np.linspace(35, len(x), 24).astype(int) if ends is None else ends
        of_ends = []
        for end in ends:
            product, sizes = np.eye(3), [1.0]
            for h_t in h[:end][::-1][:30]:
                J = (params["W_hh"] * (1 - h_t**2)).T
                product = product @ J if leftmost else J @ product
                sizes.append(np.sqrt(np.sum(product**2)) / 3**power)
            of_ends.append(sizes[1 - shift : 31 - shift])
        upper = (
            np.mean(np.power(of_ends, 2), axis=0) ** 0.5 if squares else np.mean(of_ends, axis=0)
        )
        both = np.array([upper, np.prod(np.power(of_ends, 1 / len(ends)), axis=0)])
        norms = np.append(np.linspace(1, 2, 60), 30.0)
        return cell, params, x, ends, both, norms, 5.0

    def window(
        self,
        carry=True,
        weigh=None,
        places=True,
        of=("W_hh",),
        fitted=True,
        memory=0.5,
        lengths=(1, 3, 10, 50, 120),
    ):
        model = self.model(RNNCell, 3)
        params = self.train(RNNCell, 3, 0, fitted=fitted, memory=memory)
        x, targets = task(self.parts[0][:125], self.V)
        full = model.loss_and_grads(params, x, targets)[1]
        errors = {}
        for K in lengths:
            means = []
            for first in range(1, K + 1) if places else [K]:
                grads, state = [], None
                cuts = [0, *range(first, len(x), K), len(x)]
                for s, e in pairwise(cuts):
                    _, g, state = model.loss_and_grads(params, x[s:e], targets[s:e], state=state)
                    state = state if carry else None
                    share = {None: (e - s) / len(x), "sum": 1, "mean": 1 / (len(cuts) - 1)}[weigh]
                    grads.append({k: share * g[k] for k in of})
                means.append({k: sum(g[k] for g in grads) for k in of})
            off = {k: np.mean([m[k] for m in means], axis=0) - full[k] for k in of}
            errors[K] = np.sqrt(
                sum(np.sum(off[k] ** 2) for k in of) / sum(np.sum(full[k] ** 2) for k in of)
            )
        return model, params, x, targets, errors, next((K for K in errors if errors[K] < 0.1), 1)

    def gates(self):
        H = (9, 5) if self.V else (16, 9)  # within a tenth in parameters
        pairs = [
            (kind(self.V or 1, h), self.runs(kind, h))
            for kind, h in zip((RNNCell, GRUCell), H, strict=True)
        ]
        low, high = (
            self.all_scores(type(c), c.hidden_size, runs, self.a, self.b) for c, runs in pairs
        )
        verdict = (
            "gated" if max(high) < min(low) else "plain" if max(low) < min(high) else "unclear"
        )
        return self.parts, *pairs, verdict

    def without_valid(self):
        """The same project for networks that never read the validation part."""
        reader = Project.__new__(Project)
        vars(reader).update(vars(self), z=np.delete(self.z, np.s_[self.a : self.b]), b=self.a)
        return reader

    def final(self, ddof=1, pick=np.mean, on="test", skip=False):
        reader = self.without_valid() if skip else self
        start, stop = (reader.b, len(reader.z)) if on == "test" else (self.a, self.b)
        networks = {
            "small": (RNNCell(self.V or 1, 2), self.runs(RNNCell, 2)),
            "large": (RNNCell(self.V or 1, 16), self.runs(RNNCell, 16)),
        }
        valid = {"baseline": self.scores[self.best]}
        on_test = {"baseline": (past_score(reader.z, self.a, start, stop, self.best, self.V), 0.0)}
        for name, (cell, runs) in networks.items():
            H = cell.hidden_size
            valid[name] = np.mean(self.all_scores(RNNCell, H, runs, self.a, self.b))
            found = reader.all_scores(RNNCell, H, runs, start, stop)
            on_test[name] = pick(found), np.std(found, ddof=ddof)
        naive = [past_score(self.z, self.a, self.b, len(self.z), 0, self.V)]
        if not self.V:
            naive.append(np.mean((self.z[self.b :] - self.z[self.b - 1 : -1]) ** 2))
        chosen = min(valid, key=valid.get)
        return self.parts, self.best, networks, chosen, on_test | {"naive": min(naive)}

    def right(self):
        return {
            "capstone-1": self.split(),
            "capstone-2": (self.parts, self.scores, self.best),
            "capstone-3": self.sizes(),
            "capstone-4": self.gradient(),
            "capstone-5": self.profile(),
            "capstone-6": self.window(),
            "capstone-7": self.gates(),
            "capstone-8": self.final(),
        }


def swap(answer, **changes):
    """The tuple with the entries at some places replaced: swap(answer, at2=x)."""
    return tuple(changes.get(f"at{i}", part) for i, part in enumerate(answer))


def turning(n):
    """Neighbours are alike until the test part begins; then they are opposite."""
    x, rng = [0.0], np.random.default_rng(2)
    while len(x) < n:
        x.append((0.9 if len(x) < 0.8 * n else -0.9) * x[-1] + rng.normal())
    return np.array(x)


def blind_loss(y, targets, mask=None):
    """A squared error of one's own that forgets the mask."""
    return mean_squared_error(y, targets)


def flat_gradient():
    """A stretch that never changes, and a network that has learned just that."""
    model, x = SequenceModel(RNNCell(1, 3), 1, mean_squared_error), np.ones((60, 1, 1))
    params = {name: np.zeros_like(p) for name, p in gradient[1].items()} | {"b_y": np.ones(1)}
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    return model, params, x, x, gradient[4], grads


def guessing(params):
    """Weights that give far too large values."""
    return {**params, "W_hy": 50 + params["W_hy"]}


NOISE = np.random.default_rng(1).normal(size=400)
P = Project(henon(400))
RIGHT = P.right()
x, (train, valid, test) = P.sequence, P.parts
whole = (x - x.mean()) / x.std()
whole_but_n = (x - x[:240].mean()) / x[:240].std(ddof=1)
split, sizes, final = RIGHT["capstone-1"], RIGHT["capstone-3"], RIGHT["capstone-8"]
gates, window, profile = RIGHT["capstone-7"], RIGHT["capstone-6"], RIGHT["capstone-5"]
gradient, scores = RIGHT["capstone-4"], P.scores
turned, overlapping = Project(turning(500)).final(), Project(NOISE).gates()


def standard(part):
    return (part - part.mean()) / part.std()


def scored(fit_to, start, stop):
    return {k: past_score(P.z, fit_to, start or k, stop, k, None) for k in scores}


late_scores = scores | {8: scored(240, 248, 320)[8]}


one_off = [*sizes[2][8][:4], {**sizes[2][8][4], "b_y": 1 + sizes[2][8][4]["b_y"]}]


refitted = past_score(P.z, 320, 320, 400, P.best, None)
persistence = np.mean((P.z[320:] - P.z[319:-1]) ** 2)
naive_on_valid = past_score(P.z, 240, 240, 320, 0, None)


def other(runs, H, count):
    return {**runs, H: count}


ANSWERS = {
    "capstone-1": Answers(
        right=split,
        wrong=[
            (swap(split, at1=(P.z[:300], P.z[240:320], P.z[320:])), "overlap"),
            (swap(split, at1=(train, valid, test[5:])), "None may be lost"),
            (swap(split, at1=tuple(np.split(whole, [240, 320]))), "test part has leaked"),
            (swap(split, at1=tuple(np.split(x, [240, 320]))), "Standardise the values"),
            (
                swap(split, at1=tuple(standard(part) for part in np.split(x, [240, 320]))),
                "its own mean",
            ),
            (
                swap(
                    split,
                    at1=tuple(np.split(np.random.default_rng(0).permutation(P.z), [240, 320])),
                ),
                "Split in time",
            ),
            (swap(split, at1=tuple(np.split(P.z, [240, 375]))), "a tenth each"),
            (swap(split, at1=tuple(np.split(whole_but_n, [240, 320]))), "ddof=1"),
            (swap(split, at1=tuple(np.split(x / 2 + 1, [240, 320]))), "another scale"),
            ((split[1], split[0], *split[2:]), "begins with the sequence"),
            (swap(split, at2=P.split(P.z)[2]), "whole sequence"),
            (swap(split, at2=np.append(1.0, split[2][:-1])), "lag 0"),
            (swap(split, at3=20), "off by"),
            (split[:3], "Hand over the tuple"),
            (swap(split, at3=...), "still to be filled in"),
            (swap(split, at1=P.z), "parts must be (train, valid, test)"),
            (swap(split, at1=np.split(P.z, [240, 390])), "test must be one row"),
            (
                swap(split, at1=np.split(np.where(P.z == P.z[7], np.nan, P.z), [240, 320])),
                "not finite",
            ),
            (swap(split, at1=(np.sign(train).astype(int), valid, test)), "Some parts hold"),
            (swap(split, at1=np.split(np.sign(P.z).astype(int), [240, 320])), "numbered from 0"),
            (swap(split, at1=np.split((P.z > 0).astype(int), [240, 320])), "Symbols stay integers"),
            (swap(split, at1=np.split(P.z**2, [240, 320])), "One after the other"),
            (swap(split, at1=np.split(np.maximum(P.z, P.z[:240].max()), [240, 320])), "constant"),
            (swap(split, at0=x[:299]), "at least 300"),
            (
                swap(split, at2=[np.corrcoef(train[k:], train[:-k])[0, 1] for k in range(1, 21)]),
                "sum of squares",
            ),
            (swap(split, at3=int(sum(split[2] > 2 / 240**0.5))), "Negative correlations"),
            (
                swap(split, at3=int(sum(abs(split[2]) > 2 / 400**0.5))),
                "length of the training part",
            ),
        ],
        promises=[
            ("at least half for training", swap(split, at1=np.split(P.z, [190, 300]))),
            ("the order matters: `r`, shape `(20,)`", swap(split, at2=split[2][:19])),
        ],
    ),
    "capstone-2": Answers(
        right=(P.parts, scores, P.best),
        wrong=[
            ((P.parts, scored(240, None, 240), P.best), "on the training part"),
            ((P.parts, scored(240, 320, 400), P.best), "on the test part"),
            ((P.parts, scored(320, 240, 320), P.best), "took part in the fit"),
            ((P.parts, scores, 0), "lowest validation loss"),
            ((P.parts, {0: scores[0]}, 0), "four more"),
            ((P.parts, dict.fromkeys(scores, 0.1), 0), "off by"),
            ((P.parts, scores, 6), "best on the test part"),
            ((P.parts, scores, 8.5), "whole number"),
            ((P.parts, scores | {2.5: 0.8}, P.best), "lengths of the past"),
            ((P.parts, {k: scores[k] for k in (0, 1, 2, 4, 6)}, 6), "Try longer ones"),
            ((P.parts, late_scores, P.best), "first 8 validation steps"),
        ],
        promises=[
            ("`best` the $k$ with the lowest", (P.parts, scores, 16)),
            (
                "at least four more lengths of past",
                (P.parts, {k: scores[k] for k in (0, 6, 8, 16)}, 8),
            ),
        ],
    ),
    "capstone-3": Answers(
        right=sizes,
        wrong=[
            (swap(sizes, at3=1), "smallest H whose every seed"),
            (swap(sizes, at1=0), "better baseline"),
            (swap(sizes, at4={H: n - H * H + H for H, n in sizes[4].items()}), "each pair"),
            (swap(sizes, at4=other(sizes[4], 8, 8 * 10)), "readout"),
            (swap(sizes, at2=other(sizes[2], 2, sizes[2][2][:4])), "five seeds"),
            (swap(sizes, at2=other(sizes[2], 2, sizes[2][2][:1] * 5)), "same weights"),
            (swap(sizes, at2=other(sizes[2], 2, sizes[2][8])), "shape"),
            (swap(sizes, at2=other(sizes[2], 2, list(range(5)))), "dict of its parameters"),
            (swap(sizes, at2=sizes[2][8]), "runs must be a dict"),
            (
                swap(sizes, at2={H: list(map(guessing, runs)) for H, runs in sizes[2].items()}),
                "much worse",
            ),
            (swap(sizes, at4=list(sizes[4].values())), "weights must be a dict"),
            (swap(sizes, at4=other(sizes[4], 8, 1000)), "number of parameters of H = 8"),
            (swap(sizes, at3=16), "A smaller network does it"),
            (swap(sizes, at3=None), "the answer is not None"),
            (swap(sizes, at3="8 units"), "must be a whole number"),
            (swap(sizes, at2=other(sizes[2], 8, one_off), at3=8), "The mean of H = 8"),
        ],
        promises=[
            ("**every** seed is below the baseline", swap(sizes, at2=other(sizes[2], 8, one_off))),
            (
                "with three or more numbers of units",
                swap(
                    sizes,
                    at2={H: sizes[2][H] for H in (8, 16)},
                    at4={H: sizes[4][H] for H in (8, 16)},
                ),
            ),
        ],
    ),
    "capstone-4": Answers(
        right=gradient,
        wrong=[
            (swap(gradient, at5=P.gradient(counted=False)[5]), "without the mask"),
            (swap(gradient, at5=P.gradient(scale=45)[5]), "45 times the right ones"),
            (swap(gradient, at5=P.gradient(scale=-1)[5]), "sign"),
            (swap(gradient, at5={**gradient[5], "W_hh": gradient[5]["W_hh"].T}), "recurrence"),
            (swap(gradient, at5={**gradient[5], "b_y": 2 * gradient[5]["b_y"]}), "gradient of b_y"),
            (swap(gradient, at4=np.ones((60, 1), bool)), "checks nothing"),
            (P.gradient(late=True), "the first steps, and only these"),
            (P.gradient(fitted=False), "before training"),
            (swap(gradient, at5=P.gradient(late=True)[5]), "that the mask leaves out"),
            (gradient[1:2] + gradient[:1] + gradient[2:], "Give the SequenceModel"),
            (swap(gradient, at3=gradient[3][:-1]), "x must be (T, B, D)"),
            (swap(gradient, at4=gradient[4][:, 0]), "True or False for each step"),
            (swap(gradient, at1={k: np.float32(p) for k, p in gradient[1].items()}), "float64"),
            (swap(gradient, at1={"W_hh": gradient[1]["W_hh"]}), "dict of one run"),
            (swap(gradient, at1=guessing(gradient[1])), "much worse"),
            (swap(gradient, at5={"W_hh": gradient[5]["W_hh"]}), "with the keys"),
            (swap(gradient, at5={**gradient[5], "b_y": 0.0}), "gradient of b_y must have shape"),
            (
                swap(gradient, at0=SequenceModel(RNNCell(1, 3), 1, blind_loss)),
                "targets that the mask",
            ),
            (flat_gradient(), "nearly zero"),
        ],
        promises=[
            ("leaves out some first steps, and these alone", P.gradient(late=True)),
            ("the gradient of the masked loss", swap(gradient, at5=P.gradient(counted=False)[5])),
        ],
    ),
    "capstone-5": Answers(
        right=profile,
        wrong=[
            (P.profile(power=0), "root of the size"),
            (P.profile(shift=1), "lag 0"),
            (P.profile(leftmost=False), "wrong order"),
            (P.profile(squares=False), "plain mean"),
            (P.profile(fitted=False), "trained run"),
            (swap(profile, at4=profile[4][::-1]), "exchanged"),
            (swap(profile, at4=P.profile(ends=profile[3][-1:])[4]), "from one end"),
            (swap(profile, at4=profile[4][0]), "both means"),
            (swap(profile, at4=np.array([profile[4][0], profile[4][1] + 1e-9])), "is small"),
            (P.profile(ends=np.arange(100, 130)), "Spread the ends"),
            (P.profile(ends=np.arange(100, 230, 10)), "20 or more"),
            (swap(profile, at4=0.9 ** np.ones((2, 1)) ** np.arange(1.0, 31)), "off by"),
            (swap(profile, at6=None), "Clip"),
            (swap(profile, at6=1.5), "length of the usual step"),
            (swap(profile, at6=50.0), "clips nothing"),
            (swap(profile, at5=np.minimum(profile[5], 1.95)), "after clipping"),
            (swap(profile, at5=np.minimum(profile[5], 5.0)), "after clipping"),
            (swap(profile, at5=profile[5][:10]), "of every update"),
            ((profile[1], profile[0], *profile[2:]), "Give the cell first"),
            (swap(profile, at2=profile[2][:, 0]), "one sequence (T, 1, D)"),
            (swap(profile, at3=np.linspace(20, 240, 24).astype(int)), "leave room for 30 lags"),
            (swap(profile, at3=np.linspace(30, 238, 24)), "whole numbers"),
            (swap(profile, at6="none"), "made of numbers"),
        ],
        promises=[
            ("spread over the training part", P.profile(ends=np.arange(100, 130))),
            ("more than five times the median, clip", swap(profile, at6=None)),
            ("more than a tenth of the updates reach is no protection", swap(profile, at6=1.5)),
        ],
    ),
    "capstone-6": Answers(
        right=window,
        wrong=[
            (P.window(carry=False), "start from zero"),
            (P.window(weigh="sum"), "Weigh it"),
            (P.window(weigh="mean"), "Weigh it"),
            (P.window(weigh="mean", places=False), "Weigh it"),
            (P.window(places=False), "one place of the border"),
            (P.window(of=tuple(window[1])), "W_hh alone"),
            (P.window(fitted=False), "before training"),
            (swap(window, at5=120), "is shorter"),
            (swap(window, at5=1), "smallest K"),
            (swap(window, at4=dict.fromkeys(window[4], 0.05)), "off by"),
            (swap(window, at4={K: [e, e] for K, e in window[4].items()}), "must be one number"),
            (swap(window, at2=window[2][:, 0]), "one stream x (T, 1, D)"),
            (swap(window, at2=window[2][:49], at3=window[3][:49]), "50 to 1,000 steps"),
            (swap(window, at4=list(window[4].values())), "dict from K"),
            (swap(window, at4=window[4] | {"all": 0.0}), "keys of errors"),
            (swap(window, at5=2.5), "whole number"),
            (P.window(memory=1, lengths=(1, 2, 3, 10)), "Try longer ones"),
        ],
        promises=[
            ("the **mean of the gradients over all $K$ places**", P.window(places=False)),
            ("for $W_{hh}$ alone", P.window(of=tuple(window[1]))),
            ("with the state carried", P.window(carry=False)),
        ],
    ),
    "capstone-7": Answers(
        right=gates,
        wrong=[
            (swap(gates, at3={"gated": "plain"}.get(gates[3], "gated")), "plain"),
            (swap(gates, at2=(LSTMCell(1, 16), P.runs(LSTMCell, 16))), "not equal"),
            (swap(gates, at2=(gates[2][0], gates[2][1][:1])), "five seeds"),
            (swap(gates, at2=gates[1]), "GRUCell"),
            (swap(gates, at3="the plain one"), "'plain', 'gated' or 'unclear'"),
            (swap(overlapping, at3="gated"), "The seeds overlap"),
        ],
    ),
    "capstone-8": Answers(
        right=final,
        wrong=[
            (swap(final, at3="small"), "lowest mean on validation"),
            (swap(final, at4=P.final(pick=np.min)[4]), "best seed"),
            (swap(final, at4=P.final(on="valid")[4]), "on validation"),
            (swap(final, at4=P.final(ddof=0)[4]), "ddof"),
            (swap(final, at4={"baseline": (0.1, 0.0)}), "keys"),
            (P.final(skip=True), "valid was skipped"),
            (swap(final, at2=final[2]["small"]), "networks must be a dict"),
            (swap(final, at2=final[2] | {"small": RNNCell(1, 2)}), "small must be (cell, runs)"),
            (swap(turned, at3="small"), "best on the test part"),
            (swap(final, at4=final[4] | {"baseline": (refitted, 0.0)}), "took part in a fit"),
            (swap(final, at4=final[4] | {"naive": naive_on_valid}), "naive score is on the test"),
            (swap(final, at4=final[4] | {"naive": persistence}), "the lower of two"),
        ],
        promises=[
            ("Nothing is fitted again", swap(final, at4=final[4] | {"baseline": (refitted, 0.0)})),
            ("The networks now read `train` and then `valid` first", P.final(skip=True)),
        ],
    ),
}
