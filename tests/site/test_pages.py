"""Every page of the built book, as files: one h1, a description, links that lead somewhere, the right size."""

import os
import re
import struct
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import pytest
from conftest import BEYOND, CHAPTERS, GENERATED, HTML, NOTEBOOKS, PAGES

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))

from repository import repository_url  # noqa: E402

# The addresses that the book was built with: `make site-test` builds and tests in one environment.
SITE = os.environ.get("BOOK_SITE_URL", "").rstrip("/")
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
        self.in_formula, self.formulas = 0, 0  # depth of spans, and number
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] += 1
        self.depth += tag in NO_PROSE
        if tag == "span" and (self.in_formula or attrs.get("class") == "katex"):
            self.formulas += not self.in_formula
            self.text += "" if self.in_formula else " x "  # to be read as one word
            self.in_formula += 1
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "html":
            self.language = attrs.get("lang")
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        # Of links only these are loaded: `canonical` has the site's full address, and nothing is asked there.
        fetched = tag != "link" or attrs.get("rel") in {"stylesheet", "icon", "preload"}
        if tag in {"script", "img", "link", "audio", "iframe"} and fetched:
            self.loads.append(attrs.get("src") or attrs.get("href") or "")
        if tag == "img":
            self.images.append(attrs)
        if tag == "meta":
            self.meta[attrs.get("name") or attrs.get("property")] = attrs.get("content")

    def handle_endtag(self, tag):
        self.depth -= tag in NO_PROSE
        self.in_formula -= tag == "span" and self.in_formula > 0

    def handle_data(self, data):
        self.text += "" if self.depth or self.in_formula else data


def read(page):
    return (HTML / page).read_text(encoding="utf-8")


PARSED = {page: Page(HTML / page) for page in PAGES}
each_page = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("page", CHAPTERS + BEYOND)


def test_exactly_the_pages_of_the_contents_are_built():
    built = {
        path.relative_to(HTML).as_posix()
        for path in HTML.rglob("*.html")
        if "_static" not in path.parts and path.name != "index.html"  # leads to the first page
    }
    assert built == set(PAGES)


@each_page
def test_structure(page):
    parsed = PARSED[page]
    assert parsed.language == "en"
    assert parsed.tags["h1"] == 1
    assert [name for name, count in Counter(parsed.ids).items() if count > 1] == []


@each_page
def test_description_preview_icon_and_logo(page):
    meta = PARSED[page].meta
    assert 20 <= len(meta.get("description", "")) <= 170
    assert re.fullmatch(r"[^<>&\n]{5,60}", meta.get("og:title", ""))
    assert meta.get("og:description") == meta["description"]
    assert any("favicon" in address for address in PARSED[page].loads)
    assert any(image.get("class") == "logo__image" for image in PARSED[page].images)


def test_the_card_of_a_preview_has_the_shape_that_is_shown_uncut():
    head = (HTML / "_static" / "card.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == (1200, 630)


def test_previews_and_sitemap_have_the_address_of_the_site_if_it_is_known():
    for page, parsed in PARSED.items():
        assert parsed.meta.get("og:url") == (f"{SITE}/{page}" if SITE else None)
        assert parsed.meta.get("og:image") == (f"{SITE}/_static/card.png" if SITE else None)
    if SITE:
        listed = re.findall("<loc>(.*?)</loc>", read("sitemap.xml"))
        assert sorted(listed) == sorted(f"{SITE}/{page}" for page in PAGES if page not in GENERATED)


@each_page
def test_no_reference_shows_as_it_was_written(page):
    assert [match[0] for match in UNRESOLVED.finditer(PARSED[page].text)] == []


def test_the_index_of_terms_has_every_term_with_a_korean_name_and_a_place():
    rows = re.findall(r"<tr.*?</tr>", read("terms.html"), re.DOTALL)[1:]
    terms = [name for name in PARSED["glossary.html"].ids if name.startswith("term-")]
    assert len(rows) == len(terms) > 40
    for row in rows:
        term, korean, places = re.findall(r"<td.*?</td>", row, re.DOTALL)
        assert "glossary.html#term-" in term
        assert re.search("[가-힣]", korean)
        assert re.search(r'href="(chapters|labs|beyond)/', places)
        shown = re.findall(r"<a [^>]*>(.*?)</a>", places)
        assert len(shown) == len(set(shown)), term  # "Capstone, Capstone" tells nobody anything


def test_descriptions_differ():
    counts = Counter(parsed.meta["description"] for parsed in PARSED.values())
    assert [text for text, count in counts.items() if count > 1] == []


@each_page
def test_nothing_is_loaded_from_another_host(page):
    outside = [address for address in PARSED[page].loads if re.match(r"(https?:)?//", address)]
    assert outside == []


@each_page
def test_links_anchors_and_loads_lead_somewhere(page):
    broken = []
    for link in PARSED[page].links + PARSED[page].loads:
        target = urlsplit(urljoin(page, link))
        if target.scheme or target.netloc:
            continue
        path = unquote(target.path)
        if not (HTML / path).is_file() or (
            target.fragment and path in PARSED and unquote(target.fragment) not in PARSED[path].ids
        ):
            broken.append(link)
    assert broken == []


def neighbour(page, name):
    found = re.search(rf'<a class="{name}"\s+href="([^"]+)"', read(page))
    return found and urljoin(page, found[1])


def test_next_leads_from_the_first_page_to_the_last_and_previous_leads_back():
    walk = ["intro.html"]
    while later := neighbour(walk[-1], "right-next"):
        assert later not in walk
        assert neighbour(later, "left-prev") == walk[-1]
        walk.append(later)
    assert walk[: len(CHAPTERS) + 1] == ["intro.html", *CHAPTERS]
    assert set(walk) == set(PAGES) - set(GENERATED)


def test_the_first_page_leads_to_the_chapters_in_order():
    assert 'http-equiv="Refresh" content="0; url=intro.html"' in read("index.html")
    article = read("intro.html").split("<article")[1].split("</article>")[0]
    start = re.search(r'<a class="[^"]*\bstart\b[^"]*" href="([^"]+)"', article)
    assert start
    assert start[1] == CHAPTERS[0]
    links = re.findall(r'href="(chapters/[^"#]+)"', article[start.start() :])
    assert list(dict.fromkeys(links)) == CHAPTERS


@each_page
def test_images_have_an_alt_text_that_is_not_a_path(page):
    for image in PARSED[page].images:
        assert "alt" in image
        assert not re.search(r"\.(svg|png)$|^_images/|^\.\./", image["alt"] or "")


@each_page
def test_no_launch_button_is_dead(page):
    for link in PARSED[page].links:
        if "mybinder.org" in link:
            assert re.match(r"https://mybinder\.org/v2/\w+/[\w.-]+/[\w.-]+/[\w.-]+\?", link)
            (opened,) = parse_qs(urlsplit(link).query)["urlpath"]
            assert (ROOT / opened.removeprefix("lab/tree/")).is_file()
        assert "executablebooks/jupyter-book" not in link


@each_page
def test_links_to_edit_and_to_cite_stand_where_the_repository_is_known(page):
    """With BOOK_REPOSITORY_URL, which `make site-test` builds and tests with, or a remote that is on the web."""
    found = re.search(r'<ul class="page-links">(.*?)</ul>', read(page), re.DOTALL)
    url = repository_url(ROOT)
    assert bool(found) == bool(url)
    if url:
        *edit, cite = re.findall(r'href="([^"]+)"', found[1])
        assert cite.startswith(url)
        assert (ROOT / cite.rsplit("/", 1)[1]).is_file()
        assert len(edit) == (page not in GENERATED)
        for link in edit:
            path = link.removeprefix(f"{url}/").partition("edit/")[2].partition("/")[2]
            assert (ROOT / path).is_file()


@each_chapter
def test_a_chapter_has_exercises_with_solutions_that_begin_closed(page):
    text = read(page)
    exercises = re.findall(r'<div class="[^"]*\bexercise\b[^"]*"', text)
    solutions = re.findall(r'<details class="[^"]*\bsolution\b[^"]*"[^>]*>', text)
    assert len(exercises) >= (3 if page in BEYOND else 6)
    assert len(solutions) == len(exercises)
    assert not any(" open" in solution for solution in solutions)
    assert text.count('<form class="quiz"') >= 3


def test_each_exercise_leads_to_the_next_over_the_ends_of_pages():
    walk = [
        (page, label, re.search(r'next-exercise"><a [^>]*href="([^"]+)"', box))
        for page in NOTEBOOKS
        for box in re.split(r'(?=<div class="exercise)', read(page))
        for label in re.findall(r'^<div class="exercise[^>]* id="([^"]+)"', box)
    ]
    assert len(walk) > 60
    for (page, _, link), (later_page, label, _) in pairwise(walk):
        assert urljoin(page, link[1]) == f"{later_page}#{label}"
    assert walk[-1][2] is None


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_page_holds_a_preview_of_each_term_and_source_that_it_links_to(page):
    html, _, previews = read(page).split("</article>")[0].partition('<template id="previews">')
    shown = dict(
        re.findall(r'<div data-of="([^"]+)">(.*?)(?=<div data-of|</template>)', previews, re.DOTALL)
    )
    links = [urljoin(page, link) for link in re.findall(r'href="([^"#]*#[^"]*)"', html)]
    wanted = re.compile(r"glossary\.html#term-|references\.html#id")
    assert set(shown) == {link for link in links if wanted.match(link)}
    for text in shown.values():
        assert len(re.sub("<[^>]*>", "", text)) > 30
        assert not re.search(r"<a |<[^>]* id=", text)


@each_chapter
def test_a_chapter_says_at_its_beginning_how_long_it_takes(page):
    beginning = "".join(read(page).split("<h2")[:2])  # the question and the goals
    minutes = re.search(r"Reading: about (\d+) minutes", beginning)
    assert minutes
    assert re.search(r"Running: about (\d+|one|two) (second|minute)s?", beginning)
    # Mathematics is read slowly; the exercises have a time of their own.
    words = len(PARSED[page].text.split("Exercises#")[0].split())
    assert 70 <= words / int(minutes[1]) <= 110


def test_the_seven_lectures_have_figures_that_move():
    assert [page for page in CHAPTERS[:7] if 'class="rnn-slider"' not in read(page)] == []


@each_page
def test_formulas_are_set_and_no_script_is_needed_for_them(page):
    html, parsed = read(page), PARSED[page]
    assert html.count('<span class="katex">') == html.count("<math ") == parsed.formulas
    assert "katex-error" not in html
    assert not re.search(r"\\\(|\\\[|\$[a-zA-Z\\]", parsed.text)  # no TeX in sight
    assert not [load for load in parsed.loads if re.search(r"(katex|mathjax)[^/]*\.js", load)]
    assert any("katex.min.css" in load for load in parsed.loads) == (parsed.formulas > 0)


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_figures_equations_and_exercises_count_from_one_within_their_page(page):
    letters = {"chapters/08-capstone.html": "C", "beyond/after-the-lstm.html": "A"}
    name = letters.get(page)
    if not name:
        folder, number = re.match(r"(\w+)/0(\d)-", page).groups()
        name = {"chapters": "", "labs": "L"}[folder] + number
    html = read(page)
    for kind in (r"caption-number\">Fig\. ", r"caption-number\">Exercise ", r"eqno\">\("):
        numbers = re.findall(rf"{kind}([\w.]+)", html)
        assert numbers == [f"{name}.{k}" for k in range(1, len(numbers) + 1)]


@each_page
def test_a_page_loads_no_script_that_nothing_on_it_uses(page):
    loads = " ".join(PARSED[page].loads)
    assert ("design-tabs" in loads) == ("sd-tab-set" in read(page))
    assert "searchtools" not in loads or page == "search.html"


def test_style_and_fonts_of_the_formulas_are_shipped_and_nothing_else():
    folder = HTML / "_static" / "katex"
    fonts = set(re.findall(r"url\((fonts/[\w-]+\.woff2)\)", (folder / "katex.min.css").read_text()))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"LICENSE", "katex.min.css", *fonts}
    assert len(fonts) == 18  # and two inside the style
