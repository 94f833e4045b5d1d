"""The notebooks as documents: their order, cells, figures, numbers and exercises."""

import copy
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import yaml
from pybtex.database import parse_file

from rnnbook.exercises import names

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "tools"), str(ROOT / "_ext")]

from captions import WIDGETS  # noqa: E402
from folds import FOLDED  # noqa: E402
from numbering import FRONT_MATTER, prefix  # noqa: E402
from refresh import fold  # noqa: E402

NOTEBOOKS = {
    path.relative_to(ROOT).with_suffix("").as_posix(): nbformat.read(path, 4)
    for folder in ("chapters", "labs", "beyond")
    for path in sorted(ROOT.glob(f"{folder}/*.ipynb"))
}
CHAPTERS = [name for name in NOTEBOOKS if name.startswith("chapters/")]
LABS = [name for name in NOTEBOOKS if name.startswith("labs/")]
BEYOND = [name for name in NOTEBOOKS if name.startswith("beyond/")]  # in the form of a chapter
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)
each_chapter = pytest.mark.parametrize("name", CHAPTERS)
each_lesson = pytest.mark.parametrize("name", [*CHAPTERS, *BEYOND])
each_lab = pytest.mark.parametrize("name", LABS)


def prose(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell) -> str:
    return "\n".join(
        output.get("text", "") + "".join(output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    )


def is_figure(cell) -> bool:
    shown = [output.get("data", {}) for output in cell.outputs]
    return any("image/svg+xml" in data or "image/png" in data for data in shown) or any(
        widget in "".join(data.get("text/html", "")) for data in shown for widget in WIDGETS
    )


def test_the_table_of_contents_lists_the_notebooks_in_order():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [entry["file"] for part in contents["parts"] for entry in part["chapters"]]
    assert [file for file in files if file in NOTEBOOKS] == list(NOTEBOOKS)


STATEMENTS = {  # of the lecture notes, by the chapter that asserts them
    "chapters/01-sequence-data": {"S1", "S2"},
    "chapters/02-conditional-probability": {"S3", "S4"},
    "chapters/03-latent-state-rnn": {"S5", "S6", "S7", "S8", "S9"},
    "chapters/04-bptt": {"S10", "S11"},
    "chapters/05-exploding-vanishing": {"S12"},
    "chapters/06-truncated-bptt": {"S13"},
    "chapters/07-lstm-gru": {"S14"},
    "chapters/08-capstone": set(),  # uses them all, and asserts none anew
}


@each_chapter
def test_every_statement_of_the_notes_is_asserted_by_a_cell(name):
    asserted = set()
    for cell in code_cells(NOTEBOOKS[name]):
        if "statement" in cell.metadata and "assert" in cell.source:
            asserted.add(cell.metadata["statement"])
    assert asserted >= STATEMENTS[name]


@each_lesson
def test_sections_come_in_the_house_order(name):
    headings = re.findall(r"^## (.+)$", prose(NOTEBOOKS[name]), flags=re.MULTILINE)
    wanted = [
        "What you will be able to do",
        "Check yourself",
        "Exercises",
        "Summary",
        "Going further",
    ]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert headings[0] == wanted[0]
    assert len(re.findall(r"^# ", prose(NOTEBOOKS[name]), flags=re.MULTILINE)) == 1


@each_lab
def test_a_lab_says_what_it_asks_and_found_and_for_which_lecture(name):
    opening = NOTEBOOKS[name].cells[0].source
    assert re.search(rf"^# Lab {int(name[5:7])}: ", opening, flags=re.MULTILINE)
    assert re.search(rf"\]\(\.\./chapters/{name[5:8]}", opening)
    assert "**Asked:**" in opening
    assert "**Found:**" in opening


@each_lab
def test_a_lab_is_linked_from_its_lecture(name):
    lecture = next(chapter for chapter in CHAPTERS if chapter[9:12] == name[5:8])
    assert f"](../{name})" in prose(NOTEBOOKS[lecture])
    unlinked = re.findall(r"(?<!\[)\bLab \d", prose(NOTEBOOKS[lecture]))
    assert unlinked == []


HELP = "# No module named rnnbook? Install the book's folder, as its README says."


@each_notebook
def test_the_first_code_cell_says_what_to_do_where_the_modules_are_missing(name):
    imports = code_cells(NOTEBOOKS[name])[0].source
    before, _, _ = imports.partition("\nfrom rnn")
    assert before.endswith(HELP)  # where the traceback of the failing line shows it


def test_the_help_is_in_the_traceback(tmp_path):
    imports = tmp_path / "cell.py"
    imports.write_text(code_cells(NOTEBOOKS[CHAPTERS[0]])[0].source, encoding="utf-8")
    run = (
        "import pathlib, sys; from IPython.core.interactiveshell import InteractiveShell;"
        "sys.modules.update(rnnbook=None, rnncore=None);"
        f"InteractiveShell().run_cell(pathlib.Path({str(imports)!r}).read_text(encoding='utf-8'))"
    )
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert "ModuleNotFoundError" in shown
    assert HELP in shown


@each_notebook
def test_every_code_cell_was_executed_in_order(name):
    # A cell without count and outputs is not compared by nbval, so an emptied notebook would pass.
    counts = [cell.execution_count for cell in code_cells(NOTEBOOKS[name])]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_cells_have_names_and_are_short(name):
    cells = NOTEBOOKS[name].cells
    assert len({cell.id for cell in cells}) == len(cells)
    for cell in cells:
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", cell.id), f"random id {cell.id}"
    for cell in code_cells(NOTEBOOKS[name]):
        if cell.source.startswith("# Imports\n"):
            continue
        room = 60 if "program" in cell.metadata.get("tags", []) else 30
        lines = [line for line in cell.source.split("\n") if not line.startswith("#")]
        assert len(lines) <= room, f"{cell.id} has more than {room} lines"


@each_notebook
def test_lines_of_code_and_output_fit_the_page(name):
    # A box of the page has room for 88 characters, inside an exercise for 84; ruff looks at code, too.
    inside = False
    for cell in NOTEBOOKS[name].cells:
        if cell.cell_type == "markdown":
            inside = re.match(r":{3,}\{(exercise|solution)\}", cell.source) is not None
            continue
        room = 84 if inside else 88
        for line in (cell.source + "\n" + printed(cell)).split("\n"):
            assert len(line) <= room, f"{cell.id}: {len(line)} characters, not {room}: {line}"


@each_notebook
def test_every_figure_has_caption_name_and_alt_text(name):
    cells = NOTEBOOKS[name].cells
    figures = [
        (cell, below)
        for cell, below in pairwise(cells)
        if cell.cell_type == "code" and is_figure(cell)
    ]
    assert figures
    for cell, below in figures:
        caption = re.fullmatch(
            r":::\{figure\}\n:name: fig-\S+\n\n(.+)\n:::", below.source, re.DOTALL
        )
        assert caption, f"{cell.id} has no caption in the cell below"
        assert len(caption[1]) > 40, f"{cell.id}: the caption says too little"
        label = re.search(r'aria-label="([^"]*)"', str(cell.outputs))  # sliders and sound
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or (
            label[1] if label else ""
        )
        assert len(alt) > 45, f"{cell.id}: the alt text must say what is seen"


@each_notebook
def test_cells_are_folded_in_jupyterlab_as_in_the_book(name):
    notebook = copy.deepcopy(NOTEBOOKS[name])
    fold(notebook)
    assert notebook == NOTEBOOKS[name]
    for cell in code_cells(notebook):
        if FOLDED.intersection(cell.metadata.get("tags", [])):
            assert cell.source.startswith("# "), f"{cell.id} is folded and has no label"


@each_notebook
def test_figures_and_exercises_are_numbered_in_jupyterlab_as_in_the_book(name):
    front = FRONT_MATTER.format(prefix(name))
    assert NOTEBOOKS[name].cells[0].source.startswith(f"{front}# ")


SOURCES = {
    key: ([person.last_names[-1] for person in entry.persons["author"]], entry.fields["year"])
    for key, entry in parse_file(ROOT / "references.bib").entries.items()
}


@each_notebook
def test_a_citation_names_its_authors_and_year(name):
    links = re.findall(r"\[([^\[\]]+)\]\(#(\w+)\)", prose(NOTEBOOKS[name]))
    for words, key in links:
        authors, year = SOURCES[key]
        wanted = authors[0] if len(authors) == 1 else " and ".join(authors)
        if len(authors) > 2:
            wanted = f"{authors[0]} et al."
        assert words in (f"{wanted} ({year})", f"{wanted}, {year}"), words


def test_every_source_is_cited_somewhere():
    pages = [prose(notebook) for notebook in NOTEBOOKS.values()]
    pages += [page.read_text(encoding="utf-8") for page in ROOT.glob("beyond/*.md")]
    sources = (ROOT / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", sources, re.MULTILINE)
    assert [key for key in keys if not any(f"(#{key})" in page for page in pages)] == []


@each_lesson
def test_at_least_one_figure_moves(name):
    assert any('class="rnn-slider"' in str(cell.outputs) for cell in code_cells(NOTEBOOKS[name]))


@each_notebook
def test_code_keeps_the_house_rules(name):
    for cell in code_cells(NOTEBOOKS[name]):
        for forbidden in (
            r"np\.random\.(seed|rand|randn|randint|normal|uniform|choice|shuffle)\(",
            r"sys\.path",
            r"import \*",
            r"^\s*[%!]",
            r"warnings\.(filter|simplefilter)",
        ):
            assert not re.search(forbidden, cell.source, flags=re.MULTILINE), (cell.id, forbidden)
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", cell.id


@each_notebook
def test_figures_are_as_wide_as_the_column_and_their_letters_as_large_as_the_style_has_them(name):
    for cell in code_cells(NOTEBOOKS[name]):
        widths = re.findall(r"figsize=\(([\d.]+)", cell.source)
        sizes = re.findall(r"fontsize[\"']?\s*[=:]\s*([\d.]+)", cell.source)
        assert all(float(width) <= 6.2 for width in widths), cell.id
        assert all(float(size) >= 11.5 for size in sizes), cell.id
        named = r"\bcolor=[\"']#(?!(..)\1\1[\"'])"  # greys apart
        assert not re.search(named, cell.source), f"{cell.id}: rnnbook has the colours"


@each_notebook
def test_every_decimal_number_in_the_prose_comes_from_a_cell(name):
    notebook = NOTEBOOKS[name]
    cells = code_cells(notebook)
    source = "\n".join(cell.source + "\n" + printed(cell) for cell in cells)
    known = set(re.findall(r"\d+(?:[_,]\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?", source.replace("−", "-")))
    text = prose(notebook)
    text = re.sub(r"\{cite[^}]*\}`[^`]*`|\]\([^)]*\)|^:.*$", "", text, flags=re.MULTILINE)
    numbers = re.findall(r"(?<![\w.])\d+\.\d+(?:e[+-]?\d+)?(?![\w.]*\.\d)", text)
    unknown = sorted(set(numbers) - known)
    assert not unknown, f"numbers that no cell prints or asserts: {unknown}"


@each_lesson
def test_exercises_say_what_they_train_and_the_chapter_how_long_they_take(name):
    cells = NOTEBOOKS[name].cells
    about = [cell.metadata["exercise"] for cell in cells if "exercise" in cell.metadata]
    assert len(about) == sum("{exercise} " in cell.source for cell in cells)
    assert all(3 <= len(exercise["trains"].split()) <= 14 for exercise in about)
    if name != "chapters/08-capstone":  # a project takes its evenings
        minutes = re.search(
            r"\[Exercises\]\(\.\./exercises\): about (\d+) minutes", prose(NOTEBOOKS[name])
        )
        assert int(minutes[1]) == sum(exercise["minutes"] for exercise in about)


@each_lesson
def test_exercises_have_a_stub_a_check_and_a_hidden_solution(name):
    cells = NOTEBOOKS[name].cells
    labels = re.findall(
        r"\{exercise\}[^\n]*\n:label: (\S+)", prose(NOTEBOOKS[name]), flags=re.MULTILINE
    )
    solutions = re.findall(
        r"\{solution\} (\S+)\n:class: dropdown", prose(NOTEBOOKS[name]), flags=re.MULTILINE
    )
    chapter = labels[0].partition("-")[0]
    assert len(labels) >= (3 if name in BEYOND else 6)
    assert labels == solutions
    assert sorted(labels) == names(chapter)
    for label in labels:
        checks = [
            cell for cell in cells if cell.cell_type == "code" and f'check("{label}"' in cell.source
        ]
        stub, solution = checks
        assert printed(stub).strip().endswith(f"{label}: not tried yet")
        assert f"{label}: passed\n" in printed(solution)
