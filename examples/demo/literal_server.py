"""The demo's Literal server: its start, its pages, and how to start it again."""

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from model import DemoError, wait_until_answers
from processes import Processes

COMMAND = Path(sys.executable).with_name("literalai-otel")
PORT = 3000
"""Where the server of the examples is; the demo takes another when something listens there."""


class LiteralServer:
    """A server on `folder`/data, for this machine only. `url` and `key` are what a program needs."""

    def __init__(self, folder: Path) -> None:
        self.key = _kept_key(folder / "api-key")
        self.data = folder / "data"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.log"

    def start(self, processes: Processes) -> "subprocess.Popen[str]":
        """Start it; returns when it answers. Raises `DemoError` with what it said when it does not."""
        options = ["--data-dir", self.data, "--host", "127.0.0.1", "--port", str(self.port)]
        environment = os.environ | {"LITERAL_API_KEY": self.key}
        process = processes.start([COMMAND, "serve", *options], env=environment, log=self._log)
        try:
            wait_until_answers(f"{self.url}/healthz", process, 30)
        except DemoError as failure:
            said = self._log.read_text(encoding="utf-8").strip()
            raise DemoError(f"the Literal server did not start\n{said}", f"see above, and {self._log}") from failure
        return process

    def sign_in_link(self, path: str) -> str:
        """An address that signs in, once, and opens the page at `path`. Works whenever the server runs, for a day."""
        command = [str(COMMAND), "sign-in-link", "--data-dir", str(self.data), "--url", self.url]
        wide = os.environ | {"COLUMNS": "500"}  # an address must not be broken into lines
        made = subprocess.run(command, env=wide, stdout=subprocess.PIPE, text=True, check=False)
        link = next((word for word in made.stdout.split() if "/sign-in#" in word), None)
        if made.returncode or link is None:
            raise DemoError("no sign-in link was made", "its error is above this line")
        return link.replace("/sign-in#", f"/sign-in?next={quote(path, safe='')}#")

    @property
    def again(self) -> str:
        """The command that starts it at the same address."""
        return f"{os.path.relpath(COMMAND)} serve --data-dir {os.path.relpath(self.data)} --port {self.port}"


def _kept_key(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"demo-{secrets.token_urlsafe(24)}", encoding="utf-8")
    return file.read_text(encoding="utf-8")


def _free_port() -> int:
    for port in (PORT, 0):
        with socket.socket() as probe:
            # As the server does: what a connection left behind is no reason to take another port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no port is free on 127.0.0.1", "end what listens there, and run `make demo` again")
