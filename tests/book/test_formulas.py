"""Formulas are set while the book is built: what KaTeX writes, and no line that ends before a comma."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))

from formulas import END, START, formula, keep_together  # noqa: E402


def test_a_formula_is_html_with_mathml_beside_it():
    html = formula(r"h_t = \tanh(a_t)", False)
    assert html.startswith('<span class="katex"><span class="katex-mathml"><math ')
    assert '<annotation encoding="application/x-tex">h_t = \\tanh(a_t)</annotation>' in html
    assert '<span class="katex-html" aria-hidden="true">' in html


def test_one_on_a_line_of_its_own_has_limits_above_and_below():
    assert formula(r"\sum_t x_t", True).startswith('<span class="katex-display">')
    assert "op-limits" in formula(r"\sum_t x_t", True)
    assert "op-limits" not in formula(r"\sum_t x_t", False)


def test_long_results_come_over_whole():
    row = " + ".join(f"x_{{{k}}}" for k in range(500))
    html = formula(row, False)
    assert html.count("mathnormal") >= 500
    assert html.endswith("</span>")


@pytest.mark.parametrize(
    ("tex", "words"),
    [(r"\frac{1", "Unexpected end of input"), (r"\nonsense", "Undefined control sequence")],
)
def test_what_cannot_be_set_is_said(tex, words):
    with pytest.raises(ValueError, match=words):
        formula(tex, False)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (f"at {START}F{END}, and", 'at <span class="keep">F,</span> and'),
        (f"({START}F{END}).", '<span class="keep">(F).</span>'),
        (f"an {START}F{END} there", "an F there"),
        (f"{START}F{END} {START}G{END}.", 'F <span class="keep">G.</span>'),
    ],
)
def test_punctuation_stays_with_its_formula(body, kept):
    assert keep_together(body) == kept
