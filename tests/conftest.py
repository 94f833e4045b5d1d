"""What the tests share."""

from functools import partial

from rnncore import GRUCell, LSTMCell, RNNCell

ReluCell = partial(RNNCell, activation="relu")
CELLS = [
    RNNCell,
    ReluCell,
    LSTMCell,
    GRUCell,
]  # a new cell goes through every test of cells from here


def pytest_make_parametrize_id(val):
    """Name a cell in the ids of tests, the partial one too."""
    return "ReluCell" if val is ReluCell else getattr(val, "__name__", None)
