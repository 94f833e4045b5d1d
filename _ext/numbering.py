"""What figures, equations and exercises are numbered by: 4.1 in chapter 4, L4.1 in lab 4, C.1 in the capstone,
A.1 in the page on what came after.

Sphinx knows the numbers of chapters; those of the other notebooks are set here. JupyterLab has them from front matter
in the first cell of each notebook, which is left out of the page.
"""

import json
import re

LETTERS = {"chapters/08-capstone": "C", "beyond/after-the-lstm": "A"}
FRONT_MATTER = "---\nnumbering:\n  enumerator: {}.%s\n---\n"


def prefix(page):
    """Return what stands before the numbers of a notebook, as in 4.1, or None for other pages.

    >>> [prefix(page) for page in ("chapters/04-bptt", "labs/04-bptt", "chapters/08-capstone", "intro")]
    ['4', 'L4', 'C', None]
    """
    if page in LETTERS:
        return LETTERS[page]
    match = re.match(r"(chapters|labs)/0(\d)-", page)
    return match and {"chapters": "", "labs": "L"}[match[1]] + match[2]


def leave_out_front_matter(app, page, source):
    if not app.env.doc2path(page).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    first = notebook["cells"][0]
    text = "".join(first["source"])
    if text.startswith("---\nnumbering:"):
        first["source"] = text.split("\n---\n", 1)[1]
        source[0] = json.dumps(notebook)


def number(app, env):
    """Count anew, from 1, what Sphinx counts through all notebooks without a number."""
    for page, kinds in env.toc_fignumbers.items():
        name = prefix(page)
        if name and not name.isdigit():
            for numbers in kinds.values():
                for place, label in enumerate(numbers, start=1):
                    numbers[label] = (name, place)
    return []


def setup(app):
    app.connect("source-read", leave_out_front_matter)
    app.connect("env-get-updated", number, priority=900)  # after Sphinx has numbered
    return {"parallel_read_safe": True, "parallel_write_safe": True}
