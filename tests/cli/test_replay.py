"""`literalai-otel replay`: what it sends, leaves, shows and answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from literalai_otel.api import SyncApi
from literalai_otel.cli import app
from literalai_otel.config import Config
from literalai_otel.export import Delivery
from literalai_otel.export.retry import RetryPolicy
from literalai_otel.model import Step, Thread

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def leave(folder: Path) -> Callable[..., None]:
    """Leaves steps in the spool as a program does whose server is down."""

    def run(url: str, key: str, *ids: str) -> None:
        config = Config.load({}, api_key=key, api_url=url, spool_dir=str(folder))
        delivery = Delivery.from_config(config, batch_size=5)
        delivery._sender.load = delivery._sender.send = lambda *_: None  # type: ignore[method-assign,assignment]
        delivery.submit_thread(Thread(id=f"thread-{ids[0]}", name="left behind"))
        for step_id in ids:
            delivery.submit_step(Step(id=step_id, type="tool", name="look up", thread_id=f"thread-{ids[0]}"))
        delivery.shutdown(1)

    return run


@pytest.fixture
def replay(folder: Path, monkeypatch) -> Callable[..., Result]:
    for name in ("LITERAL_API_URL", "LITERAL_API_KEY", "LITERAL_SPOOL_DIR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner(env={"LITERAL_SPOOL_DIR": str(folder), **environment}).invoke(app, ["replay", *arguments])

    return run


def test_what_was_left_behind_is_on_the_server(server, api: SyncApi, leave, replay):
    leave(server.url, server.environment["LITERAL_API_KEY"], "replay-a", "replay-b")
    done = replay(**server.environment)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"3 steps sent to {server.url}\n"
    assert api.get_step("replay-b") is not None
    thread = api.get_thread("thread-replay-a")
    assert thread is not None
    assert thread.name == "left behind"
    assert replay(**server.environment).stdout == f"nothing to send to {server.url} with this key\n"


def test_the_result_as_json(server, leave, replay):
    leave(server.url, server.environment["LITERAL_API_KEY"], "json-a")
    done = replay("--json", **server.environment)
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    assert {name: result[name] for name in ("total", "sent", "refused", "left", "problem")} == {
        "total": 2, "sent": 2, "refused": {}, "left": 0, "problem": "",
    }  # fmt: skip
    assert result["spool"]["targets"] == []


def test_another_key_sends_nothing_and_says_what_waits(server, leave, replay):
    leave(server.url, "the key of another project", "other-a")
    done = replay(**server.environment)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"nothing to send to {server.url} with this key",
        "2 steps wait for another server or key: `--list` shows which",
    ]


def test_a_server_that_is_down_leaves_it_where_it_is(leave, replay, monkeypatch):
    monkeypatch.setattr("literalai_otel.export.replay.POLICY", RetryPolicy(give_up_after=0.1, patient=False))
    leave(NOWHERE, "key", "down-a")
    done = replay("--url", NOWHERE, "--api-key", "key")
    assert done.exit_code == 1
    assert "2 steps stay in the spool: cannot connect" in done.stdout


def test_a_key_that_the_server_refuses(server, leave, replay):
    leave(server.url, "no key of any project", "refused-a")
    done = replay("--url", server.url, "--api-key", "no key of any project")
    assert done.exit_code == 1
    assert "2 steps stay in the spool" in done.stdout
    assert "401" in done.stdout


def test_the_list_shows_what_there_is_without_a_server(leave, replay, folder):
    leave(NOWHERE, "key", "list-a", "list-b")
    done = replay("--list")
    assert done.exit_code == 0
    header, row, total = done.stdout.splitlines()
    assert header.split() == ["server", "key", "waiting", "held", "by", "programs", "dead", "oldest"]
    assert row.split()[0] == NOWHERE
    assert row.split()[2:5] == ["3", "0", "0"]
    assert str(folder) in total
    [target] = json.loads(replay("--list", "--json").stdout)["targets"]
    assert (target["waiting"], target["held"], target["dead"]) == (3, 0, {})


def test_an_empty_folder(replay, folder):
    assert replay("--list").stdout == f"nothing waits in {folder}\n"
    assert not folder.exists()


def test_no_folder_is_named_with_its_fix(replay):
    done = replay("--list", LITERAL_SPOOL_DIR="")
    assert done.exit_code == 2
    assert "LITERAL_SPOOL_DIR" in done.stderr


def test_a_spool_that_cannot_be_read(replay, folder):
    folder.mkdir()
    (folder / "spool.db").write_bytes(b"rubbish " * 1000)
    done = replay("--list")
    assert done.exit_code == 1
    assert "cannot be read" in done.stderr
