"""The built book in a browser: a server as a web host would be, a page that notes every fault, the list of pages."""

import os
from pathlib import Path

import pytest
import yaml
from chromium import EXECUTABLE, FLAGS, serve
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
HTML = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
THEME = "theme => { document.documentElement.dataset.theme = theme }"
FINISHED = "window.bootstrap"  # the last that a page loads
GENERATED = ["genindex.html", "search.html"]  # no text of the book: not in the table of contents
_CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
WRITTEN = [f"{_CONTENTS['root']}.html"]
WRITTEN += [f"{page['file']}.html" for part in _CONTENTS["parts"] for page in part["chapters"]]
CHAPTERS = [page for page in WRITTEN if page.startswith("chapters/")]
LABS = [page for page in WRITTEN if page.startswith("labs/")]
BEYOND = [  # pages in the form of a chapter
    page
    for page in WRITTEN
    if page.startswith("beyond/") and (ROOT / page).with_suffix(".ipynb").is_file()
]
NOTEBOOKS = CHAPTERS + LABS + BEYOND
PAGES = NOTEBOOKS + [page for page in WRITTEN + GENERATED if page not in NOTEBOOKS]


@pytest.fixture(scope="session")
def chromium():
    """A Chromium that Playwright drives; the tests that need it are skipped without one."""
    if EXECUTABLE is None:
        pytest.skip("no Chromium found: install Debian's package `chromium` (.ci/run does)")
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
    yield browser
    browser.close()
    playwright.stop()


@pytest.fixture(scope="session")
def site():
    """The address of the book, served from this machine."""
    assert HTML.is_dir(), f"no pages in {HTML}: run `make book` first"
    with serve(HTML) as address:
        yield address


def visit(chromium, address, *, theme="light", width=1280, height=900):
    """Open an address in a context of its own.

    The page has a list `faults`: console errors, exceptions, requests that failed, and requests to other hosts.
    """
    context = chromium.new_context(
        color_scheme=theme, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.faults = []
    own = address.split("/")[:3]

    def note_request(request):
        if not request.url.startswith("data:") and request.url.split("/")[:3] != own:
            page.faults.append(f"request to another host: {request.url}")

    def note_response(response):
        if response.status >= 400:
            page.faults.append(f"{response.status}: {response.url}")

    page.on("request", note_request)
    page.on("response", note_response)
    page.on("requestfailed", lambda request: page.faults.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: page.faults.append(f"exception: {error}"))
    page.on(
        "console",
        lambda message: (
            page.faults.append(f"console: {message.text}") if message.type == "error" else None
        ),
    )
    page.goto(address)
    page.wait_for_function(FINISHED)
    return page


@pytest.fixture
def open_page(chromium):
    """Return a function that opens an address, for a test that needs a page to itself."""
    pages = []

    def go(address, **options):
        pages.append(visit(chromium, address, **options))
        return pages[-1]

    yield go
    for page in pages:
        page.context.close()


@pytest.fixture(scope="session")
def shared_tab(chromium, site, request):
    """One page of the book, opened once for all tests that look at it."""
    page = visit(chromium, site + request.param)
    yield page
    page.context.close()


@pytest.fixture
def tab(shared_tab):
    """The shared page, put back afterwards: wide, light, on the screen, everything folded."""
    yield shared_tab
    shared_tab.set_viewport_size({"width": 1280, "height": 900})
    shared_tab.emulate_media(media="screen")
    shared_tab.evaluate(THEME, "light")
    shared_tab.evaluate("""() => {
        document.querySelectorAll('article details').forEach(box => { box.open = false });
        document.activeElement.blur();
        history.replaceState(null, '', location.pathname);
        scrollTo(0, 0);
    }""")
