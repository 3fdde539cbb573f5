"""Brings a database to the newest schema: Alembic, run in the process at every start.

The versions are frozen history; `tables.py` is the present. A test compares the two.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from literalai_otel.errors import ConfigError

FOLDER: Final = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Applies the versions that are missing, in one transaction.

    Raises:
        ConfigError: the database was written by a newer program.
    """
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        try:
            command.upgrade(settings, "head")
        except CommandError as problem:
            raise ConfigError(
                f"the database has a schema that this program does not know ({problem}): "
                "upgrade literalai-otel, or give --data-dir another folder"
            ) from problem
