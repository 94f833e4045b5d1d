"""The capstone's checks take any sequence: symbols too, and they see a choice made on the test part."""

import numpy as np
import pytest
from exercise_answers.capstone import NOISE, RIGHT, Project, swap, turning

from rnnbook.exercises import check, names

RNG = np.random.default_rng(0)
SYMBOLS = Project(np.cumsum(RNG.choice([0, 1, 2], p=[0.1, 0.8, 0.1], size=500)) % 3)


@pytest.mark.parametrize("project", [SYMBOLS, Project(NOISE)], ids=["symbols", "noise"])
@pytest.mark.parametrize("name", names("capstone"))
def test_right_answers_pass_on_other_sequences(project, name, capsys):
    check(name, project.right()[name])
    assert capsys.readouterr().out == f"{name}: passed\n"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("capstone-1", {"at1": [part.tolist() for part in RIGHT["capstone-1"][1]]}),
        ("capstone-2", {"at2": np.str_(RIGHT["capstone-2"][2])}),
        ("capstone-3", {"at3": np.array([RIGHT["capstone-3"][3]])}),
        ("capstone-4", {"at5": RIGHT["capstone-4"][5].tolist()}),
        ("capstone-5", {"at4": RIGHT["capstone-5"][4].astype(float)}),
        ("capstone-6", {"at3": {k: [e] for k, e in RIGHT["capstone-6"][3].items()}}),
        ("capstone-7", {"at1": list(RIGHT["capstone-7"][1])}),
        ("capstone-8", {"at4": {k: np.array(e) for k, e in RIGHT["capstone-8"][4].items()}}),
    ],
)
def test_parts_of_a_right_answer_pass_in_another_form(name, changes, capsys):
    check(name, swap(RIGHT[name], **changes))
    assert capsys.readouterr().out == f"{name}: passed\n"


@pytest.mark.parametrize(
    ("lacking", "words"),
    [(lambda H: H + 3, "the biases b_h and b_y"), (lambda H: 3 * H + 3, "the readout has weights")],
)
def test_what_a_count_of_parameters_lacks_is_told_apart_for_symbols(lacking, words, capsys):
    answer = SYMBOLS.sizes()
    check("capstone-3", swap(answer, at4={H: n - lacking(H) for H, n in answer[4].items()}))
    assert words in capsys.readouterr().out


def test_a_choice_made_on_the_test_part_is_seen(capsys):
    parts, best, networks, chosen, on_test, gap = Project(turning(500)).final()
    lowest = min(["baseline", *networks], key=lambda name: on_test[name][0])
    assert lowest != chosen
    check("capstone-8", (parts, best, networks, lowest, on_test, gap))
    assert "best on the test part" in capsys.readouterr().out


def test_a_part_that_came_from_elsewhere_is_refused(capsys):
    sequence, (train, valid, _), r, beyond = SYMBOLS.split()
    check("capstone-1", (sequence, (train, valid, train[: len(valid)]), r, beyond))
    assert "must be the sequence" in capsys.readouterr().out
