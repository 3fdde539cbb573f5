"""A server of Literal on loopback that keeps the steps that it gets, for tests that look at the end of the way."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Project:
    """Steps by id, in wire form, as they arrived; `url` is where clients send them."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Any]] = {}
        project = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                variables = json.loads(self.rfile.read(int(self.headers["content-length"])))["variables"]
                answer = json.dumps(project.store(variables)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def store(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Keep the steps of a request, whose variables end in `_<number>`; a thread is acknowledged."""
        if "id" in variables:
            return {"data": {"upsertThread": {"id": variables["id"]}}}
        count = sum(key.startswith("id_") for key in variables)
        for number in range(count):
            end = f"_{number}"
            step = {key.removesuffix(end): value for key, value in variables.items() if key.endswith(end)}
            self.steps.setdefault(step["id"], {}).update(step)
        return {"data": {f"step{number}": {"ok": True, "message": None} for number in range(count)}}

    def named(self, name: str) -> dict[str, Any]:
        """The only step of that name."""
        (step,) = [step for step in self.steps.values() if step.get("name") == name]
        return step

    def tree(self) -> str:
        """The steps as an indented tree, with their types, in order of their start."""
        lines: list[str] = []

        def add(parent: str | None, depth: int) -> None:
            for step in sorted(self.steps.values(), key=lambda step: step["startTime"]):
                above = step.get("parentId")
                if (above if above in self.steps else None) == parent:
                    lines.append(f"{'  ' * depth}{step['name']} ({step['type']})")
                    add(step["id"], depth + 1)

        add(None, 0)
        return "\n".join(lines)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
