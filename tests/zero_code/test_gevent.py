"""Greenlets in place of threads, patched before our set-up (OpenTelemetry's own switch) or after it (a server's
worker): the program runs at its own pace, every call is under its step."""

import pytest

APP = """
    import gevent, literalai_otel, openai, platform

    platform.platform()  # the SDK asks it, by a child process: from several greenlets at once gevent may lose one
    client = openai.OpenAI()

    @literalai_otel.step(type="tool")
    def ask(number):
        messages = [{"role": "user", "content": str(number)}]
        return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content

    @literalai_otel.run
    def ask_all():
        jobs = [gevent.spawn(literalai_otel.propagate(ask), number) for number in range(5)]
        gevent.joinall(jobs)
        return [job.value for job in jobs]

    print(len(ask_all()), bool(literalai_otel.flush()))
    gevent.sleep(0.2)
    print("awake")
"""
LATE = "    import gevent.monkey; gevent.monkey.patch_all()\n"
EARLY = {"OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH": "patch_all"}


@pytest.mark.parametrize(("patch", "settings"), [("", EARLY), (LATE, {})], ids=["patched before", "patched after"])
def test_greenlets_are_recorded_and_not_held_up(run, ours, sink, patch, settings):
    # A worker that waited on a real lock would stop every greenlet, for 30 s at a time.
    done = run(patch + APP, ours | settings)
    assert (done.status, done.out) == (0, "5 True\nawake\n")
    (root,) = [step for step in sink.steps if step["type"] == "run"]
    tools = {step["id"]: step["parentId"] for step in sink.steps if step["type"] == "tool"}
    calls = [step["parentId"] for step in sink.steps if step["type"] == "llm"]
    assert list(tools.values()) == [root["id"]] * 5
    assert sorted(calls) == sorted(tools)
