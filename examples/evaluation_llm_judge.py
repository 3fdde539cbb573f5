"""Evaluation by a model: a second call judges what was answered, without any expected output.

The judge's verdict becomes a score of type AI on the run that it judges, with its reason as the comment.

    python examples/evaluation_llm_judge.py
"""

import json
import os

import openai

from literalai_otel import LiteralClient

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
JUDGE = """Judge the answer to the question. Reply with JSON alone:
{"score": a number from 0 (useless) to 1 (complete and correct), "reason": "one sentence"}"""

client = LiteralClient()
client.instrument_openai()
model = openai.OpenAI()


def ask(*messages: tuple[str, str]) -> str:
    """One call of the model."""
    sent = [{"role": role, "content": content} for role, content in messages]
    return model.chat.completions.create(model=MODEL, messages=sent).choices[0].message.content


@client.run
def answer(question: str) -> tuple[str, str]:
    """The program: an answer, and the id of the run that made it."""
    return ask(("user", question)), client.get_current_root_run().id


@client.run(name="judge", tags=["judge"])
def judge(question: str, said: str) -> dict:
    """A verdict. A judge that does not keep to the form has no say."""
    verdict = ask(("system", JUDGE), ("user", f"Question: {question}\nAnswer: {said}"))
    try:
        found = json.loads(verdict[verdict.index("{") : verdict.rindex("}") + 1])
        return {"value": min(1.0, max(0.0, float(found["score"]))), "comment": str(found.get("reason", ""))}
    except (ValueError, KeyError, TypeError):
        return {}


if __name__ == "__main__":
    for question in ("Why is the sky blue?", "How do tides work?"):
        said, run_id = answer(question)
        client.flush()
        verdict = judge(question, said)
        if verdict:
            client.api.create_score(step_id=run_id, name="helpfulness", type="AI", **verdict)
        print(f"{question} {verdict.get('value', 'no verdict')}")
    client.flush()
