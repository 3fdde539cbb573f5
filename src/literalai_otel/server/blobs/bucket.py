"""Blobs as objects of a bucket: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.

The variables are those of the dead service's own deployment (`001_7cfa31508914b768.txt`, lines 6653 to 6676). Without
any of a provider's, the bucket is S3, with the credentials that the machine has (a role, `AWS_…`).
"""

import base64
import binascii
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError
from literalai_otel.jsonable import dumps_text
from literalai_otel.server.blobs.storage import StorageError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

_CHUNK: Final = 1024 * 1024
# obstore's own bounds, 10 retries within 3 minutes, would keep an uploading client waiting for all of them.
_CLIENT: Final["ClientConfig"] = {"connect_timeout": "5s", "timeout": "300s"}
_RETRIES: Final["RetryConfig"] = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}
_PROBE: Final = "literalai-otel/probe"


class BucketStorage:
    """One bucket. The name of a blob is the object key of its upload, with a part of the hash before the file name."""

    def __init__(self, config: ServerConfig) -> None:
        """Builds the client; nothing is sent yet.

        Raises:
            ConfigError: obstore is not installed, or the variables of the provider are incomplete.
        """
        assert config.bucket_name is not None
        self._bucket = config.bucket_name
        self._store = _client(config, config.bucket_name)

    @property
    def shared(self) -> bool:
        """No: every upload has an object of its own."""
        return False

    def name(self, sha256: str, object_key: str) -> str:
        """Another one for other content: of two uploads with one address, the second must not overwrite the first."""
        folder, _, file_name = object_key.rpartition("/")
        return f"{folder}/{sha256[:16]}/{file_name}" if folder else f"{sha256[:16]}/{file_name}"

    def keep(self, name: str, spooled: Path) -> None:
        """Sends the file. Raises `StorageError`."""
        import obstore

        try:
            obstore.put(self._store, name, spooled)
        except _errors() as problem:
            raise self._problem("written", problem) from problem

    def remove(self, name: str) -> None:
        """Deletes the object. Raises `StorageError`."""
        import obstore

        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except _errors() as problem:
            raise self._problem("written", problem) from problem

    async def read(self, name: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes in pieces. Raises `StorageError`."""
        import obstore

        if start == stop:  # an empty range is none that a bucket answers
            return
        try:
            found = await obstore.get_async(self._store, name, options={"range": (start, stop)})
            async for piece in found.stream(min_chunk_size=_CHUNK):
                yield bytes(piece)
        except _errors() as problem:
            raise self._problem("read", problem) from problem

    def check(self) -> None:
        """Asks for an object that need not exist. Raises `StorageError` when the bucket does not answer."""
        import obstore

        try:
            obstore.head(self._store, _PROBE)
        except FileNotFoundError:
            return
        except _errors() as problem:
            raise self._problem("read", problem) from problem

    def _problem(self, what: str, problem: Exception) -> StorageError:
        lines = str(problem).strip().splitlines()
        return StorageError(f"the bucket {self._bucket} cannot be {what}: {lines[0] if lines else type(problem)}")


def _errors() -> tuple[type[Exception], ...]:
    from obstore.exceptions import BaseError

    return (BaseError, OSError)


def _client(config: ServerConfig, bucket: str) -> "ObjectStore":
    try:
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError as problem:
        raise ConfigError('BUCKET_NAME needs the package obstore: pip install "literalai-otel[s3]"') from problem
    options: ClientConfig = {**_CLIENT, "allow_http": (config.bucket_endpoint or "").startswith("http://")}
    try:
        if config.gcs_private_key:
            return GCSStore(
                bucket, service_account_key=_service_account(config), client_options=options, retry_config=_RETRIES
            )
        if config.azure_storage_account:
            return AzureStore(
                bucket,
                account_name=config.azure_storage_account,
                account_key=_needed(config.azure_storage_access_key, "APP_AZURE_STORAGE_ACCESS_KEY"),
                client_options=options,
                retry_config=_RETRIES,
            )
        return S3Store(bucket, config=_s3_config(config), client_options=options, retry_config=_RETRIES)
    except (BaseError, ValueError) as problem:
        raise ConfigError(f"the settings of the bucket {bucket} are not usable: {problem}") from problem


def _s3_config(config: ServerConfig) -> "S3Config":
    found: S3Config = {}
    if config.bucket_endpoint:
        found["endpoint"] = config.bucket_endpoint
    if config.aws_region:
        found["region"] = config.aws_region
    if config.aws_access_key:
        found["access_key_id"] = config.aws_access_key
        found["secret_access_key"] = _needed(config.aws_secret_key, "APP_AWS_SECRET_KEY")
    return found


def _service_account(config: ServerConfig) -> str:
    """The key file of a service account. Its private key is base64 in the variable, being of several lines."""
    assert config.gcs_private_key is not None
    try:
        private_key = base64.b64decode(config.gcs_private_key, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ConfigError("APP_GCS_PRIVATE_KEY must be the private key in base64.") from None
    return dumps_text(
        {
            "type": "service_account",
            "project_id": config.gcs_project_id,
            "private_key_id": "",
            "private_key": private_key,
            "client_email": _needed(config.gcs_client_email, "APP_GCS_CLIENT_EMAIL"),
        }
    )


def _needed(value: str | None, variable: str) -> str:
    if not value:
        raise ConfigError(f"BUCKET_NAME is set, but {variable} is not.")
    return value
