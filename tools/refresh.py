"""Format, execute and normalise notebooks, so that running it twice changes nothing.

It stores in each the fingerprint of what its outputs come from, which `make book` compares, and folds the same cells
for JupyterLab as the book folds.

Run it by ``make refresh NOTEBOOKS=chapters/01*.ipynb``: the Makefile sets one BLAS thread and no progress bars.

A cell tagged ``nbval-ignore-output`` shows timings, or runs that part ways on another processor: it keeps its
stored output as long as nothing has changed that outputs come from.
"""

import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "_ext"))

from folds import FOLDED  # noqa: E402
from stored_outputs import fingerprint, sources  # noqa: E402

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def fold(notebook) -> None:
    """Close in JupyterLab the code of folded cells, and of solutions the outputs as well."""
    in_solution = False
    for cell in notebook.cells:
        cell.metadata.pop("jupyter", None)
        if cell.cell_type == "markdown":
            in_solution = re.match(r":{3,}\{solution\}", cell.source) is not None
        elif in_solution:
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
        elif FOLDED.intersection(cell.metadata.get("tags", [])):
            cell.metadata["jupyter"] = {"source_hidden": True}


def execute(path: Path) -> float:
    """Execute one notebook in its own folder and write it back; returns the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    now = fingerprint(notebook, sources())
    unchanged = notebook.metadata.get("rnnbook", {}).get("fingerprint") == now
    stored = {
        cell.id: cell.outputs
        for cell in notebook.cells
        if unchanged and "nbval-ignore-output" in cell.metadata.get("tags", []) and cell.outputs
    }
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        if cell.id in stored:
            cell.outputs = stored[cell.id]
    kept = {k: notebook.metadata[k] for k in ("description", "myst") if k in notebook.metadata}
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, **kept}
    notebook.metadata["rnnbook"] = {"fingerprint": now}
    fold(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    return seconds


def main(names: list[str]) -> None:
    paths = [Path(name) for name in names]
    ruff = [sys.executable, "-m", "ruff"]
    for step in (["format"], ["check", "--fix"], ["format"]):  # most long lines only need the first
        subprocess.run([*ruff, *step, "--quiet", *paths], check=True)
    with ProcessPoolExecutor() as pool:  # as many side by side as there are processors
        for path, seconds in zip(paths, pool.map(execute, paths), strict=True):
            print(f"{path.name}: {seconds:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
