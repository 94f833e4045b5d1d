"""The book is built from the outputs that the notebooks hold; a build with stale ones fails.

``make refresh`` executes a notebook and stores in it the fingerprint of what its outputs come from: its
code, ``rnncore`` and ``rnnbook`` (the checks of the exercises apart), their data, the style of the figures, and
the versions of NumPy and Matplotlib. A comment, a docstring or a hint changes no output, and no fingerprint.
"""

import ast
import hashlib
from importlib.metadata import version
from pathlib import Path

import nbformat
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[1]


def sources(root=ROOT):
    """Return as text what all notebooks import: the packages below the folder `root`, and versions."""
    checks = root / "rnnbook" / "exercises"
    parts = [f"{name} {version(name)}" for name in ("numpy", "matplotlib")]
    for path in sorted(
        path for name in ("rnncore", "rnnbook") for path in root.glob(f"{name}/**/*")
    ):
        if path.suffix == ".py" and checks not in path.parents:
            parts += [path.relative_to(root).as_posix(), syntax(path.read_text(encoding="utf-8"))]
        elif path.suffix in {".csv", ".mplstyle"}:
            parts += [path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")]
    return "\0".join(parts)


def fingerprint(notebook, imported):
    """Return the fingerprint of a notebook's outputs, a short hash; `imported` is that of `sources`."""
    parts = [
        imported,
        *(syntax(cell.source) for cell in notebook.cells if cell.cell_type == "code"),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def syntax(source):
    """Return the syntax tree of some code as text, without docstrings, alike under every Python.

    >>> syntax("def f():\\n    'Nothing.'\\n    return 1  # one") == syntax("def f(): return 1")
    True
    """
    return _text(ast.parse(source))


def _text(node):
    if isinstance(node, list):
        return f"[{' '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
        fields["body"] = node.body[1:]
    # what is empty is left out: newer versions of Python have more fields
    filled = {name: value for name, value in fields.items() if value not in (None, [])}
    return f"{type(node).__name__}({', '.join(f'{k}={_text(v)}' for k, v in filled.items())})"


def refuse_stale(app, env, docnames):
    """Stop the build where a notebook's outputs are not those of its code."""
    paths = sorted(Path(env.doc2path(name)) for name in env.found_docs)
    imported, stale = sources(), []
    for path in paths:
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            stored = notebook.metadata.get("rnnbook", {}).get("fingerprint")
            if stored != fingerprint(notebook, imported):
                stale.append(path.relative_to(app.srcdir).as_posix())
    if stale:
        raise ExtensionError(
            "The stored outputs are older than the code that they come from. Execute these notebooks, "
            f"then build again: make refresh NOTEBOOKS='{' '.join(stale)}'"
        )


def setup(app):
    app.connect("env-before-read-docs", refuse_stale)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
