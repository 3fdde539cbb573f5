"""The form parser, whatever the bytes and wherever the network cuts them."""

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.forms import UploadForm

BOUNDARY = b"b0undary"
CONTENT_TYPE = "multipart/form-data; boundary=b0undary"
# Bytes that look like the end of a part are what a parser stumbles over.
CONTENT = st.lists(
    st.one_of(
        st.binary(max_size=50), st.sampled_from([b"\r\n", b"--", b"\r\n--b0un", b"\r\n--b0undar", b"\r", b"b0undary"])
    ),
    max_size=8,
).map(b"".join)


def form(content: bytes, key: bytes = b"k") -> bytes:
    field = b'--%b\r\nContent-Disposition: form-data; name="key"\r\n\r\n%b\r\n' % (BOUNDARY, key)
    file = b'--%b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: a/b\r\n\r\n%b\r\n' % (
        BOUNDARY,
        content,
    )
    return field + file + b"--%b--\r\n" % BOUNDARY


def read(body: bytes, cuts: list[int]) -> tuple[bytes, dict[str, str]]:
    """The file and the fields of a body that arrives in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        start = 0
        for cut in [*sorted(cut % (len(body) + 1) for cut in cuts), len(body)]:
            yield body[start:cut]
            start = cut

    async def collect() -> tuple[bytes, dict[str, str]]:
        parsed = UploadForm(CONTENT_TYPE)
        return b"".join([piece async for piece in parsed.file(pieces())]), parsed.fields

    return asyncio.run(collect())


def refusal(body: bytes, cuts: list[int]) -> int | None:
    try:
        read(body, cuts)
    except Problem as problem:
        return problem.http_status
    return None


@given(content=CONTENT.filter(lambda content: b"\r\n--b0undary" not in content), cuts=st.lists(st.integers(0, 10_000)))
def test_a_file_comes_out_as_it_went_in(content: bytes, cuts: list[int]) -> None:
    assert read(form(content), cuts) == (content, {"key": "k"})


@given(
    body=st.one_of(st.binary(max_size=300), st.binary(max_size=100).map(form)), cuts=st.lists(st.integers(0, 10_000))
)
def test_no_bytes_break_the_parser(body: bytes, cuts: list[int]) -> None:
    assert refusal(body[: len(body) // 2] + body[len(body) // 3 :], cuts) in (None, 400)
