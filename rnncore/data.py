"""The sequences of the book: real ones, synthetic tasks with a known answer, and arrays made of them.

Real sequences (chapter 1): ``load_names``, ``load_stock_prices``, ``plucked_string``. Tasks
(chapters 3, 5, 6 and 7): ``delayed_recall``, ``temporal_order``, ``adding_problem``, ``copy_task``.
Each task returns ``x (T, B, D)``, ``targets`` and a boolean ``mask (T, B)``, True where the target counts.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from rnncore.checks import check_integers, check_rng

Task = tuple[np.ndarray, np.ndarray, np.ndarray]


def load_names() -> list[str]:
    """The 5,163 first names of the US census of 1990, lower case, in alphabetical order.

    Source: US Census Bureau 1990, public domain (``rnncore/data/README.md``). Chapter 1.
    """
    file = resources.files("rnncore") / "data" / "census1990_first_names.csv"
    with file.open(encoding="ascii", newline="") as lines:
        return [row["name"] for row in csv.DictReader(lines)]


def load_stock_prices() -> tuple[np.ndarray, np.ndarray]:
    """390 monthly closing values of the S&P 500 index (``^GSPC``), January 1990 to June 2022.

    Returns ``months (N,)`` of dtype ``datetime64[M]`` and ``prices (N,)`` in index points. The file
    holds blank rows between the months, and its last month twice; both are dropped.

    Source: ``Stocks.csv``, which Matplotlib ships; its first line names the origin. Chapter 1.
    """
    from matplotlib import cbook  # only the data file is needed, so only here

    with cbook.get_sample_data("Stocks.csv") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    column = rows[0].index("^GSPC")
    prices = {row[0][:7]: float(row[column]) for row in rows[1:] if row[column]}
    return np.array(list(prices), dtype="datetime64[M]"), np.array(list(prices.values()))


def plucked_string(frequency: float, seconds: float, rate: int, rng: np.random.Generator):
    """The sound of a plucked string: a burst of noise that a delay line keeps averaging.

    ``x_t = (x_{t-P} + x_{t-P-1}) / 2`` with the period ``P = rate / frequency``, rounded, in samples.

    Parameters: ``frequency`` in hertz, ``seconds`` of sound, ``rate`` in samples per second, and the
    generator of the first ``P + 1`` samples, uniform in [-1, 1]. Returns ``x (seconds * rate,)``.
    Raises ``ValueError`` where the sound is shorter than one period, or the period below 2 samples.

    Source: Karplus and Strong (1983). Chapter 1.
    """
    check_rng(rng)
    check_integers(1, rate=rate)
    if not 0 < frequency <= rate / 2:
        raise ValueError(f"frequency must lie in (0, rate / 2 = {rate / 2:g}], got {frequency!r}")
    period, length = round(rate / frequency), round(seconds * rate)
    if length <= period:
        raise ValueError(
            f"seconds must be longer than one period of {period} samples, got {seconds!r}"
        )
    x = np.empty(length)
    x[: period + 1] = rng.uniform(-1, 1, period + 1)[:length]
    for start in range(period + 1, length, period):  # a whole period depends only on the one before
        stop = min(start + period, length)
        x[start:stop] = (
            x[start - period : stop - period] + x[start - period - 1 : stop - period - 1]
        ) / 2
    return x


def split(items: Sequence, rng: np.random.Generator, parts=(0.8, 0.1, 0.1)) -> list[list]:
    """Shuffle independent ``items`` and cut them into lists whose shares are ``parts``.

    The book takes names apart into 80 % for training, 10 % for validation (choices are made on it)
    and 10 % for the test, with ``np.random.default_rng(0)`` in every chapter. Chapter 2.

    >>> split("abcde", np.random.default_rng(0), parts=(0.6, 0.4))
    [['c', 'e', 'd'], ['a', 'b']]
    """
    check_rng(rng)
    if min(parts) <= 0 or not np.isclose(sum(parts), 1):
        raise ValueError(f"parts must be positive and sum to 1, got {parts}")
    ends = np.round(np.cumsum(parts) * len(items)).astype(int)
    shuffled = [items[i] for i in rng.permutation(len(items))]
    return [shuffled[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a data set, numbered from 0 in the order given. Chapter 2.

    >>> vocabulary = Vocabulary.of(["abba"], boundary=".")
    >>> vocabulary.symbols, len(vocabulary)
    ('.ab', 3)
    >>> vocabulary.encode("baa")
    array([2, 1, 1])
    >>> vocabulary.decode([2, 1, 1])
    'baa'
    """

    symbols: str

    def __post_init__(self):
        if len(set(self.symbols)) != len(self.symbols) or not self.symbols:
            raise ValueError(f"symbols must be distinct characters, got {self.symbols!r}")

    @classmethod
    def of(cls, texts: Iterable[str], boundary: str = "") -> "Vocabulary":
        """All characters of ``texts``, sorted, after the ``boundary`` mark, which gets number 0."""
        return cls(boundary + "".join(sorted(set("".join(texts)) - set(boundary))))

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str) -> np.ndarray:
        """``text`` of length n as integers ``(n,)``; ``ValueError`` for an unknown character."""
        unknown = sorted(set(text) - set(self.symbols))
        if unknown:
            raise ValueError(f"text must use the symbols {self.symbols!r}, got {unknown}")
        return np.array([self.symbols.index(char) for char in text], dtype=int)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the integers ``ids``."""
        return "".join(self.symbols[i] for i in ids)


def one_hot(ids: np.ndarray, size: int) -> np.ndarray:
    """Integers of shape ``(...)`` in ``0 .. size - 1`` as unit vectors ``(..., size)``. Chapter 3."""
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer) or (
        ids.size and not 0 <= ids.min() <= ids.max() < size
    ):
        raise ValueError(f"ids must be integers in 0 .. {size - 1}, got {ids!r}")
    return np.eye(size)[ids]


def pad(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put sequences of different lengths into one array, filled up with zeros.

    Parameters: B arrays of shape ``(T_b, ...)``. Returns ``batch (T, B, ...)`` with T the largest
    T_b, and ``mask (T, B)``, True where a real step stands, False where it was filled up. Chapter 3.
    """
    if not len(sequences):
        raise ValueError("sequences must hold at least one sequence, got none")
    lengths = np.array([len(sequence) for sequence in sequences])
    mask = np.arange(lengths.max())[:, None] < lengths
    steps = np.concatenate(sequences)  # all of the first sequence, then all of the second ...
    batch = np.zeros((*mask.shape, *steps.shape[1:]), steps.dtype)
    batch.swapaxes(0, 1)[mask.T] = steps
    return batch, mask


def next_symbol_task(sequences: Sequence[np.ndarray], size: int) -> Task:
    """Predict each symbol, and the end, from the symbols before it. Chapter 3.

    Parameters: B integer sequences ``(n_b,)`` over ``0 .. size - 1``, where 0 is the boundary mark.
    Returns ``x (T, B, size)``: the mark, then the symbols, as unit vectors; ``targets (T, B)``: the
    symbols, then the mark; and ``mask (T, B)``, with ``T = 1 + max n_b``.
    """
    symbols, mask = pad(sequences)
    mark = np.zeros((1, len(sequences)), dtype=int)
    x, targets = one_hot(np.vstack([mark, symbols]), size), np.vstack([symbols, mark])
    return x, targets, np.vstack([mark == 0, mask])


def delayed_recall(length: int, batch_size: int, delay: int, rng: np.random.Generator) -> Task:
    """Say at every step which of two symbols was the input ``delay`` steps ago. Chapter 3.

    Returns ``x (length, batch_size, 2)``, ``targets (length, batch_size)`` and the mask, False for
    the first ``delay`` steps. Guessing costs ``ln 2`` nats a step.
    """
    check_rng(rng)
    check_integers(1, length=length, batch_size=batch_size)
    check_integers(0, delay=delay)
    if delay >= length:
        raise ValueError(f"delay must be less than length = {length}, got {delay}")
    symbols = rng.integers(2, size=(length, batch_size))
    targets, mask = np.zeros_like(symbols), np.zeros(symbols.shape, dtype=bool)
    targets[delay:], mask[delay:] = symbols[: length - delay], True
    return one_hot(symbols, 2), targets, mask


def temporal_order(length: int, batch_size: int, rng: np.random.Generator) -> Task:
    """Tell after the last step in which order two marks came: XX, XY, YX or YY. Chapter 5.

    The input shows X or Y once in the steps [T/10, 2T/10) and once in [4T/10, 5T/10), and one of four
    distractors elsewhere. Returns ``x (length, batch_size, 6)`` (X, Y, distractors), ``targets
    (length, batch_size)`` in 0 .. 3 and the mask, True at the last step alone. Guessing costs ``ln 4``.

    Source: Hochreiter and Schmidhuber (1997), task 6a, with the positions of Pascanu et al. (2013).
    """
    check_rng(rng)
    check_integers(10, length=length)
    check_integers(1, batch_size=batch_size)
    symbols = rng.integers(2, 6, size=(length, batch_size))
    marks = rng.integers(2, size=(2, batch_size))
    batch, tenth = np.arange(batch_size), length // 10
    symbols[rng.integers(tenth, 2 * tenth, size=batch_size), batch] = marks[0]
    symbols[rng.integers(4 * tenth, 5 * tenth, size=batch_size), batch] = marks[1]
    targets, mask = np.zeros_like(symbols), np.zeros(symbols.shape, dtype=bool)
    targets[-1], mask[-1] = 2 * marks[0] + marks[1], True
    return one_hot(symbols, 6), targets, mask


def adding_problem(length: int, batch_size: int, rng: np.random.Generator) -> Task:
    """Add the two marked numbers of a sequence, one in each half. Chapter 7.

    Returns ``x (length, batch_size, 2)``: numbers uniform in [0, 1) and marks, 1 at two steps;
    ``targets (length, batch_size, 1)``: the sum, at the last step; and the mask, True there alone.
    Always answering 1 costs ``Var(U_1 + U_2) = 1/6`` in mean squared error.

    Source: Hochreiter and Schmidhuber (1997), task 4, in the form of Le et al. (2015).
    """
    check_rng(rng)
    check_integers(2, length=length)
    check_integers(1, batch_size=batch_size)
    numbers, marks = rng.uniform(size=(length, batch_size)), np.zeros((length, batch_size))
    batch, half = np.arange(batch_size), length // 2
    marks[rng.integers(0, half, size=batch_size), batch] = 1.0
    marks[rng.integers(half, length, size=batch_size), batch] = 1.0
    targets, mask = np.zeros((length, batch_size, 1)), np.zeros(marks.shape, dtype=bool)
    targets[-1, :, 0], mask[-1] = (numbers * marks).sum(axis=0), True
    return np.stack([numbers, marks], axis=-1), targets, mask


def copy_task(delay: int, batch_size: int, rng: np.random.Generator) -> Task:
    """Repeat ten symbols after ``delay`` blank steps. Chapter 7.

    T = delay + 20: ten of eight symbols, ``delay - 1`` blanks, the signal to answer, ten blanks.
    Returns ``x (T, batch_size, 10)`` (blank, signal, eight symbols), ``targets (T, batch_size)`` in
    0 .. 9 (blank until the answer) and the mask, True everywhere. Knowing when but not what to answer
    costs ``10 ln 8 / (delay + 20)`` nats a step.

    Source: Hochreiter and Schmidhuber (1997), in the form of Arjovsky, Shah and Bengio (2016).
    """
    check_rng(rng)
    check_integers(1, delay=delay, batch_size=batch_size)
    message = rng.integers(2, 10, size=(10, batch_size))
    symbols = np.zeros((delay + 20, batch_size), dtype=int)
    symbols[:10], symbols[delay + 9] = message, 1
    targets = np.zeros_like(symbols)
    targets[-10:] = message
    return one_hot(symbols, 10), targets, np.ones(symbols.shape, dtype=bool)
