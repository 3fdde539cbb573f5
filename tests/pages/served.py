"""A real server with a site's data, and how people get into it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

import foreign
import made
from literalai_otel.api import SyncApi
from literalai_otel.testing import FakeProvider
from programs import BIN, clean_environment, serving

HERE: Final = Path(__file__).parent
EXAMPLES: Final = HERE.parents[1] / "examples"
PROGRAMS: Final = (HERE / "assistant.py", EXAMPLES / "langchain_agent.py", EXAMPLES / "llama_index_query.py")
"""What is run and recorded. A test finds them by the names of their runs."""
PASSWORD: Final = "a password of the tests"
OWNER: Final = {"name": "Olga Owner", "email": "olga@example.com"}
PEOPLE: Final = {
    "ADMIN": OWNER,
    "AI_ENGINEER": {"name": "Emil Engineer", "email": "emil@example.com"},
    "DOMAIN_EXPERT": {"name": "Dora Expert", "email": "dora@example.com"},
}
"""Role -> whoever has it."""
COOKIE: Final = "literal_session"


@dataclass
class Site:
    """A running server, its first project and the people in it."""

    url: str
    key: str
    project: str
    """Its public id."""
    data_dir: Path
    people: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    _sessions: dict[str, str] = field(default_factory=dict[str, str])

    def api(self, key: str | None = None) -> SyncApi:
        """The server by a key, that of the project unless another is given."""
        return SyncApi(self.url, key or self.key, timeout=60)  # of a machine that is busy with many browsers

    def http(self) -> httpx.Client:
        """The server by the project's key."""
        return httpx.Client(base_url=self.url, headers={"x-api-key": self.key}, timeout=20)

    def address(self, path: str) -> str:
        """The address of a page of the project: `threads/ID`."""
        return f"{self.url}/p/{self.project}/{path.lstrip('/')}"

    def session(self, role: str = "ADMIN", *, fresh: bool = False) -> str:
        """The cookie's value of somebody with that role; `fresh` for one that a test is going to end."""
        if fresh or role not in self._sessions:
            person = self.person(role)
            with self.browser_like() as http:
                answer = http.post("/api/session", json={"email": person["email"], "password": PASSWORD})
                assert answer.status_code == 200, answer.text
                cookie = http.cookies[COOKIE]
            if fresh:
                return cookie
            self._sessions[role] = cookie
        return self._sessions[role]

    def person(self, role: str) -> dict[str, str]:
        """Somebody with that role, invited if there is nobody yet."""
        if role not in self.people:
            self.people[role] = self._owner() if role == "ADMIN" else self.invited(role, **PEOPLE[role])
        return self.people[role]

    def invited(self, role: str, *, name: str, email: str) -> dict[str, str]:
        """A new member, by an invitation of the owner."""
        with self.signed_in("ADMIN") as http:
            made = http.post("/api/invitations", json={"email": email, "role": role})
            assert made.status_code < 300, made.text
        token = made.json()["link"].partition("#")[2]
        with self.browser_like() as http:
            accepted = {"token": token, "name": name, "password": PASSWORD}
            answer = http.post("/api/invitations/accept", json=accepted)
            assert answer.status_code == 200, answer.text
        return {"name": name, "email": email}

    @contextmanager
    def signed_in(self, role: str = "ADMIN") -> Iterator[httpx.Client]:
        """The server as the page asks it: by a session, in the project."""
        with self.browser_like() as http:
            http.cookies.set(COOKIE, self.session(role))
            token = http.get("/api/session").json()["csrfToken"]
            http.headers.update({"x-csrf-token": token, "x-project-id": self.project})
            yield http

    def browser_like(self) -> httpx.Client:
        """Requests from the server's own origin, by nobody."""
        return httpx.Client(
            base_url=self.url, headers={"origin": self.url, "sec-fetch-site": "same-origin"}, timeout=20
        )

    def sign_in_link(self) -> str:
        """A new one-time link."""
        return self.run("sign-in-link")

    def run(self, *words: str) -> str:
        """What a command of the server's machine prints: an address, if there is one in it."""
        settings = {"LITERAL_DATA_DIR": str(self.data_dir), "LITERAL_API_URL": self.url, "COLUMNS": "300"}
        command = [str(BIN / "literalai-otel"), *words]
        done = subprocess.run(
            command, env=clean_environment(**settings), capture_output=True, text=True, timeout=40, check=False
        )
        assert done.returncode == 0, done.stderr
        found = re.search(r"https?://\S+/sign-in#\S+", done.stdout)
        return found[0] if found else done.stdout

    def _owner(self) -> dict[str, str]:
        token = self.sign_in_link().partition("#")[2]
        with self.browser_like() as http:
            answer = http.post("/api/session/link", json={"token": token})
            assert answer.status_code == 200, answer.text
            http.headers["x-csrf-token"] = answer.json()["csrfToken"]
            changed = http.patch("/api/account", json={**OWNER, "password": PASSWORD})
            assert changed.status_code < 300, changed.text
        return OWNER


@contextmanager
def site(data_dir: Path, **settings: str) -> Iterator[Site]:
    """An empty site on a data folder of its own, or the one that is in the folder."""
    # For whoever works on the page: a build of one's own.
    static = {name: value for name in ("LITERAL_STATIC_DIR",) if (value := os.environ.get(name))}
    with serving(data_dir, **static, **settings) as server:
        with server.api() as api:
            project = api.get_my_project_id()
        yield Site(server.url, server.key, project, data_dir)


def fill(site: Site) -> None:
    """The data that most tests look at: what programs recorded, a foreign service's spans, a month that was made up."""
    with FakeProvider() as provider:
        environment = {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": provider.base_url,
            "LITERAL_API_URL": site.url,
            "LITERAL_API_KEY": site.key,
            "OTEL_SERVICE_NAME": "shop",
        }
        recording = subprocess.Popen(
            [sys.executable, HERE / "recorded_programs.py", *PROGRAMS],
            env=clean_environment(**environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        with site.api() as api:
            made.store(api, made.month(datetime.now(UTC)))
        foreign.book_a_table(site.url, site.key)
        said, _ = recording.communicate(timeout=90)
        assert recording.returncode == 0, said
    with site.api() as api:
        (answered,) = api.get_steps(filters=[{"field": "name", "operator": "eq", "value": "answer question"}]).data
        api.create_score(name="helpful", value=1, type="HUMAN", step_id=answered.id, comment="said it all")
        api.create_attachment(step_id=answered.id, name="order.txt", mime="text/plain", content=b"order 17\n")
