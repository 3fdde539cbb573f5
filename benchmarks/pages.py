"""What the page costs whoever looks (DESIGN §5): one JSON line a row, measured in headless Chromium over a real server.

    python benchmarks/pages.py [--steps 100000] [--data FOLDER]

Weight is what the browser loads for a first look at an address, with gzip. Times of a page are counted from the start
of the navigation, scripts in the browser's cache, median of several; `server_ms` is the median of the request alone.
Frames are counted while the mouse wheel turns for three seconds. Budgets are those of 1 000 000 steps and of a trace of
10 000; filling that many takes minutes, and `--data` keeps them. Exits with 1 when a row is over its budget.
"""

import argparse
import gzip
import itertools
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from databases import durable
from playwright.sync_api import Browser, BrowserContext, Page
from server_lists import fill

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "journey"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pages"))

import made
import served
from chromium import launched
from served import COOKIE, Site

REPEATS = 9
TRACE_STEPS = 10_000
TRACE = "large"
SCROLLED_S = 3.0
WEIGHT = 150_000
FIRST_PAINT_MS = 300
LIST_MS = 300
SERVER_MS = 20
TRACE_MS = 1_000
FRAMES = 50
KINDS = ("threads", "runs", "generations", "steps", "scores", "users")
ROW = '[role="row"] [role="gridcell"]'
LEAF = '[role="treeitem"]'
WATCHED = """
window.__times = new Promise(done => {
  const selected = () => document.querySelector('[role="treeitem"][aria-selected="true"]')?.id;
  const answered = (shown, before) => {
    if (selected() !== before) done([shown, performance.now()]);
    else requestAnimationFrame(() => answered(shown, before));
  };
  const look = () => {
    if (!document.querySelector('%s')) return void requestAnimationFrame(look);
    const shown = performance.now();
    const tree = document.querySelector('[role="tree"]');
    if (tree === null) return void done([shown, shown]);
    const before = selected();
    tree.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    answered(shown, before);
  };
  look();
});
"""
"""When the rows are there; and, if they are a tree, when it has answered a key that was pressed at that moment."""
SEEN = """async () => {
  const times = await window.__times;
  const painted = () => performance.getEntriesByName('first-contentful-paint')[0];
  while (painted() === undefined) await new Promise(requestAnimationFrame);  // told a little after the rows are there
  return [painted().startTime, ...times];
}"""
FRAMES_OF = """seconds => new Promise(done => {
  const times = [];
  const begin = performance.now();
  const frame = now => {
    times.push(now);
    if (now - begin < seconds * 1000) requestAnimationFrame(frame);
    else done(times);
  };
  requestAnimationFrame(frame);
})"""


def weights(browser: Browser, site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bytes of the document, scripts, styles and pictures for a first look."""
    for row, path in {"list": "threads", "trace": f"runs/{TRACE}", "dashboard": "dashboard"}.items():
        with reader(browser, site) as page:
            addresses: list[str] = []
            page.on("request", lambda request, found=addresses: found.append(request.url))
            page.goto(site.address(path))
            page.wait_for_timeout(2_000)  # what is preloaded counts too
        loaded = {address for address in addresses if "/api/" not in address and address.startswith(site.url)}
        with httpx.Client(headers={"accept-encoding": "gzip"}) as http:
            size = sum(_weight(http, address) for address in loaded)
        yield (
            f"{row}: weight",
            {"gzip_bytes": size, "files": len(loaded), "budget_bytes": WEIGHT, "within": size <= WEIGHT},
        )


def _weight(http: httpx.Client, address: str) -> int:
    with http.stream("GET", address) as answer:
        body = b"".join(answer.iter_raw())
    return len(body if answer.headers.get("content-encoding") else gzip.compress(body, 9))


def lists(browser: Browser, site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each list: what the server takes for the first page of rows, and when the browser shows them."""
    with site.signed_in() as http:
        for kind in KINDS:
            server = [_request(http, f"/api/logs/{kind}?first=50") for _ in range(REPEATS)]
            times = opened(browser, site, kind, ROW)
            yield (
                f"{kind}: first rows",
                {
                    "server_ms": round(statistics.median(server), 1),
                    "page_ms": round(statistics.median(times["shown"])),
                    "first_paint_ms": round(statistics.median(times["paint"])),
                    "budget_server_ms": SERVER_MS,
                    "budget_page_ms": LIST_MS,
                    "budget_first_paint_ms": FIRST_PAINT_MS,
                    "within": statistics.median(server) <= SERVER_MS
                    and statistics.median(times["shown"]) <= LIST_MS
                    and statistics.median(times["paint"]) <= FIRST_PAINT_MS,
                },
            )


def _request(http: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    http.get(path).raise_for_status()
    return (time.perf_counter() - began) * 1e3


def trace(browser: Browser, site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """A large trace: until its rows are there and answer a key, and how smoothly they scroll."""
    times = opened(browser, site, f"runs/{TRACE}", LEAF)
    took = statistics.median(times["answered"])
    values = {"shown_ms": round(statistics.median(times["shown"])), "interactive_ms": round(took)}
    yield "trace: interactive", {"steps": TRACE_STEPS, **values, "budget_ms": TRACE_MS, "within": took <= TRACE_MS}
    with reader(browser, site) as page:
        page.goto(site.address(f"runs/{TRACE}"))
        page.locator(LEAF).first.wait_for()
        box = page.get_by_role("tree").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 100, box["y"] + 200)
        frames = scrolled(page)
    gaps = [later - earlier for earlier, later in itertools.pairwise(frames)]
    rate = 1e3 / statistics.mean(gaps)
    values = {"frames_s": round(rate, 1), "slowest_frame_ms": round(max(gaps), 1)}
    yield "trace: scrolling", {"steps": TRACE_STEPS, **values, "budget_frames_s": FRAMES, "within": rate >= FRAMES}


def scrolled(page: Page) -> list[float]:
    """When the browser drew while the wheel turned."""
    page.evaluate(f"window.__frames = ({FRAMES_OF})({SCROLLED_S})")
    until = time.monotonic() + SCROLLED_S
    turned = 0
    while time.monotonic() < until:
        page.mouse.wheel(0, 240 if turned % 100 < 70 else -400)
        turned += 1
    return page.evaluate("window.__frames")


def opened(browser: Browser, site: Site, path: str, selector: str) -> dict[str, list[float]]:
    """Milliseconds from the start of the navigation until first paint, `selector`, and the answer to a key."""
    found: dict[str, list[float]] = {"paint": [], "shown": [], "answered": []}
    with reader(browser, site) as page:
        page.add_init_script(WATCHED % selector)
        for turn in range(REPEATS + 1):
            page.goto(site.address(path), wait_until="commit")
            seen = page.evaluate(SEEN)
            if turn:  # the first one fills the browser's cache
                for name, value in zip(found, seen, strict=True):
                    found[name].append(value)
    return found


@contextmanager
def reader(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of the owner, with an empty cache."""
    context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site.url)
    try:
        context.add_cookies([{"name": COOKIE, "value": site.session(), "url": site.url, "httpOnly": True}])
        yield context.new_page()
    finally:
        context.close()


def filled(folder: Path, steps: int) -> None:
    """A project of so many steps in the folder, unless one is there."""
    if not (folder / "literal.db").exists():
        with durable("sqlite") as engine:
            store = engine.open(folder)
            fill(store, steps)
            store.close()


def main() -> int:
    """Fill, serve, look."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100_000, help="how many to fill an empty folder with")
    parser.add_argument("--data", type=Path, help="folder that is kept; what is in it is used")
    parser.add_argument("--only", default="", help="expression for the names of rows")
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.data or Path(temporary) / "data"
        filled(folder, options.steps)
        with served.site(folder) as site, launched() as browser:
            with site.http() as http:
                steps = http.get("/api/usage").json()["steps"]
                if http.get(f"/api/steps/{quote(TRACE)}").status_code != 200:
                    with site.api() as api:
                        made.store(api, made.large_trace(TRACE_STEPS, datetime.now(UTC) - timedelta(hours=1)))
            for measure in (weights, lists, trace):
                if not re.search(options.only, measure.__name__):
                    continue
                for row, values in measure(browser, site):
                    missed = missed or not values["within"]
                    print(json.dumps({"benchmark": "pages", "row": row, "project_steps": steps, **values}), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
