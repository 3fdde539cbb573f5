"""Evaluation by embeddings: how near each answer comes to the expected one in meaning.

    python examples/evaluation_embedding.py

`OPENAI_MODEL` and `OPENAI_EMBEDDING_MODEL` choose the models.
"""

import math
import os

import openai

from literalai_otel import LiteralClient

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
EMBEDDING_MODEL = os.environ.get("OPENAI_EMBEDDING_MODEL", "text-embedding-3-small")
FAQ = {
    "How long does a refund take?": "Refunds arrive within five working days.",
    "Can I change the address?": "You can change the address until the parcel has left us.",
}

client = LiteralClient()
client.instrument_openai()
model = openai.OpenAI()


@client.run
def answer(question: str) -> str:
    """The program under test."""
    messages = [{"role": "user", "content": question}]
    return model.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content


def similarity(one: str, other: str) -> float:
    """The cosine of the two texts' embeddings: 1 for the same meaning, 0 for none in common."""
    found = model.embeddings.create(model=EMBEDDING_MODEL, input=[one, other]).data
    a, b = (embedding.embedding for embedding in found)
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


@client.experiment_item_run
def evaluate(experiment, item) -> float:
    """One item of the dataset."""
    said = answer(item.input["question"])
    near = similarity(said, item.expected_output["content"])
    scores = [{"name": "similarity", "type": "AI", "value": round(near, 4)}]
    experiment.log({"datasetItemId": item.id, "input": item.input, "output": {"content": said}, "scores": scores})
    return near


if __name__ == "__main__":
    dataset = client.api.create_dataset(name="FAQ")
    for question, expected in FAQ.items():
        dataset.create_item(input={"question": question}, expected_output={"content": expected})
    experiment = dataset.create_experiment(name="FAQ, similarity", params={"embedding": EMBEDDING_MODEL})
    for item in dataset.items:
        print(f"{item.input['question']} {evaluate(experiment, item):.2f}")
