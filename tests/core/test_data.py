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


def test_no_data_file_changes_when_it_is_read():
    files = [file for file in (resources.files("rnncore") / "data").iterdir() if file.is_file()]

    def digest():
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    before = digest()
    data.load_names()[0] = "changed"
    assert digest() == before
    assert data.load_names()[0] == "aaron"


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


def test_pad_puts_time_first_and_masks_the_padding():
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


def test_a_vocabulary_does_not_change():
    with pytest.raises(AttributeError):
        data.Vocabulary("ab").symbols = "ba"


def test_one_sequence_is_a_batch():
    batch, mask = data.pad([np.array([3, 4])])
    assert (batch[:, 0].tolist(), mask[:, 0].tolist()) == ([3, 4], [True, True])
