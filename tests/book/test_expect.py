"""The comparisons that the checks are made of: right in any form, a mistake only as a whole, plain words."""

import numpy as np
import pytest

from rnnbook.exercises import check
from rnnbook.exercises.expect import (
    Hint,
    as_whole_number,
    call,
    expect_array,
    expect_function,
    expect_number,
)

EXPECTED = np.arange(6.0).reshape(2, 3)


def hint_of(expect, *args, **options) -> str:
    with pytest.raises(Hint) as caught:
        expect(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [EXPECTED.tolist(), EXPECTED.astype(np.float32), EXPECTED.astype(int), tuple(EXPECTED)],
)
def test_a_right_array_passes_in_any_form(answer):
    expect_array(answer, EXPECTED)


@pytest.mark.parametrize(
    "answer", [3, 3.0, np.float32(3), np.array(3), np.array([3.0]), [3], np.array([[3]])]
)
def test_a_right_number_passes_in_any_form(answer):
    expect_number(answer, 3.0)
    expect_function(lambda x: answer, lambda x: 3.0, [(1.0,)])


@pytest.mark.parametrize(
    "result", [(1.0, 2.0), [1.0, 2.0], np.array([1.0, 2.0]), (np.array([1.0]), 2)]
)
def test_several_right_results_pass_in_any_form(result):
    expect_function(lambda x: result, lambda x: (1.0, 2.0), [(1.0,)])


def test_float32_is_allowed_its_rounding_and_no_more():
    expect_array(np.float32(1 + 1e-5), 1.0, rtol=1e-9)
    assert "off by" in hint_of(expect_array, np.float32(1 + 1e-3), 1.0)
    assert "off by" in hint_of(expect_array, 1 + 1e-5, 1.0)


def test_entries_near_zero_are_as_exact_as_the_largest():
    expect_array([1.0, 1e-9], [1.0, 0.0])
    expect_array([1e6, 0.5], [1e6, 0.0])
    assert "off by" in hint_of(expect_array, 2e-7, 1e-7)
    assert "off by" in hint_of(expect_array, [1.0, 1e-5], [1.0, 0.0])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (EXPECTED.T, "must be an array of shape (2, 3), not an array of shape (3, 2)."),
        (7.0, "must be an array of shape (2, 3), not one number."),
        ([[0, 1, 2], [3, 4, 6]], "off by 1 at index (1, 2): yours is 6."),
        (np.full((2, 3), np.nan), "holds a value that is not finite."),
        ([[1, 2], [3]], "must be made of numbers, got list '[[1, 2], [3]]'."),
        ("text", "must be made of numbers, got str 'text'."),
        (np.sin, "must be made of numbers, got a function."),
    ],
)
def test_what_is_off_is_said(answer, words):
    assert words in hint_of(expect_array, answer, EXPECTED)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([1.0, 2.0], "must be one number, not an array of shape (2,)."),
        (True, "must be one number, not True."),
        (1.5, "off by 0.5: yours is 1.5."),
        ([1.5], "off by 0.5: yours is 1.5."),
    ],
)
def test_one_number_is_called_so(answer, words):
    assert words in hint_of(expect_number, answer, 1.0)


@pytest.mark.parametrize("answer", [3, 3.0, np.int64(3), np.array(3), np.array([3.0]), [3]])
def test_a_whole_number_is_one_in_any_form(answer):
    assert as_whole_number(answer) == 3
    assert type(as_whole_number(answer)) is int


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (4.5, "The K must be a whole number, not 4.5."),
        (True, "not bool 'True'"),
        ([4, 5], "not list '[4, 5]'"),
        (np.nan, "not nan"),
        ("4", "must be a whole number, not str '4'"),
    ],
)
def test_other_than_whole_numbers_are_named(answer, words):
    assert words in hint_of(as_whole_number, answer, "K")


def test_a_place_in_a_row_is_one_number():
    assert "off by 1 at index 2: yours is 3." in hint_of(expect_array, [0, 1, 3], np.arange(3.0))


def test_a_known_mistake_gets_its_hint():
    mistakes = [(-EXPECTED, "Look at the sign."), (EXPECTED.T, "It is transposed.")]
    assert hint_of(expect_array, -EXPECTED, EXPECTED, mistakes=mistakes) == "Look at the sign."
    assert hint_of(expect_array, EXPECTED.T, EXPECTED, mistakes=mistakes) == "It is transposed."
    assert hint_of(expect_number, np.nan, 1.0, mistakes=[(np.nan, "0 / 0.")]) == "0 / 0."


def test_a_mistake_is_matched_as_a_whole():
    def right(x):
        return x, x + 1, x + 2

    mistakes = [(lambda x: (x, x + 1, -x), "The last is negative.")]
    inputs = [(1.0,), (2.0,)]
    wrong = hint_of(
        expect_function, lambda x: (0.0, x + 1, -x), right, inputs, mistakes=mistakes
    )  # one part of the mistake only
    assert wrong.startswith("The result 1 is off by 1")
    at_one_input = hint_of(
        expect_function, lambda x: (x, x + 1, -1.0), right, inputs, mistakes=mistakes
    )  # like the mistake, but for the first input only
    assert at_one_input.startswith("The result 3 is off by 4")


def test_a_mistake_that_raises_where_the_answer_is_off_is_another_one():
    def wrong(x):
        raise ZeroDivisionError

    hint = hint_of(expect_function, lambda x: 0.0, lambda x: x, [(3.0,)], mistakes=[(wrong, "No.")])
    assert hint.startswith("The result is off by 3")


def test_a_mistake_that_raises_elsewhere_is_still_known():
    def wrong(x, n):
        if n == 0:
            raise ZeroDivisionError
        return x * n

    mistakes = [(wrong, "Add, do not multiply.")]
    inputs = [(3.0, 4), (3.0, 0)]
    assert hint_of(
        expect_function, wrong, lambda x, n: x + n, inputs, mistakes=mistakes
    ).startswith("Add, do not multiply.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3.0, "Expected a function, got 3."),
        (lambda x: None, "Is a return missing?"),
        (lambda x: 1 / 0, "Your function raised ZeroDivisionError: division by zero"),
        (lambda: 1, "Your function raised TypeError"),
        (lambda x: (x,), "Return 2 results in a tuple, not 1."),
        (lambda x: x + 4, "Return 2 results in a tuple, not 5."),
        (lambda x: np.array(x), "Return 2 results in a tuple, not one number."),
        (lambda x: (x, x), "The result 2 is off by 1: yours is 1. (Tried with x = 1.0.)"),
    ],
)
def test_a_function_that_is_off_is_told_how(answer, words):
    assert words in hint_of(expect_function, answer, lambda x: (x, x + 1), [(1.0,)])


def change_array(x):
    x *= 2
    return x


def change_entry(x):
    x["W"][0] = 1
    return 0.0


def change_list(x):
    x[0] = np.ones(2)
    return 0.0


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (change_array, np.ones(2)),
        (change_entry, {"W": np.zeros(2)}),
        (change_list, [np.zeros(2)]),
        (lambda x: x.pop(), [1, 2]),
    ],
)
def test_arguments_must_come_back_unchanged(function, argument):
    assert "changed its argument number 1" in hint_of(call, function, argument)
    call(lambda x: 0.0, argument)  # untouched by the call before, too


@pytest.mark.parametrize("argument", [np.array([np.nan, 1.0]), np.arange(3), np.array([True])])
def test_arguments_that_come_back_are_as_they_were(argument):
    call(lambda x: 0.0, argument)


def test_generators_are_copied_so_that_all_draw_the_same():
    rng = np.random.default_rng(0)
    assert call(lambda rng: rng.random(), rng) == call(lambda rng: rng.random(), rng)


def test_hard_coded_answers_are_refused():
    inputs = [(np.ones(2),), (np.zeros(2),)]
    wrong = hint_of(expect_function, lambda x: np.full(2, 2.0), lambda x: 2 * x, inputs)
    assert "off by 2" in wrong


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense-1", "name must begin with one of"),
        ("sequence-99", "name must be one of"),
        (np.zeros(3), r'name comes first, as in check\("sequence-1", answer\)'),
        (None, "got NoneType; the name comes first"),
    ],
)
def test_unknown_names_are_refused(name, words):
    with pytest.raises(ValueError, match=words):
        check(name, "bptt-1")


def test_settings_of_the_reader_change_nothing(capsys):
    with np.errstate(all="raise"):
        check("sequence-1", lambda p, symbols: np.log(p[symbols]).sum() + np.exp(-800.0))
    assert capsys.readouterr().out == "sequence-1: passed\n"
