"""Who a row of the spool belongs to: a file that its process keeps locked, so that the system frees it at any end.

A process id says nothing after a reboot or in another container; a lock of the system can't outlive its process.
"""

import os
import time
import uuid
from pathlib import Path
from typing import BinaryIO, Final, Self

SUFFIX: Final = ".owner"
_PATIENCE_S: Final = 20.0


class OwnerLock:
    """The locked file of one owner. `name` is unique for all times."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.name = path.stem
        self._path = path
        self._file = file

    @classmethod
    def new(cls, folder: Path) -> Self:
        """Make and lock a file of our own. Raises OSError."""
        path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        file = _opened(path, os.O_CREAT)
        if not _locked(file):
            raise OSError(f"{path} cannot be locked")
        return cls(path, file)

    @classmethod
    def seize(cls, folder: Path, name: str) -> Self | None:
        """The lock of an owner that has ended; None while its process runs. Raises OSError.

        A file that is gone was taken away by whoever had it, so that owner has ended too: it is made anew.
        """
        path = folder / f"{name}{SUFFIX}"
        file = _opened(path, os.O_CREAT)
        if _locked(file):
            return cls(path, file)
        file.close()
        return None

    def release(self) -> None:
        """Free it, and take the file away first: nobody may lock what the next one does not find."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def forget(self) -> None:
        """In a forked child: the parent's lock holds until the last copy of its file is closed."""
        self._file.close()


class FolderLock:
    """One process at a time makes, opens or puts aside the file of a folder. Entering raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "folder.lock"

    def __enter__(self) -> None:
        self._file = _opened(self._path, os.O_CREAT)
        deadline = time.monotonic() + _PATIENCE_S
        while not _locked(self._file):
            if time.monotonic() > deadline:
                self._file.close()
                raise TimeoutError(f"{self._path} stays locked by another process")
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def is_running(folder: Path, name: str) -> bool:
    """Whether the owner's process lives. Raises OSError."""
    try:
        file = _opened(folder / f"{name}{SUFFIX}", 0)
    except FileNotFoundError:
        return False
    with file:
        return not _locked(file)


def _opened(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600), "r+b", buffering=0)


def _locked(file: BinaryIO) -> bool:
    """Lock `file` if nobody has. The module is missing on Windows, which therefore has no spool."""
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
