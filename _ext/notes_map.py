"""The list of notes-map.md: each statement of the lecture notes, with links to the cells that assert it.

A code cell asserts a statement where its metadata say so (``statement: S4``); its first line is a comment, the claim in
words. Such a cell gets an anchor, and the directive ``notes-map`` links to it. A statement without a cell is a warning.
"""

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class NotesMapNode(nodes.General, nodes.Element):
    """Stands for the list until every chapter has been read."""


class NotesMap(SphinxDirective):
    """One line for each statement: ``S1 its text``."""

    has_content = True

    def run(self):
        node = NotesMapNode()
        node["statements"] = [line.split(" ", 1) for line in self.content if line]
        self.set_source_info(node)
        return [node]


def found(env):
    """The cells that assert something: a list of (statement, page, anchor, comment, section title, its anchor)."""
    if not hasattr(env, "statement_cells"):
        env.statement_cells = []
    return env.statement_cells


def mark_cells(app, doctree):
    for cell in doctree.findall(
        lambda n: n.get("nb_element") == "cell_code" if isinstance(n, nodes.Element) else False
    ):
        name = cell["cell_metadata"].get("statement")
        if not name:
            continue
        first = cell.next_node(nodes.literal_block).astext().split("\n")[0]
        comment = first.removeprefix("# ").removeprefix("✓ checked: ")
        anchor = f"{name.lower()}-{sum(row[0] == name for row in found(app.env)) + 1}"
        cell["ids"].append(anchor)
        section = section_of(cell)
        title = section.next_node(nodes.title).astext()
        found(app.env).append((name, app.env.docname, anchor, comment, title, section["ids"][0]))


def section_of(node):
    """The section with a title that holds the node; the content of an exercise is a section without."""
    while not (isinstance(node, nodes.section) and isinstance(node[0], nodes.title)):
        node = node.parent
    return node


def write_list(app, doctree, docname):
    for node in list(doctree.findall(NotesMapNode)):
        items = nodes.definition_list()
        for name, text in node["statements"]:
            rows = [row for row in found(app.env) if row[0] == name]
            if not rows:
                logger.warning("no cell asserts statement %s", name, location=node)
            links = nodes.paragraph()
            for i, (_, page, anchor, comment, title, section) in enumerate(rows):
                if i:
                    links += nodes.Text("; ")
                links += link(app, docname, page, section, title)
                links += nodes.Text(": ")
                links += link(app, docname, page, anchor, comment)
            links += nodes.Text(".")
            term = nodes.term("", "", nodes.strong("", name), nodes.Text(f" {text}"))
            items += nodes.definition_list_item("", term, nodes.definition("", links))
        node.replace_self(items)


def link(app, from_page, to_page, anchor, text):
    address = app.builder.get_relative_uri(from_page, to_page)
    return nodes.reference("", text, refuri=f"{address}#{anchor}".rstrip("#"), internal=True)


def forget(app, env, docname):
    env.statement_cells = [row for row in found(env) if row[1] != docname]


def always_read(app, env, added, changed, removed):
    return ["notes-map"] if "notes-map" in env.found_docs else []


def setup(app):
    app.add_node(NotesMapNode)
    app.add_directive("notes-map", NotesMap)
    app.connect("doctree-read", mark_cells, priority=400)  # before a label is taken from its cell
    app.connect("doctree-resolved", write_list)
    app.connect("env-purge-doc", forget)
    app.connect("env-get-outdated", always_read)
    return {"version": "1", "parallel_read_safe": False}
