"""Feature rows: tests name the ones they prove, an unknown id fails, and a run can be written down.

`pytest --feature-report FILE` appends one JSON line per passed test that carries rows; `docs/features.py` turns
the lines of all lanes into `docs/features.md` (`make features`).
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROWS = frozenset(tomllib.loads((Path(__file__).parent / "docs" / "features.toml").read_text(encoding="utf-8")))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--feature-report", metavar="FILE", help="append what passed tests prove, as JSON lines")


def _rows(item: pytest.Item) -> list[str]:
    return [row for mark in item.iter_markers("feature") for row in mark.args]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unknown = {(row, item.nodeid) for item in items for row in _rows(item) if row not in ROWS}
    if unknown:
        lines = "\n".join(f"  {row} in {nodeid}" for row, nodeid in sorted(unknown))
        raise pytest.UsageError(f"feature rows that docs/features.toml does not have:\n{lines}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    target = item.config.getoption("--feature-report")
    if target and report.when == "call" and report.passed and (rows := _rows(item)):
        # One write per line: workers of pytest-xdist append to the same file.
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": item.nodeid, "rows": rows}) + "\n")
    return report
