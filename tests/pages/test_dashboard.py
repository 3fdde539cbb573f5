"""The dashboard: figures, zoom, the lists behind, filters and layout that stay, gaps, states."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

import made
import served
from served import Site

PageAs = Callable[..., Page]
NARROW = {"width": 1100, "height": 700}
THREADS = 30
GAP = 11
"""One thread a day, but for this day back from now."""
ZONE = "Europe/Lisbon"
PIXELS = "() => document.querySelector('.chart canvas').toDataURL()"
NOTHING = "\N{EN DASH}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A month with a day on which nothing happened."""
    with served.site(tmp_path_factory.mktemp("dashboard") / "data") as running:
        now = datetime.now(UTC)
        records = (one for one in made.month(now, THREADS) if f"conversation-{GAP:03}" not in json.dumps(one))
        with running.api() as api:
            made.store(api, records)
        yield running


@pytest.fixture
def page(page_as: PageAs) -> Page:
    return page_as("ADMIN", timezone_id=ZONE)


@pytest.fixture
def dashboard(page: Page, site: Site) -> Page:
    return opened(page, site)


def opened(page: Page, site: Site, search: str = "range=30d") -> Page:
    page.goto(site.address(f"dashboard?{search}"))
    expect(chart(page, "Runs")).to_be_visible()
    return page


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def chart(page: Page, title: str) -> Locator:
    return card(page, title).locator(".u-over")


def figure(page: Page, title: str) -> Locator:
    return card(page, title).locator(".card-total")


def asked(site: Site, **parameters: str) -> dict[str, Any]:
    """What the API says of the same month."""
    start = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    with site.http() as http:
        answer = http.get("/api/dashboard", params={"from": start, "timezone": ZONE, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def choose(page: Page, title: str, entry: str) -> None:
    page.get_by_role("button", name=f"{title}: more", exact=True).click()
    page.get_by_role("button", name=entry, exact=True).click()


@pytest.mark.feature("P-DASH-01")
@pytest.mark.feature("P-DASH-02")
@pytest.mark.feature("P-DASH-04")
def test_figures_are_those_of_the_api(dashboard: Page, site: Site, shot: Callable[..., Any]) -> None:
    totals = asked(site)["totals"]

    for title, number in (
        ("Threads", totals["threads"]),
        ("Runs", totals["runs"]),
        ("Generations", totals["generations"]),
        ("Tool calls", sum(totals["toolCalls"].values())),
        ("Users", totals["users"]),
        ("Feedback", totals["feedback"]),
        ("Cost", f"${totals['cost']:.2f}" if totals["cost"] >= 1 else f"${totals['cost']:.2g}"),
        ("Duration of generations", f"{totals['latency']['p50']:.1f} s p50"),
        ("Time to first token", f"{totals['firstToken']['p50']:.0f} ms p50"),
    ):
        expect(figure(dashboard, title)).to_have_text(str(number))
    shot(dashboard, "light")


def test_it_looks_right_in_the_dark_and_on_a_small_screen(
    page_as: PageAs, site: Site, shot: Callable[..., Any]
) -> None:
    page = opened(page_as("ADMIN", dark=True, viewport=NARROW), site)
    shot(page, "dark")
    before = page.evaluate(PIXELS)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"before => ({PIXELS})() !== before", arg=before)
    page.get_by_role("region", name="Recent scores").scroll_into_view_if_needed()
    shot(page, "narrow")


@pytest.mark.feature("P-DASH-06")
@pytest.mark.feature("P-DASH-10")
def test_a_card_has_several_views(dashboard: Page) -> None:
    for title, view, shown in (
        ("Runs", "By name", "support agent"),
        ("Cost", "By model", "gpt-4o-mini"),
        ("Tokens", "Per generation", "mean"),
    ):
        dashboard.get_by_label(f"{title}: view").select_option(label=view)
        expect(card(dashboard, title).locator(".legend")).to_contain_text(shown)
    dashboard.get_by_label("Tokens: view").select_option(label="Read from cache")
    expect(card(dashboard, "Tokens")).to_contain_text("No provider said how many input tokens came from its cache.")
    dashboard.get_by_label("Tool calls: view").select_option(label="Distribution")
    expect(card(dashboard, "Tool calls").get_by_role("listitem")).to_have_count(3)
    expect(card(dashboard, "Prompts")).to_contain_text("No generation of this time used a prompt of this project.")


def test_a_range_that_is_drawn_is_zoomed_into_and_back_leads_out(dashboard: Page, site: Site) -> None:
    box = chart(dashboard, "Generations").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    dashboard.mouse.move(box["x"] + box["width"] * 0.5, middle)
    dashboard.mouse.down()
    dashboard.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    dashboard.mouse.up()

    expect(dashboard).to_have_url(re.compile("from="))
    search = address(dashboard)
    begin, end = (datetime.fromisoformat(search[name][0]) for name in ("from", "to"))
    assert timedelta(days=5) < end - begin < timedelta(days=7)
    zoomed = asked(site, **{"from": search["from"][0], "to": search["to"][0]})["totals"]["generations"]
    expect(figure(dashboard, "Generations")).to_have_text(str(zoomed))
    dashboard.go_back()
    expect(figure(dashboard, "Generations")).to_have_text(str(asked(site)["totals"]["generations"]))


@pytest.mark.parametrize(("title", "series"), [("Runs", "runs"), ("Threads", "threads")])
def test_a_bucket_leads_to_its_rows(dashboard: Page, site: Site, title: str, series: str) -> None:
    numbers = asked(site)["cards"][series]
    place = next(place for place, number in reversed(list(enumerate(numbers))) if number > (title == "Runs"))
    box = chart(dashboard, title).bounding_box()
    assert box is not None
    at = box["width"] * (place + 0.5) / len(numbers)
    chart(dashboard, title).click(position={"x": at, "y": box["height"] / 2})

    expect(dashboard.get_by_role("grid")).to_have_attribute("aria-rowcount", str(numbers[place] + 1))
    assert urlsplit(dashboard.url).path.endswith(f"/{series}")
    dashboard.go_back()
    expect(chart(dashboard, title)).to_be_visible()


@pytest.mark.feature("P-DASH-05")
def test_filters_and_layout_of_cards_stay(dashboard: Page, site: Site, shot: Callable[..., Any]) -> None:
    by_model = json.dumps([{"field": "model", "operator": "in", "value": ["gpt-4o"]}])
    expected = str(asked(site, filters=by_model)["totals"]["generations"])
    dashboard.get_by_role("button", name="Generations: filter this card", exact=True).click()
    dashboard.get_by_label("Field").select_option("model")
    dashboard.get_by_role("button", name="gpt-4o", exact=True).click()
    dashboard.get_by_role("button", name="Apply").click()
    expect(figure(dashboard, "Generations")).to_have_text(expected)
    choose(dashboard, "Threads", "Move behind")
    choose(dashboard, "Users", "Hide this card")
    shot(dashboard, "filtered")

    dashboard.reload()
    expect(figure(dashboard, "Generations")).to_have_text(expected)
    expect(card(dashboard, "Generations")).to_contain_text("Model = gpt-4o")
    expect(card(dashboard, "Users")).to_have_count(0)
    titles = dashboard.locator(".card h2").all_inner_texts()
    assert titles[:3] == ["Runs", "Threads", "Generations"]
    dashboard.get_by_role("button", name="Hidden cards").click()
    dashboard.get_by_role("button", name="Reset layout").click()
    expect(card(dashboard, "Users")).to_be_visible()
    dashboard.get_by_role("button", name="Remove Model = gpt-4o").click()
    expect(figure(dashboard, "Generations")).to_have_text(str(asked(site)["totals"]["generations"]))


def test_a_filter_of_the_page_is_in_its_address_and_goes_to_the_list(dashboard: Page, site: Site) -> None:
    failed = json.dumps([{"field": "error", "operator": "nis", "value": None}])
    expected = asked(site, filters=failed)["totals"]["runs"]
    opened(dashboard, site, f"range=30d&filters={failed}")

    expect(figure(dashboard, "Runs")).to_have_text(str(expected))
    card(dashboard, "Runs").get_by_role("link", name="Runs").click()
    expect(dashboard.get_by_role("grid")).to_have_attribute("aria-rowcount", str(expected + 1))


@pytest.mark.feature("P-DASH-09")
def test_a_day_without_data_is_a_gap_in_what_has_no_number(dashboard: Page, site: Site) -> None:
    cards = asked(site)["cards"]
    empty = [place for place, number in enumerate(cards["generations"]) if number == 0]
    assert empty
    choose(dashboard, "Duration of generations", "Show as a table")
    choose(dashboard, "Generations", "Show as a table")

    newest_first = len(cards["generations"]) - 1 - empty[-1]
    durations = card(dashboard, "Duration of generations").get_by_role("row").nth(newest_first + 1)
    counts = card(dashboard, "Generations").get_by_role("row").nth(newest_first + 1)
    expect(durations.get_by_role("cell")).to_have_text([NOTHING] * 3)
    expect(counts.get_by_role("cell")).to_have_text(["0", "0"])
    expect(durations.get_by_role("link")).to_be_visible()


@pytest.mark.feature("P-DASH-08")
def test_the_badge_names_the_period_before(page: Page, site: Site) -> None:
    opened(page, site, "range=7d")
    badge = card(page, "Runs").locator(".badge")
    expect(badge).to_have_text(re.compile("%"))
    assert "in the period before: " in (badge.get_attribute("title") or "")


@pytest.mark.feature("P-DASH-07")
def test_recent_runs_and_scores_lead_to_the_data(dashboard: Page) -> None:
    recent = dashboard.get_by_role("region", name="Recent runs")
    expect(recent.get_by_role("listitem")).to_have_count(7)
    recent.get_by_role("link", name="support agent").first.click()
    expect(dashboard).to_have_url(re.compile("/runs/conversation-"))
    dashboard.go_back()
    dashboard.get_by_role("region", name="Recent scores").get_by_role("link", name="faithfulness").first.click()
    expect(dashboard).to_have_url(re.compile("/steps/conversation-"))


def test_new_runs_appear_by_themselves(dashboard: Page, site: Site) -> None:
    before = int(figure(dashboard, "Runs").inner_text())
    with site.api() as api:
        made.store(api, made.run("dashboard-live", "dashboard-live", 1, "refund", datetime.now(UTC)))
    expect(figure(dashboard, "Runs")).to_have_text(str(before + 1), timeout=20_000)
    with site.http() as http:
        delete = 'mutation { deleteStep(id: "dashboard-live") { id } }'
        assert "errors" not in http.post("/api/graphql", json={"query": delete}).json()


def test_what_is_not_counted_yet_is_said(page: Page, site: Site, shot: Callable[..., Any]) -> None:
    def cut(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        content["cut"] = True
        for numbers in (content["cards"]["runs"], content["cards"]["runErrors"]):
            numbers[:10] = [None] * 10
        route.fulfill(response=answer, json=content)

    page.route("**/api/dashboard*", cut)
    opened(page, site)
    expect(page.get_by_role("status").filter(has_text="not counted yet")).to_be_visible()
    expect(figure(page, "Runs")).to_have_text(re.compile("^≥ "))
    shot(page, "cut")


def test_nothing_in_the_range_says_why(page: Page, site: Site, shot: Callable[..., Any]) -> None:
    page.goto(site.address("dashboard?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z"))
    expect(card(page, "Runs")).to_contain_text("No runs in this time")
    expect(card(page, "Cost")).to_contain_text("No generation of this time has a price")
    shot(page, "empty")


def test_a_domain_expert_sees_it_too(page_as: PageAs, site: Site) -> None:
    page = opened(page_as("DOMAIN_EXPERT", timezone_id=ZONE), site)
    expect(figure(page, "Runs")).to_have_text(str(asked(site)["totals"]["runs"]))


@pytest.mark.parametrize("width", [1000, 1400, 1800])
def test_the_last_row_of_cards_is_full_however_many_are_shown(
    site: Site, page_as: PageAs, shot: Any, width: int
) -> None:
    page = page_as("ADMIN", viewport={"width": width, "height": 900})
    opened(page, site)
    card(page, "Recent scores").scroll_into_view_if_needed()
    shot(page, f"last-row-{width}")
    # The page itself does not scroll: what is in it does.
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    for title in ("Users", "Feedback", "Prompts", "Threads"):
        hole = page.locator(".cards").evaluate(
            "cards => cards.getBoundingClientRect().right - cards.lastElementChild.getBoundingClientRect().right"
        )
        assert abs(hole) <= 2
        choose(page, title, "Hide this card")
        expect(card(page, title)).to_have_count(0)
