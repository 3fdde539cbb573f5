"""A conversation with a Mistral model, its answers streamed; the program knows nothing of literalai-otel.

Each answer becomes a generation under

    opentelemetry-instrument python examples/mistral_chat.py

`MISTRAL_SERVER_URL` and `MISTRAL_MODEL` choose another model, `MISTRAL_API_KEY` is its key.
"""

import os

try:
    from mistralai.client import Mistral
except ImportError:  # mistralai 1
    from mistralai import Mistral

MODEL = os.environ.get("MISTRAL_MODEL", "mistral-small-latest")
QUESTIONS = ("Name one sight to see in Lisbon, in one short sentence.", "And one in Porto?")


def main() -> None:
    """Ask one question after the other, in one conversation."""
    messages = [{"role": "system", "content": "You are a travel guide."}]
    with Mistral(
        api_key=os.environ.get("MISTRAL_API_KEY", "none"), server_url=os.environ.get("MISTRAL_SERVER_URL")
    ) as client:
        for question in QUESTIONS:
            messages.append({"role": "user", "content": question})
            answer = ""
            with client.chat.stream(model=MODEL, messages=messages, max_tokens=40) as events:
                for event in events:
                    for choice in event.data.choices:
                        answer += choice.delta.content or ""
            print(answer)
            messages.append({"role": "assistant", "content": answer})


if __name__ == "__main__":
    main()
