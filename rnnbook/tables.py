"""Tables of results: real ones in the page, and plain text wherever there is no HTML."""

import html
from collections.abc import Mapping, Sequence
from numbers import Integral, Real

from IPython.display import display


class Table:
    """Rows of text below a header, as HTML and as aligned text. ``table`` makes and shows one."""

    def __init__(self, header: list[str], rows: list[list[str]]):
        self.header, self.rows = header, rows

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(
                # names stand left, numbers right
                cell.ljust(width) if k == 0 else cell.rjust(width)
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([text[0], "  ".join("-" * width for width in widths), *text[1:]])

    def _repr_html_(self) -> str:
        def heading(scope, text):
            return f'<th scope="{scope}">{html.escape(text)}</th>'

        def cell(text):  # a number such as 9e-02 is one word, not to be broken at its sign
            kind = "" if " " in text else ' class="word"'
            return f"<td{kind}>{html.escape(text)}</td>"

        head = "".join(heading("col", text) for text in self.header)
        rows = [heading("row", name) + "".join(map(cell, cells)) for name, *cells in self.rows]
        # the box scrolls where a phone is too narrow, and the keyboard reaches it
        label = html.escape(", ".join(self.header))
        return (
            f'<div class="rnn-table" role="group" aria-label="Table: {label}" tabindex="0">'
            f'<table class="table"><thead><tr>{head}</tr></thead>'
            f"<tbody><tr>{'</tr><tr>'.join(rows)}</tr></tbody></table></div>"
        )


def table(columns: Mapping[str, Sequence], *, formats: Mapping[str, str] = {}) -> None:
    """Show a table of results, ``table({"lag": [10, 30], "solved of 20": [18, 0]})``.

    Takes the columns by their headings, the first of which names the rows, and format specifications
    by heading, as ``{"loss": ".2f"}``; by default text and whole numbers stand as they are, and other
    numbers have three significant digits. Raises ``ValueError`` for columns of unequal lengths, for a
    format of no column, and for one that does not fit its values.
    """
    if not isinstance(columns, Mapping) or not columns:
        raise ValueError(f"columns must be a dict of columns by heading, got {columns!r}")
    if unknown := sorted(formats.keys() - columns.keys()):
        raise ValueError(f"formats must be for columns of the table, got one for {unknown}")
    values = {str(heading): list(column) for heading, column in columns.items()}
    lengths = {heading: len(column) for heading, column in values.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(f"columns must have one length, at least 1, got {lengths}")
    texts = [
        [_text(value, formats.get(heading), heading) for value in column]
        for heading, column in values.items()
    ]
    display(Table(list(values), [list(row) for row in zip(*texts, strict=True)]))


def _text(value, specification: str | None, heading: str) -> str:
    if specification is None:
        is_fraction = isinstance(value, Real) and not isinstance(value, Integral)
        specification = ".3g" if is_fraction else ""
    try:
        return format(value, specification)
    except (TypeError, ValueError):
        raise ValueError(
            f"formats must fit the values of the column {heading!r}, got {specification!r} for {value!r}"
        ) from None
