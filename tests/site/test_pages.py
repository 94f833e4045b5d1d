"""Every page of the built book, as files: one h1, a description, links that lead somewhere, the right size."""

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from conftest import CHAPTERS, HTML, PAGES

NO_PROSE = {"pre", "script", "style"}
# What a reader would see of a reference that was not resolved: a label, a role, a link in Markdown.
UNRESOLVED = re.compile(
    r"(?<![\w/#.-])(eq|fig|sec|tab|thm)-[a-z][\w-]*|\{(eq|ref|numref|term|doc|math|cite\w*|prf:ref)\}|\]\(|:\w+:`"
)


class Page(HTMLParser):
    """Collects from a page what the tests ask for."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads, self.images, self.tags = [], [], [], [], Counter()
        self.meta, self.language = {}, None
        self.text, self.depth = "", 0  # the text, without code, which begins at depth 1
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] += 1
        self.depth += tag in NO_PROSE
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "html":
            self.language = attrs.get("lang")
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag in {"script", "img", "link", "audio", "iframe"}:
            self.loads.append(attrs.get("src") or attrs.get("href") or "")
        if tag == "img":
            self.images.append(attrs)
        if tag == "meta":
            self.meta[attrs.get("name") or attrs.get("property")] = attrs.get("content")

    def handle_endtag(self, tag):
        self.depth -= tag in NO_PROSE

    def handle_data(self, data):
        self.text += "" if self.depth else data


PARSED = {page: Page(HTML / page) for page in PAGES}
each_page = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("page", CHAPTERS)


@each_page
def test_structure(page):
    parsed = PARSED[page]
    assert parsed.language == "en"
    assert parsed.tags["h1"] == 1
    assert [name for name, count in Counter(parsed.ids).items() if count > 1] == []


@each_page
def test_description_and_preview(page):
    meta = PARSED[page].meta
    assert 20 <= len(meta.get("description", "")) <= 170
    assert meta.get("og:title")
    assert any("favicon" in address for address in PARSED[page].loads)


@each_page
def test_no_reference_shows_as_it_was_written(page):
    assert [match[0] for match in UNRESOLVED.finditer(PARSED[page].text)] == []


def test_the_index_of_terms_has_every_term_with_a_korean_name_and_a_place():
    text = (HTML / "terms.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr.*?</tr>", text, re.DOTALL)[1:]
    terms = [name for name in PARSED["glossary.html"].ids if name.startswith("term-")]
    assert len(rows) == len(terms) > 40
    for row in rows:
        term, korean, places = re.findall(r"<td.*?</td>", row, re.DOTALL)
        assert "glossary.html#term-" in term
        assert re.search("[가-힣]", korean)
        assert re.search(r'href="chapters/\d\d-', places)


def test_descriptions_differ():
    counts = Counter(parsed.meta["description"] for parsed in PARSED.values())
    assert [text for text, count in counts.items() if count > 1] == []


@each_page
def test_nothing_is_loaded_from_another_host(page):
    outside = [address for address in PARSED[page].loads if re.match(r"(https?:)?//", address)]
    assert outside == []


@each_page
def test_links_and_anchors_lead_somewhere(page):
    broken = []
    for link in PARSED[page].links:
        target = urlsplit(urljoin(page, link))
        if target.scheme or target.netloc:
            continue
        path = unquote(target.path)
        if not (HTML / path).is_file() or (
            target.fragment and path in PARSED and unquote(target.fragment) not in PARSED[path].ids
        ):
            broken.append(link)
    assert broken == []


def test_chapters_follow_each_other():
    order = ["intro.html", *CHAPTERS]
    links = r'<a class="{}"\s+href="([^"]+)"'
    for earlier, later in pairwise(order):
        for page, name, target in ((earlier, "right-next", later), (later, "left-prev", earlier)):
            found = re.search(links.format(name), (HTML / page).read_text(encoding="utf-8"))
            assert found, f"{page} has no link {name}"
            assert urljoin(page, found[1]) == target


@each_page
def test_images_have_an_alt_text_that_is_not_a_path(page):
    for image in PARSED[page].images:
        assert "alt" in image
        assert not re.search(r"\.(svg|png)$|^_images/|^\.\./", image["alt"] or "")


@each_page
def test_no_launch_button_is_dead(page):
    for link in PARSED[page].links:
        if "mybinder.org" in link:
            assert re.match(r"https://mybinder\.org/v2/\w+/[^/]+/[^/]+", link)
        assert "executablebooks/jupyter-book" not in link


@each_chapter
def test_a_chapter_has_exercises_with_solutions_that_begin_closed(page):
    text = (HTML / page).read_text(encoding="utf-8")
    exercises = re.findall(r'<div class="[^"]*\bexercise\b[^"]*"', text)
    solutions = re.findall(r'<details class="[^"]*\bsolution\b[^"]*"[^>]*>', text)
    assert len(exercises) >= 6
    assert len(solutions) == len(exercises)
    assert not any(" open" in solution for solution in solutions)
    assert text.count('<form class="quiz"') >= 3


def test_the_seven_lectures_have_figures_that_move():
    pages = [(HTML / page).read_text(encoding="utf-8") for page in CHAPTERS]
    assert sum('class="rnn-slider"' in text for text in pages) >= 7


def test_only_the_needed_files_of_mathjax_are_shipped():
    files = [path for path in Path(HTML, "_static", "mathjax").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000
