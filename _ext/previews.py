"""What a page's links to terms and sources lead to, for a preview when the reader points at one.

It lies at the end of the page in a `template`, which shows nothing; `book.js` shows it. So a preview asks no server for
anything. Equations and figures are linked within their own page, where the script finds them.
"""

from posixpath import dirname, join, normpath

from docutils import nodes


def contents(app, page):
    """Yield the anchor and the HTML of each term and each source on a page."""
    for node in app.env.get_and_resolve_doctree(page, app.builder).findall(nodes.Element):
        if isinstance(node, nodes.term):
            parts = [node.next_node(nodes.definition, descend=False, siblings=True)]
        elif isinstance(node, nodes.citation):
            parts = node[1:]  # the first is its label
        else:
            continue
        text = nodes.container("", *(child.deepcopy() for part in parts for child in part))
        for reference in list(text.findall(nodes.reference)):
            reference.replace_self(reference.children)  # nothing inside a preview can be reached
        for anchor in node["ids"]:
            yield anchor, app.builder.render_partial(text)["fragment"]


def targets(app):
    """The terms and the sources of the book: {page: {anchor: HTML}}."""
    if not hasattr(app, "preview_targets"):
        terms = app.env.get_domain("std").objects.items()
        pages = {page for (kind, _), (page, _) in terms if kind == "term"}
        pages |= {key.docname for key in app.env.get_domain("cite").bibliographies}
        app.preview_targets = {page: dict(contents(app, page)) for page in pages}
    return app.preview_targets


def add_previews(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    texts = {}
    for reference in doctree.findall(nodes.reference):
        address, _, anchor = reference.get("refuri", "").partition("#")
        page = normpath(join(dirname(pagename), address)).removesuffix(".html")
        if anchor in targets(app).get(page, {}):
            texts[f"{page}.html#{anchor}"] = targets(app)[page][anchor]
    if texts:
        divisions = [f'<div data-of="{name}">{text}</div>' for name, text in sorted(texts.items())]
        context["body"] += f'<template id="previews">{"".join(divisions)}</template>\n'


def setup(app):
    app.connect("html-page-context", add_previews, priority=400)  # before formulas are finished
    return {"parallel_read_safe": True, "parallel_write_safe": True}
