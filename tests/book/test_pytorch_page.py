"""The page "The same in PyTorch": its code runs from top to bottom, and prints what the page shows.

``python tests/book/test_pytorch_page.py`` writes what the blocks print now into the page. Two comments of the page
stand over output that another machine or run may print otherwise. After ``% measured: 0.05 to 20`` the words are
compared exactly and all numbers must lie in that range; after ``% drawn`` only the number of words counts. If so,
the output stays as it is.
"""

import ast
import contextlib
import difflib
import io
import re
from pathlib import Path

import pytest

try:
    import torch
except ModuleNotFoundError:
    torch = None

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "beyond" / "pytorch.md"
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:(?P<before>\n(?:% (?P<varies>drawn|measured: (?P<low>[\d.]+) to (?P<high>[\d.]+))\n\n)?)"
    r"```text\n(?P<shown>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
ASKED_FOR = [
    "nn.RNN", "nn.LSTM", "nn.GRU", "batch_first=True", "F.cross_entropy", "ignore_index=-100", "pad_sequence",
    "pack_padded_sequence", "enforce_sorted=False", ".detach()", "clip_grad_norm_", "torch.optim.Adam",
    "nn.init.orthogonal_", "gradcheck", "torch.multinomial", "torch.inference_mode", "state_dict()",
    "weights_only=True",
]  # fmt: skip


def run(code, line, namespace):
    """Return what a block prints; a traceback names the line of the page."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * line + code, str(PAGE), "exec"), namespace)
    return printed.getvalue()


def fits(printed, block):
    """Tell whether an output that may differ is one of those that the page allows."""
    if block["varies"] == "drawn":
        return re.sub("[a-z]+", "#", printed) == re.sub("[a-z]+", "#", block["shown"])
    low, high = float(block["low"]), float(block["high"])
    numbers = [float(number) for number in NUMBER.findall(printed + block["shown"])]
    same_words = NUMBER.sub("#", printed) == NUMBER.sub("#", block["shown"])
    return same_words and low <= min(numbers) <= max(numbers) <= high


def refreshed(page):
    """Return the page as it would be if each block were followed by what it prints now."""
    namespace = {"__name__": "page"}

    def replace(block):
        line = page[: block.start()].count("\n") + 1
        printed = run(block["code"], line, namespace)
        if block["varies"] and fits(printed, block):
            return block[0]
        box = f"{block['before'] or chr(10)}```text\n{printed}```\n" if printed else ""
        return f"```python\n{block['code']}```\n{box}"

    return BLOCK.sub(replace, page)


def difference(page):
    """What is shown on the page and not printed (-), or printed and not shown (+)."""
    lines = [text.splitlines(keepends=True) for text in (page, refreshed(page))]
    return "".join(difflib.unified_diff(*lines, "the page shows", "its code prints"))


@pytest.fixture
def torch_as_it_was():
    """Give back to the other tests what a block sets for its whole session."""
    dtype, threads, state = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.random.get_rng_state(),
    )
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)
    torch.random.set_rng_state(state)


@pytest.mark.torch
@pytest.mark.skipif(torch is None, reason="PyTorch is not installed; CI installs it")
def test_the_page_shows_what_its_code_prints(torch_as_it_was):
    if told := difference(PAGE.read_text(encoding="utf-8")):
        pytest.fail(told, pytrace=False)


def test_each_block_parses_fits_the_page_and_shows_what_it_prints():
    blocks = list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(blocks) > 12
    for block in blocks:
        tree = ast.parse(block["code"])
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        prints = any(isinstance(name, ast.Name) and name.id == "print" for name in calls)
        assert prints == bool(block["shown"]), block["code"]
        lines = (block["code"] + (block["shown"] or "")).splitlines()
        assert [line for line in lines if len(line) > 84] == []


def test_each_fence_is_code_or_what_the_code_above_it_prints():
    page = PAGE.read_text(encoding="utf-8")
    boxes = sum(1 + (block["shown"] is not None) for block in BLOCK.finditer(page))
    assert len(re.findall(r"^```", page, re.MULTILINE)) == 2 * boxes


def test_the_page_has_what_it_promises():
    page = PAGE.read_text(encoding="utf-8")
    code = "".join(block["code"] for block in BLOCK.finditer(page))
    assert [name for name in ASKED_FOR if name not in code] == []
    pinned = re.search(
        r"^torch==(.+)$", (ROOT / "benchmarks/requirements.txt").read_text(), re.MULTILINE
    )
    assert re.findall(r"PyTorch\s+(\d+\.\d+\.\d+)", page) == [pinned[1]]


SMALL = """
```python
a = 1
```

Words.

```python
print(a + 1)
```

```text
2
```

```python
print(f"ratio {a / 2}")
```

% measured: 0.1 to 10

```text
ratio 0.7
```

```python
print("anna", "bob")
```

% drawn

```text
eve adam
```
"""


@pytest.mark.parametrize(
    ("there", "instead", "told"),
    [
        ("2\n```", "3\n```", "-3\n+2"),  # another output
        ("```text\n2\n```\n", "", "+2"),  # an output that is missing
        ("a = 1\n```\n", "a = 1\n```\n\n```text\n1\n```\n", "-1"),  # one that nothing prints
        ("print(a + 1)", "print(a + 2)", "-2\n+3"),  # other code
        ("0.1 to 10", "0.6 to 10", "-ratio 0.7\n+ratio 0.5"),  # a number out of its range
        ("ratio 0.7", "ratio 70.7", "-ratio 70.7\n+ratio 0.5"),  # or the one that is shown
        ("ratio 0.7", "ratios 0.7", "-ratios 0.7\n+ratio 0.5"),  # other words
        ("ratio 0.7", "ratio 0.7 0.7", "-ratio 0.7 0.7\n+ratio 0.5"),  # one number more
        ("% measured: 0.1 to 10\n\n", "", "-ratio 0.7\n+ratio 0.5"),  # not said to vary
        ("eve adam", "eve adam ben", "-eve adam ben\n+anna bob"),  # one name more
    ],
)
def test_a_defect_is_found_and_told(there, instead, told):
    assert difference(SMALL) == ""
    assert there in SMALL
    assert told in difference(SMALL.replace(there, instead))


def test_an_error_names_the_line_of_the_page():
    with pytest.raises(ZeroDivisionError) as error:
        difference(SMALL.replace("a + 1", "a / 0"))
    assert error.traceback[-1].lineno + 1 == 9


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
