"""What may be wrong with the settings or the server: the program runs on and exits soon, one line says why."""

import socket

import pytest

APP = """
    import openai

    messages = [{"role": "user", "content": "hi"}]
    print(openai.OpenAI().chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content)
"""
SAID = "Hello from the fake provider.\n"


@pytest.mark.feature("L-CLI-03")
@pytest.mark.parametrize(
    ("absent", "named"),
    [
        (("LITERAL_API_URL",), "LITERAL_API_URL"),
        (("LITERAL_API_KEY",), "LITERAL_API_KEY"),
        (("LITERAL_API_URL", "LITERAL_API_KEY"), "LITERAL_API_URL and LITERAL_API_KEY"),
    ],
    ids=["no address", "no key", "neither"],
)
@pytest.mark.parametrize("way", ["distro", "exporter", "exporter of the stock configurator"])
def test_without_an_address_or_a_key_one_line_names_the_fix(run, ours, stock, sink, absent, named, way):
    settings = dict(stock if "stock" in way else ours)
    if way != "distro":
        settings["OTEL_TRACES_EXPORTER"] = "literalai"
    for name in absent:
        del settings[name]
    done = run(APP, settings)
    assert (done.status, done.out) == (0, SAID)
    (line,) = [line for line in done.err.splitlines() if "Configuration of" not in line]
    assert f"set {named};" in line
    assert "literalai-otel serve" in line
    assert sink.requests == 0


def test_without_a_key_other_exporters_still_get_the_llm_spans(run, ours):
    del ours["LITERAL_API_KEY"]
    done = run(APP, ours | {"OTEL_TRACES_EXPORTER": "console"})
    assert (done.status, done.out.startswith(SAID)) == (0, True)
    assert '"gen_ai.operation.name": "chat"' in done.out


@pytest.mark.parametrize(
    ("name", "value"), [("LITERAL_ENV", "moon"), ("LITERAL_API_URL", "localhost"), ("LITERAL_BATCH_SIZE", "many")]
)
def test_a_malformed_setting_costs_one_line(run, ours, sink, name, value):
    done = run(APP, ours | {name: value})
    assert (done.status, done.out) == (0, SAID)
    (line,) = done.err.splitlines()
    assert name in line
    assert value in line
    assert sink.requests == 0


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.serial
@pytest.mark.parametrize(
    ("trouble", "said"),
    [("wrong key", "LITERAL_API_KEY"), ("nobody there", "cannot be reached"), ("black hole", "LITERAL_FLUSH_TIMEOUT")],
)
def test_a_server_that_does_not_take_it_costs_one_line_and_no_more_than_5_seconds(run, ours, sink, trouble, said):
    if trouble == "wrong key":
        ours["LITERAL_API_KEY"] = "not-the-key"
    elif trouble == "nobody there":
        ours["LITERAL_API_URL"] = f"http://127.0.0.1:{closed_port()}"
    else:
        sink.hang.set()
    done = run(APP + "    import time; print(time.time())\n", ours)
    said_last, at = done.out.splitlines()
    assert (done.status, said_last) == (0, SAID.strip())
    (line,) = done.err.splitlines()
    assert "1 step lost" in line
    assert said in line
    assert done.ended - float(at) < 5.5  # half a second for the interpreter of a busy machine to go down
