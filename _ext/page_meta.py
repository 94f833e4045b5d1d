"""What each page says about itself: description and preview card; and the sitemap.

The description comes from the page's own metadata (`description` in a notebook's metadata or in the front
matter); a page without one is a warning, which fails the build. BOOK_SITE_URL is the address that the book
is served from; the preview card needs it, because such pictures must have a full address, and so does the
sitemap. Without it both are left out.
"""

import os
from html import escape
from pathlib import Path
from xml.sax.saxutils import escape as escape_xml

from sphinx.util import logging

logger = logging.getLogger(__name__)

GENERATED = {
    "genindex": "Index of the terms and functions of the book.",
    "search": "Search all chapters, the glossary and the reference pages of the book.",
}


def set_base_url(app, config):
    config.html_baseurl = os.environ.get("BOOK_SITE_URL", "")


def check_description(app, env):
    """Warn about the pages without a description, or with one that search engines would cut."""
    for page in sorted(env.found_docs):
        length = len(env.metadata[page].get("description", ""))
        if not 20 <= length <= 170:
            logger.warning(
                "the metadata of this page need a description of 20 to 170 characters, got %d",
                length,
                location=page,
            )


def add_meta(app, pagename, templatename, context, doctree):
    """Put the description and the preview card into the page's head."""
    meta = app.env.metadata.get(pagename, {})
    description = meta.get("description") or GENERATED.get(pagename)
    if not description:
        return
    title = app.env.titles.get(pagename)  # in the context it is HTML
    tags = {
        "og:title": title.astext() if title else app.config.html_title,
        "og:description": description,
        "og:type": "article",
        "og:site_name": app.config.html_title,
    }
    base = app.config.html_baseurl.rstrip("/")
    if base:
        tags["og:url"] = f"{base}/{pagename}.html"
        tags["og:image"] = f"{base}/_static/card.png"
        tags["og:image:alt"] = "RNN Basics: a recurrent network unrolled over three time steps."
    lines = [f'<meta name="description" content="{escape(description)}">']
    lines += [f'<meta property="{key}" content="{escape(value)}">' for key, value in tags.items()]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def write_sitemap(app, exception):
    """List every page for search engines, when the address of the site is known."""
    base = app.config.html_baseurl.rstrip("/")
    if exception or not base or app.builder.name != "html":
        return
    pages = "".join(
        f"<url><loc>{escape_xml(f'{base}/{page}.html')}</loc></url>\n"
        for page in sorted(app.env.found_docs)
    )
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}</urlset>\n',
        encoding="utf-8",
    )


def setup(app):
    app.connect("config-inited", set_base_url, priority=100)
    app.connect("env-check-consistency", check_description)
    app.connect("html-page-context", add_meta)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
