"""Every exercise: its check accepts what is right in any form, and nothing else, and each hint is earned."""

import ast
import contextlib
import copy
import inspect
import json
import re
import traceback
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from exercise_answers import Answers

from rnnbook.exercises import CHAPTERS, Hint, check, names

ROOT = Path(__file__).parents[2]
ANSWERS: dict[str, Answers] = {
    name: answers
    for file in CHAPTERS.values()
    for name, answers in import_module(f"exercise_answers.{file}").ANSWERS.items()
}
TEXTS = {
    name: text
    for _, name, text in re.findall(
        r"^(:{3,})\{exercise\}[^\n]*\n:label: (\S+)\n(.*?)\n\1$",
        "\n\n".join(
            "".join(cell["source"])
            for path in sorted(ROOT.glob("*/*.ipynb"))
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "markdown"
        ),
        flags=re.DOTALL | re.MULTILINE,
    )
}
each = pytest.mark.parametrize("name", ANSWERS)
each_function = pytest.mark.parametrize(
    "name", [name for name, answers in ANSWERS.items() if callable(answers.right)]
)


def module_of(name):
    return import_module(f"rnnbook.exercises.{CHAPTERS[name.partition('-')[0]]}")


def verdict(capsys, name, answer) -> str:
    check(name, answer)  # never raises, whatever the answer is
    printed = capsys.readouterr().out.strip()
    assert printed.startswith(f"{name}: ")
    return printed.removeprefix(f"{name}: ")


def refused(capsys, name, answer) -> str:
    printed = verdict(capsys, name, answer)
    assert printed.startswith("not yet. "), f"{name} accepts {answer!r}"
    return printed.removeprefix("not yet. ")


def test_every_check_has_answers_and_every_answer_a_check():
    assert sorted(ANSWERS) == sorted(name for chapter in CHAPTERS for name in names(chapter))
    assert sorted(TEXTS) == sorted(ANSWERS)


@each
def test_the_right_answer_passes(name, capsys):
    assert verdict(capsys, name, ANSWERS[name].right) == "passed"


@each
def test_an_untouched_stub_is_not_tried_yet(name, capsys):
    def stub(*args): ...

    assert verdict(capsys, name, ...) == "not tried yet"
    if callable(ANSWERS[name].right):
        assert verdict(capsys, name, stub) == "not tried yet"


@each
def test_typical_wrong_answers_get_their_hint(name, capsys):
    assert len(ANSWERS[name].wrong) >= 3
    for answer, fragment in ANSWERS[name].wrong:
        assert fragment in refused(capsys, name, answer)


# Right in any form.


def other_forms(result):
    """The same result as another reader returns it."""
    if isinstance(result, bool | np.bool_):
        return [np.bool_(result)]
    if isinstance(result, dict):
        return [result]
    if isinstance(result, tuple | list):
        parts = [other_forms(part) for part in result]
        forms = [[form[min(k, len(form) - 1)] for form in parts] for k in range(4)]
        return [tuple(result), list(result), *map(tuple, forms)]
    array = np.asarray(result)
    if array.dtype.kind not in "biuf":
        return [result]
    forms = [array, array.tolist()]
    if array.size == 1:
        forms += [array.reshape(1), array.item()]
    if array.dtype.kind == "f":
        forms.append(array.astype(np.float32))
    if (
        array.dtype.kind == "f"
        and np.isfinite(array).all()
        and np.array_equal(array, array.round())
    ):
        forms += [array.astype(int), array.astype(int).tolist()]
    return forms


class Model:
    """A reader who likes classes."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)


def in_form(function, k):
    def answer(*args):
        forms = other_forms(function(*args))
        return forms[k % len(forms)]

    return answer


@each
def test_a_right_answer_passes_in_any_form(name, capsys):
    right = ANSWERS[name].right
    if callable(right):
        answers = [in_form(right, k) for k in range(7)] + [Model(right)]
    elif isinstance(right, tuple | list) and any(map(callable, right)):
        answers = [tuple(right), list(right)]
        answers += [
            [in_form(part, k) if callable(part) else other_forms(part)[k % 2] for part in right]
            for k in range(7)
        ]
    elif name.startswith("capstone"):  # parts of every kind: networks, dicts, sequences
        answers = [tuple(right), list(right)]
    else:
        answers = other_forms(right)
    exact = name in PRECISE
    for answer in answers:
        printed = verdict(capsys, name, answer)
        assert printed == "passed" or (exact and "relative" in printed), f"{name}: {answer!r}"


PRECISE = {"bptt-5"}  # asks for all digits of float64: float32 is wrong there


# Nothing else.


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


@each
def test_constants_and_crashes_are_refused_with_a_hint(name, capsys):
    for answer in (0.123456, "text", None, [], np.zeros((2, 3)), constant, crash, Hostile(), {}):
        hint = refused(capsys, name, answer)
        assert len(hint) > 20, "a hint is a sentence"
        assert "Traceback" not in hint


def with_one_argument_frozen(function, k):
    """``function``, but argument ``k`` keeps its first value, wherever that value is possible."""
    kept = []

    def answer(*args):
        if not kept:
            kept.append(copy.deepcopy(args[k]))
        frozen = (*args[:k], copy.deepcopy(kept[0]), *args[k + 1 :])
        try:
            return function(*frozen)
        except Exception:  # of another shape
            return function(*args)

    return answer


def parameters(function) -> list[str]:
    return list(inspect.signature(function).parameters)


@each
def test_each_argument_matters(name, capsys):
    right = ANSWERS[name].right
    functions = {None: right} if callable(right) else {}
    if isinstance(right, tuple | list):
        functions = {i: part for i, part in enumerate(right) if callable(part)}
    for place, function in functions.items():
        for k, parameter in enumerate(parameters(function)):
            answer = with_one_argument_frozen(function, k)
            if place is not None:
                answer = [answer if i == place else part for i, part in enumerate(right)]
            printed = verdict(capsys, name, answer)
            assert printed != "passed", f"{name}: {parameter} may be what it was at first"


def spoiled(result):
    if isinstance(result, bool | np.bool_):
        return not result
    if isinstance(result, tuple | list):
        first = next(k for k, part in enumerate(result) if np.size(part))
        return [spoiled(part) if k == first else part for k, part in enumerate(result)]
    if isinstance(result, dict):
        return {key: spoiled(value) for key, value in result.items()}
    return np.asarray(result) + 1


@each_function
def test_edges_are_tried(name, capsys):
    right, edges = ANSWERS[name].right, ANSWERS[name].edges
    assert edges, f"{name} has no limiting case"
    for edge, applies in edges.items():
        tried = []

        def answer(*args, applies=applies, tried=tried):
            at_edge = bool(applies(*args))
            tried.append(at_edge)
            return spoiled(right(*args)) if at_edge else right(*args)

        printed = verdict(capsys, name, answer)
        assert any(tried), f"{name} never tries {edge}"
        assert not all(tried), f"{edge} is no edge of {name}: it is all that is tried"
        assert printed != "passed", f"{name} accepts a wrong result for {edge}"


@each
def test_promises_of_the_text_are_kept(name, capsys):
    text = " ".join(TEXTS[name].split())
    for fragment, broken in ANSWERS[name].promises:
        assert fragment in text
        refused(capsys, name, broken)


# Each hint is earned.


@pytest.fixture
def comparisons(monkeypatch):
    """The comparisons that a check makes of an answer: (function, positional and keyword arguments)."""

    def record(name, answer):
        module, made = module_of(name), []
        for kind in ("expect_array", "expect_number", "expect_function"):
            expect = getattr(module, kind, None)
            if expect is None:
                continue

            def recorded(*args, expect=expect, **options):
                made.append((expect, args, options))
                return expect(*args, **options)

            monkeypatch.setattr(module, kind, recorded)
        module.CHECKS[name](answer)
        return made

    return record


class _Passed(Exception):  # noqa: N818
    """Raised where no hint was given."""


def hint_from(function, *args, **options) -> str:
    try:
        function(*args, **options)
    except Hint as hint:
        return str(hint)
    raise _Passed


def without_numbers(hint):
    return re.sub(r"\d+", "#", hint)


@each
def test_each_listed_mistake_gets_its_own_hint(name, comparisons, capsys):
    right, shown, listed = ANSWERS[name].right, set(), set()
    for expect, (answer, *others), options in comparisons(name, right):
        hints = [hint for _, hint in options.get("mistakes", ())]
        assert len(hints) == len(set(hints)), "two mistakes with one hint are one mistake"
        for wrong, hint in options.get("mistakes", ()):
            listed.add(without_numbers(hint))
            with contextlib.suppress(_Passed), np.errstate(all="ignore"):
                if answer is right:  # the whole check, as the reader meets it
                    got = hint_from(module_of(name).CHECKS[name], wrong)
                else:
                    got = hint_from(expect, wrong, *others, **options)
                assert got.startswith(hint), f"{name}: {hint!r} is never reached: {got}"
                shown.add(without_numbers(hint))
    assert shown == listed, f"{name}: mistakes that the check accepts"


def places_of_hints(module) -> dict[int, str]:
    """Line -> source of every ``raise Hint(...)`` in a file of checks."""
    source = Path(module.__file__).read_text()
    return {
        node.lineno: ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise) and node.exc and ast.unparse(node.exc).startswith("Hint(")
    }


def place_of_the_hint(module, name, answer) -> int | None:
    try:
        with np.errstate(all="ignore"):
            module.CHECKS[name](answer)
    except Hint as hint:
        frames = [
            frame
            for frame in traceback.extract_tb(hint.__traceback__)
            if frame.filename == module.__file__
        ]
        return frames[-1].lineno
    except Exception:
        pass
    return None


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_raise_of_a_hint_is_met_by_an_answer(chapter):
    module, met = module_of(chapter), set()
    for name in names(chapter):
        answers = ANSWERS[name]
        for answer in [
            *(answer for answer, _ in answers.wrong),
            *(answer for _, answer in answers.promises),
            *(0.123456, "text", [], np.zeros((2, 3)), constant, crash, {}),
        ]:
            met.add(place_of_the_hint(module, name, answer))
    missed = {line: text for line, text in places_of_hints(module).items() if line not in met}
    assert not missed, f"hints of {chapter} that no answer gets: {missed}"
