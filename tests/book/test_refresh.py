"""Refreshing a notebook twice changes nothing, and what it stores is fresh."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "tools"), str(ROOT / "_ext")]

import refresh  # noqa: E402
from stored_outputs import fingerprint, sources  # noqa: E402


def write(path, *sources, **options):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, **options), path)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory):
    path = tmp_path_factory.mktemp("refresh") / "toy.ipynb"
    write(path, "print('a'); print('b')", "1 + 1", metadata={"description": "Kept.", "x": "lost"})
    notebook = nbformat.read(path, 4)
    timed = nbformat.v4.new_code_cell("print('now')", id="timed", metadata={"tags": []})
    timed.metadata.tags = ["nbval-ignore-output"]
    timed.outputs = [nbformat.v4.new_output("stream", text="then\n")]
    notebook.cells.append(timed)
    notebook.metadata["rnnbook"] = {"fingerprint": fingerprint(notebook, sources())}
    nbformat.write(notebook, path)
    refresh.execute(path)
    return path


def test_outputs_are_stored_in_order(refreshed):
    first, second, timed = nbformat.read(refreshed, 4).cells
    assert [output.text for output in first.outputs] == ["a\nb\n"]
    assert second.outputs[0].data["text/plain"] == "2"
    assert [cell.execution_count for cell in (first, second, timed)] == [1, 2, 3]


def test_an_output_that_may_differ_is_kept(refreshed):
    assert nbformat.read(refreshed, 4).cells[-1].outputs[0].text == "then\n"


def test_it_is_renewed_once_code_has_changed(refreshed, tmp_path):
    notebook = nbformat.read(refreshed, 4)
    notebook.cells[0].source = "print('c')"  # another cell, from which it may come
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    refresh.execute(tmp_path / "changed.ipynb")
    assert nbformat.read(tmp_path / "changed.ipynb", 4).cells[-1].outputs[0].text == "now\n"


def test_the_metadata_is_what_the_book_needs(refreshed):
    notebook = nbformat.read(refreshed, 4)
    assert notebook.metadata["rnnbook"] == {"fingerprint": fingerprint(notebook, sources())}
    assert notebook.metadata["description"] == "Kept."
    assert set(notebook.metadata) == {"kernelspec", "language_info", "description", "rnnbook"}


def test_twice_gives_no_difference(refreshed):
    before = refreshed.read_bytes()
    refresh.execute(refreshed)
    assert refreshed.read_bytes() == before


def test_a_cell_that_fails_leaves_the_notebook_as_it_was(tmp_path):
    path = tmp_path / "broken.ipynb"
    write(path, "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        refresh.execute(path)
    assert path.read_bytes() == before


def test_what_the_book_folds_is_folded_in_jupyterlab():
    code = [
        nbformat.v4.new_code_cell("# Imports", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_code_cell("x = 1", metadata={"jupyter": {"source_hidden": True}}),
        nbformat.v4.new_code_cell("answer = 1"),
        nbformat.v4.new_code_cell("check(answer)"),
        nbformat.v4.new_code_cell("y = 2"),
    ]
    solution = nbformat.v4.new_markdown_cell(":::{solution} toy-1\n:class: dropdown\nOne.\n:::")
    after = nbformat.v4.new_markdown_cell("After it.")
    refresh.fold(nbformat.v4.new_notebook(cells=[*code[:2], solution, *code[2:4], after, code[4]]))
    closed = {"source_hidden": True}
    everything = closed | {"outputs_hidden": True}
    folds = [cell.metadata.get("jupyter", {}) for cell in code]
    assert folds == [closed, {}, everything, everything, {}]
