"""What the tests share: the cells, and what becomes of a test that cannot run."""

import os
from functools import partial

import pytest

from rnncore import GRUCell, LSTMCell, RNNCell

WITHOUT_TORCH = os.environ.get("WITHOUT_TORCH") == "1"  # said where torch means gigabytes of CUDA

ReluCell = partial(RNNCell, activation="relu")
# a new cell goes through every test of cells from here
CELLS = [RNNCell, ReluCell, LSTMCell, GRUCell]


def pytest_make_parametrize_id(val):
    """Name a cell in the ids of tests, the partial one too."""
    return "ReluCell" if val is ReluCell else getattr(val, "__name__", None)


def pytest_report_header():
    return "WITHOUT_TORCH=1: tests against PyTorch are deselected" if WITHOUT_TORCH else None


def pytest_collection_modifyitems(config, items):
    if WITHOUT_TORCH:
        compared = [item for item in items if item.get_closest_marker("torch")]
        config.hook.pytest_deselected(items=compared)
        items[:] = [item for item in items if item not in compared]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Where everything is installed, in CI, a test that is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr[2]}"
    return report
