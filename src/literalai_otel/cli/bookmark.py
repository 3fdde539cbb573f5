"""Where a long export or import stands, in a file beside the one that is written or read."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from literalai_otel.jsonable import dumps, loads


class Bookmark:
    """A small JSON object on the disk. It is replaced as a whole, so that it is never half there.

    Args:
        path: Its file.
        about: What it belongs to, such as the project; a bookmark about something else counts as none.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        self._about = dict(about)

    def exists(self) -> bool:
        """Whether there is one, whatever it is about."""
        return self.path.exists()

    def read(self) -> dict[str, Any] | None:
        """What was last set, None when there is nothing, or nothing about this."""
        try:
            content: Any = loads(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict):
            return None
        found = cast(dict[str, Any], content)
        return found.get("at") if found.get("about") == self._about else None

    def set(self, at: Mapping[str, Any]) -> None:
        """Remember `at`."""
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_bytes(dumps({"about": self._about, "at": at}))
        os.replace(beside, self.path)

    def remove(self) -> None:
        """The work is done."""
        self.path.unlink(missing_ok=True)
