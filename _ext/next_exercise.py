"""Each exercise ends in a link to the next, from the last of a page to the first of the next page that has any."""

from itertools import pairwise

from docutils import nodes
from notes_map import link
from sphinx_exercise.nodes import exercise_enumerable_node


def add_links(app, doctree, docname):
    numbers = {
        (page, label): ".".join(map(str, number))
        for page, kinds in app.env.toc_fignumbers.items()  # in the order of the contents
        for label, number in kinds.get("exercise", {}).items()
    }
    following = dict(pairwise(numbers))
    for exercise in doctree.findall(exercise_enumerable_node):
        target = following.get((docname, exercise["label"]))
        if target:
            text = f"Next: Exercise {numbers[target]}"
            exercise += nodes.paragraph(
                "", "", link(app, docname, *target, text), classes=["next-exercise"]
            )


def setup(app):
    app.connect("doctree-resolved", add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
