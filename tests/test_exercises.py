"""Every exercise's check accepts a right answer and answers wrong ones with the hint they deserve."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from exercise_answers import Answers

from rnncore.exercises import CHAPTERS, Hint, check, expect_array, expect_function, names

PRESENT = {
    prefix: file
    for prefix, file in CHAPTERS.items()
    if (Path(__file__).parent / "exercise_answers" / f"{file}.py").exists()
}
ANSWERS: dict[str, Answers] = {
    name: answers
    for file in PRESENT.values()
    for name, answers in import_module(f"exercise_answers.{file}").ANSWERS.items()
}


def verdict(capsys, name, answer) -> str:
    check(name, answer)  # never raises, whatever the answer is
    printed = capsys.readouterr().out.strip()
    assert printed.startswith(f"{name}: ")
    return printed.removeprefix(f"{name}: ")


@pytest.mark.parametrize("prefix", PRESENT)
def test_every_check_has_answers_and_every_answer_a_check(prefix):
    assert names(prefix) == sorted(name for name in ANSWERS if name.startswith(f"{prefix}-"))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_right_answer_passes(name, capsys):
    assert verdict(capsys, name, ANSWERS[name].right) == "passed"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_untouched_stub_is_not_tried_yet(name, capsys):
    def stub(*args): ...

    assert verdict(capsys, name, ...) == "not tried yet"
    if callable(ANSWERS[name].right):
        assert verdict(capsys, name, stub) == "not tried yet"


@pytest.mark.parametrize("name", ANSWERS)
def test_typical_wrong_answers_get_their_hint(name, capsys):
    assert len(ANSWERS[name].wrong) >= 3
    for answer, fragment in ANSWERS[name].wrong:
        printed = verdict(capsys, name, answer)
        assert printed.startswith("not yet. "), f"{name} accepts {answer!r}"
        assert fragment in printed


def constant(*args, **kwargs):
    return 0.123456


def crash(*args, **kwargs):
    raise RuntimeError("planted")


class Hostile:
    """Breaks whatever touches it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("planted")

    def __len__(self):
        raise RuntimeError("planted")

    def __eq__(self, other):
        raise RuntimeError("planted")

    __hash__ = None


@pytest.mark.parametrize("name", ANSWERS)
def test_constants_and_crashes_are_refused_with_a_hint(name, capsys):
    for answer in (0.123456, "text", None, [], np.zeros((2, 3)), constant, crash, Hostile(), {}):
        printed = verdict(capsys, name, answer)
        assert printed.startswith("not yet. "), f"{name} accepts {answer!r}"
        assert len(printed) > len("not yet. ") + 20, "a hint is a sentence"
        assert "Traceback" not in printed


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="name must begin with one of"):
        check("nonsense-1", 1)
    with pytest.raises(ValueError, match="name must be one of"):
        check("sequence-99", 1)


def test_hints_name_shape_place_and_known_mistake():
    expected = np.arange(6.0).reshape(2, 3)
    with pytest.raises(Hint, match=r"shape \(2, 3\), got \(3, 2\)"):
        expect_array(expected.T, expected)
    with pytest.raises(Hint, match=r"off by 1 at index \(1, 2\), where yours is 6"):
        expect_array([[0, 1, 2], [3, 4, 6]], expected)
    with pytest.raises(Hint, match="not finite"):
        expect_array(np.full((2, 3), np.nan), expected)
    with pytest.raises(Hint, match="the sign"):
        expect_array(-expected, expected, mistakes={"Look at the sign.": -expected})
    with pytest.raises(Hint, match="transposed"):
        expect_array(expected.T, expected, mistakes={"It is transposed.": expected.T})
    expect_array(expected.tolist(), expected)


def test_functions_may_not_change_their_arguments_or_hard_code():
    inputs = [(np.ones(2),), (np.zeros(2),)]

    def doubles_in_place(x):
        x *= 2
        return x

    with pytest.raises(Hint, match="changed its argument number 1"):
        expect_function(doubles_in_place, lambda x: 2 * x, inputs)
    with pytest.raises(Hint, match="off by 2"):
        expect_function(lambda x: np.full(2, 2.0), lambda x: 2 * x, inputs)
    with pytest.raises(Hint, match="raised RuntimeError: planted"):
        expect_function(crash, lambda x: 2 * x, inputs)
    with pytest.raises(Hint, match="2 results"):
        expect_function(lambda x: x, lambda x: (x, x), inputs)
    with pytest.raises(Hint, match="result 2"):
        expect_function(lambda x: (x, x), lambda x: (x, x + 1), inputs)
