"""PostgreSQL itself: which one, whose, and what happens when it goes away."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import StaticPool
from sqlalchemy.exc import DBAPIError

from engines import POSTGRES, only
from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError
from literalai_otel.server.store import PageQuery, StepBatch, StepRow, Store, ThreadFields, projects
from literalai_otel.server.store.database import StoreUnavailableError
from literalai_otel.server.store.engines import postgres
from literalai_otel.server.store.engines.postgres import PostgresDriver
from literalai_otel.server.store.engines.postgres_address import PostgresAddress

pytestmark = pytest.mark.feature("S-HST-02")

ON_POSTGRES = only(*POSTGRES)
WAIT = 30.0
SECRET = "p@ss/word"


def address(**settings):
    return PostgresAddress.from_config(ServerConfig.load(settings))


# --- which one ---------------------------------------------------------------------------------


def test_without_settings_it_is_not_postgresql():
    assert address() is None


def test_an_address_in_one_piece_and_in_parts_is_the_same():
    whole = address(DATABASE_URL="postgres://ann:p%40ss%2Fword@db:6000/literal")
    parts = address(
        DATABASE_HOST="db",
        DATABASE_PORT="6000",
        DATABASE_NAME="literal",
        DATABASE_USERNAME="ann",
        DATABASE_PASSWORD=SECRET,
    )
    assert whole == parts
    assert parts.url.password == SECRET
    assert str(parts) == "PostgreSQL database literal on db:6000, schema public"


def test_tls_and_the_direct_way():
    both = address(
        DATABASE_URL="postgresql://pooler/literal",
        DATABASE_DIRECT_URL="postgresql://db/literal?sslmode=verify-full",
        DATABASE_SSL="true",
    )
    assert both.pooled
    assert both.url.query == {"sslmode": "require"}
    assert both.direct.query == {"sslmode": "verify-full"}
    assert not address(DATABASE_URL="postgresql://db/literal").pooled


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"DATABASE_URL": f"mysql://ann:{SECRET}@db/literal"}, "must look like postgresql://"),
        ({"DATABASE_URL": f"{SECRET}"}, "must look like postgresql://"),
        ({"DATABASE_URL": f"postgresql://ann:{SECRET}:x@db/literal"}, "must look like postgresql://"),
        ({"DATABASE_URL": "postgresql://ann:secret@db"}, "names no database"),
        ({"DATABASE_URL": "postgresql://db/x", "DATABASE_DIRECT_URL": "redis://db"}, "DATABASE_DIRECT_URL"),
        ({"DATABASE_HOST": "db", "DATABASE_PASSWORD": SECRET}, "DATABASE_NAME and DATABASE_USERNAME"),
        ({"DATABASE_HOST": "db", "DATABASE_NAME": "x"}, "DATABASE_USERNAME is not"),
        ({"DATABASE_URL": "postgresql://db/x", "DATABASE_SCHEMA": 'x"; DROP'}, "DATABASE_SCHEMA"),
        ({"DATABASE_URL": "postgresql://db/x", "DATABASE_SCHEMA": "pg_catalog"}, "DATABASE_SCHEMA"),
    ],
)
def test_a_wrong_address_is_refused_with_the_fix_and_without_the_password(settings, fix):
    with pytest.raises(ConfigError, match=fix) as refused:
        address(**settings)
    assert "secret" not in str(refused.value)
    assert "word" not in str(refused.value).replace("password", "")


def test_nobody_there_is_said_with_the_fix_and_without_the_password(tmp_path):
    nobody = address(DATABASE_URL="postgresql://ann:hidden-word@127.0.0.1:1/literal")
    with pytest.raises(ConfigError, match="cannot be reached") as refused:
        Store.open(tmp_path, nobody)
    assert "DATABASE_URL" in str(refused.value)
    assert "hidden-word" not in str(refused.value)


def test_without_the_driver_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "literalai_otel.server.store.engines.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install \"literalai-otel\[server,postgres\]\""):
        Store.open(tmp_path, address(DATABASE_URL="postgresql://db/literal"))


# --- whose -------------------------------------------------------------------------------------


@ON_POSTGRES
def test_a_database_of_somebody_else_is_refused_until_a_schema_is_named(engine, tmp_path):
    name = engine.new_database(empty=True)
    engine.server.execute("CREATE TABLE invoices (id integer)", "CREATE VIEW bills AS SELECT 1 AS x", database=name)
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"not ours \(bills, invoices\): set DATABASE_SCHEMA"):
            Store.open(tmp_path, engine.address_of(name))
    own = Store.open(tmp_path, engine.address_of(name, DATABASE_SCHEMA="literal"))
    project = own.create_project("p").result(WAIT)
    own.close()
    again = Store.open(tmp_path, engine.address_of(name, DATABASE_SCHEMA="literal"))
    assert again.read(projects.first) == project
    again.close()
    tables = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name = 'steps'"
    with psycopg.connect(engine.server.url(name)) as connection:
        assert connection.execute(tables).fetchall() == [("literal",)]


@ON_POSTGRES
def test_what_an_extension_brought_is_nobody_s(engine, tmp_path):
    name = engine.new_database(empty=True)
    engine.server.execute("CREATE EXTENSION pg_stat_statements", database=name)
    Store.open(tmp_path, engine.address_of(name)).close()


@ON_POSTGRES
def test_alembic_tables_of_another_program_are_not_taken_for_ours(engine, tmp_path):
    name = engine.new_database(empty=True)
    engine.server.execute(
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE steps (id text)",
        database=name,
    )
    with pytest.raises(ConfigError, match="not ours"):
        Store.open(tmp_path, engine.address_of(name))


@ON_POSTGRES
def test_two_schemas_of_a_database_know_nothing_of_each_other(engine, tmp_path):
    name = engine.new_database(empty=True)
    stores = [Store.open(tmp_path, engine.address_of(name, DATABASE_SCHEMA=schema)) for schema in ("one", "two")]
    made = [store.create_project("p").result(WAIT) for store in stores]
    assert [store.read(projects.first) for store in stores] == made
    for store in stores:
        store.close()


@ON_POSTGRES
def test_another_encoding_is_refused_with_the_fix(engine, tmp_path):
    engine.server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(ConfigError, match="ENCODING 'UTF8'"):
        Store.open(tmp_path, engine.address_of("latin"))
    engine.server.execute("DROP DATABASE latin")


@ON_POSTGRES
def test_an_old_version_is_refused(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("literalai_otel.server.store.engines.postgres_schema.OLDEST_VERSION", 99)
    with pytest.raises(ConfigError, match="PostgreSQL 99 or later is needed"):
        engine.open(tmp_path / "data")


@ON_POSTGRES
def test_a_user_without_rights_learns_how_to_migrate(engine, tmp_path):
    name = engine.new_database(empty=True)
    engine.server.execute("CREATE ROLE guest LOGIN", "REVOKE CREATE ON SCHEMA public FROM public", database=name)
    guest = address(DATABASE_URL=engine.server.url(name).replace("postgres@", "guest@"))
    with pytest.raises(ConfigError, match="literalai-otel migrate"):
        Store.open(tmp_path, guest)
    Store.open(tmp_path, engine.address_of(name)).close()
    engine.server.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO guest",
        database=name,
    )
    store = Store.open(tmp_path, guest)
    assert store.create_project("p").result(WAIT)
    store.close()
    engine.server.execute("DROP OWNED BY guest", database=name)
    engine.server.execute(f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name}", "DROP ROLE guest")


@ON_POSTGRES
def test_through_a_pooler_every_transaction_finds_the_schema(engine, tmp_path):
    """Nothing of a session is relied on: neither its search path nor what it has prepared."""
    name = engine.new_database(empty=True)
    url = engine.server.url(name)
    pooled = address(DATABASE_URL=f"{url}&application_name=pooled", DATABASE_DIRECT_URL=url, DATABASE_SCHEMA="deep")
    assert pooled.pooled
    store = Store.open(tmp_path, pooled)
    project = store.create_project("p").result(WAIT)
    for number in range(12):  # more often than a driver waits before it prepares a statement
        assert (
            store.upsert_thread(project.id, "t", ThreadFields(name=f"n{number}")).result(WAIT)["name"] == f"n{number}"
        )
        assert store.upsert_steps(StepBatch(project.id, [StepRow("s", {"thread_id": "t"})])).result(WAIT) == [None]
    assert store.list_threads(project.id, PageQuery()).total_count == 1
    assert store.get_step(project.id, "s")["threadId"] == "t"
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one() == 0
        connection.rollback()
        raw = connection.connection.driver_connection
        assert raw.execute("SHOW search_path").fetchone() == ('"$user", public',)
        raw.rollback()
    store.close()


# --- when it goes away -------------------------------------------------------------------------

DISCONNECT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@ON_POSTGRES
def test_connections_that_were_cut_are_made_anew(engine, world, tmp_path):
    for number in range(3):
        world.put({"id": f"s{number}"})
        assert len(world.ids()) == number + 1
        assert engine.run(tmp_path / "data", DISCONNECT)
    assert len(world.ids()) == 3


@ON_POSTGRES
def test_a_new_database_counts_its_steps_once_there_are_a_thousand(engine, world, tmp_path):
    for request in range(10):
        world.put(*({"id": f"s{request}-{number}", "threadId": f"t{request}"} for number in range(100)))
    counted = "SELECT reltuples FROM pg_class WHERE relname IN ('steps', 'threads') ORDER BY relname"
    assert engine.run(tmp_path / "data", counted) == [(1_000,), (10,)]


@ON_POSTGRES
def test_a_transaction_whose_connection_is_cut_is_run_again(engine, world, tmp_path):
    with ThreadPoolExecutor(4) as senders:
        sent = [senders.submit(world.put, {"id": f"s{number}", "threadId": "t"}) for number in range(200)]
        for _ in range(10):
            engine.run(tmp_path / "data", DISCONNECT)
        for one in sent:
            one.result(WAIT)
    assert len(world.ids(first=1000)) == 200


CUTS = {
    "before anything": lambda driver, cut: cut(),
    "between statements": lambda driver, cut: (driver.execute("SELECT 1").fetchone(), cut()),
    "with statements on their way": lambda driver, cut: (driver.executemany("SELECT pg_sleep(?)", SLEEPS), cut()),
    "in the middle of an answer": lambda driver, cut: (cut(0.2), driver.execute("SELECT pg_sleep(?)", (5,)).fetchone()),
    "in the middle of many": lambda driver, cut: (cut(0.2), driver.executemany("SELECT pg_sleep(?)", SLEEPS)),
    "in the middle of a COPY": lambda driver, cut: (
        cut(0.2),
        driver.insert("tags", ("project_id", "name"), slow_tags()),
    ),
    "not at all, after an error": lambda driver, cut: driver.execute("SELECT 1/0").fetchone(),
}
SLEEPS = [(0.1,)] * 30


class slow_tags(list[tuple[int, str]]):  # noqa: N801 - rows that take their time
    def __init__(self) -> None:
        super().__init__([(1, f"tag {number}") for number in range(60)])

    def __iter__(self):
        for row in super().__iter__():
            time.sleep(0.01)
            yield row


@ON_POSTGRES
@pytest.mark.parametrize("pipelined", [True, False])
@pytest.mark.parametrize("place", CUTS)
def test_whatever_is_cut_can_be_rolled_back_and_the_next_transaction_works(
    engine, tmp_path, monkeypatch, place, pipelined
):
    """`place` is where the database ends the session; without a pipeline as with an old libpq."""
    monkeypatch.setattr(psycopg.capabilities, "has_pipeline", lambda check=False: pipelined)
    data = tmp_path / "data"
    made = postgres.engine(engine.address(data), poolclass=StaticPool)
    with made.connect() as connection, ThreadPoolExecutor(1) as other:
        driver = PostgresDriver(connection, "public")
        driver.begin({1})
        pid = connection.connection.driver_connection.info.backend_pid

        def cut(later=0.0):
            def end():
                time.sleep(later)
                engine.run(data, f"SELECT pg_terminate_backend({pid}, 5000)")

            return other.submit(end) if later else end()

        with suppress(psycopg.Error, DBAPIError):
            CUTS[place](driver, cut)
            driver.commit()
        driver.rollback()
        again = PostgresDriver(connection, "public")
        again.begin({1})
        assert again.execute("SELECT count(*) FROM tags").fetchone() == (0,)
        again.commit()
    made.dispose()


@ON_POSTGRES
def test_a_database_that_stays_away_is_said_and_steps_are_not_blamed(engine, world, tmp_path, monkeypatch):
    name = engine.address(tmp_path / "data").url.database
    world.put({"id": "before"})
    monkeypatch.setattr(world.store._writer, "_attempts", world.store._writer._attempts.copy(stop=lambda _: True))
    engine.server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    engine.server.execute(DISCONNECT.replace("current_database()", f"'{name}'"))
    with pytest.raises(StoreUnavailableError, match="takes no writes"):
        world.send({"id": "during"})
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        world.ids()
    engine.server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    world.put({"id": "after"})
    assert sorted(world.ids()) == ["after", "before"]
