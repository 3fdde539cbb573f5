"""The published clients that drive the server: a lane each, a program that runs there, and the checks in it."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engines import NEWEST
from literalai_otel.testing import FakeProvider
from programs import Server

from .relay import Call, Relay

HERE = Path(__file__).parent
LANES = HERE.parents[1] / ".lanes"
ENGINES = ("sqlite", *NEWEST)
"""The databases that the server has meanwhile."""
ROW = re.compile(r"\b[A-Z]+(?:-[A-Z]+)?-\d\d\b")
JAVASCRIPT_CHECK = re.compile(r"(?:^// (?P<rows>.*)\n)?^export async function (?P<name>check\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Client:
    """One program with a published client, in the lane that has it."""

    name: str
    """As a reader knows it, with its version."""
    lane: str
    program: str
    """File in `programs/` or `node/`."""
    apart: str = ""
    """The package among those that the lane keeps apart which the program imports, as lanes.toml writes it."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    seconds: float = 400

    @property
    def path(self) -> Path:
        """The program's file."""
        return HERE / ("node" if self.program.endswith(".mjs") else "programs") / self.program

    def command(self, folder: Path) -> list[str]:
        """What starts the program in `folder`. Node looks for packages from where a file lies: links make it so."""
        lane = LANES / self.lane
        if not self.program.endswith(".mjs"):
            return [str(lane / "bin" / "python"), str(self.path)]
        (folder / "node_modules").symlink_to(lane / "node_modules")
        (folder / "node").symlink_to(self.path.parent)
        links = ["--preserve-symlinks", "--preserve-symlinks-main"]
        return [str(lane / "bin" / "node"), *links, str(folder / "node" / self.program)]

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that the program needs whatever it talks to."""
        path = {"PYTHONPATH": str(LANES / self.lane / "apart" / self.apart)} if self.apart else {}
        return {**path, **self.settings}

    def checks(self) -> dict[str, tuple[str, ...]]:
        """Name of each check in the program -> the feature rows that it names."""
        text = self.path.read_text(encoding="utf-8")
        if self.program.endswith(".mjs"):
            return {each["name"]: tuple(ROW.findall(each["rows"] or "")) for each in JAVASCRIPT_CHECK.finditer(text)}
        return {
            node.name: tuple(ROW.findall((ast.get_docstring(node) or "").partition("\n")[0]))
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("check_")
        }


@dataclass
class Results:
    """What a client's program said, and the calls that the relay saw meanwhile."""

    checks: dict[str, str]
    refusals: int
    calls: list[Call] = field(repr=False)
    engine: str = "sqlite"

    @property
    def failed(self) -> list[Call]:
        """Calls that were not answered as asked, the refusals that the program provoked among them."""
        return [call for call in self.calls if call.problem is not None]

    def summary(self, client: Client) -> str:
        """One line for the record."""
        operations = len({call.operation for call in self.calls})
        unexpected = len(self.failed) - self.refusals
        refused = f", {self.refusals} refused as asked" if self.refusals else ""
        name = f"{client.name}, {self.engine}"
        return f"{name}: {len(self.calls)} calls of {operations} operations, {unexpected} failed{refused}"

    def explained(self) -> str:
        """Each call that failed, with what was sent."""
        return "\n".join(
            f"{call.operation}: {call.status} {call.problem}\n  {call.request[:600]!r}" for call in self.failed
        )


def each_check(*clients: Client, engines: Sequence[str] = ENGINES) -> Callable[[Any], Any]:
    """Runs a test of (client, check) for each check on each engine, marked with the check's feature rows."""
    cases = [
        pytest.param(client, check, id=f"{client.name}-{check}", marks=_marks(rows))
        for client in clients
        for check, rows in client.checks().items()
    ]
    return _on(engines, pytest.mark.parametrize(("client", "check"), cases))


def each_client(*clients: Client, engines: Sequence[str] = ENGINES) -> Callable[[Any], Any]:
    """Runs a test of (client) for each client on each engine."""
    return _on(engines, pytest.mark.parametrize("client", clients, ids=lambda client: client.name))


def _on(engines: Sequence[str], each: pytest.MarkDecorator) -> Callable[[Any], Any]:
    # Two marks: of one that names both, pytest would not gather what shares a database, and start a server for each.
    return lambda test: pytest.mark.parametrize("engine", engines, indirect=True)(each(test))


def _marks(rows: tuple[str, ...]) -> list[pytest.MarkDecorator]:
    return [pytest.mark.feature(*rows)] if rows else []


def assert_check(results: Results, check: str) -> None:
    """The check went well; else what the program said about it."""
    assert results.checks[check] == "ok", results.checks[check]


def assert_no_call_failed(client: Client, results: Results, record_property: Callable[[str, object], None]) -> None:
    """Every call but those that were to be refused was answered as asked; how many there were is put on record."""
    record_property("published", results.summary(client))
    assert len(results.failed) == results.refusals, results.explained()


def drive(client: Client, server: Server, provider: FakeProvider, folder: Path, engine: str = "sqlite") -> Results:
    """Run the client's program in `folder` against the server, through a relay that keeps every call."""
    with Relay(server.url) as relay:
        settings = {
            "LITERAL_API_URL": relay.url,
            "LITERAL_API_KEY": server.key,
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": "sk-test",
        }
        said = start(client, settings, folder)
    return Results(said["checks"], said["refusals"], relay.calls, engine)


def start(client: Client, settings: dict[str, str], folder: Path) -> dict[str, Any]:
    """Run the client's program in `folder`; what it printed last. When it breaks off, every check gets its output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_", "OPENAI_"))}
    done = subprocess.run(
        client.command(folder), cwd=folder, env={**kept, **client.environment, **settings},
        capture_output=True, timeout=client.seconds, check=False,
    )  # fmt: skip
    lines = done.stdout.decode().strip().splitlines()
    if done.returncode or not lines:
        output = f"{client.name} ended with {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return {"checks": dict.fromkeys(client.checks(), output), "refusals": 0}
    return json.loads(lines[-1])
