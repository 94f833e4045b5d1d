"""The reader's side of the book: the sequences and tasks of its experiments."""

from rnnbook.sequences import load_stock_prices, plucked_string
from rnnbook.tasks import adding_problem, copy_task, delayed_recall, temporal_order

__all__ = [
    "adding_problem", "copy_task", "delayed_recall", "load_stock_prices", "plucked_string",
    "temporal_order",
]  # fmt: skip
