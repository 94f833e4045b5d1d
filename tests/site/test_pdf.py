"""The book as one PDF, as `make pdf` prints it; here of three pages, for they are printed in seconds."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from conftest import HTML
from pypdf import PdfReader

sys.path.append(str(Path(__file__).parents[2] / "tools"))

from pdf import write_pdf

PAGES = ["chapters/05-exploding-vanishing.html", "glossary.html", "references.html"]


@pytest.fixture(scope="module")
def printed(chromium, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    write_pdf(chromium, HTML, PAGES, path)
    return PdfReader(path)


@pytest.fixture(scope="module")
def texts(printed):
    """The text of each page, with code, in letters without ligatures."""
    pages = [page.extract_text(extraction_mode="layout") for page in printed.pages]
    return [re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)) for text in pages]


def titles(html, level):
    found = re.findall(rf"<h{level}>(.*?)<a class=\"headerlink\"", html, re.DOTALL)
    return [re.sub("<[^>]*>", "", title) for title in found]


def test_bookmarks_are_the_titles_of_the_pages_and_of_their_sections(printed):
    pages = [entry for entry in printed.outline if not isinstance(entry, list)]
    html = [(HTML / page).read_text(encoding="utf-8") for page in PAGES]
    assert [entry.title for entry in pages] == [titles(text, 1)[0] for text in html]
    sections = [entry.title for entry in printed.outline[1] if not isinstance(entry, list)]
    assert sections == titles(html[0], 2)
    starts = [printed.get_destination_page_number(entry) for entry in pages]
    assert starts == sorted(set(starts))  # each on a page of its own
    assert printed.metadata.title == pages[0].title


def test_pages_are_numbered(texts):
    assert len(texts) > 15
    for number, text in enumerate(texts, start=1):
        assert text.rstrip().endswith(f" {number}") or text.startswith(f"{number} ")


def test_labels_of_folds_stay_and_their_code_and_solutions_do_not(texts):
    text = " ".join(texts)
    html = (HTML / PAGES[0]).read_text(encoding="utf-8")
    assert text.count("How the figure is drawn") == html.count("How the figure is drawn") > 2
    assert "✓ checked" in text
    assert "import numpy" in re.sub("<[^>]*>", "", html)
    assert "import numpy" not in text
    assert "check(" in text  # other code is there
    assert "Solution to" in html
    assert "Solution to" not in text
    assert "Exercise 5.1" in text
    assert "Next: Exercise" not in text


def test_links_stay_inside(printed):
    targets, outside = set(), []
    for page in printed.pages:
        for note in page.get("/Annots", []):
            note = note.get_object()
            if "/Dest" in note:
                targets.add(str(note["/Dest"]))
            else:
                outside.append(note["/A"]["/URI"])
    names = {str(name).removeprefix("/") for name in printed.named_destinations}
    assert {name.removeprefix("/") for name in targets} <= names
    assert "/glossary--term-vanishing-gradient" in {
        f"/{name.removeprefix('/')}" for name in targets
    }
    assert [address for address in outside if "127.0.0.1" in address] == []
