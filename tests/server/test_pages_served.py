"""The build of the pages as browsers get it: which file for which address, with which headers, below which path."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from literalai_otel.server.routes.pages import POLICY

INDEX = '<!doctype html><base href="/" /><meta name="build" content="abc"><script src="./assets/app-1.js"></script>'
SCRIPT = "console.log('the page');" * 40
SAFE = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """As `npm run build` leaves it; the contents of the copies tell them apart."""
    folder = tmp_path_factory.mktemp("build")
    (folder / "index.html").write_text(INDEX)
    (folder / "build.json").write_text(json.dumps({"build": "abc"}))
    (folder / "assets").mkdir()
    (folder / "assets" / "app-1.js").write_text(SCRIPT)
    (folder / "assets" / "app-1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets" / "app-1.js.br").write_bytes(b"brotli")
    (folder / "assets" / "app-1.css").write_text("a{}")
    (folder / "secret.txt").write_text("not an asset")
    return folder


@pytest.fixture(scope="module")
def pages(start, build, tmp_path_factory):
    with start(tmp_path_factory.mktemp("data"), static_dir=str(build)) as server:
        yield server


def get(server, path, **headers):
    with httpx.Client(base_url=server.url, headers=headers) as http:
        return http.get(path)


def raw(server, path, coding):
    """Body and headers as they are on the wire."""
    with (
        httpx.Client(base_url=server.url, headers={"accept-encoding": coding}) as http,
        http.stream("GET", path) as answer,
    ):
        return b"".join(answer.iter_raw()), answer.headers


@pytest.mark.parametrize("path", ["/", "/sign-in", "/p/x/threads/1?step=2", "/threads/any", "/apiary"])
def test_every_address_that_is_not_the_api_s_is_the_page(pages, path):
    answer = get(pages, path)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert SAFE.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/api/none", "/v1/metrics", "/api/logs/none/none/none"])
def test_addresses_of_the_api_stay_the_api_s(pages, method, path):
    answer = pages.http.request(method, path)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_what_only_reads_is_the_page_and_the_rest_is_refused(pages):
    assert pages.http.head("/").status_code == 200
    assert pages.http.post("/p/x/threads").status_code == 404
    assert pages.http.get("/api/graphql").status_code == 405


def test_the_page_is_asked_for_each_time_and_sent_when_it_changed(pages):
    tag = get(pages, "/").headers["etag"]
    kept = get(pages, "/p/x/runs", **{"if-none-match": f'"other", {tag}'})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", tag)
    assert get(pages, "/", **{"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("gzip", "gzip", gzip.compress(SCRIPT.encode())[10:]),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.compress(SCRIPT.encode())[10:]),
        ("identity", None, SCRIPT.encode()),
        ("brotli", None, SCRIPT.encode()),
    ],
)
def test_assets_come_in_the_coding_that_is_smallest_for_the_browser(pages, accepted, coding, body):
    found, headers = raw(pages, "/assets/app-1.js", accepted)
    assert found.endswith(body)
    assert headers.get("content-encoding") == coding
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["vary"] == "accept-encoding"
    assert SAFE.items() <= dict(headers).items()


@pytest.mark.parametrize(
    "name", ["none.js", "%2e%2e/secret.txt", "..%2fsecret.txt", "app-1.js%00", "%2fetc/passwd", ""]
)
def test_nothing_beside_the_assets_is_served_as_one(pages, name):
    answer = get(pages, f"/assets/{name}")
    assert "not an asset" not in answer.text
    assert answer.status_code == 404 or answer.text == INDEX


@pytest.mark.parametrize("path", ["/literal/p/x/runs", "/p/x/runs", "/literal"])
def test_below_a_path_the_base_element_has_it(start, build, tmp_path, path):
    with start(tmp_path / "data", static_dir=str(build), base_path="/literal") as server:
        assert '<base href="/literal/" />' in get(server, path).text
        assert raw(server, "/literal/assets/app-1.css", "br")[0] == b"a{}"
        assert get(server, "/literal/api/none").status_code == 404


def test_without_a_build_the_api_works_and_the_page_says_how_to_get_one(start, tmp_path):
    with start(tmp_path / "data", static_dir=str(tmp_path / "none")) as server:
        answer = get(server, "/")
        assert (answer.status_code, "make ui" in answer.text) == (503, True)
        assert answer.headers["cache-control"] == "no-store"
        assert server.http.get("/api/session").json()["build"] is None
        assert server.http.post("/api/my-project").status_code == 200


def test_the_build_is_named_to_pages(pages):
    assert pages.http.get("/api/session").json()["build"] == "abc"
