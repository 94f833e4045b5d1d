"""The first page promises nothing that the chapters do not hold: its numbers, its minutes."""

import re
from pathlib import Path

import pytest
from test_notebooks import NOTEBOOKS, prose

ROOT = Path(__file__).parents[2]
INTRO = (ROOT / "intro.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]+ \| ([^|]+) \[Chapter \d\]\((chapters/[^)]+)\) \|$", INTRO, re.M)


def summary(name):
    """The summary of a chapter; its own numbers are those of cells (test_notebooks.py)."""
    return prose(NOTEBOOKS[name]).split("\n## Summary")[1].split("\n## ")[0]


def test_the_table_has_a_row_for_most_chapters():
    assert len(ROWS) >= 6
    assert len({chapter for _, chapter in ROWS}) >= 5


@pytest.mark.parametrize("row", ROWS, ids=[row[:40] for row, _ in ROWS])
def test_a_number_of_the_first_page_stands_in_the_summary_that_it_links_to(row):
    text, chapter = row
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    words = summary(chapter).replace(" six ", " 6 ").replace(" seven ", " 7 ")
    assert set(numbers) <= set(re.findall(r"\d+(?:\.\d+)?", words))


def test_an_evening_takes_as_long_as_its_chapters():
    route = re.search(r"\*\*An evening\.\*\* (.*?) about (\d+) minutes", INTRO, re.S)
    chapters = re.findall(r"\((chapters/[^)]+)\)", route[1])
    minutes = [
        int(re.search(r"Reading: about (\d+)", prose(NOTEBOOKS[name]))[1]) for name in chapters
    ]
    assert len(chapters) == 3
    assert sum(minutes) == int(route[2])
