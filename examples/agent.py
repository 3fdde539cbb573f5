"""A travel agent: one thread, two runs, each with a tool and model calls; one is streamed, one fails.

`thread`, `run` and `step` say what belongs together; the model calls are recorded by themselves under

    opentelemetry-instrument python examples/agent.py
"""

import os

import openai

import literalai_otel

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
client = openai.OpenAI()


def ask(question: str, **options):
    """Put a question to the model."""
    guide = {"role": "system", "content": "You are a travel guide. Answer in two short sentences."}
    messages = [guide, {"role": "user", "content": question}]
    return client.chat.completions.create(model=MODEL, messages=messages, max_tokens=64, **options)


@literalai_otel.step(type="tool")
def get_weather(city: str):
    """Say what the sky is like."""
    return {"city": city, "sky": "sunny", "celsius": 21}


@literalai_otel.step(type="tool")
def open_guide_book(city: str):
    """Fetch a text that is longer than a small model can read."""
    return f"{city} lies on seven hills above the river. Tram 28 climbs them; the castle is on top. " * 100


@literalai_otel.run
def plan_trip(city: str):
    """Answer with a stream."""
    weather = get_weather(city)
    question = f"It is {weather['sky']} and {weather['celsius']} degrees in {city}. What shall I do today?"
    chunks = ask(question, stream=True, stream_options={"include_usage": True})
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@literalai_otel.run
def find_view(city: str):
    """Answer from a book; when it is too long for the model, from its first page."""
    book, question = open_guide_book(city), "Where is the best view?"
    try:
        answer = ask(book + question)
    except openai.BadRequestError:
        answer = ask(book[:200] + question)
    return answer.choices[0].message.content


if __name__ == "__main__":
    with literalai_otel.thread(name="Trip to Lisbon"):
        print(plan_trip("Lisbon"))
        print(find_view("Lisbon"))
