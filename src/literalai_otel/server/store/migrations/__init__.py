"""Brings a database to the newest schema: Alembic, run in the process at every start or by `literalai-otel migrate`.

The versions are frozen history; `tables.py` is the present. A test compares the two, on each engine.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from literalai_otel.errors import ConfigError

FOLDER: Final = Path(__file__).parent

Report = Callable[[str], None]
"""Hears of each version right after it was applied: its number and what it is for."""


def silent(_: str) -> None:
    """Reports nothing."""


def upgrade(
    connection: Connection, report: Report = silent, *, otherwise: str = "give --data-dir another folder"
) -> None:
    """Applies the versions that are missing, in one transaction: that of the connection if there is one.

    Raises:
        ConfigError: the database was written by a newer program; `otherwise` is what one can do but upgrade.
    """
    settings = _settings()
    settings.attributes["connection"] = connection
    settings.attributes["report"] = report
    try:
        command.upgrade(settings, "head")
    except CommandError as problem:
        raise ConfigError(
            f"the database has a schema that this program does not know ({problem}): "
            f"upgrade literalai-otel, or {otherwise}"
        ) from problem


def pending(connection: Connection | None) -> Sequence[str]:
    """What `upgrade` would apply, oldest first: number and purpose of each version. None is an empty database.

    Raises:
        ConfigError: the database was written by a newer program.
    """
    scripts = list(ScriptDirectory.from_config(_settings()).walk_revisions())
    current = MigrationContext.configure(connection).get_current_revision() if connection is not None else None
    if current is None:
        return [described(script) for script in reversed(scripts)]
    place = next((index for index, script in enumerate(scripts) if script.revision == current), None)
    if place is None:
        raise ConfigError(
            f"the database has a schema that this program does not know ({current}): upgrade literalai-otel"
        )
    return [described(script) for script in reversed(scripts[:place])]


def is_newest(connection: Connection) -> bool:
    """Whether `upgrade` has nothing to do. Asks for the tables of the database, so they must be there."""
    return MigrationContext.configure(connection).get_current_revision() == _newest()


def described(script: Any) -> str:
    """A version for people: its number and what it is for."""
    return f"{script.revision} {(script.doc or '').rstrip('.')}"


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_settings()).get_current_head()


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings
