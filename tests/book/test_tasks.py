"""The tasks of the experiments are what their docstrings say."""

import numpy as np
import pytest

import rnnbook


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_delayed_recall_asks_for_the_input_delay_steps_ago(rng, delay):
    x, targets, mask = rnnbook.delayed_recall(6, 5, delay, rng)
    symbols = x.argmax(axis=-1)
    for t in range(6):
        assert mask[t].tolist() == [float(t >= delay)] * 5
        if t >= delay:
            np.testing.assert_array_equal(targets[t], symbols[t - delay])
    assert x.shape == (6, 5, 2)


def test_temporal_order_shows_two_marks_and_asks_at_the_end(rng):
    x, targets, mask = rnnbook.temporal_order(30, 400, rng)
    symbols = x.argmax(axis=-1)
    assert ((symbols < 2).sum(axis=0) == 2).all()
    steps = [np.flatnonzero(column < 2) for column in symbols.T]
    assert {int(first) for first, _ in steps} == {3, 4, 5}
    assert {int(second) for _, second in steps} == {12, 13, 14}
    for b, (first, second) in enumerate(steps):
        assert targets[-1, b] == 2 * symbols[first, b] + symbols[second, b]
    assert set(targets[-1]) == {0, 1, 2, 3}
    assert set(np.unique(symbols)) == set(range(6))
    assert mask.sum() == mask[-1].sum() == 400
    assert x.shape == (30, 400, 6)


@pytest.mark.parametrize("length", [2, 3, 10])
def test_adding_problem_marks_one_number_in_each_half(rng, length):
    x, targets, mask = rnnbook.adding_problem(length, 300, rng)
    half = length // 2
    assert (x[:half, :, 1].sum(axis=0) == 1).all()
    assert (x[half:, :, 1].sum(axis=0) == 1).all()
    assert set(np.flatnonzero(x[..., 1].sum(axis=1))) == set(range(length))
    np.testing.assert_allclose(targets[-1, :, 0], (x[..., 0] * x[..., 1]).sum(axis=0))
    assert ((x[..., 0] >= 0) & (x[..., 0] < 1)).all()
    assert mask.sum() == mask[-1].sum() == 300
    assert targets.shape == (length, 300, 1)


def test_the_baseline_of_the_adding_problem_is_one_sixth(rng):
    _, targets, _ = rnnbook.adding_problem(4, 200_000, rng)
    assert abs(np.mean((targets[-1] - 1) ** 2) - 1 / 6) < 0.003


def test_one_step_of_one_sequence_is_enough_for_recall():
    x, targets, mask = rnnbook.delayed_recall(1, 1, 0, np.random.default_rng(0))
    assert x.shape == (1, 1, 2)
    assert x[0, 0, targets[0, 0]] == 1
    assert mask.all()


def test_the_smallest_arguments_are_accepted(rng):
    assert rnnbook.temporal_order(10, 1, rng)[0].shape == (10, 1, 6)
    assert rnnbook.adding_problem(2, 1, rng)[0].shape == (2, 1, 2)
