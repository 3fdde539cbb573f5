"""Attachments: their operations, their addresses, and what becomes of their files (`spec/literal-wire.md` §2.8)."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict, IsStr

from literalai_otel.server.access.keys import hash_key
from uploading import blobs, clock, digest, eventually, upload

FIELDS = "id threadId stepId metadata mime name objectKey url"
CREATE = (
    "mutation CreateAttachment($metadata: Json, $mime: String, $name: String!, $objectKey: String, "
    "$stepId: String!, $url: String) { createAttachment(metadata: $metadata, mime: $mime, name: $name, "
    f"objectKey: $objectKey, stepId: $stepId, url: $url) {{ {FIELDS} }} }}"
)
UPDATE = (
    "mutation UpdateAttachment($id: String!, $metadata: Json, $mime: String, $name: String, $objectKey: String, "
    "$projectId: String, $url: String) { updateAttachment(id: $id, metadata: $metadata, mime: $mime, name: $name, "
    f"objectKey: $objectKey, projectId: $projectId, url: $url) {{ {FIELDS} }} }}"
)
GET = f"query GetAttachment($id: String!) {{ attachment(id: $id) {{ {FIELDS} }} }}"
DELETE = "mutation DeleteAttachment($id: String!) { deleteAttachment(id: $id) { id } }"
INGEST = (
    "mutation($id: String!, $threadId: String, $attachments: [AttachmentPayloadInput!]) { "
    'ingestStep(id: $id, threadId: $threadId, name: "s", attachments: $attachments) { ok message } }'
)
DELETE_STEP = "mutation($id: String!) { deleteStep(id: $id) { id } }"
DELETE_THREAD = "mutation($id: String!) { deleteThread(id: $id) { id } }"


def new_id() -> str:
    return str(uuid.uuid4())


def put_step(server: Any, step_id: str, **step: Any) -> None:
    assert server.data(INGEST, {"id": step_id, **step})["ingestStep"] == {"ok": True, "message": "stored"}


def create(server: Any, step_id: str, **attachment: Any) -> dict[str, Any]:
    return server.data(CREATE, {"stepId": step_id, "name": "file", **attachment})["createAttachment"]


def read(server: Any, attachment_id: str) -> dict[str, Any] | None:
    return server.data(GET, {"id": attachment_id})["attachment"]


def stable(url: str) -> str:
    """The part of an address that the TypeScript client's tests compare."""
    return url.partition("X-Amz-Date")[0]


@pytest.mark.feature("L-ATT-03", "L-ATT-05")
def test_an_attachment_is_made_read_changed_and_deleted(server: Any) -> None:
    step_id, thread_id = new_id(), new_id()
    put_step(server, step_id, threadId=thread_id)
    given = {"mime": "image/png", "url": "https://example.com/a.png", "metadata": {"size": "large"}}
    made = create(server, step_id, **given)
    assert made == {"id": IsStr, "stepId": step_id, "threadId": thread_id, "name": "file", "objectKey": None, **given}
    assert read(server, made["id"]) == made

    changed = server.data(UPDATE, {"id": made["id"], "name": "renamed", "metadata": {"size": "small"}, "mime": None})
    assert changed["updateAttachment"] == made | {"name": "renamed", "metadata": {"size": "small"}}
    assert read(server, made["id"]) == changed["updateAttachment"]

    assert server.data(DELETE, {"id": made["id"]})["deleteAttachment"] == {"id": made["id"]}
    assert server.data(DELETE, {"id": made["id"]})["deleteAttachment"] is None
    assert server.data(UPDATE, {"id": made["id"], "name": "x"})["updateAttachment"] is None
    assert read(server, made["id"]) is None


@pytest.mark.parametrize(
    ("attachment", "message"),
    [
        ({}, "objectKey"),
        ({"url": "u", "stepId": ""}, "stepId"),
        ({"url": "u", "metadata": []}, "metadata"),
        ({"url": "u", "metadata": {"a": "b" * 1_000_001}}, "metadata"),
        ({"url": "u", "name": None}, "name"),
        ({"url": 5}, "url"),
    ],
)
def test_a_bad_attachment_is_refused(server: Any, attachment: dict[str, Any], message: str) -> None:
    answer = server.graphql(CREATE, {"stepId": new_id(), "name": "f", **attachment})
    assert answer.status_code < 500
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert message in error["message"]


def test_an_update_for_another_project_is_refused(server: Any) -> None:
    made = create(server, new_id(), url="u")
    (error,) = server.graphql(UPDATE, {"id": made["id"], "projectId": "another"}).json()["errors"]
    assert "projectId" in error["message"]
    project = server.http.post("/api/my-project", json={}).json()["projectId"]
    assert server.data(UPDATE, {"id": made["id"], "projectId": project})["updateAttachment"]["id"] == made["id"]


def test_an_attachment_may_come_before_its_step(server: Any) -> None:
    step_id, thread_id = new_id(), new_id()
    made = create(server, step_id, url="https://example.com")
    assert made["threadId"] is None
    put_step(server, step_id, threadId=thread_id)
    assert read(server, made["id"]) == made | {"threadId": thread_id}
    step = server.data(f"query($id: String!) {{ step(id: $id) {{ attachments {{ {FIELDS} }} }} }}", {"id": step_id})
    assert step["step"]["attachments"] == [made | {"threadId": thread_id}]


@pytest.mark.feature("L-ATT-04", "L-ATT-07")
def test_addresses_are_signed_wherever_an_attachment_is_read(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock(monkeypatch)
    step_id, thread_id = new_id(), new_id()
    done = upload(server, b"picture", mime="image/png", thread_id=thread_id)
    item = {"id": new_id(), "name": "picture", "objectKey": done.object_key, "url": done.signed_url}
    put_step(server, step_id, threadId=thread_id, attachments=[item])
    now.ahead = 7_200
    assert httpx.get(done.signed_url).status_code == 403
    data = server.data(
        "query($step: String!, $thread: String!, $item: String!, $steps: [stepsInputType!], "
        "$threads: [ThreadsInputType!]) { step(id: $step) { attachments { url } } "
        "threadDetail(id: $thread) { steps { attachments { url } } } attachment(id: $item) { url } "
        "steps(filters: $steps) { edges { node { attachments { url } } } } "
        "threads(filters: $threads) { edges { node { steps { attachments { url } } } } } }",
        {
            "step": step_id,
            "thread": thread_id,
            "item": item["id"],
            "steps": [{"field": "id", "operator": "eq", "value": step_id}],
            "threads": [{"field": "id", "operator": "eq", "value": thread_id}],
        },
    )
    found = [
        data["attachment"],
        *data["step"]["attachments"],
        *data["threadDetail"]["steps"][0]["attachments"],
        *data["steps"]["edges"][0]["node"]["attachments"],
        *data["threads"]["edges"][0]["node"]["steps"][0]["attachments"],
    ]
    assert len(found) == 5
    for attachment in found:
        assert stable(attachment["url"]) == stable(done.signed_url)
        assert httpx.get(attachment["url"]).content == b"picture"


@pytest.mark.parametrize("object_key", [None, "bucket/of/somebody.png"])
def test_an_address_that_is_not_ours_stays_as_it_is(server: Any, object_key: str | None) -> None:
    given = {"url": "https://example.com/a.png?X-Amz-Date=1", "objectKey": object_key}
    assert create(server, new_id(), **given) == IsPartialDict(given)


def test_media_inside_a_step_stay_as_they_are(server: Any) -> None:
    step_id, url = new_id(), "data:image/png;base64,iVBORw0KGgo="
    put_step(server, step_id, attachments=[{"id": new_id(), "name": "inline", "mime": "image/png", "url": url}])
    step = server.data("query($id: String!) { step(id: $id) { attachments { url } } }", {"id": step_id})["step"]
    assert step["attachments"] == [{"url": url}]


def another_project(server: Any) -> dict[str, str]:
    key = f"key-of-project-{new_id()}"
    project = server.store.create_project("another").result(20)
    server.store.add_api_key(project.id, key_hash=hash_key(key), prefix="", name="").result(20)
    return {"x-api-key": key}


def test_files_and_attachments_belong_to_their_project(server: Any) -> None:
    done = upload(server, b"secret")
    mine = create(server, new_id(), objectKey=done.object_key)
    stranger = another_project(server)
    for document in (GET, DELETE):
        assert list(server.data(document, {"id": mine["id"]}, **stranger).values()) == [None]
    assert server.data(UPDATE, {"id": mine["id"], "name": "x"}, **stranger)["updateAttachment"] is None

    theirs = server.data(CREATE, {"stepId": new_id(), "name": "f", "objectKey": done.object_key}, **stranger)[
        "createAttachment"
    ]
    assert httpx.get(theirs["url"]).status_code == 404
    assert server.data(DELETE, {"id": theirs["id"]}, **stranger)["deleteAttachment"]
    assert httpx.get(read(server, mine["id"])["url"]).content == b"secret"


def gone(folder: Path, *contents: bytes) -> None:
    eventually(lambda: not {digest(content) for content in contents} & blobs(folder).keys())


@pytest.fixture
def own(start: Any, tmp_path: Path) -> Any:
    with start(tmp_path) as server:
        yield server, tmp_path


def test_the_file_goes_with_the_last_attachment_that_holds_it(own: Any) -> None:
    server, folder = own
    done = upload(server, b"shared")
    first, second = (create(server, new_id(), objectKey=done.object_key) for _ in range(2))
    server.data(DELETE, {"id": first["id"]})
    assert httpx.get(second["url"]).content == b"shared"
    server.data(DELETE, {"id": second["id"]})
    gone(folder, b"shared")
    assert httpx.get(second["url"]).status_code == 404


def test_equal_files_share_a_blob_that_stays_as_long_as_one_of_them(own: Any) -> None:
    server, folder = own
    first, second = (
        create(server, new_id(), objectKey=upload(server, content).object_key) for content in (b"same", b"same")
    )
    other = create(server, new_id(), objectKey=upload(server, b"other").object_key)
    assert len(blobs(folder)) == 2
    server.data(DELETE, {"id": first["id"]})
    server.data(DELETE, {"id": other["id"]})
    gone(folder, b"other")
    assert httpx.get(second["url"]).content == b"same"
    again = create(server, new_id(), objectKey=upload(server, b"other").object_key)
    server.data(DELETE, {"id": second["id"]})
    gone(folder, b"same")
    assert httpx.get(again["url"]).content == b"other"


def test_an_attachment_that_gets_another_file_lets_go_of_its_first(own: Any) -> None:
    server, folder = own
    made = create(server, new_id(), objectKey=upload(server, b"old").object_key)
    changed = server.data(UPDATE, {"id": made["id"], "objectKey": upload(server, b"new").object_key})
    gone(folder, b"old")
    assert httpx.get(changed["updateAttachment"]["url"]).content == b"new"


DELETE_USER = "mutation($id: String!, $all: Boolean) { deleteParticipant(id: $id, withThreads: $all) { identifier } }"
THREAD = "query($t: String!) { threadDetail(id: $t) { id participant { id } steps { id } } }"


@pytest.mark.parametrize("everything", [True, False, None])
def test_a_user_goes_with_everything_or_alone(own: Any, everything: bool | None) -> None:
    server, folder = own
    user, thread_ids = new_id(), [new_id() for _ in range(2)]
    for thread_id in thread_ids:
        made = "mutation($t: String!, $u: String) { upsertThread(id: $t, participantId: $u) { participant { id } } }"
        user_id = server.data(made, {"t": thread_id, "u": user})["upsertThread"]["participant"]["id"]
        file = {"id": new_id(), "name": "f", "objectKey": upload(server, thread_id.encode()).object_key}
        put_step(server, f"step {thread_id}", threadId=thread_id, attachments=[file])
    deleted = server.data(DELETE_USER, {"id": user_id, "all": everything})
    assert deleted["deleteParticipant"] == {"identifier": user}
    assert server.data(DELETE_USER, {"id": user_id, "all": everything})["deleteParticipant"] is None
    for thread_id in thread_ids:
        left = {"id": thread_id, "participant": None, "steps": [{"id": f"step {thread_id}"}]}
        assert server.data(THREAD, {"t": thread_id})["threadDetail"] == (None if everything else left)
    if everything:
        gone(folder, *(thread_id.encode() for thread_id in thread_ids))
    else:
        assert {digest(thread_id.encode()) for thread_id in thread_ids} <= blobs(folder).keys()


@pytest.mark.parametrize("entity", ["step", "thread"])
def test_files_go_with_their_step_or_thread(own: Any, entity: str) -> None:
    server, folder = own
    step_id, thread_id, kept_id = new_id(), new_id(), new_id()
    attached, kept = upload(server, b"attached"), upload(server, b"kept")
    unattached = upload(server, b"unattached", thread_id=thread_id)
    item = {"id": new_id(), "name": "f", "objectKey": attached.object_key}
    put_step(server, step_id, threadId=thread_id, attachments=[item])
    put_step(server, kept_id, threadId=new_id())
    create(server, kept_id, objectKey=kept.object_key)
    if entity == "step":
        server.data(DELETE_STEP, {"id": step_id})
        gone(folder, b"attached")
        assert httpx.get(unattached.signed_url).content == b"unattached"
    else:
        server.data(DELETE_THREAD, {"id": thread_id})
        gone(folder, b"attached", b"unattached")
    assert httpx.get(attached.signed_url).status_code == 404
    assert httpx.get(kept.signed_url).content == b"kept"
