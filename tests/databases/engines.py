"""The databases that the server's tests run on, behind one face: a folder names a store, on each of them."""

import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from literalai_otel.config import ServerConfig
from literalai_otel.server.store import Store
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from postgres_server import PostgresServer, installations

POSTGRES = {f"postgresql-{version}": installation for version, installation in installations().items()}
NEWEST = list(POSTGRES)[-1:]
"""Of PostgreSQL, what the tests of the server's edges run on; those of the store run on every one that is there."""


def only(*names: str) -> pytest.MarkDecorator:
    """A test of something that these engines alone have."""
    return pytest.mark.parametrize("engine", names, indirect=True)


class Sqlite:
    """A file in the folder, copied from one that has the newest schema: migrating takes ten times as long."""

    name = "sqlite"

    def __init__(self, template: Path | None = None) -> None:
        self._template = template

    def open(self, data_dir: Path) -> Store:
        """The store of the folder, with the newest schema."""
        if self._template is not None and not data_dir.exists():
            if not self._template.exists():
                Store.open(self._template.parent).close()
            data_dir.mkdir(mode=0o700, parents=True)
            shutil.copy(self._template, data_dir)
        return Store.open(data_dir)

    def address(self, data_dir: Path) -> None:
        """See `Store.open`."""

    def new(self, data_dir: Path) -> tuple[Path, None]:
        """Where there is no schema yet: arguments of `open_database`."""
        return data_dir, None

    def environment(self, data_dir: Path) -> dict[str, str]:
        """The variables with which a program of its own finds the store of the folder."""
        return {"LITERAL_DATA_DIR": str(data_dir)}

    def run(self, data_dir: Path, statement: str) -> list[tuple[Any, ...]]:
        """What a statement answers on a connection of its own, as another program's would; it is committed."""
        connection = sqlite3.connect(data_dir / "literal.db", isolation_level=None)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def drop(self, data_dir: Path) -> None:
        """What was made goes with the folder."""

    def forget(self) -> None:
        """See `drop`."""


class Postgres:
    """A database for each folder, emptied and used again: making one takes ten times as long."""

    def __init__(self, name: str, server: PostgresServer) -> None:
        self.name = name
        self.server = server
        self._databases: dict[Path, str] = {}
        self._spare: list[str] = []
        self._count = 0
        server.execute("CREATE DATABASE template_of_tests")
        Store.open(Path("/unused"), self.address_of("template_of_tests")).close()
        with psycopg.connect(server.url("template_of_tests")) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            (self._newest,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        self._tables = ", ".join(name for (name,) in tables if name != "alembic_version")

    def open(self, data_dir: Path) -> Store:
        """The store of the folder, with the newest schema."""
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Store.open(data_dir, self.address(data_dir))

    def address(self, data_dir: Path) -> PostgresAddress:
        """See `Store.open`."""
        return self.address_of(self._database(data_dir))

    def new(self, data_dir: Path) -> tuple[Path, PostgresAddress]:
        """Where there is no schema yet: arguments of `open_database`."""
        return data_dir, self.address_of(self.new_database(empty=True))

    def environment(self, data_dir: Path) -> dict[str, str]:
        """The variables with which a program of its own finds the store of the folder."""
        return {"LITERAL_DATA_DIR": str(data_dir), "DATABASE_URL": self.server.url(self._database(data_dir))}

    def address_of(self, database: str, **settings: str) -> PostgresAddress:
        """The address of a database of the server."""
        address = PostgresAddress.from_config(
            ServerConfig.load({"DATABASE_URL": self.server.url(database), **settings})
        )
        assert address is not None
        return address

    def new_database(self, *, empty: bool = False) -> str:
        """The name of a database that nobody else has, with the newest schema or without any."""
        self._count += 1
        name = f"t{self._count}"
        template = "template0" if empty else "template_of_tests"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._databases[Path(name)] = name
        return name

    def empty(self, name: str) -> None:
        """Leaves the schema alone, whatever a test has done and whoever is still connected."""
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.server.execute(
            f"TRUNCATE {self._tables} RESTART IDENTITY",
            f"UPDATE alembic_version SET version_num = '{self._newest}'",
            database=name,
        )

    def run(self, data_dir: Path, statement: str) -> list[tuple[Any, ...]]:
        """What a statement answers on a connection of its own, as another program's would; it is committed."""
        with psycopg.connect(self.server.url(self._database(data_dir))) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def drop(self, data_dir: Path) -> None:
        """Empties the database of the folder, for the next one."""
        name = self._databases.pop(data_dir)
        self.empty(name)
        self._spare.append(name)

    def forget(self) -> None:
        """Frees every database that is left; those without our schema are dropped."""
        for data_dir, name in list(self._databases.items()):
            if data_dir == Path(name):
                self.server.execute(f"DROP DATABASE {self._databases.pop(data_dir)} WITH (FORCE)")
            else:
                self.drop(data_dir)

    def _database(self, data_dir: Path) -> str:
        if data_dir not in self._databases and self._spare:
            self._databases[data_dir] = self._spare.pop()
        elif data_dir not in self._databases:
            name = self.new_database()
            del self._databases[Path(name)]
            self._databases[data_dir] = name
        return self._databases[data_dir]


class Engines:
    """Starts each PostgreSQL when it is first asked for; one a session, one a worker of pytest-xdist."""

    def __init__(self) -> None:
        self._started: dict[str, Postgres] = {}
        self._folder = TemporaryDirectory()

    def get(self, name: str) -> Sqlite | Postgres:
        """The engine of that name."""
        if name == "sqlite":
            return Sqlite(Path(self._folder.name) / "template" / "literal.db")
        if name not in self._started:
            self._started[name] = Postgres(name, PostgresServer(POSTGRES[name]))
        return self._started[name]

    def close(self) -> None:
        """Ends what was started."""
        self._folder.cleanup()
        for engine in self._started.values():
            engine.server.close()
