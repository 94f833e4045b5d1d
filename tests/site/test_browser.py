"""Every page of the built book in a browser: nothing fails, nothing is out of reach, and what moves, moves."""

import re

import pytest
from conftest import CHAPTERS, HTML, PAGES

each_page = pytest.mark.parametrize("path", PAGES)
each_chapter = pytest.mark.parametrize("path", CHAPTERS)
OPEN_ALL = "document.querySelectorAll('details').forEach(box => { box.open = true })"
SLIDERS = [path for path in CHAPTERS if 'class="rnn-slider"' in (HTML / path).read_text("utf-8")]


def violations(page, part="html"):
    """Run axe on a part of the page; return `rule: element` for every violation."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # The thousands of glyphs of a formula and lines of a drawing have no text of their own to judge.
    context = {"include": [[part]], "exclude": [["mjx-math"], [".rnn-slider svg > *"]]}
    # Preloading looks for style sheets that are not there.
    results = axe.run(page, context, {"preload": False, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]


@each_page
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(open_page, site, path, theme):
    page = open_page(site + path, theme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert violations(page) == []
    if page.locator("article details").count():
        page.evaluate(OPEN_ALL)
        page.wait_for_timeout(200)
        assert violations(page, "article details") == []
    assert page.faults == []


@each_page
def test_no_sideways_scrolling_on_a_telephone(open_page, site, path):
    page = open_page(site + path, width=390, height=844)
    page.evaluate(OPEN_ALL)
    for theme in ["light", "dark"]:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # What sticks out of the screen lies in a box that scrolls, and the keyboard reaches that box.
    lost = page.evaluate("""() => [...document.querySelectorAll('article *')].filter(element => {
        const box = element.getBoundingClientRect();
        if (!box.width || box.right <= innerWidth + 1 || element.closest('mjx-assistive-mml, svg *')) return false;
        for (let up = element; up; up = up.parentElement)
            if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.tabIndex === 0) return false;
        return true;
    }).map(element => element.outerHTML.slice(0, 120))""")
    assert lost == []
    cut = page.locator("div.math mjx-math").evaluate_all(
        "all => all.filter(formula => formula.getBoundingClientRect().left < 0).length"
    )
    assert cut == 0  # a wide formula shows its beginning first
    assert page.faults == []


@each_page
def test_read_from_a_file(open_page, path):
    page = open_page((HTML / path).as_uri())
    if page.locator("span.math, div.math").count():
        assert page.locator("mjx-container").count() > 0
        assert page.locator("mjx-merror").count() == 0
    assert page.faults == []


@each_page
def test_a_first_view_transfers_at_most_800_kilobytes(open_page, site, path):
    page = open_page(site + path)
    page.wait_for_load_state("networkidle")
    size = page.evaluate("""() => performance.getEntries()
        .filter(entry => ['navigation', 'resource'].includes(entry.entryType))
        .reduce((sum, entry) => sum + entry.transferSize, 0)""")
    assert 0 < size <= 800_000


@each_chapter
def test_figures_are_white_cards_in_the_dark(open_page, site, path):
    page = open_page(site + path, theme="dark")
    styles = page.evaluate("""() => [...document.querySelectorAll('figure img, .rnn-slider > svg')].map(image => {
        const style = getComputedStyle(image);
        return [style.backgroundColor, style.filter, style.opacity];
    })""")
    assert styles
    assert {tuple(style) for style in styles} == {("rgb(255, 255, 255)", "none", "1")}


@pytest.mark.parametrize("path", SLIDERS)
@pytest.mark.parametrize("served", [True, False], ids=["served", "file"])
def test_a_slider_changes_its_figure(open_page, site, path, served):
    page = open_page(site + path if served else (HTML / path).as_uri())
    for slider in page.locator(".rnn-slider").all():
        control, output, figure = (slider.locator(name) for name in ("input", "output", "svg"))
        figure.scroll_into_view_if_needed()
        before, text = figure.screenshot(), output.inner_text()
        assert text
        control.focus()
        at_end = control.evaluate("input => input.value === input.max")
        page.keyboard.press("Home" if at_end else "End")
        assert output.inner_text() != text
        assert figure.screenshot() != before
    assert page.faults == []


@each_chapter
def test_a_quiz_is_answered_with_the_keyboard(open_page, site, path):
    page = open_page(site + path)
    for quiz in page.locator("form.quiz").all():
        options = quiz.locator(".quiz-option")
        right = options.evaluate_all("options => options.map(o => o.dataset.right === 'true')")
        result, button = quiz.locator(".quiz-result"), quiz.locator("button")
        assert quiz.locator(".quiz-reason:visible").count() == 0
        button.focus()
        page.keyboard.press("Enter")
        assert result.inner_text() == "Choose an answer first."
        if not all(right):
            wrong = options.nth(right.index(False)).locator("input")
            wrong.focus()
            page.keyboard.press("Space")
            page.keyboard.press("Enter")
            assert "Not yet" in result.inner_text()
            assert quiz.locator(".quiz-reason:visible").count() == 1
            wrong.evaluate("input => { if (input.type === 'checkbox') input.click() }")
        for number, is_right in enumerate(right):
            if is_right:
                options.nth(number).locator("input").focus()
                page.keyboard.press("Space")
        button.focus()
        page.keyboard.press("Enter")
        assert result.inner_text() == "✓ Right."
        assert quiz.locator(".quiz-reason:visible").count() == sum(right)


@each_chapter
def test_a_solution_is_hidden_and_opens_with_the_keyboard(open_page, site, path):
    page = open_page(site + path)
    solution = page.locator("details.solution").first
    inside = solution.locator("> *:not(summary)").first
    assert not inside.is_visible()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert inside.is_visible()


@each_chapter
def test_an_exercise_marked_as_done_stays_marked(open_page, site, path):
    page = open_page(site + path)
    page.locator(".exercise .done input").first.focus()
    page.keyboard.press("Space")
    total = page.locator(".exercise").count()
    for _ in range(2):
        assert page.locator(".exercise .done input").first.is_checked()
        assert page.locator(".exercise-count").inner_text().startswith(f"1 of {total}")
        assert page.locator("nav .progress-mark").inner_text() == f"1/{total}"
        page.reload()


@each_chapter
def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_page, site, path):
    page = open_page(site + path)
    # One pass with the Tab key; an element that is focused and visible needs an outline or a shadow.
    wanted = page.evaluate("""() => {
        const all = [...document.querySelectorAll('main a[href], main button, main input, main summary, main audio')]
            .filter(e => e.offsetParent && getComputedStyle(e).visibility !== 'hidden' && !e.closest('details:not([open]) > :not(summary)'));
        const once = new Set();  // a group of radio buttons is one stop
        return all.filter(e => e.type !== 'radio' || (!once.has(e.name) && once.add(e.name)))
            .map((e, i) => { e.dataset.stop = i; return i; }).length;
    }""")
    reached, invisible = set(), []
    for _ in range(2 * wanted + 150):
        page.keyboard.press("Tab")
        stop, ring, where = page.evaluate("""() => {
            const e = document.activeElement, style = getComputedStyle(e);
            return [e.dataset.stop, style.outlineStyle !== 'none' || style.boxShadow !== 'none', e.outerHTML.slice(0, 100)];
        }""")
        if stop is not None:
            reached.add(int(stop))
        if not ring and not where.startswith(("<body", "<audio")):  # a player rings its own buttons
            invisible.append(where)
        if len(reached) == wanted:
            break
    assert wanted - len(reached) == 0
    assert invisible == []


@each_chapter
def test_print_hides_solutions_and_keeps_formulas_whole(open_page, site, path):
    page = open_page(site + path, width=718)
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(100)
    shown = "elements => elements.filter(e => e.getClientRects().length).length"
    assert page.locator("details.solution").evaluate_all(shown) == 0
    assert page.locator("nav.bd-links, .bd-header-article").evaluate_all(shown) == 0
    assert page.locator("article h1").is_visible()
    left, right = page.locator("article mjx-math, article pre, article figure img").evaluate_all(
        """parts => {
            const boxes = parts.map(part => part.getBoundingClientRect()).filter(box => box.width);
            return [Math.min(...boxes.map(box => box.left)), Math.max(...boxes.map(box => box.right))];
        }"""
    )
    assert left >= 0
    assert right <= 718


@pytest.mark.parametrize(
    ("word", "target"),
    [("vanishing", "chapters/"), ("sequence", "chapters/"), ("잠재변수", "glossary")],
)
def test_search_finds(open_page, site, word, target):
    page = open_page(f"{site}search.html?q={word}")
    page.wait_for_selector("#search-results li a", timeout=15_000)
    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any(target in link for link in links)
    assert page.faults == []


def test_the_search_button_opens_a_field(open_page, site):
    page = open_page(site + PAGES[0])
    page.keyboard.press("Control+k")
    page.keyboard.type("state")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("search.html"))


def test_the_theme_switch_is_kept(open_page, site):
    page = open_page(site + "intro.html")
    for _ in range(3):
        page.locator(".theme-switch-button").click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.faults == []


def test_chapters_follow_each_other(open_page, site):
    page = open_page(site + "intro.html")
    for path in CHAPTERS:
        page.locator("a.right-next").click()
        assert page.url == site + path
    for path in [*reversed(CHAPTERS[:-1]), "intro.html"]:
        page.locator("a.left-prev").click()
        assert page.url == site + path
