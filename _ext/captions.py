"""The caption of a figure is a cell of its own below the code that draws it, so JupyterLab shows it as well:

    :::{figure}
    :name: fig-lag

    What is seen, and what to look at.
    :::

A ``figure`` without the file of a picture is such a caption; it takes the picture from the outputs of the cell above.
"""

from docutils import nodes
from sphinx.directives.patches import Figure
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
DRAWN = ("image/svg+xml", "image/png")
WIDGETS = ('class="rnn-slider"', 'class="rnn-sound"')


class FigureOrCaption(Figure, SphinxDirective):
    """The directive of Sphinx, whose picture may be left out."""

    required_arguments = 0
    optional_arguments = 1

    def run(self):
        if self.arguments:
            return super().run()
        figure = nodes.figure(classes=["of-the-cell-above"])
        figure.source, figure.line = self.get_source_info()
        content = self.parse_content_to_nodes()
        if len(content) != 1 or not isinstance(content[0], nodes.paragraph):
            logger.warning("a caption is one paragraph", location=figure)
            return []
        figure += nodes.caption(content[0].rawsource, "", *content[0].children)
        self.add_name(figure)
        return [figure]


def is_picture(output):
    """Return whether an output of a cell is an image, or a figure in HTML."""
    if output.get("nb_element") != "mime_bundle":
        return False
    if any(part.get("mime_type") in DRAWN for part in output.findall(nodes.container)):
        return True
    return any(widget in raw.astext() for raw in output.findall(nodes.raw) for widget in WIDGETS)


def join(app, doctree):
    """Move each picture into the figure that has its caption, and the figure into the cell."""
    for figure in list(doctree.findall(nodes.figure)):
        if "of-the-cell-above" not in figure["classes"]:
            continue
        figure["classes"].remove("of-the-cell-above")
        place = figure.parent.index(figure)
        cell = figure.parent[place - 1] if place else None
        outputs = cell[-1] if isinstance(cell, nodes.container) and len(cell) else []
        pictures = [output for output in outputs if is_picture(output)]
        if not pictures:
            logger.warning("there is no picture in the cell above this caption", location=figure)
            continue
        figure.parent.remove(figure)
        for picture in pictures:
            outputs.remove(picture)
        figure[:0] = pictures
        outputs += figure


def setup(app):
    app.add_directive("figure", FigureOrCaption, override=True)
    app.connect("doctree-read", join, priority=400)  # before what looks at figures and moves cells
    return {"parallel_read_safe": True, "parallel_write_safe": True}
