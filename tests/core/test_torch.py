"""Against torch.nn in float64: outputs and all gradients to 1e-9."""

import numpy as np
import pytest
from conftest import ReluCell

from rnncore import GRUCell, LSTMCell, RNNCell, backward, forward, softmax_cross_entropy

try:
    import torch
except ModuleNotFoundError:
    torch = None

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(torch is None, reason="PyTorch is not installed; CI installs it"),
]


def as_torch(array):
    return torch.tensor(array, requires_grad=array.dtype == np.float64)


@pytest.mark.parametrize(("T", "B", "D", "H"), [(20, 5, 3, 7), (1, 1, 1, 1), (40, 1, 6, 10)])
@pytest.mark.parametrize(
    ("Cell", "name", "options"),
    [
        (RNNCell, "RNN", {}),
        (ReluCell, "RNN", {"nonlinearity": "relu"}),
        (LSTMCell, "LSTM", {}),
        (GRUCell, "GRU", {}),
    ],
)
def test_cells(Cell, name, options, T, B, D, H):
    rng, cell = np.random.default_rng(0), Cell(D, H)
    params = cell.init_params(rng)
    params["b_h"] = rng.normal(size=params["b_h"].shape)
    x, dh = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    state, dstate = (rng.normal(size=(B, cell.state_size)) for _ in range(2))

    net = getattr(torch.nn, name)(D, H, dtype=torch.float64, **options)
    with torch.no_grad():
        net.weight_ih_l0.copy_(torch.tensor(params["W_xh"].T))
        net.weight_hh_l0.copy_(torch.tensor(params["W_hh"].T))
        net.bias_ih_l0.copy_(torch.tensor(params["b_h"]))
        net.bias_hh_l0.zero_()
    tx, tstate = as_torch(x), as_torch(state)
    blocks = [s.contiguous()[None] for s in tstate.split(H, dim=1)]
    th, tfinal = net(tx, tuple(blocks) if name == "LSTM" else blocks[0])
    tfinal = torch.cat([s[0] for s in tfinal], 1) if name == "LSTM" else tfinal[0]
    ((th * torch.tensor(dh)).sum() + (tfinal * torch.tensor(dstate)).sum()).backward()

    h, final_state, cache = forward(cell, params, x, state=state)
    grads, dx, dstate0 = backward(cell, params, dh, cache, dstate=dstate)
    for ours, theirs in [
        (h, th.detach()),
        (final_state, tfinal.detach()),
        (grads["W_xh"], net.weight_ih_l0.grad.T),
        (grads["W_hh"], net.weight_hh_l0.grad.T),
        (grads["b_h"], net.bias_ih_l0.grad),
        (dx, tx.grad),
        (dstate0, tstate.grad),
    ]:
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-9)


def test_cross_entropy():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(7, 3, 5)), rng.integers(5, size=(7, 3))
    t_logits = as_torch(logits)
    t_loss = torch.nn.functional.cross_entropy(t_logits.reshape(-1, 5), as_torch(targets).ravel())
    t_loss.backward()
    loss, dlogits = softmax_cross_entropy(logits, targets)
    assert loss == pytest.approx(t_loss.item(), rel=1e-12)
    np.testing.assert_allclose(dlogits, t_logits.grad.numpy(), rtol=1e-9, atol=1e-12)
