"""Record the spans of other instrumentation packages, for the tests of the dialects.

    python tests/recordings/record.py openinference            every case of an environment
    python tests/recordings/record.py openinference chat tools these cases
    python tests/recordings/record.py openinference --lock     resolve anew what it installs

A row of `environments.toml` has a folder of its name with a program. Without an argument the program prints the names
of its cases; with one it runs that case and exports the spans over OTLP, protobuf or JSON, to where
`OTEL_EXPORTER_OTLP_ENDPOINT` says. Model calls go to `OPENAI_BASE_URL` or `MISTRAL_URL`: fake providers on loopback.
An environment is built in `.lanes/recording-<name>`.
Each case is a process of its own and becomes `<environment>/<case>.json`: OTLP in its JSON form, with ids, times and
addresses that are the same in every run (`normalised.py`).
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from answers import ANSWERS  # noqa: E402 - a script's own folder
from lanes import Lane, build, lock  # noqa: E402
from normalised import normalised  # noqa: E402

from literalai_otel.server.routes.otlp_json import json_of, parse_json_request  # noqa: E402
from literalai_otel.testing import FakeProvider  # noqa: E402
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS  # noqa: E402

TIME_LIMIT: Final = 180
"""Seconds for one case."""


def environments() -> dict[str, Lane]:
    """Every row of environments.toml, by name."""
    table = tomllib.loads((HERE / "environments.toml").read_text(encoding="utf-8"))
    return {name: environment(name, row) for name, row in table.items()}


def environment(name: str, row: dict[str, Any]) -> Lane:
    """A row as a lane without tests, which `lanes.py` knows how to build."""
    given: dict[str, Any] = {"lock": f"tests/recordings/locks/{name}.txt", **row}
    return Lane(name=f"recording-{name}", repository=False, tests=[], **given)


class Receiver:
    """Takes OTLP over HTTP, in both encodings, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The address to export to."""
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = b"".join(self._chunks())
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path == "/v1/traces":  # not what a package sends to a service of its own
                    is_json = "json" in (self.headers.get("content-type") or "")
                    requests.append(parse_json_request(body) if is_json else ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def _chunks(self) -> Iterator[bytes]:
                """The body: of the length that was said, or in pieces, each after its length (Node)."""
                if self.headers.get("transfer-encoding") != "chunked":
                    yield self.rfile.read(int(self.headers.get("content-length") or 0))
                    return
                while length := int(self.rfile.readline(), 16):
                    yield self.rfile.read(length)
                    self.rfile.readline()
                self.rfile.readline()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: what came is what matters."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


def folder_of(lane: Lane) -> Path:
    """Where the program of an environment is, and what it recorded."""
    return HERE / lane.name.removeprefix("recording-")


def command_of(lane: Lane) -> list[str]:
    """How the program of an environment is started."""
    program = folder_of(lane) / "program.mjs"
    if not program.exists():
        return [str(lane.python), str(program.with_suffix(".py"))]
    link = lane.folder / program.name  # Node looks for packages from where a program lies
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    return [str(lane.python.with_name("node")), "--preserve-symlinks", "--preserve-symlinks-main", str(link)]


def cases_of(lane: Lane) -> list[str]:
    """The names of the cases, as the program prints them."""
    found = subprocess.run(command_of(lane), check=True, capture_output=True, text=True, env=environ(), cwd=lane.folder)
    return found.stdout.split()


def environ(**added: str) -> dict[str, str]:
    """The environment of a program: nothing of the developer's own tracing set-up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(HERE / "shared"), **added}


def record(lane: Lane, case: str) -> int:
    """Run one case and write its file; the number of its spans."""
    receiver = Receiver()
    with FakeProvider() as openai, FakeProvider(MISTRAL_ENDPOINTS) as mistral, receiver.listening() as address:
        for model, answers in ANSWERS.items():
            openai.script(*answers, model=model)
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_SERVICE_NAME": "recorded",
            "OPENAI_BASE_URL": openai.base_url,
            "OPENAI_API_BASE": openai.base_url,
            "OPENAI_API_KEY": "test",
            "MISTRAL_URL": mistral.origin,
            "ANTHROPIC_BASE_URL": openai.origin,
            "ANTHROPIC_API_KEY": "test",
        }
        subprocess.run(
            [*command_of(lane), case], check=True, env=environ(**settings), timeout=TIME_LIMIT, cwd=lane.folder
        )
    whole = ExportTraceServiceRequest()
    for request in receiver.requests:
        whole.MergeFrom(request)
    document = normalised(json_of(whole), hidden=str(HERE.parents[1]))
    target = folder_of(lane) / f"{case}.json"
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return sum(len(scope["spans"]) for each in document["resourceSpans"] for scope in each["scopeSpans"])


def main() -> int:
    """Build the environment and record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    known = environments()
    parser.add_argument("environment", choices=sorted(known))
    parser.add_argument("cases", nargs="*", metavar="case", help="all by default")
    parser.add_argument("--lock", action="store_true", help="write the lock file, record nothing")
    options = parser.parse_args()
    lane = known[options.environment]
    if options.lock:
        lock(lane)
        return 0
    build(lane)
    for case in options.cases or cases_of(lane):
        sys.stdout.write(f"{options.environment}/{case}: {record(lane, case)} spans\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
