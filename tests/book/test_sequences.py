"""The prices and the string are what their docstrings say."""

import numpy as np
import pytest

from rnnbook import load_stock_prices, plucked_string


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_prices_have_one_value_for_each_month():
    months, prices = load_stock_prices()
    assert months.shape == prices.shape == (390,)
    assert np.array_equal(np.diff(months), np.ones(389, dtype="timedelta64[M]"))
    assert str(months[0]) == "1990-01"
    assert prices[0] == pytest.approx(329.08, abs=0.01)
    assert prices[-1] == pytest.approx(3821.55, abs=0.01)


def test_the_file_does_not_change_when_it_is_read():
    load_stock_prices()[1][:] = 0
    assert load_stock_prices()[1][0] > 0


@pytest.mark.parametrize(("frequency", "rate"), [(220, 8000), (4000, 8000), (440.5, 4000)])
def test_the_string_follows_its_recurrence(rng, frequency, rate):
    x = plucked_string(frequency, 0.05, rate, rng)
    P = round(rate / frequency)
    assert x.shape == (round(0.05 * rate),)
    for t in range(P + 1, len(x)):
        assert x[t] == (x[t - P] + x[t - P - 1]) / 2
    noise = np.random.default_rng(0).uniform(-1, 1, P + 1)
    np.testing.assert_array_equal(x[: P + 1], noise)


def test_a_string_of_one_sample_more_than_its_period(rng):
    x = plucked_string(100, 0.011, 1000, rng)
    np.testing.assert_array_equal(x, np.random.default_rng(0).uniform(-1, 1, 11))


def test_a_long_period_is_accepted(rng):
    assert plucked_string(0.5, 10.0, 10, rng).shape == (100,)
