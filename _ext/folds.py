"""Everything that opens and closes is a native `<details>`: solutions, dropdowns and folded code.

It needs no script, works with the keyboard and a screen reader, and stays closed in print.
sphinx-exercise gives the body of every exercise the same id, and sphinx-proof every proof: these are dropped here.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import solution_node

REPEATED_IDS = {"exercise-content", "solution-content", "proof-content", "proof"}


class details(nodes.Element):  # noqa: N801  a docutils node is named after its element
    """A box that the reader opens."""


class summary(nodes.TextElement):  # noqa: N801
    """The line of a closed box that stays in view."""


class FoldDropdowns(SphinxPostTransform):
    """Turn solutions and admonitions of class `dropdown` into `details`."""

    default_priority = 900  # after sphinx-exercise has written its titles
    formats = ("html",)

    def run(self, **kwargs):
        for node in self.document.findall(nodes.Element):
            if REPEATED_IDS.intersection(node["ids"]):
                node["ids"] = [i for i in node["ids"] if i not in REPEATED_IDS]
        for box in list(self.document.findall(is_dropdown)):
            title = box.next_node(nodes.title)
            fold = details(ids=box["ids"], classes=["admonition", *box["classes"]])
            for link in list(title.findall(nodes.reference)):
                link.replace_self(link.children)  # a link inside a summary cannot be told from it
            fold += summary("", "", *title.children, classes=["admonition-title"])
            title.parent.remove(title)
            fold += box.children
            box.replace_self(fold)


def is_dropdown(node):
    """Return whether a node is a solution, or an admonition that begins closed."""
    return isinstance(node, solution_node) or (
        isinstance(node, nodes.Admonition) and "dropdown" in node["classes"]
    )


def visit_details(self, node):
    self.body.append(self.starttag(node, "details"))


def depart_details(self, node):
    self.body.append("</details>\n")


def visit_summary(self, node):
    self.body.append(self.starttag(node, "summary", ""))


def depart_summary(self, node):
    self.body.append("</summary>\n")


def visit_hidden_cell(self, node):
    """Folded code: one visible label, where myst-nb writes two and hides one."""
    what = "Output" if "below-input" in node["classes"] else "Code"
    self.body.append(f'<details class="folded-cell">\n<summary>{what}</summary>\n')


def setup(app):
    app.add_node(details, html=(visit_details, depart_details))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_cell, depart_details))
    app.add_post_transform(FoldDropdowns)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
