"""Which storage the settings ask for, and where uploads are received."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from literalai_otel.config import ServerConfig
from literalai_otel.server.blobs import spool
from literalai_otel.server.blobs.bucket import BucketStorage
from literalai_otel.server.blobs.disk import DiskStorage
from literalai_otel.server.blobs.storage import Storage, StorageError

FOLDER: Final = "files"
_INCOMING: Final = "incoming"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A storage, and the folder for what is on its way there."""

    storage: Storage
    incoming: Path


def place_of(config: ServerConfig) -> Place:
    """The bucket if one is named, else a folder under the data folder.

    Raises:
        ConfigError: the settings of the bucket are not usable.
        StorageError: there is no data folder, or nothing can be written there.
    """
    if config.data_dir is None:
        raise StorageError("there is no data folder for uploaded files: set LITERAL_DATA_DIR")
    folder = Path(config.data_dir).expanduser() / FOLDER
    incoming = folder / _INCOMING
    storage = BucketStorage(config) if config.bucket_name else DiskStorage(folder)
    try:
        spool.prepare(incoming)
    except OSError as problem:
        raise StorageError(f"{incoming} cannot be written: {problem.strerror or problem}") from problem
    return Place(storage, incoming)
