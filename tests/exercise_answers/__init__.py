"""What readers hand over for every exercise, one file a chapter.

Each file has the name of its checks in ``rnnbook/exercises`` and holds ``ANSWERS``: exercise -> Answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answers:
    """One right answer, and wrong ones.

    - ``wrong`` pairs each typical wrong answer with a fragment of the hint that the reader must get.
    - ``edges``, for a function: by name, what arguments make a limiting case (``"one step": lambda x,
      lag: len(x) == 1``). Its result there must count.
    - ``promises`` pairs a fragment of the text of the exercise with an answer that breaks it alone.
    """

    right: object
    wrong: list[tuple[object, str]]
    edges: dict[str, Callable[..., bool]] = field(default_factory=dict)
    promises: list[tuple[str, object]] = field(default_factory=list)
