"""The one style of every figure: colours here, sizes and dashes in ``book.mplstyle``."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats

# One colour per role, the same in every chapter (Okabe and Ito, safe for every colour vision).
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
PURPLE, SKY, BLACK = "#cc79a7", "#56b4e9", "#000000"
SVG_METADATA = {"Date": None, "Creator": None}  # the same drawing gives the same bytes


def use_book_style() -> None:
    """Draw as the book does: sizes and dashes of ``book.mplstyle``, inline figures as SVG without a date."""
    plt.style.use(Path(__file__).parent / "book.mplstyle")
    set_matplotlib_formats("svg", metadata=SVG_METADATA)
