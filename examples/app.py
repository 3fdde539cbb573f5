"""A program that knows nothing of literalai-otel.

Run it as it is; or with nothing but environment variables, and each model call becomes a generation:

    OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai \
    LITERAL_API_URL=http://127.0.0.1:3000 LITERAL_API_KEY=... \
    opentelemetry-instrument python examples/app.py

`OPENAI_BASE_URL` and `OPENAI_MODEL` choose another model.
"""

import os

import openai

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")


def main() -> None:
    """One question, one answer."""
    answer = openai.OpenAI().chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Name one sight to see in Lisbon, in one short sentence."}],
        max_tokens=40,
    )
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    main()
