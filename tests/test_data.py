"""The data and tasks are what their docstrings say, and nothing writes to the data files."""

import hashlib
from importlib import resources

import numpy as np
import pytest

from rnncore import data


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_names_are_distinct_lower_case_and_sorted():
    names = data.load_names()
    assert len(names) == len(set(names)) == 5163
    assert names == sorted(names)
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)
    assert (names[0], names[-1]) == ("aaron", "zulma")
    assert (min(map(len, names)), max(map(len, names))) == (2, 11)


def test_prices_have_one_value_for_each_month():
    months, prices = data.load_stock_prices()
    assert months.shape == prices.shape == (390,)
    assert np.array_equal(np.diff(months), np.ones(389, dtype="timedelta64[M]"))
    assert str(months[0]) == "1990-01"
    assert prices[0] == pytest.approx(329.08, abs=0.01)
    assert prices[-1] == pytest.approx(3821.55, abs=0.01)


def test_no_data_file_changes_when_it_is_read():
    files = [file for file in (resources.files("rnncore") / "data").iterdir() if file.is_file()]

    def digest():
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    before = digest()
    data.load_names()[0] = "changed"
    data.load_stock_prices()[1][:] = 0
    assert digest() == before
    assert data.load_names()[0] == "aaron"
    assert data.load_stock_prices()[1][0] > 0


@pytest.mark.parametrize(("frequency", "rate"), [(220, 8000), (4000, 8000), (440.5, 4000)])
def test_the_string_follows_its_recurrence(rng, frequency, rate):
    x = data.plucked_string(frequency, 0.05, rate, rng)
    P = round(rate / frequency)
    assert x.shape == (round(0.05 * rate),)
    for t in range(P + 1, len(x)):
        assert x[t] == (x[t - P] + x[t - P - 1]) / 2
    noise = np.random.default_rng(0).uniform(-1, 1, P + 1)
    np.testing.assert_array_equal(x[: P + 1], noise)


def test_a_string_of_one_sample_more_than_its_period(rng):
    x = data.plucked_string(100, 0.011, 1000, rng)
    np.testing.assert_array_equal(x, np.random.default_rng(0).uniform(-1, 1, 11))


def test_split_keeps_every_item_once(rng):
    parts = data.split(list(range(103)), rng)
    assert [len(part) for part in parts] == [82, 11, 10]
    assert sorted(item for part in parts for item in part) == list(range(103))
    assert parts[0] != sorted(parts[0])
    assert parts == data.split(list(range(103)), np.random.default_rng(0))


def test_vocabulary_goes_back_and_forth():
    vocabulary = data.Vocabulary.of(["banana", "ab.c"], boundary=".")
    assert vocabulary.symbols == ".abcn"
    assert vocabulary.decode(vocabulary.encode("cab")) == "cab"
    assert data.Vocabulary.of(["ba"]).symbols == "ab"
    assert vocabulary.encode("").shape == (0,)


def test_one_hot():
    np.testing.assert_array_equal(data.one_hot([[0, 2]], 3), [[[1, 0, 0], [0, 0, 1]]])
    assert data.one_hot(np.zeros((0,), dtype=int), 3).shape == (0, 3)


def test_pad_puts_time_first_and_masks_the_filling():
    batch, mask = data.pad([np.array([1, 2, 3]), np.array([4]), np.array([], dtype=int)])
    np.testing.assert_array_equal(batch, [[1, 4, 0], [2, 0, 0], [3, 0, 0]])
    np.testing.assert_array_equal(mask, [[1, 1, 0], [1, 0, 0], [1, 0, 0]])
    batch, mask = data.pad([np.ones((2, 3)), np.ones((1, 3))])
    assert batch.shape == (2, 2, 3)
    assert batch.dtype == float
    assert not batch[1, 1].any()


def test_next_symbol_task_shifts_by_one():
    x, targets, mask = data.next_symbol_task([np.array([2, 1]), np.array([1])], 3)
    np.testing.assert_array_equal(x.argmax(axis=-1), [[0, 0], [2, 1], [1, 0]])
    np.testing.assert_array_equal(targets, [[2, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(mask, [[1, 1], [1, 1], [1, 0]])
    np.testing.assert_array_equal(x.sum(axis=-1), 1)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_delayed_recall_asks_for_the_input_delay_steps_ago(rng, delay):
    x, targets, mask = data.delayed_recall(6, 5, delay, rng)
    symbols = x.argmax(axis=-1)
    for t in range(6):
        assert mask[t].tolist() == [float(t >= delay)] * 5
        if t >= delay:
            np.testing.assert_array_equal(targets[t], symbols[t - delay])
    assert x.shape == (6, 5, 2)


def test_temporal_order_shows_two_marks_and_asks_at_the_end(rng):
    x, targets, mask = data.temporal_order(30, 400, rng)
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
    x, targets, mask = data.adding_problem(length, 300, rng)
    half = length // 2
    assert (x[:half, :, 1].sum(axis=0) == 1).all()
    assert (x[half:, :, 1].sum(axis=0) == 1).all()
    assert set(np.flatnonzero(x[..., 1].sum(axis=1))) == set(range(length))
    np.testing.assert_allclose(targets[-1, :, 0], (x[..., 0] * x[..., 1]).sum(axis=0))
    assert ((x[..., 0] >= 0) & (x[..., 0] < 1)).all()
    assert mask.sum() == mask[-1].sum() == 300
    assert targets.shape == (length, 300, 1)


def test_the_baseline_of_the_adding_problem_is_one_sixth(rng):
    _, targets, _ = data.adding_problem(4, 200_000, rng)
    assert abs(np.mean((targets[-1] - 1) ** 2) - 1 / 6) < 0.003


@pytest.mark.parametrize("delay", [1, 7])
def test_copy_task_repeats_the_message_after_the_signal(rng, delay):
    x, targets, mask = data.copy_task(delay, 50, rng)
    symbols = x.argmax(axis=-1)
    assert x.shape == (delay + 20, 50, 10)
    assert set(np.unique(symbols[:10])) == set(range(2, 10))
    assert not symbols[10 : delay + 9].any()
    assert (symbols[delay + 9] == 1).all()
    assert not symbols[delay + 10 :].any()
    np.testing.assert_array_equal(targets[-10:], symbols[:10])
    assert not targets[:-10].any()
    assert mask.all()


RNG = np.random.default_rng(0)
WRONG = {
    "seed instead of rng": (TypeError, lambda: data.split("ab", 0), "rng must be a numpy.random.Generator, got int"),
    "rng of string": (TypeError, lambda: data.plucked_string(220, 1, 8000, None), "rng must be"),
    "rng of recall": (TypeError, lambda: data.delayed_recall(5, 2, 1, 0), "rng must be"),
    "rng of order": (TypeError, lambda: data.temporal_order(20, 2, 0), "rng must be"),
    "rng of adding": (TypeError, lambda: data.adding_problem(5, 2, 0), "rng must be"),
    "rng of copy": (TypeError, lambda: data.copy_task(5, 2, 0), "rng must be"),
    "rate": (ValueError, lambda: data.plucked_string(220, 1, 0, RNG), "rate must be an integer of at least 1, got 0"),
    "frequency 0": (ValueError, lambda: data.plucked_string(0, 1, 8000, RNG), "frequency must lie in"),
    "frequency high": (ValueError, lambda: data.plucked_string(4001, 1, 8000, RNG), "4000"),
    "frequency nan": (ValueError, lambda: data.plucked_string(np.nan, 1, 8000, RNG), "frequency"),
    "seconds": (ValueError, lambda: data.plucked_string(100, 0.01, 1000, RNG), "seconds must be longer than one period of 10 samples"),
    "parts sum": (ValueError, lambda: data.split("abc", RNG, parts=(0.5, 0.4)), "parts must be positive and sum to 1"),
    "parts sign": (ValueError, lambda: data.split("abc", RNG, parts=(1.5, -0.5)), "parts must be positive"),
    "parts zero": (ValueError, lambda: data.split("abc", RNG, parts=(1.0, 0.0)), "parts must be positive"),
    "symbols twice": (ValueError, lambda: data.Vocabulary("aba"), "symbols must be distinct characters, got 'aba'"),
    "no symbols": (ValueError, lambda: data.Vocabulary(""), "symbols must be distinct"),
    "unknown letter": (ValueError, lambda: data.Vocabulary("ab").encode("abc"), r"got \['c'\]"),
    "one_hot range": (ValueError, lambda: data.one_hot([3], 3), r"ids must be integers in 0 .. 2"),
    "one_hot negative": (ValueError, lambda: data.one_hot([-1], 3), "ids must be"),
    "one_hot float": (ValueError, lambda: data.one_hot([0.5], 3), "ids must be"),
    "pad nothing": (ValueError, lambda: data.pad([]), "sequences must hold at least one"),
    "recall length": (ValueError, lambda: data.delayed_recall(0, 2, 0, RNG), "length must be"),
    "recall batch": (ValueError, lambda: data.delayed_recall(5, 0, 0, RNG), "batch_size must be"),
    "recall delay": (ValueError, lambda: data.delayed_recall(5, 2, -1, RNG), "delay must be"),
    "recall too long": (ValueError, lambda: data.delayed_recall(5, 2, 5, RNG), "delay must be less than length = 5, got 5"),
    "order length": (ValueError, lambda: data.temporal_order(9, 2, RNG), "length must be an integer of at least 10, got 9"),
    "order batch": (ValueError, lambda: data.temporal_order(10, 0, RNG), "batch_size must be"),
    "adding length": (ValueError, lambda: data.adding_problem(1, 2, RNG), "length must be an integer of at least 2"),
    "adding batch": (ValueError, lambda: data.adding_problem(4, 0, RNG), "batch_size must be"),
    "adding float": (ValueError, lambda: data.adding_problem(4.0, 2, RNG), "length must be an integer"),
    "adding bool": (ValueError, lambda: data.adding_problem(4, True, RNG), "batch_size must be an integer"),
    "copy delay": (ValueError, lambda: data.copy_task(0, 2, RNG), "delay must be an integer of at least 1"),
    "copy batch": (ValueError, lambda: data.copy_task(2, 0, RNG), "batch_size must be"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_named(case):
    error, call, message = WRONG[case]
    with pytest.raises(error, match=message):
        call()


def test_one_step_of_one_sequence_is_enough_for_recall():
    x, targets, mask = data.delayed_recall(1, 1, 0, np.random.default_rng(0))
    assert x.shape == (1, 1, 2)
    assert x[0, 0, targets[0, 0]] == 1
    assert mask.all()


def test_a_vocabulary_does_not_change():
    with pytest.raises(AttributeError):
        data.Vocabulary("ab").symbols = "ba"


def test_the_smallest_arguments_are_accepted(rng):
    assert data.temporal_order(10, 1, rng)[0].shape == (10, 1, 6)
    assert data.adding_problem(2, 1, rng)[0].shape == (2, 1, 2)
    assert data.plucked_string(0.5, 10.0, 10, rng).shape == (100,)
    batch, mask = data.pad([np.array([3, 4])])
    assert (batch[:, 0].tolist(), mask[:, 0].tolist()) == ([3, 4], [True, True])
