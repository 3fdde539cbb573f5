"""Bodies are bounded before and after decompression."""

import gzip
import zlib

import pytest

from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.intake import decompress

TEXT = b"a step, and another step" * 100


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), "x-gzip"),
        (gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
)
def test_every_spelling_of_gzip_and_deflate(body: bytes, encoding: str):
    assert decompress(body, encoding, limit=len(TEXT)) == TEXT


def test_empty_content_is_content():
    assert decompress(gzip.compress(b""), "gzip", limit=10) == b""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_REQUEST"),
        (b"not gzip", "BAD_REQUEST"),
        (gzip.compress(TEXT, mtime=0)[:-4], "BAD_REQUEST"),
        (gzip.compress(TEXT, mtime=0) + b"more", "BAD_REQUEST"),
        (gzip.compress(b"x") * 1_000, "BAD_REQUEST"),
        (gzip.compress(bytes(100_000_000)), "BODY_TOO_LARGE"),
    ],
    ids=["empty", "other", "cut", "trailing", "members", "bomb"],
)
def test_what_is_refused(body: bytes, code: str):
    with pytest.raises(Problem) as refused:
        decompress(body, "gzip", limit=10_000)
    assert refused.value.code == code
