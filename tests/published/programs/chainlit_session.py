"""A person at a Chainlit application: signs in, asks, likes the answer, comes back, asks again, deletes the thread.

The application (`chainlit_app.py`) runs headless in a process of its own, driven through its websocket and its HTTP
routes, as its page does; that it has a Literal server is said by LITERAL_API_URL and LITERAL_API_KEY alone.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import uuid
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import socketio
from checks import eventually, read, run

FOLDER = Path.cwd()
THREAD = """query ($id: String!) { threadDetail(id: $id) { name participant { identifier metadata } steps {
    id name type parentId input output generation { model provider messageCompletion }
    attachments { name objectKey url } scores { name type value comment }
} } }"""


class Page:
    """What the page of the application does."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.AsyncClient(base_url=url)

    async def log_in(self):
        answer = await self.http.post("/login", data={"username": IDENTIFIER, "password": "x"})
        answer.raise_for_status()

    @asynccontextmanager
    async def session(self, thread_id=None):
        self.ended = asyncio.Event()
        events = []
        page = socketio.AsyncClient()

        @page.on("*")
        async def note(event, *data):
            events.append((event, data))
            if event == "task_end" and any(name == "task_start" for name, _ in events):
                self.ended.set()

        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        self.session_id = str(uuid.uuid4())
        auth = {"clientType": "webapp", "sessionId": self.session_id, "userEnv": "{}"}
        await page.connect(
            self.url, headers={"Cookie": cookies}, auth={**auth, **({"threadId": thread_id} if thread_id else {})},
            socketio_path="/ws/socket.io", transports=["websocket"],
        )  # fmt: skip
        await page.emit("connection_successful")
        try:
            yield page, events
        finally:
            await page.disconnect()

    async def ask(self, page, text):
        self.ended.clear()
        message = {"id": str(uuid.uuid4()), "name": "user", "type": "user_message", "output": text, "createdAt": ""}
        await page.emit("client_message", {"message": message, "fileReferences": []})
        await asyncio.wait_for(self.ended.wait(), 30)

    async def threads(self):
        answer = await self.http.post("/project/threads", json={"pagination": {"first": 10}, "filter": {}})
        answer.raise_for_status()
        return answer.json()["data"]


IDENTIFIER = f"user {uuid.uuid4()}"
KEPT = {}


def at_the_page(check):
    """Run the coroutine function `check(page)` with the signed-in page of the running application."""

    def synchronous():
        async def inside():
            page = Page(KEPT["url"])
            await page.log_in()
            await check(page)

        asyncio.run(inside())

    return synchronous


def stored(*names):
    """The thread once steps of these names are there."""

    def look():
        thread = read(THREAD, id=KEPT["thread"])["threadDetail"]
        return thread if thread and {step["name"] for step in thread["steps"]} >= set(names) else None

    thread = eventually(look)
    return thread, {step["name"]: step for step in thread["steps"]}


@at_the_page
async def check_a_message_ends_as_a_thread_with_steps(page):
    """L-THR-08 I-CHL-01"""
    async with page.session() as (connection, _):
        await page.ask(connection, "What is the weather?")
        KEPT["session"] = page.session_id
    (thread,) = await page.threads()
    KEPT["thread"] = thread["id"]
    thread, steps = await asyncio.to_thread(stored, "user", "agent", "look_up")
    assert thread["participant"] == {"identifier": IDENTIFIER, "metadata": {"role": "tester"}}
    assert thread["name"] == "What is the weather?"
    assert [step["output"]["content"] for step in thread["steps"] if step["type"] == "user_message"] == [
        "What is the weather?"
    ]
    assert steps["look_up"]["parentId"] == steps["agent"]["id"]
    assert steps["look_up"]["output"] == {"content": "21 degrees"}


@at_the_page
async def check_the_answer_has_its_element_and_the_call_its_generation(page):
    thread, _ = await asyncio.to_thread(stored)
    (answer,) = [step for step in thread["steps"] if step["type"] == "assistant_message"]
    KEPT["answer"] = answer["id"]
    assert answer["output"] == {"content": "It is 21 degrees."}
    (note,) = answer["attachments"]
    async with httpx.AsyncClient() as http:
        content = (await http.get(note["url"])).text
    (call,) = [step for step in thread["steps"] if step["type"] == "llm"]
    assert call["generation"]["provider"] == "openai"
    assert call["generation"]["messageCompletion"]["content"] == content


@at_the_page
async def check_feedback(page):
    feedback = {"forId": KEPT["answer"], "value": 1, "comment": "good", "threadId": KEPT["thread"]}
    answer = await page.http.put("/feedback", json={"feedback": feedback, "sessionId": KEPT["session"]})
    answer.raise_for_status()
    thread, _ = await asyncio.to_thread(stored)
    (score,) = [score for step in thread["steps"] for score in step["scores"]]
    assert score == {"name": "user-feedback", "type": "HUMAN", "value": 1, "comment": "good"}


@at_the_page
async def check_a_thread_is_resumed(page):
    async with page.session(KEPT["thread"]) as (connection, events):
        for _ in range(200):
            if any(name == "resume_thread" for name, _ in events):
                break
            await asyncio.sleep(0.05)
        (resumed,) = [data for name, data in events if name == "resume_thread"]
        assert {step["name"] for step in resumed[0]["steps"]} >= {"agent", "look_up"}
        await page.ask(connection, "And tomorrow?")

    def look():
        steps = read(THREAD, id=KEPT["thread"])["threadDetail"]["steps"]
        return [step for step in steps if step["type"] == "assistant_message"][1:]

    assert (await asyncio.to_thread(eventually, look))[0]["output"] == {"content": "It is 21 degrees."}
    assert [thread["id"] for thread in await page.threads()] == [KEPT["thread"]]


@at_the_page
async def check_a_thread_is_deleted(page):
    answer = await page.http.request("DELETE", "/project/thread", json={"threadId": KEPT["thread"]})
    answer.raise_for_status()
    assert read(THREAD, id=KEPT["thread"])["threadDetail"] is None


def start():
    shutil.copyfile(Path(__file__).with_name("chainlit_app.py"), FOLDER / "chainlit_app.py")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    KEPT["url"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "chainlit", "run", "chainlit_app.py", "--headless", "--port", str(port)]
    settings = {"CHAINLIT_AUTH_SECRET": "a" * 32, "CHAINLIT_APP_ROOT": str(FOLDER)}
    log = (FOLDER / "chainlit.log").open("wb")
    return subprocess.Popen(command, cwd=FOLDER, env={**os.environ, **settings}, stdout=log, stderr=log)


def answers():
    try:
        return httpx.get(f"{KEPT['url']}/auth/config", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


application = start()
try:
    eventually(answers, 60)
    run(globals())
finally:
    application.terminate()
    application.wait(20)
    sys.stderr.write((FOLDER / "chainlit.log").read_text())
