"""The book's small Sphinx extensions, one by one and on a book of two pages."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))

import repository  # noqa: E402
from stored_outputs import fingerprint, sources  # noqa: E402


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("https://github.com/someone/book/", "https://github.com/someone/book"),
        ("https://user:secret@github.com/someone/book", "https://github.com/someone/book"),
        ("git@github.com:someone/book.git", "https://github.com/someone/book"),
        ("ssh://git@gitlab.com/group/sub/book.git", "https://gitlab.com/group/sub/book"),
        ("ssh://git@example.org:2222/someone/book.git", "https://example.org/someone/book"),
        ("/srv/git/book.git", None),
        ("../book", None),
        ("file:///srv/git/book.git", None),
        ("http://localhost:3000/someone/book", None),
        ("", None),
    ],
)
def test_only_a_remote_on_the_web_has_an_address(remote, address):
    assert repository.web_address(remote) == address


def test_the_variable_comes_before_the_remote(tmp_path, monkeypatch):
    monkeypatch.delenv("BOOK_REPOSITORY_URL", raising=False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert repository.repository_url(tmp_path) is None
    remote = ["git", "-C", tmp_path, "remote", "add", "origin", "git@github.com:someone/book.git"]
    subprocess.run(remote, check=True)
    assert repository.repository_url(tmp_path) == "https://github.com/someone/book"
    monkeypatch.setenv("BOOK_REPOSITORY_URL", "https://github.com/other/book")
    assert repository.repository_url(tmp_path) == "https://github.com/other/book"
    monkeypatch.setenv("BOOK_REPOSITORY_URL", "")
    assert repository.repository_url(tmp_path) is None


QUIZ = """::::{admonition} Check yourself
:class: quiz

What changes with $t$?

1. The weights.
2. The state.

:::{admonition} Answers
:class: dropdown

1. No. One matrix serves every step.
2. **Right.** It is computed anew.
:::
::::"""
EXERCISE = """```{exercise} One
:label: toy-1
What is one?
```

```{solution} toy-1
:class: dropdown
One.
```"""
USE = """```{exercise} Kept
:label: toy-3
A {term}`State` is kept.
```"""
GLOSSARY = """::::{glossary}
{term}
  {definition} {doc}`good`.
::::"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'


SLIDER = '<div class="rnn-slider" id="toy"><svg role="img" aria-label="A disc."></svg></div>'


CAPTION = ":::{figure}\n:name: fig-toy\n\nA disc of $1$.\n:::"
CITATION = "[Author and Other (1999)](#author1999) and ([Author, 1999](#author1999))"
BIBLIOGRAPHY = """@article{author1999,
  author = {Author, A. and Other, O.}, title = {On toys}, journal = {Toys}, year = {1999}
}"""


def figure(caption=CAPTION, alt="A black disc.", **data):
    """A cell that draws, and the cell of its caption."""
    output = nbformat.v4.new_output("display_data", data=data or {"image/svg+xml": SVG})
    cell = nbformat.v4.new_code_cell("draw()", execution_count=1, outputs=[output], id="figure")
    if alt:
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return [cell, nbformat.v4.new_markdown_cell(caption, id="caption")]


def code(source, *tags, id="code", **metadata):
    return nbformat.v4.new_code_cell(source, id=id, metadata={"tags": [*tags]} | metadata)


def page(text=QUIZ, cells=None, description="A page that is built to be tested."):
    """A notebook with a text and a figure."""
    front = "---\nnumbering:\n  enumerator: 1.%s\n---\n"
    cells = [
        nbformat.v4.new_markdown_cell(f"{front}# Toy\n\n{text}", id="text"),
        *(figure() if cells is None else cells),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    if description:
        metadata["description"] = description
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def slider(markup=SLIDER, **options):
    return figure(**{"text/html": markup}, **options)


# Pages with one fault each, and what the warning says.
FAULTY = {
    "no-alt": (page(cells=figure(alt=None)), "no alt text"),
    "no-figure": (page(cells=figure(caption="Text.")), "no caption and name"),
    "no-caption": (page(cells=figure(CAPTION.replace("A disc of $1$.", ""))), "is one paragraph"),
    "long-caption": (page(cells=figure(CAPTION.replace("$1$.", "$1$.\n\nMore."))), "one paragraph"),
    "no-name": (page(cells=figure(CAPTION.replace(":name: fig-toy\n", ""))), "no name"),
    "no-picture": (page(cells=[code("1"), figure()[1]]), "no picture in the cell above"),
    "bare-slider": (page(cells=slider(caption="Text.")), "no caption and name"),
    "silent-slider": (page(cells=slider(SLIDER.replace("aria-label", "x"))), "no aria-label"),
    "no-label": (page(cells=[code("x = 1", "measure")]), "begins with a comment, its label"),
    "unknown-source": (page(text="[Nobody (1999)](#nobody1999)"), "nobody1999"),
    "image": (page(text="![](disc.svg)"), "no alt text"),
    "bad-formula": (page(text="A $\\frac{1$ here."), "cannot be set"),
    "undescribed": (page(description=None), "need a description"),
    "too-short": (page(description="Short."), "need a description"),
    "no-right": (page(text=QUIZ.replace("**Right.**", "Right.")), "begins with **Right.**"),
    "one-reason": (
        page(text=QUIZ.replace("1. No. One matrix serves every step.\n", "")),
        "2 options",
    ),
    "no-answers": (page(text=QUIZ.split(":::{admonition} Answers")[0] + "::::"), "ends with"),
    "no-options": (
        page(text=QUIZ.replace("1. The weights.\n2. The state.", "Well.")),
        "numbered list",
    ),
    "no-korean": (
        page(text=GLOSSARY.replace("{term}", "gate").replace("{definition}", "A factor.")),
        "does not begin with a Korean name",
    ),
    "list": (page(text="```{exercise-list}\n```"), "nothing says what exercise toy-1 trains"),
}
GOOD = {
    "good": page(text=f"{QUIZ}\n\n{EXERCISE}\n\n{EXERCISE.replace('toy-1', 'toy-2')}"),
    "several": page(text=QUIZ.replace("1. No.", "1. **Right.**") + f"\n\n{USE}"),
    "movable": page(cells=slider()),
    "folded": page(
        text=CITATION,
        cells=[
            code("# How it was measured: 20 runs\nx = 1", "measure"),
            nbformat.v4.new_markdown_cell(EXERCISE.split("\n\n")[0].replace("-1", "-4"), id="ask"),
            code("answer = ...", id="stub", exercise={"trains": "counting", "minutes": 5}),
            nbformat.v4.new_markdown_cell(EXERCISE.split("\n\n")[1].replace("-1", "-4"), id="tell"),
            code("answer = 1", id="solution"),
            nbformat.v4.new_markdown_cell("After it.", id="after"),
            code("# ✓ checked: one is one\nassert 1 == 1", "evidence", id="sure", statement="S1"),
        ],
    ),
    "sources": page(text="```{bibliography}\n```"),
    "map": page(text="```{notes-map}\nS1 One is one.\n```"),
    "states": page(text=GLOSSARY.replace("{term}", "state").replace("{definition}", "상태. Kept.")),
    "terms": page(text="```{terms-index}\n```"),
}


IMPORTED = sources()


def with_fingerprint(notebook):
    """The notebook as `make refresh` leaves it."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata["rnnbook"] = {"fingerprint": fingerprint(notebook, IMPORTED)}
    return notebook


def build(folder, pages, **env):
    """Build a book; return its folder and its warnings, lines of `page.ipynb: WARNING: text`."""
    fresh = {name: with_fingerprint(notebook) for name, notebook in pages.items()}
    log = build_log(folder, fresh, **env)
    return folder / "_build" / "html", [line for line in log.splitlines() if "WARNING:" in line]


def build_log(folder, pages, *, returncode=0, **env):
    """Build a book, which ends as expected; return what was printed."""
    for name, notebook in pages.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    root, *others = pages
    contents = "".join(f"  - file: {name}\n" for name in others)
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: {root}\nchapters:\n{contents}")
    (folder / "references.bib").write_text(BIBLIOGRAPHY)
    (folder / "disc.svg").write_text(SVG)
    config = (ROOT / "_config.yml").read_text()
    for old, new in {
        "repository: _ext": f"repository: {ROOT}/_ext",
        "[_templates]": f'["{ROOT}/_templates"]',
        "_static/": f"{ROOT}/_static/",
    }.items():
        assert old in config
        config = config.replace(old, new)
    (folder / "_config.yml").write_text(config)
    return run_build(folder, returncode=returncode, **env)


def run_build(folder, *, returncode=0, **env):
    """Build what stands in a folder, again if it has been built; return what was printed."""
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        "-n",
        "--keep-going",
        folder,
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | env)
    log = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert done.returncode == returncode, log
    return log


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The good and the faulty pages in one book at no known address."""
    pages = GOOD | {name: notebook for name, (notebook, _) in FAULTY.items()}
    return build(tmp_path_factory.mktemp("book"), pages, BOOK_REPOSITORY_URL="", BOOK_SITE_URL="")


@pytest.mark.parametrize("name", FAULTY)
def test_a_page_that_some_could_not_read_is_a_warning(book, name):
    _, warnings = book
    own = [line for line in warnings if f"/{name}.ipynb" in line]
    assert any(FAULTY[name][1] in line for line in own), warnings


@pytest.mark.parametrize("name", GOOD)
def test_a_good_page_has_no_warning(book, name):
    _, warnings = book
    # All pages use the same name for their figure.
    assert [w for w in warnings if f"/{name}.ipynb" in w and "fig-toy" not in w] == []


def test_a_good_page_has_everything_in_place(book):
    folder, _ = book
    html = (folder / "good.html").read_text(encoding="utf-8")
    assert '<form class="quiz" id="quiz-1">' in html
    assert html.count('type="radio"') == 2
    assert html.count("<details") == 2
    assert "exercise-content" not in html
    assert '<meta name="description" content="A page that is built to be tested.">' in html
    assert 'alt="A black disc."' in html
    assert "mybinder" not in html
    assert "page-links" not in html
    assert "og:image" not in html
    assert not (folder / "sitemap.xml").exists()


def test_a_folded_cell_shows_its_first_line_alone(book):
    html = (book[0] / "folded.html").read_text(encoding="utf-8")
    folds = re.findall(r'<details class="folded-cell">(.*?)</details>', html, re.DOTALL)
    labels = [re.search(r"<summary>(.*?)</summary>", fold)[1] for fold in folds]
    assert labels == ["How it was measured: 20 runs", "✓ checked: one is one"]
    code = [re.sub(r"<[^>]*>", "", fold.split("</summary>")[1]).strip() for fold in folds]
    assert code == ["x = 1", "assert 1 == 1"]


def test_the_code_after_an_exercise_and_after_a_solution_is_in_its_box(book):
    html = (book[0] / "folded.html").read_text(encoding="utf-8")
    html = html[html.index("<article") :]
    text = re.sub(r"<[^>]*>", "", html[html.index('<div class="exercise') :])
    solution = re.search(r'<details class="[^"]*solution.*?</details>', html, re.DOTALL)[0]
    assert text.index("What is one?") < text.index("answer = ...") < text.index("Solution")
    assert re.search(r"One\..*answer = 1", re.sub(r"<[^>]*>", "", solution), re.DOTALL)
    assert "After it." not in solution


def test_a_link_to_a_source_becomes_a_citation(book):
    html = (book[0] / "folded.html").read_text(encoding="utf-8")
    links = re.findall(r'<a [^>]*href="sources.html#[^"]*"[^>]*>(.*?)</a>', html)
    assert links == ["1999", "Author and Other, 1999"]
    text = re.sub(r"<[^>]*>", "", html)
    assert "Author and Other (1999) and (Author and Other, 1999)" in text


def test_a_statement_is_found_by_the_metadata_of_its_cell(book):
    html = (book[0] / "map.html").read_text(encoding="utf-8")
    assert re.search(r'href="folded.html#s1-1">one is one</a>', html)


def test_the_list_of_exercises_says_what_each_trains_and_how_long_it_takes(book):
    html = (book[0] / "list.html").read_text(encoding="utf-8")
    assert re.search(r'href="folded.html">Toy</a>: 1 exercises?, about 5 minutes', html)
    (line,) = re.findall(r"<tr.*?</tr>", html, re.DOTALL)[1:]
    assert re.search(r'href="folded.html#toy-4"', line)
    assert re.findall(r"<p>(?!<|[\d.]+ <)(.*?)</p>", line) == ["counting", "5"]


def test_a_slider_is_a_numbered_figure_with_a_name(book):
    html = (book[0] / "movable.html").read_text(encoding="utf-8")
    assert re.search(r'<figure[^>]* id="fig-toy">', html)
    assert re.search(r'caption-number">Fig\. \d+ ', html)


def test_the_index_of_terms_leads_to_definitions_and_sections(book):
    html = (book[0] / "terms.html").read_text(encoding="utf-8")
    gate, state = re.findall(r"<tr.*?</tr>", html, re.DOTALL)[1:]
    assert 'href="states.html#term-state"' in state
    assert ">상태<" in state
    # No section of the page that a definition names links to the term, so the page itself stands there,
    # and after it the sections of other pages that do.
    assert re.search(r'href="good.html">[\d.]*Toy<', gate)
    assert re.search(
        r'href="good.html">[\d.]*Toy</a>; also in <a[^>]* href="several.html#toy">', state
    )
    assert "also in" not in gate


def test_a_second_build_still_leads_a_search_to_the_korean_name_of_a_term(tmp_path):
    pages = {name: GOOD[name] for name in ("good", "states", "terms")}
    html, _ = build(tmp_path, pages)
    for _ in range(2):
        searched = (html / "searchindex.js").read_text(encoding="utf-8")
        entries = json.loads(searched.removeprefix("Search.setIndex(").removesuffix(")"))
        assert "상태" in entries["indexentries"]
        run_build(tmp_path)


def test_several_right_options_make_checkboxes(book):
    html = (book[0] / "several.html").read_text(encoding="utf-8")
    assert html.count('type="checkbox" name="quiz-1"') == 2
    assert re.findall(r'data-right="(\w+)"', html) == ["true", "true"]


def test_addresses_that_are_known_are_used(tmp_path):
    folder, _ = build(
        tmp_path,
        {name: GOOD[name] for name in ("good", "movable")},
        BOOK_REPOSITORY_URL="https://github.com/someone/book",
        BOOK_SITE_URL="https://example.org/book/",
    )
    html = (folder / "good.html").read_text(encoding="utf-8")
    assert "https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/good.ipynb" in html
    assert "https://github.com/someone/book/edit/main/good.ipynb" in html
    assert "https://github.com/someone/book/blob/main/CITATION.cff" in html
    assert 'content="https://example.org/book/_static/card.png"' in html
    assert "<loc>https://example.org/book/good.html</loc>" in (folder / "sitemap.xml").read_text()


def test_a_host_whose_pages_are_not_known_gets_no_links(tmp_path):
    pages = {name: GOOD[name] for name in ("good", "movable")}
    folder, _ = build(tmp_path, pages, BOOK_REPOSITORY_URL="https://example.org/someone/book")
    html = (folder / "good.html").read_text(encoding="utf-8")
    assert "example.org" not in html


def test_stale_outputs_stop_the_build_and_name_the_remedy(tmp_path):
    fresh, stale, unknown = (GOOD[name] for name in ("good", "several", "movable"))
    changed = copy.deepcopy(with_fingerprint(stale))
    changed.cells[1].source += "\nmore()"
    pages = {"good": with_fingerprint(fresh), "sub": changed, "unknown": unknown}
    log = build_log(tmp_path, pages, returncode=1)
    assert "older than the code" in log
    assert "make refresh NOTEBOOKS='sub.ipynb unknown.ipynb'" in log
