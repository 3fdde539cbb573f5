"""Hybrid evaluation: rules in code first, a model as the judge of what passes them.

An answer that breaks a rule costs no judge. Both scores go to one item of an experiment whose inputs come from code,
without a dataset.

    python examples/evaluation_hybrid.py
"""

import os
import re

import openai

from literalai_otel import LiteralClient

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
RULES = {
    "no apology": lambda text: "sorry" not in text.lower(),
    "at most 60 words": lambda text: len(text.split()) <= 60,
}
JUDGE = "Is the text polite and useful to a customer? Reply with a number from 1 (no) to 5 (very)."

client = LiteralClient()
client.instrument_openai()
model = openai.OpenAI()


def ask(system: str, user: str) -> str:
    """One call of the model."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return model.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content


@client.run
def support(question: str) -> str:
    """The program under test."""
    return ask("You work for a parcel service.", question)


def scores(text: str) -> list[dict]:
    """Rules, and a judge's mark when all of them hold."""
    kept = {name: rule(text) for name, rule in RULES.items()}
    found = [{"name": name, "type": "CODE", "value": float(held)} for name, held in kept.items()]
    mark = re.search(r"[1-5]", ask(JUDGE, text)) if all(kept.values()) else None
    return found + ([{"name": "polite", "type": "AI", "value": int(mark[0]) / 5}] if mark else [])


@client.experiment_item_run
def evaluate(experiment, question: str):
    """One question."""
    said = support(question)
    item = {"input": {"question": question}, "output": {"content": said}, "scores": scores(said)}
    return experiment.log(item)


if __name__ == "__main__":
    experiment = client.api.create_experiment(name="support, hybrid", params={"model": MODEL})
    for question in ("Where is my parcel?", "It came broken."):
        item = evaluate(experiment, question)
        print(question, {score.name: score.value for score in item.scores})
