"""Names, their symbols, and batches of sequences of different lengths.

A ``Task`` is what a model learns from: ``x (T, B, D)``, ``targets`` and a boolean ``mask (T, B)``, True where
the target counts. ``rnnbook`` draws more of them.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import numpy as np

from rnncore import arguments
from rnncore.arguments import Array, Rng

Task = NamedTuple("Task", [("x", Array), ("targets", Array), ("mask", Array)])


def load_names() -> list[str]:
    """The 5,163 first names of the US census of 1990, lower case, in alphabetical order.

    Source: US Census Bureau 1990, public domain (``rnncore/data/README.md``). Chapter 1.
    """
    file = resources.files("rnncore") / "data" / "census1990_first_names.csv"
    with file.open(encoding="ascii", newline="") as lines:
        return [row["name"] for row in csv.DictReader(lines)]


def split(items: Sequence, rng: Rng, *, parts: Sequence[float] = (0.8, 0.1, 0.1)) -> list[list]:
    """Shuffle independent ``items`` and cut them into lists whose shares are ``parts``.

    The book splits the names into 80 % for training, 10 % for validation (choices are made on it)
    and 10 % for the test, with ``np.random.default_rng(0)`` in every chapter. Chapter 2.

    >>> split("abcde", np.random.default_rng(0), parts=(0.6, 0.4))
    [['c', 'e', 'd'], ['a', 'b']]
    """
    items = arguments.items("items", items)
    arguments.rng(rng)
    shares = arguments.array("parts", parts, ("n",), np.float64)
    if shares.min() <= 0 or not np.isclose(shares.sum(), 1):
        raise ValueError(f"parts must be positive and sum to 1, got {parts}")
    ends = np.round(np.cumsum(shares) * len(items)).astype(int)
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
        arguments.kind("symbols", self.symbols, str, "a text")
        if len(set(self.symbols)) != len(self.symbols) or not self.symbols:
            raise ValueError(f"symbols must be distinct characters, got {self.symbols!r}")

    @classmethod
    def of(cls, texts: Iterable[str], boundary: str = "") -> "Vocabulary":
        """All characters of ``texts``, sorted, after the ``boundary`` mark, which gets number 0."""
        for text in (texts := arguments.items("texts", texts)):
            arguments.kind("texts", text, str, "a collection of texts")
        if not any(texts):
            raise ValueError(f"texts must hold at least one character, got {texts}")
        one_or_none = isinstance(boundary, str) and len(boundary) <= 1
        arguments.kind("boundary", boundary, lambda _: one_or_none, "one character or none")
        return cls(boundary + "".join(sorted(set("".join(texts)) - set(boundary))))

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str) -> Array:
        """``text`` of length n as integers ``(n,)``; ``ValueError`` for an unknown character."""
        arguments.kind("text", text, str, "a text")
        if unknown := sorted(set(text) - set(self.symbols)):
            raise ValueError(f"text must use the symbols {self.symbols!r}, got {unknown}")
        return np.array([self.symbols.index(char) for char in text], dtype=int)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the integers ``ids``, each in ``0 .. len - 1``."""
        return "".join(self.symbols[i] for i in arguments.ids("ids", ids, 0, len(self) - 1))


def one_hot(ids: Array, size: int) -> Array:
    """Integers of shape ``(...)`` in ``0 .. size - 1`` as unit vectors ``(..., size)``. Chapter 3."""
    arguments.integers(1, size=size)
    return np.eye(size)[arguments.ids("ids", ids, 0, size - 1, shape=(...,))]


def pad(sequences: Sequence[Array]) -> tuple[Array, Array]:
    """Put sequences of different lengths into one array, with zeros after their ends: padding.

    Takes B arrays of shape ``(T_b, ...)``. Returns ``batch (T, B, ...)`` with T the largest T_b, and
    ``mask (T, B)``, True where a real step stands, False where padding does. Chapter 3.
    """
    sequences = arguments.items("sequences", sequences)
    shape = ("T", *arguments.array("sequences[0]", sequences[0], ("T", ...)).shape[1:])
    arrays = [arguments.array(f"sequences[{b}]", s, shape) for b, s in enumerate(sequences)]
    lengths = np.array([len(array) for array in arrays])
    mask = np.arange(lengths.max())[:, None] < lengths
    steps = np.concatenate(arrays)  # all of the first sequence, then all of the second ...
    batch = np.zeros((*mask.shape, *steps.shape[1:]), steps.dtype)
    batch.swapaxes(0, 1)[mask.T] = steps
    return batch, mask


def next_symbol_task(sequences: Sequence[Array], size: int) -> Task:
    """Predict each symbol, and the end, from the symbols before it. Chapter 3.

    Takes B integer sequences ``(n_b,)`` over ``0 .. size - 1``, where 0 is the boundary mark.
    Returns ``x (T, B, size)``: the mark, then the symbols, as unit vectors; ``targets (T, B)``: the
    symbols, then the mark; and ``mask (T, B)``, with ``T = 1 + max n_b``.
    """
    arguments.integers(2, size=size)
    sequences = arguments.sequences(sequences, 0, size - 1)
    symbols, mask = pad(sequences)
    mark = np.zeros((1, len(sequences)), dtype=int)
    x, targets = one_hot(np.vstack([mark, symbols]), size), np.vstack([symbols, mark])
    return Task(x, targets, np.vstack([mark == 0, mask]))
