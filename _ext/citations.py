"""Entries of the bibliography without the ARIA roles of docutils, which are deprecated and misplaced."""

from docutils import nodes


def visit_citation(self, node):
    self.body.append(self.starttag(node, "div", CLASS="citation"))


def depart_citation(self, node):
    self.body.append("</div>\n")


def setup(app):
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
