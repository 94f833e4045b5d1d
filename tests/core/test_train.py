"""The training loops do what they say, update by update."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rnncore import (
    Adam,
    DivergedError,
    LSTMCell,
    RNNCell,
    SequenceModel,
    clip_grad_norm,
    global_norm,
    mean_squared_error,
    train_batches,
    train_tbptt,
)


class Descent:
    """Plain gradient descent: any object with ``step`` is an optimiser."""

    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for name, g in grads.items():
            params[name] -= self.lr * g


def problem(T=11, B=2):
    rng = np.random.default_rng(0)
    model = SequenceModel(LSTMCell(3, 4), 3)
    symbols = rng.integers(3, size=(T + 1, B))
    return model, model.init_params(rng), np.eye(3)[symbols[:-1]], symbols[1:]


def copied(params):
    return {k: v.copy() for k, v in params.items()}


@pytest.mark.parametrize("max_norm", [np.inf, 0.05])
def test_windows_carry_the_state_and_cut_the_gradient(max_norm):
    model, params, x, targets = problem()
    by_hand, optimizer, losses, norms = copied(params), Descent(0.5), [], []
    for _ in range(2):
        state = None
        for part in (slice(0, 4), slice(4, 8), slice(8, 11)):
            loss, grads, state = model.loss_and_grads(by_hand, x[part], targets[part], state=state)
            losses.append(loss)
            norms.append(global_norm(grads))
            grads = clip_grad_norm(grads, max_norm).grads
            optimizer.step(by_hand, grads)
    array = params["W_hh"]
    history = train_tbptt(
        model, params, x, targets, Descent(0.5), window=4, epochs=2, max_norm=max_norm
    )
    assert params["W_hh"] is array
    for name in params:
        np.testing.assert_array_equal(params[name], by_hand[name])
    assert history.keys() == {"loss", "grad_norm"}
    np.testing.assert_array_equal(history["loss"], losses)
    np.testing.assert_array_equal(history["grad_norm"], norms)


def test_masked_windows():
    model, params, x, targets = problem()
    mask = np.arange(11)[:, None] < [3, 6]
    mask[:4] = False  # nothing counts in the first window: its state matters all the same
    by_hand = copied(params)
    _, state, _ = model.forward(by_hand, x[:4])
    loss, grads, _ = model.loss_and_grads(
        by_hand, x[4:8], targets[4:8], state=state, mask=mask[4:8]
    )
    Descent(0.5).step(by_hand, grads)
    history = train_tbptt(model, params, x, targets, Descent(0.5), window=4, epochs=1, mask=mask)
    np.testing.assert_array_equal(history["loss"], [loss])
    for name in params:
        np.testing.assert_array_equal(params[name], by_hand[name])


@pytest.mark.parametrize("max_norm", [np.inf, 0.05])
def test_batches_start_from_zero_and_may_be_masked(max_norm):
    model, params, x, targets = problem()
    mask = np.arange(11)[:, None] < [11, 6]
    batches = [(x, targets, None), (x[:, ::-1], targets[:, ::-1], mask)]
    by_hand, losses, norms = copied(params), [], []
    for x_k, targets_k, mask_k in batches:
        loss, grads, _ = model.loss_and_grads(by_hand, x_k, targets_k, mask=mask_k)
        losses.append(loss)
        norms.append(global_norm(grads))
        Descent(0.5).step(by_hand, clip_grad_norm(grads, max_norm).grads)
    history = train_batches(model, params, iter(batches), Descent(0.5), max_norm=max_norm)
    np.testing.assert_array_equal(history["loss"], losses)
    np.testing.assert_array_equal(history["grad_norm"], norms)
    for name in params:
        np.testing.assert_array_equal(params[name], by_hand[name])


def test_it_learns():
    rng = np.random.default_rng(0)
    model = SequenceModel(RNNCell(2, 8), 2)
    symbols = rng.integers(2, size=(101, 4))
    x, targets = np.eye(2)[symbols[1:]], symbols[:-1]  # recall the input before the last
    params = model.init_params(rng)
    history = train_tbptt(model, params, x, targets, Adam(0.02), window=20, epochs=40, max_norm=1)
    assert history["loss"].shape == (200,)
    assert history["loss"][0] > 0.6
    assert history["loss"][-1] < 0.1


def test_divergence_keeps_the_history_and_names_a_remedy():
    model = SequenceModel(RNNCell(1, 2), 1, mean_squared_error)
    params = model.init_params(np.random.default_rng(0))
    x = np.ones((6, 1, 1))

    def batches():
        yield x, x, None
        yield x, 2 * x, None
        before.update(copied(params))
        yield x, 1e200 * x, None

    before = {}
    message = r"^training diverged at update 2: loss must be finite, .* got inf\. Try a smaller .*max_norm"
    with pytest.raises(DivergedError, match=message) as raised:
        train_batches(model, params, batches(), Descent(0.1))
    history = raised.value.history
    expected = train_batches(
        model,
        model.init_params(np.random.default_rng(0)),
        [(x, x, None), (x, 2 * x, None)],
        Descent(0.1),
    )
    for name in ("loss", "grad_norm"):
        np.testing.assert_array_equal(history[name], expected[name])
    for name in params:
        np.testing.assert_array_equal(params[name], before[name])

    targets = np.concatenate([x, 1e200 * x])
    with pytest.raises(DivergedError, match="diverged at update 2") as raised:
        train_tbptt(
            model, params, np.concatenate([x, x]), targets, Descent(0.1), window=3, epochs=1
        )
    assert raised.value.history["loss"].shape == (2,)


@pytest.mark.parametrize(
    ("loss", "dy", "optimizer"),
    [
        (np.inf, 0.0, Descent(1)),
        (np.nan, 0.0, Descent(1)),
        (1.0, np.nan, Descent(1)),
        (1.0, 1e200, Adam(1.0)),  # the norm is finite, its square is not
    ],
)
def test_every_kind_of_divergence_is_noticed(loss, dy, optimizer):
    model = SequenceModel(RNNCell(1, 2), 1, lambda y, targets, mask: (loss, np.full_like(y, dy)))
    params, x = model.init_params(np.random.default_rng(0)), np.ones((2, 1, 1))
    with pytest.raises(DivergedError, match=r"^training diverged at update 0:") as raised:
        train_batches(model, params, [(x, x, None)], optimizer)
    assert raised.value.history["loss"].shape == (0,)


def test_parameters_that_leave_their_range_are_noticed():
    model = SequenceModel(RNNCell(1, 2), 1, mean_squared_error)
    x = np.ones((2, 1, 1))
    for lr, update in ((1e307, 1), (1e308, 0)):
        params = model.init_params(np.random.default_rng(0))
        with (
            np.errstate(over="ignore", invalid="ignore"),
            pytest.raises(DivergedError, match=f"^training diverged at update {update}"),
        ):
            train_batches(model, params, [(x, x, None)] * 3, Adam(lr))


def test_a_model_of_ones_own_may_be_trained():
    class Quadratic:
        def loss_and_grads(self, params, x, targets, *, mask=None):
            w = params["w"]
            return float(w @ w), {"w": 2 * w}, None

    params = {"w": np.array([3.0, 4.0])}
    history = train_batches(Quadratic(), params, [(None, None, None)] * 2, Descent(0.25))
    np.testing.assert_array_equal(history["loss"], [25.0, 6.25])
    np.testing.assert_array_equal(history["grad_norm"], [10.0, 5.0])


@pytest.mark.parametrize("asked", [{}, {"progress": False}, {"progress": True}])
def test_the_bar_counts_updates_or_epochs_and_goes_away(asked, monkeypatch):
    model, params, x, targets = problem()
    bars = []

    def bar(steps, leave):
        bars.append((len(steps), leave))
        return steps

    monkeypatch.setattr("tqdm.auto.tqdm", bar)
    train_batches(model, params, [(x, targets, None)] * 3, Adam(), **asked)
    train_tbptt(model, params, x, targets, Adam(), window=6, epochs=2, **asked)
    assert bars == ([(3, False), (2, False)] if asked.get("progress") else [])


@pytest.mark.parametrize(
    ("call", "disabled", "seen"),
    [
        ("train_tbptt(*model, x, y, Adam(), window=4, epochs=1)", {}, ""),
        ("train_tbptt(*model, x, y, Adam(), window=4, epochs=1, progress=True)", {}, "0/1"),
        (
            "train_tbptt(*model, x, y, Adam(), window=4, epochs=1, progress=True)",
            {"TQDM_DISABLE": "1"},
            "",
        ),
        ("train_batches(*model, [(x, y, None)], Adam())", {}, ""),
        ("train_batches(*model, [(x, y, None)], Adam(), progress=True)", {}, "0/1"),
    ],
)
def test_a_bar_only_on_demand(call, disabled, seen):
    code = (
        "import numpy as np; from rnncore import *\n"
        "m = SequenceModel(RNNCell(3, 2), 3); x = np.zeros((5, 1, 3)); y = np.zeros((5, 1), int)\n"
        f"model = m, m.init_params(np.random.default_rng(0)); {call}"
    )
    env = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"} | disabled
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env)
    written = done.stderr.decode()
    assert done.returncode == 0, written
    assert seen in written if seen else written == ""
    assert on_screen(written).strip() == ""  # a finished bar leaves no trace


def on_screen(written):
    """What a terminal shows in the end: each return to the start of the line is written over."""
    line = ""
    for part in written.split("\r"):
        line = part + line[len(part) :]
    return line


def test_import_needs_numpy_alone():
    code = (
        "import sys, numpy.random; before = set(sys.modules); import rnncore\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    third_party = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert third_party in ("['rnncore']", "['numpy', 'rnncore']")
