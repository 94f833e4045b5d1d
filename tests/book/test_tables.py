"""A table says the same in HTML and in plain text, and names a column that does not fit."""

import re

import numpy as np
import pytest

from rnnbook import table, tables

COLUMNS = {"lag": ["10", "<30>"], "solved of 20": [18, np.int64(0)], "loss": [0.12345, 1234567.0]}


@pytest.fixture
def shown(monkeypatch):
    def show(columns, **options):
        displayed = []
        monkeypatch.setattr(tables, "display", displayed.append)
        table(columns, **options)
        (made,) = displayed
        return made._repr_html_(), repr(made)

    return show


def test_both_forms_hold_every_cell_in_order(shown):
    page, text = shown(COLUMNS)
    rows = [["lag", "solved of 20", "loss"], ["10", "18", "0.123"], ["&lt;30&gt;", "0", "1.23e+06"]]
    found = re.findall(r"<tr>(.*?)</tr>", page)
    assert [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found] == rows
    assert text.split("\n") == [
        "lag   solved of 20      loss",
        "----  ------------  --------",
        "10              18     0.123",
        "<30>             0  1.23e+06",
    ]


def test_the_first_column_and_the_first_row_are_headings(shown):
    page, _ = shown(COLUMNS)
    assert page.count('<th scope="col">') == 3
    assert page.count('<th scope="row">') == 2
    assert page.count("<td") == 4


def test_a_number_is_one_word_and_a_text_is_not(shown):
    page, _ = shown({"lag": [10], "size": ["9e-02"], "verdict": ["does not fade"]})
    assert '<td class="word">9e-02</td>' in page
    assert "<td>does not fade</td>" in page


def test_formats_go_by_heading(shown):
    _, text = shown(COLUMNS, formats={"loss": ".1f", "solved of 20": "03d"})
    assert "018        0.1" in text
    assert "000  1234567.0" in text


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {}, "columns must be a dict"),
        ([["a"]], {}, "columns must be a dict"),
        ({"a": [1], "b": [1, 2]}, {}, "one length, at least 1, got {'a': 1, 'b': 2}"),
        ({"a": []}, {}, "one length, at least 1"),
        ({"a": [1]}, {"formats": {"b": "d"}}, r"got one for \['b'\]"),
        ({"a": ["x"]}, {"formats": {"a": ".2f"}}, "column 'a', got '.2f' for 'x'"),
    ],
)
def test_bad_columns_and_formats_are_named(columns, options, message):
    with pytest.raises(ValueError, match=message):
        table(columns, **options)
