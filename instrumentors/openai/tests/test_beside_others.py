"""Ours beside the OpenAI and HTTP instrumentors of other families: each call is one generation of ours or theirs.

Each program runs in a process of its own, since not all of them undo what they do (OpenLLMetry leaves wrappers that
send `traceparent`, OpenInference leaves `request` as an attribute of `OpenAI`).
"""

import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

from literalai_otel.testing import FakeProvider

from .worlds import OPENAI

FAMILIES = {
    "openllmetry": "opentelemetry.instrumentation.openai",
    "openinference": "openinference.instrumentation.openai",
}
START = """
    import openai
    from literalai_otel.testing import SpanCapture
    from literalai_otel_openai import OpenAIInstrumentor as Ours

    our_provider, ours = SpanCapture.provider()
    their_provider, theirs = SpanCapture.provider()
    client = openai.OpenAI(base_url={base_url!r}, api_key="k", max_retries=0)
    messages = [{{"role": "user", "content": "Hi"}}]

    def ask(client=client, **asked):
        return client.chat.completions.create(model="gpt-4o", messages=messages, **asked)

    def whole():
        assert ask().choices[0].message.content == "Hello from the fake provider."
        assert len(list(ask(stream=True))) == 7
"""


def installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def run(program: str, provider: FakeProvider, needs: str) -> None:
    """Run `program` after the common start; it fails by an assertion."""
    if not installed(needs):
        pytest.skip(f"{needs} is installed in the lane `new` only")
    start = textwrap.dedent(START).format(base_url=provider.base_url)
    source = start + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def family(name: str) -> str:
    return f"from {FAMILIES[name]} import OpenAIInstrumentor as Theirs\n"


OURS = "Ours().instrument(tracer_provider=our_provider)\n"
THEIRS = "Theirs().instrument(tracer_provider=their_provider)\n"
ORDERS = {"theirs first": THEIRS + OURS, "ours first": OURS + THEIRS}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", FAMILIES)
def test_both_record_once(name: str, order: str, provider: FakeProvider) -> None:
    run(
        family(name)
        + ORDERS[order]
        + """
whole()
assert len(ours.spans) == 2, ours.spans
assert len(theirs.spans) in (0, 2), "never more than one of theirs for a call"
Ours().uninstrument()
before = len(theirs.spans)
ask()
assert len(ours.spans) == 2
assert len(theirs.spans) == before + 1, "undoing ours leaves theirs"
""",
        provider,
        FAMILIES[name],
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_after_theirs_was_undone(name: str, provider: FakeProvider) -> None:
    run(
        family(name)
        + """
Theirs().instrument(tracer_provider=their_provider)
Theirs().uninstrument()
Ours().instrument(tracer_provider=our_provider)
whole()
assert len(ours.spans) == 2, ours.spans
""",
        provider,
        FAMILIES[name],
    )


def test_openllmetry_is_silent_while_our_span_is_open(provider: FakeProvider) -> None:
    """The inner call is made from an HTTP hook, so our span of the outer call is open around it."""
    run(
        family("openllmetry")
        + """
import importlib
http = importlib.import_module("httpx2" if openai.VERSION.startswith("3.") else "httpx")
Theirs().instrument(tracer_provider=their_provider)
Ours().instrument(tracer_provider=our_provider)
outer = client.with_options(http_client=http.Client(event_hooks={"request": [lambda request: ask()]}))
outer.post("/chat/completions", cast_to=object, body={"model": "gpt-4o", "messages": messages})
assert theirs.spans == [], theirs.spans
ask()
assert len(theirs.spans) == 1, "they do record where ours is not open"
""",
        provider,
        FAMILIES["openllmetry"],
    )


def test_their_key_set_by_them_silences_us(provider: FakeProvider) -> None:
    """OpenLLMetry's framework instrumentors set the key around calls that they record themselves."""
    run(
        """
from opentelemetry import context
Ours().instrument(tracer_provider=our_provider)
token = context.attach(context.set_value("suppress_language_model_instrumentation", True))
whole()
context.detach(token)
assert ours.spans == []
whole()
assert len(ours.spans) == 2
""",
        provider,
        "literalai_otel_openai",
    )


@pytest.mark.skipif(OPENAI >= (3, 0), reason="OpenTelemetry instruments httpx; openai 3 sends by httpx2")
def test_http_spans_of_the_user_are_children(provider: FakeProvider) -> None:
    """O5 with the real HTTP instrumentation."""
    run(
        """
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
HTTPXClientInstrumentor().instrument(tracer_provider=our_provider)
Ours().instrument(tracer_provider=our_provider)
client = openai.OpenAI(base_url=client.base_url, api_key="k")
for raw in (False, True):
    ours.clear()
    completions = client.chat.completions.with_raw_response if raw else client.chat.completions
    stream = completions.create(model="gpt-4o", messages=messages, stream=True)
    list(stream.parse() if raw else stream)
    request, generation = ours.spans
    assert request.parent_id == generation.span_id, ours.spans
""",
        provider,
        "opentelemetry.instrumentation.httpx",
    )
