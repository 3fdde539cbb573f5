"""`GET /api/live`: what pages hear, how a stream is resumed, what ends it."""

import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from engines import NEWEST, only
from literalai_otel.server.access import keys
from literalai_otel.server.live import channel, streams
from literalai_otel.server.routes import live
from literalai_otel.server.store import changes, projects

WAIT = 20.0
WRITERS = 2
ROUNDS = 40


@dataclass
class Event:
    name: str
    id: int | None
    data: Any


class Stream:
    """The events of one answer; `last` is what a client would resume from."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last: int | None = None
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            number = int(fields["id"]) if "id" in fields else None
            self.last = self.last if number is None else number
            if "data" in fields:
                yield Event(fields["event"], number, json.loads(fields["data"]))
            fields = {}

    def next(self) -> Event:
        return next(iter(self))


@contextmanager
def following(server, key=None, **query) -> Iterator[Stream]:
    headers = {"x-api-key": key or server.key, **query.pop("headers", {})}
    with (
        httpx.Client(base_url=server.url, headers=headers, timeout=WAIT) as http,
        http.stream("GET", "/api/live", params=query) as response,
    ):
        assert response.status_code == 200, response.read()
        yield Stream(response)


def write(server, *ids, **fields):
    """One transaction of steps."""
    more = "".join(f", {name}: {value}" for name, value in fields.items())
    steps = " ".join(
        f'step{place}: ingestStep(id: "{step_id}", type: llm{more}) {{ ok }}' for place, step_id in enumerate(ids)
    )
    server.data(f"mutation {{ {steps} }}")


def is_open(server):
    with server.http.stream("GET", "/api/live") as response:
        return response.status_code == 200


def newest(server):
    (project,) = server.store.read(projects.every)
    return server.store.read(changes.newest, project.id)


def test_a_stream_begins_with_the_build_and_goes_on_with_what_changes(server):
    with following(server) as stream:
        hello = stream.next()
        assert (hello.name, hello.id) == ("hello", newest(server))
        assert hello.data.keys() == {"build"}
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "no-store, no-transform"
        write(server, "live-1", threadId='"live-t"')
        change = stream.next()
    assert (change.name, change.id) == ("change", hello.id + 1)
    assert sorted(change.data, key=lambda entry: entry["kind"]) == [
        {
            "kind": "step",
            "id": "live-1",
            "op": "upsert",
            "threadId": "live-t",
            "rootRunId": None,
            "parentId": None,
            "type": "llm",
            "isGeneration": False,
        },
        {"kind": "thread", "id": "live-t", "op": "upsert"},
    ]


def test_scores_name_their_step_and_deletions_say_so(server):
    write(server, "judged")
    with following(server, kinds="scores") as stream:
        stream.next()
        score = 'createScore(name: "good", type: HUMAN, value: 1, stepId: "judged") { id }'
        score_id = server.data(f"mutation {{ {score} }}")["createScore"]["id"]
        assert stream.next().data == [{"kind": "score", "id": score_id, "op": "upsert", "stepId": "judged"}]
        server.data(f'mutation {{ deleteScore(id: "{score_id}") {{ id }} }}')
        assert stream.next().data == [{"kind": "score", "id": score_id, "op": "delete", "stepId": "judged"}]


def test_only_the_kinds_that_were_asked_for_are_told_and_the_id_goes_on_all_the_same(server, monkeypatch):
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.2)
    with following(server, kinds="threads") as stream:
        stream.next()
        write(server, "kind-1")
        write(server, "kind-2", threadId='"kind-t"')
        assert [entry["kind"] for entry in stream.next().data] == ["thread"]
        assert stream.last == newest(server)


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_stream_is_resumed_where_it_ended(server, by):
    with following(server) as stream:
        start = stream.next().id
    for number in range(3):
        write(server, f"missed-{by}-{number}")
    resumed = {"headers": {"last-event-id": str(start)}} if by == "header" else {"after": start}
    with following(server, **resumed) as stream:
        hello, change = stream.next(), stream.next()
    assert (hello.id, change.id) == (start, start + 3)
    assert {entry["id"] for entry in change.data} == {f"missed-{by}-{number}" for number in range(3)}


def test_who_was_away_for_too_long_is_told_to_read_anew(server, monkeypatch):
    monkeypatch.setattr(channel, "MOST_BEHIND", 2)
    start = newest(server)
    for number in range(3):
        write(server, f"far-{number}")
    with following(server, after=start) as stream:
        assert [stream.next().name for _ in range(2)] == ["hello", "reset"]
        assert stream.last == start + 3


def test_a_number_that_the_feed_does_not_have_yet_is_a_reset(server):
    """The database was put back to an older state: what the page shows is from the future."""
    with following(server, after=newest(server) + 1_000) as stream:
        assert [stream.next().name for _ in range(2)] == ["hello", "reset"]
        assert stream.last == newest(server)


def test_too_many_changes_are_a_reset(server):
    with following(server) as stream:
        start = stream.next().id
        write(server, *(f"many-{number}" for number in range(250)))
        events = itertools.takewhile(lambda event: event.name != "reset", stream)
        assert all(event.name == "change" for event in events)
        assert start < stream.last == newest(server)


def test_a_quiet_stream_says_the_newest_number(server, monkeypatch):
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.05)
    with following(server) as stream:
        lines = stream.response.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": alive"
        assert next(lines) == f"id: {newest(server)}"


def test_a_revoked_key_ends_its_stream(server, monkeypatch):
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(keys, "KEY_SECONDS", 0.0)
    (project,) = server.store.read(projects.every)
    key = keys.make_key(server.store, project, "to be revoked")
    with following(server, key=key) as stream:
        assert stream.next().name == "hello"
        found = server.store.find_api_key(keys.hash_key(key))
        server.store.write(projects.revoke_key, found.id, project.id).result(WAIT)
        assert [(event.name, event.data) for event in stream] == [("end", {"code": "UNAUTHENTICATED"})]


def test_a_process_has_room_for_so_many_and_gives_places_back(start, tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)
    with start(tmp_path / "data") as server:
        with following(server) as stream:
            stream.next()
            refused = server.http.get("/api/live")
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "OVERLOADED")
            assert refused.headers["retry-after"] == "30"
        deadline = time.monotonic() + WAIT
        while not is_open(server) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert is_open(server)


def test_who_takes_nothing_any_more_loses_the_place_and_goes_on_without_a_gap(start, tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)
    monkeypatch.setattr(live, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(channel, "MOST_CHANGES", 1_000_000)
    written: list[str] = []
    with start(tmp_path / "data") as server, asleep(server) as client:
        deadline = time.monotonic() + WAIT
        while not is_open(server) and time.monotonic() < deadline:
            some = [f"stalled-{len(written) + place:0240d}" for place in range(200)]
            write(server, *some)
            written += some
        assert is_open(server)
        buffered = Stream(SimpleNamespace(iter_lines=client.makefile().read().splitlines))
        heard = [entry["id"] for event in buffered if event.name == "change" for entry in event.data]
        assert 0 < len(heard) < len(written)
        with following(server, after=buffered.last) as stream:
            assert stream.next().name == "hello"
            while len(heard) < len(written):
                heard += [entry["id"] for entry in stream.next().data]
    assert heard == written


@contextmanager
def asleep(server) -> Iterator[socket.socket]:
    """A client that asked to follow and has not read a byte yet; HTTP/1.0, so that events come as they are."""
    address = httpx.URL(server.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(WAIT)
        client.connect((address.host, address.port))
        client.sendall(f"GET /api/live HTTP/1.0\r\nx-api-key: {server.key}\r\n\r\n".encode())
        client.recv(1)
        yield client


@pytest.mark.parametrize("query", [{"kinds": "steps,prompts"}, {"kinds": ","}, {"after": "x"}, {"after": "-1"}])
def test_what_makes_no_sense_is_refused(server, query):
    answer = server.http.get("/api/live", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


def test_nobody_follows_without_a_key(server):
    assert httpx.get(f"{server.url}/api/live").status_code == 401


@pytest.mark.feature("S-HST-04")
@only(*NEWEST)
def test_nothing_is_missed_and_nothing_is_twice_across_servers(start, tmp_path):
    """Two servers on one database are written to; a reader leaves one for the other at random."""
    chance = random.Random(7)
    with start(tmp_path / "data") as first, start(tmp_path / "data") as second:
        servers = [first, second]

        def fill(place: int) -> None:
            for number in range(ROUNDS):
                write(servers[place], f"{place}-{number}", "both")
                time.sleep(chance.random() / 100)

        writers = [threading.Thread(target=fill, args=(place,)) for place in range(WRITERS)]
        seen: set[str] = set()
        numbers: list[int] = []
        last = newest(first)
        wanted = {f"{place}-{number}" for place in range(WRITERS) for number in range(ROUNDS)} | {"both"}
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + WAIT
        while not wanted <= seen and time.monotonic() < deadline:
            with following(chance.choice(servers), after=last) as stream:
                for event in itertools.islice(stream, chance.randrange(1, 6)):
                    assert event.name in ("hello", "change")
                    if event.name == "change":
                        seen |= {entry["id"] for entry in event.data}
                        numbers.append(event.id)
                    if wanted <= seen:
                        break
                last = stream.last
        for writer in writers:
            writer.join(WAIT)
        assert wanted <= seen
        assert numbers == sorted(set(numbers))
        assert numbers[-1] <= newest(first) == newest(second)


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


@only(*NEWEST)
def test_a_server_that_hears_the_others_no_more_looks_for_itself(engine, start, tmp_path, monkeypatch):
    """Its connection to listen is cut; it makes another one, and meanwhile nothing is missed."""
    monkeypatch.setattr(channel, "POLL_SECONDS", 1_000.0)
    data = tmp_path / "data"
    with start(data) as first, start(data) as second, following(first) as stream:

        def told_of(step_id: str) -> None:
            write(second, step_id)
            assert [entry["id"] for entry in stream.next().data] == [step_id]

        stream.next()
        for number in range(3):
            told_of(f"before-{number}")
        deadline = time.monotonic() + WAIT
        while not (cut := engine.run(data, CUT)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert cut
        for number in range(3):
            told_of(f"after-{number}")
