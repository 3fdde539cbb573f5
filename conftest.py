"""Feature rows: tests name the ones they prove, an unknown id fails, and a run can be written down.

`pytest --feature-report FILE` appends one JSON line per passed test that carries rows; `docs/features.py` turns
the lines of all lanes into `docs/features.md` (`make features`).
"""

import gc
import json
import ssl
import tomllib
from collections.abc import Iterator
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


@pytest.fixture(scope="session", autouse=True)
def no_certificates() -> Iterator[None]:
    """Every client of an SDK loads some 150 certificates, in 20 ms; nothing here speaks TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
        yield


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keep what tests imported and pytest remembers out of the many collections of the tests that follow."""
    seen = item.config.stash.setdefault(_TESTS_SEEN, {})
    seen[item.path] = seen.get(item.path, 0) + 1
    if seen[item.path] % 10 == 1:
        gc.collect()
        gc.freeze()


_TESTS_SEEN = pytest.StashKey[dict[Path, int]]()
