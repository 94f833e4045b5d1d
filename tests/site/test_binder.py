"""What Binder does with the repository, as far as a machine without Docker can do it.

A fresh virtual environment gets `.binder/requirements.txt` and, since Binder brings its own, JupyterLab. A chapter is
opened in the browser, run to the end, and its first exercise answered wrong and then right.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINDER = ROOT / ".binder"
TOKEN = "binder-test"
NOTEBOOK = "chapters/01-sequence-data.ipynb"
WRONG = "def log_likelihood(p, symbols): return np.log(p[symbols]).mean()"
RIGHT = "def log_likelihood(p, symbols): return np.log(p[symbols]).sum()"


def test_binder_asks_for_little_and_pins_it():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    asked = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert lines.count("-c ../constraints.txt") == lines.count("-e .[book]") == 1
    # jupyterlab and jupyter-book are missing on purpose: Binder has a Jupyter, and a reader builds no book.
    assert asked == ["tqdm", "jupyterlab-myst"]
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert set(asked) <= set(pinned)
    wanted = re.search(r'requires-python = ">=(\S+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert (BINDER / "runtime.txt").read_text().strip() == f"python-{wanted}"


def test_the_dockerfile_of_repo2docker():
    """repo2docker finds `.binder`, takes our Python, and installs the folder only once, as editable."""
    repo2docker = Path(sys.executable).with_name("jupyter-repo2docker")
    command = [
        repo2docker,
        "--no-build",
        "--debug",
        "--user-id=1000",
        "--user-name=reader",
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    dockerfile = done.stdout + done.stderr
    assert "pip install --no-cache-dir ." not in dockerfile
    assert re.search(r"pip install --no-cache-dir -r \"?\.binder/requirements\.txt", dockerfile)
    assert "3.11" in dockerfile
    assert re.search(r'^ENV R2D_ENTRYPOINT[ =]"?\S*/\.binder/start"?$', dockerfile, re.MULTILINE)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab in a copy of the repository and a fresh environment."""
    folder = tmp_path_factory.mktemp("binder")
    home = folder / "book"
    names = [
        "rnncore",
        "rnnbook",
        "chapters",
        "labs",
        "beyond",
        ".binder",
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
    ]
    for name in names:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        home.mkdir(exist_ok=True)
        copy(source, home / name)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", ".binder/requirements.txt"], cwd=home, check=True)
    subprocess.run([*pip, "-c", "constraints.txt", "jupyterlab", "ipykernel"], cwd=home, check=True)
    listed = subprocess.run(
        [python, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True
    )
    states = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout + listed.stderr)
    assert re.search(r"jupyterlab-myst v\S+ enabled +OK", states), states
    log = folder / "log.txt"
    command = [
        home / ".binder" / "start",
        *(python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"),
        *(f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True"),
        *(
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ),
    ]
    ours = r"JUPYTER.*|.*_NUM_THREADS"  # what only this run of the tests has set
    keep = {key: value for key, value in os.environ.items() if not re.fullmatch(ours, key)}
    settings = keep | {"HOME": str(folder), "PYTHONPATH": ""}
    settings["PATH"] = f"{environment / 'bin'}:{os.environ['PATH']}"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=home, stdout=output, stderr=output, env=settings)
    try:
        for _ in range(240):
            found = re.search(r"(http://(?:localhost|127\.0\.0\.1):\d+)/lab", log.read_text())
            if found:
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.25)
        else:
            pytest.fail("JupyterLab did not start:\n" + log.read_text())
        yield found[1]
    finally:
        server.terminate()
        server.wait(20)


def api(lab, path):
    request = urllib.request.Request(
        f"{lab}/api/{path}", headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# `jupyterapp` is JupyterLab itself; the notebook in front is its shell's current widget.
OUTPUTS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
    id: cell.model.sharedModel.id, type: cell.model.type, count: cell.model.executionCount ?? null,
    text: JSON.stringify(cell.model.sharedModel.outputs ?? []), state: cell.model.executionState ?? '',
}))"""


def run_cell(page, index, source):
    """Type `source` over the first lines of a cell, as a reader does, and run it; return what it prints."""
    page.evaluate(
        """index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.scrollToCell(notebook.activeCell);
            notebook.mode = 'edit';
            notebook.activeCell.editor.focus();
        }""",
        index,
    )
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    before = page.evaluate(OUTPUTS)[index]["count"]
    page.keyboard.press("Control+Enter")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        cell = page.evaluate(OUTPUTS)[index]
        if cell["count"] not in (None, before):
            return cell["text"]
        time.sleep(0.1)
    raise AssertionError(f"the cell did not run: {cell}")


def rendered(page, index):
    """The text of a cell as JupyterLab shows it to somebody who scrolls there.

    JupyterLab's own way to a cell makes it the active one, and one that is not drawn yet then opens for editing.
    """
    show = """index => {
        const cell = jupyterapp.shell.currentWidget.content.widgets[index].node;
        cell.scrollIntoView();
        return cell.innerText.trim().replace(/\\s+/g, ' ');
    }"""
    deadline = time.monotonic() + 60
    texts = []
    # The cells above it move it as they are drawn, and a box shows its source before it is one.
    while time.monotonic() < deadline:
        texts.append(page.evaluate(show, index))
        if texts[-1] and ":::" not in texts[-1] and texts[-1] in texts[:-1]:
            break  # the same for a second time
        page.wait_for_timeout(500)
    return texts[-1]


@pytest.fixture(scope="module")
def stored(lab):
    """The cells of the notebook as they are on disk."""
    assert NOTEBOOK in [file["path"] for file in api(lab, "contents/chapters")["content"]]
    return api(lab, f"contents/{NOTEBOOK}")["content"]["cells"]


@pytest.fixture(scope="module")
def page(chromium, lab):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{lab}/lab/tree/{NOTEBOOK}?token={TOKEN}")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.context?.isReady", timeout=60_000
    )
    yield page
    page.close()


def first(stored, text):
    return next(i for i, cell in enumerate(stored) if text in "".join(cell["source"]))


def test_a_notebook_reads_like_the_book_before_it_is_run(page, stored):
    trusted = """() => jupyterapp.shell.currentWidget.content.widgets
        .filter(cell => cell.model.type === 'code').every(cell => cell.model.trusted)"""
    assert page.evaluate(trusted)
    drawing = first(stored, "plt.subplot_mosaic(")
    rendered(page, drawing)
    picture = "index => jupyterapp.shell.currentWidget.content.widgets[index].node.querySelector('svg, img') !== null"
    assert page.evaluate(picture, drawing)
    number = sum(":::{figure}" in "".join(cell["source"]) for cell in stored[: drawing + 2])
    assert rendered(page, drawing + 1).startswith(f"Figure 1.{number}:")
    assert "numbering" not in rendered(page, 0)

    closed = page.evaluate("""() => jupyterapp.shell.currentWidget.content.widgets
        .map(cell => [Boolean(cell.inputHidden), Boolean(cell.outputHidden)])""")
    for cell, (source, outputs) in zip(stored, closed, strict=True):
        wanted = cell["metadata"].get("jupyter", {})
        assert source == wanted.get("source_hidden", False)
        assert outputs == wanted.get("outputs_hidden", False)
    solution = first(stored, "{solution} sequence-1")
    assert closed[solution + 1] == [True, True]
    assert rendered(page, solution) == "Solution to Exercise 1.1"  # and its text is closed

    exercise = first(stored, "{exercise} ")
    shown = rendered(page, exercise)
    title = re.search(r"{exercise} (.+)", "".join(stored[exercise]["source"]))[1]
    assert shown.startswith(f"Exercise 1.1 ({title})")
    assert ":::" not in shown
    source = first(stored, "](#karplus1983)")
    assert "Karplus and Strong" in rendered(page, source)
    assert "karplus1983" not in rendered(page, source)


def test_a_chapter_runs_to_its_end_and_an_exercise_answers(page, stored):
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'",
        timeout=60_000,
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    deadline = time.monotonic() + 120
    code = [index for index, cell in enumerate(stored) if cell["cell_type"] == "code"]
    page.wait_for_timeout(2000)
    while (
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.status")
        != "idle"
    ):
        assert time.monotonic() < deadline, "the chapter did not finish in 120 s"
        page.wait_for_timeout(500)
    cells = page.evaluate(OUTPUTS)
    assert [cells[index]["count"] for index in code] == list(range(1, len(code) + 1))
    assert not any('"output_type":"error"' in cell["text"] for cell in cells)

    stub = next(i for i in code if 'check("sequence-1"' in "".join(stored[i]["source"]))
    call = '\n\n\ncheck("sequence-1", log_likelihood)'
    answer = run_cell(page, stub, WRONG + call)
    assert "sequence-1: not yet. " in answer
    assert "mean" in answer  # it recognises the mistake
    assert "sequence-1: passed" in run_cell(page, stub, RIGHT + call)
    threads = run_cell(page, stub, "import os; os.environ.get('OPENBLAS_NUM_THREADS')")
    assert "text/plain" in threads
    assert "'1'" in threads
