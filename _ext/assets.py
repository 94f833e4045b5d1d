"""Load the book's own style and script, and nothing else from `_static`.

Jupyter Book links every .css and .js file below `_static` from every page. The style of formulas is there, and
`formulas.py` loads it where there are any.
"""

OWN_STYLES = ["book.css", "icons.css"]
OWN_SCRIPTS = ["book.js"]


def keep_own_files(app, config):
    """Replace the automatic lists; `defer` because the script works on the finished page."""
    config.html_css_files = [(name, {"priority": 900}) for name in OWN_STYLES]
    config.html_js_files = [(name, {"defer": "defer"}) for name in OWN_SCRIPTS]


def leave_out_unused(app, pagename, templatename, context, doctree):
    """The book has no tabs, and paints the words of a search on the search page alone, not on the next page."""
    unused = ["design-tabs"] if pagename == "search" else ["design-tabs", "sphinx_highlight"]
    scripts = context["script_files"]  # changed in place: other extensions add to this very list
    scripts[:] = [s for s in scripts if not any(name in str(s.filename) for name in unused)]


def setup(app):
    app.connect("config-inited", keep_own_files, priority=100)
    app.connect("html-page-context", leave_out_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
