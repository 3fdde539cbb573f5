"""Which PostgreSQL: from the settings to addresses, with the password in nothing that people read."""

from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError

_SCHEMES: Final = ("postgresql", "postgres")
_DRIVER: Final = "postgresql+psycopg"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    """Where the tables are.

    `url` is what the server works through. `direct` is what migrations use; where it is another one, `url` leads
    through a pooler, which lends a connection for one transaction only.
    """

    url: URL
    direct: URL
    schema: str = "public"

    @classmethod
    def from_config(cls, config: ServerConfig) -> Self | None:
        """The address that the settings name; None where they name none.

        Raises:
            ConfigError: no address of PostgreSQL, or parts of one are missing.
        """
        if config.database_url is not None:
            url = _parsed(config.database_url, "DATABASE_URL")
        elif config.database_host is not None:
            url = _joined(config)
        else:
            return None
        direct = url
        if config.database_direct_url is not None:
            direct = _parsed(config.database_direct_url, "DATABASE_DIRECT_URL")
        if config.database_ssl:
            url, direct = _with_tls(url), _with_tls(direct)
        return cls(url=url, direct=direct, schema=config.database_schema)

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands between, so that nothing may be kept in a session."""
        return self.url != self.direct

    def __str__(self) -> str:
        """The place for people: no user, no password."""
        host = self.url.host or self.url.query.get("host") or "this machine"
        port = f":{self.url.port}" if self.url.port else ""
        return f"PostgreSQL database {self.url.database} on {host}{port}, schema {self.schema}"


def _parsed(text: str, variable: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    # An @ further on is one of the password that was not written as %40; the rest would be shown as a name.
    if url is None or url.get_backend_name() not in _SCHEMES or "@" in f"{url.host}{url.database}":
        # The text itself is not shown: it holds the password.
        raise ConfigError(
            f"{variable} must look like postgresql://user:password@host:port/name (other databases are not supported; "
            "a special character of the password is written as %XX)"
        )
    if not url.database:
        raise ConfigError(f"{variable} names no database: add its name after the last slash")
    return url.set(drivername=_DRIVER)


def _joined(config: ServerConfig) -> URL:
    missing = [
        variable
        for variable, value in (
            ("DATABASE_NAME", config.database_name),
            ("DATABASE_USERNAME", config.database_username),
        )
        if value is None
    ]
    if missing:
        raise ConfigError(f"DATABASE_HOST is set, but {' and '.join(missing)} is not: set it, or use DATABASE_URL")
    return URL.create(
        _DRIVER,
        username=config.database_username,
        password=config.database_password,
        host=config.database_host,
        port=config.database_port,
        database=config.database_name,
    )


def _with_tls(url: URL) -> URL:
    return url if "sslmode" in url.query else url.update_query_dict({"sslmode": "require"})
