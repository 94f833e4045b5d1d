"""NumPy as tutorials write it: rows, a list of steps, every weight gradient summed step by step."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def make(kind, params, x, dh):
    step, step_back = {"RNN": (rnn, rnn_back), "LSTM": (lstm, lstm_back), "GRU": (gru, gru_back)}[
        kind
    ]
    W_xh, W_hh, b_h = params["W_xh"], params["W_hh"], params["b_h"]
    T, B, H = dh.shape

    def run():
        h = c = np.zeros((B, H), x.dtype)
        hs, steps = [], []
        for t in range(T):
            h_prev, c_prev = h, c
            h, c, kept = step(x[t] @ W_xh + b_h, h_prev @ W_hh, h_prev, c_prev)
            hs.append(h)
            steps.append((h_prev, c_prev, kept))
        dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
        dx, dh_next, dc = [], np.zeros((B, H), x.dtype), np.zeros((B, H), x.dtype)
        for t in reversed(range(T)):
            h_prev, c_prev, kept = steps[t]
            da_x, da_h, direct, dc = step_back(dh[t] + dh_next, dc, h_prev, c_prev, kept)
            dh_next = direct + da_h @ W_hh.T
            dW_xh += x[t].T @ da_x
            dW_hh += h_prev.T @ da_h
            db_h += da_x.sum(axis=0)
            dx.append(da_x @ W_xh.T)
        return np.stack(hs), np.stack(dx[::-1]), dW_xh, dW_hh, db_h

    return run


def rnn(a, h_proj, h, c):
    h = np.tanh(a + h_proj)
    return h, c, h


def rnn_back(dh, dc, h_prev, c_prev, h):
    da = dh * (1 - h**2)
    return da, da, 0, dc


def lstm(a, h_proj, h, c):
    i, f, g, o = np.split(a + h_proj, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    return o * np.tanh(c), c, (i, f, g, o, np.tanh(c))


def lstm_back(dh, dc, h_prev, c_prev, kept):
    i, f, g, o, tanh_c = kept
    dc = dc + dh * o * (1 - tanh_c**2)
    di, df, dg, do = dc * g, dc * c_prev, dc * i, dh * tanh_c
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
    return da, da, 0, dc * f


def gru(a, h_proj, h, c):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(a, 3, axis=1), np.split(h_proj, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, c, (r, z, n, h_n)


def gru_back(dh, dc, h_prev, c_prev, kept):
    r, z, n, h_n = kept
    dn = dh * (1 - z) * (1 - n**2)
    dz = dh * (h_prev - n) * z * (1 - z)
    dr = dn * h_n * r * (1 - r)
    return np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r]), dh * z, dc


def char_rnn(params, inputs, targets):
    """Return the mean loss and its gradients for one string: column vectors, one step at a time."""
    W_xh, W_hh, W_hy = (params[k].T for k in ("W_xh", "W_hh", "W_hy"))
    b_h, b_y = params["b_h"][:, None], params["b_y"][:, None]
    xs, hs, ps, loss = {}, {-1: np.zeros((len(b_h), 1))}, {}, 0.0
    for t in range(len(inputs)):
        xs[t] = np.zeros((W_xh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(W_xh, xs[t]) + np.dot(W_hh, hs[t - 1]) + b_h)
        y = np.dot(W_hy, hs[t]) + b_y
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss -= np.log(ps[t][targets[t], 0])
    grads = {name: np.zeros_like(params[name].T) for name in params}
    db_h, db_y, dh_next = np.zeros_like(b_h), np.zeros_like(b_y), np.zeros_like(b_h)
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        grads["W_hy"] += np.dot(dy, hs[t].T)
        db_y += dy
        dh = np.dot(W_hy.T, dy) + dh_next
        da = (1 - hs[t] * hs[t]) * dh
        db_h += da
        grads["W_xh"] += np.dot(da, xs[t].T)
        grads["W_hh"] += np.dot(da, hs[t - 1].T)
        dh_next = np.dot(W_hh.T, da)
    grads |= {"b_h": db_h[:, 0], "b_y": db_y[:, 0]}
    n = len(inputs)
    return loss / n, {name: grad.T / n for name, grad in grads.items()}
