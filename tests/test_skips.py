"""No test goes missing in silence: a skip fails in CI, and what is deselected is said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skipif(True, reason="no reason")
def test_that_is_skipped():
    pass

@pytest.mark.torch
def test_against_torch():
    pass
"""


@pytest.fixture
def run(tmp_path):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = torch\n")
    plain = {k: v for k, v in os.environ.items() if k not in ("CI", "WITHOUT_TORCH")}

    def pytest_with(*arguments, **variables):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        env = {**plain, **variables}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)

    return pytest_with


def test_a_skip_passes_at_home_and_fails_in_ci(run):
    assert run().returncode == 0
    in_ci = run(CI="true")
    assert in_ci.returncode == 1
    assert "skipped in CI: Skipped: no reason" in in_ci.stdout
    assert "2 passed, 1 error" in in_ci.stdout


def test_tests_against_torch_are_deselected_by_name_and_said(run):
    without = run("-k", "runs or torch", CI="true", WITHOUT_TORCH="1")
    assert without.returncode == 0
    assert "WITHOUT_TORCH=1: tests against PyTorch are deselected" in without.stdout
    assert "1 passed, 2 deselected" in without.stdout
