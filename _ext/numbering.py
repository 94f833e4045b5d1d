"""A notebook begins with front matter that JupyterLab reads: its figures, equations and exercises are 4.1, 4.2, …

The book counts for itself, so the front matter is left out here.
"""

import json


def leave_out(app, docname, source):
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    first = notebook["cells"][0]
    text = "".join(first["source"])
    if text.startswith("---\nnumbering:"):
        first["source"] = text.split("\n---\n", 1)[1]
        source[0] = json.dumps(notebook)


def setup(app):
    app.connect("source-read", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
