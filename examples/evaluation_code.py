"""Evaluation by code: every answer over a dataset is checked against its expected output, in an experiment.

Run `python examples/evaluation_code.py` with `LITERAL_API_URL` and `LITERAL_API_KEY` set.
"""

import os
import re

import openai

from literalai_otel import LiteralClient

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
CAPITALS = {"Portugal": "Lisbon", "Japan": "Tokyo", "Kenya": "Nairobi"}

client = LiteralClient()
client.instrument_openai()
model = openai.OpenAI()


def capitals():
    """The dataset: found by its name, or made."""
    dataset = client.api.get_dataset(name="Capitals")
    if dataset is None:
        dataset = client.api.create_dataset(name="Capitals")
        for country, capital in CAPITALS.items():
            dataset.create_item(input={"country": country}, expected_output={"content": capital})
    return dataset


@client.run
def answer(country: str) -> str:
    """The program under test."""
    messages = [{"role": "user", "content": f"What is the capital of {country}? One word."}]
    return model.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content


def scores(said: str, expected: str):
    """What code can say of an answer."""
    named = re.search(rf"\b{re.escape(expected)}\b", said, re.IGNORECASE) is not None
    return [
        {"name": "correct", "type": "CODE", "value": float(named)},
        {"name": "one word", "type": "CODE", "value": float(len(said.split()) == 1)},
    ]


@client.experiment_item_run
def evaluate(experiment, item) -> float:
    """One item: a run of its own in environment `experiment`, linked to what is logged here."""
    said = answer(item.input["country"])
    found = scores(said, item.expected_output["content"])
    experiment.log({"datasetItemId": item.id, "input": item.input, "output": {"content": said}, "scores": found})
    return found[0]["value"]


if __name__ == "__main__":
    dataset = capitals()
    experiment = dataset.create_experiment(name=f"capitals, {MODEL}", params={"model": MODEL})
    correct = [evaluate(experiment, item) for item in dataset.items]
    print(f"{sum(correct):.0f} of {len(correct)} correct")
