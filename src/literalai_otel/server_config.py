"""The settings of the server, one table (`literalai-otel serve`)."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from literalai_otel.setting_table import SettingTable, at_least_one, boolean, names, setting, url


def _port(value: str) -> int:
    number = int(value)
    if not 0 <= number <= 65_535:
        raise ValueError("must be a port, 0 to 65535")
    return number


def _base_path(value: str) -> str:
    """`/a/b` from `a/b/` and the like; empty for the root."""
    path = "/".join(part for part in value.strip().split("/") if part)
    if not all(character.isalnum() or character in "/-._~" for character in path):
        raise ValueError("must be a path such as /literal")
    return f"/{path}" if path else ""


def _schema(value: str) -> str:
    name = value.strip()
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name.startswith("pg_"):
        raise ValueError("must be a name of a-z, 0-9 and _, and not start with pg_")
    return name


def _networks(value: str) -> tuple[str, ...]:
    found = names(value)
    for item in found:
        if item != "*":
            ipaddress.ip_network(item, strict=False)  # its ValueError names what is wrong
    return found


_SMALLEST_DATABASE: Final = 10_000_000
_LONGEST_SCAN: Final = 60
"""Seconds; clients give up about then."""


def _bytes(value: str) -> int:
    """A number of bytes, also as `500MB` or `2 GiB`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?", value.strip().lower())
    if found is None:
        raise ValueError("must be a number of bytes such as 2000000000 or 2GB")
    number, prefix, binary = found.groups()
    size = int(float(number) * (1024 if binary else 1000) ** (" kmgt".index(prefix) if prefix else 0))
    if size < 1:
        raise ValueError("must be at least 1")
    return size


def _database_bytes(value: str) -> int:
    size = _bytes(value)
    if size < _SMALLEST_DATABASE:
        raise ValueError("must be at least 10MB: an empty database takes some of that")
    return size


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 <= number <= _LONGEST_SCAN:
        raise ValueError(f"must be 0 to {_LONGEST_SCAN} seconds")
    return number


def _upload_form(value: str) -> str:
    lowered = value.strip().lower()
    if lowered not in ("multipart", "raw"):
        raise ValueError("must be multipart or raw")
    return lowered


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig(SettingTable):
    """Settings of `literalai-otel serve`."""

    host: str = setting("127.0.0.1", "Address to listen on.", "LITERAL_HOST", flag=False)
    port: int = setting(3000, "Port to listen on; 0 takes any free one.", "LITERAL_PORT", parse=_port, flag=False)
    data_dir: str | None = setting(
        None, "Folder of the embedded database. Unset: the user data folder.", "LITERAL_DATA_DIR", flag=False
    )
    api_key: str | None = setting(
        None, "Key that the first start adopts instead of making one.", "LITERAL_API_KEY", flag=False
    )
    max_body_bytes: int = setting(
        33_554_432,
        "Cap of a request body, after decompression; above it the answer is 413.",
        "LITERAL_MAX_BODY_BYTES",
        parse=at_least_one,
        flag=False,
    )
    database_url: str | None = setting(
        None,
        "PostgreSQL instead of the embedded database: `postgresql://user:password@host:port/name`.",
        "DATABASE_URL",
        flag=False,
    )
    database_host: str | None = setting(
        None, "PostgreSQL by its parts, where `DATABASE_URL` is unset: host.", "DATABASE_HOST", flag=False
    )
    database_port: int = setting(5432, "PostgreSQL by its parts: port.", "DATABASE_PORT", parse=_port, flag=False)
    database_name: str | None = setting(
        None, "PostgreSQL by its parts: name of the database.", "DATABASE_NAME", flag=False
    )
    database_username: str | None = setting(None, "PostgreSQL by its parts: user.", "DATABASE_USERNAME", flag=False)
    database_password: str | None = setting(None, "PostgreSQL by its parts: password.", "DATABASE_PASSWORD", flag=False)
    database_direct_url: str | None = setting(
        None,
        "PostgreSQL without a pooler such as PgBouncer in between, for migrations. Setting it says that "
        "`DATABASE_URL` leads through a pooler.",
        "DATABASE_DIRECT_URL",
        flag=False,
    )
    database_ssl: bool = setting(
        False, "PostgreSQL: refuse a connection without TLS.", "DATABASE_SSL", parse=boolean, flag=False
    )
    database_schema: str = setting(
        "public",
        "PostgreSQL: schema of the tables, made if absent; for a database that others use too.",
        "DATABASE_SCHEMA",
        parse=_schema,
        flag=False,
    )
    static_dir: str | None = setting(
        None, "Folder of another build of the web pages, for those who work on them.", "LITERAL_STATIC_DIR", flag=False
    )
    scan_seconds: float = setting(
        0.8,
        "How long a list may look for what no index finds, such as a text, in seconds. After that it answers what it "
        "has found, says that it was cut, and its cursor goes on from there.",
        "LITERAL_SCAN_SECONDS",
        parse=_seconds,
        flag=False,
    )
    base_path: str = setting(
        "",
        "Path under which a proxy publishes the server, such as `/literal`; requests may come with or without it.",
        "LITERAL_BASE_PATH",
        parse=_base_path,
        flag=False,
    )
    public_url: str | None = setting(
        None,
        "Address that clients use, for links that the server makes. Unset: what the request or a trusted proxy says.",
        "LITERAL_PUBLIC_URL",
        "NEXTAUTH_URL",
        parse=url,
        flag=False,
    )
    trusted_proxies: tuple[str, ...] = setting(
        ("127.0.0.1", "::1"),
        "Addresses or networks whose `X-Forwarded-…` headers are believed; `*` believes everybody.",
        "LITERAL_TRUSTED_PROXIES",
        parse=_networks,
        flag=False,
    )
    access_log: bool = setting(
        False,
        "Log every request. What failed is logged in any case.",
        "LITERAL_ACCESS_LOG",
        parse=boolean,
        flag=False,
    )
    retention_days: int | None = setting(
        None,
        "Delete steps that started more days ago, and the threads that they leave empty. Unset: nothing is deleted.",
        "LITERAL_RETENTION_DAYS",
        parse=at_least_one,
        flag=False,
    )
    retention_bytes: int | None = setting(
        None,
        "Delete the oldest steps while the database takes more than that, such as `20GB`. Unset: no limit.",
        "LITERAL_RETENTION_BYTES",
        parse=_database_bytes,
        flag=False,
    )
    bucket_name: str | None = setting(
        None, "Bucket for uploaded files. Unset: the data folder.", "BUCKET_NAME", flag=False
    )
    bucket_endpoint: str | None = setting(
        None,
        "Address of an S3-compatible storage that is not Amazon's.",
        "LITERAL_BUCKET_ENDPOINT",
        parse=url,
        flag=False,
    )
    aws_access_key: str | None = setting(
        None, "S3: key id. Unset: what the machine has.", "APP_AWS_ACCESS_KEY", flag=False
    )
    aws_secret_key: str | None = setting(None, "S3: secret of the key.", "APP_AWS_SECRET_KEY", flag=False)
    aws_region: str | None = setting(None, "S3: region of the bucket.", "APP_AWS_REGION", flag=False)
    gcs_project_id: str | None = setting(None, "Google Cloud Storage: project.", "APP_GCS_PROJECT_ID", flag=False)
    gcs_client_email: str | None = setting(
        None, "Google Cloud Storage: service account.", "APP_GCS_CLIENT_EMAIL", flag=False
    )
    gcs_private_key: str | None = setting(
        None, "Google Cloud Storage: its private key, base64.", "APP_GCS_PRIVATE_KEY", flag=False
    )
    azure_storage_account: str | None = setting(
        None, "Azure Blob Storage: account.", "APP_AZURE_STORAGE_ACCOUNT", flag=False
    )
    azure_storage_access_key: str | None = setting(
        None, "Azure Blob Storage: access key.", "APP_AZURE_STORAGE_ACCESS_KEY", flag=False
    )
    max_file_bytes: int = setting(
        104_857_600, "Cap of an uploaded file.", "LITERAL_MAX_FILE_BYTES", parse=_bytes, flag=False
    )
    file_url_seconds: int = setting(
        3_600,
        "How long the signed address of an upload or a file works, in seconds.",
        "LITERAL_FILE_URL_SECONDS",
        parse=at_least_one,
        flag=False,
    )
    upload_form: str = setting(
        "multipart",
        "How clients are told to upload: `multipart` (a form, POST) or `raw` (the bytes, PUT).",
        "LITERAL_UPLOAD_FORM",
        parse=_upload_form,
        flag=False,
    )
