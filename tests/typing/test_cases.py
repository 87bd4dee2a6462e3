"""The types that users see, as `mypy --strict` sees them."""

from pathlib import Path

import pytest
from mypy import api

CASES = Path(__file__).parent / "cases"


@pytest.mark.slow
def test_cases_pass_strict_mypy() -> None:
    """One run for all of them: most of its time goes into the framework's own types."""
    root = CASES.parents[2]
    options = ["--strict", "--warn-unused-ignores", "--config-file", str(root / "pyproject.toml")]
    report, problems, status = api.run([*options, *(str(path) for path in sorted(CASES.glob("*.py")))])
    assert status == 0, report + problems
