"""Time rnncore against PyTorch, JAX and tutorial-style NumPy, and against its own promises.

Run ``python benchmarks/run.py``, with ``--quick`` for a tenth of the time. It prints Markdown. Peers that
are not installed (benchmarks/requirements.txt) are left out. Everything runs on one thread. All
implementations are first shown to agree; then they take turns, and the best time of each counts. The
floor is the time of the work that NumPy has to do in any case: no ratio can exceed torch / floor.

With ``--against CHECKOUT`` the peer is the ``rnncore`` of another checkout of this repository instead.
"""
# ruff: noqa: E402 - the number of threads is read when a library is imported

import os

THREADS = ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM")
os.environ |= {f"{library}_NUM_THREADS": "1" for library in THREADS}
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # JAX has no other way

import argparse
import importlib
import sys
import time
import tracemalloc
from types import SimpleNamespace

import numpy as np
import tutorial
from threadpoolctl import threadpool_info

import rnncore
from rnncore import GRUCell, LSTMCell, RNNCell, SequenceModel

try:
    import peer_torch
except ImportError:
    peer_torch = None
try:
    import peer_jax
except ImportError:
    peer_jax = None

SIZES = [
    (50, 16, 8, 32),
    (100, 32, 32, 64),
    (64, 32, 64, 128),
    (200, 64, 128, 256),
    (25, 1, 65, 100),
]
CELLS = {"RNN": RNNCell, "LSTM": LSTMCell, "GRU": GRUCell}
arguments = argparse.ArgumentParser()
arguments.add_argument("--quick", action="store_true")
arguments.add_argument("--against", metavar="CHECKOUT")
options = arguments.parse_args()
N_SIGMOIDS = {"RNN": 0, "LSTM": 3, "GRU": 2}  # the other gate of a cell is a tanh
SECONDS = 0.4 if options.quick else 4.0  # for one row of the table


def best_times(functions, seconds):
    """Let the functions take turns, and return the best time of each, in seconds.

    Each turn begins with a run that does not count: as in training, the memory that a run needs is
    then what the run before it has given back.
    """
    best = dict.fromkeys(functions, np.inf)
    end, rounds = time.perf_counter() + seconds, 0
    while time.perf_counter() < end or rounds < 4:
        for name, function in functions.items():
            function()
            start = time.perf_counter()
            function()
            best[name] = min(best[name], time.perf_counter() - start)
        rounds += 1
    return best


def ours(cell, params, x, dh, engine=rnncore):
    def run():
        h, _, cache = engine.forward(cell, params, x)
        grads, dx, _ = engine.backward(cell, params, dh, cache)
        return h, dx, grads["W_xh"], grads["W_hh"], grads["b_h"]

    return run


def other_checkout(path):
    """The ``rnncore`` of another checkout as a peer, imported beside this one."""
    mine = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("rnncore")}
    sys.path.insert(0, path)
    engine = importlib.import_module("rnncore")
    assert engine.__file__.startswith(path), f"no rnncore in {path}"
    sys.path.pop(0)
    sys.modules.update(mine)

    def make(kind, params, x, dh):
        cell = getattr(engine, f"{kind}Cell")(x.shape[2], dh.shape[2])
        return ours(cell, params, x, dh, engine)

    return SimpleNamespace(make=make)


def floor(kind, params, x, dh):
    """What no implementation on NumPy can leave out: the products, and an exp or a tanh for each gate."""
    (T, B, D), (H, GH) = x.shape, params["W_hh"].shape
    W, W_hT, W_xT = (
        np.vstack([params["W_hh"], params["W_xh"]]),
        params["W_hh"].T.copy(),
        params["W_xh"].T.copy(),
    )
    inputs, da = np.concatenate([dh, x], axis=2), np.ones((T, B, GH), x.dtype)
    a, dh_prev = np.empty((B, GH), x.dtype), np.empty((B, H), x.dtype)
    sigmoids, tanhs = np.split(a.ravel(), [N_SIGMOIDS[kind] * B * H])

    def run():
        for rows in inputs:
            np.dot(rows, W, out=a)
            np.exp(sigmoids, out=sigmoids)
            np.tanh(tanhs, out=tanhs)
        for da_t in da:
            np.dot(da_t, W_hT, out=dh_prev)
        rows, da_rows = inputs.reshape(-1, H + D), da.reshape(-1, GH)
        return rows.T @ da_rows, da_rows @ W_xT

    return run


def compare_cells():
    ratios = {}
    peers = {"torch": peer_torch, "jax": peer_jax, "tutorial": tutorial}
    if options.against:
        peers = {"against": other_checkout(os.path.abspath(options.against))}
    peers = {name: peer for name, peer in peers.items() if peer}
    columns = [*peers, "floor"]
    print("| cell | dtype | T, B, D, H | rnncore ms |", *(f"{c} / rnncore |" for c in columns))
    print("|---|---|---|---:|" + "---:|" * len(columns))
    for kind, Cell in CELLS.items():
        for dtype in (np.float64, np.float32):
            for size in SIZES:
                T, B, D, H = size
                rng, cell = np.random.default_rng(0), Cell(D, H)
                params = cell.init_params(rng, dtype=dtype)
                x, dh = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))
                functions = {"rnncore": ours(cell, params, x, dh)}
                functions |= {n: peer.make(kind, params, x, dh) for n, peer in peers.items()}
                expected = functions["rnncore"]()
                tolerance = 1e-9 if dtype == np.float64 else 1e-3
                for name, function in functions.items():
                    for ours_, theirs in zip(expected, function(), strict=True):
                        np.testing.assert_allclose(
                            theirs,
                            ours_,
                            rtol=tolerance,
                            atol=tolerance * abs(ours_).max(),
                            err_msg=name,
                        )
                best = best_times({**functions, "floor": floor(kind, params, x, dh)}, SECONDS)
                row = [best[name] / best["rnncore"] for name in columns]
                for name, ratio in zip(columns, row, strict=True):
                    ratios.setdefault((name, dtype.__name__), []).append(ratio)
                print(
                    f"| {kind} | {dtype.__name__} | {T}, {B}, {D}, {H} | {1e3 * best['rnncore']:.2f} |",
                    *(f"{ratio:.2f} |" for ratio in row),
                    flush=True,
                )
    print("\n| against | dtype | geometric mean | least |\n|---|---|---:|---:|")
    for (name, dtype), values in ratios.items():
        print(f"| {name} | {dtype} | {np.exp(np.mean(np.log(values))):.2f} | {min(values):.2f} |")


def compare_char_rnn():
    """The classic loop: batch 1, 25 steps, 65 symbols, 100 units; loss, gradients and clipping."""
    rng = np.random.default_rng(0)
    model = SequenceModel(RNNCell(65, 100), 65)
    params = model.init_params(rng)
    inputs, targets = rng.integers(65, size=(2, 25))
    x = np.eye(65)[inputs][:, None]

    def run():
        loss, grads, _ = model.loss_and_grads(params, x, targets[:, None])
        return loss, grads

    def run_tutorial():
        return tutorial.char_rnn(params, inputs, targets)

    (loss, grads), (tutorial_loss, tutorial_grads) = run(), run_tutorial()
    np.testing.assert_allclose(loss, tutorial_loss, rtol=1e-12)
    for name in grads:
        np.testing.assert_allclose(grads[name], tutorial_grads[name], rtol=1e-9, atol=1e-12)
    best = best_times({"rnncore": run, "tutorial": run_tutorial}, SECONDS)
    print(
        f"\nCharacter RNN at batch 1: {best['tutorial'] / best['rnncore']:.1f} times the classic loop."
    )


def growth():
    lengths = [50, 100, 200, 400, 800, 1600]
    print("\n| cell | slope of log time by log T, T = 50 to 1600 |\n|---|---:|")
    for kind, Cell in CELLS.items():
        rng, cell = np.random.default_rng(0), Cell(8, 32)
        params, functions = cell.init_params(rng), {}
        for T in lengths:
            x, dh = rng.normal(size=(T, 16, 8)), rng.normal(size=(T, 16, 32))
            functions[T] = ours(cell, params, x, dh)
        best = best_times(functions, SECONDS)
        slope = np.polyfit(np.log(lengths), np.log([best[T] for T in lengths]), 1)[0]
        print(f"| {kind} | {slope:.2f} |")

    print("\n| T | peak memory, one window of T, MB | windows of 25, MB |\n|---|---:|---:|")
    rng = np.random.default_rng(0)
    model = SequenceModel(LSTMCell(8, 32), 4)
    for T in lengths:
        x, targets = rng.normal(size=(T, 16, 8)), rng.integers(4, size=(T, 16))
        peaks = []
        for window in (T, 25):
            params = model.init_params(rng)
            tracemalloc.start()
            rnncore.train_tbptt(model, params, x, targets, rnncore.Adam(), window=window, epochs=1)
            peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
        print(f"| {T} | {peaks[0]:.2f} | {peaks[1]:.2f} |")


def blas():
    """Which kernels NumPy's BLAS has chosen for this processor: most of the time of a large row is theirs."""
    library = next(info for info in threadpool_info() if info["user_api"] == "blas")
    print(
        f"{library['internal_api']} {library['version']}, kernels for {library['architecture']}\n"
    )


if __name__ == "__main__":
    blas()
    compare_cells()
    if options.against:
        sys.exit()
    compare_char_rnn()
    growth()
