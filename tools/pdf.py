"""Print the built book as one PDF, by Chromium: bookmarks, page numbers, links that stay inside. Run ``make pdf``.

The articles of all pages are put into one page, in the order of the contents, and printed at once. In print the labels
of folds stand without their code, and solutions are left out (`_static/book.css`).
"""

import argparse
import sys
from pathlib import Path

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfWriter
from pypdf.generic import NameObject, TextStringObject

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "site"))

from chromium import EXECUTABLE, FLAGS, serve  # noqa: E402

# An id is unique in its page, so each gets the name of the page before it, and so do the links to it.
ASSEMBLE = """async pages => {
    const nameOf = path => path.replace(/\\.html$/, '').replaceAll('/', '--');
    const sheets = new Set([...document.querySelectorAll('link[rel=stylesheet]')].map(link => link.href));
    const articles = [];
    for (const page of pages) {
        const address = new URL(`/${page}`, location), name = nameOf(page);
        const parsed = new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html');
        for (const link of parsed.querySelectorAll('link[rel=stylesheet]')) {
            const href = new URL(link.getAttribute('href'), address).href;
            if (sheets.has(href)) continue;
            sheets.add(href);
            document.querySelector('link[rel=stylesheet][href*="book.css"]').before(Object.assign(link, {href}));
        }
        const article = document.adoptNode(parsed.querySelector('article'));
        article.querySelectorAll('script, template').forEach(part => part.remove());
        article.querySelectorAll('[id]:not(svg *)').forEach(part => { part.id = `${name}--${part.id}` });
        article.id = name;
        for (const image of article.querySelectorAll('img')) image.src = new URL(image.getAttribute('src'), address);
        for (const link of article.querySelectorAll('a[href]')) {
            const target = new URL(link.getAttribute('href'), address);
            const path = target.pathname.slice(1);
            if (target.origin !== location.origin) continue;
            if (pages.includes(path)) link.href = `#${nameOf(path)}${target.hash && '--' + target.hash.slice(1)}`;
            else link.removeAttribute('href');  // what is no page of the book, as a download
        }
        articles.push(article);
    }
    document.querySelector('.bd-article').replaceWith(...articles);
    document.documentElement.dataset.theme = 'light';
    await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
    await document.fonts.ready;
    return [...document.querySelectorAll('article :is(h1, h2, h3, h4, h5, h6)')].map(title => {
        const copy = title.cloneNode(true);
        copy.querySelectorAll('.headerlink, .katex-mathml').forEach(part => part.remove());
        return copy.textContent.trim().replace(/\\s+/g, ' ');
    });
}"""
STYLE = "article + article { break-before: page; }"
FOOTER = """<div style="width: 100%; font: 8px sans-serif; text-align: center">
    <span class="pageNumber"></span></div>"""


def contents():
    """The pages of the book in their order, as paths of HTML."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    return [f"{name}.html" for name in [toc["root"], *files]]


def write_pdf(browser, html, pages, path):
    """Print the pages of the book in the folder `html` to the file `path`."""
    page = browser.new_page(viewport={"width": 673, "height": 900})  # between the margins of A4
    page.set_default_timeout(170_000)
    with serve(html) as site:
        page.goto(site + pages[0])
        page.wait_for_function("window.bootstrap")  # the last that a page loads
        titles = page.evaluate(ASSEMBLE, pages)
        page.add_style_tag(content=STYLE)
        page.pdf(
            path=path,
            format="A4",
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            margin=dict.fromkeys(["top", "bottom", "left", "right"], "16mm"),
        )
    page.close()
    name_bookmarks(path, titles)


def name_bookmarks(path, titles):
    """Chromium says the title twice where it had moved a heading to the next page."""
    document = PdfWriter(clone_from=path)
    bookmarks = list(walk(document.root_object["/Outlines"]["/First"]))
    for bookmark, title in zip(bookmarks, titles, strict=True):
        bookmark[NameObject("/Title")] = TextStringObject(title)
    document.add_metadata({"/Title": titles[0]})
    document.write(path)


def walk(bookmark):
    """Yield a bookmark, those below it and those after it."""
    while bookmark:
        bookmark = bookmark.get_object()
        yield bookmark
        if "/First" in bookmark:
            yield from walk(bookmark["/First"])
        bookmark = bookmark.get("/Next")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "rnn-basics.pdf")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        write_pdf(browser, options.html, contents(), options.output)
        browser.close()
    print(f"Open {options.output}")


if __name__ == "__main__":
    main()
