"""`literalai` 0.1.300 with `initialize()`: the spans of OpenLLMetry, one step for each call of a model."""

import os

os.environ["TRACELOOP_TELEMETRY"] = "false"

import openai
from checks import run
from literalai import LiteralClient


def check_calls_become_steps():
    client = LiteralClient()
    client.initialize()
    with client.thread(name="traced") as thread, client.run(name="agent"):
        client.set_properties(name="named", tags=["t"], metadata={"m": 1})
        openai.OpenAI().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    client.flush()
    steps = {step.name: step for step in client.api.get_thread(id=thread.id).steps}
    assert set(steps) == {"agent", "named"}
    call = steps["named"]
    assert (call.type, call.parent_id, call.tags) == ("llm", steps["agent"].id, ["t"])
    assert call.metadata == {"m": 1}
    assert call.generation.model == "gpt-4o"
    client.flush_and_stop()


run(globals())
