"""Files that a request uploads, described without being read: field, name, type, size where it costs nothing."""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

Description = dict[str, Any]

_LIST_SUFFIX: Final = "[]"
_READABLE_FILES: Final = (io.BufferedReader, io.BufferedRandom, io.FileIO)
"""Files of the operating system, which knows their size. Anything else might do anything when asked."""


def described_uploads(files: Any) -> dict[str, list[Description]]:
    """`{field: [{name?, mime_type?, byte_size?}]}` for what the SDK hands to its HTTP library.

    `files` is a mapping or pairs of a field and a file: bytes, an open file, or a tuple of name, file, type.
    """
    pairs = cast(Mapping[str, Any], files).items() if isinstance(files, Mapping) else files
    described: dict[str, list[Description]] = {}
    for field, file in cast(Iterable[tuple[str, Any]], pairs or ()):
        described.setdefault(field.removesuffix(_LIST_SUFFIX), []).append(_described(file))
    return described


def uploaded_part(modality: str, upload: Description) -> dict[str, Any]:
    """The part of a message that stands for an upload: a `blob` without content."""
    return {"type": "blob", "modality": modality, **upload}


def _described(file: Any) -> Description:
    name: Any = None
    kind: Any = None
    content: Any = file
    if isinstance(file, tuple):
        entry = cast(Sequence[Any], file)
        name, content, kind = (*entry, None, None, None)[:3]
    elif isinstance(file, _READABLE_FILES) and isinstance(file.name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a descriptor is possible
        name = os.path.basename(file.name)
    found = {"name": name, "mime_type": kind, "byte_size": _size(content)}
    return {key: value for key, value in found.items() if isinstance(value, str | int)}


def _size(content: Any) -> int | None:
    if isinstance(content, bytes | bytearray):
        return len(content)
    if type(content) is io.BytesIO:
        return content.getbuffer().nbytes
    if type(content) in _READABLE_FILES:
        try:
            return os.fstat(content.fileno()).st_size
        except (OSError, ValueError):  # closed, or no file of the operating system
            return None
    return None
