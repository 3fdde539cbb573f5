"""Chainlit 2.12's Literal data layer, every method of it; what it stores, it reads back."""

import asyncio
import os
import tempfile
import urllib.request
import uuid
from pathlib import Path

# Chainlit makes its configuration in the working folder, and reads it as it is imported.
os.environ["CHAINLIT_APP_ROOT"] = tempfile.mkdtemp()

from chainlit.context import init_http_context
from chainlit.data.literalai import LiteralDataLayer
from chainlit.element import File, Text
from chainlit.types import Feedback, Pagination, ThreadFilter
from chainlit.user import User
from checks import run

THREAD_ID = str(uuid.uuid4())
IDENTIFIER = f"user {uuid.uuid4()}"


def with_layer(check):
    """Run the coroutine function `check(layer)` with a data layer inside a request of Chainlit."""

    def synchronous():
        async def inside():
            init_http_context(thread_id=THREAD_ID)
            await check(LiteralDataLayer(os.environ["LITERAL_API_KEY"], os.environ["LITERAL_API_URL"]))

        asyncio.run(inside())

    return synchronous


def step(name, kind, **values):
    return {
        "id": str(uuid.uuid4()), "threadId": THREAD_ID, "name": name, "type": kind, "metadata": {},
        "createdAt": "2026-11-21T08:00:00.000000Z", "start": "2026-11-21T08:00:00.000000Z",
        "end": "2026-11-21T08:00:01.000000Z", **values,
    }  # fmt: skip


@with_layer
async def check_users(layer):
    """I-CHL-01"""
    made = await layer.create_user(User(identifier=IDENTIFIER, metadata={"role": "a"}))
    assert made.id
    await layer.create_user(User(identifier=IDENTIFIER, metadata={"role": "b"}))
    read = await layer.get_user(IDENTIFIER)
    assert (read.id, read.metadata) == (made.id, {"role": "b"})
    assert read.createdAt
    assert await layer.get_user("nobody") is None


@with_layer
async def check_the_debug_address(layer):
    assert "/projects/" in await layer.build_debug_url()


@with_layer
async def check_a_thread_with_steps_elements_and_feedback(layer):
    user = await layer.get_user(IDENTIFIER)
    await layer.update_thread(THREAD_ID, name="Trip", user_id=user.id, metadata={"a": 1}, tags=["t"])
    question = step("user", "user_message", output="What is the weather?")
    tool = step("look up", "tool", input="Lisbon", parentId=question["id"], showInput="json", language="json")
    answer = step("bot", "assistant_message", output="It is 21 degrees.")
    for one in (question, tool, answer):
        await layer.create_step(one)
    await layer.update_step({**tool, "output": "21"})
    path = Path(os.environ["CHAINLIT_APP_ROOT"]) / "note.txt"
    path.write_text("a note")
    elements = [
        Text(name="text", content="äöü", for_id=answer["id"], thread_id=THREAD_ID),
        File(name="file", path=str(path), mime="text/plain", for_id=answer["id"], thread_id=THREAD_ID),
        File(name="linked", url="https://example.com/a.txt", mime="text/plain", for_id=answer["id"],
             thread_id=THREAD_ID),
    ]  # fmt: skip
    for element in elements:
        await layer.create_element(element)
    feedback_id = await layer.upsert_feedback(Feedback(forId=answer["id"], value=0, comment="wrong"))
    await layer.upsert_feedback(Feedback(forId=answer["id"], id=feedback_id, value=1, comment="right"))

    stored = await layer.get_thread(THREAD_ID)
    assert (stored["name"], stored["tags"], stored["metadata"]) == ("Trip", ["t"], {"a": 1})
    assert (stored["userId"], stored["userIdentifier"]) == (user.id, IDENTIFIER)
    steps = {one["name"]: one for one in stored["steps"]}
    assert steps["user"]["output"] == "What is the weather?"
    assert (steps["look up"]["output"], steps["look up"]["parentId"]) == ("21", question["id"])
    assert steps["look up"]["input"] == "Lisbon"
    feedback = steps["bot"]["feedback"]
    assert (feedback["id"], feedback["value"], feedback["comment"]) == (feedback_id, 1, "right")
    assert {one["name"] for one in stored["elements"]} == {"text", "file", "linked"}
    contents = {"text": "äöü", "file": "a note"}
    for element in elements:
        read = await layer.get_element(THREAD_ID, element.id)
        assert read["forId"] == answer["id"]
        if element.name in contents:
            with urllib.request.urlopen(read["url"]) as response:
                assert response.read().decode() == contents[element.name]
        else:
            assert read["url"] == element.url
    assert await layer.get_thread_author(THREAD_ID) == IDENTIFIER


@with_layer
async def check_lists_of_threads(layer):
    user = await layer.get_user(IDENTIFIER)
    second = str(uuid.uuid4())
    await layer.update_thread(second, name="Another", user_id=user.id)

    async def listed(first=10, cursor=None, **filters):
        page = await layer.list_threads(Pagination(first=first, cursor=cursor), ThreadFilter(userId=user.id, **filters))
        return page, [one["id"] for one in page.data]

    page, ids = await listed(first=1)
    assert (ids, page.pageInfo.hasNextPage) == ([second], True)
    assert (await listed(cursor=page.pageInfo.endCursor))[1] == [THREAD_ID]
    assert (await listed(search="21 degrees"))[1] == [THREAD_ID]
    assert (await listed(search="nothing of it"))[1] == []
    assert (await listed(feedback=1))[1] == [THREAD_ID]
    assert (await listed(feedback=0))[1] == []


@with_layer
async def check_deletions(layer):
    stored = await layer.get_thread(THREAD_ID)
    steps = {one["name"]: one for one in stored["steps"]}
    element = stored["elements"][0]
    await layer.delete_element(element["id"], THREAD_ID)
    assert await layer.get_element(THREAD_ID, element["id"]) is None
    await layer.delete_feedback(steps["bot"]["feedback"]["id"])
    await layer.delete_step(steps["look up"]["id"])
    left = await layer.get_thread(THREAD_ID)
    assert {one["name"] for one in left["steps"]} == {"user", "bot"}
    assert next(one for one in left["steps"] if one["name"] == "bot").get("feedback") is None
    await layer.delete_thread(THREAD_ID)
    assert await layer.get_thread(THREAD_ID) is None
    assert await layer.get_favorite_steps("anybody") == []
    await layer.close()


run(globals())
