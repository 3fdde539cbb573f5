"""Data by somebody who wants a reader's session, and data that no program meant to send: records of an import."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from made import Record, stamp, store
from served import Site
from watching import CANARY

THREAD: Final = "hostile"
RUN: Final = "hostile-run"
LLM: Final = "hostile-llm"
ELSEWHERE: Final = "http://127.0.0.1:9/elsewhere.png"


def script(where: str) -> str:
    """A short text that runs a script wherever it gets into a document as it is."""
    return f"{where}<img src=x onerror=\"{CANARY}('{where}')\">"


def markdown(where: str) -> str:
    """Everything that has run scripts through some renderer of markdown, and what would tell a host who reads."""
    call = f"{CANARY}('{where}')"
    encoded = base64.b64encode(f"<script>parent.{call}</script>".encode()).decode()
    return "\n\n".join(
        [
            f"{where} of **markdown**",
            f"<script>{call}</script>",
            f'<svg onload="{call}"><animate onbegin="{call}" attributeName=x dur=1s></svg>',
            f'<iframe srcdoc="<script>parent.{call}</script>"></iframe>',
            f'<details open ontoggle="{call}">x</details><input autofocus onfocus="{call}">',
            f'<math><mtext></form><form><mglyph><style></math><img src onerror="{call}">',
            f'<a href="javascript:{call}">html link</a>',
            f"[plain link](javascript:{call})",
            f"[other link](JaVaScRiPt&colon;{call})",
            f"[data link](data:text/html;base64,{encoded})",
            f"![picture]({ELSEWHERE})",
            f'<img src="{ELSEWHERE}"><link rel=stylesheet href="{ELSEWHERE}"><style>*{{display:none}}</style>',
            f"<base href={ELSEWHERE}><meta http-equiv=refresh content='0;url={ELSEWHERE}'>",
            f"<form action={ELSEWHERE}><button>send</button></form>",
            f"```{script('fence')}\n{script('code')}\n```",
        ]
    )


def records(now: datetime) -> Iterator[Record]:
    """A thread with a script in every field that a client can fill."""
    began = now - timedelta(minutes=3)
    yield {"kind": "user", "id": "mallory", "identifier": script("user"), "metadata": {script("key"): script("value")}}
    yield {
        "kind": "thread",
        "id": THREAD,
        "name": script("thread"),
        "participantId": "mallory",
        "tags": [script("tag")],
        "metadata": {script("metadata key"): {"deeper": [script("metadata value")]}},
        "environment": script("environment"),
        "createdAt": stamp(began),
    }
    times = {"startTime": stamp(began), "endTime": stamp(now), "createdAt": stamp(began)}
    within = {"kind": "step", "threadId": THREAD, "rootRunId": RUN, **times}
    yield within | {
        "id": RUN,
        "type": "run",
        "name": script("run"),
        "input": {"content": markdown("input"), script("input key"): script("input value")},
        "output": {"content": markdown("output")},
        "error": script("error"),
        "tags": [script("tag")],
        "metadata": {script("metadata key"): script("metadata value")},
        "environment": script("environment"),
    }
    yield within | {"id": LLM, "parentId": RUN, "type": "llm", "name": script("llm"), "generation": generation()}
    yield within | {
        "id": "hostile-said",
        "parentId": RUN,
        "type": "user_message",
        "output": {"content": markdown("said")},
    }
    yield within | {
        "id": "hostile-tool",
        "parentId": RUN,
        "type": "tool",
        "name": script("tool"),
        "input": script("bare input"),
        "output": [script("list"), {"html": script("html")}],
    }
    yield {
        "kind": "score",
        "id": "hostile-score",
        "stepId": RUN,
        "name": script("score"),
        "type": "HUMAN",
        "value": 0.5,
        "label": script("label"),
        "comment": markdown("comment"),
        "createdAt": stamp(now),
    }


def generation() -> dict[str, Any]:
    """A chat whose every text is hostile."""
    function = {"name": script("function"), "arguments": json.dumps({script("argument"): script("argument value")})}
    call = {"id": "c1", "type": "function", "function": function}
    answer = {"role": "assistant", "content": markdown("completion"), "reasoning": markdown("reasoning")}
    return {
        "type": "CHAT",
        "provider": script("provider"),
        "model": script("model"),
        "messages": [
            {"role": "system", "content": markdown("system")},
            {"role": "user", "name": script("speaker"), "content": [
                {"type": "text", "text": markdown("part")},
                {"type": "image_url", "image_url": {"url": ELSEWHERE}},
                {"type": "image_url", "image_url": {"url": f"javascript:{CANARY}('image')"}},
                {"type": script("part type"), "odd": script("odd part")},
            ]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": markdown("tool result")},
            {"role": script("role"), "content": script("content of a role")},
        ],
        "messageCompletion": answer,
        "tools": [{"type": "function", "function": {"name": script("offered"), "description": markdown("described")}}],
        "settings": {script("setting"): script("setting value")},
        "inputTokenCount": 3,
        "outputTokenCount": 4,
        "tokenCount": 7,
    }  # fmt: skip


def fill(site: Site) -> None:
    """The records, files that are documents with scripts, and names of keys, projects and people."""
    with site.api() as api:
        store(api, records(datetime.now(UTC)))
        for name, mime, content in files():
            api.create_attachment(step_id=RUN, name=name, mime=mime, content=content)
    with site.signed_in("ADMIN") as http:
        http.post("/api/keys", json={"name": script("key of the API"), "role": "DOMAIN_EXPERT"}).raise_for_status()
        http.patch(f"/api/projects/{site.project}", json={"name": script("project")}).raise_for_status()
        http.patch("/api/account", json={"name": script("member")}).raise_for_status()
        http.post("/api/invitations", json={"email": "'<b>@example.com", "role": "AI_ENGINEER"})


def files() -> Iterator[tuple[str, str, bytes]]:
    """Name, type, content: each runs a script where it is shown as a document of the server's origin."""
    document = f"<script>(window.opener ?? parent).{CANARY}('file'); {CANARY}('file')</script>".encode()
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" onload="%s"><rect width="9" height="9"/></svg>'
    yield script("page.html"), "text/html", document
    yield "drawing.svg", "image/svg+xml", picture % f"{CANARY}('svg')".encode()
    yield "../../" + script("path.xml"), "application/xhtml+xml", document
    yield "claims.png", "image/png", document
