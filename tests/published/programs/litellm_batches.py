"""LiteLLM's Literal callback with LITERAL_BATCH_SIZE=3: three calls are one request, and again with the next three."""

import os
import uuid

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from checks import eventually, read, run

litellm.success_callback = ["literalai"]


def check_a_batch():
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for step_id in ids:
        litellm.completion(
            model="gpt-4o", messages=[{"role": "user", "content": "hi"}], mock_response="hello",
            metadata={"step_id": step_id},
        )  # fmt: skip
    query = "query ($id: String!) { step(id: $id) { name generation { tokenCount } } }"
    for step_id in ids:
        step = eventually(lambda step_id=step_id: read(query, id=step_id)["step"])
        assert step["generation"]["tokenCount"] > 0


run(globals())
