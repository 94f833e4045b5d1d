"""Warn about a figure that some readers could not use: without caption, name or alt text.

Without alt text the file path would become the alt text, which checkers of the finished page accept.
So it is checked here, where a warning fails the build.
"""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def problems(output):
    """Yield what is missing at one output of a cell, an image or a figure in HTML."""
    images = list(output.findall(nodes.image))
    markup = "".join(raw.astext() for raw in output.findall(nodes.raw))
    movable = any(f'class="{name}"' in markup for name in ("rnn-slider", "rnn-sound"))
    if not images and not movable:
        return
    if any(not image.get("alt") for image in images):
        yield "alt text (mystnb.image.alt in the cell's metadata)"
    if not images and "aria-label=" not in markup:
        yield "aria-label in its markup"
    figure = output.parent
    if not isinstance(figure, nodes.figure):
        yield "caption and name (a cell with a figure below it)"
        return
    if not figure["names"]:
        yield "name (:name: of the figure below it)"


def check_figures(app, doctree):
    """Look at every cell output and every image of the text."""
    for output in doctree.findall(nodes.container):
        if output.get("nb_element") == "mime_bundle":
            for problem in problems(output):
                logger.warning("a figure has no %s", problem, location=output)
    for image in doctree.findall(nodes.image):
        if not image.get("alt"):
            logger.warning("an image has no alt text: %s", image["uri"], location=image)


def setup(app):
    app.connect("doctree-read", check_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
