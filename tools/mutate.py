"""Plant one small fault at a time in the code and see whether the tests notice.

Run ``python tools/mutate.py rnncore.cells rnnbook.exercises.bptt ...`` (default: all of rnncore). A fault
is a changed operator, comparison, constant or sign, or a statement left out. Each is planted in a
forked process, in memory; no file is changed. It prints the faults that no test noticed: each of
them asks for a test, or changes nothing that can be seen.
"""

import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import io
import os
import signal
import sys
import time
import warnings
from pathlib import Path

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a fork starts twice as fast

import hypothesis
import numpy as np  # noqa: F401 - loaded once, before the forks
import pytest

from rnnbook.exercises import CHAPTERS

ROOT = Path(__file__).parents[1]
TESTS = {  # of rnncore, those that are to notice; the fast ones first
    "arguments": ["arguments", "cells", "bptt", "data", "train"],
    "cells": ["cells", "bptt", "arguments"],
    "bptt": ["bptt", "arguments"],
    "losses": ["losses", "arguments"],
    "model": ["model", "arguments"],
    "optim": ["optim", "arguments"],
    "gradcheck": ["gradcheck", "arguments"],
    "train": ["train", "arguments"],
    "data": ["data", "arguments"],
    "ngram": ["ngram", "arguments"],
}


def is_check(module):
    """Whether a module holds the checks of a chapter."""
    return module in {f"rnnbook.exercises.{file}" for file in CHAPTERS.values()}


def tests_of(module):
    """The arguments of pytest that run the tests of a module, by its full name."""
    package, _, name = module.rpartition(".")
    if package == "rnncore":
        return [str(ROOT / "tests" / "core" / f"test_{test}.py") for test in TESTS[name]]
    for prefix, file in CHAPTERS.items():
        if (
            module == f"rnnbook.exercises.{file}"
        ):  # its tests are named [bptt-1], [bptt-2], ..., [bptt]
            return [str(ROOT / "tests" / "book" / "test_exercises.py"), "-k", f"[{prefix}"]
    return [str(ROOT / "tests" / "book" / f"test_{name}.py")]


SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def mutations(node):
    """Yield (description, function that changes a node like this one in place)."""

    def setter(**fields):
        return lambda n: [setattr(n, k, v) for k, v in fields.items()]

    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
        new = SWAPS[type(node.op)]
        yield f"{type(node.op).__name__} -> {new.__name__}", setter(op=new())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        new = SWAPS[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} -> {new.__name__}", setter(ops=[new(), *node.ops[1:]])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        new = ast.UAdd() if isinstance(node.op, ast.USub) else None
        if new:
            yield "minus dropped", setter(op=new)
        else:  # not not x
            yield "not dropped", lambda n: setattr(n, "operand", ast.UnaryOp(ast.Not(), n.operand))
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield f"{node.value} -> {node.value + 1}", setter(value=node.value + 1)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", setter(value=not node.value)
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield "statement left out", lambda n: setattr(n, "left_out", True)


class LeaveOut(ast.NodeTransformer):
    def generic_visit(self, node):
        if getattr(node, "left_out", False):
            return ast.copy_location(ast.Pass(), node)
        return super().generic_visit(node)


def mutants(source):
    tree = ast.parse(source)
    for k, node in enumerate(ast.walk(tree)):
        for text, change in mutations(node):
            mutant = copy.deepcopy(tree)
            change(list(ast.walk(mutant))[k])
            mutant = ast.fix_missing_locations(LeaveOut().visit(mutant))
            yield f"line {node.lineno}: {text}", mutant


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, module, path, tree):
        self.name, self.path, self.tree = module, path, tree

    def find_spec(self, name, path, target=None):
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def exec_module(self, module):
        exec(compile(self.tree, self.path, "exec"), module.__dict__)


def survives(module, path, tree):
    """Run the tests of a module on a mutant in a fork: True if all of them pass, within five minutes."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(300)
        if not is_check(module):  # nothing has imported the checks of a chapter yet
            for name in [name for name in sys.modules if name.startswith(("rnncore", "rnnbook"))]:
                del sys.modules[name]  # imported anew, with the fault in it
        sys.meta_path.insert(0, Planted(module, str(path), tree))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = 1
            with contextlib.suppress(BaseException):
                code = pytest.main(
                    [
                        "-qx",
                        "-p",
                        "no:cacheprovider",
                        "-W",
                        "ignore::pytest.PytestAssertRewriteWarning",
                        *tests_of(module),
                    ]
                )
        os._exit(int(code != 0))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def main(modules):
    warnings.simplefilter("ignore")
    hypothesis.settings.register_profile("mutate", database=None)
    hypothesis.settings.load_profile("mutate")
    if any(map(is_check, modules)):
        sys.path.append(str(ROOT / "tests"))
        for file in CHAPTERS.values():  # some answers are trained: once, before the forks
            importlib.import_module(f"exercise_answers.{file}")
    for module in modules:
        path, start = ROOT / f"{module.replace('.', '/')}.py", time.perf_counter()
        source = path.read_text()
        assert survives(module, path, ast.parse(source)), f"the tests of {module} fail as they are"
        lines, left, total = source.splitlines(), [], 0
        for text, tree in mutants(source):
            total += 1
            if survives(module, path, tree):
                left.append(text)
                print(
                    f"  {path.name} {text}\n      {lines[int(text.split()[1][:-1]) - 1].strip()}",
                    flush=True,
                )
        seconds = time.perf_counter() - start
        print(f"{module}: {len(left)} of {total} faults not noticed ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [f"rnncore.{name}" for name in TESTS])
