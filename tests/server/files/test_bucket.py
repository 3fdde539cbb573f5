"""Files in a bucket, on a real server that speaks S3 over loopback."""

import base64
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.server import ThreadedMotoServer

from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError
from literalai_otel.server.blobs.bucket import BucketStorage
from literalai_otel.server.blobs.storage import StorageError
from uploading import ask, blobs, eventually, send, upload

STEP = 'mutation { createStep(name: "s") { id } }'
ATTACH = 'mutation($key: String!) { createAttachment(stepId: "s", name: "f", objectKey: $key) { id url } }'
DELETE = "mutation($id: String!) { deleteAttachment(id: $id) { id } }"
KEYS = {"aws_access_key": "key", "aws_secret_key": "secret", "aws_region": "eu-west-1"}
PART = 5 * 1024 * 1024  # what a client of S3 sends in parts


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Bucket:
    """A bucket as its owner sees it."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.settings = {"bucket_name": name, "bucket_endpoint": endpoint, **KEYS}
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="eu-west-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        self._name = name
        self._client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def objects(self) -> dict[str, int]:
        found = self._client.list_objects_v2(Bucket=self._name).get("Contents", [])
        return {item["Key"]: item["Size"] for item in found}

    def clear(self) -> None:
        for key in self.objects():
            self._client.delete_object(Bucket=self._name, Key=key)


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest) -> Bucket:
    return Bucket(s3, f"bucket-{abs(hash(request.node.nodeid))}")


@pytest.mark.feature("S-HST-03", "L-ATT-01")
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"0123456789abcdef" * (PART // 8)], ids=["empty", "short", "10 MiB"]
)
def test_files_are_kept_in_the_bucket(start: Any, tmp_path: Path, bucket: Bucket, content: bytes) -> None:
    with start(tmp_path, **bucket.settings) as server:
        done = upload(server, content, name="a.txt")
        ((key, size),) = bucket.objects().items()
        assert key.split("/")[:2] == done.object_key.split("/")[:2]
        assert (key.rpartition("/")[2], size) == ("a.txt", len(content))
        assert blobs(tmp_path) == {}
        assert httpx.get(done.signed_url).content == content
        if content:
            some = httpx.get(done.signed_url, headers={"range": "bytes=1-3"})
            assert (some.status_code, some.content) == (206, content[1:4])


@pytest.mark.feature("S-HST-03")
def test_objects_go_with_their_attachments(start: Any, tmp_path: Path, bucket: Bucket) -> None:
    with start(tmp_path, **bucket.settings) as server:
        first, second = (
            server.data(ATTACH, {"key": upload(server, b"same").object_key})["createAttachment"] for _ in range(2)
        )
        assert len(bucket.objects()) == 2
        server.data(DELETE, {"id": first["id"]})
        eventually(lambda: len(bucket.objects()) == 1)
        assert httpx.get(first["url"]).status_code == 404
        assert httpx.get(second["url"]).content == b"same"


def test_an_address_works_once(start: Any, tmp_path: Path, bucket: Bucket) -> None:
    with start(tmp_path, **bucket.settings) as server:
        asked = ask(server)
        assert send(asked, b"first").status_code == 204
        assert send(asked, b"second").status_code == 409
        assert httpx.get(asked["signedUrl"]).content == b"first"
        assert len(bucket.objects()) == 1


def test_an_object_that_was_deleted_behind_our_back_is_an_error(start: Any, tmp_path: Path, bucket: Bucket) -> None:
    with start(tmp_path, **bucket.settings) as server:
        done = upload(server, b"lost")
        bucket.clear()
        assert httpx.get(done.signed_url).status_code == 503


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.feature("P-ING-08", "P-ING-09")
@pytest.mark.parametrize("trouble", ["no such bucket", "nobody answers"])
def test_a_bucket_that_is_not_there_fails_uploads_alone(
    start: Any, tmp_path: Path, s3: str, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = s3 if trouble == "no such bucket" else f"http://127.0.0.1:{closed_port()}"
    with start(tmp_path, bucket_name="missing", bucket_endpoint=endpoint, **KEYS) as server:
        answer = send(ask(server), b"x")
        assert answer.status_code == 503
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "STORAGE_UNAVAILABLE"}
        assert "missing" in error["message"]
        assert server.data(STEP)["createStep"]["id"]
        assert blobs(tmp_path) == {}
    assert "the storage of files failed" in caplog.text


def test_a_bucket_can_be_checked(s3: str, bucket: Bucket) -> None:
    BucketStorage(ServerConfig.load({}, **bucket.settings)).check()
    lonely = ServerConfig.load({}, bucket_name="missing", bucket_endpoint=f"http://127.0.0.1:{closed_port()}", **KEYS)
    with pytest.raises(StorageError, match="missing"):
        BucketStorage(lonely).check()


def private_key() -> str:
    """As APP_GCS_PRIVATE_KEY holds it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(pem).decode()


@pytest.mark.feature("S-HST-03")
@pytest.mark.parametrize(
    "settings",
    [
        {"gcs_private_key": private_key(), "gcs_client_email": "a@b.c", "gcs_project_id": "p"},
        {"azure_storage_account": "account", "azure_storage_access_key": base64.b64encode(b"key").decode()},
        KEYS,
        {},
    ],
    ids=["gcs", "azure", "s3", "what the machine has"],
)
def test_every_provider_has_a_client(settings: dict[str, str]) -> None:
    assert not BucketStorage(ServerConfig.load({}, bucket_name="b", **settings)).shared


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"aws_access_key": "k"}, "APP_AWS_SECRET_KEY"),
        ({"azure_storage_account": "a"}, "APP_AZURE_STORAGE_ACCESS_KEY"),
        ({"gcs_private_key": "no base64!"}, "APP_GCS_PRIVATE_KEY"),
        ({"gcs_private_key": base64.b64encode(b"key").decode()}, "APP_GCS_CLIENT_EMAIL"),
        (
            {"gcs_private_key": base64.b64encode(b"no key").decode(), "gcs_client_email": "a@b.c"},
            "the settings of the bucket b",
        ),
    ],
)
def test_incomplete_settings_are_named(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        BucketStorage(ServerConfig.load({}, bucket_name="b", **settings))
    assert not any(secret in str(caught.value) for secret in settings.values() if len(secret) > 3)


def test_a_bucket_without_its_package_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("obstore", "obstore.exceptions", "obstore.store"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r'pip install "literalai-otel\[s3\]"'):
        BucketStorage(ServerConfig.load({}, bucket_name="b"))
