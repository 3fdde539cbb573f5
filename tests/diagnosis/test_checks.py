"""Each check, made to find what it is there to find: what it says, and that it names a fix."""

import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel import __version__
from literalai_otel.diagnosis import CHECKS, Finding, Scene, diagnose, doubles, pipeline, round_trip, server, versions
from literalai_otel.diagnosis.content import content
from literalai_otel.diagnosis.spooled import spool
from literalai_otel.export import Delivery, LiteralSpanProcessor
from programs import clean_environment


def only(findings: list[Finding]) -> tuple[str, str]:
    """Verdict and text of the one finding; what is no pass names its fix."""
    (finding,) = findings
    assert (finding.fix == "") == (finding.verdict == "pass"), finding
    return finding.verdict, f"{finding.says} | {finding.fix}"


STOCK = {"OTEL_PYTHON_DISTRO": "stock", "OTEL_PYTHON_CONFIGURATOR": "stock"}
STOCK_ENTRY_POINTS = """
[opentelemetry_distro]
stock = opentelemetry.instrumentation.distro:DefaultDistro
[opentelemetry_configurator]
stock = opentelemetry.sdk._configuration:_OTelSDKConfigurator
"""


@pytest.mark.parametrize(
    ("check", "environ", "verdict", "said"),
    [
        (pipeline.switches, {"LITERAL_DISABLED": "1"}, "warn", "LITERAL_DISABLED: nothing is recorded"),
        (pipeline.switches, {"OTEL_SDK_DISABLED": "true"}, "warn", "unset OTEL_SDK_DISABLED"),
        (pipeline.zero_code, {}, "pass", "no other package offers"),
        (pipeline.zero_code, {"OTEL_PYTHON_DISTRO": "literalai"}, "pass", "sends to Literal"),
        (pipeline.zero_code, {"OTEL_PYTHON_DISTRO": "nobody"}, "fail", "set OTEL_PYTHON_DISTRO=literalai"),
        (pipeline.zero_code, {"OTEL_PYTHON_CONFIGURATOR": "nobody"}, "fail", "set OTEL_PYTHON_CONFIGURATOR=literalai"),
        (pipeline.zero_code, {"OTEL_TRACES_EXPORTER": "none"}, "warn", "unset OTEL_TRACES_EXPORTER"),
        (pipeline.exporters, {"OTEL_TRACES_EXPORTER": "console,literalai"}, "pass", "the same spans go to console"),
        (pipeline.exporters, {"OTEL_TRACES_EXPORTER": "otlp"}, "pass", "the same spans go to otlp"),
        (pipeline.exporters, {"OTEL_TRACES_EXPORTER": "jaeger"}, "fail", "take jaeger out of OTEL_TRACES_EXPORTER"),
        (
            pipeline.exporters,
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "fail",
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ),
        (pipeline.sampler, {"OTEL_TRACES_SAMPLER": "always_off"}, "fail", "records nothing"),
        (
            pipeline.sampler,
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
            "warn",
            "0.1 of the traces",
        ),
        (pipeline.limits, {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "16"}, "warn", "keep 16 attributes"),
        (pipeline.limits, {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "100"}, "warn", "end after 100 characters"),
        (doubles.mistral, {"MISTRAL_SDK_TELEMETRY": "global"}, "pass", "one generation"),
        (versions.stream_usage, {}, "pass", "known to give them"),
        (versions.stream_usage, {"OPENAI_BASE_URL": "http://vllm:8000"}, "warn", "ChatOpenAI(stream_usage=True)"),
        (
            versions.stream_usage,
            {"OPENAI_BASE_URL": "http://vllm:8000", "LITERAL_STREAM_USAGE": "1"},
            "pass",
            "known to give them",
        ),
        (content, {}, "pass", "to Literal alone"),
        (content, {"LITERAL_CAPTURE_CONTENT": "true"}, "pass", "to every other exporter"),
        (content, {"LITERAL_CAPTURE_CONTENT": "false"}, "pass", "go nowhere"),
        (
            content,
            {"LITERAL_CAPTURE_CONTENT": "false", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"},
            "warn",
            "contradict",
        ),
        (server.settings, {}, "fail", "`literalai-otel serve` starts a server"),
        (server.settings, {"LITERAL_API_KEY": "k"}, "fail", "for want of LITERAL_API_URL |"),
        (server.settings, {"LITERAL_API_KEY": "k", "LITERAL_API_URL": "moon"}, "fail", "must start with http://"),
        (
            server.settings,
            {"LITERAL_API_KEY": "k", "LITERAL_API_URL": "https://cloud.getliteral.ai"},
            "fail",
            "the cloud that is gone",
        ),
        (
            server.settings,
            {"LITERAL_API_KEY": "k", "LITERAL_API_URL": "http://literal.example.com"},
            "warn",
            "unencrypted",
        ),
        (server.settings, {"LITERAL_API_KEY": "k", "LITERAL_API_URL": "http://literal:3000"}, "pass", "a key"),
        (spool, {"LITERAL_SPOOL_DIR": "/dev/null/spool"}, "fail", "not a folder"),
    ],
)
def test_settings(look, check, environ, verdict, said):
    found, text = only(look(check, **environ))
    assert found == verdict
    assert said in text


@pytest.mark.parametrize(
    "check", [pipeline.switches, pipeline.exporters, pipeline.sampler, pipeline.limits, doubles.mistral, spool]
)
def test_what_is_not_set_is_not_spoken_of(look, check):
    assert look(check) == []


@pytest.mark.parametrize(
    ("environ", "verdict", "said"),
    [
        ({}, "warn", "set OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai"),
        (STOCK, "warn", "uses stock and sends nothing to Literal"),
        (STOCK | {"OTEL_TRACES_EXPORTER": "literalai"}, "pass", "sends to Literal"),
        ({"OTEL_PYTHON_DISTRO": "literalai"}, "pass", "sends to Literal"),
    ],
)
def test_another_package_that_sets_opentelemetry_up(look, packages, environ, verdict, said):
    packages("stock", "1.0", STOCK_ENTRY_POINTS)
    found, text = only(look(pipeline.zero_code, **environ))
    assert found == verdict
    assert said in text


def test_a_plain_otlp_exporter_means_grpc_under_another_distro(look, packages):
    packages("stock", "1.0", STOCK_ENTRY_POINTS)
    assert only(look(pipeline.exporters, OTEL_TRACES_EXPORTER="otlp", **STOCK))[0] == "fail"


def of(findings: list[Finding], about: str) -> tuple[str, str]:
    return only([finding for finding in findings if finding.about == about])


def test_every_framework_of_this_environment_is_recorded(look):
    found = look(versions.frameworks)
    assert {finding.about: finding.verdict for finding in found} == dict.fromkeys(versions.FRAMEWORKS, "pass")
    assert only(look(versions.python))[0] == only(look(versions.opentelemetry))[0] == "pass"


def test_versions_that_do_not_fit(look, packages, monkeypatch):
    packages("openai", "0.28.1")
    verdict, text = of(look(versions.frameworks), "openai")
    assert verdict == "fail"
    assert "openai 0.28.1 does not fit" in text and 'pip install "openai' in text
    packages("opentelemetry-sdk", "1.20.0")
    verdict, text = only(look(versions.opentelemetry))
    assert verdict == "fail"
    assert "opentelemetry-sdk 1.20.0, but literalai-otel needs opentelemetry-sdk" in text
    monkeypatch.setattr(versions, "python_version", lambda: "3.9.1")
    assert only(look(versions.python))[0] == "warn"


def test_an_instrumentor_that_is_absent_or_off_or_broken(look, packages, monkeypatch):
    verdict, text = of(look(versions.frameworks, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="literalai_openai"), "openai")
    assert (verdict, "unset OTEL_PYTHON_DISABLED_INSTRUMENTATIONS" in text) == ("warn", True)
    verdict, text = of(look(versions.frameworks, LITERAL_PREFER="official"), "openai")
    assert (verdict, "unset LITERAL_PREFER" in text) == ("warn", True)

    packages("literalai-otel-openai", "0.1.0", "[opentelemetry_instrumentor]\nliteralai_openai = no_module:Nothing\n")
    verdict, text = of(look(versions.frameworks), "openai")
    assert (verdict, "cannot be loaded: ModuleNotFoundError" in text) == ("fail", True)

    monkeypatch.setattr(versions, "registered", lambda group: {})
    verdict, text = of(look(versions.frameworks), "langchain")
    assert (verdict, "pip install literalai-otel-langchain" in text) == ("warn", True)


def test_what_is_not_installed_is_no_problem(look, monkeypatch):
    monkeypatch.setattr(versions, "installed", lambda name: None)
    assert {finding.verdict for finding in look(versions.frameworks)} == {"pass"}
    assert look(versions.stream_usage) == []
    monkeypatch.setattr(versions, "registered", lambda group: {})
    assert look(versions.frameworks) == []


@pytest.mark.parametrize(
    ("environ", "verdict", "said"),
    [
        ({}, "pass", "leaves out what would record a call twice, ours stand"),
        ({"LITERAL_PREFER": "official"}, "pass", "official ones stand"),
        ({"LITERAL_KEEP_FOREIGN": "1"}, "warn", "unset LITERAL_KEEP_FOREIGN"),
        (STOCK, "warn", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=langchain,"),
    ],
)
def test_instrumentors_of_other_packages(look, environ, verdict, said):
    found, text = only(look(doubles.instrumentors, **environ))
    assert found == verdict
    assert said in text and "opentelemetry-instrumentation-openai" in text


def test_packages_that_record_the_same_calls(look, packages, monkeypatch):
    for name in ("logfire", "traceloop-sdk", "litellm"):
        packages(name)
    assert "logfire (logfire.instrument_openai()" in only(look(doubles.packages))[1]
    assert only(look(doubles.litellm))[0] == "pass"
    module = ModuleType("litellm")
    module.success_callback = ["literalai"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "litellm", module)
    verdict, text = only(look(doubles.litellm))
    assert (verdict, 'take "literalai" out of litellm.callbacks' in text) == ("warn", True)
    assert look(doubles.instrumentors, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="*") == []


def test_the_provider_that_stands(look, monkeypatch):
    assert look(pipeline.provider) == []
    standing = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: standing)
    assert only(look(pipeline.provider))[0] == "warn"
    standing.add_span_processor(LiteralSpanProcessor(Delivery(None), client_name="c"))
    assert only(look(pipeline.provider))[0] == "pass"


SPOOLED = """
import literalai_otel
literalai_otel.init(instrument=False)
with literalai_otel.run(name="kept"): pass
"""


def test_a_spool_with_something_left_in_it_and_one_that_is_broken(look, tmp_path):
    folder = tmp_path / "spool"
    settings = {"LITERAL_SPOOL_DIR": str(folder)}
    assert only(look(spool, **settings)) == ("pass", f"{folder}, 0.0 MB, nothing left behind | ")
    nobody = {"LITERAL_API_URL": unused(), "LITERAL_API_KEY": "k", "LITERAL_FLUSH_TIMEOUT": "0.5"}
    environment = clean_environment(**settings, **nobody)
    subprocess.run([sys.executable, "-c", SPOOLED], env=environment, check=True, capture_output=True, timeout=50)
    verdict, text = only(look(spool, **settings))
    assert (verdict, "1 left behind by ended processes" in text, "literalai-otel replay" in text) == (
        "warn",
        True,
        True,
    )
    verdict, text = only(look(spool, **settings, LITERAL_SPOOL_MAX_BYTES="1000"))
    assert (verdict, "LITERAL_SPOOL_MAX_BYTES" in text) == ("warn", True)
    for file in folder.glob("spool.db*"):
        file.write_bytes(b"no database" * 1000)
    assert only(look(spool, **settings))[0] == "fail"


def unused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_server_that_is_down_is_said_once_and_the_rest_still_runs():
    findings = list(diagnose(Scene({"LITERAL_API_URL": unused(), "LITERAL_API_KEY": "k"})))
    (down,) = [finding for finding in findings if finding.verdict == "fail"]
    assert "cannot be reached" in down.says
    assert "literalai-otel serve" in down.fix
    assert {"Python", "content", "settings"} < {finding.about for finding in findings}


@pytest.mark.parametrize(
    ("status", "body", "fix"),
    [
        (401, {}, "LITERAL_API_KEY"),
        (403, {}, "LITERAL_API_KEY"),
        (404, "", "LITERAL_API_URL"),
        (200, "<html>shop</html>", "LITERAL_API_URL"),
        (200, ["projectId"], "LITERAL_API_URL"),
        (503, "", "server's log"),
    ],
)
def test_a_server_that_answers_something_else(look, stranger, status, body, fix):
    stranger.status, stranger.body = status, body
    verdict, text = only(look(server.connection, **stranger.environment))
    assert verdict == "fail"
    assert fix in text
    for check in (server.version, server.clock, round_trip.round_trip):
        assert look(check, **stranger.environment) == []


@pytest.mark.parametrize(("ahead", "said"), [(-90, "90 s behind"), (3600, "3600 s ahead of"), (0, "agree")])
def test_clocks(look, stranger, ahead, said):
    stranger.ahead = ahead
    verdict, text = only(look(server.clock, **stranger.environment))
    assert verdict == ("warn" if ahead else "pass")
    assert said in text or str(abs(ahead) - 1) in text, "to the second"


@pytest.mark.parametrize(
    ("told", "verdict", "said"),
    [("0.0.9", "warn", "upgrade the server"), ("99.1.0", "warn", "upgrade the client"),
     (__version__, "pass", f"server {__version__}"), (None, "pass", "does not tell")],
)  # fmt: skip
def test_versions_of_both_sides(look, stranger, told, verdict, said):
    stranger.body = {"projectId": "p", "version": told}
    found, text = only(look(server.version, **stranger.environment))
    assert found == verdict
    assert said in text


def test_a_server_that_takes_no_steps_fails_the_test_call(look, stranger, caplog):
    verdict, text = only(look(round_trip.round_trip, **stranger.environment))
    assert verdict == "fail"
    assert "did not arrive" in text


@pytest.mark.parametrize("limit", [{}, {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1"}])
def test_the_test_call_is_read_back_and_leaves_nothing(look, server, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setenv(name, value)
    verdict, text = only(look(round_trip.round_trip, **server.environment))
    assert (verdict, text.startswith("sent, read back as a generation")) == ("pass", True), text
    with server.api() as api:
        assert api.get_steps().data == []
    assert look(round_trip.round_trip, **server.environment, LITERAL_DISABLED="1") == []


def test_a_check_that_fails_is_a_finding_and_keeps_none_from_running(monkeypatch):
    def no_idea(scene):
        raise ZeroDivisionError("ours")
        yield

    monkeypatch.setattr("literalai_otel.diagnosis.checks.CHECKS", (no_idea, content))
    first, second = diagnose(Scene({}))
    assert (first.verdict, first.about, second.about) == ("fail", "no idea", "content")
    assert "ZeroDivisionError: ours" in first.says


def test_the_page_has_every_check(packages):
    for name in ("logfire", "litellm", "langchain-openai"):
        packages(name, "9.9")
    everything = {"LITERAL_DISABLED": "1", "OTEL_TRACES_EXPORTER": "console", "OTEL_TRACES_SAMPLER": "always_off",
                  "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1", "MISTRAL_SDK_TELEMETRY": "1",
                  "LITERAL_SPOOL_DIR": "/dev/null", "LITERAL_API_URL": unused(), "LITERAL_API_KEY": "k"}  # fmt: skip
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    found = {finding.about for finding in diagnose(Scene(everything))}
    assert len(found) > 15
    assert [about for about in found if about not in page] == []
    assert all(check.__doc__ for check in CHECKS)
