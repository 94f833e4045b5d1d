"""The reader's side of the book: checks of the exercises, figures, sound, tables, and the sequences, tasks
and many networks of its experiments.
"""

from rnnbook.exercises import check
from rnnbook.figures import slider, unrolled_graph
from rnnbook.sequences import load_stock_prices, plucked_string
from rnnbook.side_by_side import SideBySide, clip_each, stack, train_side_by_side
from rnnbook.sound import sound
from rnnbook.style import BLACK, BLUE, GREEN, PURPLE, SKY, VERMILION, use_book_style
from rnnbook.tables import table
from rnnbook.tasks import adding_problem, delayed_recall, temporal_order

__all__ = [
    "BLACK", "BLUE", "GREEN", "PURPLE", "SKY", "VERMILION", "SideBySide", "adding_problem", "check",
    "clip_each", "delayed_recall", "load_stock_prices", "plucked_string", "slider", "sound", "stack",
    "table", "temporal_order", "train_side_by_side", "unrolled_graph", "use_book_style",
]  # fmt: skip
