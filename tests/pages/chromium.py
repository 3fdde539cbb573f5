"""The browser of the page's tests: Debian's Chromium, found or installed, and how it is started.

    python tests/pages/chromium.py      install it where it is missing and this machine allows it

Playwright's own browser is a download that many machines refuse, so the distribution's is used.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, expect, sync_playwright

VARIABLE: Final = "CHROMIUM"
"""Environment variable with the path of another Chromium or Chrome."""
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL: Final = "chromium-headless-shell"
"""The same browser without windows, tabs and tool bars: a page in it costs a third of the CPU time."""
PLACES: Final = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
INSTALL: Final = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", SHELL)
FLAGS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Without these it looks up its maker's hosts at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # The same pixels wherever the screenshots are made.
    "--force-color-profile=srgb",
    "--hide-scrollbars",
]
PATIENCE_MS: Final = 15_000
"""What a test waits for something that must come: CI's machine is busy, and only a failure takes that long."""
MISSING: Final = (
    "The page's tests need Chromium, and there is none. Install it (Debian and Ubuntu: "
    f"`sudo {' '.join(INSTALL)}`) or set {VARIABLE} to the path of a Chromium or Chrome."
)


def find(*, light: bool = False) -> str | None:
    """The path of a browser of this machine; `light`: the one without windows, if it is there."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    names = (SHELL, *NAMES) if light else NAMES
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or next((place for place in PLACES if Path(place).exists()), None)


def flags() -> list[str]:
    """What the browser is started with; root's cannot have a sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, *(["--no-sandbox"] if root else [])]


def ensure(*, light: bool = False) -> str:
    """The path of a browser. Raises `RuntimeError` with what to do when there is none."""
    if found := find(light=light):
        return found
    raise RuntimeError(MISSING)


def install() -> str:
    """The path of a browser, after installing what is missing where this machine allows it; raises as `ensure`."""
    if not (find() and shutil.which(SHELL)) and os.geteuid() == 0 and shutil.which("apt-get"):
        quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update", "-q"), INSTALL):
            done = subprocess.run(command, env=quietly, capture_output=True, text=True, check=False)
            if done.returncode and find() is None:
                raise RuntimeError(f"{MISSING}\n`{' '.join(command)}` said: {done.stderr.strip()}")
    return ensure()


@contextmanager
def launched(*, light: bool = False) -> Iterator[Browser]:
    """The browser. While it runs, this thread has Playwright's event loop and can have no other."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=ensure(light=light), args=flags())
        try:
            yield running
        finally:
            running.close()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{install()}\n")
    except RuntimeError as problem:
        sys.exit(str(problem))
