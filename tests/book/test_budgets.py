"""What a reader can take in at one sitting: words, lines of code, figures; numbers in place of verdicts."""

import ast
import re

import pytest
from test_notebooks import BEYOND, CHAPTERS, FOLDED, LABS, NOTEBOOKS, code_cells, is_figure, printed

LECTURES = [name for name in CHAPTERS if name != "chapters/08-capstone"] + BEYOND
each_lecture = pytest.mark.parametrize("name", LECTURES)
each_page = pytest.mark.parametrize("name", [*LECTURES, *LABS])


def body(name):
    """The cells that a lecture is read for: all that stand before the quizzes, and all of a lab."""
    cells = NOTEBOOKS[name].cells
    ends = [i for i, cell in enumerate(cells) if "## Check yourself" in cell.source]
    return cells[: ends[0]] if ends else cells


def is_caption(cell):
    return cell.source.startswith(":::{figure}")


def words(text):
    """The words of a text in Markdown, a formula counting as one."""
    text = re.sub(r"^---\n.*?\n---\n", " ", text, flags=re.S)
    text = re.sub(r"^:{3,}.*$|^:\w+:.*$|\]\([^)]*\)", " ", text, flags=re.M)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|```\{math\}.*?```", " x ", text, flags=re.S)
    return [word for word in text.split() if re.search(r"\w", word)]


def visible(name):
    """The code cells of the body that are lesson code."""
    return [
        cell
        for cell in body(name)
        if cell.cell_type == "code" and not FOLDED.intersection(cell.metadata.get("tags", []))
    ]


def test_the_words_of_boxes_count_and_markup_does_not():
    text = "---\na: b\n---\nOne $x = 1$\n:::{admonition} Fine print\n:class: dropdown\n[two](a) words\n:::\nmore"
    assert words(text) == ["One", "x", "[two", "words", "more"]


@each_lecture
def test_a_lecture_is_read_in_one_sitting(name):
    text = [c.source for c in body(name) if c.cell_type == "markdown" and not is_caption(c)]
    count = sum(len(words(part)) for part in text)
    assert 1200 < count <= 2900


@each_lecture
def test_the_visible_code_is_lesson_code(name):
    lines = [line for cell in visible(name) for line in cell.source.split("\n") if line.strip()]
    asserts = [line for line in lines if re.match(r"\s*(assert|np\.testing\.assert_)", line)]
    assert len(lines) <= 280
    assert len(asserts) <= 10


@each_lecture
def test_a_lecture_has_four_to_eight_figures(name):
    figures = [cell for cell in body(name) if cell.cell_type == "code" and is_figure(cell)]
    assert 4 <= len(figures) <= 8


@each_lecture
def test_a_lecture_ends_with_open_questions(name):
    headings = re.findall(
        r"^## (.+)$",
        "\n".join(c.source for c in NOTEBOOKS[name].cells if c.cell_type == "markdown"),
        re.M,
    )
    assert (
        headings.index("Exercises") < headings.index("Open questions") < headings.index("Summary")
    )


@each_page
def test_cells_print_numbers_and_no_verdicts(name):
    for cell in body(name):
        if cell.cell_type == "code":
            assert not re.search(r"\b(True|False)\b", printed(cell)), cell.id
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                    canned = all(isinstance(part, ast.Constant) for part in node.args)
                    assert not (canned and node.args), (
                        f"{cell.id} prints the same words whatever happens"
                    )


@each_page
def test_evidence_is_folded_and_measurements_hold_no_asserts(name):
    for cell in code_cells(NOTEBOOKS[name]):
        tags = set(cell.metadata.get("tags", []))
        if "evidence" in tags:
            assert cell.source.startswith("# ✓ checked: "), cell.id
            assert "assert" in cell.source, cell.id
        if "measure" in tags:
            assert cell.source.startswith("# How it was measured: "), cell.id
            assert "assert" not in cell.source, cell.id
        if "statement" in cell.metadata:
            assert "evidence" in tags, cell.id


NUMBER = r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?"


def known_numbers(name):
    """What a number of the text may come from: outputs, literals of asserts, constants of open cells."""
    cells = code_cells(NOTEBOOKS[name])
    known = [float(n.replace(",", "")) for cell in cells for n in re.findall(NUMBER, printed(cell))]
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            asserted = isinstance(node, ast.Assert) or (
                isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("assert_")
            )
            if asserted or not FOLDED.intersection(cell.metadata.get("tags", [])):
                known += [
                    float(part.value)
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant) and type(part.value) in (int, float)
                ]
    return set(known)


def sentences(name):
    """The sentences of texts, captions and alt texts, without formulas, code and addresses."""
    for cell in NOTEBOOKS[name].cells:
        texts = [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")]
        if cell.cell_type == "markdown":
            texts.append(cell.source)
        for text in texts:
            text = re.sub(r"^---\n.*?\n---\n|```.*?```", " ", text, flags=re.S)
            text = re.sub(r"^:\w+:.*$", " ", text, flags=re.M)
            text = re.sub(r"\$\$.*?\$\$|`[^`]*`", " ", text, flags=re.S)
            yield from re.split(r"(?<=[.!?:])\s+(?=[A-Z*(])|\n\n|\n- |\n\d+\. |\n\|", text)


@each_page
def test_every_number_in_the_text_comes_from_a_cell_or_a_source(name):
    known = known_numbers(name)
    unknown = []
    for sentence in sentences(name):
        if re.search(r"\]\(#\w+\)", sentence):
            continue
        bare = re.sub(r"\]\([^)]*\)", " ", sentence)
        for number in re.findall(rf"{NUMBER}(?= %)|(?<![\w.,])\d+\.\d+", bare):
            places = len(number.partition(".")[2])
            value = float(number.replace(",", ""))
            if not any(round(k, places) == value or round(100 * k, places) == value for k in known):
                unknown.append((number, sentence.strip()[:90]))
    assert not unknown
