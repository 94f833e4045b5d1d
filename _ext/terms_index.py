"""The table of terms.md: each term of the glossary, its Korean name, and the sections that explain it.

Nothing of it is kept by hand. A definition in the glossary begins with the Korean name and a full stop, and names the
chapter that introduces the term. The sections are those that link to the term, as every chapter does where it first
uses it: first the one that explains it, in the chapter that the definition names (or that chapter, if none of its
sections links to the term), then the others by their numbers, or by the title, up to its colon, of a page
that has none.
"""

import re

from docutils import nodes
from notes_map import link, section_of
from sphinx.addnodes import index, pending_xref
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

KOREAN = re.compile(r"([^.]*[가-힣][^.]*)\. ")
NAME = re.compile(r"[^()]+")  # 절단된 BPTT(TBPTT) has two
logger = logging.getLogger(__name__)


class TermsNode(nodes.General, nodes.Element):
    """Stands for the table until every page has been read."""


class TermsIndex(SphinxDirective):
    def run(self):
        return [TermsNode()]


def uses(env):
    """The links to terms: a list of (term in lower case, page, anchor and title of the section)."""
    if not hasattr(env, "term_uses"):
        env.term_uses = []
    return env.term_uses


def note_uses(app, doctree):
    for reference in doctree.findall(pending_xref):
        if reference["reftype"] == "term":
            section = section_of(reference)
            place = (app.env.docname, section["ids"][0], section.next_node(nodes.title).astext())
            row = (reference["reftarget"].lower(), *place)
            if row not in uses(app.env):
                uses(app.env).append(row)


def index_korean_names(app, doctree):
    """Let the search lead to a term by its Korean names too: it takes them for entries of the index."""
    for entry in doctree.findall(index):
        term = entry.parent
        definition = term.parent.next_node(nodes.definition)
        korean = definition and KOREAN.match(definition.astext())
        if korean:
            names = NAME.findall(korean[1])
            entry["entries"] += [("single", name, term["ids"][0], "main", None) for name in names]


def entries(env):
    """Yield (term, its anchor, page, Korean name or None, chapters that the definition names)."""
    terms = env.get_domain("std").objects
    for page in sorted({page for (kind, _), (page, _) in terms.items() if kind == "term"}):
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            term, definition = item.next_node(nodes.term), item.next_node(nodes.definition)
            korean = KOREAN.match(definition.astext())
            if term["ids"] and not korean:
                logger.warning("this definition does not begin with a Korean name", location=item)
            named = [
                r["reftarget"] for r in definition.findall(pending_xref) if r["reftype"] == "doc"
            ]
            if term["ids"]:
                yield term.astext(), term["ids"][0], page, korean and korean[1], named


def write_table(app, doctree, docname):
    for node in list(doctree.findall(TermsNode)):
        body = nodes.tbody()
        for term, anchor, page, korean, named in sorted(
            entries(app.env), key=lambda entry: entry[0].lower()
        ):
            places = sorted(
                (use[1:] for use in uses(app.env) if use[0] == term.lower()), key=page_of
            )
            first = [place for place in places if place[0] in named]
            others = [place for place in places if place not in first]
            # a page without numbers stands once, for its first section
            others = {shown(app.env, *place): place for place in reversed(others)}
            if not first:
                first = [(chapter, "", app.env.titles[chapter].astext()) for chapter in named]
            where = nodes.paragraph()
            for i, (chapter, section, title) in enumerate(first):
                number = number_of(app.env, chapter, section)
                number += app.config.html_secnumber_suffix if number else ""
                where += nodes.Text("; " if i else "")
                where += link(app, docname, chapter, section, f"{number}{title}")
            for i, (text, (chapter, section, _)) in enumerate(reversed(others.items())):
                where += nodes.Text(", " if i else "; also in " if first else "")
                where += link(app, docname, chapter, section, text)
            name = nodes.paragraph("", "", link(app, docname, page, anchor, term))
            body += row(name, nodes.paragraph("", korean or ""), where)
        head = nodes.thead(
            "", row(*(nodes.paragraph("", t) for t in ("term", "한국어", "explained in")))
        )
        columns = [nodes.colspec(colwidth=width) for width in (3, 3, 5)]
        node.replace_self(
            nodes.table("", nodes.tgroup("", *columns, head, body, cols=3), classes=["terms"])
        )


def page_of(place):
    return place[0]


def shown(env, page, section, _):
    """What stands for a section among others: its number, or the title of its page up to the colon."""
    return number_of(env, page, section) or env.titles[page].astext().partition(":")[0]


def number_of(env, page, section):
    """The number of a section, or of the page, as "3.4"; empty if it has none."""
    numbers = env.toc_secnumbers.get(page, {})
    return ".".join(map(str, numbers.get(f"#{section}" if section else "", ())))


def row(*cells):
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def forget(app, env, docname):
    env.term_uses = [use for use in uses(env) if use[1] != docname]


def always_read(app, env, added, changed, removed):
    # The search finds only the terms of pages that this build has read.
    terms = env.get_domain("std").objects.items()
    pages = {page for (kind, _), (page, _) in terms if kind == "term"} | {"terms"}
    return sorted(pages & env.found_docs)


def setup(app):
    app.add_node(TermsNode)
    app.add_directive("terms-index", TermsIndex)
    app.connect("doctree-read", note_uses)
    app.connect("doctree-read", index_korean_names)
    app.connect("doctree-resolved", write_table)
    app.connect("env-purge-doc", forget)
    app.connect("env-get-outdated", always_read)
    return {"version": "2", "parallel_read_safe": False}
