"""Upload forms (`multipart/form-data`), read as they arrive.

A form holds the fields that the server asked for and then one part `file`, whose bytes are handed on piece by piece.
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from literalai_otel.server.problems import Problem

FILE_PART: Final = "file"
MEDIA_TYPE: Final = "multipart/form-data"
_MAX_FIELD_BYTES: Final = 64 * 1024
"""All fields beside the file together."""


class UploadForm:
    """One form on its way in. `fields` is complete as soon as the file's first bytes are."""

    def __init__(self, content_type: str) -> None:
        """Raises `Problem` 415 when the header names no form with a boundary."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind.decode("latin-1") != MEDIA_TYPE or not boundary:
            raise Problem("UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {MEDIA_TYPE} with a boundary.")
        self.fields: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._name: str | None = None
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = b"", b""
        self._field = bytearray()
        self._files = 0
        self._field_bytes = 0
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_part_data": self._part_data,
                    "on_part_end": self._end_part,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._name_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as problem:
            raise _malformed(problem) from None

    async def file(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The bytes of the file in a form of these chunks.

        Raises:
            Problem: 400 malformed, cut short, or without exactly one file.
        """
        async for chunk in chunks:
            try:
                self._parser.write(chunk)
            except FormParserError as problem:
                raise _malformed(problem) from None
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
        if not self._ended:
            raise Problem("BAD_REQUEST", "The upload form ends before its last boundary.")
        if self._files != 1:
            raise Problem("BAD_REQUEST", f"An upload form has one part named {FILE_PART}.")

    def _begin_part(self) -> None:
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _name_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == FILE_PART:
            self._files += 1
            if self._files > 1:
                raise Problem("BAD_REQUEST", f"An upload form has one part named {FILE_PART}.")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_PART:
            self._pieces.append(data[start:end])
            return
        self._field += data[start:end]
        self._field_bytes += end - start
        if self._field_bytes > _MAX_FIELD_BYTES:
            raise Problem("BAD_REQUEST", f"The fields of an upload form have at most {_MAX_FIELD_BYTES} bytes.")

    def _end_part(self) -> None:
        if self._name is not None and self._name != FILE_PART:
            self.fields[self._name] = self._field.decode("utf-8", "replace")
        self._field.clear()

    def _end(self) -> None:
        self._ended = True


def _malformed(problem: Exception) -> Problem:
    return Problem("BAD_REQUEST", f"The upload form is malformed: {problem}.")
