"""Run notebooks with all random seeds moved, and say which asserts were luck.

Run it by ``make audit``, with ``SHIFTS=n`` for seeds moved n times (3 by default), ``NOTEBOOKS=...`` for some.
An assert has room, and the words of the text may claim more than it: ``OUTPUTS=folder`` writes what each cell prints
under each shift, to be read beside the text.

``np.random.default_rng`` is replaced for the whole kernel, ``rnncore`` and ``rnnbook`` included: a seed ``s``
becomes ``[shift, *s]``. Asserts and calls of ``np.testing.assert_*`` outside functions are recorded and do
not stop their cell. One in a loop counts once, and fails if any pass fails; one that is not reached fails. A
cell that raises is reported, and so is a solution that no longer passes its ``check``. No notebook is changed.

A claim holds if it fails under none or few shifts. One about a single draw is no claim: show it as what it is.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient

TOOLS = str(Path(__file__).parent)
ENOUGH = 0.99  # of all pairs of an assert and a shift


@dataclass
class Result:
    """What one notebook does under one shift. Asserts are named by cell and line, ``"cell-id:3"``."""

    asserts: dict[str, bool] = field(default_factory=dict)  # whether each holds
    texts: dict[str, str] = field(default_factory=dict)  # its first line
    outputs: dict[str, tuple[str, str]] = field(default_factory=dict)  # as stored, as moved
    failed_solutions: list[str] = field(default_factory=list)  # names of exercises
    raised: dict[str, str] = field(default_factory=dict)  # cell -> error


def audit(path: Path, shift: int) -> Result:
    """Execute one notebook in its own folder with all seeds moved, in memory."""
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    passed, stored = [passes(cell) for cell in cells], [printed(cell) for cell in cells]
    first = f"__import__('sys').path.append({TOOLS!r}); __import__('audit').install({shift})"
    last = "__import__('audit').report()"
    before, after = (nbformat.v4.new_code_cell(source) for source in (first, last))
    notebook.cells = [before, *cells, after]
    NotebookClient(
        notebook,
        timeout=3600,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
    ).execute()
    if errors(before) or errors(after):
        raise RuntimeError(f"{path.name} could not be audited: {errors(before) + errors(after)}")
    held = json.loads(after.outputs[0].text)

    result = Result()
    for k, cell in enumerate(cells):
        lines = cell.source.split("\n")
        for line in Recorder(k).lines_of(cell.source):
            name = f"{cell.id}:{line}"
            result.asserts[name] = held.get(f"{k}:{line}", False)
            result.texts[name] = lines[line - 1].strip()
        result.failed_solutions += [name for name in passed[k] if name not in passes(cell)]
        if errors(cell):
            result.raised[cell.id] = errors(cell)[0]
        result.outputs[cell.id] = stored[k], printed(cell)
    return result


def passes(cell) -> list[str]:
    """The exercises that a cell's outputs report as passed."""
    text = "\n".join(output.get("text", "") for output in cell.outputs)
    return re.findall(r"^(\S+): passed$", text, flags=re.MULTILINE)


def printed(cell) -> str:
    """What a cell prints, its tables as text; figures are left out."""
    outputs = [output for output in cell.outputs if "image/svg+xml" not in output.get("data", {})]
    texts = [o.get("text", o.get("data", {}).get("text/plain", "")) for o in outputs]
    return "\n".join(texts).strip()


def errors(cell) -> list[str]:
    found = [output for output in cell.outputs if output.output_type == "error"]
    return [f"{error.ename}: {error.evalue}" for error in found]


# In the kernel of the notebook.


def install(shift: int) -> None:
    """Move all seeds of this kernel, and record the asserts of the cells to come."""
    np.random.default_rng = moved(np.random.default_rng, shift)
    shell, held = get_ipython(), {}  # noqa: F821 - what IPython defines
    counter = iter(range(sys.maxsize))

    def record(place, holds):
        held[place] = held.get(place, True) and holds

    class RecordCells:
        def visit(self, tree):
            return Recorder(next(counter)).visit(tree)

    shell.ast_transformers.append(RecordCells())
    shell.user_ns["__record__"] = record
    shell.user_ns["__held__"] = held


def report() -> None:
    """Print what was recorded."""
    print(json.dumps(get_ipython().user_ns["__held__"]))  # noqa: F821


def moved(default_rng, shift: int):
    """``default_rng`` with every seed ``s`` as ``[shift, *s]``; a generator stays what it is."""

    def moved_rng(seed=None):
        if seed is None:
            return default_rng([shift])
        if isinstance(seed, int | np.integer):
            return default_rng([shift, int(seed)])
        if isinstance(seed, Sequence | np.ndarray):
            return default_rng([shift, *seed])
        return default_rng(seed)

    return moved_rng


class Recorder(ast.NodeTransformer):
    """Turn each assert outside functions into one that is recorded, and does not stop the cell.

    The source of the cell stays as it is, so a cell that reads its own source finds it.
    """

    def __init__(self, cell: int):
        self.cell, self.lines = cell, []

    def lines_of(self, source: str) -> list[int]:
        """The lines of the asserts that are recorded."""
        self.visit(ast.parse(source))
        return self.lines

    def leave(self, node):
        """A function's asserts are its own; so are those whose failure the cell catches."""
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_Try = leave  # noqa: N815

    def visit_Assert(self, node):
        self.lines.append(node.lineno)
        place = f"{self.cell}:{node.lineno}"
        wrapped = ast.parse(
            f"try:\n    __record__({place!r}, True)\n"
            f"except AssertionError:\n    __record__({place!r}, False)"
        ).body[0]
        wrapped.body.insert(0, node)
        return ast.fix_missing_locations(ast.copy_location(wrapped, node))

    def visit_Expr(self, node):
        function = node.value.func if isinstance(node.value, ast.Call) else None
        called = getattr(function, "attr", getattr(function, "id", ""))
        return self.visit_Assert(node) if called.startswith("assert_") else node


# What is printed.


def summary(results: dict[tuple[str, int], Result]) -> tuple[str, bool]:
    """A report on all notebooks and shifts, and whether enough holds."""
    lines, pairs, bad = [], [], False
    for notebook in sorted({name for name, _ in results}):
        by_shift = {shift: r for (name, shift), r in results.items() if name == notebook}
        holds = [held for result in by_shift.values() for held in result.asserts.values()]
        pairs += holds
        lines.append(f"{notebook}: {sum(holds)} of {len(holds)} pairs (assert, shift) hold")
        one = next(iter(by_shift.values()))
        for name, text in one.texts.items():
            shifts = [shift for shift, result in by_shift.items() if not result.asserts[name]]
            if shifts:
                lines.append(f"    fails under {shifts}: {name}  {text}")
        for shift, result in sorted(by_shift.items()):
            for cell, error in result.raised.items():
                lines.append(f"    shift {shift}: cell {cell} raises {error}")
            for name in result.failed_solutions:
                lines.append(f"    shift {shift}: the solution of {name} does not pass")
            bad = bad or bool(result.raised or result.failed_solutions)
    share = sum(pairs) / len(pairs) if pairs else 1.0
    lines.append(f"{sum(pairs)} of {len(pairs)} pairs hold: {100 * share:.1f} %")
    return "\n".join(lines), share >= ENOUGH and not bad


def outputs(results: dict[int, Result]) -> str:
    """What the cells of a notebook print as stored and under each shift, where they differ, as Markdown."""
    lines = []
    for cell, (stored, _) in next(iter(results.values())).outputs.items():
        by_shift = {shift: result.outputs[cell][1] for shift, result in results.items()}
        if set(by_shift.values()) != {stored}:
            texts = {"stored": stored} | {f"shift {k}": text for k, text in by_shift.items()}
            lines.append(f"## {cell}\n")
            lines += [f"{name}:\n\n```\n{text}\n```\n" for name, text in texts.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--shifts", type=int, default=3)
    parser.add_argument("--outputs", type=Path, help="a folder, for a file of each notebook")
    options = parser.parse_args()
    jobs = [(path, shift) for path in options.notebooks for shift in range(1, options.shifts + 1)]
    with ProcessPoolExecutor() as pool:
        futures = {(path.stem, shift): pool.submit(audit, path, shift) for path, shift in jobs}
        results = {key: future.result() for key, future in futures.items()}
    if options.outputs:
        options.outputs.mkdir(parents=True, exist_ok=True)
        for path in options.notebooks:
            of = {shift: result for (name, shift), result in results.items() if name == path.stem}
            (options.outputs / f"{path.stem}.md").write_text(outputs(of), encoding="utf-8")
    text, enough = summary(results)
    print(text)
    sys.exit(not enough)


if __name__ == "__main__":
    main()
