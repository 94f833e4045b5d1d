"""The one style of every figure: colours here, sizes and dashes in ``book.mplstyle``."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats

# One colour per role, the same in every chapter: Okabe and Ito's, safe for every colour vision. All but the sky
# have a contrast of 4.5 to white, so that lines and the letters beside them can share them.
BLUE, VERMILION, GREEN = "#0072b2", "#b84c00", "#007a59"
PURPLE, SKY, BLACK = "#b0588a", "#56b4e9", "#000000"
SVG_METADATA = {"Date": None, "Creator": None}  # the same drawing gives the same bytes


def use_book_style() -> None:
    """Draw as the book does: sizes and dashes of ``book.mplstyle``, inline figures as SVG without a date."""
    plt.style.use(Path(__file__).parent / "book.mplstyle")
    set_matplotlib_formats("svg", metadata=SVG_METADATA)
