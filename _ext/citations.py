"""Citations are links that say what they cite: ``[Hochreiter (1991)](#hochreiter1991)``, ``[Hochreiter, 1991](#…)``.

So they read well in JupyterLab too. In the book they become roles of sphinxcontrib-bibtex, which writes the words anew
from `references.bib` and links to the entry.
"""

import re
from dataclasses import dataclass, field

from docutils import nodes
from pybtex.database import parse_file
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

LINK = re.compile(r"\[([^\[\]]+)\]\(#(\w+)\)")


def round_brackets():
    return BracketStyle(left="(", right=")")


@dataclass
class RoundBrackets(AuthorYearReferenceStyle):
    """Hochreiter (1991), where the library's own style has Hochreiter [1991]."""

    bracket_textual: BracketStyle = field(default_factory=round_brackets)


def cite(app, docname, source):
    """Turn links to entries of the bibliography into roles, in the text of a page or the JSON of a notebook."""
    keys = set(parse_file(app.srcdir / "references.bib").entries)

    def role(match):
        words, key = match.groups()
        if key not in keys:
            return match[0]
        return f"{{cite:{'t' if words.endswith(')') else 'alp'}}}`{key}`"

    source[0] = LINK.sub(role, source[0])


def visit_citation(self, node):
    """An entry without the ARIA roles of docutils, which are deprecated and misplaced."""
    self.body.append(self.starttag(node, "div", CLASS="citation"))


def depart_citation(self, node):
    self.body.append("</div>\n")


def setup(app):
    register_plugin("sphinxcontrib.bibtex.style.referencing", "round_brackets", RoundBrackets)
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.connect("source-read", cite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
