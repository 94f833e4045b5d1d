"""Name the execution cache after the code that the notebooks import.

jupyter-cache looks only at the code of a notebook, so a change in `rnncore` or in a pinned version
would leave old outputs in the book. The cache folder is therefore named by a hash of both: a change
of either starts an empty cache, and plain `jupyter-book build .` notices it too.
"""

import hashlib
from pathlib import Path


def source_hash(root):
    """Return a short hash of `rnncore/` and of the pinned versions below the folder `root`."""
    files = [root / "constraints.txt", root / "chapters" / "matplotlibrc"]
    files += [path for path in (root / "rnncore").rglob("*") if "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for path in sorted(file for file in files if file.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def set_cache_path(app, config):
    """Point myst-nb at `_build/.jupyter_cache-<hash>`, beside the output folder."""
    build = Path(app.outdir).parent
    config.nb_execution_cache_path = str(build / f".jupyter_cache-{source_hash(Path(app.srcdir))}")


def setup(app):
    # Before myst-nb reads its configuration.
    app.connect("config-inited", set_cache_path, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
