"""`literalai-otel migrate`, as a program on an empty database and on one that is up to date."""

import os
import subprocess
import sys

import pytest

from engines import Postgres

COMMAND = [sys.executable, "-c", "from literalai_otel.cli import main; main()", "migrate"]


@pytest.fixture
def migrate(engine, tmp_path):
    """Runs the command on a database without a schema; (status, output, problem)."""
    environment = {"LITERAL_DATA_DIR": str(tmp_path / "data")}
    if isinstance(engine, Postgres):
        environment["DATABASE_URL"] = engine.server.url(engine.new_database(empty=True))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LITERAL_", "DATABASE_"))}

    def run(*arguments, **settings):
        done = subprocess.run(
            [*COMMAND, *arguments],
            env={**clean, **environment, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, " ".join(done.stderr.split())

    return run


@pytest.mark.feature("S-HST-02")
def test_what_is_missing_is_said_then_applied_then_nothing_is_missing(migrate, tmp_path):
    status, said, _ = migrate("--check")
    assert status == 1
    assert "to apply" in said
    assert "0001 The first schema" in said
    assert not (tmp_path / "data").exists(), "to look changes nothing"
    assert migrate("--check")[0] == 1
    status, said, _ = migrate()
    assert status == 0
    assert [line.split()[:2] for line in said.splitlines()[:1]] == [["applied", "0001"]]
    assert said.splitlines()[-1].endswith("the schema is the newest")
    for arguments in (["--check"], []):
        status, said, _ = migrate(*arguments)
        assert (status, said.count("applied")) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"DATABASE_URL": "mysql://ann:hidden@db/x"}, "DATABASE_URL must look like postgresql://"),
        ({"DATABASE_URL": "postgresql://ann:hidden@127.0.0.1:1/x"}, "cannot be reached"),
    ],
)
def test_a_wrong_address_is_a_line_with_the_fix(migrate, settings, problem):
    status, said, explained = migrate(**settings)
    assert status == 2
    assert problem in explained
    assert "Traceback" not in explained
    assert "hidden" not in said + explained
