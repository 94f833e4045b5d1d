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


def kneser_ney(z, a, t, k, V):
    """P(z[t] | the last k), counted in z[:a] between k marks (here V) and one more, discount 0.75."""
    train, p = [V] * k + z[:a].tolist() + [V], 1 / (V + 1)
    for length in range(k + 1):
        context = z[t - length : t].tolist()
        followers = {}  # symbol -> what stood before context and symbol
        for i in range(k, len(train)):
            if train[i - length : i] == context:
                followers.setdefault(train[i], []).append(tuple(train[i - k : i - length]))
        # only the longest context counts how often; a shorter one after how many different symbols
        if length < k:
            followers = {v: {c[-1] for c in before} for v, before in followers.items()}
        n = sum(map(len, followers.values()))
        if n:
            own = len(followers.get(int(z[t]), ()))
            p = (max(own - 0.75, 0) + 0.75 * len(followers) * p) / n
    return p


def past_losses(z, a, start, stop, name, V):
    """The losses of one rule, fitted to z[:a], on each of z[start:stop]."""
    if V:
        k = int(name.split()[0])
        return np.array([-np.log(kneser_ney(z, a, t, k, V)) for t in range(start, stop)])
    if name == "last value":
        return np.diff(z)[start - 1 : stop - 1] ** 2
    if name == "exponential":
        each = []
        for share in np.arange(100) / 100:
            m = [z[:a].mean()]
            for value in z[:stop]:
                m.append(share * m[-1] + (1 - share) * value)
            off = (np.array(m[:-1]) - z[:stop]) ** 2
            each.append((off[:a].mean(), off[start:]))
        return min(each, key=lambda pair: pair[0])[1]
    k = 22 if name == "1-5-22" else int(name[3:-1])

    def design(first, last):
        parts = [[z[first - lag : last - lag] for lag in range(1, k + 1)]]
        if name == "1-5-22":
            parts = [[np.mean(parts[0][:n], axis=0) for n in (1, 5, 22)]]
        return np.insert(np.reshape(parts, (-1, last - first)).T, 0, 1, axis=1)

    w = np.linalg.pinv(design(k, a)) @ z[k:a]
    return (design(start, stop) @ w - z[start:stop]) ** 2


def past_score(*args):
    return np.mean(past_losses(*args))


def names_of(V):
    if V:
        return [f"{k} symbols" for k in range(7)]
    lengths = (0, 1, 2, 3, 5, 10, 20, 30)
    return [*(f"AR({k})" for k in lengths), "last value", "exponential", "1-5-22"]


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
        self.scores = {name: past_score(self.z, a, a, b, name, self.V) for name in names_of(self.V)}
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

    def losses(self, kind, H, params, start, stop):
        model, (x, targets) = self.model(kind, H), task(self.z[:stop], self.V)
        y, _, _ = model.forward(params, x)
        return [model.loss(y[t : t + 1], targets[t : t + 1])[0] for t in range(start - 1, stop - 1)]

    def all_scores(self, kind, H, runs, start, stop):
        return [np.mean(self.losses(kind, H, params, start, stop)) for params in runs]

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
        grads = {k: scale * g for k, g in grads.items()}
        return self.parts, model, params, x, targets, mask, grads

    def profile(
        self, power=0.5, shift=0, ends=None, leftmost=True, squares=True, fitted=True, K=20, **norms
    ):
        model, params = self.model(RNNCell, 3), self.train(RNNCell, 3, 0, fitted=fitted)
        x, targets = task(self.parts[0], self.V)
        h = model.forward(params, x)[2].h[:, 0]
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
        norms = self.norms(model, params, x, targets, K, **norms)
        return self.parts, model, params, K, ends, both, norms, 1.01 * norms.max()

    def norms(self, model, params, x, targets, K, carry=True, of=None, clip=np.inf):
        norms, state = [], None
        for s in range(0, len(x), K):
            _, g, state = model.loss_and_grads(
                params, x[s : s + K], targets[s : s + K], state=state if carry else None
            )
            norms.append(np.linalg.norm(np.concatenate([g[k].ravel() for k in of or g])))
        return np.minimum(norms, clip)

    def window(
        self,
        carry=True,
        weigh=None,
        places=True,
        of=("W_hh",),
        fitted=True,
        memory=0.5,
        lengths=(1, 2, 5, 10, 25, 50, 100),
    ):
        model = self.model(RNNCell, 3)
        params = self.train(RNNCell, 3, 0, fitted=fitted, memory=memory)
        x, targets = task(self.parts[0][:1001], self.V)
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
        return self.parts, model, params, errors, next((K for K in errors if errors[K] < 0.1), 1)

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
        rule = past_losses(reader.z, self.a, start, stop, self.best, self.V)
        valid, on_test, each = (
            {"baseline": self.scores[self.best]},
            {"baseline": (rule.mean(), 0)},
            {},
        )
        for name, (cell, runs) in networks.items():
            H = cell.hidden_size
            valid[name] = np.mean(self.all_scores(RNNCell, H, runs, self.a, self.b))
            each[name] = np.array([reader.losses(RNNCell, H, p, start, stop) for p in runs])
            found = each[name].mean(axis=1)
            on_test[name] = pick(found), np.std(found, ddof=ddof)
        naive = ["0 symbols"] if self.V else ["AR(0)", "last value"]
        n = len(self.z)
        naive = min(past_score(self.z, self.a, self.b, n, name, self.V) for name in naive)
        d = each[min(networks, key=valid.get)].mean(axis=0) - rule
        blocks = [np.mean(block) for block in np.array_split(d, 10)]
        gap = np.mean(d), np.sqrt(np.var(blocks, ddof=1) / 10)
        chosen = min(valid, key=valid.get)
        return self.parts, self.best, networks, chosen, on_test | {"naive": naive}, gap

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


def no_gradient():
    """A stretch of two values that take turns, and a network that has learned just that."""
    turns = P.sequence.copy()
    turns[:62:2], turns[1:62:2] = 0.5, -1.0
    project = Project(turns)
    model = project.model(RNNCell, 1)
    params = {name: np.zeros_like(p) for name, p in project.train(RNNCell, 1, 0).items()}
    x, targets = task(project.z[:61], None)
    h = np.tanh(x[:2, 0, 0])
    slope = (targets[1, 0, 0] - targets[0, 0, 0]) / (h[1] - h[0])
    params["W_xh"][:], params["W_hy"][:] = 1.0, slope
    params["b_y"][:] = targets[0, 0, 0] - slope * h[0]
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    return project.parts, model, params, x, targets, gradient[5], grads


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
    return {name: past_score(P.z, fit_to, start, stop, name, None) for name in scores}


on_train = scores | {"AR(3)": past_score(P.z, 240, 3, 240, "AR(3)", None)}
late_scores = scores | {"AR(10)": past_score(P.z, 240, 250, 320, "AR(10)", None)}
late_average = scores | {"1-5-22": past_score(P.z, 240, 262, 320, "1-5-22", None)}
T = Project(turning(500))
on_test_of_turned = {name: past_score(T.z, T.a, T.b, len(T.z), name, None) for name in T.scores}
best_on_test = min(on_test_of_turned, key=on_test_of_turned.get)

one_off = [*sizes[2][8][:4], {**sizes[2][8][4], "b_y": 1 + sizes[2][8][4]["b_y"]}]
untrained = [P.train(RNNCell, 8, seed, fitted=False) for seed in range(5)]

refitted = past_score(P.z, 320, 320, 400, P.best, None)
persistence = max(np.mean((P.z[320:] - P.z[319:-1]) ** 2), np.mean(P.z[320:] ** 2))
naive_on_valid = past_score(P.z, 240, 240, 320, "AR(0)", None)
rising = [-final[5][0], final[5][1]]


def spiked():
    """The profile of a sequence with one huge entry, so that one chunk has a huge gradient."""
    spike = P.sequence.copy()
    spike[130] = 40.0
    return Project(spike).profile()


exploding = spiked()


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
            ((P.parts, on_train, P.best), "on the training part"),
            ((P.parts, scored(240, 320, 400), P.best), "on the test part"),
            ((P.parts, scored(320, 240, 320), P.best), "took part in the fit"),
            ((P.parts, scores, "AR(0)"), "is a better baseline"),
            ((P.parts, {"AR(0)": scores["AR(0)"]}, "AR(0)"), "name of each rule"),
            ((P.parts, list(scores.values()), P.best), "name of each rule"),
            ((P.parts, dict.fromkeys(scores, 0.1), P.best), "off by"),
            ((T.parts, T.scores, best_on_test), "best on the test part"),
            ((P.parts, scores, 8), "name of a rule"),
            ((P.parts, late_scores, P.best), "first 10 validation steps"),
            ((P.parts, late_average, P.best), "first 22 validation steps"),
        ],
        promises=[
            ("`best` the name with the lowest", (P.parts, scores, "AR(1)")),
            (
                "a dict from the name of every rule",
                (P.parts, {name: scores[name] for name in scores if name != "exponential"}, P.best),
            ),
        ],
    ),
    "capstone-3": Answers(
        right=sizes,
        wrong=[
            (swap(sizes, at3=1), "smallest H whose every seed"),
            (swap(sizes, at1="AR(1)"), "better baseline"),
            (swap(sizes, at1=3), "name of a rule"),
            (swap(sizes, at2=other(sizes[2], 8, untrained)), "as before training"),
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
            ("**every** seed is below the rule", swap(sizes, at2=other(sizes[2], 8, one_off))),
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
            (swap(gradient, at6=P.gradient(counted=False)[6]), "without the mask"),
            (swap(gradient, at6=P.gradient(scale=45)[6]), "45 times the right ones"),
            (swap(gradient, at6=P.gradient(scale=-1)[6]), "sign"),
            (swap(gradient, at6={**gradient[6], "W_hh": gradient[6]["W_hh"].T}), "recurrence"),
            (swap(gradient, at6={**gradient[6], "b_y": 2 * gradient[6]["b_y"]}), "gradient of b_y"),
            (swap(gradient, at5=np.ones((60, 1), bool)), "checks nothing"),
            (P.gradient(late=True), "the first steps, and only these"),
            (P.gradient(fitted=False), "before training"),
            (swap(gradient, at6=P.gradient(late=True)[6]), "that the mask leaves out"),
            ((gradient[0], gradient[2], gradient[1], *gradient[3:]), "Give the SequenceModel"),
            (swap(gradient, at4=gradient[4][:-1]), "x must be (T, 1, 1)"),
            (swap(gradient, at3=gradient[3][:20], at4=gradient[4][:20]), "30 steps or more"),
            (swap(gradient, at3=0 * gradient[3], at4=0 * gradient[4]), "targets are the inputs"),
            (swap(gradient, at4=gradient[3]), "targets are the inputs"),
            (swap(gradient, at3=gradient[3] + 1, at4=gradient[4] + 1), "stretch of your training"),
            (swap(gradient, at4=gradient[4][::-1]), "stretch of your training"),
            (swap(gradient, at3=valid[:60, None, None], at4=valid[1:61, None, None]), "stretch of"),
            (swap(gradient, at5=gradient[5][:, 0]), "True or False for each step"),
            (swap(gradient, at2={k: np.float32(p) for k, p in gradient[2].items()}), "float64"),
            (swap(gradient, at2={"W_hh": gradient[2]["W_hh"]}), "dict of one run"),
            (swap(gradient, at2=guessing(gradient[2])), "much worse"),
            (swap(gradient, at6={"W_hh": gradient[6]["W_hh"]}), "with the keys"),
            (swap(gradient, at6={**gradient[6], "b_y": 0.0}), "gradient of b_y must have shape"),
            (swap(gradient, at1=SequenceModel(RNNCell(1, 3), 1, blind_loss)), "and its loss"),
            (no_gradient(), "nearly zero"),
        ],
        promises=[
            ("leaves out the first few steps and no others", P.gradient(late=True)),
            ("the gradient of the masked loss", swap(gradient, at6=P.gradient(counted=False)[6])),
            (
                "a stretch of the training part",
                swap(gradient, at3=0.5 * gradient[3], at4=0.5 * gradient[4]),
            ),
        ],
    ),
    "capstone-5": Answers(
        right=profile,
        wrong=[
            (P.profile(power=0), "root of the size"),
            (P.profile(shift=1), "lag 0"),
            (P.profile(leftmost=False), "wrong order"),
            (P.profile(squares=False), "plain mean"),
            (P.profile(fitted=False), "as before training"),
            (swap(profile, at5=profile[5][::-1]), "exchanged"),
            (swap(profile, at5=P.profile(ends=profile[4][-1:])[5]), "from one end"),
            (swap(profile, at5=profile[5][0]), "both means"),
            (swap(profile, at5=np.array([profile[5][0], profile[5][1] + 1e-9])), "is small"),
            (P.profile(ends=np.arange(100, 130)), "Spread the ends"),
            (P.profile(ends=np.arange(100, 230, 10)), "20 or more"),
            (swap(profile, at5=0.9 ** np.ones((2, 1)) ** np.arange(1.0, 31)), "off by"),
            (swap(exploding, at7=None), "Clip"),
            (swap(profile, at7=np.median(profile[6])), "length of the usual step"),
            (exploding, "clips nothing"),
            (
                swap(P.profile(clip=0.9 * max(profile[6])), at7=0.9 * max(profile[6])),
                "after clipping",
            ),
            (P.profile(carry=False), "Carry the state"),
            (P.profile(of=["W_hh"]), "W_hh alone"),
            (swap(profile, at6=np.append(np.linspace(1, 2, 60), 30.0)), "row of norms"),
            (swap(profile, at6=profile[6][:-1]), "row of norms"),
            (swap(profile, at3=200), "length of the chunks"),
            (swap(profile, at7=-1.0), "positive threshold"),
            ((profile[0], profile[2], profile[1], *profile[3:]), "Give the SequenceModel"),
            (swap(profile, at4=np.linspace(20, 239, 24).astype(int)), "leave room for 30 lags"),
            (swap(profile, at4=np.linspace(30, 238, 24)), "whole numbers"),
            (swap(profile, at7="none"), "made of numbers"),
        ],
        promises=[
            ("spread over the training part", P.profile(ends=np.arange(100, 130))),
            ("more than five times the median, clip", swap(exploding, at7=None)),
            (
                "more than a tenth of the chunks reach is no protection",
                swap(profile, at7=np.median(profile[6])),
            ),
            ("with the state carried", P.profile(carry=False)),
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
            (P.window(of=tuple(window[2])), "W_hh alone"),
            (P.window(fitted=False), "before training"),
            (swap(window, at4=100), "is shorter"),
            (swap(window, at4=1), "smallest K"),
            (swap(window, at3=dict.fromkeys(window[3], 0.05)), "off by"),
            (swap(window, at3={K: [e, e] for K, e in window[3].items()}), "must be one number"),
            (swap(window, at3=list(window[3].values())), "dict from K"),
            (swap(window, at3=window[3] | {"all": 0.0}), "keys of errors"),
            (swap(window, at4=2.5), "whole number"),
            (P.window(memory=1, lengths=(1, 2)), "Try longer ones"),
            (P.window(lengths=(100,)), "Is a shorter K good enough"),
        ],
        promises=[
            ("the **mean of the gradients over all $K$ places**", P.window(places=False)),
            ("for $W_{hh}$ alone", P.window(of=tuple(window[2]))),
            ("with the state carried", P.window(carry=False)),
            ("a dict from $K = 1, 2, 5, 10, 25, 50, 100$", P.window(lengths=(100,))),
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
            (swap(gates, at2=(gates[2][0], P.runs(GRUCell, 9, fitted=False))), "before training"),
            (swap(overlapping, at3="gated"), "The seeds overlap"),
        ],
    ),
    "capstone-8": Answers(
        right=final,
        wrong=[
            (swap(final, at1="AR(1)"), "better baseline"),
            (swap(final, at1="AR(4)"), "name of a rule"),
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
            (swap(final, at5=rising), "sign of the gap"),
            (swap(final, at5=P.final(on="valid")[5]), "gap is on the validation part"),
            (swap(final, at5=(final[5][0], final[4]["large"][1])), "spread over seeds"),
            (swap(final, at5=final[5][0]), "gap must be an array"),
        ],
        promises=[
            ("Nothing is fitted again", swap(final, at4=final[4] | {"baseline": (refitted, 0.0)})),
            ("The networks now read `train` and then `valid` first", P.final(skip=True)),
            ("from the means of ten blocks", swap(final, at5=(final[5][0], 0.5 * final[5][1]))),
        ],
    ),
}
