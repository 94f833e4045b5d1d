"""Answers to the exercises of chapter 7."""

import numpy as np

from exercise_answers import Answers


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def temperature(logits, kappa):
    logs = logits / kappa - np.max(logits / kappa)
    return np.exp(logs - np.log(np.exp(logs).sum()))


def shifted_too_late(logits, kappa):
    weights = np.exp(logits / kappa - np.max(logits))
    return weights / weights.sum()


def not_shifted(logits, kappa):
    weights = np.exp(logits / kappa)
    return weights / weights.sum()


def powers(logits, kappa):
    weights = temperature(logits, 1) ** (1 / kappa)
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
    return np.array(shares)


def swapped_probe(states, target):
    half = len(target) // 2
    return probe(states, target, slice(half, None), slice(0, half))


def probe_without_constant(states, target):
    half = len(target) // 2
    rests = [
        target[half:] - state[half:] @ np.linalg.pinv(state[:half]) @ target[:half]
        for state in states
    ]
    return 1 - np.mean(np.square(rests), axis=1) / target[half:].var()


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


def coupled(by_f=lambda c, g: c - g, by_g=lambda f, g: (1 - f) * (1 - g**2), by_c=lambda f: f):
    """The backward pass of the coupled cell, with one part or another wrong."""
    return lambda dc, c, f, g: (dc * by_f(c, g) * f * (1 - f), dc * by_g(f, g), dc * by_c(f))


def two_draws(H, longest, rng):
    """Input and forget gates each with a draw of their own."""
    first, second = (np.log(rng.uniform(1, longest - 1, H)) for _ in range(2))
    return np.concatenate([-first, second, np.zeros(2 * H)])


def one_draw(H, longest, rng):
    return np.repeat([-1, 1, 0, 0], H) * np.log(rng.uniform(1, longest - 1))


def chrono_of(draw):
    """The right blocks, but this draw of the steps."""

    def wrong(H, longest, rng):
        bias = np.log(draw(H, longest, rng))
        return np.concatenate([-bias, bias, np.zeros(2 * H)])

    return wrong


def lstm_backward(
    dc=lambda dh, dc_next, o, tanh_c, f: dc_next + dh * o * (1 - tanh_c**2),
    i=lambda dc, g, i, c, dc_next: dc * g * (i - i**2),
    f=lambda dc, c, f, g, i, dc_next: dc * c * (f - f**2),
    g=lambda dc, i, g, f, dc_next: dc * i * (1 - g) * (1 + g),
    o=lambda dh, t, o, dc: dh * t * o * (1 - o),
    h=lambda a, W, dh: np.hstack(a) @ W.T,
    c=lambda dc, f, i, c, dc_next: dc * f,
):
    """A backward step of an LSTM, with one part or another wrong."""

    def answer(dh, dc_next, kept, W_hh):
        i_t, f_t, g_t, o_t, tanh_c, c_prev = kept
        total = dc(dh, dc_next, o_t, tanh_c, f_t)
        a = (
            i(total, g_t, i_t, c_prev, dc_next),
            f(total, c_prev, f_t, g_t, i_t, dc_next),
            g(total, i_t, g_t, f_t, dc_next),
            o(dh, tanh_c, o_t, total),
        )
        return *a, h(a, W_hh, dh), c(total, f_t, i_t, c_prev, dc_next)

    return answer


def exchanged(results):
    *first, last_but_one, last = results
    return *first, last, last_but_one


def gru_backward(
    n=lambda dh, z, n, r: dh * (1 - z) * (1 - n) * (1 + n),
    z=lambda dh, h, n, z: dh * (h - n) * (z - z**2),
    r=lambda da, q, r, h, W, dh, z: da * q * (r - r**2),
    h=lambda dh, a, z, r, W: dh * z + a[0] @ W[0].T + a[1] @ W[1].T + (a[2] * r) @ W[2].T,
):
    """A backward step of a GRU, with one part or another wrong."""

    def answer(dh, kept, W_hh):
        r_t, z_t, n_t, q, h_prev = kept
        W = np.split(W_hh, 3, axis=1)
        da_n, da_z = n(dh, z_t, n_t, r_t), z(dh, h_prev, n_t, z_t)
        a = r(da_n, q, r_t, h_prev, W[2], dh, z_t), da_z, da_n
        return *a, h(dh, a, z_t, r_t, W)

    return answer


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
        edges={
            "one step": lambda n: n == 1,
            "less than a step": lambda n: n < 1,
            "a very long memory": lambda n: n > 1e5,
        },
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
        edges={
            "no step between": lambda f, s, t: s == t,
            "from the first state": lambda f, s, t: s == 0,
            "one unit": lambda f, s, t: f.shape[1] == 1,
            "to the last step": lambda f, s, t: t == len(f) - 1,
        },
    ),
    "gate-3": Answers(
        right=lambda W: np.concatenate(
            [np.split(W, 3, -1)[1], -np.split(W, 3, -1)[0], np.split(W, 3, -1)[2]], -1
        ),
        wrong=[
            (lambda W: W, "Nothing has changed"),
            (lambda W: W[..., ::-1], "off by"),
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
            (convert(signs=(-1, 1, 1)), "negated r"),
            (convert(signs=(-1, -1, -1)), "negated everything"),
            (convert(axis=0), "along the last axis"),
        ],
        edges={
            "a bias": lambda W: W.ndim == 1,
            "one unit": lambda W: W.shape[-1] == 3,
        },
        promises=[
            ("or its bias", lambda W: convert(axis=min(1, W.ndim))(W)),
        ],
    ),
    "gate-4": Answers(
        right=lambda dc, c, f, g: (
            (dc * c - dc * g) * (f - f**2),
            dc * (1 - f) * (1 + g) * (1 - g),
            f * dc,
        ),
        wrong=[
            (coupled(lambda c, g: c), "f acts twice"),
            (coupled(lambda c, g: c + g), "sign of g"),
            (coupled(lambda c, g: g - c), "sign of the first result"),
            (lambda dc, c, f, g: (dc * (c - g), dc * (1 - f), dc * f), "the slopes"),
            (lambda dc, c, f, g: (dc * (c - g), *coupled()(dc, c, f, g)[1:]), "gradient by f"),
            (coupled(by_g=lambda f, g: 1 - f), "gradient by g"),
            (coupled(by_g=lambda f, g: f * (1 - g**2)), "weighted by 1 - f"),
            (coupled(by_g=lambda f, g: 1 - g**2), "passes a gate, too"),
            (coupled(by_c=lambda f: 1), "The last result lacks it"),
            (coupled(by_c=lambda f: 1 - f), "the wrong gate"),
            (
                coupled(lambda c, g: g - c, lambda f, g: f * (1 - g**2), lambda f: 1 - f),
                "exchanged",
            ),
            (coupled(by_c=lambda f: f**2), "result 3 is off"),
            (lambda dc, c, f, g: dc * f, "3 results"),
        ],
        edges={
            "one sequence": lambda dc, c, f, g: len(f) == 1,
            "one unit": lambda dc, c, f, g: f.shape[1] == 1,
        },
    ),
    "gate-5": Answers(
        right=lambda b_i, b_f, b_o: (1 + np.exp(-b_i)) * (1 + np.exp(-b_o)) / (1 + np.exp(b_f)),
        wrong=[
            (lambda i, f, o: (1 - f) / (i * o), "logistic function"),
            (lambda i, f, o: -sigmoid(f) / sigmoid(i) / sigmoid(o), "must be 1, not 0"),
            (lambda i, f, o: 1 / sigmoid(i) / sigmoid(o), "The direct path is missing"),
            (lambda i, f, o: sigmoid(f) / sigmoid(i) / sigmoid(o), "leaves 1 - f"),
            (lambda i, f, o: (1 - sigmoid(f)) / sigmoid(i), "output gate"),
            (lambda i, f, o: (1 - sigmoid(f)) / sigmoid(o), "input gate"),
            (lambda i, f, o: 4 * sigmoid(-f), "biases of their own"),
            (lambda i, f, o: -(1 + sigmoid(f)) / sigmoid(i) / sigmoid(o), "eigenvalue is -1"),
        ],
        edges={
            "all gates half open": lambda i, f, o: i == f == o == 0,
            "a shut input gate": lambda i, f, o: i <= -5,
            "a forget gate that forgets": lambda i, f, o: f <= -4,
        },
        promises=[
            (
                "the *positive* $w$",
                lambda i, f, o: -(1 - sigmoid(f)) / (sigmoid(i) * sigmoid(o)),
            ),
        ],
    ),
    "gate-6": Answers(
        right=temperature,
        wrong=[
            (lambda y, kappa: temperature(y, 1 / kappa), "do not multiply"),
            (lambda y, kappa: temperature(y, 1), "does nothing"),
            (lambda y, kappa: temperature(y, 1) / kappa, "not the probabilities"),
            (lambda y, kappa: np.exp(y / kappa), "sum to 1"),
            (lambda y, kappa: np.log(temperature(y, kappa)), "logarithms"),
            (not_shifted, "Subtract the largest"),
            (shifted_too_late, "although you subtract"),
            (powers, "before the exponential"),
        ],
        edges={
            "temperature 1": lambda y, kappa: kappa == 1,
            "one symbol": lambda y, kappa: len(y) == 1,
            "large and cold": lambda y, kappa: y.max() == 1000 and kappa < 1,
            "large and warm": lambda y, kappa: y.max() == 1000 and kappa > 1,
            "far below zero": lambda y, kappa: y.max() < -800,
        },
        promises=[("where logits are as large as 1000", not_shifted)],
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
            (two_draws, "Unit by unit"),
            (one_draw, "one value for each unit"),
            (chrono_of(lambda H, longest, rng: rng.integers(0, longest, H)), "not finite"),
            (chrono_of(lambda H, longest, rng: rng.uniform(1, longest, H)), "must lie between"),
            (chrono_of(lambda H, longest, rng: rng.uniform(1, longest / 2, H)), "uniform"),
        ],
        edges={
            "one unit": lambda H, longest, rng: H == 1,
            "one step at the most": lambda H, longest, rng: longest == 2,
        },
        promises=[
            ("returns the whole `b_h`", lambda *args: chrono(*args)[: 2 * args[0]]),
            ("draw for each unit", one_draw),
        ],
    ),
    "gate-8": Answers(
        right=probe,
        wrong=[
            (lambda s, y: probe(s, y, score=slice(0, len(y) // 2)), "Score the second half"),
            (lambda s, y: probe(s, y, slice(None), slice(None)), "first half alone"),
            (lambda s, y: probe(s, y, fit=slice(None)), "the ones you score"),
            (lambda s, y: 1 - probe(s, y), "left over"),
            (probe_without_constant, "column of ones"),
            (swapped_probe, "swapped"),
            (probe_with(error=np.var), "takes their mean away"),
            (probe_with(variance=lambda y, half: y.var()), "not of all of it"),
            (probe_with(variance=lambda y, half: y[:half].var()), "not in the first"),
            (probe_with(error=lambda rest: np.sqrt(np.mean(rest**2))), "not its root"),
        ],
        edges={
            "one step": lambda states, target: len(states) == 1,
            "a state of one number": lambda states, target: states.shape[2] == 1,
        },
    ),
    "gate-9": Answers(
        right=lstm_backward(),
        wrong=[
            (lstm_backward(dc=lambda dh, dn, o, t, f: dh * o * (1 - t**2)), "dc_next, is missing"),
            (lstm_backward(dc=lambda dh, dn, o, t, f: dn), "c_t acts on h_t as well"),
            (lstm_backward(dc=lambda dh, dn, o, t, f: dn + dh * o), "whose slope is missing"),
            (
                lstm_backward(dc=lambda dh, dn, o, t, f: dn + dh * o * (1 - np.tanh(t) ** 2)),
                "tanh(c_t) already",
            ),
            (lstm_backward(dc=lambda dh, dn, o, t, f: dn + dh * o * (1 - t)), "square is missing"),
            (
                lstm_backward(dc=lambda dh, dn, o, t, f: dn + dh * (1 - t**2)),
                "output gate, which is missing",
            ),
            (
                lstm_backward(dc=lambda dh, dn, o, t, f: dn * f + dh * o * (1 - t**2)),
                "Only add it",
            ),
            (lstm_backward(c=lambda dc, f, i, c, dn: dc), "it passes the forget gate"),
            (lambda *args: exchanged(lstm_backward()(*args)), "dh_prev and dc_prev are exchanged"),
            (lstm_backward(i=lambda dc, g, i, c, dn: dc * i * (i - i**2)), "it gets the factor g"),
            (lstm_backward(c=lambda dc, f, i, c, dn: dn * f), "c_t acts on h_t as well"),
            (lstm_backward(o=lambda dh, t, o, dc: dh * t), "da_o is wrong: the slope"),
            (lstm_backward(o=lambda dh, t, o, dc: dc * t * o * (1 - o)), "it gets dh, not dc"),
            (lstm_backward(o=lambda dh, t, o, dc: dh * o * (1 - o)), "o multiplies tanh(c_t)"),
            (lstm_backward(f=lambda dc, c, f, g, i, dn: dc * c), "da_f is wrong: the slope"),
            (
                lstm_backward(f=lambda dc, c, f, g, i, dn: dc * (f * c + i * g) * f * (1 - f)),
                "not the new one",
            ),
            (lstm_backward(f=lambda dc, c, f, g, i, dn: dc * g * f * (1 - f)), "i that multiplies"),
            (lstm_backward(i=lambda dc, g, i, c, dn: dc * g), "da_i is wrong: the slope"),
            (
                lstm_backward(i=lambda dc, g, i, c, dn: dc * c * i * (1 - i)),
                "da_i is wrong: i mult",
            ),
            (lstm_backward(g=lambda dc, i, g, f, dn: dc * i), "da_g is wrong: the slope"),
            (lstm_backward(g=lambda dc, i, g, f, dn: dc * (1 - g**2)), "i is missing"),
            (lstm_backward(g=lambda dc, i, g, f, dn: dc * i * g * (1 - g)), "not a sigmoid"),
            (
                lstm_backward(h=lambda a, W, dh: np.hstack([*a[:3], 0 * a[3]]) @ W.T),
                "through the output gate, too",
            ),
            (
                lstm_backward(h=lambda a, W, dh: np.hstack([a[0], a[1], a[3], a[2]]) @ W.T),
                "g before o",
            ),
            (lstm_backward(h=lambda a, W, dh: np.hstack(a) @ W.T + dh), "Leave out dh"),
            (lstm_backward(h=lambda a, W, dh: np.hstack(a) @ W), "raised ValueError"),
            (lambda dh, dc_next, kept, W_hh: lstm_backward()(dh, dc_next, kept, W_hh)[:4], "not 4"),
            (lambda dh, dc_next, kept, W_hh: dh, "Return 6 arrays"),
        ],
        edges={
            "the last step": lambda dh, dc_next, kept, W_hh: not np.any(dc_next),
            "one sequence": lambda dh, dc_next, kept, W_hh: len(dh) == 1,
            "one unit": lambda dh, dc_next, kept, W_hh: dh.shape[1] == 1,
        },
    ),
    "gate-10": Answers(
        right=gru_backward(),
        wrong=[
            (gru_backward(n=lambda dh, z, n, r: dh * z * (1 - n**2)), "z = 1 keeps"),
            (gru_backward(n=lambda dh, z, n, r: dh * (1 - n**2)), "1 - z, which is missing"),
            (gru_backward(n=lambda dh, z, n, r: dh * (1 - z)), "da_n is wrong: the slope"),
            (gru_backward(n=lambda dh, z, n, r: dh * (1 - z) * (1 - n**2) * r), "on the way back"),
            (gru_backward(z=lambda dh, h, n, z: dh * (n - h) * z * (1 - z)), "the sign is off"),
            (gru_backward(z=lambda dh, h, n, z: dh * h * z * (1 - z)), "through 1 - z is missing"),
            (gru_backward(z=lambda dh, h, n, z: dh * (h - n)), "da_z is wrong: the slope"),
            (
                gru_backward(r=lambda da, q, r, h, W, dh, z: (da @ W.T) * h * r * (1 - r)),
                "before the product",
            ),
            (
                gru_backward(r=lambda da, q, r, h, W, dh, z: da * h * r * (1 - r)),
                "not h_{t-1}",
            ),
            (gru_backward(r=lambda da, q, r, h, W, dh, z: da * q), "da_r is wrong: the slope"),
            (
                gru_backward(r=lambda da, q, r, h, W, dh, z: dh * (1 - z) * q * r * (1 - r)),
                "begin with da_n",
            ),
            (
                gru_backward(
                    h=lambda dh, a, z, r, W: a[0] @ W[0].T + a[1] @ W[1].T + (a[2] * r) @ W[2].T
                ),
                "the direct path, dh z, is missing",
            ),
            (
                gru_backward(
                    h=lambda dh, a, z, r, W: (
                        dh * (1 - z) + a[0] @ W[0].T + a[1] @ W[1].T + (a[2] * r) @ W[2].T
                    )
                ),
                "factor z, not with 1 - z",
            ),
            (
                gru_backward(
                    h=lambda dh, a, z, r, W: dh * z + a[0] @ W[0].T + a[1] @ W[1].T + a[2] @ W[2].T
                ),
                "The factor r is missing",
            ),
            (
                gru_backward(
                    h=lambda dh, a, z, r, W: (
                        dh * z + a[0] @ W[0].T + a[1] @ W[1].T + (a[2] @ W[2].T) * r
                    )
                ),
                "r stands outside",
            ),
            (gru_backward(h=lambda dh, a, z, r, W: dh * z), "the direct path alone"),
            (lambda dh, kept, W_hh: gru_backward()(dh, kept, W_hh)[:3], "not 3"),
            (lambda dh, kept, W_hh: dh, "Return 4 arrays"),
        ],
        edges={
            "one sequence": lambda dh, kept, W_hh: len(dh) == 1,
            "one unit": lambda dh, kept, W_hh: dh.shape[1] == 1,
        },
    ),
}
