"""The audit tells luck from what holds, and is not stopped by what fails."""

import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))

from audit import Result, audit, moved, outputs, summary  # noqa: E402

CELLS = {
    "imports": "import inspect\nimport numpy as np\nfrom rnncore import RNNCell\n",
    # True for the seed of the notebook, and for no other of the shifts 1 to 3
    "luck": "draw = np.random.default_rng(0).random()\nassert round(draw, 3) == 0.637\nafter = 1",
    "sound": "sample = np.random.default_rng(0).random(10_000)\nassert after == 1\n"
    "assert 0.45 < sample.mean() < 0.55",
    "loop": "for k in range(5):\n    assert k != 2, 'fails in one pass'\nlast = k",
    "close": "np.testing.assert_allclose(draw, 0.637, atol=5e-4)\nnp.testing.assert_equal(last, 4)",
    "function": "def check_it(x):\n    assert x == 1\n\n\ncheck_it(1)",
    "caught": "try:\n    assert False\nexcept AssertionError:\n    caught = True\nassert caught",
    "own-source": "def f():\n    assert True  # as it stands\n\n\n"
    "assert 'as it stands' in inspect.getsource(f)",
    "inside": "weights = RNNCell(1, 1).init_params(np.random.default_rng(0))['W_xh']\n"
    "assert round(weights.item(), 3) == 0.274",
    "raises": "assert True\nraise KeyError('planted')\nassert True",
    "table": "print('a table:', np.random.default_rng(3).integers(10**6))",
    "solution": "answer = lambda x, p: 0\nprint('sequence-5: passed' if draw > 0.4 else 'no')",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("audit") / "toy.ipynb"
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    cells[-2].outputs = [nbformat.v4.new_output("stream", text="a table: 1\n")]
    cells[-1].outputs = [nbformat.v4.new_output("stream", text="sequence-5: passed\n")]
    cells.insert(1, nbformat.v4.new_code_cell("", id="empty"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    found = {("toy", shift): audit(path, shift) for shift in (1, 2)}
    assert path.read_bytes() == before, "no notebook is changed"
    return found


def test_luck_fails_and_what_is_sound_holds(results):
    for result in results.values():
        assert result.asserts == {
            "luck:2": False,
            "sound:2": True,
            "sound:3": True,
            "loop:2": False,
            "close:1": False,
            "close:2": True,
            "caught:5": True,
            "own-source:5": True,
            "inside:2": False,
            "raises:1": True,
            "raises:3": False,
        }


def test_cells_that_raise_and_solutions_that_no_longer_pass_are_reported(results):
    for result in results.values():
        assert result.raised == {"raises": "KeyError: 'planted'"}
    by_draw = {shift: np.random.default_rng([shift, 0]).random() > 0.4 for _, shift in results}
    for (_, shift), result in results.items():
        assert result.failed_solutions == ([] if by_draw[shift] else ["sequence-5"])
    assert len(set(by_draw.values())) == 2, "one shift of each kind"


def test_what_a_cell_prints_is_shown_as_stored_and_under_each_shift(results):
    numbers = [np.random.default_rng([shift, 3]).integers(10**6) for shift in (1, 2)]
    assert len({1, *numbers}) == 3
    text = outputs({shift: result for (_, shift), result in results.items()})
    for name, number in zip(["stored", "shift 1", "shift 2"], [1, *numbers], strict=True):
        assert f"{name}:\n\n```\na table: {number}\n```" in text
    assert "## sound" not in text


def test_the_report_names_claim_shifts_and_share(results):
    text, enough = summary(results)
    assert not enough
    assert "toy: 12 of 22 pairs (assert, shift) hold" in text
    assert "fails under [1, 2]: luck:2  assert round(draw, 3) == 0.637" in text
    assert "sound:" not in text
    assert "shift 2: cell raises raises KeyError: 'planted'" in text
    assert "12 of 22 pairs hold: 54.5 %" in text


def test_one_failure_in_a_hundred_is_allowed_and_one_that_raises_is_not():
    def result(n_failed, **others):
        asserts = {f"cell:{k}": k >= n_failed for k in range(100)}
        return {("a", 1): Result(asserts, dict.fromkeys(asserts, "assert"), **others)}

    assert summary(result(1))[1]
    assert not summary(result(2))[1]
    assert not summary(result(0, raised={"cell": "ValueError: no"}))[1]
    assert not summary(result(0, failed_solutions=["bptt-1"]))[1]


@pytest.mark.parametrize(
    ("seed", "becomes"),
    [(None, [7]), (3, [7, 3]), (np.int64(3), [7, 3]), ([3, 4], [7, 3, 4]), ((3,), [7, 3])],
)
def test_a_seed_is_moved(seed, becomes):
    seen = []
    moved(seen.append, 7)(seed)
    assert seen == [becomes]


def test_a_generator_stays_what_it_is():
    rng = np.random.default_rng(0)
    assert moved(np.random.default_rng, 7)(rng) is rng
