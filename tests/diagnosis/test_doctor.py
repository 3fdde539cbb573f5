"""`literalai-otel doctor`: the whole output for a good and a bad set-up, JSON, exit codes."""

import json
import re
import subprocess
from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

from programs import BIN, ZERO_CODE, clean_environment

FOREIGN = "fastapi,google-genai,langchain,llama_index,llama-index,mistralai,openai"
"""Instrumentors of others in this environment."""
Doctor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def doctor() -> Doctor:
    def run(*words: str, under: tuple[str, ...] = (), **settings: str) -> "subprocess.CompletedProcess[str]":
        quiet = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": FOREIGN, "COLUMNS": "100"}
        return subprocess.run(
            [*under, BIN / "literalai-otel", "doctor", *words],
            env=clean_environment(**{**quiet, **settings}),
            capture_output=True,
            text=True,
            timeout=50,
        )

    return run


def lines_of(output: str) -> list[str]:
    """What was printed, with `N` for numbers that change and without what other packages add."""
    output = re.sub(r"(?m)^pass  (?:other packages|litellm) .*\n(?: .*\n)*", "", output)
    return [line.rstrip() for line in re.sub(r"\d+(\.\w+)*( ms)?", r"N\2", output).splitlines() if line]


def test_a_good_set_up(doctor, server):
    done = doctor("--strict", **ZERO_CODE, **server.environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert lines_of(done.stdout) == snapshot(
        [
            "pass  Python                N",
            "pass  OpenTelemetry         API N, SDK N, instrumentation N",
            "pass  openai                openai N is recorded",
            "pass  mistralai             mistralai N is recorded",
            "pass  langchain             langchain-core N is recorded",
            "pass  llama_index           llama-index-core N is recorded",
            "pass  LangChain streams     token counts are asked for where the host is known to give them",
            "pass  zero-code             opentelemetry-instrument sends to Literal",
            "pass  content               prompts and completions go to Literal alone; other exporters get spans",
            "                            without them",
            "pass  settings              address http://N:N, a key, environment not set",
            "pass  server                http://N:N answers in N ms and accepts the key",
            "pass  versions              client N, server N",
            "pass  clock                 this machine and the server agree",
            "pass  test call             sent, read back as a generation N ms after, deleted",
            "N passed, N warnings, N failures",
        ]
    )


def test_a_bad_set_up(doctor):
    done = doctor(
        LITERAL_API_URL="https://cloud.getliteral.ai",
        LITERAL_CAPTURE_CONTENT="false",
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true",
        OTEL_PYTHON_DISTRO="aws_distro",
        OTEL_TRACES_EXPORTER="otlp,literalai",
        OTEL_TRACES_SAMPLER="traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.1",
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert lines_of(done.stdout) == snapshot(
        [
            "pass  Python                N",
            "pass  OpenTelemetry         API N, SDK N, instrumentation N",
            "pass  openai                openai N is recorded",
            "pass  mistralai             mistralai N is recorded",
            "pass  langchain             langchain-core N is recorded",
            "pass  llama_index           llama-index-core N is recorded",
            "pass  LangChain streams     token counts are asked for where the host is known to give them",
            "fail  zero-code             OTEL_PYTHON_DISTRO is aws_distro, which is not installed:",
            "                            opentelemetry-instrument starts nothing",
            "      fix                   set OTEL_PYTHON_DISTRO=literalai; installed: literalai",
            "fail  exporters             OTEL_TRACES_EXPORTER names otlp, and otlp_proto_grpc is not installed:",
            "                            spans reach no exporter but Literal",
            "      fix                   set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or pip install",
            "                            opentelemetry-exporter-otlp-proto-grpc",
            "warn  sampler               N of the traces are recorded; calls in the others are counted as",
            "                            sampled out, not stored",
            "      fix                   unset OTEL_TRACES_SAMPLER, unless that is on purpose",
            "warn  content               LITERAL_CAPTURE_CONTENT=false and",
            "                            OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT contradict each",
            "                            other: no content goes anywhere",
            "      fix                   unset OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, or set",
            "                            LITERAL_CAPTURE_CONTENT=literal_only",
            "fail  settings              nothing is sent, for want of LITERAL_API_KEY",
            "      fix                   `literalai-otel serve` starts a server and shows both; then set",
            "                            LITERAL_API_KEY",
            "fail  settings              https://cloud.getliteral.ai is the address of the cloud that is gone;",
            "                            what is sent there may reach anyone",
            "      fix                   start a server with `literalai-otel serve` and set LITERAL_API_URL to",
            "                            its address",
            "N passed, N warnings, N failures",
        ]
    )


def test_exit_codes_and_json(doctor, server):
    good = ZERO_CODE | server.environment
    doubtful = doctor("--json", "--strict", **good, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="100")
    assert (doubtful.returncode, doubtful.stderr) == (1, "")
    said = json.loads(doubtful.stdout)
    assert said["verdict"] == "warn"
    assert [finding for finding in said["findings"] if finding["verdict"] != "pass"] == snapshot(
        [
            {
                "about": "span limits",
                "verdict": "warn",
                "says": "attributes end after 100 characters: messages of other instrumentors are cut, "
                "ours are sent whole",
                "fix": "unset OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            }
        ]
    )
    assert doctor(**good, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="100").returncode == 0
    refused = doctor("--json", "--api-key", "no-such-key", **good)
    assert (refused.returncode, json.loads(refused.stdout)["verdict"]) == (2, "fail")
    assert "no-such-key" not in refused.stdout + refused.stderr


def test_under_zero_code_it_sees_the_provider_that_stands(doctor, server):
    done = doctor("--json", under=(str(BIN / "opentelemetry-instrument"),), **ZERO_CODE, **server.environment)
    assert (done.returncode, done.stderr) == (0, "")
    (standing,) = [one for one in json.loads(done.stdout)["findings"] if one["about"] == "tracer provider"]
    assert standing["verdict"] == "pass"
    assert "one of them Literal's" in standing["says"]


def test_a_narrow_terminal_cuts_nothing(doctor):
    wide, narrow = (doctor(COLUMNS=columns, LITERAL_API_URL="http://127.0.0.1:9") for columns in ("200", "60"))
    assert max(map(len, narrow.stdout.splitlines())) <= 60
    assert "".join(narrow.stdout.split()) == "".join(wide.stdout.split())
