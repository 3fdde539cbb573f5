"""`docs/migration.md` names nothing that does not exist."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from literalai_otel import AsyncLiteralClient, LiteralClient

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
MEMBERS = sorted(set(re.findall(r"`[@(]?(?:await )?client\.([a-z_]+)", PAGE)) - {"api"})
NAMES = sorted(set(re.findall(r"literalai_otel\.[A-Za-z_.]+[A-Za-z_]", PAGE)))
COMMANDS = sorted(set(re.findall(r"literalai-otel ([a-z]+)\b", PAGE)))


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_of_the_client_is_there(member: str) -> None:
    assert len(MEMBERS) > 15
    assert hasattr(LiteralClient, member)
    assert hasattr(AsyncLiteralClient, member)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_can_be_imported(name: str) -> None:
    assert len(NAMES) > 5
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        assert getattr(importlib.import_module(module), attribute) is not None


def test_the_commands_exist() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "literalai-otel", "--help"], capture_output=True, text=True, check=True
    )
    assert COMMANDS == ["export", "import", "serve"]
    assert all(re.search(rf"\b{command}\b", done.stdout) for command in COMMANDS)


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).resolve().exists()] == []
