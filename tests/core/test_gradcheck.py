"""The checker is checked: it finds right gradients right and wrong ones wrong."""

import numpy as np
import pytest

from rnncore import check_grads, numerical_grad


def cubic(a):
    return float((a["u"] ** 3).sum() + (a["u"] * a["w"]).sum())


def point():
    rng = np.random.default_rng(0)
    arrays = {"u": rng.normal(size=(2, 3)), "w": rng.normal(size=(2, 3))}
    return arrays, {"u": 3 * arrays["u"] ** 2 + arrays["w"], "w": arrays["u"].copy()}


def test_numerical_grad():
    a = np.array([[1.0, -2.0, 0.5]])
    kept = a.copy()
    grad = numerical_grad(lambda z: float((z**3).sum()), a)
    np.testing.assert_allclose(grad, 3 * a**2, rtol=1e-9)
    np.testing.assert_array_equal(a, kept)
    # with a coarse eps, the error of a cubic is eps² in every entry
    coarse = numerical_grad(lambda z: float((z**3).sum()), a, eps=0.1)
    np.testing.assert_allclose(coarse - 3 * a**2, 0.01, rtol=1e-10)
    assert numerical_grad(float, np.float32(2)).shape == ()
    assert numerical_grad(lambda z: float(z[0]), [3]).dtype == np.float64


def test_right_gradients_pass():
    arrays, grads = point()
    kept = {k: v.copy() for k, v in arrays.items()}
    errors = check_grads(cubic, arrays, grads, rtol=1e-8)
    assert errors.keys() == {"u", "w"}
    assert all(0 < e < 1e-8 and isinstance(e, float) for e in errors.values())
    for name in kept:
        np.testing.assert_array_equal(arrays[name], kept[name])


def test_wrong_gradients_are_named():
    arrays, grads = point()
    grads["w"][1, 2] += 1.0
    numeric = f"{arrays['u'][1, 2]:.6g}"
    with pytest.raises(
        AssertionError,
        match=rf"^gradients are off by more than 1e-06, worst first:\n  w\[1, 2\]: analytic .*, "
        rf"numeric {numeric}.*, relative error .*\n  u\[",
    ):
        check_grads(cubic, arrays, grads)


def test_every_array_is_reported_the_worst_first():
    arrays, grads = point()
    grads["w"][1, 2] += 1.0
    grads["u"][0, 1] *= 0.98
    with pytest.raises(AssertionError) as raised:
        check_grads(cubic, arrays, grads)
    first, second = str(raised.value).splitlines()[1:]
    assert first.startswith("  w[1, 2]: ")
    assert second.startswith("  u[0, 1]: ")
    arrays, grads = point()
    errors = check_grads(cubic, arrays, grads)
    assert list(errors.values()) == sorted(errors.values(), reverse=True)


def test_the_error_is_relative_to_the_largest_entry():
    arrays, grads = {"a": np.zeros(2)}, {"a": np.array([100.0, 1e-3])}

    def f(a):
        return float(100 * a["a"][0])

    assert check_grads(f, arrays, grads, rtol=1e-4)["a"] == pytest.approx(1e-5, rel=1e-6)
    with pytest.raises(AssertionError, match=r"relative error 1.0e-05$"):
        check_grads(f, arrays, grads)
    assert check_grads(lambda a: 0.0, arrays, grads, rtol=1.0) == {"a": 1.0}  # the limit passes
    # one side zero: the other is the scale
    with pytest.raises(AssertionError, match=r"relative error 1.0e\+00"):
        check_grads(f, arrays, {"a": np.zeros(2)})
    with pytest.raises(AssertionError, match=r"relative error 1.0e\+00"):
        check_grads(lambda a: 0.0, arrays, grads)


def test_rounding_of_the_difference_is_not_an_error():
    # f = 1 + 0 * a: the true gradient is zero, an error of 1e-10 is within rounding, 1e-9 is not
    arrays = {"a": np.ones(1)}
    assert check_grads(lambda a: 1.0, arrays, {"a": np.array([2e-10])})["a"] <= 1e-6
    with pytest.raises(AssertionError):
        check_grads(lambda a: 1.0, arrays, {"a": np.array([3e-10])})
    assert check_grads(lambda a: -1.0, arrays, {"a": np.array([2e-10])})["a"] <= 1e-6


def test_some_entries_only():
    arrays, grads = {"a": np.zeros(50)}, {"a": np.zeros(50)}
    touched = set()

    def f(a):
        touched.update(np.flatnonzero(a["a"]).tolist())
        return 0.0

    check_grads(f, arrays, grads, rng=np.random.default_rng(0), max_entries=40)
    assert len(touched) == 40
    for n in (50, 99):
        touched.clear()
        check_grads(f, arrays, grads, rng=np.random.default_rng(0), max_entries=n)
        assert len(touched) == 50
