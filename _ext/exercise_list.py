"""The list of exercises.md: a table for each chapter, made from the exercises themselves.

What an exercise trains, and about how many minutes it takes, stand in the metadata of the cell that waits for its answer:
``exercise: {trains: ..., minutes: ...}``. The reader's marks come from the browser (``_static/book.js``);
on paper their column is empty.
"""

from docutils import nodes
from folds import is_cell
from notes_map import link
from numbering import prefix
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import exercise_enumerable_node
from terms_index import row

logger = logging.getLogger(__name__)
HEAD = ("exercise", "what it trains", "min", "done")


class ExerciseListNode(nodes.General, nodes.Element):
    """Stands for the tables until every chapter has been read."""


class ExerciseList(SphinxDirective):
    def run(self):
        node = ExerciseListNode()
        self.set_source_info(node)
        return [node]


def found(env):
    """The exercises: a dict from each page to a list of (label, title, metadata)."""
    if not hasattr(env, "listed_exercises"):
        env.listed_exercises = {}
    return env.listed_exercises


def collect(app, doctree):
    for box in doctree.findall(exercise_enumerable_node):
        stubs = [cell["cell_metadata"] for cell in box.findall(is_cell)]
        about = stubs[0].get("exercise") if stubs else None
        title = box.next_node(nodes.subtitle).astext()
        found(app.env).setdefault(app.env.docname, []).append((box["label"], title, about))


def write_tables(app, doctree, docname):
    for node in list(doctree.findall(ExerciseListNode)):
        parts = []
        for page, exercises in sorted(found(app.env).items(), key=chapters_first):
            for label, _, about in exercises:
                if not about:
                    logger.warning("nothing says what exercise %s trains", label, location=node)
            exercises = [exercise for exercise in exercises if exercise[2]]
            if exercises:
                parts += table(app, docname, page, exercises)
        node.replace_self(parts)


def chapters_first(item):
    return not item[0].startswith("chapters/"), item[0]


def table(app, docname, page, exercises):
    """Return the line above a chapter's table, and the table."""
    minutes = sum(about["minutes"] for _, _, about in exercises)
    above = nodes.paragraph(classes=["exercises-of"])
    number = prefix(page)
    chapter = app.env.titles[page].astext()
    chapter = f"{number}. {chapter}" if number and number.isdigit() else chapter
    above += link(app, docname, page, "", chapter)
    above += nodes.Text(f": {len(exercises)} exercises, about {minutes} minutes")
    body = nodes.tbody()
    numbers = app.env.toc_fignumbers.get(page, {}).get("exercise", {})
    for label, title, about in exercises:
        name = nodes.paragraph()
        name += nodes.Text(".".join(map(str, numbers.get(label, ()))) + " ")
        name += link(app, docname, page, label, title)
        trains = nodes.paragraph("", about["trains"])
        body += row(name, trains, nodes.paragraph("", str(about["minutes"])), nodes.paragraph())
    head = nodes.thead("", row(*(nodes.paragraph("", text) for text in HEAD)))
    columns = [nodes.colspec() for _ in HEAD]
    group = nodes.tgroup("", *columns, head, body, cols=len(HEAD))
    return [above, nodes.table("", group, classes=["exercises"])]


def forget(app, env, docname):
    found(env).pop(docname, None)


def always_read(app, env, added, changed, removed):
    return ["exercises"] if "exercises" in env.found_docs else []


def setup(app):
    app.add_node(ExerciseListNode)
    app.add_directive("exercise-list", ExerciseList)
    app.connect("doctree-read", collect, priority=600)  # after the code has moved into its box
    app.connect("doctree-resolved", write_tables)
    app.connect("env-purge-doc", forget)
    app.connect("env-get-outdated", always_read)
    return {"version": "1", "parallel_read_safe": False}
