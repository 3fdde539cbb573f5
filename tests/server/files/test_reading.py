"""Reading uploaded files by their signed addresses: permissions, what a browser is told, ranges."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from uploading import Upload, blobs, clock, digest, upload

CONTENT = bytes(range(256)) * 4
ATTACH = (
    'mutation($key: String!, $name: String!) { createAttachment(stepId: "s", objectKey: $key, name: $name) { id } }'
)


@pytest.fixture(scope="module")
def stored(server: Any) -> Upload:
    return upload(server, CONTENT, mime="video/mp4", name="film.mp4")


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


def test_an_address_is_spelled_as_the_clients_expect(stored: Upload) -> None:
    query = parse_qs(urlsplit(stored.signed_url).query)
    assert list(query) == ["X-Amz-Expires", "X-Amz-Date", "X-Amz-Signature"]
    assert stored.object_key in urlsplit(stored.signed_url).path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=3600", "X-Amz-Expires=9999999"),
        ("X-Amz-Date=2", "X-Amz-Date=3"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("X-Amz-Signature", "X-Amz-Nothing"),
        ("film.mp4", "other.mp4"),
        ("/api/files/", "/api/files/x"),
        ("X-Amz-Date=", "X-Amz-Date=%F0%9F%92%A5%00"),
    ],
)
def test_an_altered_address_is_refused(stored: Upload, old: str, new: str) -> None:
    assert old in stored.signed_url
    assert code_of(httpx.get(stored.signed_url.replace(old, new))) == (403, "FORBIDDEN")


def test_a_key_cannot_pass_for_a_date(server: Any) -> None:
    """Whoever may name an object key must not be able to have another date signed through it."""
    key = "files/x\n9999999\n20991231T000000Z"
    made = server.data(ATTACH.replace("{ id }", "{ url }"), {"key": key, "name": "f"})["createAttachment"]
    parts = urlsplit(made["url"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    inner = f"20991231T000000Z\n{query['X-Amz-Expires']}\n{query['X-Amz-Date']}"
    altered = httpx.get(
        made["url"].partition("?")[0].partition("%0A")[0],
        params={**query, "X-Amz-Expires": "9999999", "X-Amz-Date": inner},
    )
    assert code_of(altered) == (403, "FORBIDDEN")
    assert code_of(httpx.get(made["url"])) == (404, "NOT_FOUND")


def test_pages_of_others_may_show_a_file(stored: Upload) -> None:
    assert httpx.get(stored.signed_url).headers["access-control-allow-origin"] == "*"


def test_an_address_without_a_signature_is_refused(stored: Upload) -> None:
    assert code_of(httpx.get(stored.signed_url.partition("?")[0])) == (403, "FORBIDDEN")


def test_an_expired_address_is_refused(stored: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch).ahead = 3_601
    answer = httpx.get(stored.signed_url)
    assert code_of(answer) == (403, "FORBIDDEN")
    assert "expired" in answer.json()["errors"][0]["message"]


def test_a_blob_that_is_gone_from_disk_is_an_error_before_any_byte(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        done = upload(server, b"lost")
        blobs(tmp_path)[digest(b"lost")].unlink()
        assert code_of(httpx.get(done.signed_url)) == (503, "STORAGE_UNAVAILABLE")


@pytest.mark.feature("L-ATT-06")
@pytest.mark.parametrize(
    ("mime", "shown"),
    [
        ("image/png", True),
        ("image/webp", True),
        ("audio/mpeg", True),
        ("video/mp4", True),
        ("text/plain; charset=utf-8", True),
        ("application/pdf", True),
        ("application/json", True),
        ("image/svg+xml", False),
        ("text/html", False),
        ("TEXT/HTML", False),
        ("application/xhtml+xml", False),
        ("text/xml", False),
        ("application/javascript", False),
        ("application/octet-stream", False),
        ("application/x-shockwave-flash", False),
    ],
)
def test_a_browser_shows_only_what_it_cannot_run(server: Any, mime: str, shown: bool) -> None:
    address = upload(server, b"<script>", mime=mime).signed_url
    for asked, disposition in (("", "attachment"), ("&inline=1", "inline" if shown else "attachment")):
        headers = httpx.get(address + asked).headers
        assert headers["content-type"] == (mime if shown else "application/octet-stream")
        assert headers["content-disposition"].partition(";")[0] == disposition
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none';" in policy
        assert policy.startswith("sandbox;") is not (mime == "application/pdf" and disposition == "inline")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("a b.txt", "a%20b.txt"), ('"; x="y\r\nz', "%22%3B%20x%3D%22y%0D%0Az"), ("日本.txt", "%E6%97%A5%E6%9C%AC.txt")],
)
def test_a_file_is_called_what_its_attachment_is_called(server: Any, name: str, spelled: str) -> None:
    done = upload(server, b"x")
    server.data(ATTACH, {"key": done.object_key, "name": name})
    disposition = httpx.get(done.signed_url).headers["content-disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{spelled}"


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-5000", 0, 1024),
        ("bytes=1000-99999999999999999999", None, None),
        ("bytes=1000-999999999999", 1000, 1024),
        ("BYTES=3-4", 3, 5),
        ("bytes = 3 - 4", None, None),
        ("bytes=4-3", None, None),
        ("bytes=-", None, None),
        ("bytes=0-1,5-6", None, None),
        ("lines=0-1", None, None),
        ("nonsense", None, None),
    ],
)
def test_single_ranges_are_served_and_others_ignored(
    stored: Upload, header: str, start: int | None, stop: int | None
) -> None:
    answer = httpx.get(stored.signed_url, headers={"range": header})
    if start is None:
        assert (answer.status_code, answer.content) == (200, CONTENT)
    else:
        assert (answer.status_code, answer.content) == (206, CONTENT[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/1024"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(stored: Upload, header: str) -> None:
    answer = httpx.get(stored.signed_url, headers={"range": header})
    assert code_of(answer) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == "bytes */1024"


def test_validators_save_transfers(stored: Upload) -> None:
    etag = httpx.get(stored.signed_url).headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = httpx.get(stored.signed_url, headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert httpx.get(stored.signed_url, headers={"if-none-match": '"other"'}).status_code == 200
    for version, status in ((etag, 206), ('"other"', 200)):
        headers = {"range": "bytes=0-9", "if-range": version}
        assert httpx.get(stored.signed_url, headers=headers).status_code == status


def test_head_says_what_get_would(stored: Upload) -> None:
    head, whole = httpx.head(stored.signed_url), httpx.get(stored.signed_url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "content-disposition"):
        assert head.headers[name] == whole.headers[name]
