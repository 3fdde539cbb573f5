"""The fixtures of the plugin, in pytest runs as users have them."""

import os
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

Runs = Callable[..., pytest.RunResult]

APP = """
    import literalai_otel, openai

    literalai_otel.init()

    @literalai_otel.run(name="agent")
    def agent(question):
        client = openai.OpenAI()
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
"""


@pytest.fixture
def run_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Runs test files in a process of their own, where the plugin is the only one but those that are named."""
    for variable in [name for name in os.environ if name.startswith(("LITERAL_", "OTEL_", "OPENAI_", "PYTEST_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(**files)
        return pytester.runpytest_subprocess("-p", "literalai_otel.pytest_plugin", *arguments)

    return run


def test_what_leaves_fails_the_test_and_is_named(run_tests: Runs) -> None:
    outcome = run_tests(
        app=APP,
        test_leaks="""
            import socket, urllib.request
            import pytest
            from opentelemetry import trace
            from app import agent

            def look_up(host):
                with pytest.raises(OSError):
                    urllib.request.urlopen(f"https://{host}/collect", timeout=1)

            def test_a_host(no_prompt_leaves_the_process):
                look_up("telemetry.example")

            def test_an_address(no_prompt_leaves_the_process):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, pytest.raises(OSError):
                    udp.sendto(b"x", ("192.0.2.1", 53))

            def test_a_span(no_prompt_leaves_the_process, fake_openai, steps):
                tracer = steps.tracer_provider.get_tracer("app")
                with tracer.start_as_current_span("search") as span:
                    agent("my very secret question")
                    span.set_attribute("app.query", '{"q": "my very secret question"}')

            def test_home(no_prompt_leaves_the_process, fake_openai):
                agent("my very secret question")

            def test_afterwards():
                assert "Containment" not in repr(socket.socket.connect) + repr(socket.getaddrinfo)
        """,
    )
    outcome.assert_outcomes(passed=5, errors=3)
    outcome.stdout.fnmatch_lines_random(
        [
            "a connection to telemetry.example:443, from *test_leaks.py:8, look_up",
            "a connection to 192.0.2.1:53, from *test_leaks.py:15, test_an_address",
            "content on span 'search', attribute app.query: 'my very secret question'",
        ]
    )


def test_with_a_provider_of_the_application_xdist_and_asyncio(run_tests: Runs) -> None:
    tests = """
        import openai, pytest
        from opentelemetry import trace
        from literalai_otel.testing import Chat
        from app import agent

        @pytest.mark.parametrize("number", range(6))
        def test_each_sees_its_own(steps, fake_openai, number):
            fake_openai.script(Chat(f"answer {number}"))
            with trace.get_tracer("app").start_as_current_span("request"):
                agent(f"question {number}")
            assert steps.one(type="llm").output["content"] == f"answer {number}"
            steps.assert_tree("run agent\\n  llm chat m")

        async def test_async(steps, fake_openai):
            async with openai.AsyncOpenAI() as client:
                await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
            assert len(steps) == 1

        def test_mistral(steps, fake_mistral):
            from mistralai.client import Mistral
            with Mistral(server_url=fake_mistral.origin, api_key="test") as client:
                client.chat.complete(model="mistral-small", messages=[{"role": "user", "content": "Hi"}])
            assert steps.generations[0].provider == "mistralai"

        def test_untouched(request):
            assert "literalai_steps" not in request.fixturenames
            import literalai_otel
            assert literalai_otel.flush().sent == 0
    """
    conftest = """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(TracerProvider())
    """
    plugins = ("-p", "xdist", "-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto", "-n", "2")
    outcome = run_tests(*plugins, app=APP, conftest=conftest, test_one=tests, test_two=tests)
    outcome.assert_outcomes(passed=18)


def test_a_run_that_does_not_use_it_loads_nothing(run_tests: Runs) -> None:
    outcome = run_tests(
        test_idle="""
            import sys

            def test_idle():
                heavy = ("opentelemetry", "literalai_otel", "httpx", "orjson")
                loaded = sorted(name for name in sys.modules if name.startswith(heavy))
                assert loaded == ["literalai_otel", "literalai_otel.pytest_plugin"]
        """,
    )
    outcome.assert_outcomes(passed=1)
