"""Answers to the exercises of chapter 7."""

import numpy as np

from exercise_answers import Answers


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def temperature(logits, theta):
    logs = logits / theta - np.max(logits / theta)
    return np.exp(logs - np.log(np.exp(logs).sum()))


def shifted_too_late(logits, theta):
    weights = np.exp(logits / theta - np.max(logits))
    return weights / weights.sum()


def powers(logits, theta):
    weights = temperature(logits, 1) ** (1 / theta)
    return weights / weights.sum()


def convert(signs=(1, -1, 1), axis=-1):
    """A conversion with these signs of r, z and n, along this axis."""

    def wrong(W):
        z, r, n = np.split(W, 3, axis=axis)
        blocks = [sign * block for sign, block in zip(signs, (r, z, n), strict=True)]
        return np.concatenate(blocks, axis=axis)

    return wrong


def chrono(H, longest, rng):
    bias = np.zeros((4, H))
    bias[1] = np.log(rng.uniform(1, longest - 1, H))
    bias[0] = -bias[1]
    return bias.reshape(-1)


def global_chrono(H, longest, rng):
    return chrono(H, longest, np.random.default_rng())


def narrow(n):
    """Steps with the right mean, but in too narrow a range."""
    return np.log(50 + 20 * (n - n.mean()) / np.ptp(n))


def chrono_blocks(i, f):
    """A wrong initialisation: functions of the drawn steps for the blocks i and f."""

    def wrong(H, longest, rng):
        steps = rng.uniform(1, longest - 1, H)
        return np.concatenate([i(steps), f(steps), np.zeros(2 * H)])

    return wrong


def probe(states, target, fit=None, score=None):
    half = len(target) // 2
    fit, score = fit or slice(0, half), score or slice(half, None)
    shares = []
    for state in states:
        X = np.hstack([np.ones((len(state), 1)), state])
        weights = np.linalg.lstsq(X[fit], target[fit])[0]
        rest = target[score] - X[score] @ weights
        shares.append(1 - (rest**2).mean() / target[score].var())
    return shares


def swapped_probe(states, target):
    half = len(target) // 2
    return probe(states, target, slice(half, None), slice(0, half))


def probe_with(
    error=lambda rest: np.mean(rest**2), variance=lambda target, half: target[half:].var()
):
    """A probe that takes another error of the second half, or another variance."""

    def wrong(states, target):
        half, shares = len(target) // 2, []
        for state in states:
            X = np.hstack([state, np.ones((len(state), 1))])
            weights = np.linalg.lstsq(X[:half], target[:half])[0]
            rest = target[half:] - X[half:] @ weights
            shares.append(1 - error(rest) / variance(target, half))
        return np.array(shares)

    return wrong


ANSWERS = {
    "gate-1": Answers(
        right=lambda n: np.log(0.5 ** (1 / n) / (1 - 0.5 ** (1 / n))),
        wrong=[
            (lambda n: 0.5 ** (1 / n), "Which bias gives this gate"),
            (lambda n: np.log(2 ** (1 / n) - 1), "sign"),
            (lambda n: -np.log(np.expm1(1 / n)), "1/e"),
            (lambda n: np.log(n / np.log(2)), "approximation"),
            (np.log, "Find the gate first"),
        ],
    ),
    "gate-2": Answers(
        right=lambda f, s, t: np.exp(np.log(f[s + 1 : t + 1]).sum(axis=0)),
        wrong=[
            (lambda f, s, t: f[s : t + 1].prod(axis=0), "Begin at step s + 1"),
            (lambda f, s, t: f[s + 1 : t].prod(axis=0), "End at step t"),
            (lambda f, s, t: f[s:t].prod(axis=0), "one step early"),
            (lambda f, s, t: f[s + 1 : t + 1].sum(axis=0), "multiply"),
            (lambda f, s, t: f[s + 1 : t + 1].prod(), "path of its own"),
        ],
    ),
    "gate-3": Answers(
        right=lambda W: np.concatenate(
            [np.split(W, 3, -1)[1], -np.split(W, 3, -1)[0], np.split(W, 3, -1)[2]], -1
        ),
        wrong=[
            (lambda W: W, "off by"),
            (
                lambda W: np.concatenate([np.split(W, 3, -1)[k] for k in (1, 0, 2)], -1),
                "still means the opposite",
            ),
            (
                lambda W: np.concatenate(
                    [s * b for s, b in zip((-1, 1, 1), np.split(W, 3, -1), strict=True)], -1
                ),
                "still in the order",
            ),
            (
                lambda W: np.concatenate(
                    [np.split(W, 3, -1)[1], 1 - np.split(W, 3, -1)[0], np.split(W, 3, -1)[2]], -1
                ),
                "do not subtract",
            ),
            (convert(signs=(1, 1, -1)), "negated n"),
            (convert(signs=(1, -1, -1)), "negated z and n"),
            (convert(axis=0), "along the last axis"),
        ],
    ),
    "gate-4": Answers(
        right=lambda dc, c, f, g: (
            (dc * c - dc * g) * (f - f**2),
            dc * (1 - f) * (1 + g) * (1 - g),
            f * dc,
        ),
        wrong=[
            (
                lambda dc, c, f, g: (dc * c * f * (1 - f), dc * (1 - f) * (1 - g**2), dc * f),
                "f acts twice",
            ),
            (
                lambda dc, c, f, g: (dc * (c + g) * f * (1 - f), dc * (1 - f) * (1 - g**2), dc * f),
                "sign of g",
            ),
            (lambda dc, c, f, g: (dc * (c - g), dc * (1 - f), dc * f), "a slope"),
            (
                lambda dc, c, f, g: (dc * (c - g) * f * (1 - f), dc * (1 - f) * (1 - g**2), dc),
                "the last result",
            ),
            (
                lambda dc, c, f, g: (dc * (g - c) * f * (1 - f), dc * (1 - f) * (1 - g**2), dc * f),
                "sign of the first result",
            ),
            (
                lambda dc, c, f, g: (dc * (c - g) * f * (1 - f), dc * f * (1 - g**2), dc * f),
                "weighted by 1 - f",
            ),
            (
                lambda dc, c, f, g: (
                    dc * (c - g) * f * (1 - f),
                    dc * (1 - f) * (1 - g**2),
                    dc * (1 - f),
                ),
                "f keeps c_{t-1}",
            ),
            (
                lambda dc, c, f, g: (
                    dc * (g - c) * f * (1 - f),
                    dc * f * (1 - g**2),
                    dc * (1 - f),
                ),
                "exchanged",
            ),
            (lambda dc, c, f, g: dc * f, "3 results"),
        ],
    ),
    "gate-5": Answers(
        right=lambda b_i, b_f, b_o: (1 + np.exp(-b_i)) * (1 + np.exp(-b_o)) / (1 + np.exp(b_f)),
        wrong=[
            (lambda i, f, o: (1 - f) / (i * o) if i * o else np.inf, "logistic function"),
            (lambda i, f, o: -sigmoid(f) / sigmoid(i) / sigmoid(o), "must be 1, not 0"),
            (lambda i, f, o: (1 - sigmoid(f)) / sigmoid(i), "output gate"),
            (lambda i, f, o: (1 - sigmoid(f)) / sigmoid(o), "input gate"),
            (lambda i, f, o: 4 * sigmoid(-f), "biases of their own"),
            (lambda i, f, o: -(1 + sigmoid(f)) / sigmoid(i) / sigmoid(o), "eigenvalue is -1"),
        ],
    ),
    "gate-6": Answers(
        right=temperature,
        wrong=[
            (lambda y, theta: temperature(y, 1 / theta), "do not multiply"),
            (lambda y, theta: temperature(y, 1), "does nothing"),
            (lambda y, theta: temperature(y, 1) / theta, "not the probabilities"),
            (lambda y, theta: np.exp(y / theta) / np.exp(y / theta).sum(), "Subtract the largest"),
            (shifted_too_late, "although you subtract"),
            (powers, "before the exponential"),
        ],
    ),
    "gate-7": Answers(
        right=chrono,
        wrong=[
            (chrono_blocks(np.log, lambda n: -np.log(n)), "swapped"),
            (chrono_blocks(np.log, np.log), "negative of the forget bias"),
            (chrono_blocks(lambda n: -n, lambda n: n), "logarithm"),
            (
                chrono_blocks(
                    lambda n: -np.linspace(0, 4.5, len(n)), lambda n: np.linspace(0, 4.5, len(n))
                ),
                "uniform",
            ),
            (chrono_blocks(lambda n: -narrow(n), narrow), "uniform"),
            (global_chrono, "equal generators"),
            (lambda H, longest, rng: chrono(H, longest, np.random.default_rng(0)), "from rng"),
            (lambda H, longest, rng: np.log(rng.uniform(1, longest - 1, H)), "shape"),
            (
                lambda H, longest, rng: np.r_[chrono(H, longest, rng)[: 2 * H], np.ones(2 * H)],
                "i f g o",
            ),
        ],
    ),
    "gate-8": Answers(
        right=probe,
        wrong=[
            (lambda s, y: probe(s, y, score=slice(0, len(y) // 2)), "Score the second half"),
            (lambda s, y: probe(s, y, slice(None), slice(None)), "first half alone"),
            (lambda s, y: probe(s, y, fit=slice(None)), "the ones you score"),
            (lambda s, y: 1 - np.array(probe(s, y)), "left over"),
            (swapped_probe, "swapped"),
            (probe_with(error=np.var), "takes their mean away"),
            (probe_with(variance=lambda y, half: y.var()), "not of all of it"),
            (probe_with(variance=lambda y, half: y[:half].var()), "not in the first"),
            (probe_with(error=lambda rest: np.sqrt(np.mean(rest**2))), "not its root"),
        ],
    ),
}
