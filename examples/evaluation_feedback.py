"""Feedback of users as scores: explicit (a thumb, a rating) and implicit (a suggestion that was taken).

    python examples/evaluation_feedback.py

A web application keeps the id of the run beside the answer that it shows, and calls `thumb` or `taken` later.
"""

import os

import openai

from literalai_otel import LiteralClient

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")

client = LiteralClient()
client.instrument_openai()
model = openai.OpenAI()


@client.run
def suggest(text: str) -> tuple[str, str]:
    """A better wording, and the id of the run that found it."""
    messages = [{"role": "system", "content": "Improve the wording."}, {"role": "user", "content": text}]
    better = model.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
    return better, client.get_current_root_run().id


def thumb(run_id: str, up: bool, comment: str | None = None) -> None:
    """Explicit: what the user says."""
    client.api.create_score(step_id=run_id, name="user-feedback", type="HUMAN", value=1 if up else 0, comment=comment)


def taken(run_id: str, suggested: str, sent: str) -> None:
    """Implicit: how much of the suggestion the user kept."""
    kept = set(suggested.split()) & set(sent.split())
    value = len(kept) / max(1, len(set(suggested.split())))
    client.api.create_score(step_id=run_id, name="suggestion kept", type="CODE", value=value)


if __name__ == "__main__":
    with client.thread(name="A letter", participant_id="ada@example.org"):
        better, run_id = suggest("Give me my money back now!")
    client.flush()
    thumb(run_id, up=True, comment="more polite")
    taken(run_id, suggested=better, sent=better)
    stored = client.api.get_step(run_id)
    print({score.name: score.value for score in stored.scores})
