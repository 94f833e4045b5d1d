"""Every page of the built book in a browser: nothing fails, nothing is out of reach, and what moves, moves."""

import re
from pathlib import Path

import pytest
from conftest import CHAPTERS, FINISHED, HTML, NOTEBOOKS, PAGES, THEME

# Both share the pages by their place in the list, and pytest runs all tests of one page before the next.
each_page = pytest.mark.parametrize("shared_tab", PAGES, indirect=True, scope="session")
each_notebook = pytest.mark.parametrize("shared_tab", NOTEBOOKS, indirect=True, scope="session")
each_chapter = pytest.mark.parametrize("shared_tab", CHAPTERS, indirect=True, scope="session")
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
OPEN_ALL = "document.querySelectorAll('article details').forEach(box => { box.open = true })"

# One quiz right, the next wrong, with every reason in view.
ANSWER_QUIZZES = """document.querySelectorAll('form.quiz').forEach((quiz, number) => {
    const wanted = number % 2 ? 'false' : 'true';
    quiz.querySelectorAll(`.quiz-option[data-right="${wanted}"] input`).forEach(input => { input.checked = true });
    quiz.requestSubmit();
    quiz.querySelectorAll('.quiz-option').forEach(option => option.classList.add('shown'));
})"""


def reload(page):
    page.reload()
    page.wait_for_function(FINISHED)


def violations(page, part="html", **options):
    """Run axe on a part of the page; return `rule: element` for every violation."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # Preloading looks for style sheets that are not there.
    found = page.evaluate(
        "([part, options]) => axe.run(part, options).then(results => results.violations)",
        [part, {"preload": False, "resultTypes": ["violations"], **options}],
    )
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found
        for node in rule["nodes"]
    ]


TRANSFERRED = """performance.getEntries()
    .filter(entry => ['navigation', 'resource'].includes(entry.entryType))
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""
SHIFT = """new Promise(done => {
    let shift = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(shift), 100);
})"""


@each_page
def test_nothing_fails_or_moves_and_a_page_transfers_at_most_400_kilobytes(tab):
    tab.wait_for_load_state("networkidle")
    assert 0 < tab.evaluate(TRANSFERRED) <= 400_000
    assert tab.evaluate(SHIFT) <= 0.02
    assert tab.faults == []


@pytest.mark.parametrize("path", PAGES)
def test_what_comes_late_moves_nothing(chromium, site, path):
    """On a slow connection the text is read before the other fonts and the book's script are there."""

    def late(route):
        page.wait_for_timeout(400)
        route.continue_()

    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.route(re.compile(r"\.woff2|/book\.js"), late)
    page.goto(site + path)
    page.wait_for_function(FINISHED)
    page.wait_for_load_state("networkidle")
    shift = page.evaluate(SHIFT)
    page.close()
    assert shift <= 0.02


FIRST = """addEventListener('DOMContentLoaded', async () => {
    const later = [...document.querySelectorAll('.bd-article > section > section:nth-of-type(n + 3)')];
    window.first = {
        theme: document.documentElement.dataset.theme,
        laidOut: later.filter(section => getComputedStyle(section).contentVisibility !== 'auto').length,
        scripts: document.querySelectorAll('script[src*="_static/scripts/"]:not([src*="book-theme"])').length,
    };
    await document.fonts.ready;
    window.first.size = SIZE;
})""".replace("SIZE", TRANSFERRED)


@pytest.mark.parametrize("path", CHAPTERS)
def test_what_is_in_view_comes_first_and_then_the_rest(chromium, site, path):
    """So a lecture is ready within 3 seconds at a processor four times slower; `make site-bench` measures it."""
    context = chromium.new_context(color_scheme="dark", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(FIRST)
    page.goto(site + path)
    page.wait_for_function("window.first?.size")
    first = page.evaluate("window.first")
    page.wait_for_function(FINISHED)
    left = page.locator(".bd-article section").evaluate_all(
        "all => all.filter(section => getComputedStyle(section).contentVisibility !== 'visible').length"
    )
    context.close()
    assert first.pop("size") <= 350_000
    assert first == {"theme": "dark", "laidOut": 0, "scripts": 0}
    assert left == 0


@each_page
def test_formulas_fit_their_column_on_a_desktop(tab):
    tab.evaluate(OPEN_ALL)
    wide = tab.locator("article .katex-display").evaluate_all(
        """boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).map(box => [
            box.closest('[id]').id, box.scrollWidth - box.clientWidth])"""
    )
    assert wide == []


@each_page
def test_no_sideways_scrolling_on_a_telephone(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.evaluate(OPEN_ALL)
    tab.wait_for_timeout(200)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    # What sticks out of the screen lies in a box that scrolls, and the keyboard reaches that box.
    lost = tab.evaluate("""() => [...document.querySelectorAll('article *')].filter(element => {
        const box = element.getBoundingClientRect();
        if (!box.width || box.right <= innerWidth + 1 || element.closest('.katex-mathml, svg *')) return false;
        for (let up = element; up; up = up.parentElement)
            if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.tabIndex === 0) return false;
        return true;
    }).map(element => element.outerHTML.slice(0, 120))""")
    assert lost == []
    # Tables and formulas fit. They may miss it by a letter, where the fonts are others.
    wide = tab.evaluate("""() => [...document.querySelectorAll('article :is(table.table, .katex-display)')]
        .map(inner => inner.matches('table') ? inner.parentElement : inner)
        .filter(box => box.scrollWidth > box.clientWidth + 12)
        .map(box => [box.innerText.slice(0, 60), box.scrollWidth - box.clientWidth])""")
    assert wide == []
    cut = tab.locator("div.math .katex-base").evaluate_all(
        "all => all.filter(formula => formula.getBoundingClientRect().left < 0).length"
    )
    assert cut == 0  # a wide formula shows its beginning first
    # A figure that moves, or a player, is whole: nothing around it cuts its edges.
    clipped = tab.locator(".rnn-slider > svg, .rnn-sound > audio").evaluate_all(
        """figures => figures.filter(figure => {
            figure.scrollIntoView({block: 'center'});
            const {left, right, top, height} = figure.getBoundingClientRect();
            return ![left + 1, right - 1].every(x => document.elementFromPoint(x, top + height / 2)?.closest('svg, audio') === figure);
        }).length"""
    )
    assert clipped == 0


@each_notebook
def test_labels_of_figures_are_10_pixels_high_on_a_telephone(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    sizes = tab.evaluate("""() => Promise.all([...document.querySelectorAll('figure img, .rnn-slider > svg')].map(async picture => {
        const svg = picture.src ? await (await fetch(picture.src)).text() : picture.outerHTML;
        const {paddingLeft, paddingRight} = getComputedStyle(picture);
        const width = picture.getBoundingClientRect().width - parseFloat(paddingLeft) - parseFloat(paddingRight);
        const scale = width / svg.match(/viewBox="0 0 ([0-9.]+)/)[1];
        return Math.min(...[...svg.matchAll(/scale\\(([0-9.]+) -/g)].map(label => 100 * label[1] * scale));
    }))""")
    assert sizes
    assert min(sizes) >= 9.9


def tab_stops(tab):
    return tab.locator("article .math:is([tabindex]), article .math [tabindex]").evaluate_all(
        "all => all.map(e => [e.scrollWidth > e.clientWidth, e.getAttribute('aria-label')])"
    )


@each_notebook
def test_a_formula_is_a_tab_stop_only_where_it_scrolls_and_then_has_a_name(tab):
    tab.evaluate("dispatchEvent(new Event('resize'))")
    assert tab_stops(tab) == []
    tab.set_viewport_size({"width": 300, "height": 844})
    tab.evaluate(OPEN_ALL)
    tab.wait_for_timeout(200)
    stops = tab_stops(tab)
    assert all(stop == [True, "Formula"] for stop in stops)
    if tab.url.endswith("07-lstm-gru.html"):
        assert stops, "the equations of the LSTM are wider than a watch"


def copied(tab, first, last):
    """The plain text that is copied where everything between two elements is selected, parts of them."""
    return tab.evaluate(
        """([first, last]) => {
            const range = document.createRange();
            const inside = element => document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
            range.setStart(inside(first), 0);
            range.setEnd(inside(last), 1);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            const clipboardData = new DataTransfer();
            const event = new ClipboardEvent('copy', {clipboardData, bubbles: true, cancelable: true});
            document.dispatchEvent(event);
            getSelection().removeAllRanges();
            return clipboardData.getData('text/plain');
        }""",
        [first.element_handle(), last.element_handle()],
    )


@each_notebook
def test_a_formula_that_is_copied_becomes_tex(tab):
    formulas = tab.locator("article p span.math")
    if not formulas.count():
        return  # the capstone is a project, in words
    first = formulas.first
    tex = first.locator("annotation").text_content()
    assert copied(tab, first.locator(".katex-html"), first.locator(".katex-html")) == f"${tex}$"
    paragraph = tab.locator("article p:has(span.math)").first
    whole = copied(tab, paragraph, tab.locator("article p:has(span.math) ~ *").first)
    assert f"${tex}$" in whole
    assert paragraph.text_content().split()[0] in whole


@each_page
def test_every_mark_has_a_shape(tab):
    """The book has shapes for the icons it uses; a letter of an icon font that is not loaded would be an empty box."""
    empty = tab.evaluate("""() => [...document.querySelectorAll('body :not(svg *, .katex *, pre *)')].flatMap(element => {
        const named = /\\bfa-/.test(element.getAttribute('class')) || element.matches('div.admonition > .admonition-title');
        const parts = ['', '::before', '::after'].map(part => getComputedStyle(element, part || null));
        const letter = parts.some(style => style.display !== 'none' && /[\\ue000-\\uf8ff]/.test(style.content));
        const shape = parts.some(style => /^url/.test(style.maskImage));
        return letter || (named && !shape) ? [element.outerHTML.slice(0, 120)] : [];
    })""")
    assert empty == []


@each_notebook
def test_figures_are_white_cards_in_the_dark(tab):
    tab.evaluate(THEME, "dark")
    styles = tab.evaluate("""() => [...document.querySelectorAll('figure img, .rnn-slider > svg')].map(image => {
        const style = getComputedStyle(image);
        return [style.backgroundColor, style.filter, style.opacity];
    })""")
    assert styles
    assert {tuple(style) for style in styles} == {("rgb(255, 255, 255)", "none", "1")}
    boxes = tab.locator(".output:has(> .rnn-slider), .output:has(> .rnn-sound)").evaluate_all(
        "boxes => boxes.map(box => getComputedStyle(box).backgroundColor)"
    )
    assert set(boxes) <= {"rgba(0, 0, 0, 0)"}


def move_all_sliders(page):
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


@each_notebook
def test_a_slider_changes_its_figure(tab):
    move_all_sliders(tab)
    assert tab.faults == []


@each_chapter
def test_a_quiz_is_answered_with_the_keyboard(tab):
    for quiz in tab.locator("form.quiz").all():
        options = quiz.locator(".quiz-option")
        right = options.evaluate_all("options => options.map(o => o.dataset.right === 'true')")
        result, button = quiz.locator(".quiz-result"), quiz.locator("button[type=submit]")
        assert quiz.locator(".quiz-reason:visible").count() == 0
        button.focus()
        tab.keyboard.press("Enter")
        assert result.inner_text() == "Choose an answer first."
        if not all(right):
            wrong = options.nth(right.index(False)).locator("input")
            wrong.focus()
            tab.keyboard.press("Space")
            tab.keyboard.press("Enter")
            assert "Not yet" in result.inner_text()
            assert quiz.locator(".quiz-reason:visible").count() == 1
            wrong.evaluate("input => { if (input.type === 'checkbox') input.click() }")
        for number, is_right in enumerate(right):
            if is_right:
                options.nth(number).locator("input").focus()
                tab.keyboard.press("Space")
        button.focus()
        tab.keyboard.press("Enter")
        assert result.inner_text() == "✓ Right."
        assert quiz.locator(".quiz-reason:visible").count() == sum(right)
    # The answers are there when the reader comes back, until they are taken back.
    chosen = tab.locator("form.quiz input:checked")
    number = chosen.count()
    reload(tab)
    assert chosen.count() == number
    assert set(tab.locator(".quiz-result").all_inner_texts()) == {"✓ Right."}
    for clear in tab.locator("form.quiz button[type=reset]").all():
        clear.press("Enter")
    assert chosen.count() == tab.locator(".quiz-reason:visible").count() == 0
    reload(tab)
    assert chosen.count() == 0
    assert set(tab.locator(".quiz-result").all_inner_texts()) == {""}


def test_a_page_works_in_a_browser_that_keeps_nothing(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full') }")
    page.goto(f"{site}{CHAPTERS[3]}")
    page.wait_for_function(FINISHED)  # the theme's script does fail, when it keeps the mode
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    quiz = page.locator("form.quiz").first
    quiz.locator('.quiz-option[data-right="true"] input').first.check()
    quiz.locator("button[type=submit]").click()
    assert quiz.locator(".quiz-reason:visible").count() == 1
    page.locator(".exercise .done input").first.check()
    assert page.locator(".exercise-count").inner_text().startswith("0 of ")
    context.close()
    assert faults == []


@each_chapter
def test_solutions_are_hidden_and_open_with_the_keyboard(tab):
    inside = tab.locator("details.solution > summary + *")
    assert inside.count() == tab.locator(".exercise").count()
    assert not any(text.is_visible() for text in inside.all())
    inside = inside.first
    tab.locator("details.solution > summary").first.focus()
    tab.keyboard.press("Enter")
    assert inside.is_visible()


@each_notebook
def test_the_list_of_sections_follows_the_reader(tab):
    tab.set_viewport_size({"width": 1280, "height": 500})
    for entry in tab.locator(".bd-toc-nav a").all():
        tab.evaluate("name => { location.hash = name }", entry.get_attribute("href"))
        tab.wait_for_function(
            "name => document.querySelector('.bd-toc-nav a.active')?.hash === name || scrollY + innerHeight > document.body.scrollHeight - 200",
            arg=entry.get_attribute("href"),
        )
        (active,) = tab.locator(".bd-toc-nav a.active").all()
        box = active.bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 500
        assert active.get_attribute("aria-current") == "true"


@each_notebook
def test_a_link_shows_what_it_leads_to(tab):
    links = ["glossary.html#term-", "references.html#", "#equation-", "#fig-"]
    tab.wait_for_load_state("networkidle")
    loaded = "performance.getEntriesByType('resource').map(entry => entry.name)"
    before = tab.evaluate(loaded)
    preview = tab.locator("#preview")
    for target in links:
        found = tab.locator(f"article p a.internal[href*='{target}']:visible")
        if not found.count():
            continue
        link = found.first
        link.hover()
        preview.wait_for(state="visible")
        tab.keyboard.press("Escape")
        assert preview.is_hidden()
        tab.mouse.move(5, 5)
        tab.keyboard.press("Shift")  # from now on the focus is shown
        link.focus()
        assert preview.is_visible()
        assert link.get_attribute("aria-describedby") == "preview"
        box = preview.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 1280
        assert preview.inner_text().strip() or preview.locator("img, svg").count()
        assert preview.locator("[id], a, input, button").count() == 0
        assert violations(tab, "#preview") == []
        link.evaluate("link => link.blur()")
        assert preview.is_hidden()
    link.hover()  # the pointer may move onto the preview, and out of it
    preview.wait_for(state="visible")
    preview.hover()
    tab.wait_for_timeout(400)
    assert preview.is_visible()
    tab.mouse.move(5, 5)
    preview.wait_for(state="hidden")
    asked = [name for name in tab.evaluate(loaded) if name not in before]
    assert [name for name in asked if not name.endswith(".woff2")] == []  # a letter may be new here


@each_chapter
def test_an_exercise_marked_as_done_stays_marked_until_the_mark_is_taken_back(tab):
    boxes, total = tab.locator(".exercise .done input"), tab.locator(".exercise").count()
    marks = tab.locator("nav .progress-mark")
    # As if another chapter had been read before.
    other = next(page for page in CHAPTERS if not tab.url.endswith(page)).removesuffix(".html")
    tab.evaluate(
        """page => localStorage.setItem('rnn-basics-exercises', JSON.stringify({[page]: {done: ['x'], total: 6}}))""",
        other,
    )

    def press(box):
        box.focus()
        tab.keyboard.press("Space")

    def look(done):
        assert [i for i, box in enumerate(boxes.all()) if box.is_checked()] == done
        assert tab.locator(".exercise-count").inner_text().startswith(f"{len(done)} of {total} ")
        shown = {"1/6"} | ({f"{len(done)}/{total}"} if done else set())
        assert set(marks.all_inner_texts()) == shown

    press(boxes.first)
    press(boxes.last)
    look([0, total - 1])
    reload(tab)
    look([0, total - 1])
    press(boxes.first)
    press(boxes.last)
    reload(tab)
    look([])


def test_the_list_of_exercises_and_the_chapters_share_their_marks(open_page, site):
    tab = open_page(site + "exercises.html")
    first = tab.locator("table.exercises").first
    assert first.locator("input").count() == first.locator("tbody tr").count()
    link = first.locator("a").first
    _, exercise = link.get_attribute("href").split("#")
    first.locator("input").first.check()
    link.click()
    assert tab.locator(f"[id='{exercise}'] .done input").is_checked()
    assert tab.locator(".exercise .done input:checked").count() == 1
    tab.locator(f"[id='{exercise}'] .done input").uncheck()
    tab.go_back()
    tab.reload()
    assert tab.locator("table.exercises input:checked").count() == 0


@each_notebook
def test_the_keyboard_reaches_everything_and_shows_where_it_is(tab):
    # One pass with the Tab key; an element that is focused and visible needs an outline or a shadow.
    wanted = tab.evaluate("""() => {
        const all = [...document.querySelectorAll('main a[href], main button, main input, main summary, main audio')]
            .filter(e => e.offsetParent && getComputedStyle(e).visibility !== 'hidden' && !e.closest('details:not([open]) > :not(summary)'));
        const once = new Set();  // a group of radio buttons is one stop
        return all.filter(e => e.type !== 'radio' || (!once.has(e.name) && once.add(e.name)))
            .map((e, i) => { e.dataset.stop = i; return i; }).length;
    }""")
    tab.evaluate("""() => {
        window.reached = new Set();
        window.invisible = [];
        document.addEventListener('focusin', ({target}) => {
            const style = getComputedStyle(target);
            if (target.dataset.stop) reached.add(target.dataset.stop);
            const ring = style.outlineStyle !== 'none' && style.outlineWidth !== '0px' && !/, 0\\)$/.test(style.outlineColor);
            // A player rings its own buttons.
            if (!ring && style.boxShadow === 'none' && target.tagName !== 'AUDIO')
                invisible.push(target.outerHTML.slice(0, 100));
        });
    }""")
    for presses in range(2 * wanted + 150):
        tab.keyboard.press("Tab")
        if presses % 20 == 0 and tab.evaluate("reached.size") == wanted:
            break
    assert tab.evaluate("reached.size") == wanted
    assert tab.evaluate("invisible") == []


# No formula of the book need be wider than paper, so the test of print makes one: a numbered one, several times over.
WIDEN_A_FORMULA = """() => {
    window.widened = document.querySelector('article div.math:has(> .eqno) .katex-base')
        ?? document.querySelector('article div.math .katex-base');
    window.parts = [...widened?.childNodes ?? []];
    while (widened && widened.getBoundingClientRect().width < 900)
        widened.append(...parts.map(part => part.cloneNode(true)));
}"""


@each_notebook
def test_fine_print_is_printed_and_closes_again(tab):
    notes = tab.locator("article details.admonition:not(.solution)")
    opened = "notes => notes.filter(note => note.open).length"
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert notes.evaluate_all(opened) == notes.count()
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert notes.evaluate_all(opened) == 0


@each_notebook
def test_print_hides_solutions_and_keeps_formulas_whole(tab):
    paper = 673  # pixels between the margins of A4
    sizes = "all => all.map(formula => formula.style.fontSize)"
    tab.evaluate(WIDEN_A_FORMULA)
    on_screen = tab.locator(".katex-display").evaluate_all(sizes)
    tab.set_viewport_size({"width": paper, "height": 900})
    tab.emulate_media(media="print")
    tab.evaluate(OPEN_ALL)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_timeout(100)
    shown = "elements => elements.filter(e => e.getClientRects().length).length"
    assert tab.locator("details.solution").evaluate_all(shown) == 0
    assert tab.locator("nav.bd-links, .bd-header-article").evaluate_all(shown) == 0
    assert tab.locator("article h1").is_visible()
    # A line of code may be longer than its box.
    left, right = tab.locator(
        "article :is(div.math .katex-base, pre, table, figure img, .rnn-slider > svg)"
    ).evaluate_all(
        """parts => {
            const ranges = parts.filter(part => part.matches('pre')).map(code => {
                const lines = document.createRange();
                lines.selectNodeContents(code);
                return lines;
            });
            const boxes = [...parts, ...ranges].map(part => part.getBoundingClientRect()).filter(box => box.width);
            return [Math.min(...boxes.map(box => box.left)), Math.max(...boxes.map(box => box.right))];
        }"""
    )
    overlaps = tab.locator("article div.math:has(> .eqno)").evaluate_all(
        """formulas => formulas.filter(formula =>
            Math.max(...[...formula.querySelectorAll('.katex-base')].map(part => part.getBoundingClientRect().right))
            > formula.querySelector('.eqno').getBoundingClientRect().left + 1).map(formula => formula.id)"""
    )
    torn = tab.locator("article :is(div.math, figure)").evaluate_all(
        "parts => parts.filter(part => getComputedStyle(part).breakInside !== 'avoid').length"
    )
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert left >= 0
    assert right <= paper
    assert overlaps == []
    assert torn == 0  # by the end of a page of paper
    assert tab.locator(".katex-display").evaluate_all(sizes) == on_screen
    tab.evaluate("widened?.replaceChildren(...parts)")


@each_page
def test_accessible(tab):
    # A colour of code is judged once: blocks that bring no new one become plain text, which saves half of the time.
    tab.evaluate("""() => {
        const seen = new Set();
        for (const block of document.querySelectorAll('pre')) {
            const colours = [...block.querySelectorAll('span[class]')].map(word => word.className);
            if (colours.every(colour => seen.has(colour))) block.textContent = block.textContent;
            colours.forEach(colour => seen.add(colour));
        }
        // The thousands of glyphs of formulas and lines of drawings have no text of their own to judge.
        document.querySelectorAll('.katex, .rnn-slider svg').forEach(drawing => drawing.replaceChildren());
    }""")
    # The page's own marking may still be on its way.
    tab.evaluate("dispatchEvent(new Event('resize'))")
    assert violations(tab) == []
    tab.evaluate(OPEN_ALL)
    tab.evaluate(ANSWER_QUIZZES)
    tab.wait_for_timeout(200)
    if tab.locator("article details").count():
        assert violations(tab, "article details, form.quiz") == []
    # The dark theme is the same page in other colours: only the rules of colour can find more in it. (All
    # rules, tried once on every page, closed and open, found nothing in the dark either.)
    tab.evaluate(THEME, "dark")
    tab.wait_for_timeout(200)
    assert violations(tab, runOnly=["color-contrast", "link-in-text-block"]) == []
    assert tab.faults == []


@pytest.mark.parametrize("path", PAGES)
def test_read_from_a_file(open_page, path):
    page = open_page((HTML / path).as_uri(), theme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    move_all_sliders(page)
    assert page.faults == []


@pytest.mark.parametrize(
    ("word", "target"),
    [("vanishing", "chapters/"), ("sequence", "chapters/"), ("잠재변수", "glossary")],
)
def test_search_finds(open_page, site, word, target):
    page = open_page(f"{site}search.html?q={word}")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any(target in link for link in links)
    assert page.faults == []


@pytest.mark.parametrize(
    ("words", "anchor"),
    [
        ("기울기 소실", "term-vanishing-gradient"),
        ("TBPTT", "term-truncated-BPTT"),
        ("hidden state", "term-hidden-state"),
    ],
)
def test_a_search_for_a_term_leads_to_its_place_and_leaves_nothing_there(
    open_page, site, words, anchor
):
    page = open_page(f"{site}search.html?q={words}")
    link = page.locator(f"#search-results li a[href='glossary.html#{anchor}']")
    link.wait_for()
    page.locator("#search-results li a").first.wait_for()
    page.wait_for_load_state("networkidle")
    excerpt = link.locator("xpath=../p").inner_text()
    assert re.match(r"[\w ]+: .*[가-힣].*\. .{20}", excerpt)
    link.click()
    page.wait_for_selector(f"#{anchor}")
    page.wait_for_timeout(300)
    assert page.evaluate("localStorage.sphinx_highlight_terms") is not None  # asked for ...
    assert page.locator(".highlighted, .highlight-link").count() == 0  # ... and not done
    box = page.locator(f"#{anchor}").bounding_box()
    assert 0 <= box["y"] <= 900 - box["height"]
    assert page.faults == []


@pytest.mark.parametrize(
    "place", ["chapters/04-bptt.html#exercises", "chapters/07-lstm-gru.html#summary"]
)
def test_a_page_that_is_opened_at_a_section_stays_there(chromium, site, place):
    """Sections above are laid out after it, and are not as high as they were taken to be."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(site + place)
    page.wait_for_function(FINISHED)
    page.wait_for_function(
        "[...document.querySelectorAll('.bd-article section')]"
        ".every(section => getComputedStyle(section).contentVisibility === 'visible')"
    )
    page.wait_for_timeout(100)
    top = page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top")
    page.close()
    assert abs(top - 72) < 2  # `scroll-padding-top`


def test_a_link_to_a_section_arrives_at_once(chromium, site):
    context = chromium.new_context(reduced_motion="no-preference")
    page = context.new_page()
    page.goto(f"{site}chapters/04-bptt.html")
    page.evaluate("location.hash = '#exercises'")  # nothing waits for a flight over the page
    top = page.evaluate("document.querySelector('#exercises').getBoundingClientRect().top")
    context.close()
    assert 0 <= top < 150


def test_excerpts_of_the_search_hold_no_tex(open_page, site):
    page = open_page(f"{site}search.html?q=jacobian")
    page.wait_for_selector("#search-results li p.context")
    page.wait_for_load_state("networkidle")
    excerpts = page.locator("#search-results li p.context").all_inner_texts()
    assert len(excerpts) > 3
    assert not [text for text in excerpts if "\\" in text or "_{" in text]


@pytest.mark.parametrize("way", ["button", "keys"])
def test_a_field_to_search_opens(open_page, site, way):
    page = open_page(site + PAGES[0])
    field = page.locator(".search-button__search-container input[type=search]")
    assert not field.is_visible()
    if way == "button":
        page.locator("button.search-button__button:visible").first.click()
    else:
        page.keyboard.press("Control+k")
    field.wait_for(state="visible")
    page.keyboard.type("state")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?q=state"))


def test_the_theme_switch_is_kept(open_page, site):
    page = open_page(site + "intro.html")
    for _ in range(3):
        page.locator(".theme-switch-button").click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.faults == []
