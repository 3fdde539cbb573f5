"""Real browser, real server, data by real programs. What the fixtures are for: README.md beside this file."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import served
from accessibility import findings
from chromium import PATIENCE_MS, launched
from served import COOKIE, Site
from watching import Watch

HERE = Path(__file__).parent
SHOTS = Path(__file__).resolve().parents[2] / ".lanes" / "reports" / "pages"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 1100, "height": 700}
PageAs = Callable[..., Page]
"""`page_as(role)`: a page of somebody with that role, or of nobody."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a worker waits for the site's data."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(150))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server that most tests look at. It is shared: a test changes only what it made."""
    with served.site(tmp_path_factory.mktemp("site") / "data") as running:
        served.fill(running)
        yield running


@pytest.fixture
def site_with(tmp_path: Path) -> Callable[..., AbstractContextManager[Site]]:
    """`with site_with(fill, **settings) as site`: a server of the test's own, with what `fill(site)` puts into it."""

    @contextmanager
    def make(fill: Callable[[Site], None] | None = None, **settings: str) -> Iterator[Site]:
        folder = tmp_path / f"site-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        with served.site(folder / "data", **settings) as running:
            if fill is not None:
                fill(running)
            yield running

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the session: Playwright's event loop is this thread's, and other modules have their own."""
    with launched(light=True) as running:
        yield running


@pytest.fixture
def watches() -> dict[Page, Watch]:
    """What each page of the test did that it must not do."""
    return {}


@pytest.fixture
def page_as(request: pytest.FixtureRequest, browser: Browser, watches: dict[Page, Watch]) -> Iterator[PageAs]:
    """`page_as("DOMAIN_EXPERT")`: a page of a fresh context, at no address yet.

    Arguments: role (None: nobody is signed in), site (another server), viewport, dark, and what
    `Browser.new_context` takes. At the end the test fails of what any of the pages did wrong.
    """
    contexts: list[BrowserContext] = []

    def make(
        role: str | None = "ADMIN",
        *,
        site: Site | None = None,
        viewport: dict[str, int] = WIDE,
        dark: bool = False,
        session: str | None = None,
        **options: object,
    ) -> Page:
        site = site or request.getfixturevalue("site")  # which takes long to make
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport=viewport, color_scheme=scheme, base_url=site.url, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
        if role is not None:
            value = session or site.session(role)
            context.add_cookies([{"name": COOKIE, "value": value, "url": site.url, "httpOnly": True}])
        page = context.new_page()
        watches[page] = Watch(page, _origin(site.url))
        watches[page].begin()
        return page

    yield make
    unexpected = [trouble for watch in watches.values() for trouble in watch.unexpected()]
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # a request may be on its way through a route of the test
        context.close()
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def page(page_as: PageAs) -> Page:
    """A page of the owner, at no address yet."""
    return page_as("ADMIN")


@pytest.fixture
def watch(watches: dict[Page, Watch]) -> Callable[[Page], Watch]:
    """`watch(page).expect("status of 401")` before a test provokes what it must not do otherwise."""
    return watches.__getitem__


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """`shot(page, "threads")`: keeps a screenshot in .lanes/reports/pages/, and asks axe-core about the page."""

    def take(page: Page, name: str, *, accessible: bool = True, full: bool = False) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        area = re.sub(r"^test_", "", request.path.stem)
        target = SHOTS / f"{area}-{name}.png"
        page.screenshot(path=target, full_page=full, animations="disabled")
        if accessible:
            found = findings(page)
            assert not found, "\n".join([f"accessibility of {name} at {page.url}:", *found])
        return target

    return take


def _origin(url: str) -> str:
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}"
