"""The server as a process: address, data folder, first key, and an end that loses nothing."""

import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import platformdirs
import uvicorn

from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError
from literalai_otel.server.access.first_start import FirstKey, ensure_first_key, owner_link
from literalai_otel.server.app import create_app
from literalai_otel.server.jobs.figures import CountFigures
from literalai_otel.server.jobs.upkeep import Upkeep
from literalai_otel.server.store import accounts
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from literalai_otel.server.store.store import Store

GRACE_SECONDS: Final = 10
"""How long requests in progress may take once the process is asked to end."""
KEEP_ALIVE_SECONDS: Final = 75
_BACKLOG: Final = 2_048
_YOUNG_OBJECTS: Final = 20_000
"""Containers after which the garbage collector looks at the youngest. A request of 500 spans makes some 50 000, nearly
none of them in a circle: at Python's 700 the collector takes a tenth of the time of an ingest (measured)."""
_ANYWHERE: Final = ("0.0.0.0", "::", "")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A server that holds its address and its data folder but does not answer yet."""

    config: ServerConfig
    listener: socket.socket
    store: Store
    data_dir: Path
    place: str
    """Where the data is, for people; no password in it."""
    first: FirstKey
    sign_in: str | None
    """A one-time address that signs the owner in; None once somebody has a password."""

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        return _local_url(self.config.host, self.listener)

    def serve(self) -> None:
        """Answer until SIGTERM or SIGINT; requests in progress are finished first."""
        app = create_app(self.config, self.store)
        server = _Server(
            app.state.streams.close,
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,  # `address.PublicAddress` reads them
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            ),
        )
        gc.freeze()  # what the program is made of stays
        gc.set_threshold(_YOUNG_OBJECTS)
        _log.info("listening", extra={"url": self.url, "data_dir": str(self.data_dir), "data": self.place})
        upkeep = Upkeep(self.store, app.state.files, self.config.retention_days, self.config.retention_bytes)
        with upkeep.periodic(), CountFigures(self.store).periodic():
            server.run(sockets=[self.listener])
        _log.info("stopped")


@contextmanager
def prepared(config: ServerConfig) -> Generator[Prepared]:
    """Take address and data folder, make the first key; give everything back at the end.

    Raises:
        ConfigError: the port is taken, the folder is used by another server or cannot be written, the key is too
            short for the host. The message names the fix.
    """
    data_dir = data_folder(config)
    config = replace(config, data_dir=str(data_dir))
    with _listener(config) as listener:
        address = PostgresAddress.from_config(config)
        store = Store.open(data_dir, address)
        try:
            first = ensure_first_key(store, given=config.api_key, host=config.host)
            page = page_url(config, _local_url(config.host, listener) + config.base_path)
            yield Prepared(
                config=config,
                listener=listener,
                store=store,
                data_dir=data_dir,
                place=str(address or data_dir),
                first=first,
                sign_in=owner_link(store, page) if store.read(accounts.is_first_run) else None,
            )
        finally:
            store.close()


def page_url(config: ServerConfig, local: str) -> str:
    """Where a browser finds the pages of a server that is at `local` for this machine; no slash at the end."""
    return config.public_url.rstrip("/") if config.public_url else local.rstrip("/")


def open_beside(config: ServerConfig) -> Store:
    """The database that the settings name, for small changes while a server may use it.

    Raises:
        ConfigError: see `Store.open_beside`.
    """
    return Store.open_beside(data_folder(config), PostgresAddress.from_config(config))


def data_folder(config: ServerConfig) -> Path:
    """Where the embedded database and uploaded files are."""
    return Path(config.data_dir).expanduser() if config.data_dir else default_data_dir()


def default_data_dir() -> Path:
    """The user data folder of the platform."""
    return Path(platformdirs.user_data_dir("literalai-otel", appauthor=False))


def _local_url(host: str, listener: socket.socket) -> str:
    if host in _ANYWHERE:
        host = "127.0.0.1" if listener.family == socket.AF_INET else "::1"
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _listener(config: ServerConfig) -> Generator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host or None, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, OverflowError) as error:
        raise ConfigError(f"Cannot listen on {config.host}:{config.port}: {error}. Give --host and --port.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ConfigError(_bind_problem(config, error)) from None
        yield listener
    finally:
        listener.close()


def _bind_problem(config: ServerConfig, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {config.port} on {config.host} is in use. "
            f"Stop what listens there, or choose another: literalai-otel serve --port {config.port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Port {config.port} needs more rights. Choose one above 1023: literalai-otel serve --port 3000"
    return f"Cannot listen on {config.host}:{config.port}: {error.strerror}. Give --host and --port."


class _Server(uvicorn.Server):
    """uvicorn raises the signal that ended it once more, which would turn a clean end into a failure status.

    Answers that never end by themselves are ended by `stopping`, so that the grace is for those that do.
    """

    def __init__(self, stopping: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        self._stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
