"""The capstone's checks take any sequence: symbols too, and they see a choice made on the test part."""

import numpy as np
import pytest
from exercise_answers.capstone import Project

from rnncore.exercises import check, names

RNG = np.random.default_rng(0)
SYMBOLS = Project(np.cumsum(RNG.choice([0, 1, 2], p=[0.1, 0.8, 0.1], size=500)) % 3)
NOISE = Project(np.random.default_rng(1).normal(size=400))


@pytest.mark.parametrize("project", [SYMBOLS, NOISE], ids=["symbols", "noise"])
@pytest.mark.parametrize("name", names("capstone"))
def test_right_answers_pass_on_other_sequences(project, name, capsys):
    check(name, project.right()[name])
    assert capsys.readouterr().out == f"{name}: passed\n"


def turning(n):
    """Neighbours are alike until the test part begins; then they are opposite."""
    x, rng = [0.0], np.random.default_rng(2)
    while len(x) < n:
        x.append((0.9 if len(x) < 0.8 * n else -0.9) * x[-1] + rng.normal())
    return np.array(x)


def test_a_choice_made_on_the_test_part_is_seen(capsys):
    parts, best, networks, chosen, on_test = Project(turning(500)).final()
    lowest = min(["baseline", *networks], key=lambda name: on_test[name][0])
    assert lowest != chosen
    check("capstone-8", (parts, best, networks, lowest, on_test))
    assert "best on the test part" in capsys.readouterr().out


def test_a_part_that_came_from_elsewhere_is_refused(capsys):
    sequence, (train, valid, _), r, beyond = SYMBOLS.split()
    check("capstone-1", (sequence, (train, valid, train[: len(valid)]), r, beyond))
    assert "must be the sequence" in capsys.readouterr().out
