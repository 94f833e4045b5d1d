"""Everything that opens and closes is a native `<details>`: solutions, dropdowns and folded code.

It needs no script, works with the keyboard and a screen reader, and stays closed in print. A cell with one of the
tags FOLDED shows its first line, a comment, and hides the code; its outputs stay in view. The code after an exercise
belongs to its box, and so does the code after a solution. (`make refresh` folds the same cells in JupyterLab.)
sphinx-exercise gives the body of every exercise the same id, and sphinx-proof every proof: these are dropped here.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node

logger = logging.getLogger(__name__)
FOLDED = {"measure", "evidence", "hide-input"}
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


def is_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def fold_cells(app, doctree):
    """Give each cell that is folded its label."""
    for cell in filter(is_cell, doctree.findall(nodes.container)):
        if not FOLDED.intersection(cell["cell_metadata"].get("tags", [])):
            continue
        code = cell.next_node(nodes.literal_block)
        first, _, rest = code.astext().partition("\n")
        if not first.startswith("# "):
            logger.warning("a folded cell begins with a comment, its label", location=cell)
            continue
        cell["hide_mode"] = "input"
        cell["prompt_show"] = cell["prompt_hide"] = first.removeprefix("# ").replace("`", "")
        code.children, code.rawsource = [nodes.Text(rest.lstrip("\n"))], rest


def move_code_into_boxes(app, doctree):
    """Move the cells after an exercise, or after a solution, into its box."""
    for box in list(doctree.findall(nodes.Element)):
        if not isinstance(box, exercise_enumerable_node | solution_node):
            continue
        content = box.next_node(nodes.section)
        following = box.parent[box.parent.index(box) + 1 :]
        for cell in following:
            if not is_cell(cell):
                break
            box.parent.remove(cell)
            content += cell


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
    label = self.encode(node["prompt_show"])
    self.body.append(f'<details class="folded-cell">\n<summary>{label}</summary>\n')


def setup(app):
    app.add_node(details, html=(visit_details, depart_details))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_cell, depart_details))
    app.connect("doctree-read", fold_cells)
    app.connect("doctree-read", move_code_into_boxes)
    app.add_post_transform(FoldDropdowns)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
