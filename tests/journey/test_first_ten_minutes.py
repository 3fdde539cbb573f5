"""J1: first ten minutes, nothing installed but Python (spec/journeys.md)."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import launched
from programs import clean_environment
from watching import Watch

ROOT = Path(__file__).resolve().parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMMAND = [sys.executable, ROOT / "examples" / "demo"]

pytestmark = pytest.mark.serial


def processes_of(session: int) -> list[int]:
    """Processes of a session that are still there, zombies aside."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = entry.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_session) == session and state != "Z":
            found.append(int(entry.parent.name))
    return found


class Terminal:
    """A program at a terminal: what it says, line by line, and a key for it."""

    def __init__(self, command: list[object], **environment: str) -> None:
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command, env=clean_environment(TERM="xterm", NO_COLOR="1", **environment),
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._ours = ours
        self._bytes = b""

    @property
    def said(self) -> str:
        """What stands on the screen, without how it looks."""
        return ESCAPES.sub("", self._bytes.decode(errors="replace")).replace("\r\n", "\n")

    def read_until(self, text: str) -> str:
        """All that it has said once it has said `text`, or at its end."""
        while text not in self.said:
            try:
                self._bytes += os.read(self._ours, 65_536)
            except OSError:  # its end of the terminal is closed
                break
        return self.said

    def press_enter(self) -> None:
        os.write(self._ours, b"\n")

    def close(self) -> None:
        """Ends the program, however the test went."""
        os.close(self._ours)
        self.process.terminate()
        self.process.wait(30)


@pytest.mark.timeout(400)
@pytest.mark.feature("I-OAI-05", "L-LOG-01", "L-LOG-04", "L-LOG-05", "P-LOG-04")
def test_the_demo_shows_a_real_model_s_trace_and_leaves_nothing_running():
    # The folder of `make demo`, so that the model is fetched once.
    with contextlib.closing(Terminal(COMMAND, COLUMNS="140")) as demo:
        look_around(demo)


def look_around(demo: Terminal) -> None:
    output = demo.read_until("Enter ends it")
    tree = output[output.index("literalai-otel show") :]
    assert re.search(r"Thread  Trip to Lisbon · 2 runs · 3 generations · \d+ tokens", tree)
    streamed, failed, handled = (line for line in tree.splitlines() if " llm " in line)
    assert re.search(r"smollm2\S+ · chat · stream +\d+ → [1-9]\d* .* first token [\d.]+ m?s +\"\w+", streamed)
    assert "✗ BadRequestError" in failed
    assert re.search(r"chat +\d+ → [1-9]\d* ", handled)
    assert len([line for line in tree.splitlines() if " tool " in line]) == 2
    link = re.search(r"http://127\.0\.0\.1:\d+/sign-in\?\S+#\S+", tree)
    assert link is not None
    look_at_the_thread(link[0])
    demo.press_enter()
    output = demo.read_until("Nothing is left running.")
    assert demo.process.wait(30) == 0
    assert processes_of(demo.process.pid) == []
    assert "opentelemetry-instrument" in output[output.index("To look further") :]


def look_at_the_thread(link: str) -> None:
    """What somebody sees who opens the link."""
    with launched() as browser:
        page = browser.new_page(base_url=link, viewport={"width": 1440, "height": 900})
        watch = Watch(page, "/".join(link.split("/")[:3]))
        watch.begin()
        page.goto(link)
        signed_in(page)
        expect(page).to_have_url(re.compile(r"/p/[^/]+/threads/[^/]+"))
        expect(page.get_by_text("Trip to Lisbon").first).to_be_visible()
        page.get_by_role("button", name="Tree", exact=True).click()
        for name in ("plan_trip", "find_view", "get_weather", "open_guide_book"):
            expect(page.get_by_text(name).first).to_be_visible()
        assert watch.unexpected() == []


def signed_in(page: Page) -> None:
    """Past what a new server offers its owner."""
    later = page.get_by_role("button", name="Later")
    expect(later.or_(page.get_by_role("navigation")).first).to_be_visible(timeout=20_000)
    if later.is_visible():
        later.click()
        page.get_by_role("button", name="I have one").click()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", ["It will", "Literal server answers"])
def test_ctrl_c_at_any_point_ends_every_process(moment: str):
    demo = subprocess.Popen(
        COMMAND,
        env=clean_environment(COLUMNS="140"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if moment in said:
            break
    os.kill(demo.pid, signal.SIGINT)
    demo.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while processes_of(demo.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(demo.pid) == []
    assert demo.returncode == 128 + signal.SIGINT
