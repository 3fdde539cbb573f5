"""The part of OpenAI's assistants that a thread is copied from: one thread with a question, an answer and a run."""

from typing import Any, Final

from literalai_otel.testing.replies import Endpoint, json_answer

AT: Final = 1_763_712_000
"""Seconds since 1970 of everything in the thread."""


def _page(*data: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "first_id": None, "last_id": None, "has_more": False}


def _message(id: str, role: str, text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {"id": id, "role": role, "created_at": AT, "assistant_id": "asst_1", "content": content}


RUN: Final = {
    "id": "run_1", "assistant_id": "asst_1", "created_at": AT, "completed_at": AT + 2, "instructions": "Use the tool.",
    "tools": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}  # fmt: skip
CALL: Final = {"type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 2}', "output": "4"}}
STEP: Final = {
    "id": "step_1", "type": "tool_calls", "created_at": AT, "completed_at": AT + 1, "last_error": None,
    "step_details": {"tool_calls": [CALL]},
}  # fmt: skip
MESSAGES: Final = _page(_message("msg_1", "user", "What is 2 + 2?"), _message("msg_2", "assistant", "4"))
ASSISTANT_ENDPOINTS: Final = tuple(
    Endpoint("GET", f"/v1{path}", json_answer(body))
    for path, body in {
        "/assistants/asst_1": {"id": "asst_1", "name": "Calculator", "model": "gpt-4o"},
        "/threads/[^/]+/messages": MESSAGES,
        "/threads/[^/]+/runs": _page(RUN),
        "/threads/[^/]+/runs/run_1/steps": _page(STEP),
    }.items()
)
