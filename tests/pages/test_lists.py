"""The log lists in a browser: rows, filters, order, columns, keys, what is done to rows, what comes in meanwhile."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

import made
import served
from served import Site

SMALL = {"width": 1100, "height": 700}
THREADS = 120
RUNS = THREADS * 3 // 2
NEWEST = "conversation-000"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of this module's own, since what it does to rows would be seen by others: 120 conversations."""
    with served.site(tmp_path_factory.mktemp("logs") / "data") as site:
        with site.api() as api:
            made.store(api, made.month(datetime.now(UTC), THREADS))
        yield site


@pytest.fixture
def page(page_as: Any, logs: Site) -> Page:
    return page_as("ADMIN", site=logs)


def open_list(page: Page, site: Site, kind: str, **search: Any) -> Locator:
    """The rows of a list, once some are there. `search` is JSON in the address, as the page writes it."""
    pairs = "&".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in search.items()
    )
    page.goto(site.address(f"{kind}?{pairs}" if pairs else kind))
    rows = page.locator(".list-row")
    expect(rows.first).to_be_visible()
    return rows


def searched(page: Page, name: str) -> Any:
    """A value of the address's search, as JSON where it is some."""
    values = parse_qs(urlsplit(page.url).query).get(name)
    return None if values is None else json.loads(values[0]) if values[0][0] in '[{"' else values[0]


def shown(page: Page) -> Locator:
    """The names of rows, without the word for a glyph beside them."""
    return page.locator(".row-link .cell-text, .row-link:not(:has(*))")


def names(page: Page) -> list[str]:
    return shown(page).all_inner_texts()


@pytest.mark.feature("P-LOG-01", "P-LOG-11", "P-USR-01")
@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("threads", ["About the refund of order 0", "I have a question about", "user-00@", "billing", "faithfulness"]),
        ("runs", ["support agent", "I looked at order 1: the delivery is settled", "$0."]),
        ("generations", ["gpt-4o-mini", "I have a question about", "I looked at order", "185 ms", "Last message"]),
        ("steps", ["find_order", "retrieval", '{"order":1,"state":"sent"}']),
        ("scores", ["faithfulness", "Human", "not what was asked", "support agent"]),
        ("users", ["user-00@example.com", "Last engaged"]),
    ],
)
def test_each_list_shows_its_rows(page: Page, logs: Site, shot: Any, kind: str, texts: list[str]):
    open_list(page, logs, kind)
    for text in texts:
        expect(page.get_by_role("grid").get_by_text(text).first).to_be_visible()
    shot(page, kind)


@pytest.mark.parametrize("dark", [False, True])
def test_a_list_fits_into_a_small_window(page_as: Any, logs: Site, shot: Any, dark: bool):
    page = page_as("ADMIN", site=logs, viewport=SMALL, dark=dark)
    open_list(page, logs, "generations")
    shot(page, f"small-{'dark' if dark else 'light'}")


def test_all_rows_are_reached_by_scrolling_and_few_are_in_the_document(page: Page, logs: Site):
    rows = open_list(page, logs, "runs")
    scroll = page.locator(".list-scroll")
    for _ in range(400):
        if page.get_by_text("These are all runs.").count():
            break
        scroll.evaluate("(element) => element.scrollBy(0, 2000)")
        page.wait_for_timeout(60)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(RUNS + 1))
    assert rows.count() < 60
    scroll.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    expect(rows.last).to_have_attribute("aria-rowindex", str(RUNS + 1))


# --- filters, search, order: all in the address --------------------------------------------------


@pytest.mark.feature("P-LOG-01")
def test_a_filter_is_chosen_and_goes_with_the_back_button(page: Page, logs: Site, shot: Any):
    open_list(page, logs, "generations")
    page.keyboard.press("f")
    page.get_by_label("Field").select_option("model")
    page.get_by_role("button", name="gpt-4o-mini", exact=True).click()
    shot(page, "filter-form")
    page.get_by_role("button", name="Apply").click()
    chip = page.get_by_role("button", name="Change the filter Model = gpt-4o-mini")
    expect(chip).to_be_visible()
    assert searched(page, "filters") == [{"field": "model", "operator": "in", "value": ["gpt-4o-mini"]}]
    expect(page.get_by_role("grid").get_by_text("mistral-large")).to_have_count(0)
    page.go_back()
    expect(chip).to_have_count(0)
    expect(page.get_by_role("grid").get_by_text("mistral-large").first).to_be_visible()
    page.go_forward()
    expect(chip).to_be_visible()
    page.get_by_role("button", name="Remove the filter Model = gpt-4o-mini").click()
    expect(chip).to_have_count(0)


def test_an_address_with_filters_is_the_same_list_elsewhere(page_as: Any, logs: Site):
    filters = [{"field": "scoreValue", "operator": "gte", "value": 0.9, "path": "faithfulness"}]
    page = page_as("DOMAIN_EXPERT", site=logs)
    open_list(page, logs, "runs", filters=filters)
    expect(page.get_by_role("button", name="Change the filter Score faithfulness ≥ 0.9")).to_be_visible()
    for text in page.locator(".list-row").all_inner_texts():
        assert re.search(r"faithfulness (0\.9|1)", text)


def test_filters_as_json_are_judged_by_the_server(page: Page, logs: Site, watch: Any):
    watch(page).expect("status of 400")
    open_list(page, logs, "steps")
    page.get_by_role("button", name="JSON").click()
    # The editor, which takes the place of a plain field when it is loaded.
    editor = page.get_by_role("textbox", name="Filters").and_(page.locator(".cm-content"))

    def write(text: str) -> None:
        # As a person does: Playwright's `fill` has the browser itself change what the editor shows.
        editor.press("Control+a")
        page.keyboard.insert_text(text)

    write("[{}]")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Filter 1 needs field, operator and value")).to_be_visible()
    write('[{"field": "size", "operator": "eq", "value": "1"}]')
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("steps cannot be filtered by 'size'")).to_be_visible()
    write('[{"field": "type", "operator": "eq", "value": "tool"}]')
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Change the filter Type = tool")).to_be_visible()
    expect(page.get_by_role("grid").get_by_text("search handbook")).to_have_count(0)


@pytest.mark.feature("P-LOG-23")
def test_search_finds_what_was_said(page: Page, logs: Site):
    open_list(page, logs, "threads")
    page.keyboard.press("/")
    expect(page.get_by_label("Search threads")).to_be_focused()
    page.keyboard.type("at order 17:")
    expect(shown(page)).to_have_text(["About the delivery of order 17"])
    assert searched(page, "q") == "at order 17:"
    page.get_by_label("Search threads").fill("conversation-005")
    expect(shown(page)).to_have_text(["About the gift card of order 5"])


def test_the_head_orders_and_the_address_says_so(page: Page, logs: Site):
    open_list(page, logs, "threads")
    head = page.get_by_role("columnheader", name="Tokens")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert searched(page, "order") == "tokenCount:DESC"
    expect(page.locator(".list-progress-on")).to_have_count(0)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(page.get_by_role("columnheader", name="Created")).to_have_attribute("aria-sort", "descending")
    assert searched(page, "order") is None


def test_environment_and_time_range_of_the_bar_hold_for_lists(page: Page, logs: Site):
    open_list(page, logs, "threads", environment="staging", range="7d")
    expect(page.get_by_text("These are all threads.")).to_be_visible()
    numbers = [int(name.rpartition(" ")[2]) for name in names(page)]
    assert numbers == [number for number in range(THREADS) if number % 5 == 0][: len(numbers)]
    assert 3 < len(numbers) < THREADS / 4


def test_views_are_kept_and_come_back(page: Page, logs: Site):
    filters = [{"field": "tags", "operator": "in", "value": ["urgent"]}]
    open_list(page, logs, "runs", filters=filters)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of this view").fill("Urgent ones")
    page.get_by_role("button", name="Save", exact=True).click()
    open_list(page, logs, "runs")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Urgent ones", exact=True).click()
    expect(page.get_by_role("button", name="Change the filter Tags = urgent")).to_be_visible()


def test_columns_are_hidden_widened_and_remembered(page: Page, logs: Site):
    open_list(page, logs, "runs")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Cost", exact=True).uncheck()
    page.get_by_label("Environment", exact=True).check()
    page.keyboard.press("Escape")
    handle = page.get_by_role("separator", name="Width of Name")
    before = int(handle.get_attribute("aria-valuenow") or 0)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.reload()
    expect(page.locator(".list-row").first).to_be_visible()
    expect(page.get_by_role("columnheader", name="Cost")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Environment")).to_be_visible()
    expect(page.get_by_role("separator", name="Width of Name")).to_have_attribute("aria-valuenow", str(before + 32))
    box = page.get_by_role("separator", name="Width of Input").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 3, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 103, box["y"] + 8, steps=4)
    page.mouse.up()
    moved = page.get_by_role("separator", name="Width of Input").bounding_box()
    assert moved is not None
    assert moved["x"] != box["x"]


# --- opening rows --------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-25")
def test_keys_walk_and_open_and_back_ends_where_one_was(page: Page, logs: Site):
    open_list(page, logs, "runs")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator(".list-row-active")).to_have_attribute("aria-rowindex", "3")
    page.locator(".list-scroll").evaluate("(element) => element.scrollTo(0, 900)")
    row = page.locator(".list-row[aria-rowindex='30']")
    row.click()
    expect(page).to_have_url(re.compile(r"/runs/conversation-\d+-\d"))
    page.go_back()
    expect(row).to_be_in_viewport()
    assert page.locator(".list-scroll").evaluate("(element) => element.scrollTop") == pytest.approx(900, abs=40)
    page.keyboard.press("j")
    active = page.locator(".list-row-active")
    expect(active.locator(".row-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/conversation-\d+-\d"))
    opened = page.url
    page.go_back()
    expect(active.locator(".row-link")).to_be_focused()
    assert opened.endswith(str(active.locator(".row-link").get_attribute("href")))


@pytest.mark.feature("P-LOG-25")
@pytest.mark.parametrize("key", ["Alt", "Control"])
def test_a_click_with_a_key_opens_a_new_tab(page: Page, logs: Site, key: Any):
    rows = open_list(page, logs, "threads")
    with page.context.expect_page() as opened:
        rows.first.get_by_role("gridcell").nth(3).click(modifiers=[key])
    expect(opened.value).to_have_url(re.compile(f"/threads/{NEWEST}"))
    assert page.url.endswith("/threads")


@pytest.mark.feature("P-USR-01", "P-USR-02")
def test_a_user_leads_to_the_users_threads(page: Page, logs: Site):
    open_list(page, logs, "users")
    page.get_by_role("button", name="Inactive").click()
    expect(page.get_by_text("No users match")).to_be_visible()
    page.get_by_role("button", name="Active in 7 days").click()
    page.get_by_role("link", name="user-03@example.com").click()
    expect(page.get_by_role("button", name="Change the filter User = user-03@example.com")).to_be_visible()
    expect(page.get_by_text("These are all threads.")).to_be_visible()
    assert len(names(page)) == THREADS // len(made.USERS)


@pytest.mark.feature("P-LOG-09")
def test_a_thread_without_a_name_is_not_shown_by_its_id(page: Page, logs: Site):
    with logs.api() as api:
        api.upsert_thread("unnamed-1")
    try:
        open_list(page, logs, "threads", q="unnamed-1")
        expect(shown(page)).to_have_text(["N/A"])
    finally:
        with logs.api() as api:
            api.delete_thread("unnamed-1")


# --- what is done to rows ------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-13", "P-LOG-24")
def test_rows_are_tagged_by_keys(page: Page, logs: Site, shot: Any):
    many = [f"made-{number:03}" for number in range(150)]
    with logs.http() as http:
        asked = {"ids": ["conversation-118"], "add": many}
        assert http.post("/api/logs/threads/tags", json=asked).json()["results"][0]["ok"]
    open_list(page, logs, "threads", q="conversation-10")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_role("group", name="Selected rows")).to_contain_text("2 selected")
    page.keyboard.press("t")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".choices .menu-item")).to_have_count(150 + len(made.TAGS))
    page.keyboard.type("brand new")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="made-149").click()
    shot(page, "tags")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator(".list-row").first).to_contain_text("brand new")
    expect(page.locator(".list-row").nth(1)).to_contain_text("made-149")
    expect(page.locator(".list-row").nth(2)).not_to_contain_text("brand new")
    page.keyboard.press("t")
    dialog.get_by_role("button", name="Remove brand new").click()
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("grid").get_by_text("brand new")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Selected rows")).to_have_count(0)


@pytest.mark.feature("P-LOG-13")
def test_rows_are_scored(page_as: Any, logs: Site, shot: Any):
    page = page_as("DOMAIN_EXPERT", site=logs)
    open_list(page, logs, "generations")
    page.keyboard.press("j")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("tone")
    dialog.get_by_label("Value").fill("0.75")
    dialog.get_by_label("Comment").fill("warm")
    shot(page, "score")
    dialog.get_by_role("button", name="Score", exact=True).click()
    expect(page.locator(".list-row").first).to_contain_text("tone 0.75")
    open_list(page, logs, "scores")
    expect(page.locator(".list-row").first).to_contain_text("warm")


@pytest.mark.feature("P-LOG-20")
def test_rows_go_into_a_dataset(page: Page, logs: Site, shot: Any):
    open_list(page, logs, "generations")
    page.get_by_label("Select all rows that are loaded").check()
    page.get_by_role("button", name="Add to dataset").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of a new dataset").fill("from the list")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Dataset", exact=True)).to_contain_text("from the list")
    shot(page, "dataset")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("50 added to from the list")).to_be_visible()
    with logs.api() as api:
        dataset = api.get_dataset(name="from the list")
        assert dataset is not None
        assert len(dataset.items) == 50


@pytest.mark.feature("P-LOG-10")
def test_two_generations_are_compared(page: Page, logs: Site):
    open_list(page, logs, "generations")
    for key in ("j", "x"):
        page.keyboard.press(key)
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_have_attribute("aria-disabled", "true")
    for key in ("j", "x"):
        page.keyboard.press(key)
    compare.click()
    expect(page).to_have_url(re.compile(r"/compare\?a=conversation-\d+-\d-llm&b=conversation-\d+-\d-llm"))


@pytest.mark.feature("P-XPT-01")
def test_the_export_is_code_for_what_is_shown(page: Page, logs: Site):
    filters = [{"field": "tags", "operator": "in", "value": ["urgent"]}]
    open_list(page, logs, "threads", filters=filters)
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy the Python code").click()
    code = page.evaluate("() => navigator.clipboard.readText()")
    printed: list[Any] = []
    exec(code.replace("LiteralClient(", f"LiteralClient(api_key={logs.key!r}, "), {"print": printed.append})
    assert json.dumps(filters) in code
    assert {thread["id"] for thread in printed} == {f"conversation-{one:03}" for one in range(2, THREADS, 5)}


# --- what comes in meanwhile, and what is not there ----------------------------------------------


def new_run(site: Site, name: str) -> None:
    with site.api() as api:
        records = made.run(name, f"thread of {name}", 1, "refund", datetime.now(UTC) + timedelta(seconds=1))
        made.store(api, [{**record, "name": name} if record["id"] == name else record for record in records])


def test_new_rows_appear_at_the_top_and_wait_for_who_reads_below(page: Page, logs: Site, shot: Any):
    open_list(page, logs, "runs")
    new_run(logs, "just in")
    expect(shown(page).first).to_have_text("just in")
    page.locator(".list-scroll").evaluate("(element) => element.scrollTo(0, 1200)")
    page.wait_for_timeout(150)
    seen = names(page)
    new_run(logs, "later on")
    banner = page.get_by_role("button", name="1 new")
    expect(banner).to_be_visible()
    assert names(page) == seen
    assert page.locator(".list-scroll").evaluate("(element) => element.scrollTop") == 1200
    shot(page, "waiting")
    banner.click()
    expect(shown(page).first).to_have_text("later on")
    expect(banner).to_have_count(0)


def test_what_was_filtered_to_nothing_says_so(page: Page, logs: Site, shot: Any):
    page.goto(logs.address('runs?filters=[{"field":"name","operator":"eq","value":"nobody"}]'))
    expect(page.get_by_text("No runs match")).to_be_visible()
    shot(page, "nothing-matches")
    page.get_by_role("button", name="Reset filters").click()
    expect(page.locator(".list-row").first).to_be_visible()
    assert searched(page, "filters") is None


@pytest.mark.feature("P-LOG-21")
def test_an_empty_project_shows_what_would_fill_it(page_as: Any, site_with: Any, shot: Any):
    with site_with() as empty:
        page = page_as("ADMIN", site=empty)
        for kind in ("runs", "scores", "users"):
            page.goto(empty.address(kind))
            expect(page.get_by_text(f"No {kind} yet")).to_be_visible()
            expect(page.locator("code").first).to_contain_text(empty.url)
            shot(page, f"empty-{kind}")
        page.close()


def test_a_search_that_was_cut_goes_on(page_as: Any, site_with: Any, shot: Any):
    """A server that looks at one window of 500 rows at a time, and one needle at the far end of 1 200."""

    def fill(site: Site) -> None:
        began = datetime.now(UTC) - timedelta(days=2)
        with site.api() as api:
            made.store(api, made.large_trace(1_200, began))

    with site_with(fill, LITERAL_SCAN_SECONDS="0") as site:
        page = page_as("ADMIN", site=site)
        page.goto(site.address("steps?q=large run"))
        expect(page.get_by_text("Looked back until")).to_be_visible()
        shot(page, "cut")
        for _ in range(2):
            page.get_by_role("button", name="Go on").click()
            expect(page.locator(".list-progress-on")).to_have_count(0)
        expect(shown(page)).to_have_text(["large run"])
        expect(page.get_by_text("These are all steps.")).to_be_visible()
        page.close()
