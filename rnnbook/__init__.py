"""The reader's side of the book: checks of the exercises, figures, sound, tables, and the sequences and
tasks of its experiments.
"""

from rnnbook.exercises import check
from rnnbook.figures import slider, unrolled_graph
from rnnbook.sequences import load_stock_prices, plucked_string
from rnnbook.sound import sound
from rnnbook.style import BLACK, BLUE, GREEN, PURPLE, SKY, VERMILION, use_book_style
from rnnbook.tables import table
from rnnbook.tasks import adding_problem, delayed_recall, temporal_order

__all__ = [
    "BLACK", "BLUE", "GREEN", "PURPLE", "SKY", "VERMILION", "adding_problem", "check",
    "delayed_recall", "load_stock_prices", "plucked_string", "slider", "sound", "table",
    "temporal_order", "unrolled_graph", "use_book_style",
]  # fmt: skip
