"""LiteLLM's Literal callback: sync, async, streamed, failed, in batches; read back with queries of our own."""

import asyncio
import os
import uuid

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from checks import eventually, failing, read, run

STEP = """query ($id: String!) { step(id: $id) {
    name type threadId parentId rootRunId error tags metadata startTime endTime
    generation { type provider model messages messageCompletion settings tools tokenCount inputTokenCount
                 outputTokenCount duration variables promptId }
} }"""
MESSAGES = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
litellm.success_callback = ["literalai"]
litellm.failure_callback = ["literalai"]
litellm.suppress_debug_info = True


def stored(step_id):
    return eventually(lambda: read(STEP, id=step_id)["step"])


class TemplateMessage(dict):
    """A message that a prompt of the Literal client formatted."""

    def __init__(self, content, origin):
        super().__init__(role="user", content=content)
        self.__literal_prompt__ = origin


def check_a_call():
    """I-LIT-01 I-LIT-02"""
    step_id, thread_id, parent_id = (str(uuid.uuid4()) for _ in range(3))
    litellm.completion(
        model="gpt-4o", messages=MESSAGES, mock_response="hello", temperature=0.5, tools=[TOOL],
        metadata={"step_id": step_id, "literalai_thread_id": thread_id, "literalai_parent_id": parent_id,
                  "literalai_tags": ["t"]},
    )  # fmt: skip
    step = stored(step_id)
    assert (step["name"], step["type"], step["tags"]) == ("gpt-4o", "llm", ["t"])
    assert (step["threadId"], step["parentId"]) == (thread_id, parent_id)
    assert step["startTime"] <= step["endTime"]
    generation = step["generation"]
    assert (generation["type"], generation["provider"], generation["model"]) == ("CHAT", "openai", "gpt-4o")
    assert generation["messages"] == MESSAGES
    assert generation["messageCompletion"]["content"] == "hello"
    assert generation["settings"]["temperature"] == 0.5
    assert generation["tools"][0]["function"]["name"] == "f"
    assert generation["tokenCount"] == generation["inputTokenCount"] + generation["outputTokenCount"] > 0
    assert generation["duration"] > 0
    assert read("query ($id: String!) { threadDetail(id: $id) { id } }", id=thread_id)["threadDetail"]


def check_a_streamed_call():
    step_id = str(uuid.uuid4())
    for _ in litellm.completion(
        model="gpt-4o", messages=MESSAGES, mock_response="hello there", stream=True, metadata={"step_id": step_id}
    ):
        pass
    assert stored(step_id)["generation"]["messageCompletion"]["content"] == "hello there"


def check_a_call_to_a_provider():
    step_id = str(uuid.uuid4())
    litellm.completion(model="openai/gpt-4o-mini", messages=MESSAGES, metadata={"step_id": step_id})
    generation = stored(step_id)["generation"]
    assert generation["messageCompletion"]["content"]
    assert generation["tokenCount"] > 0


def check_a_failed_call():
    step_id = str(uuid.uuid4())
    with failing("no such model"):
        litellm.completion(
            model="gpt-4o", messages=MESSAGES, mock_response=Exception("no such model"), metadata={"step_id": step_id}
        )
    assert "no such model" in stored(step_id)["error"]


def check_an_async_call():
    step_id, failed_id = str(uuid.uuid4()), str(uuid.uuid4())

    async def calls():
        await litellm.acompletion(
            model="gpt-4o", messages=MESSAGES, mock_response="hello", metadata={"step_id": step_id}
        )
        # The callback forgets what is queued while it sends.
        await asyncio.to_thread(stored, step_id)
        with failing("no such model"):
            await litellm.acompletion(
                model="gpt-4o", messages=MESSAGES, mock_response=Exception("no such model"),
                metadata={"step_id": failed_id},
            )  # fmt: skip
        await asyncio.to_thread(stored, failed_id)

    asyncio.run(calls())
    assert read(STEP, id=step_id)["step"]["generation"]["messageCompletion"]["content"] == "hello"
    assert "no such model" in read(STEP, id=failed_id)["step"]["error"]


def check_a_prompt_of_the_literal_client():
    step_id = str(uuid.uuid4())
    origin = {"uuid": str(uuid.uuid4()), "prompt_id": "a-prompt", "variables": {"word": "hello"}}
    litellm.completion(
        model="gpt-4o",
        messages=[TemplateMessage("Say hello", origin)],
        mock_response="hello",
        metadata={"step_id": step_id},
    )
    generation = stored(step_id)["generation"]
    # This LiteLLM logs copies of the messages, which do not know their prompt any more.
    assert (generation["messages"][0]["content"], generation["promptId"]) == ("Say hello", None)


run(globals())
