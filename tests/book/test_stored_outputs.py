"""The fingerprint of a notebook's outputs: it follows all that they come from, and nothing else."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))

from stored_outputs import fingerprint, sources, syntax  # noqa: E402

NOTEBOOKS = sorted(ROOT.glob("*/*.ipynb"))
FILES = {
    "rnncore/cells.py": "def step():\n    return 1\n",
    "rnncore/data/names.csv": "anna\n",
    "rnnbook/figures.py": "size = 2\n",
    "rnnbook/book.mplstyle": "font.size: 11\n",
    "rnnbook/exercises/bptt.py": "HINT = 'No.'\n",
}


@pytest.fixture(scope="module")
def imported():
    return sources()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_stored_outputs_are_fresh(path, imported):
    notebook = nbformat.read(path, 4)
    assert notebook.metadata["rnnbook"]["fingerprint"] == fingerprint(notebook, imported), (
        f"run make refresh NOTEBOOKS={path.relative_to(ROOT)}"
    )


def notebook(*sources, text="Some text."):
    cells = [nbformat.v4.new_markdown_cell(text), *map(nbformat.v4.new_code_cell, sources)]
    return nbformat.v4.new_notebook(cells=cells)


def test_it_follows_the_code_of_the_cells_and_not_their_words():
    first = fingerprint(notebook("a = 1", "b = 2"), "")
    assert fingerprint(notebook("a = 1  # one", "b  =  2", text="Other text."), "") == first
    others = [("a = 2", "b = 2"), ("b = 2", "a = 1"), ("a = 1",), ("a = 1\nb = 2",)]
    assert first not in {fingerprint(notebook(*cells), "") for cells in others}
    assert fingerprint(notebook("a = 1", "b = 2"), "numpy 3") != first


@pytest.fixture
def packages(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", [name for name in FILES if "exercises" not in name])
def test_it_follows_each_file_that_the_outputs_come_from(packages, name):
    before = sources(packages)
    (packages / name).write_text(
        FILES[name].replace("1", "3").replace("2", "3").replace("anna", "b")
    )
    assert sources(packages) != before


def test_a_hint_a_docstring_and_a_comment_change_nothing(packages):
    before = sources(packages)
    (packages / "rnnbook/exercises/bptt.py").write_text("HINT = 'Not yet.'\n")
    commented = '"""Cells."""\n\n\ndef step():\n    """One step."""\n    return 1  # always\n'
    (packages / "rnncore/cells.py").write_text(commented)
    (packages / "rnncore/__pycache__").mkdir()
    (packages / "rnncore/__pycache__/cells.pyc").write_bytes(b"x")
    assert sources(packages) == before


def test_a_new_file_is_seen(packages):
    before = sources(packages)
    (packages / "rnncore/new.py").write_text("")
    assert sources(packages) != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = None", "x = []"),
        ("x = 0", "x = False"),
        ("x = 'a'", "x = b'a'"),
        ("f(a, b)", "f(a, *b)"),
        ("x = f'{a}'", "x = f'{a!r}'"),
        ("def f(a, b): ...", "def f(a, *, b): ..."),
        ("'a docstring'\nx = 1", "x = 'a docstring'\nx = 1"),
        ("class A:\n    x: int", "class A:\n    x = int"),
    ],
)
def test_different_code_has_different_syntax(one, other):
    assert syntax(one) != syntax(other)
