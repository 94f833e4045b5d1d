"""A right answer and typical wrong ones for every exercise, one file a chapter.

Each file has the name of its checks in ``rnncore/exercises`` and holds ``ANSWERS``: exercise -> Answers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answers:
    """``wrong`` pairs each wrong answer with a fragment of the hint that the reader must get."""

    right: object
    wrong: list[tuple[object, str]]
