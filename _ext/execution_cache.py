"""Execute the notebooks side by side, into a cache named after the code that they import.

jupyter-cache looks only at the code of a notebook, so a change in `rnncore` or in a pinned version
would leave old outputs in the book. The cache folder is therefore named by a hash of both: a change
of either starts an empty cache, and plain `jupyter-book build .` notices it too.

myst-nb executes one notebook after the other, as it reads them. So what is not in the cache is executed
before, one notebook for each processor. One that fails is left to myst-nb, which reports it.
"""

import hashlib
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor


def source_hash(root):
    """Return a short hash of `rnncore/`, `rnnbook/` and the pinned versions below the folder `root`."""
    files = [root / "constraints.txt", root / "chapters" / "matplotlibrc"]
    for package in ("rnncore", "rnnbook"):
        found = (root / package).rglob("*")
        files += [path for path in found if "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for path in sorted(file for file in files if file.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def set_cache_path(app, config):
    """Point myst-nb at `_build/.jupyter_cache-<hash>`, beside the output folder."""
    build = Path(app.outdir).parent
    config.nb_execution_cache_path = str(build / f".jupyter_cache-{source_hash(Path(app.srcdir))}")


def fill_cache(app, env, docnames):
    """Execute the notebooks among the pages that will be read, those with the most code cells first."""
    if app.config.nb_execution_mode != "cache":
        return
    paths = [Path(env.doc2path(name)) for name in docnames]
    notebooks = {
        path: nbformat.read(path, as_version=4) for path in paths if path.suffix == ".ipynb"
    }

    def n_code_cells(path):
        return sum(cell.cell_type == "code" for cell in notebooks[path].cells)

    cache = get_cache(app.config.nb_execution_cache_path)
    for path in sorted(notebooks, key=n_code_cells, reverse=True):
        cache.add_nb_to_project(str(path))
    load_executor("local-parallel", cache).run_and_cache(
        filter_uris=[str(path) for path in notebooks], timeout=app.config.nb_execution_timeout
    )


def setup(app):
    # Before myst-nb reads its configuration.
    app.connect("config-inited", set_cache_path, priority=100)
    app.connect("env-before-read-docs", fill_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
