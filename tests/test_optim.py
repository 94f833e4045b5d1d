"""Optimisers and clipping, against steps computed by hand."""

import math

import numpy as np
import pytest

from rnncore import SGD, Adam, clip_grad_norm, global_norm


def test_global_norm():
    assert global_norm({"a": np.array([[3.0, 0.0]]), "b": np.array([-4.0])}) == 5
    assert isinstance(global_norm({"a": np.zeros(2, np.float32)}), float)
    assert global_norm({"a": np.array([3 + 4j])}) == 5


def test_clipping_scales_all_by_one_factor():
    grads = {"a": np.array([[3.0, 0.0]]), "b": np.array([-4.0])}
    clipped, norm = clip_grad_norm(grads, 2.5)
    assert norm == 5
    np.testing.assert_array_equal(clipped["a"], [[1.5, 0]])
    np.testing.assert_array_equal(clipped["b"], [-2])
    np.testing.assert_array_equal(grads["b"], [-4])
    for max_norm in (5, 7):
        clipped, norm = clip_grad_norm(grads, max_norm)
        assert norm == 5
        np.testing.assert_array_equal(clipped["a"], grads["a"])
    assert clip_grad_norm({"a": np.zeros(2)}, 0.5)[1] == 0
    assert clip_grad_norm({"a": np.ones(2, np.float32)}, 0.5)[0]["a"].dtype == np.float32


@pytest.mark.parametrize("bad", [0, -1, math.nan])
def test_clipping_needs_a_positive_norm(bad):
    with pytest.raises(ValueError, match=r"^max_norm must be positive, got"):
        clip_grad_norm({"a": np.ones(1)}, bad)


def test_sgd_by_hand():
    params = {"w": np.array([1.0, 2.0])}
    array = params["w"]
    sgd = SGD(0.5)
    sgd.step(params, {"w": np.array([2.0, -4.0])})
    np.testing.assert_array_equal(params["w"], [0.0, 4.0])
    sgd.step(params, {"w": np.array([1.0, 1.0])})
    np.testing.assert_array_equal(params["w"], [-0.5, 3.5])
    assert params["w"] is array


def test_momentum_by_hand():
    params, sgd = {"w": np.array([1.0])}, SGD(0.1, momentum=0.5)
    for g, v in [(2.0, 2.0), (1.0, 2.0), (-3.0, -2.0)]:  # v = 0.5 v + g
        before = params["w"].copy()
        sgd.step(params, {"w": np.array([g])})
        np.testing.assert_allclose(before - params["w"], [0.1 * v], rtol=1e-14)


def test_adam_by_hand():
    params = {"w": np.array([1.0]), "u": np.array([0.0])}
    adam = Adam(lr=0.1, betas=(0.8, 0.9), eps=0.01)
    adam.step(params, {"w": np.array([2.0]), "u": np.array([0.0])})
    w = 1 - 0.1 * 2 / (2 + 0.01)  # after one step, m_hat = g and v_hat = g²
    np.testing.assert_allclose(params["w"], [w], rtol=1e-14)
    adam.step(params, {"w": np.array([-1.0]), "u": np.array([3.0])})
    m, v = 0.8 * 0.4 + 0.2 * -1, 0.9 * 0.4 + 0.1 * 1
    w -= 0.1 * (m / (1 - 0.8**2)) / (math.sqrt(v / (1 - 0.9**2)) + 0.01)
    np.testing.assert_allclose(params["w"], [w], rtol=1e-14)
    u = -0.1 * (0.6 / 0.36) / (math.sqrt(0.9 / 0.19) + 0.01)
    np.testing.assert_allclose(params["u"], [u], rtol=1e-14)


def test_adam_defaults_are_those_of_the_paper():
    params, adam = {"w": np.array([0.0])}, Adam()
    adam.step(params, {"w": np.array([1e-8])})
    np.testing.assert_allclose(params["w"], [-1e-3 * 1e-8 / 2e-8], rtol=1e-9)
    assert (adam.lr, adam.betas, adam.eps) == (1e-3, (0.9, 0.999), 1e-8)


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9), Adam()])
def test_float32_stays_float32_and_gradients_are_kept(optimizer):
    params, grads = {"w": np.ones(3, np.float32)}, {"w": np.ones(3, np.float32)}
    for _ in range(2):
        optimizer.step(params, grads)
    assert params["w"].dtype == np.float32
    np.testing.assert_array_equal(grads["w"], np.ones(3))
    assert (params["w"] < 1).all()


def test_errors():
    for call, message in [
        (lambda: SGD(0), "^lr must be positive, got 0$"),
        (lambda: Adam(-1), "^lr must be positive, got -1$"),
        (lambda: SGD(1, -0.1), r"^momentum must lie in \[0, 1\), got -0.1$"),
        (lambda: SGD(1, 1), r"^momentum must lie in \[0, 1\), got 1$"),
        (lambda: Adam(betas=(1, 0)), r"^betas must lie in \[0, 1\), got \(1, 0\)$"),
        (lambda: Adam(betas=(0, -0.1)), r"^betas must lie in \[0, 1\)"),
        (lambda: Adam(eps=0), "^eps must be positive, got 0$"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    Adam(betas=(0, 0))
    for optimizer in (SGD(1), Adam()):
        with pytest.raises(ValueError, match=r"^grads must have the keys \['w'\], got \['v'\]$"):
            optimizer.step({"w": np.ones(1)}, {"v": np.ones(1)})
