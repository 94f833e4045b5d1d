"""The training loops do what they say, update by update."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rnncore import (
    SGD,
    Adam,
    LSTMCell,
    RNNCell,
    SequenceModel,
    clip_grad_norm,
    global_norm,
    mean_squared_error,
    train_batches,
    train_tbptt,
)


def problem(T=11, B=2):
    rng = np.random.default_rng(0)
    model = SequenceModel(LSTMCell(3, 4), 3)
    symbols = rng.integers(3, size=(T + 1, B))
    return model, model.init_params(rng), np.eye(3)[symbols[:-1]], symbols[1:]


def copied(params):
    return {k: v.copy() for k, v in params.items()}


@pytest.mark.parametrize("max_norm", [None, 0.05])
def test_windows_carry_the_state_and_cut_the_gradient(max_norm):
    model, params, x, targets = problem()
    by_hand, optimizer, losses, norms = copied(params), SGD(0.5), [], []
    for _ in range(2):
        state = None
        for part in (slice(0, 4), slice(4, 8), slice(8, 11)):
            loss, grads, state = model.loss_and_grads(by_hand, x[part], targets[part], state)
            losses.append(loss)
            norms.append(global_norm(grads))
            if max_norm:
                grads = clip_grad_norm(grads, max_norm)[0]
            optimizer.step(by_hand, grads)
    array = params["W_hh"]
    history = train_tbptt(
        model, params, x, targets, SGD(0.5), window=4, epochs=2, max_norm=max_norm
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
    loss, grads, _ = model.loss_and_grads(by_hand, x[4:8], targets[4:8], state, mask[4:8])
    SGD(0.5).step(by_hand, grads)
    history = train_tbptt(model, params, x, targets, SGD(0.5), window=4, epochs=1, mask=mask)
    np.testing.assert_array_equal(history["loss"], [loss])
    for name in params:
        np.testing.assert_array_equal(params[name], by_hand[name])


@pytest.mark.parametrize("max_norm", [None, 0.05])
def test_batches_start_from_zero_and_may_be_masked(max_norm):
    model, params, x, targets = problem()
    mask = np.arange(11)[:, None] < [11, 6]
    batches = [(x, targets, None), (x[:, ::-1], targets[:, ::-1], mask)]
    by_hand, losses, norms = copied(params), [], []
    for x_k, targets_k, mask_k in batches:
        loss, grads, _ = model.loss_and_grads(by_hand, x_k, targets_k, mask=mask_k)
        losses.append(loss)
        norms.append(global_norm(grads))
        SGD(0.5).step(by_hand, grads if max_norm is None else clip_grad_norm(grads, max_norm)[0])
    history = train_batches(model, params, iter(batches), SGD(0.5), max_norm=max_norm)
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


def test_divergence_stops_with_step_and_norm():
    model = SequenceModel(RNNCell(1, 2), 1, mean_squared_error)
    params = model.init_params(np.random.default_rng(0))
    x = np.ones((6, 1, 1))
    before = copied(params)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(
            ValueError, match=r"^training diverged at update 0: loss inf, gradient norm (inf|nan)$"
        ),
    ):
        train_tbptt(model, params, x, 1e200 * x, SGD(1), window=3, epochs=1)
    for name in params:
        np.testing.assert_array_equal(params[name], before[name])

    def infinite_gradient(y, targets, mask):
        return 1.0, np.full_like(y, 1e200)

    def infinite_loss(y, targets, mask):
        return np.inf, np.zeros_like(y)

    for loss, message in [
        (infinite_gradient, r"^training diverged at update 0: loss 1.0, gradient norm inf$"),
        (infinite_loss, r"^training diverged at update 0: loss inf, gradient norm 0.0$"),
    ]:
        with np.errstate(over="ignore"), pytest.raises(ValueError, match=message):
            train_batches(
                SequenceModel(model.cell, 1, loss), params, [(x, x, None)], SGD(1), max_norm=None
            )


def test_errors():
    model, params, x, targets = problem()
    mask = np.ones((11, 2), bool)
    for kwargs, message in [
        ({"window": 0}, "^window must be an integer of at least 1, got 0$"),
        ({"window": 2.0}, "^window must be an integer of at least 1, got 2.0$"),
        ({"epochs": 0}, "^epochs must be an integer of at least 1, got 0$"),
        ({"epochs": True}, "^epochs must be an integer of at least 1, got True$"),
        (
            {"targets": targets[:5]},
            r"^targets must have shape \(11, 2\) in time and batch, got \(5, 2\)$",
        ),
        (
            {"mask": mask[:, :1]},
            r"^mask must have shape \(11, 2\) in time and batch, got \(11, 1\)$",
        ),
    ]:
        call = {"x": x, "targets": targets, "window": 4, "epochs": 1, **kwargs}
        with pytest.raises(ValueError, match=message):
            train_tbptt(model, params, call.pop("x"), call.pop("targets"), SGD(0.1), **call)
    train_tbptt(model, params, x, targets, SGD(0.1), window=np.int64(1), epochs=1)


@pytest.mark.parametrize(
    ("call", "disabled", "seen"),
    [
        ("train_tbptt(*model, x, y, SGD(0.1), window=4, epochs=1)", {}, ""),
        ("train_tbptt(*model, x, y, SGD(0.1), window=4, epochs=1, progress=True)", {}, "0/1"),
        (
            "train_tbptt(*model, x, y, SGD(0.1), window=4, epochs=1, progress=True)",
            {"TQDM_DISABLE": "1"},
            "",
        ),
        ("train_batches(*model, [(x, y, None)], SGD(0.1))", {}, ""),
        ("train_batches(*model, [(x, y, None)], SGD(0.1), progress=True)", {}, "0/1"),
    ],
)
def test_a_bar_only_on_demand(call, disabled, seen):
    code = (
        "import numpy as np; from rnncore import *\n"
        "m = SequenceModel(RNNCell(3, 2), 3); x = np.zeros((5, 1, 3)); y = np.zeros((5, 1), int)\n"
        f"model = m, m.init_params(np.random.default_rng(0)); {call}"
    )
    env = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"} | disabled
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert seen in done.stderr if seen else done.stderr == ""
    assert "1/1" not in done.stderr  # a finished bar leaves no trace


def test_import_needs_numpy_alone():
    code = (
        "import sys, time, numpy; before = set(sys.modules); start = time.process_time()\n"
        "import rnncore; seconds = time.process_time() - start\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "print(seconds); print(sorted(new - set(sys.stdlib_module_names)))"
    )
    seconds, third_party = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert third_party in ("['rnncore']", "['numpy', 'rnncore']")
    assert float(seconds) < 0.1
