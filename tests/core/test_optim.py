"""Optimisers and clipping, against steps computed by hand."""

import math

import numpy as np
import pytest

from rnncore import Adam, DivergedError, clip_grad_norm, global_norm


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


@pytest.mark.parametrize(
    ("dtype", "sizes"),
    [
        (np.float64, [1e-300, 1e-160, 1.0, 1e160, 1e300]),
        (np.float32, [1e-38, 1e-20, 1.0, 1e20, 1e38]),
        (np.float16, [1e-4, 1.0, 6e4]),
    ],
)
def test_clipping_is_right_over_the_whole_range(dtype, sizes):
    for size in sizes:
        grads = {"a": np.array([3, 0], dtype) * dtype(size / 4), "b": -np.array([size], dtype)}
        exact = [float(g) for g in (*grads["a"], *grads["b"])]
        norm = (
            float(max(map(abs, exact)))
            * math.hypot(*(g / size for g in exact))
            / (max(map(abs, exact)) / size)
        )
        assert global_norm(grads) == pytest.approx(norm, rel=1e-12)
        for max_norm in (norm / 3, 1e-3 * norm):
            clipped, before = clip_grad_norm(grads, max_norm)
            assert before == pytest.approx(norm, rel=1e-12)
            for name, g in grads.items():
                assert clipped[name].dtype == dtype
                expected = g.astype(float) / norm * max_norm
                np.testing.assert_allclose(
                    clipped[name], expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
                )
        for name, g in clip_grad_norm(grads, 2 * norm).grads.items():
            np.testing.assert_array_equal(g, grads[name])
            assert g is not grads[name]


def test_one_large_gradient_beside_a_small_one():
    clipped, norm = clip_grad_norm({"a": np.array([1e300]), "b": np.array([1e-300])}, 1.0)
    assert norm == 1e300
    assert clipped["a"] == 1
    assert clipped["b"] == 0


def test_integers_are_taken_as_float64():
    for dtype in (np.int8, np.int64):
        clipped, norm = clip_grad_norm({"a": np.array([-128, 96], dtype)}, 1.0)
        assert norm == 160
        np.testing.assert_allclose(clipped["a"], [-0.8, 0.6], rtol=1e-15)
        unclipped = clip_grad_norm({"a": np.array([-128, 96], dtype)}, 1000.0).grads
        assert unclipped["a"].dtype == np.float64
    large = np.array([2**62, 2**62])
    assert global_norm({"a": large}) == pytest.approx(math.sqrt(2) * 2.0**62, rel=1e-15)


def test_an_infinite_max_norm_only_measures():
    clipped, norm = clip_grad_norm({"a": np.array([3.0, 4.0])}, math.inf)
    assert norm == 5
    np.testing.assert_array_equal(clipped["a"], [3, 4])


def test_adam_by_hand():
    params = {"w": np.array([1.0]), "u": np.array([0.0])}
    adam = Adam(lr=0.1)
    adam.step(params, {"w": np.array([2.0]), "u": np.array([0.0])})
    w = 1 - 0.1 * 2 / (2 + 1e-8)  # after one step, m_hat = g and v_hat = g²
    np.testing.assert_allclose(params["w"], [w], rtol=1e-14)
    adam.step(params, {"w": np.array([-1.0]), "u": np.array([3.0])})
    m, v = 0.9 * 0.2 + 0.1 * -1, 0.999 * 0.004 + 0.001 * 1
    w -= 0.1 * (m / (1 - 0.9**2)) / (math.sqrt(v / (1 - 0.999**2)) + 1e-8)
    np.testing.assert_allclose(params["w"], [w], rtol=1e-14)
    u = -0.1 * (0.3 / 0.19) / (math.sqrt(0.009 / (1 - 0.999**2)) + 1e-8)
    np.testing.assert_allclose(params["u"], [u], rtol=1e-14)


def test_adam_defaults_are_those_of_the_paper():
    params, adam = {"w": np.array([0.0])}, Adam()
    adam.step(params, {"w": np.array([1e-8])})
    np.testing.assert_allclose(params["w"], [-1e-3 * 1e-8 / 2e-8], rtol=1e-9)
    assert adam.lr == 1e-3


def test_float32_stays_float32_and_gradients_are_kept():
    params, grads = {"w": np.ones(3, np.float32)}, {"w": np.ones(3, np.float32)}
    array, optimizer = params["w"], Adam()
    for _ in range(2):
        optimizer.step(params, grads)
    assert params["w"] is array
    assert params["w"].dtype == np.float32
    np.testing.assert_array_equal(grads["w"], np.ones(3))
    assert (params["w"] < 1).all()


@pytest.mark.parametrize(("dtype", "large"), [(np.float64, 1e200), (np.float32, 1e30)])
def test_squares_beyond_the_dtype_are_no_step(dtype, large):
    params = {"w": np.ones(2, dtype)}
    with pytest.raises(DivergedError, match=r"^grads\['w'\] must have finite squares, got 1e\+"):
        Adam().step(params, {"w": np.array([1, large], dtype)})


def test_one_adam_is_for_one_set_of_parameters():
    adam = Adam()
    adam.step({"w": np.ones(3)}, {"w": np.ones(3)})
    with pytest.raises(ValueError, match=r"^params\['w'\] must have shape \(3,\), got \(2,\)$"):
        adam.step({"w": np.ones(2)}, {"w": np.ones(2)})
    with pytest.raises(ValueError, match=r"^params must have the keys \['w'\], got \['v'\]$"):
        adam.step({"v": np.ones(3)}, {"v": np.ones(3)})
