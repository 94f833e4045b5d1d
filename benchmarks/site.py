"""Time the pages of the built book in Chromium, as it is and with a processor four times slower.

Run ``make site-bench``; with ``AGAINST=folder`` beside the HTML of another build. It prints Markdown: medians of
three visits, each with an empty cache, from a local server that compresses as hosts do.

- loaded: the text is there, in seconds
- ready: it is styled and laid out where the reader is, with the formulas in their fonts
- whole: so is the rest of the page
- shift: the layout shift, up to a second after that
- kB: transferred until the page is ready
"""

import argparse
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "site"))

from chromium import EXECUTABLE, FLAGS, serve  # noqa: E402

# The formulas of a build that needs a script for them are ready when that script says so.
WATCH = """
window.benchShift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.benchShift += entry.value;
}).observe({type: 'layout-shift', buffered: true});
window.benchReady = new Promise(done => addEventListener('DOMContentLoaded', async () => {
    window.benchLoaded = performance.now();
    while (document.querySelector('script[src*=mathjax]') && !window.MathJax?.startup?.promise)
        await new Promise(resolve => setTimeout(resolve, 20));
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    done(performance.now());
}));
window.benchWhole = async () => {
    const later = () => [...document.querySelectorAll('article > section > section')]
        .filter(section => getComputedStyle(section).contentVisibility === 'auto');
    while (document.readyState !== 'complete' || later().length)
        await new Promise(resolve => setTimeout(resolve, 20));
    await document.fonts.ready;
    return performance.now();
};
"""
TRANSFERRED = """() => performance.getEntries()
    .filter(entry => ['navigation', 'resource'].includes(entry.entryType))
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def visit(browser, address, slowdown):
    """Return (loaded s, ready s, whole s, layout shift, kB) of one visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(address)
    ready = page.evaluate("window.benchReady")
    kilobytes = page.evaluate(TRANSFERRED) / 1000
    whole = page.evaluate("window.benchWhole()")
    page.wait_for_timeout(1000)
    loaded, shift = page.evaluate("[window.benchLoaded, window.benchShift]")
    context.close()
    return loaded / 1000, ready / 1000, whole / 1000, shift, kilobytes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "pages", nargs="*", help="chapters/04-bptt.html ...; by default all chapters"
    )
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--against", type=Path, help="the HTML of another build")
    parser.add_argument("--visits", type=int, default=3)
    options = parser.parse_args()
    builds = {"this": options.html} | ({"other": options.against} if options.against else {})
    chapters = sorted(options.html.glob("chapters/*.html"))
    pages = options.pages or [path.relative_to(options.html).as_posix() for path in chapters]
    print("| page | processor | build | loaded | ready | whole | shift | kB |")
    print("|---|---|---|---:|---:|---:|---:|---:|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        for page in pages:
            for slowdown in (1, 4):
                visits = {name: [] for name in builds}
                for _ in range(options.visits):  # in turn
                    for name, folder in builds.items():
                        with serve(folder) as site:
                            visits[name].append(visit(browser, f"{site}{page}", slowdown))
                for name, measured in visits.items():
                    medians = map(statistics.median, zip(*measured, strict=True))
                    loaded, ready, whole, shift, size = medians
                    print(
                        f"| {page} | 1/{slowdown} | {name} | {loaded:.1f} | {ready:.1f} | "
                        f"{whole:.1f} | {shift:.3f} | {size:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
